"""The acts of every register: enter, change, retire and restore a record, set a field of many, look at personal data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F

from anlan.kernel.act import act
from anlan.kernel.errors import DomainError, NotFound, StateConflict
from anlan.kernel.events import PrivateText
from anlan.kernel.scope import require, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from django.db.models import Model

    from anlan.kernel.context import Context
    from anlan.kernel.register.declaration import Register


def create_record(ctx: Context, register: Register, **values: Any) -> Any:
    """Enter a record.

    raises  NotAllowed for a unit out of reach; ValidationError from the model's own `clean`; DomainError `record_taken`
    """
    return _run(ctx, register, "edit", register.create or _create, values)


def edit_record(ctx: Context, register: Register, key: Any, *, version: int, **values: Any) -> Any:
    """Change these fields, unless somebody has changed the record since the actor saw `version`.

    raises  NotFound; StateConflict; ValidationError from the model's own `clean`; DomainError `record_taken`
    """
    return _run(
        ctx, register, "edit", register.edit or _edit, {"key": key, "version": version, "values": values}
    )


def retire_record(ctx: Context, register: Register, key: Any, *, reason: str) -> Any:
    """Take a record out of use; it stays, with all that happened to it. raises NotFound; StateConflict"""
    return _run(ctx, register, "edit", register.retire or _retire, {"key": key, "reason": reason})


def restore_record(ctx: Context, register: Register, key: Any) -> Any:
    """Take a retired record into use again. raises NotFound; StateConflict"""
    return _run(ctx, register, "edit", register.restore or _restore, {"key": key})


def set_many(ctx: Context, register: Register, keys: Collection[Any], name: str, value: Any) -> int:
    """Set one field of many records in one statement: of all of them, or of none where one is out of reach.

    returns  how many changed
    raises   NotFound; ValueError for a field that cannot be set in bulk
    """
    if name not in register.bulk:
        raise ValueError(name)

    def work(ctx: Context) -> int:
        if name == "unit":
            require(ctx, register.capability("edit"), value)
        rows = _within(ctx, register).filter(pk__in=keys, retired_at=None)
        locked = list(rows.select_for_update(of=("self",)).order_by("pk"))
        if len(locked) != len(set(keys)):
            raise NotFound
        changed = [record for record in locked if getattr(record, name) != value]
        if changed:
            there = register.model.unscoped.filter(pk__in=[record.pk for record in changed])  # type: ignore[attr-defined]  # locked above
            there.update(**{name: value}, version=F("version") + 1)
            ctx.journal_bulk(register.events.edited((name,)), changed)
        return len(changed)

    return act(register.capability("edit"))(work)(ctx)


def list_open(ctx: Context, register: Register, keys: Collection[Any]) -> list[Any]:
    """The keys of those records that `set_many` could change."""
    there = _within(ctx, register).filter(pk__in=keys, retired_at=None)
    return list(there.order_by("pk").values_list("pk", flat=True))


def look(ctx: Context, register: Register, key: Any, *, reason: str) -> Any:
    """The record for one who gives a reason to see its personal data; that he looked is written down. raises NotFound"""

    def work(ctx: Context) -> Any:
        record = _one(ctx, register, key, "look")
        ctx.journal(register.events.looked(tuple(register.masks), PrivateText(reason)), record)
        return record

    return act(register.capability("look"))(work)(ctx)


def get_record(ctx: Context, register: Register, key: Any, verb: str = "read") -> Any:
    """One record with what its columns show; NotFound, too, where the actor lacks `verb` over its unit."""
    found = visible(ctx, register.model, register.capability(verb)).select_related(*_related(register))
    record = found.filter(pk=key).first()
    if record is None:
        raise NotFound
    return record


def _run(ctx: Context, register: Register, verb: str, work: Any, values: dict[str, Any]) -> Any:
    """An act of the register's own is called as it is; one of ours gets the register, and becomes an act."""
    if work.__module__ != __name__:
        return _unless_taken(lambda: work(ctx, **values))
    run = act(register.capability(verb))(lambda ctx: _unless_taken(lambda: work(ctx, register, **values)))
    return run(ctx)


def _unless_taken(work: Callable[[], Any]) -> Any:
    """Somebody may have entered the same between the check and now. raises DomainError `record_taken`"""
    try:
        with transaction.atomic():
            return work()
    except IntegrityError as error:
        raise DomainError("record_taken") from error


def _create(ctx: Context, register: Register, **values: Any) -> Model:
    require(ctx, register.capability("edit"), values.get("unit"))
    if register.is_record:
        values["exercise"] = ctx.exercise
    record = register.model(**values)
    record.clean()
    record.save(force_insert=True)
    ctx.journal(register.events.created(), record)
    return record


def _edit(ctx: Context, register: Register, *, key: Any, version: int, values: dict[str, Any]) -> Any:
    record = _lock(ctx, register, key)
    if record.version != version or record.retired_at:
        raise StateConflict
    changed = sorted(name for name, value in values.items() if getattr(record, name) != value)
    if not changed:
        return record
    if "unit" in changed:
        require(ctx, register.capability("edit"), values["unit"])
    for name in changed:
        setattr(record, name, values[name])
    before = {name: getattr(record, name) for name in register.fields}
    record.clean()
    cleaned = [name for name in register.fields if getattr(record, name) != before[name]]
    record.version += 1
    record.save(update_fields={*changed, *cleaned, "version"})
    ctx.journal(register.events.edited(tuple(changed)), record)
    return record


def _retire(ctx: Context, register: Register, *, key: Any, reason: str) -> Any:
    record = _lock(ctx, register, key)
    if record.retired_at:
        raise StateConflict
    _set_retired(record, ctx.now())
    ctx.journal(register.events.retired(PrivateText(reason)), record)
    return record


def _restore(ctx: Context, register: Register, *, key: Any) -> Any:
    record = _lock(ctx, register, key)
    if not record.retired_at:
        raise StateConflict
    _set_retired(record, None)
    ctx.journal(register.events.restored(), record)
    return record


def _set_retired(record: Any, at: Any) -> None:
    record.retired_at = at
    record.version += 1
    record.save(update_fields=("retired_at", "version"))


def _lock(ctx: Context, register: Register, key: Any) -> Any:
    found = _within(ctx, register).select_for_update(of=("self",)).filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def _one(ctx: Context, register: Register, key: Any, verb: str) -> Any:
    return get_record(ctx, register, key, verb)


def _within(ctx: Context, register: Register) -> Any:
    return visible(ctx, register.model, register.capability("edit"))


def _related(register: Register) -> list[str]:
    """What the record's page reads along: the foreign keys that its columns pass through."""
    through = {column.path.rpartition("__")[0] for column in register.resolved}
    return sorted((through | set(register.parts)) - {""})
