"""`excel`: 50,000 people from an Excel file, checked and imported; seconds, and the memory that it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.figures import Benchmark, Figure, Options, product_at_most, progress
from bench.folder import fresh_folder
from bench.stores import private_stores

if TYPE_CHECKING:
    from collections.abc import Sequence

PEOPLE = 50_000
BAR, MEMORY = product_at_most(60), product_at_most(300)


def measure(options: Options) -> Sequence[Figure]:
    readings = []
    with (
        fresh_folder("excel-table") as folder,
        private_stores("excel") as stores,
    ):
        table = folder / "people.xlsx"
        stores.run("bench._registers:write_table", table, PEOPLE, owner=True)
        for number in range(options.rounds(3) + 1):
            stores.run("bench._registers:forget", owner=True)
            read = stores.run("bench._registers:import_table", table)
            progress(f"run {number}: {read}")
            if number:
                readings.append(read)
        size = table.stat().st_size / (1 << 20)
    how = (
        f"{PEOPLE:,} new records of 6 columns ({size:.1f} MB), all or nothing; a process like the worker's, each run a new one",
        "dry run and import by the long tasks themselves, with progress told every half second and row history",
    )
    return [
        Figure("excel", "s", [read["seconds"] for read in readings], bar=BAR, remarks=how),
        Figure("excel-check", "s", [read["check"] for read in readings]),
        Figure("excel-memory", "MB", [read["megabytes"] for read in readings], bar=MEMORY),
    ]


BENCHMARK = Benchmark(
    "excel",
    (
        "从 Excel 核对并导入 5 万人的用时和内存",
        "seconds and memory to check and import 50,000 people from Excel",
    ),
    "s",
    BAR,
    measure,
)
