"""Kinds of warning: reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from anlan.kernel.errors import NotFound
from anlan.kernel.models import Unit
from anlan.kernel.scope import require, upward, visible
from anlan.kernel.search import question
from anlan.kernel.terms import WarningColour
from anlan.watch.kind.models import BY_A_LEADER, WarningKind, WarningTemplate

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from django.db.models import QuerySet

    from anlan.kernel.context import Context

READ, EDIT = "watch.kind.read", "watch.kind.edit"
DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Measure:
    """One measure that the law wants taken once a warning is out.

    article   of 中华人民共和国突发事件应对法
    levels    the colours it is for
    """

    code: str
    article: str
    text: str
    colours: frozenset[str]


@cache
def list_measures() -> tuple[Measure, ...]:
    """The measures of Articles 64 to 67, in their order."""
    rows = json.loads((DATA / "measures.json").read_text())
    return tuple(
        Measure(
            row["code"],
            row["article"],
            row["text"],
            frozenset(BY_A_LEADER if row["severe_only"] else WarningColour.values),
        )
        for row in rows
    )


def list_measures_of(codes: Collection[str]) -> list[Measure]:
    """Those of these codes, in the law's order; a code of an earlier version that is gone is left out."""
    return [one for one in list_measures() if one.code in codes]


def list_measures_for(colour: str) -> list[Measure]:
    """What the law wants for a colour."""
    return [one for one in list_measures() if colour in one.colours]


@cache
def list_standard() -> tuple[dict[str, Any], ...]:
    """The kinds that come with us, as they stand in data/kinds.json."""
    return tuple(json.loads((DATA / "kinds.json").read_text()))


def list_standard_missing(ctx: Context, unit: Unit) -> list[dict[str, Any]]:
    """Those that neither the unit nor one above it has, as far as they hold for its region."""
    there = set(_kinds_of(ctx, unit).values_list("name", flat=True))
    return [
        row
        for row in list_standard()
        if row["name"] not in there and (unit.code or "").startswith(row["region"])
    ]


def list_units(ctx: Context, capability: str = EDIT) -> QuerySet[Unit]:
    """The units in use over which the actor holds it."""
    return visible(ctx, Unit, capability).filter(retired_at=None)


def list_kinds_of(ctx: Context, unit: Unit, capability: str) -> list[WarningKind]:
    """The kinds that a unit uses, its own and those of the units above; of two of one name the nearer one.

    capability  what the actor needs over that unit: kinds of units above are no secret to who works with them
    """
    require(ctx, capability, unit)
    nearest = {kind.name: kind for kind in _kinds_of(ctx, unit).order_by("unit__path")}
    return sorted(nearest.values(), key=lambda kind: (kind.event_type, kind.name))


def list_kinds_found(words: str) -> QuerySet[WarningKind]:
    """The kinds that words find, whose ever they are: to narrow down what the asker may see otherwise."""
    kinds: QuerySet[WarningKind] = WarningKind.unscoped.all()
    asked = question(words)
    return kinds.filter(search__holds=asked) if asked else kinds.none()


def get_kind(ctx: Context, kind_id: UUID, capability: str = READ) -> WarningKind:
    kind: WarningKind | None = (
        visible(ctx, WarningKind, capability).select_related("unit").filter(pk=kind_id).first()
    )
    if kind is None:
        raise NotFound
    return kind


def lock_kind(ctx: Context, kind_id: UUID, capability: str) -> WarningKind:
    """The kind for update, where the actor holds the act's capability."""
    found = visible(ctx, WarningKind, capability).select_for_update(of=("self",))
    kind: WarningKind | None = found.select_related("unit").filter(pk=kind_id).first()
    if kind is None:
        raise NotFound
    return kind


def list_templates(ctx: Context, kind: WarningKind) -> dict[str, WarningTemplate]:
    """The templates of a kind by colour; for who may read the kind."""
    require(ctx, READ, kind)
    return {one.colour: one for one in WarningTemplate.unscoped.filter(kind=kind)}


def find_template(kind: WarningKind, colour: str) -> WarningTemplate | None:
    """The template of a kind that the asker has been given already; None where nobody wrote one."""
    found: WarningTemplate | None = WarningTemplate.unscoped.filter(kind=kind, colour=colour).first()
    return found


def _kinds_of(ctx: Context, unit: Unit) -> QuerySet[WarningKind]:
    """In use, of this unit and of those above: real ones, and those of the exercise."""
    of = Q(exercise=None) | Q(exercise=ctx.exercise)
    kinds: QuerySet[WarningKind] = WarningKind.unscoped.filter(
        of, unit__path__in=upward(unit.path), retired_at=None
    )
    return kinds.select_related("unit")
