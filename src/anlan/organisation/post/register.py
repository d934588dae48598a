"""The register of posts, and the panels it puts on the pages of people and units."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from anlan.kernel.register import Column, Filter, Page, Panel, Register, add_panel
from anlan.kernel.scope import can
from anlan.organisation.post import selectors, services
from anlan.organisation.post.models import Post
from anlan.organisation.post.terms import PostKind

if TYPE_CHECKING:
    from collections.abc import Collection

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit
    from anlan.organisation.person.models import Person

APPOINT, ABSENCE, CHECK = (
    "organisation.post.appoint",
    "organisation.post.report_absence",
    "organisation.post.check",
)
FOUR_LABELS = {"body": _("机构"), "duties": _("职责"), "establishment": _("编制"), "staff": _("人员")}


def rows_of(ctx: Context, posts: Collection[Post]) -> list[dict[str, Any]]:
    """Posts with their seats, each with who holds it and who is to be asked."""
    if not can(ctx, selectors.READ):
        return []
    seats = selectors.list_seats_of_posts(ctx, posts)
    people = selectors.list_people(ctx, seats)
    by_post = {key: list(several) for key, several in groupby(seats, key=lambda seat: seat.post_id)}
    return [
        {
            "post": post,
            "seats": [
                {
                    "seat": seat,
                    "holder": people.get(seat.holder_id) if seat.holder_id else None,
                    "person": people.get(seat.person_id) if seat.person_id else None,
                }
                for seat in by_post.get(post.pk, [])
            ],
        }
        for post in posts
    ]


def _holders(ctx: Context, post: Post) -> dict[str, Any]:
    now = ctx.now()
    row: dict[str, Any] = next(iter(rows_of(ctx, [post])), {"seats": []})
    may = not post.retired_at and can(ctx, APPOINT, post)
    return {
        **row,
        "postings": list(selectors.list_current([post.pk], now).order_by("stand_in", "rank")),
        "may_appoint": may,
        "is_full": all(one["holder"] for one in row["seats"]),
    }


def _postings(ctx: Context, person: Person) -> dict[str, Any] | None:
    if not can(ctx, selectors.READ, person):
        return None
    now = ctx.now()
    postings = list(selectors.list_postings_of(ctx, person)[: selectors.MOST_SHOWN])
    return {
        "current": [one for one in postings if one.until_at is None or one.until_at > now],
        "past": [one for one in postings if one.until_at and one.until_at <= now],
        "absences": list(selectors.list_absences(ctx, person)[: selectors.MOST_SHOWN]),
        "may_appoint": not person.retired_at and can(ctx, APPOINT),
        "may_report": not person.retired_at and can(ctx, ABSENCE, person),
    }


def _posts(ctx: Context, unit: Unit) -> dict[str, Any] | None:
    if not can(ctx, selectors.READ, unit):
        return None
    posts = list(selectors.list_posts(ctx, unit)[: selectors.MOST_SHOWN])
    labels = dict(PostKind.choices)
    return {
        "rows": rows_of(ctx, posts),
        "missing": [labels[one.kind] for one in selectors.list_missing(ctx, unit) if one.unit_id == unit.pk],
        "may_appoint": can(ctx, APPOINT, unit),
    }


def _office(ctx: Context, unit: Unit) -> dict[str, Any] | None:
    """The four of an emergency office, and of what else the rule asks for them; nothing for other units."""
    if unit.kind not in selectors.list_kinds_checked() or not can(ctx, selectors.READ, unit):
        return None
    check = selectors.find_check(ctx, unit)
    return {
        "check": check,
        "four": [(label, getattr(check, name, "")) for name, label in FOUR_LABELS.items()],
        "may_check": not unit.retired_at and can(ctx, CHECK, unit),
    }


POSTS = Register(
    Post,
    "organisation.post",
    columns=(
        Column("name", sort=True),
        Column("unit__name"),
        Column("kind"),
        Column("field"),
        Column("seats"),
        Column("required"),
        Column("code", wide=True),
    ),
    fields=("unit", "code", "kind", "name", "field", "seats", "required"),
    fixed=("unit", "kind", "seats", "required"),  # who changes these founds another post
    filters=(Filter("kind"), Filter("required")),
    key="code",
    panels=(Panel("post/_holders.html", _holders),),
    pages=(
        Page(_("空缺"), "post_vacancies"),
        Page(_("必设岗位"), "post_required"),
        Page(_("四落实"), "office_list"),
    ),
    icon="id-badge-2",
    lead=_("单位里须有人负责的岗位，谁在任、谁替补。"),
    empty=_("在“空缺”页按规定补设岗位，也可以逐个新建，或从 Excel 导入。"),
    create=services.create_post,
)

add_panel("organisation.unit", Panel("post/_posts.html", _posts))
add_panel("organisation.unit", Panel("post/_office.html", _office))
add_panel("organisation.person", Panel("post/_postings.html", _postings))
