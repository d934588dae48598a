"""Programs forked from a base: they are the supervisor's own children, live on without the base, and die with him."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from anlan.launcher.place import CHECKOUT
from anlan.launcher.supervisor import MARK, Program, Supervisor
from tests.launcher.test_supervisor import alive, die_with_their_keeper, run, until

BASE = """
import os, socket, sys, threading
from anlan.site import base
import loaded
if "thread" in sys.argv:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
if "full" in sys.argv:  # no more processes, just when it has begun to fork
    fork, own = os.fork, os.getpid()
    def only_once():
        if os.getpid() != own:
            raise OSError("no more processes")
        return fork()
    os.fork = only_once
if (mine := base.serve(socket.socket(fileno=0))) is not None:
    base.become(*mine)
"""
LOADED = "print('loaded', flush=True)"
TOLD = """
import loaded, os, signal, subprocess, sys, time
print(sys.argv[1:], os.getppid(), os.getsid(0) == os.getpid(), os.read(0, 1), flush=True)
match sys.argv[1]:
    case "code": sys.exit(3)
    case "error": raise OSError("its own")
    case "master": print("worker", subprocess.Popen(["sleep", "1000"]).pid, flush=True)
time.sleep(1000)
"""


def base(folder: Path, *arguments: str) -> Program:
    (folder / "loaded.py").write_text(LOADED)
    (folder / "told.py").write_text(TOLD)
    path = f"{CHECKOUT / 'src'}:{folder}"
    return Program(
        "base", (sys.executable, "-c", BASE, *arguments), environment={"PYTHONPATH": path}, is_base=True
    )


def forked(name: str, *arguments: str) -> Program:
    return Program(name, (sys.executable, "-m", "told", *arguments), base="base", after=("base",))


def said(folder: Path, name: str) -> str:
    log = folder / f"{name}.log"
    return log.read_text() if log.exists() else ""


def of(pid: int) -> tuple[str, list[str], set[str]]:
    """A process's short name, its environment, its open files."""
    proc = Path(f"/proc/{pid}")
    files = {str(file.readlink()) for file in (proc / "fd").iterdir()}
    return (proc / "comm").read_text().strip(), (proc / "environ").read_text().split("\0"), files


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def is_gone(pid: int) -> bool:
    """Whether nothing of it is left, a zombie neither."""
    return not Path(f"/proc/{pid}").exists()


def test_a_forked_program_is_a_child_of_the_supervisor_and_has_what_the_base_loaded(tmp_path: Path) -> None:
    async def story(keeper: Supervisor) -> None:
        await until(lambda: said(tmp_path, "one") != "", "it says something")
        assert said(tmp_path, "one") == f"['a b', 'c'] {os.getpid()} True b''\n"
        name, environment, files = of(keeper.known["one"].pid)
        assert name == "anlan-one"
        assert f"{MARK}={tmp_path}" in environment
        assert files == {"/dev/null", str(tmp_path / "one.log")}

    run(tmp_path, [base(tmp_path), forked("one", "a b", "c")], story)
    assert said(tmp_path, "base") == "loaded\n"


def test_what_ended_is_told_by_its_code_and_comes_back(tmp_path: Path) -> None:
    async def story(keeper: Supervisor) -> None:
        first = keeper.known["one"].pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: keeper.known["one"].pid not in {0, first}, "a new process")
        await until(lambda: keeper.known["coded"].restarts > 0, "its successor")
        await until(lambda: keeper.known["failing"].restarts > 0, "its successor")
        notes = said(tmp_path, "supervisor")
        assert f"one[{first}] ended with -9" in notes
        assert "] ended with 3" in notes
        assert "] ended with 1" in notes

    run(
        tmp_path,
        [base(tmp_path), forked("one", "x"), forked("coded", "code"), forked("failing", "error")],
        story,
    )
    assert "OSError: its own" in said(tmp_path, "failing")
    assert said(tmp_path, "base") == "loaded\n"  # a failure of its own never makes one a second base


