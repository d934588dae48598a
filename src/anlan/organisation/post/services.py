"""Posts: acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils.translation import gettext as _

from anlan.kernel import timers
from anlan.kernel.act import act
from anlan.kernel.errors import StateConflict
from anlan.kernel.scope import require
from anlan.organisation.person.selectors import get_person, lock_person
from anlan.organisation.post import events, selectors
from anlan.organisation.post.models import Absence, OfficeCheck, Post, Posting
from anlan.organisation.post.terms import PostKind

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit
    from anlan.organisation.person.models import Person

END = "organisation.post.end"  # the timer of a posting that ends by itself
MOST_FOUNDED = 10_000  # posts at once
READ_PERSON = "organisation.person.read"


# --- posts --------------------------------------------------------------------------------------------------------


@act("organisation.post.edit")
def create_post(ctx: Context, /, **values: Any) -> Post:
    """Found a post, which is vacant at first. raises NotAllowed; ValidationError; IntegrityError for one that is there"""
    require(ctx, "organisation.post.edit", values.get("unit"))
    post = Post(**values, exercise=ctx.exercise)
    post.clean()
    post.save(force_insert=True)
    ctx.journal(events.PostFounded(post.required), post)
    return post


@act("organisation.post.edit")
def found_missing_posts(ctx: Context, unit: Unit | None = None) -> list[Post]:
    """Found every post that units within scope must have and have not; those of one subtree, if it is named."""
    missing = selectors.list_missing(ctx, unit, capability="organisation.post.edit", most=MOST_FOUNDED)
    posts = [
        Post(
            unit_id=one.unit_id,
            kind=one.kind,
            name=str(PostKind(one.kind).label),
            seats=one.seats,
            exercise=ctx.exercise,
        )
        for one in missing
    ]
    for post in posts:
        post.search = post.document_of()
    made = Post.unscoped.bulk_create(posts, batch_size=1000)
    if made:
        ctx.journal_bulk(events.PostFounded(required=True), made)
    return made


# --- who holds them -----------------------------------------------------------------------------------------------


@act("organisation.post.appoint")
def appoint_person(
    ctx: Context,
    post_id: UUID,
    person_id: UUID,
    *,
    acting: bool = False,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
) -> Posting:
    """Let somebody hold a free seat of a post, since now or earlier.

    raises  NotFound; ValidationError where no seat is free, he is on the post already, or the times do not fit
    """
    post = selectors.lock_post(ctx, post_id, "organisation.post.appoint")
    person = _eligible(ctx, post, person_id)
    now = ctx.now()
    begin = from_at or now
    if begin > now:
        raise ValidationError({"from_at": _("任职时间不能晚于现在。到时再办理任命。")})
    if until_at is not None and until_at <= now:
        raise ValidationError({"until_at": _("结束时间已过。请选择以后的时间，不填则长期任职。")})
    others = Posting.unscoped.filter(post=post, stand_in=False).exclude(until_at__lte=begin)
    taken = set(others.values_list("rank", flat=True))
    free = [seat for seat in range(1, post.seats + 1) if seat not in taken]
    if not free:
        raise ValidationError({"person": _("该岗位在此期间已有人任职，没有空缺。请先免去原任人员。")})
    posting = _post(ctx, post, person, begin, until_at, rank=free[0], acting=acting)
    ctx.journal(events.PersonAppointed(posting.pk, person.pk, acting, begin, until_at), post)
    if len(free) == 1:
        ctx.journal(events.PostFilled(), post)
    return posting


@act("organisation.post.appoint")
def put_stand_in(
    ctx: Context, post_id: UUID, person_id: UUID, *, until_at: datetime | None = None
) -> Posting:
    """Let somebody stand in for the holders of a post when they are away, after those who do already.

    raises  NotFound; ValidationError as for appointing
    """
    post = selectors.lock_post(ctx, post_id, "organisation.post.appoint")
    person = _eligible(ctx, post, person_id)
    now = ctx.now()
    if until_at is not None and until_at <= now:
        raise ValidationError({"until_at": _("结束时间已过。请选择以后的时间，不填则长期任职。")})
    last = max((one.rank for one in selectors.list_current([post.pk], now) if one.stand_in), default=0)
    posting = _post(ctx, post, person, now, until_at, rank=last + 1, stand_in=True)
    ctx.journal(events.StandInPut(posting.pk, person.pk, posting.rank), post)
    return posting


@act("organisation.post.appoint")
def end_posting(ctx: Context, posting_id: UUID) -> Posting:
    """Let somebody hold a post no longer, from now on. raises NotFound; StateConflict where it has ended"""
    posting = selectors.get_posting(ctx, posting_id, "organisation.post.appoint")
    post = selectors.lock_post(ctx, posting.post_id, "organisation.post.appoint")
    now = ctx.now()
    ended = Posting.unscoped.filter(pk=posting.pk).exclude(until_at__lte=now)
    if not ended.update(until_at=now, version=F("version") + 1):
        raise StateConflict
    timers.disarm(END, [str(posting.pk)])
    _tell_ended(ctx, post, posting)
    posting.refresh_from_db()
    return posting


@act("organisation.post.appoint")
def end_all_postings(ctx: Context, person_id: UUID) -> int:
    """End all that a person holds: he is there no longer. returns how many"""
    held = list(selectors.list_postings_held(ctx, person_id))
    for posting in held:
        end_posting(ctx, posting.pk)
    return len(held)


@act("organisation.post.appoint")
def note_ended_postings(ctx: Context, posting_ids: Collection[UUID]) -> None:
    """Write down that postings have come to the end they were given; one that was given another end meanwhile goes on."""
    now = ctx.now()
    for posting in Posting.unscoped.filter(pk__in=posting_ids, until_at__lte=now).order_by("pk"):
        _tell_ended(ctx, selectors.lock_post(ctx, posting.post_id, "organisation.post.appoint"), posting)


def _eligible(ctx: Context, post: Post, person_id: UUID) -> Person:
    if post.retired_at:
        raise StateConflict
    person = get_person(ctx, person_id)
    if person.retired_at:
        raise ValidationError({"person": _("该人员已停用，不能任职。请另选一人。")})
    if any(one.person_id == person.pk for one in selectors.list_current([post.pk], ctx.now())):
        raise ValidationError({"person": _("该人员已在这个岗位上，不必重复任命。")})
    return person


def _post(
    ctx: Context, post: Post, person: Person, from_at: datetime, until_at: datetime | None, **more: Any
) -> Posting:
    posting: Posting = Posting.unscoped.create(
        unit_id=post.unit_id,
        exercise=ctx.exercise,
        post=post,
        person=person,
        from_at=from_at,
        until_at=until_at,
        **more,
    )
    if until_at is not None:
        timers.arm(ctx, END, str(posting.pk), until_at)
    return posting


def _tell_ended(ctx: Context, post: Post, posting: Posting) -> None:
    ctx.journal(events.PostingEnded(posting.pk, posting.person_id), post)
    holders = [one for one in selectors.list_current([post.pk], ctx.now()) if not one.stand_in]
    if not posting.stand_in and len(holders) < post.seats and not post.retired_at:
        ctx.journal(events.PostVacated(post.required), post)


# --- who is away --------------------------------------------------------------------------------------------------


@act("organisation.post.report_absence")
def report_absence(
    ctx: Context,
    person_id: UUID,
    *,
    from_at: datetime,
    until_at: datetime | None,
    reason: str,
    stand_in_id: UUID | None = None,
) -> Absence:
    """Note that somebody is away, and who takes over all his posts meanwhile.

    raises  NotFound; ValidationError where times or the stand-in do not fit
    """
    person = lock_person(ctx, person_id, "organisation.post.report_absence")
    if until_at is not None and until_at <= from_at:
        raise ValidationError({"until_at": _("结束时间不晚于开始时间。请重新选择，不填则到销假为止。")})
    stand_in = get_person(ctx, stand_in_id) if stand_in_id else None
    if stand_in == person:
        raise ValidationError({"stand_in": _("本人不能代自己的班。请另选一人。")})
    span = Absence.unscoped.filter(person=person).exclude(until_at__lte=from_at)
    if until_at is not None:
        span = span.filter(from_at__lt=until_at)
    if span.exclude(until_at=F("from_at")).exists():
        raise ValidationError({"from_at": _("该人员在此期间已登记请假。请先销假，或改选时间。")})
    absence: Absence = Absence.unscoped.create(
        unit_id=person.unit_id,
        exercise=ctx.exercise,
        person=person,
        from_at=from_at,
        until_at=until_at,
        reason=reason,
        stand_in=stand_in,
    )
    told = events.AbsenceReported(person.pk, stand_in.pk if stand_in else None, from_at, until_at)
    ctx.journal(told, person)
    return absence


@act("organisation.post.report_absence")
def end_absence(ctx: Context, absence_id: UUID) -> Absence:
    """He is back. An absence that has not begun never will have. raises NotFound; StateConflict where it has ended"""
    absence = selectors.lock_absence(ctx, absence_id, "organisation.post.report_absence")
    now = ctx.now()
    if absence.until_at is not None and absence.until_at <= now:
        raise StateConflict
    absence.until_at = max(now, absence.from_at)
    absence.version += 1
    absence.save(update_fields=("until_at", "version"))
    ctx.journal(events.AbsenceEnded(absence.person_id), absence.person)
    return absence


# --- emergency offices --------------------------------------------------------------------------------------------


@act("organisation.post.check")
def check_office(ctx: Context, unit_id: int, *, proofs: dict[str, str]) -> OfficeCheck:
    """Note for this year what proves each of the four of an emergency office; all of them fulfil its obligation.

    proofs  selectors.FOUR → words, blank: not in place
    raises  NotFound for what is no emergency office within scope
    """
    office = selectors.get_office(ctx, unit_id, "organisation.post.check")
    year = ctx.now().astimezone().year
    proofs = {name: proofs[name].strip() for name in selectors.FOUR}
    check, _made = OfficeCheck.unscoped.update_or_create(
        unit=office, year=year, exercise=ctx.exercise, defaults={**proofs, "checked_at": ctx.now()}
    )
    missing = tuple(name for name in selectors.FOUR if not proofs[name])
    ctx.journal(events.OfficeChecked(year, missing), office)
    if not missing:
        ctx.journal(events.FourInPlace(year), office)
    return check
