"""./anlan doctor: what is wrong with this machine and this node, and how to mend it.

Runs on the system's bare Python, for it must work when nothing else does; what the virtual environment brings is used
where it is there. A check that itself fails is a finding, never a crash.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.metadata
import json
import os
import platform
import re
import signal
import ssl
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anlan import __version__, environment
from anlan.launcher import install, packages, ports
from anlan.launcher.finding import Finding, bad, good, graded, note, warning
from anlan.launcher.nats import accepts
from anlan.launcher.place import CHECKOUT, Place, closed_parent, default_var, is_root
from anlan.launcher.words import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

GIGA = 1_000_000_000
OLDEST_YEAR, LAST_YEAR = 2026, 2100
UNSYNCHRONISED = 0x40  # STA_UNSYNC of adjtimex(2)
BACKUP_DAYS, CERTIFICATE_DAYS = 7, 14
MANY_RESTARTS = 10


@dataclass(frozen=True)
class Look:
    """What the checks look at."""

    settings: environment.Environment
    place: Place
    problems: tuple[str, ...]  # of the settings

    @property
    def running(self) -> bool:
        with suppress(PermissionError):
            return self.place.running()
        return self.place.programs_file.exists()  # another user's node; its record tells as much


def doctor(arguments: Sequence[str]) -> int:
    """Print every finding; 1 if something is wrong."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `doctor | head` just ends
    parser = argparse.ArgumentParser("./anlan doctor")
    parser.add_argument("--json", action="store_true", help=words("以 JSON 输出", "print JSON"))
    wanted = parser.parse_args(list(arguments))
    _into_venv(arguments)
    findings = []
    for finding in examine(_look()):
        findings.append(finding)
        if not wanted.json:
            print(finding.line(), flush=True)
    wrong = [finding for finding in findings if finding.state == "bad"]
    if wanted.json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    elif wrong:
        print(words(f"\n有 {len(wrong)} 处需要修复。", f"\n{len(wrong)} to mend."))
    else:
        print(words("\n没有发现问题。", "\nNothing is wrong."))
    return 1 if wrong else 0


def examine(look: Look) -> Iterator[Finding]:
    """Every check in turn."""
    for check in CHECKS:
        try:
            yield from check(look)
        except Exception as error:  # noqa: BLE001 - a doctor that dies of the illness is none
            name = check.__name__.strip("_")
            yield bad(
                name,
                f"{type(error).__name__}: {error}",
                words("请把这一行报告给维护者。", "Report this line."),
            )


def _into_venv(arguments: Sequence[str]) -> None:
    """Go on in the virtual environment if there is one that works; it can look deeper."""
    python = install.venv_python()
    if sys.prefix == str(python.parents[1]) or not os.access(python, os.X_OK):
        return
    if subprocess.run([python, "-c", "import psycopg"], capture_output=True, check=False).returncode == 0:
        os.execv(python, [str(python), str(CHECKOUT / "anlan"), "doctor", *arguments])


def _look() -> Look:
    problems: tuple[str, ...] = ()
    try:
        settings = environment.load()
    except environment.SettingsError as error:
        problems = tuple(error.problems)
        wrong = "".join(problems)
        settings = environment.load({n: t for n, t in os.environ.items() if n not in wrong})
    return Look(settings, Place(settings.var or default_var()), problems)


# --- what the machine must have -------------------------------------------------------------------------------


def _settings(look: Look) -> Iterator[Finding]:
    what = words("设置", "Settings")
    for problem in look.problems:
        yield bad(what, problem, words("见 docs/operator/settings.md", "See docs/operator/settings.md"))
    if bool(look.settings.database_url) != bool(look.settings.database_owner_url):
        names = "ANLAN_DATABASE_URL, ANLAN_DATABASE_OWNER_URL"
        yield bad(what, names, words("两项须同时设置。", "Set both."))
    elif not look.problems:
        given = sorted(name for name in os.environ if name.startswith("ANLAN_"))
        yield good(what, ", ".join(given) or words("全部为默认值", "all defaults"))


def _versions(_look: Look) -> Iterator[Finding]:
    system = (
        platform.freedesktop_os_release().get("PRETTY_NAME", "?") if Path("/etc/os-release").exists() else "?"
    )
    yield good(
        words("版本", "Versions"),
        f"Anlan {__version__}, Python {platform.python_version()}, {system}, Linux {platform.release()}",
    )


