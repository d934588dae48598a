from tests.matrix import Case

READ = "organisation.unit.read"

CASES = (
    Case("unit_list", READ, budget=6),
    Case(
        "unit_detail",
        READ,
        own=lambda world: {"unit_id": world.town.pk},
        other=lambda world: {"unit_id": world.neighbour_town.pk},
        budget=8,
    ),
    Case("api:/units", READ, budget=4),
    Case(
        "api:/units/{unit_id}",
        READ,
        own=lambda world: {"unit_id": world.town.pk},
        other=lambda world: {"unit_id": world.neighbour_town.pk},
        budget=4,
    ),
)
