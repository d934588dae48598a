"""The node's private PostgreSQL cluster: made once, reached by its socket only, by peer authentication only.

Three roles: `postgres` (superuser, the launcher), `anlan_owner` (owns the tables: migrations, backup) and
`anlan_app` (what the services are). When the launcher is root, the services' system user maps to `anlan_app` alone.
"""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from anlan.launcher.packages import postgres_folders
from anlan.launcher.place import is_root
from anlan.launcher.supervisor import Program
from anlan.launcher.words import stop

if TYPE_CHECKING:
    from pathlib import Path

    from anlan.launcher.place import Place

DATABASE = "anlan"
OWNER, APP, SUPER = "anlan_owner", "anlan_app", "postgres"
EXTENSIONS = ("postgis", "btree_gist", "pg_trgm")
MEBI = 1024 * 1024
GIBI = 1024 * MEBI

CONFIG = """\
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0777
max_connections = 120
shared_buffers = {buffers}MB
effective_cache_size = {cache}MB
max_wal_size = 4GB
wal_compression = lz4
random_page_cost = 1.1
jit = off
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u '
include_if_exists = 'extra.conf'
"""
# The folder of the socket is closed to others; the socket itself may be open, peer tells who comes.
ACCESS = "local all all peer map=anlan\n"


def memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@dataclass(frozen=True)
class Cluster:
    """A private cluster under a node's data folder."""

    place: Place
    programs: Path
    throwaway: bool = False  # tests: nothing in it needs to outlive the machine

    @classmethod
    def of(cls, place: Place, programs: Path | None, *, throwaway: bool = False) -> Cluster:
        folders = [programs] if programs else postgres_folders()
        made_by = place.var / "pg/data/PG_VERSION"
        if made_by.exists():  # stay with the version that made the data
            version = made_by.read_text().strip()
            folders = [f for f in folders if _version(f) == version]
            if not folders:
                stop(
                    f"数据由 PostgreSQL {version} 建立，而本机没有该版本（含 PostGIS）。请安装 postgresql-{version}-postgis-3。",
                    f"The data are of PostgreSQL {version}, which is not here. Install postgresql-{version}-postgis-3.",
                )
        return cls(place, folders[0], throwaway)

    @property
    def data(self) -> Path:
        return self.place.var / "pg/data"

    @property
    def socket(self) -> Path:
        return self.place.run / "pg"

    def url(self, role: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(self.socket), safe='')}"

    def make(self) -> None:
        """Make the cluster if there is none, and write its settings afresh."""
        owner = self.place.database_user
        if not (self.data / "PG_VERSION").exists():
            folder = self.data.parent
            folder.mkdir(parents=True, exist_ok=True)
            if owner:
                os.chown(folder, owner.pw_uid, owner.pw_gid)
            folder.chmod(0o700)
            fresh = folder / "new"  # becomes the data folder only when it is whole
            shutil.rmtree(fresh, ignore_errors=True)
            self._run(
                "initdb",
                "-D",
                str(fresh),
                "-U",
                SUPER,
                "-A",
                "peer",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "-k",
            )
            with (fresh / "postgresql.conf").open("a") as file:
                file.write("\ninclude 'anlan.conf'\n")
            fresh.rename(self.data)
        self._write("anlan.conf", self._config())
        self._write("pg_hba.conf", ACCESS)
        self._write("pg_ident.conf", self._people())

    def program(self) -> Program:
        return Program(
            "postgres",
            (str(self.programs / "postgres"), "-D", str(self.data)),
            user=self.place.database_user,
            environment={"LC_ALL": "C.UTF-8", "TZ": "UTC"},
            stop_signal=signal.SIGINT,  # fast shutdown: sessions end, data are written
            patience=60,
            ready=self.answers,
        )

    def answers(self) -> bool:
        ask = [str(self.programs / "pg_isready"), "-q", "-h", str(self.socket), "-U", SUPER, "-d", SUPER]
        return subprocess.run(ask, check=False).returncode == 0

    def prepare(self) -> None:
        """Make roles, database and extensions that are not there yet."""
        for role, rights in ((OWNER, "CREATEDB"), (APP, "")):
            if not self.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{role}'", SUPER):
                self.sql(f"CREATE ROLE {role} LOGIN {rights}", SUPER)
        # A test database made from the template has the extensions without being superuser.
        for database in ("template1", DATABASE):
            if not self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{database}'", SUPER):
                self.sql(f"CREATE DATABASE {database} OWNER {OWNER}", SUPER)
            for extension in EXTENSIONS:
                self.sql(f"CREATE EXTENSION IF NOT EXISTS {extension}", database)
        for statement in application_rights():
            self.sql(statement, DATABASE)

    def sql(self, statement: str, database: str) -> str:
        return self._run(
            "psql",
            "-h",
            str(self.socket),
            "-U",
            SUPER,
            "-d",
            database,
            "-v",
            "ON_ERROR_STOP=1",
            "-Atqc",
            statement,
        )

    def _run(self, program: str, *arguments: str) -> str:
        user = self.place.database_user
        done = subprocess.run(
            [str(self.programs / program), *arguments],
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[user.pw_gid] if user else None,
            env={
                "PATH": "/usr/bin:/bin",
                "LC_ALL": "C.UTF-8",
                "TZ": "UTC",
                "PGOPTIONS": "-c client_min_messages=warning",
            },
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            process_group=0,  # Ctrl-C is for the launcher, which ends in order
        )
        if done.returncode:
            stop(
                f"数据库准备失败：{program}\n{done.stderr.strip()}",
                f"{program} failed:\n{done.stderr.strip()}",
            )
        return done.stdout.strip()

    def _write(self, name: str, text: str) -> None:
        file = self.data / name
        file.write_text(text)
        if owner := self.place.database_user:
            os.chown(file, owner.pw_uid, owner.pw_gid)
        file.chmod(0o600)

    def _config(self) -> str:
        buffers = 128 * MEBI if self.throwaway else min(memory_bytes() // 4, 4 * GIBI)
        text = CONFIG.format(
            socket=self.socket, buffers=buffers // MEBI, cache=max(buffers * 2, memory_bytes() // 2) // MEBI
        )
        return text + (
            "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\n" if self.throwaway else ""
        )

    def _people(self) -> str:
        if not is_root():
            everybody = [(getpass.getuser(), role) for role in (SUPER, OWNER, APP)]
        else:
            everybody = [("root", SUPER), ("root", OWNER), ("root", APP), ("postgres", SUPER)]
            if app := self.place.app_user:
                everybody.append((app.pw_name, APP))
        return "".join(f"anlan {person} {role}\n" for person, role in everybody)


def application_rights() -> tuple[str, ...]:
    """What the application role may do with all that its owner makes: rows, never tables."""
    given = (
        "SELECT, INSERT, UPDATE, DELETE ON TABLES",
        "USAGE, SELECT ON SEQUENCES",
        "EXECUTE ON FUNCTIONS",
    )
    return (
        f"GRANT USAGE ON SCHEMA public TO {APP}",
        *(
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT {rights} TO {APP}"
            for rights in given
        ),
    )


def _version(programs: Path) -> str:
    answer = subprocess.run([str(programs / "postgres"), "-V"], capture_output=True, text=True, check=True)
    return answer.stdout.split()[2].split(".")[0]
