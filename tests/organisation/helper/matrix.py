from anlan.organisation.helper.register import HELPERS
from anlan.organisation.helper.selectors import ENLIST, READ
from tests.cast import World
from tests.matrix import Arguments, Case
from tests.organisation.helper.helpers import PHONE, enlist, make_helper
from tests.registers import cases_of


def enlistment_in(unit: str) -> Arguments:
    return lambda world: {"enlistment_id": enlist(make_helper(getattr(world, unit)))[0].pk}


def busy(world: World) -> dict[str, object]:
    for number in range(20):
        enlist(make_helper(world.town, f"王{number}"))
    return {}


CASES = (
    *cases_of(
        HELPERS,
        lambda world: make_helper(world.town, phone=PHONE),
        lambda world: make_helper(world.neighbour_town),
        api="/helpers",
    ),
    Case("helper_enlisted", READ, own=busy, budget=6),
    Case("helper_enlist", ENLIST, method="post", answers=409),
    Case("helper_release", ENLIST, method="post", answers=409),
    Case("helper_walk_in", ENLIST),
    Case(
        "helper_enlistment",
        READ,
        own=enlistment_in("town"),
        other=enlistment_in("neighbour_town"),
        answers=302,
        budget=5,
    ),
)
