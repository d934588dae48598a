"""./anlan restore FILE: a node as it was when the backup was made, held until an operator lets it go.

Nothing is changed before the whole file has been read and found right. What the node had is moved aside, not deleted;
a mark stands from the first change to the last, and a node that bears it does not start.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import itertools
import json
import os
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from anlan import __version__
from anlan.disk import sync
from anlan.launcher import archive, jetstream
from anlan.launcher.backup import (
    FORMAT,
    bus_url,
    database_of,
    human,
    in_thread,
    own_migrations,
    passphrase,
    told_errors,
)
from anlan.launcher.cli import settings
from anlan.launcher.node import Node
from anlan.launcher.place import owned, write_private
from anlan.launcher.supervisor import end_leftovers
from anlan.launcher.words import say, stop, words

if TYPE_CHECKING:
    import pwd
    import tarfile
    from collections.abc import Iterable, Iterator, Sequence

    from anlan.launcher.archive import Members

PARTS = ("pg", "nats", "files", "tls", "keys", "secrets.json")  # what a node's data are, in its data folder
NEEDED = {"about.json", "contents.json"}
SPACE = 1.5  # free disk wanted, as a multiple of what the backup holds


def restore(arguments: Sequence[str]) -> int:
    """Replace the node by what the file holds, or with --undo go back to what it was."""
    wanted = _arguments(arguments)
    node = Node(settings(), "up")
    node.place.make()
    _refuse_running(node)
    with node.place.lock():
        if wanted.undo:
            return _undo(node)
        if not node.place.half_restored.exists():
            _refuse_data(node, replace=wanted.replace)
        begun = time.monotonic()
        secret = passphrase(node, twice=False)
        with told_errors("没有恢复，节点未改动", "Nothing was restored, the node is as it was"):
            plan = _plan(node, wanted.file.expanduser().resolve(), secret)
        end_leftovers(node.place.var)
        aside = _run(plan)
    _report(plan, aside, time.monotonic() - begun)
    return 0


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("./anlan restore")
    parser.add_argument("file", type=Path, nargs="?", help=words("备份文件", "the backup file"))
    parser.add_argument(
        "--replace", action="store_true", help=words("替换已有数据", "replace the data that are here")
    )
    parser.add_argument(
        "--undo", action="store_true", help=words("撤销未完成的恢复", "take an unfinished restore back")
    )
    found = parser.parse_args(list(arguments))
    if bool(found.file) == found.undo:
        parser.error(words("请给出备份文件，或 --undo", "name a backup file, or --undo"))
    if found.file and not found.file.expanduser().is_file():
        stop(f"没有文件 {found.file}。", f"There is no file {found.file}.")
    return found


def _refuse_running(node: Node) -> None:
    if node.place.running():
        stop("节点正在运行。请先停止它，再恢复。", "The node is running. Stop it, then restore.")


@dataclass(frozen=True)
class Plan:
    """A backup that was read whole, and the node it is for."""

    node: Node
    backup: archive.Unlocked
    about: dict[str, Any]
    contents: dict[str, Any]


def _plan(node: Node, file: Path, secret: str) -> Plan:
    """Read everything and check it, change nothing."""
    say("正在检查备份文件……", "Checking the backup …")
    try:
        backup = archive.unlock(file, secret)
        kept = archive.verify(backup, lambda name: name in NEEDED, threading.Event())
        plan = Plan(node, backup, json.loads(kept["about.json"]), json.loads(kept["contents.json"]))
    except KeyboardInterrupt:
        raise archive.Cancelled from None
    except archive.ArchiveError as error:
        if error.wrong_passphrase:
            stop("备份密码不对。节点未改动。", "Wrong passphrase. The node is as it was.")
        stop(
            f"{file} 不是完整的备份文件：{error}。节点未改动。",
            f"{file} is not a whole backup: {error}. The node is as it was.",
        )
    _refuse_newer(plan)
    _refuse_full_disk(plan)
    return plan


def _refuse_newer(plan: Plan) -> None:
    made_by, here = str(plan.about["version"]), __version__
    unknown = {tuple(one) for one in plan.about["migrations"]} - own_migrations()
    if plan.about["format"] > FORMAT or _numbers(made_by) > _numbers(here) or unknown:
        stop(
            f"备份由较新的版本 {made_by} 建立，本机是 {here}。请先升级本机，再恢复。",
            f"The backup is of a newer version, {made_by}; here is {here}. Upgrade, then restore.",
        )
    if plan.node.cluster:
        server = int(plan.node.cluster.programs.parent.name)
        if plan.about["postgresql"] > server:
            stop(
                f"备份来自 PostgreSQL {plan.about['postgresql']}，本机是 {server}。请安装不低于该版本的 PostgreSQL 和 PostGIS。",
                f"The backup is of PostgreSQL {plan.about['postgresql']}, here is {server}. Install one as new.",
            )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _refuse_full_disk(plan: Plan) -> None:
    needed = int(sum(plan.contents["bytes"].values()) * SPACE)
    free = shutil.disk_usage(plan.node.place.var).free
    if free < needed:
        stop(
            f"磁盘空间不足：约需 {human(needed)}，可用 {human(free)}（{plan.node.place.var}）。节点未改动。",
            f"Not enough disk: about {human(needed)} needed, {human(free)} free in {plan.node.place.var}.",
        )


def _run(plan: Plan) -> Path | None:
    """Restore; where the data that were here stand now, or None if there were none."""
    place = plan.node.place
    aside = _begin(plan.node)
    try:
        with told_errors("恢复失败", "The restore failed"):
            asyncio.run(_fill(plan, threading.Event()))
    except BaseException:
        if _is_private(plan.node):
            _back(plan.node)
            say("已回到恢复之前的状态。", "The node is as it was before.")
        else:
            say(
                "外部数据库或消息服务可能已改动，请重新恢复。",
                "The outside stores may have changed: restore again.",
            )
        raise
    place.half_restored.unlink()
    sync(place.var)
    if any(aside.iterdir()):
        return aside
    aside.rmdir()
    return None


def _is_private(node: Node) -> bool:
    return bool(node.cluster and node.bus)


def _begin(node: Node) -> Path:
    """Set the mark, then move the data that are here aside."""
    var, mark = node.place.var, node.place.half_restored
    if not mark.exists():
        found = [name for name in PARTS if _holds(var / name)]
        told = {"aside": f"replaced-{time.strftime('%Y%m%d-%H%M%S')}", "had": found}
        write_private(mark, json.dumps(told))
        sync(var)
    told = json.loads(mark.read_text())
    aside: Path = var / told["aside"]
    owned(aside, None, 0o700)
    for name in PARTS:
        if name in told["had"] and not (aside / name).exists():
            (var / name).rename(aside / name)
        else:  # half of an earlier restore that died: worth nothing
            _remove(var / name)
    sync(var)
    return aside


def _holds(path: Path) -> bool:
    """Whether there is any file; empty folders are laid out before anything is kept in them."""
    return any(one.is_file() for one in path.rglob("*")) if path.is_dir() else path.exists()


def _refuse_data(node: Node, *, replace: bool) -> None:
    var = node.place.var
    outside = not node.cluster and not database_of(node).is_empty()
    if not replace and (outside or _holds(var / "pg") or _holds(var / "files")):
        stop(
            f"节点 {var} 已有数据。确认要用备份替换，请加 --replace"
            "（本机数据移到旁边，不删除；外部数据库的数据会被替换）。",
            f"The node in {var} has data. Add --replace to replace them "
            "(what is on this machine is moved aside, not deleted; an outside database is replaced).",
        )
    if outside and (others := database_of(node).others()):
        stop(
            f"外部数据库还有 {others} 个其他连接。请先停止所有机器上的服务，再恢复。",
            f"The outside database has {others} other sessions. Stop the services on all machines, then restore.",
        )


def _undo(node: Node) -> int:
    if not node.place.half_restored.exists():
        stop("没有未完成的恢复，无需撤销。", "There is no unfinished restore to take back.")
    if not _is_private(node):
        stop(
            "使用外部数据库或消息服务时不能撤销，请重新恢复。",
            "With outside stores a restore cannot be taken back: restore again.",
        )
    end_leftovers(node.place.var)
    _back(node)
    say("已回到恢复之前的状态。", "The node is as it was before the restore.")
    return 0


def _back(node: Node) -> None:
    """Put back what was moved aside; may be done again after a crash in between."""
    var, mark = node.place.var, node.place.half_restored
    told = json.loads(mark.read_text())
    aside = var / told["aside"]
    for name in PARTS:
        if (aside / name).exists():
            _remove(var / name)
            (aside / name).rename(var / name)
        elif name not in told["had"]:
            _remove(var / name)
    _remove(aside)
    mark.unlink()
    sync(var)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


async def _fill(plan: Plan, cancel: threading.Event) -> None:
    """Keys first, then the stores on them, then what they hold, then migrations and the hold."""
    node = Node(plan.node.settings, "up")  # one that has seen nothing of the old data
    node.place.make()
    await in_thread(lambda: _lay_keys(plan), cancel)
    async with node.stores_up():
        await in_thread(Filling(plan, node, cancel).run, cancel)
        for command in (("migrate", "--no-input", "-v0"), ("hold",)):
            done = await in_thread(functools.partial(node.manage, *command), cancel)
            if done.returncode:
                stop(
                    "恢复后的数据库未能升级到本版本，见上。",
                    "The restored database could not be migrated, see above.",
                )
    await in_thread(lambda: _lay_anchors(plan), cancel)


def _lay_keys(plan: Plan) -> None:
    """The node's own secrets."""
    place = plan.node.place
    for info, content in _small_members(plan):
        if info.name == "secrets.json" or info.name.startswith(("tls/", "keys/")):
            target = _inside(place.var, info.name)
            owner = place.app_user if target.parent == place.keys else None
            write_private(target, content.decode(), owner, mode=info.mode & 0o644)


