"""Where a node lives on a machine: its folders, who its processes run as, and its own secrets."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from anlan.launcher.words import stop

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[3]
SOCKET_LIMIT = 100  # a Unix socket's path may have 107 bytes, its file name included
APP_USER = "anlan"
DATABASE_USER = "postgres"


def is_root() -> bool:
    return os.geteuid() == 0


def closed_parent(folder: Path) -> Path | None:
    """The first parent that other users may not enter, or None."""
    return next((p for p in (folder, *folder.parents) if p.exists() and not p.stat().st_mode & 0o001), None)


def default_var(checkout: Path = CHECKOUT) -> Path:
    """`var` in the checkout, unless the services' own user could not enter it."""
    if is_root() and closed_parent(checkout):
        mark = hashlib.sha256(str(checkout).encode()).hexdigest()[:8]
        return Path("/var/lib/anlan") / f"{checkout.name}-{mark}"
    return checkout / "var"


def tools_folder() -> Path:
    """The virtual environment and other installed tools, shared by all nodes of one checkout."""
    return default_var()


@dataclass(frozen=True)
class Place:
    """One node's folders under `var`, and the users of its processes (None: whoever started it)."""

    var: Path

    @cached_property
    def app_user(self) -> pwd.struct_passwd | None:
        return _system_user(APP_USER, self.var) if is_root() else None

    @cached_property
    def database_user(self) -> pwd.struct_passwd | None:
        return _system_user(DATABASE_USER, self.var) if is_root() else None

    @property
    def venv(self) -> Path:
        return tools_folder() / "venv"

    @property
    def keys(self) -> Path:
        """Keys that the services themselves use: the one that signs the journal's anchors."""
        return self.var / "keys"

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @cached_property
    def run(self) -> Path:
        """Folder of the sockets: short enough for a socket's path."""
        inside = self.var / "run"
        if len(str(inside)) < SOCKET_LIMIT - len("/pg/.s.PGSQL.5432"):
            return inside
        mark = hashlib.sha256(str(self.var).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"anlan-{mark}"

    @cached_property
    def code(self) -> Path:
        """The checkout, or the copy that services run from where its parents are closed to them."""
        return self.var / "code" if is_root() and closed_parent(CHECKOUT) else CHECKOUT

    def make(self) -> None:
        """Make the folders with the rights each needs."""
        self.var.mkdir(parents=True, exist_ok=True)
        if is_root() and (closed := closed_parent(self.var)):
            stop(
                f"数据目录 {self.var} 的上级 {closed} 不允许其他用户进入，服务无法使用。请用 ANLAN_VAR 另选目录。",
                f"{closed}, above the data folder {self.var}, is closed to the services' users. "
                "Choose another with ANLAN_VAR.",
            )
        owned(self.run, None, 0o755)
        owned(self.run / "pg", self.database_user, 0o750, group=self.app_user)
        owned(self.run / "app", self.app_user, 0o700)
        owned(self.logs, self.app_user, 0o750)
        owned(self.var / "nats", self.app_user, 0o700)
        owned(self.var / "nginx", self.app_user, 0o700)
        owned(self.var / "files", self.app_user, 0o700)
        owned(self.var / "files/incoming", self.app_user, 0o700)
        owned(self.var / "alerts", self.app_user, 0o770)
        owned(self.keys, self.app_user, 0o700)
        owned(self.var / "anchors", self.app_user, 0o755)
        owned(self.var / "tls", None, 0o700)
        if self.code != CHECKOUT:
            _copy_code(self.code)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold this node for one launcher; a second one is told who has it."""
        with (self.var / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                stop(
                    f"节点 {self.var} 已在运行。要另起一个，请设置 ANLAN_VAR 和 ANLAN_PORT。",
                    f"The node in {self.var} is running already. For a second one set ANLAN_VAR and ANLAN_PORT.",
                )
            yield

    def running(self) -> bool:
        """Whether a launcher holds this node."""
        if not (self.var / "lock").exists():
            return False
        with (self.var / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    @property
    def programs_file(self) -> Path:
        """The supervisor's record of what runs."""
        return self.run / "programs.json"

    def supervised(self) -> bool:
        """Whether another launcher keeps this node's programs up: then its ports are taken by us."""
        try:
            pid = int(json.loads(self.programs_file.read_text())["supervisor"])
            os.kill(pid, 0)
        except (FileNotFoundError, ProcessLookupError, ValueError, KeyError):
            return False
        except PermissionError:  # it is there, of another user
            return True
        return pid != os.getpid() and self.running()

    @property
    def half_restored(self) -> Path:
        """Stands while a restore is under way; what it says lets the restore be undone."""
        return self.var / "half-restored.json"

    def refuse_half_restored(self) -> None:
        if self.half_restored.exists():
            stop(
                f"节点 {self.var} 的恢复没有完成，数据不全，不能使用。请重新执行 ./anlan restore 文件，"
                "或执行 ./anlan restore --undo 回到恢复之前。",
                f"The restore of the node in {self.var} was not finished; its data are not whole. "
                "Run ./anlan restore FILE again, or ./anlan restore --undo to go back.",
            )

    @property
    def secret_file(self) -> Path:
        return self.var / "secrets.json"

    def secret(self, name: str) -> str:
        """A random secret of this node, made once, kept readable to its starter only."""
        file = self.secret_file
        known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        if name not in known:
            known[name] = secrets.token_urlsafe(48)
            write_private(file, json.dumps(known, indent=2))
        return known[name]


def write_private(file: Path, text: str, owner: pwd.struct_passwd | None = None, mode: int = 0o600) -> None:
    """Replace a file in one step; nobody but its owner reads it at any moment."""
    fresh = file.with_name(f".{file.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    if owner:
        os.chown(fresh, owner.pw_uid, owner.pw_gid)
    fresh.chmod(mode)
    fresh.replace(file)


def owned(
    folder: Path, owner: pwd.struct_passwd | None, mode: int, group: pwd.struct_passwd | None = None
) -> Path:
    """Make a folder of that owner and mode, or put an existing one right."""
    folder.mkdir(parents=True, exist_ok=True)
    if owner:
        os.chown(folder, owner.pw_uid, (group or owner).pw_gid)
    folder.chmod(mode)
    return folder


def _system_user(name: str, home: Path) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        subprocess.run(
            [
                "useradd",
                "--system",
                "--no-create-home",
                "--home-dir",
                home,
                "--shell",
                "/usr/sbin/nologin",
                name,
            ],
            check=True,
        )
        return pwd.getpwnam(name)


def _copy_code(target: Path) -> None:
    """Lay a readable copy of the program beside the data, replaced as a whole at each start."""
    fresh = target.with_name("code.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for part in ("src", "frontend/dist"):
        if (CHECKOUT / part).exists():
            shutil.copytree(CHECKOUT / part, fresh / part, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["chmod", "-R", "go+rX", fresh], check=True)
    fresh.chmod(0o755)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