def _system_packages(_look: Look) -> Iterator[Finding]:
    what = words("系统软件包", "System packages")
    lacking = packages.missing((*packages.RUN, *packages.DATABASE))
    if lacking:
        names = " ".join(need.package for need in lacking)
        told = warning if all(need.optional for need in lacking) else bad
        yield told(
            what,
            words(f"缺少 {names}", f"missing: {names}"),
            f"apt-get install --no-install-recommends {names}",
        )
    else:
        yield good(what, words("齐全", "all there"))


def _python_packages(_look: Look) -> Iterator[Finding]:
    what = words("Python 软件包", "Python packages")
    mend = words(
        "执行 ./anlan demo 或 ./anlan up，会自动安装锁定的版本。",
        "./anlan demo or up installs the locked versions.",
    )
    if sys.prefix != str(install.venv_python().parents[1]):
        yield bad(what, words("虚拟环境未安装或不能用", "no working virtual environment"), mend)
        return
    wrong = [
        f"{name} {_installed(name)}≠{version}" for name, version in _locked() if _installed(name) != version
    ]
    if wrong:
        yield bad(what, ", ".join(wrong), mend)
    else:
        yield good(what, words(f"{len(_locked())} 个，与锁定版本一致", f"{len(_locked())}, as locked"))


def _locked() -> list[tuple[str, str]]:
    """Names and versions that the lock file wants on this machine."""
    lines = (CHECKOUT / "requirements/run.txt").read_text().splitlines()
    found = [re.match(r"([A-Za-z0-9._-]+)==(\S+)(\s*;)?", line) for line in lines]
    return [(m[1], m[2]) for m in found if m and not m[3]]  # what has a condition may rightly be absent


def _installed(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "–"


def _front_end(_look: Look) -> Iterator[Finding]:
    what = words("界面文件", "Front end")
    if (install.FRONTEND / "dist/.vite/manifest.json").exists():
        yield good(what, words("已构建", "built"))
    else:
        yield bad(
            what,
            words("尚未构建", "not built"),
            words("执行 ./anlan demo 或 ./anlan up。", "./anlan demo or up builds it."),
        )


# --- the machine's state ---------------------------------------------------------------------------------------


def _disk(look: Look) -> Iterator[Finding]:
    folder = next(p for p in (look.place.var, *look.place.var.parents) if p.exists())
    state = os.statvfs(folder)
    free, share = state.f_bavail * state.f_frsize, state.f_bavail / max(state.f_blocks, 1)
    mend = words(
        "删除不用的文件，或扩大磁盘。空间用尽时数据库停止写入。",
        "Delete what is not needed, or enlarge the disk. A full disk stops the database.",
    )
    seen = words(
        f"{folder} 可用 {free / GIGA:.1f} GB（{share:.0%}）",
        f"{folder}: {free / GIGA:.1f} GB free ({share:.0%})",
    )
    low = free < 10 * GIGA and share < 0.1
    yield graded(words("磁盘空间", "Disk"), seen, mend if low else "", is_bad=free < 2 * GIGA, is_low=low)
    if state.f_files:
        left = state.f_favail / state.f_files
        seen = words(f"可用 {left:.0%}", f"{left:.0%} free")
        what = words("索引节点（inode）", "Inodes")
        yield graded(what, seen, mend if left < 0.1 else "", is_bad=left < 0.02, is_low=left < 0.1)


def _memory(_look: Look) -> Iterator[Finding]:
    rows = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    total, free = (int(rows[name].split()[0]) * 1024 / GIGA for name in ("MemTotal", "MemAvailable"))
    seen = words(f"共 {total:.1f} GB，可用 {free:.1f} GB", f"{total:.1f} GB, {free:.1f} GB available")
    mend = words("结束其他程序，或增加内存。", "End other programs, or add memory.") if free < 0.6 else ""
    yield graded(words("内存", "Memory"), seen, mend, is_bad=free < 0.2, is_low=free < 0.6)


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2), as far as it is read."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        *((name, ctypes.c_long) for name in ("offset", "freq", "maxerror", "esterror")),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


