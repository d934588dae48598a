"""Units: acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anlan.kernel import seeds
from anlan.kernel.act import act
from anlan.kernel.scope import require
from anlan.organisation.unit.events import UnitFounded

if TYPE_CHECKING:
    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit


@act("organisation.unit.edit")
def create_unit(ctx: Context, /, *, parent: Unit, name: str, kind: str, **more: Any) -> Unit:
    """Found a unit below another.

    more   `code`, `from_on`
    """
    require(ctx, "organisation.unit.edit", parent)
    unit = seeds.plant_unit(more.pop("code", None) or None, name, kind, parent, **more)
    ctx.journal(UnitFounded(parent.pk), unit)
    return unit
