"""Micro-batches: what comes in while the last batch is under way is the next one. No timer: alone one waits for nobody."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Q = TypeVar("Q")
A = TypeVar("A")


# Answers of one batch; that may wait, some seconds' work. Two batches at once were tried: they answer fewer, and later.
MOST, PATIENCE = 1000, 5000


class Full(Exception):
    """More are waiting than would be answered in good time."""


class Gatherer(Generic[Q, A]):
    """Asks `work` (questions → answers, in the same order) in a thread of its own, a batch at a time.

    most      questions of one batch
    patience  questions that may wait; one more raises Full
    """

    def __init__(self, work: Callable[[Sequence[Q]], Sequence[A]], *, most: int, patience: int) -> None:
        self._work, self._most, self._patience = work, most, patience
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._thread = ThreadPoolExecutor(1)
        self._running: asyncio.Task[None] | None = None

    def ask(self, question: Q) -> asyncio.Future[A]:
        """The answer to one, to be awaited; that raises what `work` raised for its batch. raises Full at once"""
        if len(self._waiting) >= self._patience:
            raise Full
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return answer

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                try:
                    answers = await loop.run_in_executor(
                        self._thread, self._work, [question for question, _ in batch]
                    )
                # Whatever it was, those who asked hear of it, and the next batch is another attempt.
                except Exception as error:  # noqa: BLE001
                    _settle(batch, error)
                    continue
                for (_, waiting), answer in zip(batch, answers, strict=True):
                    if not waiting.done():
                        waiting.set_result(answer)
        finally:
            self._running = None


def _settle(batch: Sequence[tuple[object, asyncio.Future[A]]], error: Exception) -> None:
    for _, waiting in batch:
        if not waiting.done():
            waiting.set_exception(error)
