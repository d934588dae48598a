"""Nothing in the repository names a package registry or the machine it was written on; lock files carry hashes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from house.finding import Finding
from house.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house.tree import Tree

BINARY = (".png", ".jpg", ".ico", ".woff2", ".gz", ".zip", ".pbf", ".webp", ".pdf", ".mo")
DOT = r"\."


def _either(*words: str) -> str:
    return "|".join(words)


# Each name is put together from parts, so that this file doesn't hold what it looks for.
HOSTS = re.compile(
    _either(
        rf"(\w+{DOT})?py" + rf"pi{DOT}(org|io|python)",
        "python" + rf"hosted{DOT}org",
        r"registry\." + r"(npm|yarn)\w+",
        "npm" + rf"mirror{DOT}com",
        r"(deb|security|ftp|snapshot)(\.\w+)?\." + rf"debian{DOT}org",
        r"(archive|security|ports)\." + rf"ubuntu{DOT}com",
        r"mirrors?\.[\w-]+\." + r"(com|edu|org|net|cn)",
        rf"(docker|ghcr|quay|gcr){DOT}" + r"io\b",
        rf"(static|index|proxy){DOT}" + r"(crates|golang)\.\w+",
        "--(extra-)?index" + "-url",
        "--find" + "-links",
    )
)
PATHS = re.compile(
    _either(
        r"(?<![\w.~-])/wo" + r"rk/(main|shared|\.)",
        r"(?<![\w.~-])/ro" + r"ot/",
        r"(?<![\w.~-])/ho" + r"me/\w",
        r"(?<![\w.~-])/Us" + r"ers/\w",
        r"(?<![\w.~-])/tm" + r"p/te" + r"am",
        r"\b[A-Z]:\\\\?Users\\",
    )
)
MEND_HASH = "compile the lock file anew: ./anlan lock for Python, pnpm install for the front end"


def check(tree: Tree) -> Iterator[Finding]:
    for path in tree.files:
        if not path.endswith(BINARY):
            yield from _named(tree.text(path), path)
    for path in tree.under("requirements", ".txt"):
        yield from _python_lock(tree.text(path), path)
    for path in tree.files:
        if path.endswith("pnpm-lock.yaml"):
            yield from _front_lock(tree.text(path), path)


def _named(text: str, path: str) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        if hit := HOSTS.search(line):
            yield Finding(
                path,
                number,
                f"names a registry: {hit[0]}",
                "each site has its own mirror, often no way to any other",
                "leave it to the machine's own pip, apt and pnpm settings",
            )
        if hit := PATHS.search(line):
            yield Finding(
                path,
                number,
                f"names a folder of one machine: {hit[0]}",
                "it exists nowhere else",
                "say it relative to the checkout, or as a setting",
            )


def _python_lock(text: str, path: str) -> Iterator[Finding]:
    entries = re.split(r"(?<!\\)\n(?=\S)", text)
    line = 1
    for entry in entries:
        if re.match(r"[\w.\[\],-]+\s*(==|@|>|<|~)", entry) and "--hash=sha256:" not in entry:
            name = entry.split(maxsplit=1)[0]
            yield Finding(
                path, line, f"{name} has no hash", "a package swapped on the way would be run", MEND_HASH
            )
        line += entry.count("\n") + 1


def _front_lock(text: str, path: str) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        if "resolution:" in line and "integrity: sha512-" not in line:
            yield Finding(
                path, number, "package without hash", "a package swapped on the way would be run", MEND_HASH
            )


RULES = (Rule("registry_hosts", "no registry, no machine path; locks carry hashes", check),)
