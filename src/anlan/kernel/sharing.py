"""Sharing: a room's act opens a matter to further units, and with it every record that belongs to it.

The act has the capability and has locked the matter; what is checked here is that the actor holds it in the matter's own
unit: who meets a matter only because it was shared with him can't share it further.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - events look at their types when they are declared
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError
from anlan.kernel.events import event
from anlan.kernel.models import Share
from anlan.kernel.periods import refuse_unreckonable
from anlan.kernel.scope import require

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from django.db.models import QuerySet

    from anlan.kernel.context import Context
    from anlan.kernel.models import MatterRecord, Unit


@event("kernel.matter.shared", _("共享事项"))
@dataclass(frozen=True)
class MatterShared:
    units: list[int]
    reads_only: bool
    until_at: datetime | None


@event("kernel.matter.unshared", _("停止共享事项"))
@dataclass(frozen=True)
class MatterUnshared:
    units: list[int]


def share_matter(
    ctx: Context,
    record: MatterRecord,
    units: Iterable[Unit],
    *,
    capability: str,
    reads_only: bool = True,
    until_at: datetime | None = None,
) -> list[Share]:
    """Open a matter to units and all below them, or give those that have it already the new terms.

    capability  the calling act's, needed in the matter's own unit
    returns     the shares that are new; none, and no entry, where all were so already
    raises      not_a_matter, ends_in_past, moment_beyond; NotAllowed
    """
    _refuse(ctx, record, capability)
    refuse_unreckonable([until_at])
    now = real_now()
    if until_at is not None and until_at <= now:
        raise DomainError("ends_in_past")
    shares = _lock_current(record, now)
    kept = {s.unit_id for s in shares if (s.reads_only, s.until_at) == (reads_only, until_at)}
    wanted = sorted({unit.pk for unit in units} - kept - {record.unit.pk})
    if not wanted:
        return []
    shares.filter(unit__in=wanted).update(until_at=now)
    made = Share.objects.bulk_create(
        Share(matter=record.pk, unit_id=pk, reads_only=reads_only, from_at=now, until_at=until_at)
        for pk in wanted
    )
    ctx.journal(MatterShared(wanted, reads_only, until_at), record)
    return made


def end_sharing(ctx: Context, record: MatterRecord, units: Iterable[Unit], *, capability: str) -> int:
    """Close a matter to units; how many had it. No entry where none had.

    raises  not_a_matter; NotAllowed
    """
    _refuse(ctx, record, capability)
    now = real_now()
    shares = _lock_current(record, now).filter(unit__in=[unit.pk for unit in units])
    ended = sorted({share.unit_id for share in shares})
    if ended:
        shares.update(until_at=now)
        ctx.journal(MatterUnshared(ended), record)
    return len(ended)


def list_shares(ctx: Context, record: MatterRecord, capability: str) -> QuerySet[Share]:
    """The units that a record's matter is open to now, in the order of the tree; for who may meet the record."""
    require(ctx, capability, record)
    shares = _current(record.matter, real_now()) if record.matter else Share.objects.none()
    return shares.select_related("unit").order_by("unit__path")


def _refuse(ctx: Context, record: MatterRecord, capability: str) -> None:
    if record.matter != record.pk:
        raise DomainError("not_a_matter")
    require(ctx, capability, record.unit)


def _lock_current(record: MatterRecord, now: datetime) -> QuerySet[Share]:
    """The shares at hand, once the matter is locked: two acts on it come one after the other."""
    type(record).unscoped.select_for_update(no_key=True).get(pk=record.pk)
    return _current(record.pk, now)


def _current(matter: UUID, now: datetime) -> QuerySet[Share]:
    shares = Share.objects.filter(matter=matter, from_at__lte=now)
    return shares.filter(Q(until_at__isnull=True) | Q(until_at__gt=now))
