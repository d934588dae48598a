"""Finds the benchmarks, runs one, and says what it found: for people, or as JSON."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import bench
from anlan.launcher.words import words
from bench import calibration, machine
from bench.figures import Benchmark, Figure, Options, Spread
from bench.folder import bench_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType

HOLDS = {True: ("达标", "holds"), False: ("未达标", "DOES NOT HOLD")}


@dataclass(frozen=True)
class Circumstances:
    """What stands beside every figure of one run of the command."""

    machine: machine.Machine
    commit: str
    dirty: bool
    measured_at: str
    calibration: dict[str, object]


def main(arguments: Sequence[str]) -> int:
    """Exit code 0: all bars hold; 1: one does not; 2: the command was wrong."""
    options = _parse(arguments)
    known = registry()
    if not options.names:
        _list(known, as_json=options.json)
        return 0
    if unknown := [name for name in options.names if name not in known]:
        print(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _end)
    rows = [row for name in options.names for row in run(known[name], _asked(options))]
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    return 0 if all(row["holds"] for row in rows) else 1


def _asked(options: argparse.Namespace) -> Options:
    return Options(options.runs, options.settle, json=options.json)


def registry() -> dict[str, Benchmark]:
    """Every benchmark of the package, by name."""
    modules = (
        importlib.import_module(f"bench.{m.name}")
        for m in pkgutil.iter_modules(bench.__path__)
        if m.name[0] != "_"
    )
    found = (getattr(module, "BENCHMARK", None) for module in modules)
    return {one.name: one for one in found if isinstance(one, Benchmark)}


def run(benchmark: Benchmark, options: Options) -> list[dict[str, object]]:
    """Measure between two calibrations, tell people at once, and return the rows for JSON."""
    for program in benchmark.programs:
        if shutil.which(program) is None:
            raise SystemExit(f"{benchmark.name} needs the program {program}")
    print(f"{benchmark.name}: {words(*benchmark.about)}", file=sys.stderr, flush=True)
    folder = bench_folder()
    before = calibration.read(folder)
    figures = benchmark.measure(options)
    told = circumstances(calibration.as_json(before, calibration.read(folder)))
    print(as_text(figures, told), file=sys.stderr if options.json else sys.stdout, flush=True)
    return [as_row(figure, told) for figure in figures]


def circumstances(calibrated: dict[str, object]) -> Circumstances:
    head, dirty = machine.commit()
    now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    return Circumstances(machine.describe(), head, dirty, now, calibrated)


def as_row(figure: Figure, told: Circumstances) -> dict[str, object]:
    """One object of the JSON list; `limit` and `ratio` are null where nature sets no limit."""
    product = Spread.of(figure.product)
    limit = Spread.of(figure.limit) if figure.limit else None
    return {
        "name": figure.name,
        "unit": figure.unit,
        "product": round(product.median, 4),
        "limit": round(limit.median, 4) if limit else None,
        "ratio": round(figure.ratio, 4) if figure.ratio is not None else None,
        "bar": figure.bar.value if figure.bar else None,
        "bar_of": str(figure.bar) if figure.bar else None,
        "holds": figure.holds,
        "product_min": round(product.low, 4),
        "product_max": round(product.high, 4),
        "limit_min": round(limit.low, 4) if limit else None,
        "limit_max": round(limit.high, 4) if limit else None,
        "runs": product.runs,
        "remarks": list(figure.remarks),
        "machine": machine.as_json(told.machine),
        "commit": told.commit,
        "dirty": told.dirty,
        "measured_at": told.measured_at,
        "calibration": told.calibration,
    }


def as_text(figures: Sequence[Figure], told: Circumstances) -> str:
    """The same for people."""
    lines = [line for figure in figures for line in _lines(figure)]
    m = told.machine
    calibrated = ", ".join(f"{name} {_plain(value)}" for name, value in told.calibration.items())
    lines += [
        "",
        f"calibration  {calibrated}",
        f"machine      {m.cpu}, {m.cores} cores, {m.memory_mb} MB, {m.system}, kernel {m.kernel}",
        f"programs     Python {m.python}, PostgreSQL {m.postgresql}",
        f"commit       {told.commit}{' + changes' if told.dirty else ''}, {told.measured_at}",
    ]
    return "\n".join(lines)


def _lines(figure: Figure) -> Iterator[str]:
    yield f"\n{figure.name} [{figure.unit}]"
    yield f"  product  {_text(Spread.of(figure.product))}"
    if figure.limit:
        yield f"  limit    {_text(Spread.of(figure.limit))}"
        yield f"  ratio    {figure.ratio:.3f}"
    if figure.bar:
        yield f"  bar      {figure.bar}: {words(*HOLDS[figure.holds])}"
    for remark in figure.remarks:
        yield f"  - {remark}"


def _text(spread: Spread) -> str:
    return f"{spread.median:.4g} ({spread.low:.4g}–{spread.high:.4g}), {spread.runs} runs"


def _plain(value: object) -> str:
    return f"{value['median']} ({value['min']}–{value['max']})" if isinstance(value, dict) else str(value)


def _list(known: Mapping[str, Benchmark], *, as_json: bool) -> None:
    if as_json:
        rows = [
            {"name": b.name, "unit": b.unit, "bar": str(b.bar) if b.bar else None, "about": b.about[1]}
            for b in known.values()
        ]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for one in known.values():
        print(f"  {one.name:<10} {one.bar or '–'!s:<16} {one.unit:<4} {words(*one.about)}")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="anlan bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to run; without a name all are listed")
    parser.add_argument("--json", action="store_true", help="results as a JSON list on the standard output")
    parser.add_argument(
        "--runs", type=int, help="readings of each quantity instead of the benchmark's own number"
    )
    parser.add_argument(
        "--settle", type=float, default=Options.settle, help="seconds before memory is read (idle)"
    )
    return parser.parse_args(arguments)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    """A polite kill unwinds like Ctrl-C, so that nodes and trees are cleared away."""
    raise SystemExit(143)
