"""The commands of ./anlan; this part runs inside the virtual environment, set-up has been done by then."""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from anlan import environment
from anlan.launcher.install import FRONTEND, node_environment
from anlan.launcher.node import Node, Story
from anlan.launcher.place import CHECKOUT, closed_parent, default_var, is_root
from anlan.launcher.supervisor import end_leftovers
from anlan.launcher.words import stop

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_SCALE = 100  # a demo of 220,000 units
DEMONSTRATION = CHECKOUT / "tests/rooms"  # rooms that stand in the tests, not in the product
LANES = (
    ("unit", "not scenario and not browser and not soak", ("-n", "2")),
    ("scenario", "scenario", ()),
    ("browser", "browser", ()),
)


def settings() -> environment.Environment:
    """The settings of this start; wrong ones are all told at once and nothing starts."""
    try:
        found = environment.load()
    except environment.SettingsError as error:
        listed = "\n  ".join(error.problems)
        stop(f"设置有误，没有启动：\n  {listed}", f"Wrong settings, nothing was started:\n  {listed}")
    if bool(found.database_url) != bool(found.database_owner_url):
        stop(
            "ANLAN_DATABASE_URL 和 ANLAN_DATABASE_OWNER_URL 须同时设置：服务只用前者，迁移、备份和恢复用后者。",
            "Set ANLAN_DATABASE_URL and ANLAN_DATABASE_OWNER_URL together: services use the first, "
            "migrations, backup and restore the second.",
        )
    if found.rooms and is_root() and (closed := closed_parent(found.rooms)):
        stop(
            f"自建房间的目录 {found.rooms} 在 {closed} 内，其他用户不能进入，服务无法读取。请用 ANLAN_ROOMS 另选目录。",
            f"{closed}, on the way to the rooms of your own, is closed to the services' user. "
            "Choose another folder with ANLAN_ROOMS.",
        )
    return found


def demo(arguments: Sequence[str]) -> int:
    """`[--scale N] [--story NAME [--pace real|watch|fast] [--await LOG-INS] [--then-stop]]`."""
    parser = argparse.ArgumentParser(prog="./anlan demo", add_help=False, exit_on_error=False)
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--story", default="")
    parser.add_argument("--pace", choices=("real", "watch", "fast"), default="watch")
    parser.add_argument("--await", dest="awaited", default="")
    parser.add_argument("--then-stop", action="store_true")
    try:
        asked, unknown = parser.parse_known_args(arguments)
    except argparse.ArgumentError:
        asked, unknown = parser.parse_args([]), ["?"]
    told_of_story = asked.pace != "watch" or asked.awaited or asked.then_stop
    if unknown or not 0 < asked.scale <= MOST_SCALE or (told_of_story and not asked.story):
        stop(
            f"用法：./anlan demo [--scale 倍数（1—{MOST_SCALE}）] [--story 故事 [--pace real|watch|fast] "
            "[--await 登录名,…] [--then-stop]]。故事见 docs/integrator/stories.md。",
            f"Usage: ./anlan demo [--scale N (1-{MOST_SCALE})] [--story NAME [--pace real|watch|fast] "
            "[--await LOG-IN,…] [--then-stop]]. docs/integrator/stories.md tells of stories.",
            code=2,
        )
    story = Story(asked.story, asked.pace, asked.awaited, then_stop=asked.then_stop) if asked.story else None
    return Node(settings(), "demo", asked.scale, story).run()


def up(_: Sequence[str]) -> int:
    Node(settings(), "up").run()
    return 0


def manage(arguments: Sequence[str]) -> int:
    """A command of the program itself, on this node's database; starts the stores if the node is down."""
    return asyncio.run(_with_stores(Node(settings(), "up"), ["-m", "anlan.site", *arguments]))


def journal(arguments: Sequence[str]) -> int:
    """`verify [--json]`: exit code 1 if something was changed, removed or put in; works while the node runs or is down."""
    if list(arguments) not in (["verify"], ["verify", "--json"]):
        stop("用法：./anlan journal verify [--json]", "Usage: ./anlan journal verify [--json]", code=2)
    return manage(["journal_verify", *arguments[1:]])


def simulate(arguments: Sequence[str]) -> int:
    """A carrier to try with: a program of its own that needs no node."""
    return _python(["-m", "anlan.simulate", *arguments], {**os.environ, **_paths()})


