"""`python -m bench`; the launcher's `./anlan bench` calls it."""

import sys

from bench.runner import main

sys.exit(main(sys.argv[1:]))
