from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anlan.kernel import rules
from tests.respond.bell.bells import ring

if TYPE_CHECKING:
    from rooms.respond.bell.models import Bell
    from tests.cast import World


@pytest.fixture
def bell(world: World) -> Bell:
    """One of the town's, in real life; nobody has answered it."""
    return ring(world.town)


@pytest.fixture
def duty(db: None) -> None:
    """The rules are in force, as on a node that has started."""
    rules.load_all()
