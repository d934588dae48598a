from anlan.kernel.clock import real_now
from anlan.kernel.models import Due
from tests.cast import World, acting
from tests.matrix import Case
from tests.site.journal.trail import visit


def _of_unit(world: World) -> dict[str, str]:
    return {"kind": "kernel.unit", "key": str(world.town.pk)}


def _of_neighbour(world: World) -> dict[str, str]:
    return {"kind": "kernel.unit", "key": str(world.neighbour_town.pk)}


def _entry(world: World) -> dict[str, int]:
    return {"entry_id": visit(acting(world.officer), world.town).pk}


def _entry_of_neighbour(world: World) -> dict[str, int]:
    return {"entry_id": visit(acting(world.neighbour), world.neighbour_town).pk}


def _stuck(_world: World) -> dict[str, str]:
    Due.objects.get_or_create(
        kind="test.step", key="7", defaults={"at": real_now(), "attempts": 2, "error": "no"}
    )
    return {"sort": "timer", "key": "test.step:7"}


CASES = (
    Case("journal_of", "organisation.unit.read", own=_of_unit, other=_of_neighbour),
    Case("journal_search", "kernel.journal.read", budget=10),
    Case("journal_export", "kernel.journal.read"),
    Case("journal_entry", "kernel.journal.read", own=_entry, other=_entry_of_neighbour, budget=16),
    Case("journal_verification", "kernel.journal.read"),
    Case("journal_stuck", "kernel.journal.mend"),
    Case("journal_stuck_retry", "kernel.journal.mend", own=_stuck, method="post", answers=302, budget=10),
    Case("journal_stuck_drop", "kernel.journal.mend", own=_stuck),
)
