"""The pages, as WSGI."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from anlan.site.heap import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.site.settings")
application = get_wsgi_application()
_ = get_resolver().url_patterns  # the first request would load them
settle()
