"""`python -m anlan.site COMMAND`: the program's own commands; the launcher calls them."""

import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.site.settings")
try:
    execute_from_command_line(["anlan", *sys.argv[1:]])
except KeyboardInterrupt:
    sys.exit(130)
