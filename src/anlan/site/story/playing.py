"""Plays a story: brings about what happens by itself, lets the cast act whom nobody has taken the part of, and looks what came of it.

Nothing is kept but by the node: whoever plays on after a crash finds the exercise and its list, and goes on where it stands.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import time
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import yaml
from django.db import InterfaceError, OperationalError, connection
from django.urls import reverse

from anlan.kernel import exercises, seeds
from anlan.kernel.clock import real_now
from anlan.protocols import gateway
from anlan.site.carrier_secrets import secret_of
from anlan.site.demo import PASSWORD
from anlan.site.story import selectors, services
from anlan.site.story.moves import MOVES, Scene
from anlan.site.story.visitor import Away, NotOffered, Refused, Visitor

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from anlan.kernel.context import Context
    from anlan.kernel.models import Exercise, Inject
    from anlan.site.story.script import Message, Step, Story

T = TypeVar("T")
LOOK = 0.1  # seconds between looks
PATIENCE = 90.0  # seconds until what is expected must have come, and a move must have been possible
AWAITED = 900.0  # seconds in which a person plays his part
SHORTEST_JUMP = timedelta(seconds=20)  # of the story's time
MOST_BYTES = 50_000_000  # of a carrier's record


@dataclass(frozen=True)
class Pace:
    """rate: of the exercise's clock; jumps: over times in which nothing is under way; stands: the clock, while somebody acts"""

    rate: int
    jumps: bool
    stands: bool


PACES = {"real": Pace(1, False, False), "watch": Pace(20, True, False), "fast": Pace(60, True, True)}


class Failed(Exception):
    """A step did not come to what was expected."""


@dataclass(frozen=True)
class Place:
    """Where the node is: its address, the root of its certificate, the folder of its data, and of what runs of it."""

    address: str
    root: Path
    var: Path
    run: Path


