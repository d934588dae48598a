"""The supervisor with real small programs: what dies comes back, what it leaves dies with it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from anlan.launcher import supervisor as module
from anlan.launcher.place import CHECKOUT
from anlan.launcher.supervisor import MARK, Program, Supervisor, end_leftovers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import pytest

SLEEP = ("sleep", "1000")


def alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def run(
    tmp_path: Path,
    programs: list[Program],
    story: Callable[[Supervisor], Awaitable[None]],
    ready: list[str] | None = None,
) -> Supervisor:
    """Start programs, play a story on them once those of `ready` are (None: all), stop them."""

    async def play() -> Supervisor:
        keeper = Supervisor(tmp_path, tmp_path, tmp_path / "programs.json")
        keeper.start(programs)
        try:
            awaited = [program.name for program in programs] if ready is None else ready
            assert await keeper.until_ready(awaited, 10) == []
            await story(keeper)
        finally:
            await keeper.stop()
        return keeper

    return asyncio.run(play())


async def until(holds: Callable[[], bool], what: str) -> None:
    for _ in range(200):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(what)


def test_a_killed_program_comes_back(tmp_path: Path) -> None:
    async def story(keeper: Supervisor) -> None:
        first = keeper.known["one"].pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: keeper.known["one"].pid not in {0, first}, "a new process")
        await until(lambda: keeper.known["one"].state == "running", "it runs")
        assert keeper.known["one"].restarts == 1
        told = json.loads((tmp_path / "programs.json").read_text())
        assert told["programs"][0] == {
            "name": "one",
            "pid": keeper.known["one"].pid,
            "state": "running",
            "restarts": 1,
        }
        assert "ended with -9" in (tmp_path / "supervisor.log").read_text()

    run(tmp_path, [Program("one", SLEEP)], story)


def test_a_program_starts_only_when_what_it_needs_answers(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    order: list[str] = []

    def noted(name: str, answer: Callable[[], bool]) -> Callable[[], bool]:
        def ready() -> bool:
            if answer():
                order.append(name)
                return True
            return False

        return ready

    store = Program(
        "store", ("sh", "-c", f"sleep 0.3; touch {gate}; exec sleep 1000"), ready=noted("store", gate.exists)
    )
    service = Program("service", SLEEP, after=("store",), ready=noted("service", lambda: True))

    async def story(keeper: Supervisor) -> None:
        assert keeper.known["service"].started_at > keeper.known["store"].started_at + 0.25

    run(tmp_path, [service, store], story)
    assert order == ["store", "service"]


def test_all_stop_in_the_reverse_order_and_none_is_left(tmp_path: Path) -> None:
    ended = tmp_path / "ended"

    def program(name: str) -> Program:
        trap = f"trap 'echo {name} >> {ended}; exit 0' TERM; touch {tmp_path}/{name}; while :; do sleep 0.05; done"
        return Program(name, ("sh", "-c", trap), ready=(tmp_path / name).exists)

    pids: list[int] = []

    async def story(keeper: Supervisor) -> None:
        pids.extend(one.pid for one in keeper.known.values())

    run(tmp_path, [program("first"), program("second")], story)
    assert ended.read_text().split() == ["second", "first"]
    assert not any(alive(pid) for pid in pids)


def test_a_program_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    deaf = Program(
        "deaf",
        ("sh", "-c", f"trap '' TERM; touch {ready}; while :; do sleep 0.05; done"),
        patience=0.3,
        ready=ready.exists,
    )
    keeper = run(tmp_path, [deaf], lambda _: asyncio.sleep(0))
    assert keeper.known["deaf"].state == "stopped"
    assert "did not stop in time" in (tmp_path / "supervisor.log").read_text()


def test_what_a_dead_master_leaves_is_ended(tmp_path: Path) -> None:
    note = tmp_path / "worker"
    master = Program("master", ("sh", "-c", f"sleep 1000 & echo $! > {note}; wait"), ready=note.exists)

    async def story(keeper: Supervisor) -> None:
        worker = int(note.read_text())
        os.kill(keeper.known["master"].pid, signal.SIGKILL)
        await until(lambda: not alive(worker), "the worker of the dead master ends")

    run(tmp_path, [master], story)


def test_late_programs_are_told_by_name(tmp_path: Path) -> None:
    async def play() -> list[str]:
        keeper = Supervisor(tmp_path, tmp_path, tmp_path / "programs.json")
        keeper.start([Program("mute", SLEEP, ready=lambda: False), Program("quick", SLEEP)])
        try:
            return await keeper.until_ready(["mute", "quick"], 0.5)
        finally:
            await keeper.stop()

    assert asyncio.run(play()) == ["mute"]


def test_a_long_log_is_put_aside_at_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOG_LIMIT", 100)
    (tmp_path / "talker.log").write_text("x" * 101)
    run(
        tmp_path,
        [Program("talker", ("sh", "-c", "echo fresh; exec sleep 1000"))],
        lambda _: asyncio.sleep(0.2),
    )
    assert (tmp_path / "talker.log.1").read_text() == "x" * 101
    assert (tmp_path / "talker.log").read_text() == "fresh\n"


KEEP = """
import asyncio, sys
from pathlib import Path
from anlan.launcher.supervisor import Program, Supervisor
async def main():
    folder = Path(sys.argv[1])
    keeper = Supervisor(folder, folder, folder / "programs.json")
    keeper.start([Program("child", ("sleep", "1000"))])
    await keeper.until_ready(["child"], 10)
    print(keeper.known["child"].pid, flush=True)
    await asyncio.sleep(1000)
asyncio.run(main())
"""


def die_with_their_keeper(code: str, folder: Path, count: int) -> None:
    """Kill a supervisor that says so many processes' ids: they end, too."""
    keeper = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{CHECKOUT / 'src'}:{CHECKOUT}", "PATH": "/usr/bin:/bin"},
    )
    with keeper:
        assert keeper.stdout
        pids = [int(word) for word in keeper.stdout.readline().split()]
        assert len(pids) == count
        assert all(alive(pid) for pid in pids)
        keeper.kill()
    deadline = time.monotonic() + 5
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)


def test_programs_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    die_with_their_keeper(KEEP, tmp_path, 1)


def test_leftovers_of_this_node_are_ended_and_others_are_not(tmp_path: Path) -> None:
    ours = subprocess.Popen(SLEEP, env={MARK: str(tmp_path), "PATH": "/usr/bin:/bin"})
    other = subprocess.Popen(SLEEP, env={MARK: f"{tmp_path}2", "PATH": "/usr/bin:/bin"})
    with ours, other:
        assert end_leftovers(tmp_path) == 1
        assert ours.wait(5) == -signal.SIGTERM
        assert other.poll() is None
        other.kill()
