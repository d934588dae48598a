"""The doctor: one line per thing, how to mend what is wrong, an exit code, and never a crash."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from anlan import environment
from anlan.launcher import doctor, doctor_stores, packages
from anlan.launcher.doctor import Look
from anlan.launcher.finding import Finding
from anlan.launcher.node import Node
from anlan.launcher.place import CHECKOUT, Place
from tests.launcher.conftest import anlan

if TYPE_CHECKING:
    from pathlib import Path


def look(var: Path, **source: str) -> Look:
    return Look(environment.load(source), Place(var), ())


def one(findings: Any) -> Finding:
    (found,) = findings
    assert isinstance(found, Finding)
    return found


def test_it_works_on_bare_python_without_our_packages(open_folder: Path) -> None:
    """As on a machine where nothing was installed: no virtual environment, no library of ours."""
    ask = "from anlan.launcher import doctor; doctor._into_venv = lambda _: None; raise SystemExit(doctor.doctor(['--json']))"
    done = subprocess.run(
        [
            "/usr/bin/python3",
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(CHECKOUT / 'src')!r}); {ask}",
        ],
        env={"ANLAN_VAR": str(open_folder / "var"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = {row["what"]: row for row in json.loads(done.stdout)}
    assert found["Python 软件包"]["state"] == "bad"
    assert found["Python 软件包"]["mend"]
    assert found["磁盘空间"]["state"] in {"good", "warning", "bad"}
    assert done.returncode == 1


def test_wrong_settings_are_lines_not_an_end(open_folder: Path) -> None:
    done = anlan(open_folder / "var", "doctor", ANLAN_PROT="1", ANLAN_WEB_THREADS="999")
    assert done.returncode == 1
    assert "✗ 设置：ANLAN_PROT" in done.stdout
    assert "ANLAN_WEB_THREADS=999" in done.stdout
    assert "磁盘空间" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_missing_package_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lacking = packages.Need("postgresql-postgis", lambda: False, ("数据库", "database"))
    monkeypatch.setattr(packages, "RUN", (lacking,))
    monkeypatch.setattr(packages, "DATABASE", ())
    found = one(doctor._system_packages(look(tmp_path)))
    assert found.state == "bad"
    assert "apt-get install --no-install-recommends postgresql-postgis" in found.mend
    monkeypatch.setattr(packages, "RUN", (replace(lacking, optional=True),))
    assert one(doctor._system_packages(look(tmp_path))).state == "warning"


def test_installed_versions_are_held_against_the_lock(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert one(doctor._python_packages(look(tmp_path))).state == "good"
    monkeypatch.setattr(doctor, "_locked", lambda: [("django", "0.1")])
    found = one(doctor._python_packages(look(tmp_path)))
    assert found.state == "bad"
    assert "django" in found.seen


def test_a_port_of_another_program_is_bad(open_folder: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen(1)
        port = holder.getsockname()[1]
        found = one(doctor._port(look(open_folder, ANLAN_PORT=str(port), ANLAN_LISTEN="127.0.0.1")))
    assert found.state == "bad"
    assert "pid" in found.seen


def test_an_open_secret_is_bad_and_a_closed_one_is_good(open_folder: Path) -> None:
    node = Place(open_folder / "var")
    node.make()
    node.secret("django")
    assert one(doctor._folder(look(node.var))).state == "good"
    node.secret_file.chmod(0o644)
    found = one(doctor._folder(look(node.var)))
    assert found.state == "bad"
    assert str(node.secret_file) in found.seen


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its services another user")
def test_a_closed_parent_is_bad(open_folder: Path) -> None:
    Place(open_folder / "var").make()
    open_folder.chmod(0o700)
    assert one(doctor._folder(look(open_folder / "var"))).state == "bad"


def test_an_unfinished_restore_is_bad(open_folder: Path) -> None:
    node = Place(open_folder / "var")
    node.make()
    node.half_restored.write_text("{}")
    first = next(iter(doctor._folder(look(node.var))))
    assert first.state == "bad"
    assert "--undo" in first.mend


def test_a_clock_before_this_version_was_made_is_bad(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Early(doctor.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> doctor.datetime:
            return cls(2019, 1, 1, tzinfo=tz)

    monkeypatch.setattr(doctor, "datetime", Early)
    assert one(doctor._clock(look(tmp_path))).state == "bad"


def test_a_clock_that_runs_away_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    begun = time.time()
    fast = SimpleNamespace(**{**vars(time), "time": lambda: begun + (time.time() - begun) * 2})
    monkeypatch.setattr(doctor, "time", fast)
    assert list(doctor._clock(look(tmp_path)))[-1].state == "warning"


def test_links_that_no_phone_can_open_are_a_warning(tmp_path: Path) -> None:
    assert one(doctor._links(look(tmp_path))).state == "warning"
    assert one(doctor._links(look(tmp_path, ANLAN_PUBLIC_URL="https://yj.example.cn"))).state == "good"
    assert one(doctor._links(look(tmp_path, ANLAN_HOSTS="yj.example.cn"))).state == "good"


def test_an_old_backup_is_a_warning(tmp_path: Path) -> None:
    assert list(doctor._last_backup(look(tmp_path))) == []  # nothing to back up yet
    (tmp_path / "pg").mkdir()
    assert one(doctor._last_backup(look(tmp_path))).state == "warning"
    told = {"at": "2020-01-01T00:00:00+00:00", "file": "/mnt/b.anlan"}
    (tmp_path / "last-backup.json").write_text(json.dumps(told))
    found = one(doctor._last_backup(look(tmp_path)))
    assert found.state == "warning"
    assert "/mnt/b.anlan" in found.seen


def stream(messages: int, limit: int, discard: str) -> dict[str, Any]:
    config = {"name": "UP", "max_msgs": limit, "max_bytes": -1, "discard": discard}
    return {"config": config, "state": {"messages": messages, "bytes": 10}}


@pytest.mark.parametrize(
    ("messages", "limit", "discard", "state"),
    [
        (10, 100, "new", "note"),
        (85, 100, "new", "warning"),
        (100, 100, "new", "bad"),
        (100, 100, "old", "note"),
        (9, -1, "new", "note"),
    ],
)
def test_a_stream_that_refuses_is_loud(messages: int, limit: int, discard: str, state: str) -> None:
    found = one(doctor_stores._stream(stream(messages, limit, discard)))
    assert found.state == state
    assert ("已满" in found.seen) == (state == "bad")


def test_a_check_that_fails_is_a_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def _broken(_look: Look) -> Any:
        raise OSError("strange machine")

    monkeypatch.setattr(doctor, "CHECKS", (_broken, doctor._memory))
    first, second = doctor.examine(look(tmp_path))
    assert first.state == "bad"
    assert "strange machine" in first.seen
    assert second.what == "内存"


def journal_seen(tmp_path: Path, answers: dict[str, str], *lines: str) -> dict[str, Finding]:
    """The doctor's findings on the journal, of a database that answers so and anchors that read so."""
    (tmp_path / "anchors").mkdir()
    (tmp_path / "anchors/anchors.jsonl").write_text("".join(f"{line}\n" for line in lines))

    def ask(statement: str) -> str:
        return next((answer for part, answer in answers.items() if part in statement), "")

    node = Node(environment.load({"ANLAN_VAR": str(tmp_path)}), "up")
    findings = doctor_stores._journal(node, SimpleNamespace(ask=ask))  # type: ignore[arg-type]  # it is only asked
    return {finding.what: finding for finding in findings}


