"""What a node needs from the system's packages: what is missing, and how it is installed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from anlan.launcher.place import is_root
from anlan.launcher.words import say, stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@dataclass(frozen=True)
class Need:
    """One thing a machine must have: the Debian package that brings it, and how its presence is seen.

    optional  a node runs without it: it comes along where others are installed, and keeps nobody from starting
    """

    package: str
    present: Callable[[], bool]
    why: tuple[str, str]
    optional: bool = False


def postgres_folders() -> list[Path]:
    """Folders of PostgreSQL's programs that have PostGIS beside them, newest first."""
    versions = (
        (int(folder.parent.name), folder)
        for folder in Path("/usr/lib/postgresql").glob("*/bin")
        if folder.parent.name.isdigit() and (folder / "postgres").exists()
    )
    with_gis = [
        (version, folder)
        for version, folder in versions
        if Path(f"/usr/share/postgresql/{version}/extension/postgis.control").exists()
    ]
    return [folder for _, folder in sorted(with_gis, reverse=True)]


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None


def _has_venv() -> bool:
    return any(Path("/usr/lib").glob("python3.*/ensurepip/__init__.py"))


def _has_font() -> bool:
    return any(Path("/usr/share/fonts/opentype/noto").glob("NotoSansCJK-*"))


POSTGRES = "postgresql-postgis"
FONT = Need("fonts-noto-cjk", _has_font, ("PDF 和截图的中文字体", "Chinese type of PDF and pictures"))
RUN = (
    Need("python3-venv", _has_venv, ("Python 虚拟环境", "Python's virtual environments")),
    Need(
        "ca-certificates", Path("/etc/ssl/certs/ca-certificates.crt").exists, ("根证书", "root certificates")
    ),
    Need("nginx-light", _program("nginx"), ("前门：TLS、静态文件、限流", "the front door")),
    Need("gettext", _program("msgfmt"), ("编译译文", "compiles the catalogues")),
    replace(FONT, optional=True),
)
DATABASE = (
    Need(POSTGRES, lambda: bool(postgres_folders()), ("数据库 PostgreSQL 与 PostGIS", "the database")),
)
TEST = (
    Need("chromium", _program("chromium"), ("浏览器测试", "browser tests")),
    FONT,
)
BENCH = (
    Need(
        "nghttp2-client",
        _program("h2load"),
        ("基准测试的负载程序 h2load", "load generator of the benchmarks"),
    ),
    Need("debootstrap", _program("debootstrap"), ("基准测试用的全新系统", "a fresh system for a benchmark")),
)


def missing(needs: Iterable[Need]) -> list[Need]:
    return [need for need in needs if not need.present()]


def install(needs: Iterable[Need]) -> None:
    """Install what is missing, or stop and name it exactly; what is optional comes along and never by itself."""
    lacking = missing(needs)
    if all(need.optional for need in lacking):
        return
    if not shutil.which("apt-get") or not (is_root() or shutil.which("sudo")):
        _refuse(lacking)
    names = " ".join(need.package for need in lacking)
    say(f"正在安装系统软件包：{names}", f"Installing system packages: {names}")
    _keep_quiet_clusters()
    # A list that is a day old may name packages that are gone.
    _apt("update", "-qq")
    packages = [_resolve(need.package) for need in lacking]
    wish = ("install", "-y", "-qq", "--no-install-recommends", *packages)
    _apt(*wish, "--download-only")
    with _services_stay_down(), _finish_first():
        _apt(*wish)
    if still := [need for need in missing(lacking) if not need.optional]:
        _refuse(still)


def _refuse(lacking: list[Need]) -> None:
    lines_zh = "".join(f"\n  {need.package}\t{need.why[0]}" for need in lacking)
    lines_en = "".join(f"\n  {need.package}\t{need.why[1]}" for need in lacking)
    names = " ".join(need.package for need in lacking)
    stop(
        f"缺少下列软件包，且本机没有权限或没有 apt，无法自动安装：{lines_zh}\n"
        f"请管理员执行：apt-get install --no-install-recommends {names}",
        f"These packages are missing, and there is no apt or no right to use it:{lines_en}\n"
        f"Ask an administrator for: apt-get install --no-install-recommends {names}",
    )


def _apt(*arguments: str) -> None:
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", *arguments]
    if not is_root():
        command = ["sudo", "--preserve-env=DEBIAN_FRONTEND", *command]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        stop(
            f"apt 执行失败：{' '.join(command)}\n{done.stderr.strip()[-2000:]}",
            f"apt failed: {' '.join(command)}\n{done.stderr.strip()[-2000:]}",
        )


def _resolve(package: str) -> str:
    """PostGIS for the server version that is there already, else the system's own choice."""
    if package != POSTGRES:
        return package
    present = sorted(
        (
            int(m[1])
            for p in Path("/usr/lib/postgresql").glob("*/bin/postgres")
            if (m := re.search(r"/(\d+)/bin", str(p)))
        ),
        reverse=True,
    )
    return f"postgresql-{present[0]}-postgis-3" if present else POSTGRES


def _as_root(command: list[str], text: str | None = None) -> None:
    full = command if is_root() else ["sudo", *command]
    subprocess.run(full, input=text, text=True, stdout=subprocess.DEVNULL, check=True)


def _keep_quiet_clusters() -> None:
    """Debian would make and start a cluster of its own with the package; ours is private."""
    file = Path("/etc/postgresql-common/createcluster.conf")
    if not file.exists():
        _as_root(["mkdir", "-p", str(file.parent)])
        _as_root(["tee", str(file)], "create_main_cluster = false\n")


@contextmanager
def _finish_first() -> Iterator[None]:
    """Ctrl-C waits: a package that is half installed would need an administrator."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # apt and dpkg inherit it
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _services_stay_down() -> Iterator[None]:
    """Debian starts a service when its package is installed; nginx must not take port 80 here."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    _as_root(["tee", str(policy)], "#!/bin/sh\nexit 101\n")
    _as_root(["chmod", "755", str(policy)])
    try:
        yield
    finally:
        _as_root(["rm", "-f", str(policy)])
