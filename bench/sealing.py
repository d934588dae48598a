"""`sealing`: the sealer beside writers of 2,000 entries a second, and the verification of what was sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.figures import Benchmark, Figure, Options, product_at_least, take_turns
from bench.stores import private_stores, result_of, started_together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.stores import Stores

SEALING, VERIFYING = product_at_least(2000), product_at_least(50_000)
WRITERS, RATE = 2, 1000  # entries a second of each writer
SECONDS, PAUSE = 8.0, 1.0  # of a run, and between two looks of the sealer
ENTRIES = 200_000


def measure(options: Options) -> Sequence[Figure]:
    told: list[dict[str, float]] = []
    with private_stores("sealing") as stores:
        stores.run("bench._sealing:fill_and_seal", ENTRIES)
        readings = take_turns(
            options.rounds(), {"sealing": lambda: seal(stores, told), "verifying": lambda: verify(stores)}
        )
    counted = told[-options.rounds() :]
    written = min(run["written"] for run in counted)
    how = (
        f"entries sealed in each second that the sealer worked, beside {WRITERS} writers (at least {written:.0f}/s "
        f"together); it looks each {PAUSE:g} s, and worked {max(run['busy_s'] for run in counted):.2f} of {SECONDS:g} s at most"
    )
    lag = (
        f"left at the end of a run: {max(run['left'] for run in counted):.0f} entries at most; "
        f"the longest that one had waited when it was sealed: {max(run['longest_s'] for run in counted):.1f} s"
    )
    return [
        Figure("sealing", "1/s", readings["sealing"], bar=SEALING, remarks=(how, lag)),
        Figure("verifying", "1/s", readings["verifying"], bar=VERIFYING),
    ]


def seal(stores: Stores, told: list[dict[str, float]]) -> float:
    """Seal beside the writers; the rate at which the sealer works."""
    writers = [stores.start("bench._sealing:write", RATE, SECONDS + PAUSE) for _ in range(WRITERS)]
    sealer, *writers = started_together([stores.start("bench._sealing:seal", PAUSE, SECONDS), *writers])
    found: dict[str, float] = result_of(sealer)
    found["written"] = sum(float(result_of(writer)) for writer in writers)
    told.append(found)
    if found["left"] > 2 * WRITERS * RATE * PAUSE:
        raise SystemExit(f"the sealer fell behind: {found}")
    stores.run("bench._sealing:fill_and_seal", 0)
    return found["sealed"] / found["busy_s"]


def verify(stores: Stores) -> float:
    """Entries verified a second, of a journal that must be whole."""
    found = result_of(stores.start("bench._sealing:verify_all"))
    if not found["ok"] or found["entries"] < ENTRIES:
        raise SystemExit(f"the journal is not whole: {found}")
    return float(found["entries"] / found["seconds"])


BENCHMARK = Benchmark(
    "sealing",
    (
        "每秒写入 2,000 条留痕时封存的速度，以及每秒核验的留痕条数",
        "entries/s that the sealer seals while 2,000/s are written, and entries/s verified",
    ),
    "1/s",
    SEALING,
    measure,
)
