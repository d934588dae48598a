from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from anlan.organisation.division import selectors
from tests.organisation.division import LISTS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The list that this node keeps; a test may change it."""
    folder = tmp_path / "divisions"
    shutil.copytree(LISTS, folder)
    monkeypatch.setattr(selectors, "get_folder", lambda: folder)
    return folder
