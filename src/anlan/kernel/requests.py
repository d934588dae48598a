"""The request as views meet it: after the middleware, with a logged-in user and his context."""

from django.http import HttpRequest

from anlan.kernel.context import Context
from anlan.kernel.models import User


class PageRequest(HttpRequest):
    user: User  # log-in is required of every view that does not say otherwise
    ctx: Context