class Player:
    """say: tells whoever watches, line by line; awaited: log-ins whose part a person plays."""

    def __init__(
        self, story: Story, place: Place, pace: Pace, awaited: frozenset[str], say: Callable[[str], None]
    ) -> None:
        self.story, self.place, self.pace, self.awaited, self.say = story, place, pace, awaited, say
        self.begun = story.begins_at(real_now())
        self._bodies = {key: self._body(key) for key in story.messages}
        self._visitors: dict[str, Visitor] = {}
        self._secrets_file = place.var / f"story-{story.name}.json"
        self._secrets: dict[str, str] = (
            json.loads(self._secrets_file.read_text()) if self._secrets_file.exists() else {}
        )
        self._speed = 0.0
        self._token = ""
        self._killed: dict[str, int] = {}
        self.exercise: Exercise

    def play(self) -> int:
        """returns how many steps did not come to what was expected"""
        self._prepare()
        self._set_clock(paused=False)
        failures = 0
        for step, inject in zip(
            self.story.steps, self._insist(lambda: services.plan(self.story, self.exercise)), strict=True
        ):
            if inject.done_at is None:
                failures += not self._take(step, inject)
        self._set_clock(paused=True)
        return failures

    def pages(self) -> list[tuple[str, str]]:
        """What tells the story afterwards: each warning, by name and page."""
        names = dict.fromkeys(one.warning for one in self.story.messages.values() if one.warning)
        found = (selectors.find_issue(self._warning(name)) for name in names)
        return [
            (str(issue.warning), reverse("warning_account", args=[issue.warning_id]))
            for issue in found
            if issue
        ]

    # --- before it begins ---

    def _prepare(self) -> None:
        director = self._visitor(self.story.director)
        self.exercise = self._insist(lambda: selectors.find_exercise(self.story.title)) or self._open(
            director
        )
        for username in {*self.story.cast, "system"} - self.awaited:
            self._enter(self._visitor(username))
        for code, source in self.story.sources.items():
            if selectors.find_source(self.exercise, self._code(code)) is None:
                values = {
                    "unit": self.exercise.unit_id,
                    "code": self._code(code),
                    "name": source.name,
                    "kind": source.door,
                    "format": source.format,
                    "folder": self._code(code) if source.door == "folder" else "",
                    "interval": "5",
                    "patience": "00:10:00",
                }
                self._visitor("system").press(reverse("alert_create"), "", **values)
            if source.door == "http" and not self._token:
                self._token = self._insist(partial(services.issue_token, self.story, source.name))

    def _open(self, director: Visitor) -> Exercise:
        values = {
            "name": self.story.title,
            "unit": seeds.unit_by_code(self.story.unit).pk,
            "origin_at": self.begun.strftime("%Y-%m-%dT%H:%M"),
            "rate": 1,
        }
        director.press(reverse("exercise_open"), "", **values)
        opened = selectors.find_exercise(self.story.title)
        if opened is None:
            raise Failed("the exercise could not be opened")
        self.exercise = opened
        self._set_clock(rate=float(self.pace.rate), paused=True)  # until all is ready
        return opened

    def _enter(self, visitor: Visitor) -> None:
        page = reverse("exercise_detail", args=[self.exercise.pk])
        visitor.press(page, f"/exercises/{self.exercise.pk}/enter/")

    def _visitor(self, username: str) -> Visitor:
        if username not in self._visitors:
            visitor = Visitor(self.place.address, self.place.root, username, PASSWORD, self._secrets)
            self._insist(visitor.log_in)
            self._visitors[username] = visitor
        return self._visitors[username]

    def _code(self, source: str) -> str:
        """Of a source in this exercise: an earlier one of the story has its own."""
        return f"{self.story.name}-{source}-{self.exercise.pk}"

    # --- one step ---

    def _take(self, step: Step, inject: Inject) -> bool:
        """Whether it came to what was expected."""
        self._wait_until(inject.at)
        if self.pace.stands:
            self._set_clock(paused=True)
        failed, by = "", None
        try:
            if step.deliver:
                self._deliver(step.deliver)
            for name in step.kill:
                self._kill(name)
            if step.do:
                by = self._move(step, inject)
            self._expect(step)
        except (Failed, Refused, NotOffered) as error:
            failed = str(error) or type(error).__name__
        ctx = self._director()
        self._insist(lambda: exercises.finish_inject(ctx, inject.pk, by=by, failed=failed))
        self._secrets_file.write_text(json.dumps(self._secrets))
        self._secrets_file.chmod(0o600)
        if self.pace.stands:
            self._set_clock(paused=False)
        mark = "✗" if failed else "✓"
        self.say(" ".join((step.at, mark, by.display_name if by else inject.who, inject.title)))
        if failed:
            self.say(f"      {failed}")
        return not failed

    def _deliver(self, key: str) -> None:
        message, body = self.story.messages[key], self._bodies[key]
        source = self.story.sources[message.source]
        if source.door == "http":
            path = f"/api/v1/alerts/{self._code(message.source)}"
            headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/xml"}
            self._insist(lambda: self._visitor("system").post(path, body, headers))
        else:
            self._drop(message, self.story.name_of(key, self.begun), body)
        digest = hashlib.sha256(body).hexdigest()

        def came() -> bool:
            return selectors.find_message(self.exercise, digest) is not None

        self._eventually(came, f"{key} is taken in")

    def _drop(self, message: Message, name: str, body: bytes) -> None:
        """Written as a careful sender writes: under another name first."""
        folder = self.place.var / "alerts" / self._code(message.source)
        self._eventually(folder.is_dir, f"{folder} is watched")
        if message.zipped:
            name = f"{Path(name).stem}.zip"
        owner = folder.stat()
        part = folder / f"{name}.part"
        part.write_bytes(body)
        os.chown(part, owner.st_uid, owner.st_gid)
        part.rename(folder / name)

    def _body(self, key: str) -> bytes:
        text, message = self.story.text_of(key, self.begun), self.story.messages[key]
        if not message.zipped:
            return text
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(zipfile.ZipInfo(self.story.name_of(key, self.begun)), text)
        return packed.getvalue()

    def _kill(self, name: str) -> None:
        """kill -9; what it was doing is the node's affair."""
        self._eventually(lambda: self._programs()[name]["state"] == "running", f"{name} runs")
        pid = int(self._programs()[name]["pid"])
        os.kill(pid, signal.SIGKILL)
        self._killed[name] = pid

    def _programs(self) -> dict[str, dict[str, Any]]:
        record = json.loads((self.place.run / "programs.json").read_text())
        return {row["name"]: row for row in record["programs"]}

    def _move(self, step: Step, inject: Inject) -> Any:
        """Have it done: by whoever of the cast is played, after that by the person himself. returns who, if a person did"""
        move, scene = MOVES[step.do], self._insist(lambda: self._scene(step))
        ctx = self._director()
        deadline = time.monotonic() + (AWAITED if step.who in self.awaited else PATIENCE)
        tried, why, address = False, "", ""
        while True:
            try:
                if self._insist(lambda: move.done(scene)):
                    return None if tried else selectors.find_actor(self.exercise, step.who)
                if address != (address := move.address(scene)):
                    self._insist(lambda at=address: exercises.address_inject(ctx, inject.pk, at))  # type: ignore[misc]  # bound at once
                if step.who not in self.awaited:
                    tried = True
                    move.do(scene, self._visitor(step.who))
            except (NotOffered, Refused, Away) as error:
                why = str(error)
                time.sleep(LOOK * 3)
            if time.monotonic() > deadline:
                raise Failed(why or f"{step.who} has not done it")
            if step.who in self.awaited:
                time.sleep(LOOK)

    def _scene(self, step: Step) -> Scene:
        told = step.told
        digest = hashlib.sha256(self._bodies[told["message"]]).hexdigest() if "message" in told else ""
        return Scene(self.exercise, step, self._warning(step.of), digest, lambda: self._texts(told))

    def _warning(self, name: str) -> Any:
        digests = [
            hashlib.sha256(self._bodies[key]).hexdigest()
            for key, one in self.story.messages.items()
            if one.warning == name
        ]
        return selectors.find_warning_of(self.exercise, digests) if name else None

    def _texts(self, told: Any) -> list[str]:
        """What the carriers were given for the people of some units, the latest first."""
        people = [one for one in self.story.people if one.unit in told["units"]]
        numbers = selectors.list_numbers(people)
        items = [one for one in self._records().values() if one["to"] in numbers]
        return [one["text"] for one in sorted(items, key=lambda one: str(one["at"]), reverse=True)]

    # --- what came of it ---

    def _expect(self, step: Step) -> None:
        """raises Failed where it has not come in time"""
        found: dict[str, Any] = {}

        def holds() -> bool:
            facts = {name: self._insist(lambda name=name: self._fact(name)) for name in step.expect}  # type: ignore[misc]  # bound at once
            found.clear()
            found.update(
                {name: facts[name] for name, wanted in step.expect.items() if not fits(facts[name], wanted)}
            )
            return not found

        try:
            self._eventually(holds, "")
        except Failed:
            wrong = (f"{name}: {found[name]!r}, expected {step.expect[name]!r}" for name in found)
            raise Failed("; ".join(wrong)) from None

    def _fact(self, name: str) -> Any:
        """`message.<key>.<figure>`, `carriers.<figure>`, `programs.back`, `<warning>.<colour or cancel>.<figure>`."""
        of, *rest = name.split(".")
        facts: dict[str, Any]
        if of == "message":
            digest = hashlib.sha256(self._bodies[rest[0]]).hexdigest()
            facts = selectors.facts_of_message(selectors.find_message(self.exercise, digest))
        elif of == "carriers":
            facts = selectors.compare(self.exercise, self._records())._asdict()
        elif of == "programs":
            running = {
                name
                for name, row in self._programs().items()
                if row["state"] == "running" and row["pid"] != self._killed.get(name)
            }
            facts = {"back": sorted(running & self._killed.keys())}
        else:
            facts = selectors.facts_of_issue(selectors.find_issue(self._warning(of), which=rest[0]))
        # Ways in which nobody answered are not among the figures; any other that is missing is no 0.
        return facts.get(rest[-1], 0 if rest[-1].startswith("by_") else None)

    # --- time ---

    def _wait_until(self, at: datetime) -> None:
        """Until it is that time in the exercise: let the clock run, or jump where nothing is under way."""
        while (now := self._now()) < at:
            self._follow()
            if self.pace.jumps and not self.exercise.clock.paused_at and self._is_quiet():
                due = self._insist(lambda: exercises.next_due(self.exercise))
                until = min(due, at) if due else at
                if until - now >= SHORTEST_JUMP:
                    self._jump(until - now)
            time.sleep(LOOK)

    def _now(self) -> datetime:
        self._insist(self.exercise.clock.refresh_from_db)
        return self.exercise.clock.at(real_now())

    def _director(self) -> Context:
        return self._insist(lambda: services.director(self.story))

    def _jump(self, by: timedelta) -> None:
        ctx = self._director()
        self._insist(lambda: exercises.jump_clock(ctx, self.exercise.pk, by=by))

    def _set_clock(self, *, rate: float | None = None, paused: bool = False) -> None:
        ctx = self._director()
        self._insist(lambda: exercises.set_clock(ctx, self.exercise.pk, rate=rate, paused=paused))
        self._insist(self.exercise.clock.refresh_from_db)
        self._follow()

    def _is_quiet(self) -> bool:
        return self._insist(lambda: selectors.is_quiet(self.exercise)) and not any(
            record["pending"] for record in self._asked("?sums")
        )

    # --- carriers ---

    def _follow(self) -> None:
        """Have the carriers behave as the story says, as fast as its clock runs."""
        rate = self.exercise.clock.rate
        if rate == self._speed:
            return
        numbers = {
            number: {name: told for name, told in (("messages", one.messages), ("calls", one.calls)) if told}
            for number, one in self._insist(lambda: selectors.list_numbers(self.story.people)).items()
        }
        self._behave({**self.story.carriers, "numbers": numbers, "speed": rate})
        self._speed = rate

    def rest(self) -> None:
        """The story is over: the carriers behave as the demo's do."""
        self._behave(yaml.safe_load((Path(__file__).parents[1] / "data/demo/carriers.yaml").read_text()))

    def _behave(self, behaviour: dict[str, Any]) -> None:
        body = json.dumps(behaviour).encode()
        for code, address in self._insist(selectors.list_carriers).items():
            self._insist(lambda of=code, at=address: _tell(at, body, secret_of(of) or ""))  # type: ignore[misc]  # bound at once

    def _asked(self, query: str) -> list[dict[str, Any]]:
        """What each carrier says of itself."""
        found = []
        for address in self._insist(selectors.list_carriers).values():
            with urlopen(f"{address}/record{query}", timeout=10) as answer:  # noqa: S310 - our own, on this machine
                found.append(json.loads(answer.read(MOST_BYTES)))
        return found

    def _records(self) -> dict[str, dict[str, Any]]:
        """All that the carriers took, by id."""
        return {one["id"]: one for record in self._asked("") for one in record["items"]}

    # --- patience ---

    def _eventually(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._insist(holds):
            if time.monotonic() > deadline:
                raise Failed(what)
            time.sleep(LOOK)

    def _insist(self, do: Callable[[], T]) -> T:
        """Do it; while the node is away, as it is when one of its programs was killed, again and again."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return do()
            except (OperationalError, InterfaceError, Away, OSError):
                connection.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(LOOK * 5)


def _tell(address: str, body: bytes, secret: str) -> None:
    """Have a simulated carrier behave otherwise. raises Refused"""
    sealed = gateway.sealed(secret, body, real_now())
    request = Request(f"{address}/behaviour", data=body, headers=sealed)  # noqa: S310 - our own, on this machine
    try:
        urlopen(request, timeout=10).close()  # noqa: S310 - the same
    except HTTPError as error:
        raise Refused(f"{address}: {error.code} {error.read().decode(errors='replace')}") from error


def fits(found: Any, wanted: Any) -> bool:
    """Whether a fact is as it should be: equal, within a bound (">= 3"), or holding all of a list. found: None: there is no such figure"""
    if isinstance(wanted, str) and wanted[:2] in {">=", "<="}:
        if found is None:
            return False
        bound = float(wanted[2:])
        return float(found) >= bound if wanted[0] == ">" else float(found) <= bound
    if isinstance(wanted, list | tuple):
        return isinstance(found, list) and set(wanted) <= set(found)
    return bool(found == wanted)
