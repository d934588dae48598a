"""Micro-batches: everybody gets his own answer, and nobody waits for a timer."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from anlan.site.gathering import Full, Gatherer

if TYPE_CHECKING:
    from collections.abc import Sequence


class Slow:
    """Work that doubles numbers, a batch at a time, and can be held."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go_on, self.begun = threading.Event(), threading.Event()
        self.go_on.set()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        self.begun.set()
        self.go_on.wait(10)
        if 13 in numbers:
            raise ValueError("13")
        return [2 * number for number in numbers]


def test_one_alone_is_answered_at_once() -> None:
    work = Slow()

    async def play() -> int:
        return await Gatherer(work, most=10, patience=10).ask(21)

    assert asyncio.run(play()) == 42
    assert work.batches == [[21]]


def test_what_comes_in_meanwhile_is_the_next_batch_and_each_gets_his_own_answer() -> None:
    work = Slow()

    async def play() -> list[int]:
        gatherer = Gatherer(work, most=3, patience=10)
        work.go_on.clear()
        asked = [gatherer.ask(0)]
        await asyncio.to_thread(work.begun.wait, 10)
        asked += [gatherer.ask(number) for number in range(1, 6)]
        await asyncio.sleep(0)
        work.go_on.set()
        return await asyncio.gather(*asked)

    assert asyncio.run(play()) == [0, 2, 4, 6, 8, 10]
    assert work.batches == [[0], [1, 2, 3], [4, 5]]


def test_what_goes_wrong_is_told_to_those_who_asked_and_to_nobody_after_them() -> None:
    work = Slow()

    async def play() -> int:
        gatherer = Gatherer(work, most=3, patience=10)
        with pytest.raises(ValueError, match="13"):
            await gatherer.ask(13)
        return await gatherer.ask(1)

    assert asyncio.run(play()) == 2


def test_more_than_can_be_answered_soon_is_refused() -> None:
    work = Slow()

    async def play() -> None:
        gatherer = Gatherer(work, most=1, patience=2)
        work.go_on.clear()
        asked = [gatherer.ask(0)]
        await asyncio.to_thread(work.begun.wait, 10)
        asked += [gatherer.ask(number) for number in (1, 2)]
        await asyncio.sleep(0)
        with pytest.raises(Full):
            await gatherer.ask(3)
        work.go_on.set()
        await asyncio.gather(*asked)

    asyncio.run(play())
