"""Units: acts. What changes the shape of the tree is done one at a time; whoever founds a unit waits for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from anlan.kernel import seeds
from anlan.kernel.act import act
from anlan.kernel.errors import DomainError, StateConflict
from anlan.kernel.events import PrivateText
from anlan.kernel.models import Unit
from anlan.kernel.scope import require
from anlan.organisation.unit import selectors
from anlan.organisation.unit.events import (
    UnitAbolished,
    UnitDescribed,
    UnitFounded,
    UnitMerged,
    UnitMoved,
    UnitSplit,
)
from anlan.organisation.unit.models import UnitProfile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anlan.kernel.context import Context

EDIT = "organisation.unit.edit"
TREE = 0x756E6974  # the advisory lock of the tree's shape
REPATH = """
UPDATE kernel_unit SET path = %(to)s || substr(path, %(length)s), version = version + 1
WHERE path LIKE %(below)s
"""


@act("organisation.unit.edit")
def create_unit(ctx: Context, /, *, parent: Unit, name: str, kind: str, **more: Any) -> Unit:
    """Found a unit below another.

    more    `code`, `line`, `from_on`
    raises  DomainError `record_taken` for a code that another has, `unit_ended` below one that has ended
    """
    require(ctx, EDIT, parent)
    unit = _plant(_still(parent), name, kind, more)
    ctx.journal(UnitFounded(parent.pk), unit)
    return unit


@act("organisation.unit.edit")
def retire_unit(ctx: Context, /, *, key: int, reason: str) -> Unit:
    """Abolish a unit that nothing stands below any more. raises NotFound; StateConflict; DomainError `unit_has_children`"""
    unit = _lock_tree_and(ctx, key)
    if Unit.unscoped.filter(parent=unit, retired_at=None).exists():
        raise DomainError("unit_has_children")
    _retire(ctx, unit, None)
    ctx.journal(UnitAbolished(PrivateText(reason)), unit)
    return unit


@act("organisation.unit.edit")
def move_unit(ctx: Context, unit_id: int, *, parent: Unit, reason: str) -> Unit:
    """Put a unit with all below it under another.

    raises  NotFound; StateConflict for one that has ended; DomainError `unit_into_itself`, `unit_ended`
    """
    unit = _lock_tree_and(ctx, unit_id)
    above = _may_take(ctx, unit, parent)
    before = unit.parent_id
    if before == above.pk:
        return unit
    count = _reparent(unit, above)
    ctx.journal(UnitMoved(before, above.pk, count, PrivateText(reason)), unit)
    return unit


@act("organisation.unit.edit")
def merge_unit(ctx: Context, unit_id: int, *, parent: Unit, reason: str) -> Unit:
    """Let `parent` take a unit over: what stood below it stands below that one from now on, and so does its past.

    raises  as `move_unit`
    """
    unit = _lock_tree_and(ctx, unit_id)
    into = _may_take(ctx, unit, parent)
    children = list(Unit.unscoped.filter(parent=unit).order_by("path"))
    for child in children:
        _reparent(child, into)
    # The unit itself goes along, retired: who works in the new one reads the records of the old one.
    if unit.parent_id != into.pk:
        _reparent(unit, into)
    _retire(ctx, unit, into)
    ctx.journal(UnitMerged(into.pk, len(children), PrivateText(reason)), unit)
    return unit


@act("organisation.unit.edit")
def split_unit(ctx: Context, unit_id: int, *, names: Sequence[str], reason: str) -> list[Unit]:
    """Found new units of the same kind and line beside one that is to be divided; what stands below it is moved by hand.

    raises  NotFound; StateConflict; DomainError `unit_is_root`
    """
    unit = _lock_tree_and(ctx, unit_id)
    if unit.parent is None:
        raise DomainError("unit_is_root")
    made = [_plant(unit.parent, name, unit.kind, {"line": unit.line}) for name in names]
    for new in made:
        ctx.journal(UnitFounded(unit.parent_id), new)
    ctx.journal(UnitSplit(tuple(new.pk for new in made), PrivateText(reason)), unit)
    return made


@act("organisation.unit.edit")
def describe_unit(ctx: Context, /, unit_id: int, **values: Any) -> UnitProfile:
    """Say the body above a unit in its line, its address, seat and area. raises NotFound"""
    unit = selectors.lock_unit(ctx, unit_id, EDIT)
    profile = UnitProfile.unscoped.filter(unit=unit).first() or UnitProfile(unit=unit)
    changed = tuple(sorted(name for name, value in values.items() if getattr(profile, name) != value))
    if changed:
        for name in changed:
            setattr(profile, name, values[name])
        profile.save()
        ctx.journal(UnitDescribed(changed), unit)
    return profile


def _plant(parent: Unit, name: str, kind: str, more: dict[str, Any]) -> Unit:
    code = more.pop("code", None) or None
    try:
        with transaction.atomic():
            return seeds.plant_unit(code, name, kind, parent, **more)
    except IntegrityError as error:
        raise DomainError("record_taken") from error


def _still(parent: Unit) -> Unit:
    """The unit as it stands now, and stands until the act is over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [TREE])
    now = Unit.unscoped.get(pk=parent.pk)
    if now.retired_at:
        raise DomainError("unit_ended")
    return now


def _lock_tree_and(ctx: Context, unit_id: int) -> Unit:
    """The unit for update, with the shape of the tree. raises NotFound; StateConflict for one that has ended"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TREE])
    unit = selectors.lock_unit(ctx, unit_id, EDIT)
    if unit.retired_at:
        raise StateConflict
    return unit


def _may_take(ctx: Context, unit: Unit, parent: Unit) -> Unit:
    """The unit that is to take another, if it may."""
    require(ctx, EDIT, parent)
    above = Unit.unscoped.get(pk=parent.pk)
    if above.path.startswith(unit.path):
        raise DomainError("unit_into_itself")
    if above.retired_at:
        raise DomainError("unit_ended")
    return above


def _reparent(unit: Unit, parent: Unit) -> int:
    """Rewrite the paths of a subtree in one statement; how many units it has."""
    old, new = unit.path, f"{parent.path}{unit.pk}."
    with connection.cursor() as cursor:
        cursor.execute(REPATH, {"to": new, "length": len(old) + 1, "below": f"{old}%"})
        moved: int = cursor.rowcount
    Unit.unscoped.filter(pk=unit.pk).update(parent=parent)
    unit.parent, unit.path, unit.version = parent, new, unit.version + 1
    return moved


def _retire(ctx: Context, unit: Unit, successor: Unit | None) -> None:
    Unit.unscoped.filter(pk=unit.pk).update(
        retired_at=ctx.now(), successor=successor, version=F("version") + 1
    )
    unit.refresh_from_db(fields=("retired_at", "successor", "version"))
