from anlan.organisation.unit.register import UNITS
from tests.matrix import Case
from tests.registers import cases_of

READ = "organisation.unit.read"

CASES = (
    *cases_of(UNITS, lambda world: world.town, lambda world: world.neighbour_town),
    Case("api:/units", READ, budget=4),
    Case(
        "api:/units/{unit_id}",
        READ,
        own=lambda world: {"unit_id": world.town.pk},
        other=lambda world: {"unit_id": world.neighbour_town.pk},
        budget=4,
    ),
)
