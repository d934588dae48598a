"""A node with carriers that several modules share: to start one takes longer than most of what they do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.nodes import LiveNode, live_node
from tests.simulated import write_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CODES = ("fast", "slow", "first", "second", "calls", "sms-sim", "voice-sim")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that share the node come last and together, so that it does not run beside another's."""
    items.sort(key=lambda item: "carrier_node" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("carriers")
    for above in (made, *made.parents[:3]):
        above.chmod(0o755)  # the services' user reads the secrets
    write_secrets(made, *CODES)
    return made


@pytest.fixture(scope="session")
def carrier_node(folder: Path) -> Iterator[LiveNode]:
    with live_node("carriers", ANLAN_CARRIER_SECRETS=str(folder / "carriers.json")) as running:
        yield running


@pytest.fixture
def node(carrier_node: LiveNode) -> Iterator[LiveNode]:
    """The shared node, for modules without one of their own; no test's carriers, or how they fared, are there in the next."""
    yield carrier_node
    carrier_node.change("UPDATE channel_carrier SET retired_at = now() WHERE retired_at IS NULL")
    carrier_node.change("UPDATE channel_carrierstate SET failures = 0, down_since = NULL, next_at = NULL")
