"""A real node is backed up while it runs and comes back on an empty folder: whole, and held until it is released."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import nats
import pytest
from django.conf import settings

from anlan.launcher.place import CHECKOUT, Place
from tests.launcher.conftest import anlan, started, told
from tests.nodes import eventually, token_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nats.js.client import JetStreamContext

    from tests.nodes import LiveNode

pytestmark = pytest.mark.scenario
MESSAGES, TAKEN = 300, 7
WAITING = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'kernel.self_check' AND status = 'todo'"
WENT_OUT = "SELECT count(*) FROM kernel_selfcheck WHERE worked_at IS NOT NULL AND relayed_at IS NOT NULL"
COUNTS = "SELECT (SELECT count(*) FROM kernel_unit), (SELECT count(*) FROM kernel_user), (SELECT count(*) FROM kernel_grant)"


@contextmanager
def asleep(node: LiveNode, *names: str) -> Iterator[None]:
    """Some programs do nothing for a while, and do not know it."""
    # One that has not begun yet has pid 0, and a signal to that would stop the tests themselves.
    eventually(lambda: all(node.programs()[name]["state"] == "running" for name in names), 60, "all run")
    pids = [int(node.programs()[name]["pid"]) for name in names]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def ask_for_check(node: LiveNode) -> None:
    with closing(node.logged_in("duty")) as client:
        token = token_of(client.get("/node/").text)
        assert client.post("/node/self-check/", data={"csrfmiddlewaretoken": token}).status_code == 302


async def _on_streams(var: Path, work: Any) -> Any:
    secret = json.loads(Place(var).secret_file.read_text())["nats"]
    client = await nats.connect(f"nats://node:{secret}@127.0.0.1:{(var / 'nats/port').read_text()}")
    try:
        return await work(client.jetstream())
    finally:
        await client.close()


async def _fill_stream(js: JetStreamContext) -> None:
    await js.add_stream(name="STATIONS", subjects=["station.>"])
    for number in range(MESSAGES):
        await js.publish(f"station.{number % 5}", b"x" * 2000 + str(number).encode())
    reader = await js.pull_subscribe("station.>", "reader", "STATIONS")
    for message in await reader.fetch(TAKEN):
        await message.ack_sync()


async def _look_at_stream(js: JetStreamContext) -> tuple[int, int, int, bytes]:
    info = await js.stream_info("STATIONS")
    consumer = await js.consumer_info("STATIONS", "reader")
    last = await js.get_msg("STATIONS", seq=MESSAGES)
    floor = consumer.ack_floor.stream_seq if consumer.ack_floor else -1
    return info.state.messages, info.state.last_seq, floor, (last.data or b"")[-3:]


@pytest.fixture(scope="module")
def old() -> Iterator[Path]:
    """Folder of a node with data, stopped again, and its backup beside it."""
    var: Path = settings.ANLAN.var / "backup-old"
    shutil.rmtree(var, ignore_errors=True)
    with started(var, "demo") as node:
        asyncio.run(_on_streams(var, _fill_stream))
        (var / "files/plans").mkdir()
        (var / "files/plans/预案.pdf").write_bytes(os.urandom(300_000))
        with asleep(node, "relay"):
            ask_for_check(node)
            eventually(
                lambda: bool(node.sql("SELECT 1 FROM kernel_selfcheck WHERE worked_at IS NOT NULL")),
                20,
                "worked",
            )
            with asleep(node, "worker"):
                ask_for_check(node)
                (var / "counts.json").write_text(json.dumps(node.sql(COUNTS)))
                done = anlan(var, "backup", str(var / "b.anlan"), port=node.port)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "消息流" in done.stdout
    return var


@pytest.fixture(scope="module")
def fresh(old: Path) -> Path:
    """Folder of a node that was restored from the backup of the old one."""
    var: Path = settings.ANLAN.var / "backup-new"
    shutil.rmtree(var, ignore_errors=True)
    done = anlan(var, "restore", str(old / "b.anlan"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "保持" in done.stdout
    return var


def test_restored_node_is_whole_and_held_until_released(old: Path, fresh: Path) -> None:
    with started(fresh, "demo") as node:
        assert [list(row) for row in node.sql(COUNTS)] == json.loads((old / "counts.json").read_text())
        assert asyncio.run(_on_streams(fresh, _look_at_stream)) == (MESSAGES, MESSAGES, TAKEN, b"299")
        plan = "files/plans/预案.pdf"
        assert (fresh / plan).read_bytes() == (old / plan).read_bytes()
        assert Place(fresh).secret_file.read_text() == Place(old).secret_file.read_text()
        assert (fresh / "tls/root.pem").read_bytes() == (old / "tls/root.pem").read_bytes()

        with closing(node.logged_in("system")) as client:
            assert "an-band-held" in client.get("/").text
            page = client.get("/node/").text
            assert "kernel.self_check" in page
            time.sleep(5)  # long enough for a worker and a relay that do not wait
            assert node.sql(WAITING) == [(1,)]
            assert node.sql("SELECT count(*) FROM kernel_selfcheck WHERE relayed_at IS NOT NULL") == [(0,)]

            form = {"csrfmiddlewaretoken": token_of(page)}
            assert client.post("/node/release/", data=form).status_code == 302
            eventually(lambda: node.sql(WENT_OUT) == [(2,)], 30, "job and messages go out after the release")
            assert "an-band-held" not in client.get("/").text


def test_restore_refuses_what_it_must_and_changes_nothing(old: Path, fresh: Path) -> None:
    before = sorted(str(file) for file in (fresh / "pg/data/base").rglob("*"))
    there = anlan(fresh, "restore", str(old / "b.anlan"))
    assert there.returncode == 1
    assert "--replace" in there.stderr
    wrong = anlan(
        fresh, "restore", "--replace", str(old / "b.anlan"), ANLAN_BACKUP_PASSPHRASE="wrong horse battery"
    )
    assert wrong.returncode == 1
    assert "密码不对" in wrong.stderr
    assert sorted(str(file) for file in (fresh / "pg/data/base").rglob("*")) == before
    assert not Place(fresh).half_restored.exists()


def test_backup_of_a_stopped_node_works_and_spares_files(fresh: Path) -> None:
    file = fresh / "down.anlan"
    first = anlan(fresh, "backup", str(file))
    assert first.returncode == 0, first.stdout + first.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert not Place(fresh).running()
    again = anlan(fresh, "backup", str(file))
    assert again.returncode == 1
    assert "--force" in again.stderr
    told_by_doctor = anlan(fresh, "doctor")
    assert str(file) in told_by_doctor.stdout


def test_killed_restore_leaves_a_node_that_refuses_until_undone(old: Path, fresh: Path) -> None:
    mark = Place(fresh).half_restored
    unit = (fresh / "pg/data/PG_VERSION").stat().st_ino
    command = [str(CHECKOUT / "anlan"), "restore", "--replace", str(old / "b.anlan")]
    with subprocess.Popen(
        command, env=told(fresh, 8443), stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    ) as process:
        eventually(mark.exists, 60, "the mark stands")
        time.sleep(1)
        process.kill()
    refused = anlan(fresh, "up")
    assert refused.returncode == 1
    assert "恢复没有完成" in refused.stderr
    undone = anlan(fresh, "restore", "--undo")
    assert undone.returncode == 0, undone.stderr
    assert not mark.exists()
    assert (fresh / "pg/data/PG_VERSION").stat().st_ino == unit
    with started(fresh, "demo") as node:
        assert [list(row) for row in node.sql(COUNTS)] == json.loads((old / "counts.json").read_text())
