"""Time comes from the clock: `ctx.now()` for the matter, `real_now()` for leases, sessions and measurements."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from house import names
from house.finding import Finding
from house.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house.tree import Tree

WHY = (
    "an exercise runs on a clock of its own; time read elsewhere is wrong in it and can't be frozen in tests"
)
MEND = "take ctx.now() for domain time, anlan.kernel.clock.real_now() for leases, retries and measurements"

# The clock itself, its migration, and what runs before Django.
HOME = re.compile(r"src/anlan/(kernel/clock(\.py$|/)|kernel/migrations/\d+_\w*clock\w*\.py$|launcher/)")

READERS = frozenset(
    {
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.date.today",
        "django.utils.timezone.now",
        "django.utils.timezone.datetime.now",
        "django.utils.timezone.localdate",
        "django.db.models.functions.Now",
        "django.db.models.functions.datetime.Now",
        "time.time",
        "time.time_ns",
    }
)
# These read the clock only when called without a moment.
READERS_WITHOUT_ARGUMENT = frozenset(
    {"django.utils.timezone.localtime", "django.utils.timezone.localdate", "time.localtime", "time.gmtime"}
)
SQL = re.compile(
    r"\b(select|insert|update|delete|where|values|default|set|create|alter|interval|returning)\b",
    re.IGNORECASE,
)
SQL_CLOCK = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(\s*\)"
    r"|\b(current_timestamp|current_date|current_time|localtimestamp|localtime)\b",
    re.IGNORECASE,
)
TEMPLATE_CLOCK = re.compile(r"\{%-?\s*now\b|\|\s*(timesince|timeuntil|naturaltime|naturalday)\b(?!:)")


def check(tree: Tree) -> Iterator[Finding]:
    for path in tree.under("src/anlan", ".py"):
        if not HOME.match(path):
            yield from _python(tree.module(path), path)
    for path in tree.under("src/anlan", ".sql", ".html", ".txt"):
        if not HOME.match(path):
            pattern = SQL_CLOCK if path.endswith(".sql") else TEMPLATE_CLOCK
            yield from _text(tree.text(path), path, pattern)


def _python(module: ast.Module, path: str) -> Iterator[Finding]:
    known = names.known(module, path)
    docstrings = names.docstrings(module)
    with_argument = {id(node.func) for node in ast.walk(module) if isinstance(node, ast.Call) and node.args}
    for node in ast.walk(module):
        if isinstance(node, ast.Name | ast.Attribute):
            meant = names.meaning(node, known)
            bare = meant in READERS_WITHOUT_ARGUMENT and id(node) not in with_argument
            if bare or (meant in READERS and meant not in READERS_WITHOUT_ARGUMENT):
                yield Finding(path, node.lineno, f"{ast.unparse(node)} reads the machine's clock", WHY, MEND)
        elif isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}:
            yield Finding(path, node.value.lineno, f"{node.arg} reads the machine's clock", WHY, MEND)
        elif isinstance(node, ast.Constant) and node not in docstrings and (call := _sql_clock(node.value)):
            yield Finding(path, node.lineno, f"SQL with {call} reads the server's clock", WHY, MEND)


def _sql_clock(value: object) -> str:
    if not isinstance(value, str) or not SQL.search(value):
        return ""
    hit = SQL_CLOCK.search(value)
    return hit[0] if hit else ""


def _text(text: str, path: str, pattern: re.Pattern[str]) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        if hit := pattern.search(line):
            yield Finding(path, number, f"{hit[0].strip()} reads the machine's clock", WHY, MEND)


RULES = (Rule("clock", "time is read from the clock only", check),)
