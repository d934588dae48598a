"""`divisions`: import of the whole country's divisions, against a bare COPY of the same rows into the same table.

Both fill an empty tree with the same indexes and constraints, and commit. The limit has its rows ready-made, with ids,
paths and search documents; the product reads, checks, compares and places them first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.launcher.divisions import fetched
from bench.figures import Benchmark, Figure, Options, ratio_at_most, take_turns
from bench.stores import private_stores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.stores import Stores

BAR = ratio_at_most(3)


def measure(options: Options) -> Sequence[Figure]:
    with private_stores("divisions") as stores, fetched(stores.node.place.var) as lists:
        listed = stores.run("bench._divisions:keep", lists)
        rows = stores.node.place.var / "units.copy"
        timed(stores, "bring_in")
        if (made := stores.run("bench._divisions:save", rows)) != listed:
            raise SystemExit(f"{listed} divisions are listed, {made} were imported")
        readings = take_turns(
            options.rounds(),
            {"import": lambda: timed(stores, "bring_in"), "copy": lambda: timed(stores, "copy_in", rows)},
            warm_up=False,  # the first import was it
        )
    how = f"{listed:,} units a run into an empty tree, committed; limit: COPY of the same rows, ready-made"
    return [Figure("divisions", "s", readings["import"], readings["copy"], BAR, (how,))]


def timed(stores: Stores, what: str, *arguments: object) -> float:
    """Seconds that one of the two takes from an empty tree on."""
    with stores.connect() as connection:
        connection.execute("TRUNCATE kernel_unit CASCADE")
    return float(stores.run(f"bench._divisions:{what}", *arguments))


BENCHMARK = Benchmark(
    "divisions",
    (
        "全国行政区划（66 万余个单位）导入用时，与同样的行直接 COPY 进同一张表对比",
        "import of the whole country's divisions, against a bare COPY of the same rows into the same table",
    ),
    "s",
    BAR,
    measure,
)
