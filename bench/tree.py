"""A fresh Debian 12 for `firstrun`: bootstrapped once, copied for each run, entered in namespaces of its own.

The mounts and processes of a run live in a mount, process and IPC namespace that the kernel takes down with its first
process; so nothing is left behind, however the benchmark ends.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from anlan.launcher.place import CHECKOUT
from bench.figures import progress
from bench.folder import bench_folder, fresh_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

RELEASE = "bookworm"
INSIDE = Path("/srv/anlan")  # where the checkout lies in the fresh system
HOME = Path("/srv/user")  # whose tools keep what they downloaded here
# What a machine says of its registries is copied at run time; nothing of it is known to this repository.
REGISTRY_FOLDERS = ("/etc/apt", "/usr/local/share/ca-certificates")
REGISTRY_FILES = ("/etc/pip.conf", "/etc/npmrc", "/etc/resolv.conf", "/etc/hosts")
REGISTRY_FILES_AT_HOME = (".npmrc", ".config/pip/pip.conf")
REGISTRY_NAMES = re.compile(
    r"(pip|npm_config|uv)_|(ssl|node_extra|requests|curl)_\w*cert|\w+_proxy$", re.IGNORECASE
)
CACHES = ("var/cache/apt/archives", "var/lib/apt/lists", "srv/user")
KEEP_PACKAGES = """\
APT::Keep-Downloaded-Packages "true";
Binary::apt-get::APT::Keep-Downloaded-Packages "true";
#clear DPkg::Post-Invoke;
#clear APT::Update::Post-Invoke;
"""
ENTER = """\
mount -t proc proc "$1/proc" &&
mount --rbind /dev "$1/dev" &&
mount -t tmpfs tmpfs "$1/dev/shm" &&
chroot "$@"
exit $?
"""
# Ends with this process, however that ends, and takes all that was started and mounted within along.
ISOLATED = (
    *("setpriv", "--pdeathsig", "SIGKILL", "--"),
    *("unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "--"),
)


@contextmanager
def fresh_system(caches: Path | None = None) -> Iterator[Path]:
    """A fresh system with the checkout in it, removed afterwards; with the downloads that `caches` holds."""
    base = bootstrapped()
    with fresh_folder("system") as folder:
        tree = folder / "tree"
        _copy(base, tree)
        _copy_checkout(tree / INSIDE.relative_to("/"))
        _copy_registry_settings(tree)
        if caches:
            _copy(caches, tree)
        yield tree


def bootstrapped() -> Path:
    """The bare system with Python and nothing else, made at the first call on this machine."""
    base = bench_folder() / f"system-{RELEASE}"
    if base.exists():
        return base
    progress(f"bootstrapping a bare {RELEASE}")
    with fresh_folder("bootstrap") as folder:
        command = [
            "debootstrap",
            "--variant=minbase",
            "--include=python3",
            RELEASE,
            str(folder / "tree"),
            *_mirror(),
        ]
        done = subprocess.run([*ISOLATED, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"debootstrap failed:\n{done.stdout[-2000:]}{done.stderr}")
        for cache in CACHES:
            shutil.rmtree(folder / "tree" / cache, ignore_errors=True)
        (folder / "tree/var/cache/apt/archives/partial").mkdir(parents=True)
        (folder / "tree").rename(base)
    return base


def save_caches(tree: Path, target: Path) -> None:
    """Keep what a run downloaded: system packages, and what pip, uv, npm and pnpm hold at home."""
    shutil.rmtree(target, ignore_errors=True)
    for cache in CACHES:
        _copy(tree / cache, target / cache)


def enter(tree: Path, port: int, out: IO[bytes]) -> subprocess.Popen[bytes]:
    """Run `./anlan demo` in the fresh system; end it with leave()."""
    told = {name: text for name, text in os.environ.items() if REGISTRY_NAMES.match(name)}
    told |= {
        "HOME": str(HOME),
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "ANLAN_PORT": str(port),
    }
    inner = ["env", "-i", *(f"{name}={text}" for name, text in told.items()), str(INSIDE / "anlan"), "demo"]
    outer = [*ISOLATED, "sh", "-c", ENTER, "sh", str(tree)]
    return subprocess.Popen(
        [*outer, *inner], stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
    )


def leave(process: subprocess.Popen[bytes]) -> None:
    """Kill the namespace's first process: the kernel ends all others and their mounts before it is reaped."""
    first = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    with contextlib.suppress(OSError):
        for pid in first.read_text().split():
            os.kill(int(pid), signal.SIGKILL)
    process.wait()


def _mirror() -> list[str]:
    """Where this machine gets the release from, if it has it; else debootstrap's own choice."""
    form = "$(CODENAME) $(COMPONENT) $(REPO_URI)"
    answer = subprocess.run(
        ["apt-get", "indextargets", "--format", form], capture_output=True, text=True, check=True
    )
    rows = (line.split() for line in answer.stdout.splitlines())
    return next(([row[2]] for row in rows if row[:2] == [RELEASE, "main"]), [])


def _copy(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", "--reflink=auto", f"{source}/.", str(target)], check=True)


def _copy_checkout(target: Path) -> None:
    """The files of the repository, committed or about to be; nothing that was built."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (CHECKOUT / name).is_file():  # a deleted file is listed until that is committed
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target / name)


def _copy_registry_settings(tree: Path) -> None:
    for folder in map(Path, REGISTRY_FOLDERS):
        if folder.exists() and (str(folder) != "/etc/apt" or _is_same_release()):
            _copy(folder, tree / folder.relative_to("/"))
    (tree / "etc/apt/apt.conf.d/zz-bench").write_text(KEEP_PACKAGES)
    pairs = [(Path(name), Path(name)) for name in REGISTRY_FILES]
    pairs += [(Path.home() / name, HOME / name) for name in REGISTRY_FILES_AT_HOME]
    for source, place in pairs:
        if source.exists():
            target = tree / place.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def _is_same_release() -> bool:
    return platform.freedesktop_os_release().get("VERSION_CODENAME") == RELEASE
