"""A carrier that reaches nobody: it takes messages and calls as a gateway does, and plays what people would do.

What it does to a number depends on the seed, the number and how often that was tried, never on the order of requests.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections import Counter, deque
from itertools import count
from typing import TYPE_CHECKING, Any

from anlan.kernel.clock import real_now
from anlan.protocols import sms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anlan.simulate.behaviour import Behaviour, Calls, Messages, Span
    from anlan.simulate.record import Record

TICK = 0.02  # seconds between looks at what is due
Row = dict[str, Any]


class Throttled(Exception):
    """More than it takes in a second."""


class Call:
    """One call that is waiting, ringing or spoken. over: it has come to its end, whatever is still planned for it."""

    def __init__(self, key: str, number: str, plan: Calls, chance: random.Random, nth: int) -> None:
        self.key, self.number, self.plan, self.chance, self.nth = key, number, plan, chance, nth
        self.begun = self.over = False


class Carrier:
    """events: what it has to tell, in the order in which it will; `take_events` hands them out."""

    def __init__(self, behaviour: Behaviour, record: Record) -> None:
        self.behaviour, self.record = behaviour, record
        self._lock = threading.RLock()
        self._number = count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._events: deque[Row] = deque()
        self._waiting: deque[Call] = deque()
        self._calls: dict[str, Call] = {}
        self._busy_lines = 0
        self._credit, self._credit_at = 1.0, time.monotonic()
        self._requests = random.Random(behaviour.seed)
        self._tries: Counter[str] = Counter()

    # --- what comes in ---

    def chance_of_request(self, share: float) -> bool:
        with self._lock:
            return self._requests.random() < share

    def receive(self, kind: str, rows: Sequence[Row]) -> list[Row]:
        """Take a batch of `messages` or `calls`; an answer to each. raises Throttled, having taken nothing"""
        with self._lock:
            self._throttle(len(rows))
            lines: list[Row] = []
            new: set[str] = set()
            answers = [self._take(kind, row, lines, new) for row in rows]
            self.record.add(lines)
            for row, answer in zip(rows, answers, strict=True):
                if answer.pop("fresh", False):
                    self._play(kind, row["id"], row["to"])
        return answers

    def cancel(self, ids: Sequence[str]) -> list[Row]:
        """Stop calls; what is over or was never here is no fault."""
        with self._lock:
            stopped = []
            for key in ids:
                call = self._calls.get(key)
                if call and not call.over:
                    self._end(call)
                    stopped.append({"what": "cancelled", "id": key, "at": _now()})
            self.record.add(stopped)
            known = {line["id"] for line in stopped}
            return [{"id": key, "status": "cancelled" if key in known else "unknown"} for key in ids]

    def _throttle(self, more: int) -> None:
        per_s = self.behaviour.requests.per_s
        if not per_s:
            return
        now = time.monotonic()
        self._credit = min(max(per_s, 1.0), self._credit + (now - self._credit_at) * per_s)
        self._credit_at = now
        # A batch may overdraw what has come together; the next one waits until that is made good.
        if self._credit < min(more, 1):
            raise Throttled
        self._credit -= more

    def _take(self, kind: str, row: Row, lines: list[Row], new: set[str]) -> Row:
        key, number = row["id"], row["to"]
        text, at = row["text"], _now()
        if self.record.knows(key) or key in new:
            lines.append({"what": "again", "id": key, "at": at})
            return {"id": key, "status": "accepted", "ref": f"sim-{key[:8]}", "parts": _parts(kind, text)}
        if kind == "messages":
            plan = self.behaviour.messages_to(number)
            self._tries[key] += 1
            drawn = self._chance(kind, number, "taken", self._tries[key]).random()
            if drawn < plan.refused:
                return {"id": key, "status": "refused", "permanent": True, "reason": "no_number"}
            if drawn < plan.refused + plan.not_now:
                return {"id": key, "status": "refused", "permanent": False, "reason": "not_now"}
        new.add(key)
        lines.append({"what": "received", "id": key, "kind": kind, "to": number, "text": text, "at": at})
        return {
            "id": key,
            "status": "accepted",
            "ref": f"sim-{key[:8]}",
            "parts": _parts(kind, text),
            "fresh": True,
        }

    def _chance(self, *words: object) -> random.Random:
        return random.Random(":".join(str(word) for word in (self.behaviour.seed, *words)))

    # --- what people do ---

    def _play(self, kind: str, key: str, number: str) -> None:
        nth = self.record.to_number[kind, number]
        chance = self._chance(kind, number, nth)
        if kind == "messages":
            self._message(key, number, self.behaviour.messages_to(number), chance)
        else:
            call = self._calls[key] = Call(key, number, self.behaviour.calls_to(number), chance, nth)
            self._waiting.append(call)
            self._next_calls()

    def _message(self, key: str, number: str, plan: Messages, chance: random.Random) -> None:
        drawn, arrives = chance.random(), self._drawn(chance, plan.delay_s)
        if drawn < plan.lost:
            return
        if drawn < plan.lost + plan.undeliverable:
            self._later(arrives, lambda: self._tell(key, "undeliverable", permanent=True, reason="no_number"))
            return
        self._later(arrives, lambda: self._tell(key, "delivered"))
        if chance.random() < plan.reply.share:
            text = chance.choice(plan.reply.texts)
            after = arrives + self._drawn(chance, plan.reply.after_s)
            self._later(after, lambda: self._reply(key, number, text))

    def _next_calls(self) -> None:
        while self._waiting and self._busy_lines < self.behaviour.calls.lines:
            call = self._waiting.popleft()
            if not call.over:
                self._ring(call)

    def _ring(self, call: Call) -> None:
        self._busy_lines += 1
        call.begun = True
        self.record.add([{"what": "begun", "id": call.key, "at": _now()}])
        plan, chance = call.plan, call.chance
        rings, drawn = self._drawn(chance, plan.ring_s), chance.random()
        if drawn < plan.busy:
            self._then(call, 1.0, "busy", is_end=True)
        elif drawn < plan.busy + plan.no_answer or call.nth < plan.answers_at:
            self._then(call, rings, "no_answer", is_end=True)
        else:
            self._then(call, rings, "picked_up")
            self._talk(call, rings)

    def _talk(self, call: Call, rings: float) -> None:
        plan, chance = call.plan, call.chance
        end, halfway = rings + plan.talk_s, rings + plan.talk_s * chance.uniform(0.2, 0.8)
        if chance.random() < plan.hang_up:
            self._then(call, halfway, "hung_up", is_end=True)
            return
        if chance.random() < plan.early_key:
            self._then(call, halfway, "key", played_fully=False)
        presses = chance.random() < plan.key
        self._then(call, end, "heard", is_end=not presses)
        if presses:
            self._then(
                call, end + self._drawn(chance, plan.key_after_s), "key", is_end=True, played_fully=True
            )

    def _then(self, call: Call, after: float, what: str, *, is_end: bool = False, **more: object) -> None:
        def happen() -> None:
            if call.over:
                return
            self._tell(call.key, what, **more)
            if is_end:
                self._end(call)

        self._later(after, happen)

    def _end(self, call: Call) -> None:
        call.over = True
        if call.begun:
            self._busy_lines -= 1
            self.record.add([{"what": "ended", "id": call.key, "at": _now()}])
            self._next_calls()

    def _reply(self, key: str, number: str, text: str) -> None:
        self.record.add([{"what": "replied", "id": key, "at": _now()}])
        self._put({"event": "reply", "ref": f"re-{key}", "from": number, "text": text, "at": _now()})

    def _tell(self, key: str, what: str, **more: object) -> None:
        self.record.add([{"what": what, "id": key, "at": _now()}])
        self._put({"event": what, "id": key, "at": _now(), **more})

    def _put(self, event: Row) -> None:
        told = self.behaviour.callbacks
        chance = self._chance("told", event.get("id") or event["ref"], event["event"])
        for _ in range(2 if chance.random() < told.double else 1):
            self._later(chance.uniform(0, told.disorder_s), lambda: self._events.append(event))

    # --- time ---

    def _drawn(self, chance: random.Random, span: Span) -> float:
        return chance.uniform(*span)

    def _later(self, seconds: float, do: Callable[[], None]) -> None:
        at = time.monotonic() + seconds / self.behaviour.speed
        heapq.heappush(self._due, (at, next(self._number), do))

    def turn(self) -> None:
        """Let happen what is due."""
        with self._lock:
            while self._due and self._due[0][0] <= time.monotonic():
                heapq.heappop(self._due)[2]()

    @property
    def pending(self) -> int:
        """What it still has before it: things to happen, calls that wait for a line, events to tell."""
        with self._lock:
            return len(self._due) + len(self._waiting) + len(self._events)

    def take_events(self) -> list[Row]:
        """The next batch to tell; none where there is nothing."""
        with self._lock:
            most = min(len(self._events), self.behaviour.callbacks.batch)
            return [self._events.popleft() for _ in range(most)]

    def behave(self, behaviour: Behaviour) -> None:
        """Behave like this from now on; what is planned already happens as planned."""
        with self._lock:
            self.behaviour = behaviour

    def run(self, over: threading.Event) -> None:
        while not over.wait(TICK):
            self.turn()


def _now() -> str:
    return real_now().isoformat(timespec="milliseconds")


def _parts(kind: str, text: str) -> int:
    return len(sms.cut(text).parts) if kind == "messages" else 1