def _clock(_look: Look) -> Iterator[Finding]:
    what = words("时钟", "Clock")
    now = datetime.now(UTC)
    newest = datetime.fromtimestamp((CHECKOUT / "pyproject.toml").stat().st_mtime, UTC)
    shown = now.isoformat(timespec="seconds")
    mend = words(
        "校准系统时间并启用对时：apt-get install systemd-timesyncd，timedatectl set-ntp true。",
        "Set the time and switch synchronisation on: apt-get install systemd-timesyncd, timedatectl set-ntp true.",
    )
    if not OLDEST_YEAR <= now.year <= LAST_YEAR or now < newest:
        yield bad(what, words(f"{shown} 明显不对", f"{shown} cannot be"), mend)
        return
    if not _synchronised():
        yield warning(what, words(f"{shown}，未与时间服务器对时", f"{shown}, not synchronised"), mend)
    else:
        yield good(what, words(f"{shown}，已对时", f"{shown}, synchronised"))
    if (drift := _drift()) > 0.05:
        yield warning(what, words(f"走时偏差 {drift:.0%}", f"runs {drift:.0%} off"), mend)


def _synchronised() -> bool:
    """What the kernel says, whichever program keeps the time."""
    state = _Timex()
    answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(state))
    return answer >= 0 and not state.status & UNSYNCHRONISED


def _drift() -> float:
    """How much the clock is being stretched or jumps, against one that never jumps."""
    wall, steady = time.time(), time.clock_gettime(time.CLOCK_MONOTONIC_RAW)
    time.sleep(0.2)
    passed = time.clock_gettime(time.CLOCK_MONOTONIC_RAW) - steady
    return abs(time.time() - wall - passed) / passed


def _time_zone(look: Look) -> Iterator[Finding]:
    zone = look.settings.time_zone
    shown = datetime.now(zone).strftime("%Y-%m-%d %H:%M %z")
    yield good(words("时区", "Time zone"), f"{zone.key}, {shown}")


# --- the node's folder and door --------------------------------------------------------------------------------


def _folder(look: Look) -> Iterator[Finding]:
    what, var = words("数据目录", "Data folder"), look.place.var
    if look.place.half_restored.exists():
        mend = words(
            "重新执行 ./anlan restore 文件，或 ./anlan restore --undo。",
            "./anlan restore FILE again, or --undo.",
        )
        yield bad(
            what,
            words("恢复没有完成，节点不能启动", "a restore was not finished; the node cannot start"),
            mend,
        )
    if not var.exists():
        yield note(what, words(f"{var}，尚未建立", f"{var}, not made yet"))
        return
    if is_root() and (closed := closed_parent(var)):
        seen = words(f"上级目录 {closed} 不允许服务用户进入", f"{closed} is closed to the services' users")
        yield bad(what, seen, words("用 ANLAN_VAR 另选目录。", "Choose another with ANLAN_VAR."))
        return
    wrong = [f"{file} {mode:03o}" for file, mode in _too_open(var)]
    if wrong:
        mend = words("收紧权限：chmod go= 上列文件。", "chmod go= those files.")
        yield bad(what, words(f"他人可读：{', '.join(wrong)}", f"open to others: {', '.join(wrong)}"), mend)
    else:
        yield good(what, str(var))


def _too_open(var: Path) -> Iterator[tuple[Path, int]]:
    """Files with secrets that others may read."""
    for file in (
        var / "secrets.json",
        *(var / "tls").glob("*.key"),
        var / "keys",
        var / "pg/data",
        var / "nats",
        var / "files",
    ):
        with suppress(PermissionError, FileNotFoundError):
            mode = file.stat().st_mode & 0o777
            if mode & 0o077:
                yield file, mode


def _port(look: Look) -> Iterator[Finding]:
    what = words(f"端口 {look.settings.port}", f"Port {look.settings.port}")
    address = look.settings.listen or "127.0.0.1"
    if look.running:
        if accepts(look.settings.port, address):
            yield good(what, words("本节点正在监听", "this node listens"))
        else:
            mend = words(f"查看 {look.place.logs}/nginx.log。", f"Look at {look.place.logs}/nginx.log.")
            yield bad(what, words("节点在运行，但端口不通", "the node runs, but nobody listens"), mend)
    elif trouble := ports.trouble(look.settings.listen or "0.0.0.0", look.settings.port):  # noqa: S104 - a probe
        yield bad(what, *trouble)
    else:
        yield good(what, words("空闲", "free"))


def _links(look: Look) -> Iterator[Finding]:
    """Links in messages must open on phones outside."""
    what = words("短信里的链接", "Links in messages")
    given = look.settings.public_url or next(iter(look.settings.hosts), "")
    if given:
        yield good(what, given)
        return
    mend = words(
        "设置 ANLAN_PUBLIC_URL 为手机从外面打得开的地址，例如 https://yj.example.gov.cn。",
        "Set ANLAN_PUBLIC_URL to an address that phones can open from outside.",
    )
    yield warning(what, words("指向本机，别人的手机打不开", "they lead to this machine itself"), mend)


