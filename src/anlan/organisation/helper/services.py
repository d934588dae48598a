"""Who has registered with a community: enlisting on the spot, and letting go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils.translation import gettext as _

from anlan.kernel.act import act
from anlan.kernel.errors import DomainError, StateConflict
from anlan.kernel.events import PrivateText
from anlan.kernel.scope import require
from anlan.organisation.helper import events, selectors
from anlan.organisation.helper.models import Enlistment, Helper
from anlan.organisation.helper.selectors import ENLIST

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit


@act("organisation.helper.enlist")
def enlist_helpers(
    ctx: Context,
    helper_ids: Collection[UUID],
    *,
    team: str,
    task: str,
    from_at: datetime | None = None,
    unit: Unit | None = None,
) -> list[Enlistment]:
    """Enlist registered people to a group with a task, since now or earlier: all of them, or none.

    unit    where they serve: a township sends those of one community to another; None: each where he is registered
    raises  NotFound; NotAllowed for a unit outside scope; DomainError `enlisted_already`; ValidationError for a time to come
    """
    helpers = selectors.lock_helpers(ctx, helper_ids)
    if unit is not None:
        require(ctx, ENLIST, unit)
    return _enlist(ctx, helpers, team, task, from_at=from_at, unit=unit)


@act("organisation.helper.enlist")
def enlist_walk_in(
    ctx: Context,
    unit: Unit,
    *,
    name: str,
    phone: str,
    employer: str = "",
    team: str,
    task: str,
    from_at: datetime | None = None,
) -> Enlistment:
    """Enlist somebody who comes on the spot: he is registered with the community by that.

    raises  NotAllowed outside scope; ValidationError for a number that is none, and for a time to come
    """
    require(ctx, ENLIST, unit)
    today = ctx.now().astimezone().date()
    who = {"name": name, "phone": phone, "employer": employer}
    helper = Helper(**who, unit=unit, exercise=ctx.exercise, since_on=today, walk_in=True)
    helper.clean()
    helper.save(force_insert=True)
    ctx.journal(events.HelperCame(), helper)
    return _enlist(ctx, [helper], team, task, from_at=from_at)[0]


@act("organisation.helper.enlist")
def release_helpers(ctx: Context, enlistment_ids: Collection[UUID]) -> list[Enlistment]:
    """Let people go from now on: all of them, or none. raises NotFound; StateConflict where one has been let go"""
    enlisted = selectors.lock_enlistments(ctx, enlistment_ids)
    now = ctx.now()
    open_ones = Enlistment.unscoped.filter(pk__in=[one.pk for one in enlisted], until_at=None)
    if open_ones.update(until_at=now, version=F("version") + 1) != len(enlisted):
        raise StateConflict
    ctx.journal_bulk(events.HelpersReleased(now), enlisted)
    return enlisted


def _enlist(
    ctx: Context,
    helpers: Sequence[Helper],
    team: str,
    task: str,
    *,
    from_at: datetime | None,
    unit: Unit | None = None,
) -> list[Enlistment]:
    now = ctx.now()
    begin = from_at or now
    if begin > now:
        raise ValidationError({"from_at": _("编入时间不能晚于现在。")})
    if busy := selectors.list_busy([helper.pk for helper in helpers]):
        raise DomainError("enlisted_already", names=_("、").join(busy[:10]))
    rows = [
        Enlistment(
            unit=unit or helper.unit,
            exercise=ctx.exercise,
            helper=helper,
            team=team,
            task=task,
            from_at=begin,
        )
        for helper in helpers
    ]
    made = Enlistment.unscoped.bulk_create(rows)
    told = events.HelpersEnlisted(PrivateText(team), PrivateText(task), begin)
    ctx.journal_bulk(told, made)
    return made
