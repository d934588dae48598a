"""Posts and who holds them, for the tests of the rooms that know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anlan.kernel.context import Context
from anlan.organisation.post import services
from anlan.organisation.post.terms import PostKind

if TYPE_CHECKING:
    from anlan.kernel.models import Unit
    from anlan.organisation.person.models import Person
    from anlan.organisation.post.models import Post, Posting

NODE = Context(
    None,
    powers=frozenset(
        {
            "organisation.post.edit",
            "organisation.post.read",
            "organisation.post.appoint",
            "organisation.post.report_absence",
            "organisation.person.read",
        }
    ),
)


def make_post(unit: Unit, kind: str = PostKind.LIAISON, **more: Any) -> Post:
    return services.create_post(NODE, unit=unit, kind=kind, **more)


def appoint(post: Post, person: Person, **more: Any) -> Posting:
    return services.appoint_person(NODE, post.pk, person.pk, **more)
