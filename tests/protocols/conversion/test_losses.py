"""What integrators read about losses is what the conversions tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from anlan.protocols.conversion.losses import FROM_CAP, TO_CAP, Loss

PAGE = Path(__file__).parents[3] / "docs" / "integrator" / "messages.md"
ROW = re.compile(r"^\| `([\w/]+)` \| `(\w+)` \|", re.MULTILINE)


@pytest.mark.parametrize(("anchor", "kinds"), [("to-cap", TO_CAP), ("from-cap", FROM_CAP)])
def test_the_page_lists_every_loss_and_no_other(anchor: str, kinds: frozenset[tuple[str, str]]) -> None:
    section = PAGE.read_text(encoding="utf-8").partition(f"{{ #{anchor} }}")[2].partition("\n#")[0]
    rows = ROW.findall(section)
    assert len(rows) == len(set(rows))
    assert set(rows) == kinds


def test_the_kind_of_a_loss_has_no_numbers() -> None:
    assert Loss("info[2]/area[11]/polygon", "no_shape").kind == ("info/area/polygon", "no_shape")
