"""Kinds of warning: acts beyond those of every register."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import F

from anlan.kernel.act import act
from anlan.kernel.errors import NotFound, StateConflict
from anlan.kernel.scope import require
from anlan.watch.kind import selectors
from anlan.watch.kind.events import KindsLoaded, TemplateWritten
from anlan.watch.kind.models import WarningKind, WarningTemplate

if TYPE_CHECKING:
    from uuid import UUID

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit

FIELDS = ("criteria", "guidance", "measures", "hours", "certain")


@act("watch.kind.edit")
def load_standard_kinds(ctx: Context, unit: Unit) -> list[WarningKind]:
    """Give a unit the kinds that come with us and that neither it nor one above has, with their templates.

    raises  NotAllowed for a unit out of reach
    """
    require(ctx, selectors.EDIT, unit)
    made: list[WarningKind] = []
    templates: list[WarningTemplate] = []
    for row in selectors.list_standard_missing(ctx, unit):
        kind = _kind(ctx, unit, row)
        made.append(kind)
        templates += [_template(kind, colour, said) for colour, said in row["colours"].items()]
    if made:
        WarningKind.unscoped.bulk_create(made)
        WarningTemplate.unscoped.bulk_create(templates)
        ctx.journal_bulk(KindsLoaded(len(templates)), made)
    return made


@act("watch.kind.edit")
def write_template(
    ctx: Context, /, kind_id: UUID, colour: str, *, version: int, **values: Any
) -> WarningTemplate:
    """Say what warnings of a kind and colour begin with.

    version  as the actor saw it; 0 where there was none
    raises   NotFound, too, for a colour that the kind has not; StateConflict
    """
    kind = selectors.lock_kind(ctx, kind_id, selectors.EDIT)
    if colour not in kind.colours:
        raise NotFound
    template = selectors.find_template(kind, colour)
    if kind.retired_at or (template.version if template else 0) != version:
        raise StateConflict
    if template is None:
        template = WarningTemplate(kind=kind, colour=colour, unit=kind.unit, exercise=kind.exercise)
        changed = tuple(sorted(values))
    else:
        changed = tuple(sorted(name for name, value in values.items() if getattr(template, name) != value))
    if not changed:
        return template
    for name in changed:
        setattr(template, name, values[name])
    if version:
        template.version = F("version") + 1
    template.save()
    template.refresh_from_db(fields=("version",))
    ctx.journal(TemplateWritten(colour, changed), kind)
    return template


def _kind(ctx: Context, unit: Unit, row: dict[str, Any]) -> WarningKind:
    kind = WarningKind(
        unit=unit,
        exercise=ctx.exercise,
        name=row["name"],
        event_type=row["event_type"],
        authority=row["authority"],
        line=row["line"],
        institution=row["institution"],
        colours=list(row["colours"]),
        source=row["source"],
        from_on=date.fromisoformat(row["from_on"]) if row["from_on"] else None,
        region=row["region"],
        certain=row["certain"],
    )
    kind.clean()
    kind.search = kind.document_of()
    return kind


def _template(kind: WarningKind, colour: str, said: dict[str, Any]) -> WarningTemplate:
    return WarningTemplate(
        unit=kind.unit,
        exercise=kind.exercise,
        kind=kind,
        colour=colour,
        criteria=said["criteria"],
        guidance=said["guidance"],
        measures=[one.code for one in selectors.list_measures_for(colour)],
        hours=said["hours"],
        certain=said["certain"],
    )
