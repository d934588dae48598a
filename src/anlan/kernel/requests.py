"""The request as views meet it: after the middleware, with a logged-in user and his context."""

from uuid import UUID

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from anlan.kernel.context import Context
from anlan.kernel.errors import DomainError
from anlan.kernel.models import User

POSTING = "posting_id"  # where the session keeps the grant that its user acts by
EXERCISE = "exercise_id"  # where it keeps the exercise that he is in
MOST_CHOSEN = 500  # rows that can be ticked on one page


def way_back(request: HttpRequest) -> str:
    """The page of this node from which something was sent (its field `next`); home where it names none."""
    target = str(request.POST.get("next", ""))
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=True)
    return target if is_ours else "/"


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
