from tests.cast import World
from tests.matrix import PUBLIC, Case
from tests.organisation.people import make_contact

READ = "organisation.directory.read"


def _unit(world: World) -> dict[str, int]:
    return {"unit_id": make_contact(world.town).unit_id}


CASES = (
    Case("directory_search", READ, data={"q": "甲一镇 网格员"}, budget=12),
    # Office-holders and the lines of units are readable over the whole node: nothing here is another's.
    Case("directory_sheet", READ, own=_unit, budget=10),
    Case("directory_public", PUBLIC, budget=1),
)