def check(arguments: Sequence[str]) -> int:
    return asyncio.run(_with_stores(_test_node(), ["-m", "house.check", *arguments]))


def test(arguments: Sequence[str]) -> int:
    """All lanes, or what the arguments (pytest's) name."""
    return asyncio.run(_test(_test_node(), list(arguments)))


def new_room(arguments: Sequence[str]) -> int:
    return asyncio.run(_with_stores(_test_node(), ["-m", "house.new_room", *arguments]))


def bench(arguments: Sequence[str]) -> int:
    return _python(["-m", "bench", *arguments], {**os.environ, **_paths()})


def docs(arguments: Sequence[str]) -> int:
    """Build the documentation site, or (`serve`) show it while it is written."""
    words = list(arguments) or ["build", "--strict"]
    program = str(default_var() / "venv/bin/zensical")
    return subprocess.run([program, *words, "-f", "mkdocs.yml"], cwd=CHECKOUT, check=False).returncode


def lock(_: Sequence[str]) -> int:
    """Renew the hash-locked requirement files from their .in files."""
    folder = CHECKOUT / "requirements"
    uv = [str(default_var() / "venv/bin/uv"), "pip", "compile", "--universal", "--python-version", "3.11"]
    options = [
        "--generate-hashes",
        "--no-header",
        "--no-annotate",
        "--no-emit-index-url",
        "--no-emit-find-links",
    ]
    for source, constraint in (("run", None), ("dev", "run.txt")):
        bound = ["-c", constraint, "--override", "overrides.in"] if constraint else []
        subprocess.run(
            [*uv, *options, "-q", *bound, f"{source}.in", "-o", f"{source}.txt"], cwd=folder, check=True
        )
    return 0


def _test_node() -> Node:
    """The throw-away node that tests and checks use, apart from the demo's."""
    os.environ["ANLAN_VAR"] = str((Path(os.environ.get("ANLAN_VAR") or default_var())) / "test")
    return Node(settings(), "test")


async def _with_stores(node: Node, arguments: list[str]) -> int:
    node.place.make()
    node.place.refuse_half_restored()
    if node.place.running():
        return await asyncio.to_thread(_python, arguments, _told(node))
    with node.place.lock():
        end_leftovers(node.place.var)
        async with node.stores_up():
            return await asyncio.to_thread(_python, arguments, _told(node))


async def _test(node: Node, arguments: list[str]) -> int:
    node.place.make()
    with node.place.lock():
        end_leftovers(node.place.var)
        async with node.stores_up():
            told = _told(node)
            told_to_tests = {**told, "ANLAN_ROOMS": str(DEMONSTRATION)}
            if arguments:
                return await asyncio.to_thread(_python, ["-m", "pytest", *arguments], told_to_tests)
            codes = [
                await asyncio.to_thread(_python, ["-m", "house.check"], told),
                await asyncio.to_thread(_frontend_tests, told),
            ]
            for name, marks, options in LANES:
                words = [
                    "-m",
                    "pytest",
                    "-m",
                    marks,
                    *options,
                    f"--junit-xml={node.place.var / f'{name}.xml'}",
                ]
                codes.append(await asyncio.to_thread(_python, words, told_to_tests))
            return max(codes)


def _frontend_tests(told: dict[str, str]) -> int:
    """The front end's own tests; their exit code."""
    pnpm = str(default_var() / "pnpm/pnpm")
    return subprocess.run([pnpm, "run", "test"], env=told, cwd=FRONTEND, check=False).returncode


def _told(node: Node) -> dict[str, str]:
    """What tests and checks see: the node as its owner, and the tools of the front end."""
    environment_of_node = {**node.told(owner=True), **_paths()}
    for name in ("HOME", "TERM", "CI", "LANG", "LC_ALL"):
        if name in os.environ:
            environment_of_node[name] = os.environ[name]
    return environment_of_node


def _paths() -> dict[str, str]:
    return {**node_environment(), "PYTHONPATH": f"{CHECKOUT / 'src'}:{CHECKOUT}"}


def _python(arguments: list[str], told: dict[str, str]) -> int:
    """Run Python in the virtual environment; its exit code."""
    program = str(default_var() / "venv/bin/python")
    return subprocess.run([program, *arguments], env=told, cwd=CHECKOUT, check=False).returncode
