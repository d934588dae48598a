"""./anlan backup FILE: everything a node knows, in one encrypted file, while the node runs or while it is down.

Streams come before the database: what the streams had given away by then is in the database. The node's own keys
stand first, because a restore needs them before it can start anything.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import os
import stat
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from anlan import __version__
from anlan.launcher import archive, jetstream
from anlan.launcher.cli import settings
from anlan.launcher.database import Database, DatabaseError, client_programs
from anlan.launcher.node import Node
from anlan.launcher.place import CHECKOUT, write_private
from anlan.launcher.supervisor import end_leftovers
from anlan.launcher.words import say, stop, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from anlan.launcher.archive import Packer

T = TypeVar("T")
FORMAT = 1
SHORTEST = 12  # characters of a passphrase
RECORD = "last-backup.json"


def backup(arguments: Sequence[str]) -> int:
    """Write the backup; the file appears only when it is whole."""
    wanted = _arguments(arguments)
    node = Node(settings(), "up")
    file = _target(wanted.file, node, force=wanted.force)
    node.place.refuse_half_restored()
    secret = passphrase(node, twice=True)
    begun = time.monotonic()
    with told_errors("备份没有完成，没有写出文件", "The backup was not finished, no file was written"):
        taken = Backup(node)
        size = with_stores(node, lambda cancel: archive.write(file, secret, taken.fill, cancel))
    seconds = time.monotonic() - begun
    _remember(node, file, size, seconds)
    taken.report(file, size, seconds)
    return 0


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("./anlan backup")
    parser.add_argument("file", type=Path, help=words("备份文件", "the backup file"))
    parser.add_argument(
        "--force", action="store_true", help=words("覆盖已有文件", "replace an existing file")
    )
    return parser.parse_args(list(arguments))


def _target(file: Path, node: Node, *, force: bool) -> Path:
    file = file.expanduser().resolve()
    if file.is_dir() or not file.parent.is_dir():
        stop(f"{file} 不是文件，或其所在目录不存在。", f"{file} is a folder, or its folder does not exist.")
    if file.is_relative_to(node.place.var / "files"):
        stop("备份文件不能放在 files 目录内。", "The backup cannot stand inside the folder files.")
    if file.exists() and not force:
        stop(f"{file} 已存在。要覆盖请加 --force。", f"{file} exists. Add --force to replace it.")
    return file


def passphrase(node: Node, *, twice: bool) -> str:
    """The passphrase from the settings or the terminal; a short one is refused where one is chosen."""
    found = node.settings.backup_passphrase
    if not found and not sys.stdin.isatty():
        stop(
            "需要备份密码：请设置 ANLAN_BACKUP_PASSPHRASE，或在终端运行。",
            "A passphrase is needed: set ANLAN_BACKUP_PASSPHRASE, or run this at a terminal.",
        )
    if not found:
        found = getpass.getpass(words("备份密码：", "Passphrase of the backup: "))
        if twice and found != getpass.getpass(words("再输一次：", "Once more: ")):
            stop("两次输入的密码不一致。", "The two passphrases differ.")
    if twice and len(found) < SHORTEST:
        stop(
            f"备份密码至少 {SHORTEST} 个字符。密码丢失后备份无法恢复，请另行妥善保管。",
            f"The passphrase needs at least {SHORTEST} characters. Without it nobody can restore: keep it apart.",
        )
    return found


@contextmanager
def told_errors(zh: str, en: str) -> Iterator[None]:
    """What may go wrong outside, as a sentence."""
    try:
        yield
    except BlockingIOError:
        stop(f"{zh}：另一个备份正在写同一文件。", f"{en}: another backup is writing the same file.")
    except archive.Cancelled:
        stop(f"{zh}：已中断。", f"{en}: interrupted.", code=130)
    except (OSError, DatabaseError, jetstream.StreamError, archive.ArchiveError, TimeoutError) as error:
        said = str(error) or type(error).__name__
        stop(f"{zh}：{said}", f"{en}: {said}")


def with_stores(node: Node, work: Callable[[threading.Event], T]) -> T:
    """Do `work` while database and message server answer: the running node's, or started for it."""
    cancel = threading.Event()
    node.place.make()
    try:
        if node.place.running():
            return asyncio.run(in_thread(lambda: work(cancel), cancel))
        with node.place.lock():
            end_leftovers(node.place.var)
            return asyncio.run(_with_stores(node, work, cancel))
    except KeyboardInterrupt:
        raise archive.Cancelled from None


async def _with_stores(node: Node, work: Callable[[threading.Event], T], cancel: threading.Event) -> T:
    async with node.stores_up():
        return await in_thread(lambda: work(cancel), cancel)


