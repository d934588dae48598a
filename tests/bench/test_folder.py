"""Folders of benchmarks: empty at first, gone at the end, and what a killed run left goes with the next."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from bench.folder import bench_folder, fresh_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANLAN_VAR", str(tmp_path))


def test_folder_is_gone_after_a_failure_too() -> None:
    with pytest.raises(ZeroDivisionError):
        fail_within_folder()
    assert not list(bench_folder().iterdir())


def fail_within_folder() -> None:
    with fresh_folder("start") as folder:
        (folder / "file").touch()
        _ = 1 / 0


def test_what_a_killed_run_left_is_removed_and_a_living_one_kept() -> None:
    dead, living = bench_folder() / f"start-{'9' * 9}", bench_folder() / f"start-{os.getppid()}"
    dead.mkdir()
    living.mkdir()
    with fresh_folder("start"):
        assert not dead.exists()
        assert living.exists()
