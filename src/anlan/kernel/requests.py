"""The request as views meet it: after the middleware, with a logged-in user and his context."""

from uuid import UUID

from django.http import HttpRequest

from anlan.kernel.context import Context
from anlan.kernel.errors import DomainError
from anlan.kernel.models import User

MOST_CHOSEN = 500  # rows that can be ticked on one page


class PageRequest(HttpRequest):
    user: User  # log-in is required of every view that does not say otherwise
    ctx: Context


def chosen(request: PageRequest) -> list[UUID]:
    """The keys of the rows that were ticked. raises DomainError for none, for too many, for what is no key"""
    texts = request.POST.getlist("id")
    try:
        keys = [UUID(text) for text in texts]
    except ValueError:
        keys = []
    if not 0 < len(keys) <= MOST_CHOSEN:
        raise DomainError("nothing_chosen")
    return keys
