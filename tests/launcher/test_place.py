"""A node's folders: who may enter, what nobody else may read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from anlan.launcher import place
from anlan.launcher.place import CHECKOUT, Place, closed_parent, default_var, write_private

if TYPE_CHECKING:
    from pathlib import Path


def test_closed_parent_names_the_folder_that_is_closed(open_folder: Path) -> None:
    inner = open_folder / "a/b"
    inner.mkdir(parents=True)
    assert closed_parent(inner) is None
    (open_folder / "a").chmod(0o700)
    assert closed_parent(inner) == open_folder / "a"


def test_closed_parent_sees_through_folders_that_are_not_there_yet(open_folder: Path) -> None:
    open_folder.chmod(0o750)
    assert closed_parent(open_folder / "not/yet") == open_folder


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its services another user")
def test_data_of_a_closed_checkout_go_to_var_lib(open_folder: Path) -> None:
    assert default_var(open_folder) == open_folder / "var"
    open_folder.chmod(0o700)
    assert str(default_var(open_folder)).startswith(f"/var/lib/anlan/{open_folder.name}-")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its services another user")
def test_a_closed_data_folder_stops_the_launcher_with_the_way_out(
    open_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_folder.chmod(0o700)
    with pytest.raises(SystemExit):
        Place(open_folder / "var").make()
    said = capsys.readouterr().err
    assert str(open_folder) in said
    assert "ANLAN_VAR" in said


def test_private_files_are_never_readable_by_others(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    write_private(file, "one")
    assert file.stat().st_mode & 0o777 == 0o600
    write_private(file, "two")
    assert file.read_text() == "two"
    assert list(tmp_path.iterdir()) == [file]


def test_folders_with_data_are_closed_to_others(open_folder: Path) -> None:
    node = Place(open_folder / "var")
    node.make()
    for name in ("nats", "nginx", "files", "keys", "tls"):
        assert (node.var / name).stat().st_mode & 0o077 == 0, name
    assert node.logs.stat().st_mode & 0o007 == 0


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    node = Place(tmp_path)
    first = node.secret("django")
    assert Place(tmp_path).secret("django") == first
    assert node.secret("nats") != first
    assert set(json.loads(node.secret_file.read_text())) == {"django", "nats"}
    assert node.secret_file.stat().st_mode & 0o777 == 0o600


def test_a_deep_folder_gets_a_short_one_for_its_sockets(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 90)
    assert len(str(Place(deep).run / "pg/.s.PGSQL.5432")) < 107
    assert Place(deep).run == Place(deep).run
    assert Place(deep).run != Place(tmp_path / ("y" * 90)).run


def test_one_launcher_holds_a_node(open_folder: Path) -> None:
    node = Place(open_folder / "var")
    node.make()
    assert not node.running()
    with node.lock():
        assert node.running()
        ask = "import sys; from pathlib import Path; from anlan.launcher.place import Place\nwith Place(Path(sys.argv[1])).lock(): pass"
        done = subprocess.run(
            [sys.executable, "-c", ask, str(node.var)],
            env={"PYTHONPATH": str(CHECKOUT / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert str(node.var) in done.stderr
    assert not node.running()


def test_a_half_restored_node_refuses_and_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node = Place(tmp_path)
    node.refuse_half_restored()
    node.half_restored.write_text("{}")
    with pytest.raises(SystemExit):
        node.refuse_half_restored()
    assert "restore --undo" in capsys.readouterr().err


def test_a_normal_user_needs_no_other_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(place, "is_root", lambda: False)
    assert Place(tmp_path).app_user is None
    assert Place(tmp_path).database_user is None
