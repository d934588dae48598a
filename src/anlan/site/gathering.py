"""Micro-batches: what comes in while the last batch is under way is the next one. No timer: alone one waits for nobody."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Q = TypeVar("Q")
A = TypeVar("A")


MOST, PATIENCE = 500, 5000  # answers of one batch; that may wait, some seconds' work
LANES = 2  # batches under way, where a whole one waits: one prepares itself while the database is busy with the other


class Full(Exception):
    """More are waiting than would be answered in good time."""


class Gatherer(Generic[Q, A]):
    """Asks `work` (questions → answers, in the same order) in threads of its own, a batch at a time, two where many wait.

    most      questions of one batch
    patience  questions that may wait; one more raises Full
    """

    def __init__(self, work: Callable[[Sequence[Q]], Sequence[A]], *, most: int, patience: int) -> None:
        self._work, self._most, self._patience = work, most, patience
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._threads = ThreadPoolExecutor(LANES)
        self._lanes: set[asyncio.Task[None]] = set()

    async def ask(self, question: Q) -> A:
        """The answer to one. raises Full; whatever `work` raised for its batch"""
        if len(self._waiting) >= self._patience:
            raise Full
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if not self._lanes or (len(self._lanes) < LANES and len(self._waiting) >= self._most):
            lane = asyncio.create_task(self._run())
            self._lanes.add(lane)
        return await answer

    async def _run(self) -> None:
        """Batch after batch; beside another lane whole ones only, the other takes what is left."""
        loop, lane = asyncio.get_running_loop(), asyncio.current_task()
        try:
            while self._waiting and (len(self._lanes) == 1 or len(self._waiting) >= self._most):
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                try:
                    answers = await loop.run_in_executor(
                        self._threads, self._work, [question for question, _ in batch]
                    )
                # Whatever it was, those who asked hear of it, and the next batch is another attempt.
                except Exception as error:  # noqa: BLE001
                    _settle(batch, error)
                    continue
                for (_, waiting), answer in zip(batch, answers, strict=True):
                    if not waiting.done():
                        waiting.set_result(answer)
        finally:
            self._lanes.discard(lane)  # type: ignore[arg-type]  # a coroutine that runs has its task


def _settle(batch: Sequence[tuple[object, asyncio.Future[A]]], error: Exception) -> None:
    for _, waiting in batch:
        if not waiting.done():
            waiting.set_exception(error)
