"""`divisions`: import of the whole country's divisions, against a bare COPY of the same rows into the same table.

Both fill an empty tree with the same indexes and constraints and commit. The limit gets its rows ready-made, with ids,
paths and search documents; the product reads, checks and places them first. The list must have been fetched.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from anlan.launcher.divisions import fetched
from bench.figures import Benchmark, Figure, Options, progress, ratio_at_most, take_turns
from bench.stores import private_stores

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.stores import Stores

BAR = ratio_at_most(3)
TURNS = 5


def measure(options: Options) -> Sequence[Figure]:
    with private_stores("divisions") as stores, fetched(stores.node.place.var) as lists:
        count = stores.run("bench._divisions:keep", lists)
        emptied(stores)
        readings = take_turns(
            options.rounds(TURNS),
            {
                "import": lambda: timed(stores, "bring_in", count),
                "copy": lambda: timed(stores, "copy_in", count),
            },
        )
    how = f"{count:,} units a run into an empty tree; limit: COPY of the same rows, ready-made, with the same indexes"
    return [Figure("divisions", "s", readings["import"], readings["copy"], BAR, (how,))]