def _lay_anchors(plan: Plan) -> None:
    """Anchors that are here stay: they may know of seals that the backup is too old for, and are to tell of it."""
    folder, owner = plan.node.anchors, plan.node.place.app_user
    for info, content in _small_members(plan):
        target = folder / PurePosixPath(info.name).name
        if info.name.startswith("anchors/") and not target.exists():
            folder.mkdir(parents=True, exist_ok=True)
            write_private(target, content.decode(), owner, mode=0o644)


def _small_members(plan: Plan) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    """What stands before everything else in the file: keys, anchors, what it is a backup of."""
    with archive.opened(plan.backup) as members:
        for info in members:
            if info.name.startswith(("streams/", "database/", "files/")) or info.name == "contents.json":
                return
            yield info, members.content(info)


def _inside(var: Path, name: str) -> Path:
    """Where a member goes; a name that leads elsewhere is refused."""
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or parts[0] not in PARTS:
        raise archive.ArchiveError(f"{name!r} leads out of the data folder")
    return var.joinpath(*parts)


class Filling:
    """Second reading of the file: puts what it holds into the fresh stores."""

    def __init__(self, plan: Plan, node: Node, cancel: threading.Event) -> None:
        self.plan, self.node, self.cancel = plan, node, cancel

    def run(self) -> None:
        with archive.opened(self.plan.backup) as members:
            for head, group in itertools.groupby(members, lambda info: info.name.split("/", 1)[0]):
                if head == "streams":
                    say("正在恢复消息流……", "Restoring streams …")
                    asyncio.run(self._streams(members, group))
                elif head == "database":
                    say("正在恢复数据库……", "Restoring the database …")
                    database = database_of(self.node)
                    database.load(self._blocks(members, group), replace=not self.node.cluster)
                elif head == "files":
                    say("正在恢复文件……", "Restoring files …")
                    self._files(members, group)

    def _blocks(self, members: Members, group: Iterable[tarfile.TarInfo]) -> Iterator[bytes]:
        for info in group:
            for block in members.blocks(info):
                if self.cancel.is_set():
                    raise archive.Cancelled
                yield block

    async def _streams(self, members: Members, group: Iterable[tarfile.TarInfo]) -> None:
        async with jetstream.connected(bus_url(self.node)) as client:
            there = {stream["config"]["name"] for stream in await jetstream.list_streams(client)}
            for name, parts in itertools.groupby(group, lambda info: info.name.split("/")[1]):
                told = json.loads(members.content(next(parts)))
                if name in there:
                    await jetstream.delete(client, name)
                if "state" in told:
                    rest = self._blocks(members, parts)  # noqa: B031 - what follows the first
                    await jetstream.restore(client, told, rest)
                else:
                    await jetstream.create(client, told["config"])

    def _files(self, members: Members, group: Iterable[tarfile.TarInfo]) -> None:
        owner = self.node.place.app_user
        for info in group:
            target = _inside(self.node.place.var, info.name)
            _make_folders(target.parent, self.node.place.var / "files", owner)
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                for block in self._blocks(members, [info]):
                    out.write(block)
            if owner:
                os.chown(target, owner.pw_uid, owner.pw_gid)
            target.chmod(info.mode & 0o777)
            os.utime(target, (info.mtime, info.mtime))
        os.sync()


def _make_folders(folder: Path, top: Path, owner: pwd.struct_passwd | None) -> None:
    if folder != top and not folder.exists():
        _make_folders(folder.parent, top, owner)
        owned(folder, owner, 0o700)


def _report(plan: Plan, aside: Path | None, seconds: float) -> None:
    say(
        f"\n恢复完成（{seconds:.1f} 秒）：{plan.about['at']} 的备份，节点“{plan.about['node']}”。\n"
        "节点处于保持状态：启动后能登录和查看，但不对外发送。请在“运行状态”页核对待发内容后放行。",
        f"\nRestored ({seconds:.1f} s): the backup of {plan.about['at']}, node “{plan.about['node']}”.\n"
        "The node is held: it starts and shows, but sends nothing. Look at what waits on the page System status, then release.",
    )
    if aside:
        say(
            f"原有数据在 {aside}，确认无误后可删除。",
            f"What was here before is in {aside}; delete it when all is well.",
        )
