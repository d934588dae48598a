"""The house checks: `python -m house.check [NAME…]`. Every rule, one line each; exit code 1 when one is broken."""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from house import rules
from house.finding import Finding, show
from house.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from house.rule import Rule

ROOT = Path(__file__).resolve().parents[1]
AT_ONCE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    chosen = [rule for rule in rules.every() if not options.names or rule.name in options.names]
    if unknown := set(options.names) - {rule.name for rule in chosen}:
        print(f"no such rule: {', '.join(sorted(unknown))}; --list shows them", file=sys.stderr)
        return 2
    if options.list:
        for rule in chosen:
            print(f"{rule.name:18}{rule.about}")
        return 0
    tree = Tree(ROOT)
    if options.renew:
        return _renew(chosen, tree)
    return _check(chosen, tree)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="check", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="rules to run; all when none is named")
    parser.add_argument("--list", action="store_true", help="say what the rules are")
    parser.add_argument(
        "--renew", action="store_true", help="write the generated files that the named rules compare with"
    )
    return parser.parse_args(arguments)


def _renew(chosen: list[Rule], tree: Tree) -> int:
    for rule in chosen:
        if rule.renew:
            rule.renew(tree)
            print(f"{rule.name}: renewed")
    return 0


def _check(chosen: list[Rule], tree: Tree) -> int:
    started = time.perf_counter()
    broken = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = {rule.name: pool.submit(_timed, rule, tree) for rule in chosen if rule.program}
        for rule in sorted(chosen, key=lambda rule: rule.program):
            found, seconds = waiting[rule.name].result() if rule.name in waiting else _timed(rule, tree)
            broken += bool(found)
            mark = f"{len(found)} found" if found else "ok"
            print(f"{rule.name:18}{mark:>10}{seconds:8.2f} s", flush=True)
            for line in show(found):
                print(line)
    print(f"{len(chosen)} rules, {broken} broken, {time.perf_counter() - started:.1f} s")
    return 1 if broken else 0


def _timed(rule: Rule, tree: Tree) -> tuple[list[Finding], float]:
    started = time.perf_counter()
    try:
        found = sorted(set(rule.check(tree)))
    except Exception as error:  # noqa: BLE001 - a rule that can't run is a finding, the others go on
        found = [Finding(rule.name, 0, f"could not run: {type(error).__name__}: {error}")]
    return found, time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