def _certificate(look: Look) -> Iterator[Finding]:
    what = words("证书", "Certificate")
    given, key = look.settings.certificate, look.settings.certificate_key
    file = given or look.place.var / "tls/door.pem"
    key = key or look.place.var / "tls/door.key"
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(file, key)
    except FileNotFoundError:
        yield note(what, words("首次启动时建立", "made at the first start"))
        return
    except PermissionError:
        yield note(what, words("当前用户无权读取；请以启动节点的用户执行", "not readable to this user"))
        return
    except ssl.SSLError as error:
        mend = words(
            "检查 ANLAN_CERTIFICATE 与 ANLAN_CERTIFICATE_KEY 是否为一对。", "Are certificate and key a pair?"
        )
        yield bad(
            what,
            words(f"证书与私钥不符或已损坏：{error.reason}", f"does not fit its key: {error.reason}"),
            mend,
        )
        return
    yield from _days_left(what, file, own=not given)


def _days_left(what: str, file: Path, *, own: bool) -> Iterator[Finding]:
    try:
        from cryptography import x509  # noqa: PLC0415 - not there on the bare system
    except ImportError:
        yield note(what, str(file))
        return
    days = (x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc - datetime.now(UTC)).days
    mend = words("重新启动节点即可续期。", "Restart the node: it renews it.") if own else ""
    mend = mend or words("换上新证书并重新启动。", "Bring a new certificate and restart.")
    seen = words(f"还有 {days} 天到期", f"{days} days left")
    yield graded(
        what, seen, mend if days < CERTIFICATE_DAYS else "", is_bad=days < 0, is_low=days < CERTIFICATE_DAYS
    )


# --- what runs -------------------------------------------------------------------------------------------------


def _programs(look: Look) -> Iterator[Finding]:
    what = words("进程", "Programs")
    if not look.running:
        yield note(what, words("节点未运行", "the node is down"))
        return
    rows: list[dict[str, Any]] = json.loads(look.place.programs_file.read_text())["programs"]
    for row in rows:
        name, state, restarts = row["name"], row["state"], row["restarts"]
        mend = words(f"查看 {look.place.logs}/{name}.log。", f"Look at {look.place.logs}/{name}.log.")
        seen = words(
            f"{state}，pid {row['pid']}，重启 {restarts} 次",
            f"{state}, pid {row['pid']}, {restarts} restarts",
        )
        wrong, often = state != "running", restarts >= MANY_RESTARTS
        yield graded(f"{what} {name}", seen, mend if wrong or often else "", is_bad=wrong, is_low=often)


def _stores(look: Look) -> Iterator[Finding]:
    outside = look.settings.database_url or look.settings.nats_url
    if not (look.running or outside):
        return
    try:
        from anlan.launcher import doctor_stores  # noqa: PLC0415 - needs the virtual environment
    except ImportError:
        yield note(
            words("数据库和消息服务", "Stores"),
            words("虚拟环境不可用，未检查", "not looked at without the virtual environment"),
        )
        return
    yield from doctor_stores.examine(look.settings, look.place, running=look.running)


def _last_backup(look: Look) -> Iterator[Finding]:
    what, file = words("备份", "Backup"), look.place.var / "last-backup.json"
    mend = words(
        "执行 ./anlan backup 文件，并把文件存到另一台机器。",
        "./anlan backup FILE, and keep it on another machine.",
    )
    if not file.exists():
        if (look.place.var / "pg").exists() or look.settings.database_url:
            yield warning(what, words("从未备份", "never made"), mend)
        return
    told = json.loads(file.read_text())
    age = datetime.now(UTC) - datetime.fromisoformat(told["at"])
    seen = words(f"{age.days} 天前，{told['file']}", f"{age.days} days ago, {told['file']}")
    old = age.days >= BACKUP_DAYS
    yield graded(what, seen, mend if old else "", is_bad=False, is_low=old)


CHECKS: tuple[Callable[[Look], Iterator[Finding]], ...] = (
    _versions,
    _settings,
    _system_packages,
    _python_packages,
    _front_end,
    _disk,
    _memory,
    _clock,
    _time_zone,
    _folder,
    _port,
    _links,
    _certificate,
    _programs,
    _stores,
    _last_backup,
)
