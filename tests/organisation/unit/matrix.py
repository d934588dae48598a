from anlan.organisation.unit.register import UNITS
from tests.matrix import Case
from tests.registers import cases_of

READ, EDIT = "organisation.unit.read", "organisation.unit.edit"

CASES = (
    *cases_of(UNITS, lambda world: world.town, lambda world: world.neighbour_town, api="/units"),
    *(
        Case(
            f"unit_{act}",
            EDIT,
            own=lambda world: {"key": world.town.pk},
            other=lambda world: {"key": world.neighbour_town.pk},
            budget=8,
        )
        for act in ("describe", "move", "merge", "split")
    ),
)