def channels_seen(tmp_path: Path, answers: dict[str, str], **settings: str) -> list[Finding]:
    """The doctor's findings on carriers, of a database that answers so."""

    def ask(statement: str) -> str:
        return next((answer for part, answer in answers.items() if part in statement), "")

    node = Node(environment.load({"ANLAN_VAR": str(tmp_path), **settings}), "up")
    return list(doctor_stores._channels(node, SimpleNamespace(ask=ask)))  # type: ignore[arg-type]  # it is only asked


WORKING = {"to_regclass": "channel_delivery", "count(*)": "3", "clock_timestamp": "2.5"}


def test_carriers_that_work_are_well(tmp_path: Path) -> None:
    (found,) = channels_seen(tmp_path, WORKING)
    assert found.state == "good"
    assert "待发 3 条" in found.seen


@pytest.mark.parametrize("trouble", [{"string_agg": "sms-1"}, {"clock_timestamp": "601"}])
def test_a_carrier_that_is_down_and_what_waits_for_long_are_told(
    tmp_path: Path, trouble: dict[str, str]
) -> None:
    (found,) = channels_seen(tmp_path, {**WORKING, **trouble})
    assert found.state == "warning"
    assert "send.log" in found.mend


@pytest.mark.parametrize(("mode", "states"), [(0o640, ["good"]), (0o644, ["good", "bad"])])
def test_secrets_that_everybody_may_read_are_loud(tmp_path: Path, mode: int, states: list[str]) -> None:
    secrets = tmp_path / "secrets.json"
    secrets.write_text("{}")
    secrets.chmod(mode)
    found = channels_seen(tmp_path, WORKING, ANLAN_CARRIER_SECRETS=str(secrets))
    assert [finding.state for finding in found] == states


def anchored(minutes_ago: int, number: int) -> str:
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return json.dumps({"number": number, "at": at.isoformat()})


SEALED = {"to_regclass": "kernel_seal", "count(*)": "7", "max(number)": "12"}


def test_a_sealed_and_anchored_journal_is_well(tmp_path: Path) -> None:
    found = journal_seen(tmp_path, {**SEALED, "clock_timestamp": "2.5"}, anchored(100, 11))
    assert [finding.state for finding in found.values()] == ["good", "good"]
    assert "待封存 7 条" in found["留痕封存"].seen


def test_a_journal_that_nobody_seals_or_anchors_is_loud(tmp_path: Path) -> None:
    found = journal_seen(tmp_path, {**SEALED, "clock_timestamp": "61.0"}, anchored(181, 11))
    assert [finding.state for finding in found.values()] == ["bad", "bad"]


def test_an_anchor_beyond_the_last_seal_sends_to_the_verification(tmp_path: Path) -> None:
    found = journal_seen(tmp_path, SEALED, anchored(5, 13))["留痕锚定"]
    assert found.state == "bad"
    assert "./anlan journal verify" in found.mend


@pytest.mark.parametrize("line", ["", "{", "[]", '{"number": 1}'])
def test_anchors_that_cannot_be_read_are_a_finding(tmp_path: Path, line: str) -> None:
    assert journal_seen(tmp_path, SEALED, line)["留痕锚定"].state == "bad"


def test_a_database_that_knows_no_seals_yet_says_nothing_of_them(tmp_path: Path) -> None:
    assert journal_seen(tmp_path, {}) == {}
