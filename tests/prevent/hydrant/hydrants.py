"""Fire hydrants for the tests."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from rooms.prevent.hydrant.models import Hydrant

if TYPE_CHECKING:
    from anlan.kernel.models import Unit

_numbers = count(1)


def hydrant(unit: Unit, name: str = "东街消火栓", **more: Any) -> Hydrant:
    """One more of that unit; each with a code of its own."""
    made = Hydrant(**{"unit": unit, "name": name, "code": f"H-{next(_numbers)}", **more})
    made.save(force_insert=True)
    return made