async def in_thread(work: Callable[[], T], cancel: threading.Event) -> T:
    """Work in a thread that is told to end, and waited for, when we are interrupted."""
    task = asyncio.create_task(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        cancel.set()
        await asyncio.wait([task])
        task.exception()  # it ended because we told it to
        raise


def database_of(node: Node) -> Database:
    """The node's database as its owner."""
    programs = node.cluster.programs if node.cluster else client_programs(node.settings.postgres_bin)
    return Database(node.database_url(owner=True), programs)


def bus_url(node: Node) -> str:
    return node.bus.url if node.bus else node.settings.nats_url


def own_migrations() -> set[tuple[str, str]]:
    """App and name of every migration that this version brings itself."""
    found = (CHECKOUT / "src/anlan").rglob("migrations/[0-9]*.py")
    return {(file.parents[1].name, file.stem) for file in found}


@dataclass
class Backup:
    """One run: packs everything and keeps what the report says."""

    node: Node
    streams: dict[str, int] = field(default_factory=dict)  # messages by stream
    gone: list[str] = field(default_factory=list)  # files that were deleted meanwhile
    took: dict[str, float] = field(default_factory=dict)
    packed: dict[str, int] = field(default_factory=dict)

    def fill(self, packer: Packer) -> None:
        database = database_of(self.node)
        packer.add("about.json", _json(self._about(database)))
        self._keys(packer)
        self._anchors(packer)
        with self._step("streams", "消息流", "streams"):
            asyncio.run(self._streams(packer))
        with self._step("database", "数据库", "database"), packer.parts("database") as parts:
            for block in database.dump():
                parts.write(block)
        with self._step("files", "文件", "files"):
            self._files(packer)
        self.packed = dict(packer.bytes)
        told = {"bytes": packer.bytes, "members": packer.members, "streams": self.streams, "gone": self.gone}
        packer.add("contents.json", _json(told))

    def report(self, file: Path, size: int, seconds: float) -> None:
        say(f"\n备份完成：{file}", f"\nBackup done: {file}")
        for name, zh, en in (
            ("streams", "消息流", "streams"),
            ("database", "数据库", "database"),
            ("files", "文件", "files"),
        ):
            amount = human(self.packed.get(name, 0))
            say(f"  {zh}\t{amount}\t{self.took[name]:.1f} 秒", f"  {en}\t{amount}\t{self.took[name]:.1f} s")
        say(
            f"  合计\t{human(size)}（已加密）\t{seconds:.1f} 秒",
            f"  total\t{human(size)} (encrypted)\t{seconds:.1f} s",
        )
        if self.gone:
            say(f"  备份期间被删除的文件：{len(self.gone)}", f"  files deleted meanwhile: {len(self.gone)}")
        self._report_outside_keys()

    def _report_outside_keys(self) -> None:
        kept = [
            name
            for name, given in (
                ("ANLAN_SECRET_KEY", self.node.settings.secret_key),
                ("ANLAN_CERTIFICATE_KEY", self.node.settings.certificate_key),
            )
            if given
        ]
        if kept:
            names = "、".join(kept)
            say(
                f"  注意：{names} 由设置给出，不在备份内，请另行保管。",
                f"  Mind: {', '.join(kept)} come from the settings and are not in the backup.",
            )

    def _about(self, database: Database) -> dict[str, Any]:
        known = own_migrations()
        return {
            "format": FORMAT,
            "version": __version__,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "node": self.node.settings.node_name,
            "postgresql": database.version(),
            "owner": database.owner,
            "migrations": [one for one in database.migrations() if tuple(one) in known],
        }

    def _keys(self, packer: Packer) -> None:
        place = self.node.place
        for file in (place.secret_file, *walk(place.var / "tls"), *walk(place.keys)):
            with file.open("rb") as source:
                packer.add_file(str(file.relative_to(place.var)), source)

    def _anchors(self, packer: Packer) -> None:
        """What proves the journal's seals, from wherever it lies; the folder may hold other things."""
        folder = self.node.anchors
        for file in sorted((*folder.glob("*.jsonl"), *folder.glob("*.pem"))):
            with file.open("rb") as source:
                packer.add_file(f"anchors/{file.name}", source)

    async def _streams(self, packer: Packer) -> None:
        async with jetstream.connected(bus_url(self.node)) as client:
            for stream in await jetstream.list_streams(client):
                name = stream["config"]["name"]
                if (
                    stream["config"]["storage"] == "memory"
                ):  # the server keeps no snapshot of what it may forget
                    packer.add(f"streams/{name}/about.json", _json({"config": stream["config"]}))
                    continue
                told, blocks = await jetstream.snapshot(client, name)
                packer.add(f"streams/{name}/about.json", _json(told))
                with packer.parts(f"streams/{name}") as parts:
                    async for block in blocks:
                        parts.write(block)
                self.streams[name] = told["state"]["messages"]

    def _files(self, packer: Packer) -> None:
        top = self.node.place.var / "files"
        for file in walk(top):
            if file.is_relative_to(top / "incoming"):  # what is being taken in is no attachment yet
                continue
            name = str(file.relative_to(self.node.place.var))
            try:
                source = file.open("rb")
            except FileNotFoundError:
                self.gone.append(name)
                continue
            with source:
                packer.add_file(name, source)

    @contextmanager
    def _step(self, name: str, zh: str, en: str) -> Iterator[None]:
        begun = time.monotonic()
        say(f"正在备份{zh}……", f"Backing up {en} …")
        yield
        self.took[name] = time.monotonic() - begun


def walk(folder: Path) -> Iterator[Path]:
    """Every regular file below, in order; links are not followed and not kept."""
    for entry in sorted(os.scandir(folder), key=lambda e: e.name):
        if entry.is_dir(follow_symlinks=False):
            yield from walk(Path(entry.path))
        elif stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
            yield Path(entry.path)


def human(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _json(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def _remember(node: Node, file: Path, size: int, seconds: float) -> None:
    """Lay down when the last backup was, for the doctor."""
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "file": str(file),
        "bytes": size,
        "seconds": round(seconds, 1),
    }
    write_private(node.place.var / RECORD, json.dumps(told, ensure_ascii=False), mode=0o644)
