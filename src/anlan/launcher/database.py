"""Dumps a database and loads it again with PostgreSQL's own programs, as a stream of bytes, by URL."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from anlan.launcher.words import stop

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BLOCK = 1024 * 1024
# The owner may neither write PostGIS's own table nor comment on the extension; both come with the extension.
DUMP = ("-Fc", "-Z1", "--no-comments", "--exclude-table-data=spatial_ref_sys", "--lock-wait-timeout=60s")
EMPTY_FIRST = b"DROP OWNED BY CURRENT_USER CASCADE;\nCREATE SCHEMA IF NOT EXISTS public;\n"


class DatabaseError(Exception):
    """One of PostgreSQL's programs failed; its own words."""


@dataclass(frozen=True)
class Database:
    """One database, reached as its owner.

    programs  folder of pg_dump, pg_restore and psql
    """

    url: str
    programs: Path

    @property
    def owner(self) -> str:
        return str(conninfo_to_dict(self.url).get("user", ""))

    def ask(self, statement: str) -> str:
        command = [
            str(self.programs / "psql"),
            "-d",
            self._address(),
            "-v",
            "ON_ERROR_STOP=1",
            "-XAtqc",
            statement,
        ]
        done = subprocess.run(command, env=self._environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise DatabaseError(done.stderr.strip())
        return done.stdout.strip()

    def version(self) -> int:
        """Major version of the server."""
        return int(self.ask("SHOW server_version_num")) // 10000

    def is_empty(self) -> bool:
        return not self.ask("SELECT to_regclass('public.django_migrations')")

    def others(self) -> int:
        """Sessions of other roles in this database: services that still run."""
        where = "datname = current_database() AND usename <> current_user"
        return int(self.ask(f"SELECT count(*) FROM pg_stat_activity WHERE {where}"))  # noqa: S608 - constant text

    def migrations(self) -> list[list[str]]:
        if self.is_empty():
            return []
        rows = self.ask("SELECT app || ' ' || name FROM django_migrations ORDER BY 1").splitlines()
        return [row.split(" ", 1) for row in rows]

    def dump(self) -> Iterator[bytes]:
        """The whole database in pg_dump's custom form."""
        command = [str(self.programs / "pg_dump"), *DUMP, "-d", self._address()]
        with tempfile.TemporaryFile() as said:
            with self._started(command, said, stdout=subprocess.PIPE) as process:
                if process.stdout:
                    while block := process.stdout.read(BLOCK):
                        yield block
            _check(process, "pg_dump", said)

    def load(self, blocks: Iterable[bytes], *, replace: bool) -> None:
        """Load a dump in one transaction; with `replace` all that the owner has goes in the same one."""
        unpack = [str(self.programs / "pg_restore"), "-f", "-"]
        apply = [
            str(self.programs / "psql"),
            "-d",
            self._address(),
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-f",
            "-",
        ]
        with tempfile.TemporaryFile() as unpack_said, tempfile.TemporaryFile() as apply_said:
            with self._started(
                apply, apply_said, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
            ) as applying:
                _say(applying, b"BEGIN;\n" + (EMPTY_FIRST if replace else b""))
                with self._started(
                    unpack, unpack_said, stdin=subprocess.PIPE, stdout=applying.stdin
                ) as unpacking:
                    for block in blocks:
                        if not _say(unpacking, block):
                            break
                # Without this word nothing is kept, whichever of us died before.
                if unpacking.returncode == 0:
                    _say(applying, b"COMMIT;\n")
            _check(applying, "psql", apply_said)
            _check(unpacking, "pg_restore", unpack_said)

    def _started(
        self,
        command: list[str],
        said: IO[bytes],
        *,
        stdin: int = subprocess.DEVNULL,
        stdout: int | IO[bytes] | None,
    ) -> _Process:
        return _Process(
            command,
            env=self._environment(),
            stdin=stdin,
            stdout=stdout,
            stderr=said,
            cwd="/",
        )

    def _address(self) -> str:
        """The URL without its password: what stands on a command line can be read by all."""
        parts = {name: str(text) for name, text in conninfo_to_dict(self.url).items() if name != "password"}
        return make_conninfo("", **parts)

    def _environment(self) -> dict[str, str]:
        password = conninfo_to_dict(self.url).get("password")
        quiet = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PGOPTIONS": "-c client_min_messages=warning"}
        return {
            **quiet,
            "HOME": os.environ.get("HOME", "/"),
            **({"PGPASSWORD": str(password)} if password else {}),
        }


class _Process(subprocess.Popen[bytes]):
    """A program that is ended when its user is interrupted, not waited for."""

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind:
            self.kill()
        super().__exit__(kind, *rest)  # type: ignore[arg-type]  # as the base class wants it


def _say(process: _Process, text: bytes) -> bool:
    """Write to a program's input; False if it is gone, of which its exit code will tell."""
    try:
        if process.stdin:
            process.stdin.write(text)
            process.stdin.flush()
    except BrokenPipeError:
        return False
    return True


def _check(process: _Process, name: str, said: IO[bytes]) -> None:
    if process.returncode:
        said.seek(0)
        raise DatabaseError(f"{name}: {said.read().decode(errors='replace').strip()[-2000:]}")


def client_programs(wanted: Path | None) -> Path:
    """Folder of PostgreSQL's client programs: the one that is wanted, or the newest."""
    if wanted:
        return wanted
    folders = [folder.parent for folder in Path("/usr/lib/postgresql").glob("*/bin/pg_dump")]
    if not folders:
        stop(
            "本机没有 pg_dump。请安装 postgresql-client（版本不低于数据库服务器）。",
            "There is no pg_dump here. Install postgresql-client, at least as new as the server.",
        )
    return max(folders, key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0))