def test_nobody_notices_that_the_base_was_killed(tmp_path: Path) -> None:
    async def story(keeper: Supervisor) -> None:
        one, two, old = (keeper.known[name].pid for name in ("one", "two", "base"))
        os.kill(old, signal.SIGKILL)
        await until(lambda: keeper.known["base"].pid not in {0, old}, "a new base")
        os.kill(two, signal.SIGKILL)
        await until(lambda: keeper.known["two"].pid not in {0, two}, "a new process of it")
        assert alive(one)
        assert keeper.known["one"].pid == one
        assert keeper.known["one"].restarts == 0

    run(tmp_path, [base(tmp_path), forked("one", "x"), forked("two", "x")], story)


def test_none_is_left_when_all_stop(tmp_path: Path) -> None:
    pids: list[int] = []

    async def story(keeper: Supervisor) -> None:
        await until(lambda: "worker" in said(tmp_path, "master"), "its worker")
        pids.extend(one.pid for one in keeper.known.values())
        pids.append(int(said(tmp_path, "master").split()[-1]))

    keeper = run(tmp_path, [base(tmp_path), forked("master", "master"), forked("one", "x")], story)
    assert len(pids) == 4
    assert not any(alive(pid) for pid in pids)
    assert {one.state for one in keeper.known.values()} == {"stopped"}


def test_orphans_are_buried(tmp_path: Path) -> None:
    async def story(keeper: Supervisor) -> None:
        await until(lambda: "worker" in said(tmp_path, "master"), "its worker")
        worker = int(said(tmp_path, "master").split()[-1])
        os.kill(keeper.known["master"].pid, signal.SIGKILL)
        await until(lambda: is_gone(worker), "its worker is gone")

    run(tmp_path, [base(tmp_path), forked("master", "master")], story)


def test_a_base_with_threads_forks_nobody(tmp_path: Path) -> None:
    async def story(keeper: Supervisor) -> None:
        await until(lambda: keeper.known["one"].restarts > 1, "it is tried again")
        assert "was not started: the base runs threads" in said(tmp_path, "supervisor")
        assert keeper.known["one"].pid == 0

    run(tmp_path, [base(tmp_path, "thread"), forked("one", "x")], story, ready=["base"])


def test_where_there_is_no_room_for_a_process_none_becomes_a_second_base(tmp_path: Path) -> None:
    async def story(keeper: Supervisor) -> None:
        await until(lambda: keeper.known["one"].restarts > 1, "it is tried again")
        assert "was not started: not forked" in said(tmp_path, "supervisor")
        assert keeper.known["one"].pid == 0
        assert len(children_of(keeper.known["base"].pid)) == 0

    run(tmp_path, [base(tmp_path, "full"), forked("one", "x")], story, ready=["base"])
    assert said(tmp_path, "base") == "loaded\n"


def test_a_base_that_cannot_load_is_told_of(tmp_path: Path) -> None:
    broken = base(tmp_path)
    (tmp_path / "loaded.py").write_text("raise ValueError('no settings')")

    async def story(keeper: Supervisor) -> None:
        await until(lambda: keeper.known["one"].restarts > 0, "it is tried again")
        assert "was not started: the base has ended" in said(tmp_path, "supervisor")
        assert "ValueError: no settings" in said(tmp_path, "base")

    run(tmp_path, [broken, forked("one", "x")], story, ready=[])


KEEP = """
import asyncio, sys
from pathlib import Path
from anlan.launcher.supervisor import Supervisor
from tests.launcher.test_forked import base, forked
async def main():
    folder = Path(sys.argv[1])
    keeper = Supervisor(folder, folder, folder / "programs.json")
    keeper.start([base(folder), forked("one", "x")])
    await keeper.until_ready(["base", "one"], 10)
    print(keeper.known["base"].pid, keeper.known["one"].pid, flush=True)
    await asyncio.sleep(1000)
asyncio.run(main())
"""


def test_base_and_forked_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    die_with_their_keeper(KEEP, tmp_path, 2)
