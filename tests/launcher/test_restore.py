"""Moving a node's data aside and back, whatever dies in between; what is refused before anything changes."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

from anlan import __version__, environment
from anlan.launcher import archive, backup, restore
from anlan.launcher.node import Node

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def node(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    """A node that has data, and empties that every node has."""
    for name in [name for name in os.environ if name.startswith("ANLAN_")]:
        monkeypatch.delenv(name)
    made = Node(environment.load({"ANLAN_VAR": str(open_folder / "var")}), "up")
    made.place.make()
    (made.place.var / "pg/data").mkdir(parents=True)
    (made.place.var / "pg/data/PG_VERSION").write_text("15")
    (made.place.var / "files/plan").write_text("old plan")
    made.place.secret("django")
    return made


def picture(node: Node) -> dict[str, str]:
    """Every file that belongs to the node's data."""
    var = node.place.var
    files = (
        file for name in restore.PARTS for file in (var / name, *(var / name).rglob("*")) if file.is_file()
    )
    return {str(file.relative_to(var)): file.read_text() for file in files}


def half_filled(node: Node) -> None:
    node.place.make()
    (node.place.var / "pg/data").mkdir(parents=True)
    (node.place.var / "pg/data/half").write_text("half")
    (node.place.var / "tls/root.key").write_text("half")


def test_what_is_moved_aside_comes_back_as_it_was(node: Node) -> None:
    before = picture(node)
    aside = restore._begin(node)
    assert picture(node) == {}
    assert (aside / "files/plan").read_text() == "old plan"
    assert node.place.half_restored.exists()
    half_filled(node)
    restore._back(node)
    assert picture(node) == before
    assert not node.place.half_restored.exists()
    assert not aside.exists()


def test_a_second_restore_after_a_crash_keeps_what_the_first_moved_aside(node: Node) -> None:
    before = picture(node)
    aside = restore._begin(node)
    half_filled(node)
    assert restore._begin(node) == aside
    assert picture(node) == {}
    restore._back(node)
    assert picture(node) == before


@pytest.mark.parametrize("moved", range(3))
def test_a_crash_between_two_moves_loses_nothing(
    node: Node, moved: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = picture(node)
    crash_after(moved, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        restore._begin(node)
    monkeypatch.undo()
    restore._begin(node)
    half_filled(node)
    crash_after(moved, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        restore._back(node)
    monkeypatch.undo()
    restore._back(node)
    assert picture(node) == before


def crash_after(moves: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power fails at that rename."""
    from pathlib import Path  # noqa: PLC0415 - to be changed

    real: Callable[[Path, Path], Path] = Path.rename
    done: list[Path] = []

    def rename(source: Path, target: Path) -> Path:
        if len(done) == moves:
            raise KeyboardInterrupt
        done.append(source)
        return real(source, target)

    monkeypatch.setattr(Path, "rename", rename)


def test_a_node_with_data_is_not_replaced_unasked(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        restore._refuse_data(node, replace=False)
    assert "--replace" in capsys.readouterr().err
    restore._refuse_data(node, replace=True)


def plan(node: Node, **about: Any) -> restore.Plan:
    told = {"format": 1, "version": __version__, "postgresql": 15, "migrations": [], **about}
    unlocked = archive.Unlocked(node.place.var, None, 0, 0)
    return restore.Plan(node, unlocked, told, {"bytes": {"files": 1}})


def test_a_backup_of_this_or_an_older_version_is_taken(node: Node) -> None:
    restore._refuse_newer(plan(node))
    restore._refuse_newer(plan(node, version="0.0.9"))


@pytest.mark.parametrize(
    "newer",
    [
        {"version": "99.0.0"},
        {"format": 2},
        {"migrations": [["kernel", "9999_from_the_future"]]},
        {"postgresql": 99},
    ],
)
def test_a_backup_of_a_newer_version_is_refused(
    node: Node, newer: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        restore._refuse_newer(plan(node, **newer))
    assert capsys.readouterr().err


def test_a_full_disk_is_told_before_anything_changes(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    huge = plan(node)
    huge.contents["bytes"]["files"] = 10**18
    with pytest.raises(SystemExit):
        restore._refuse_full_disk(huge)
    assert "磁盘空间不足" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["/etc/passwd", "files/../../x", "log/x", "../x"])
def test_a_member_that_leads_out_of_the_folder_is_refused(node: Node, name: str) -> None:
    with pytest.raises(archive.ArchiveError):
        restore._inside(node.place.var, name)


def test_versions_compare_as_numbers() -> None:
    assert restore._numbers("0.10.0") > restore._numbers("0.9.12")


def test_own_migrations_are_those_of_the_checkout() -> None:
    assert ("kernel", "0001_initial") in backup.own_migrations()


@pytest.mark.parametrize("given", ["", "short", "elevenchars"])
def test_a_short_passphrase_is_refused(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    settings = environment.load({"ANLAN_BACKUP_PASSPHRASE": given} if given else {})
    with pytest.raises(SystemExit):
        backup.passphrase(Node(settings, "up"), twice=True)
    assert "ANLAN_BACKUP_PASSPHRASE" in (said := capsys.readouterr().err) or "12" in said


def test_files_are_packed_as_they_were_and_the_gone_are_named(node: Node, tmp_path: Path) -> None:
    files = node.place.var / "files"
    (files / "深/层").mkdir(parents=True)
    (files / "深/层/附件 1.bin").write_bytes(b"\0" * 100)
    (files / "link").symlink_to("/etc/passwd")
    taken = backup.Backup(node)
    gone = files / "gone"

    def fill(packer: archive.Packer) -> None:
        walked = list(backup.walk(files))
        assert [str(f.relative_to(files)) for f in walked] == ["plan", "深/层/附件 1.bin"]
        taken._files(packer)

    archive.write(tmp_path / "b", "correct horse battery", fill, threading.Event())
    assert taken.gone == []
    assert not gone.exists()


def test_the_mark_says_what_the_node_had(node: Node) -> None:
    restore._begin(node)
    told = json.loads(node.place.half_restored.read_text())
    assert told["had"] == ["pg", "files", "secrets.json"]
