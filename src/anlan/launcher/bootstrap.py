"""First half of ./anlan, on the system's bare Python: choose the command, set the machine up, hand over."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anlan.launcher import install, packages
from anlan.launcher.place import CHECKOUT
from anlan.launcher.words import say, stop, words

if TYPE_CHECKING:
    from collections.abc import Sequence

NODE = (*packages.RUN, *packages.DATABASE)


@dataclass(frozen=True)
class Command:
    """One word after ./anlan: what it says of itself, what the machine must have for it, what runs."""

    zh: str
    en: str
    run: str
    needs: tuple[packages.Need, ...] = NODE
    development: bool = False


COMMANDS = {
    "demo": Command(
        "demo [--scale 倍数] [--story 故事]：演示，自带示例数据，打印地址和登录名；也可上演一夜",
        "demo [--scale N] [--story NAME]: a demo with sample data; prints address and log-ins; can play a night",
        "cli:demo",
    ),
    "up": Command(
        "正式运行；首次启动时设立系统管理员", "real use; the first start asks for an administrator", "cli:up"
    ),
    "doctor": Command(
        "检查依赖、磁盘、端口、时钟和版本，说明如何修复",
        "what is wrong and how to mend it",
        "doctor:doctor",
        (),
    ),
    "backup": Command(
        "backup 文件：备份全部数据（加密）", "backup FILE: everything, encrypted", "backup:backup"
    ),
    "restore": Command(
        "restore 文件：恢复；恢复后节点处于保持状态",
        "restore FILE: the node then starts held",
        "restore:restore",
    ),
    "journal": Command(
        "journal verify：核验留痕是否被改动、删除或插入",
        "journal verify: was the journal changed, cut or added to",
        "cli:journal",
    ),
    "divisions": Command(
        "divisions [代码…]：下载行政区划名录，导入为单位",
        "divisions [CODE …]: fetch the list of divisions and import it",
        "divisions:divisions",
    ),
    "manage": Command(
        "manage 命令…：在本节点上执行管理命令", "manage COMMAND …: a command on this node", "cli:manage"
    ),
    "simulate": Command(
        "simulate carrier …：模拟短信、语音渠道，不会发给任何人",
        "simulate carrier …: a gateway for messages and calls that reaches nobody",
        "cli:simulate",
    ),
    "test": Command(
        "全部检查和测试，或 pytest 的参数",
        "all checks and tests, or pytest's arguments",
        "cli:test",
        (*NODE, *packages.TEST),
        development=True,
    ),
    "check": Command("代码规矩检查", "lint, types, house rules", "cli:check", development=True),
    "bench": Command(
        "bench [名称]：基准测试",
        "bench [NAME]: benchmarks",
        "cli:bench",
        (*NODE, *packages.BENCH),
        development=True,
    ),
    "new-room": Command(
        "new-room 翼 名称 中文名：新建一个房间", "new-room WING NAME TERM", "cli:new_room", development=True
    ),
    "docs": Command(
        "生成文档网站到 site-docs/", "build the documentation site", "cli:docs", development=True
    ),
    "lock": Command("更新 Python 依赖锁定文件", "renew the Python lock files", "cli:lock", development=True),
}


def main(arguments: Sequence[str]) -> int:
    """Set up what the command needs, then run it inside the virtual environment."""
    try:
        return _main(arguments)
    except KeyboardInterrupt:
        say("\n已中断。再次执行同一命令会接着做完。", "\nInterrupted. The same command goes on from here.")
        return 130


def _main(arguments: Sequence[str]) -> int:
    name = arguments[0] if arguments else ""
    if name in {"", "-h", "--help", "help"}:
        _help()
        return 0
    if name not in COMMANDS:
        _help()
        stop(f"\n没有“{name}”这个命令。", f'\nThere is no command "{name}".', code=2)
    command = COMMANDS[name]
    if command.needs:
        packages.install(command.needs)
        install.install(development=command.development)
        if not _inside():
            python = str(install.venv_python())
            os.execv(python, [python, str(CHECKOUT / "anlan"), *arguments])
    module, _, function = command.run.partition(":")
    run = getattr(importlib.import_module(f"anlan.launcher.{module}"), function)
    return int(run(arguments[1:]))


def _inside() -> bool:
    return sys.prefix == str(install.venv_python().parents[1])


def _help() -> None:
    say("用法：./anlan 命令 [参数]\n", "Usage: ./anlan COMMAND [ARGUMENTS]\n")
    for name, command in COMMANDS.items():
        print(f"  {name:<9} {words(command.zh, command.en)}")
    say(
        "\n全部设置见 docs/operator/settings.md。",
        "\nAll settings: docs/operator/settings.md.",
    )
