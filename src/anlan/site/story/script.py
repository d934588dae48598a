"""How a story is written: YAML of timed steps, and what each must come to. Every name is checked when it is read."""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime, time, timedelta
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import yaml
from django.utils import timezone

from anlan.kernel.clock import real_now

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).parents[1] / "data/stories"
CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
DAY = re.compile(r"(\d\d)-(\d\d) (\d\d):(\d\d)")
STAMP, CHINESE, ISO = "%Y%m%d%H%M%S", "%Y-%m-%d %H:%M:%S+08:00", "%Y-%m-%dT%H:%M:%S+08:00"
EAST = timezone.get_fixed_timezone(8 * 60)  # of messages, whatever the node's own zone


class ScriptError(Exception):
    """A file that says what is not known, or cannot be; the words name the place."""


@dataclass(frozen=True)
class Source:
    """A door that messages of the story come by, entered for its exercise.

    door   folder or http
    format of its messages: cap, 12379 or auto
    """

    name: str
    door: str
    format: str = "auto"


@dataclass(frozen=True)
class Message:
    """One message from outside.

    source   by whose door it comes
    sent     when it was sent, in the story's time
    file     its text below the story's folder, with ${…} for times of its own and of others
    named    the file's name as it arrives; blank: as it is written
    warning  by what name the story knows the warning it is about
    cut      so many bytes arrive of it; 0: all
    zipped   it comes packed
    """

    source: str
    sent: str
    file: str
    named: str = ""
    warning: str = ""
    cut: int = 0
    zipped: bool = False


@dataclass(frozen=True)
class People:
    """Those of a unit, or one of the cast, who behave otherwise than the rest.

    user      log-in of the one
    post      only who holds this kind of post; blank: all, and the unit's own line
    below     whether those of the units below it, too
    messages, calls  as in the carrier's own file
    """

    unit: str = ""
    user: str = ""
    post: str = ""
    below: bool = True
    messages: Mapping[str, Any] = field(default_factory=dict)
    calls: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """What happens at a moment, or what somebody does who has not done it by then.

    at       in the story's time
    title    in words, for the exercise's list
    who      log-in of whoever does it; blank: it happens by itself
    deliver  a message that comes in
    kill     programs that are killed
    do       what is done, a name in `moves`
    of       the warning that it is done to
    told     what else the move wants to know
    expect   fact → what it must be, see `facts`
    """

    at: str
    title: str
    who: str = ""
    deliver: str = ""
    kill: tuple[str, ...] = ()
    do: str = ""
    of: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    expect: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Story:
    """folder: where its messages lie; begins: month, day and time, of the last such day; carriers: how people behave."""

    folder: Path
    name: str
    title: str
    unit: str
    director: str
    begins: str
    cast: tuple[str, ...]
    carriers: Mapping[str, Any]
    people: tuple[People, ...]
    sources: Mapping[str, Source]
    times: Mapping[str, str]
    messages: Mapping[str, Message]
    steps: tuple[Step, ...]

    def begins_at(self, now: datetime) -> datetime:
        """The last such moment before now."""
        at = datetime.strptime(f"{now.year}-{self.begins}", "%Y-%m-%d %H:%M").replace(tzinfo=EAST)
        return at if at < now else at.replace(year=now.year - 1)

    def moment(self, clock: str, begun: datetime) -> datetime:
        """The first such time of day from the beginning on."""
        local = begun.astimezone(EAST)
        at = datetime.combine(local.date(), time.fromisoformat(clock), EAST)
        return at if at >= local else at + timedelta(days=1)

    def text_of(self, key: str, begun: datetime) -> bytes:
        """A message as its sender wrote it; ${at_…}, ${end_…}: times of messages and named times, in three forms."""
        moments = {name: one.sent for name, one in self.messages.items()} | dict(self.times)
        places: dict[str, str] = {}
        for name, clock in moments.items():
            at = self.moment(clock, begun)
            places |= {
                f"{name}_stamp": at.strftime(STAMP),
                f"{name}_time": at.strftime(CHINESE),
                f"{name}_iso": at.strftime(ISO),
            }
        text = (self.folder / self.messages[key].file).read_text(encoding="utf-8")
        try:
            written = Template(text).substitute(places)
        except (KeyError, ValueError) as error:
            raise ScriptError(f"{self.messages[key].file}: {error}") from error
        whole = written.encode()
        return whole[: self.messages[key].cut or len(whole)]

    def name_of(self, key: str, begun: datetime) -> str:
        """The file's name as it arrives."""
        message = self.messages[key]
        at = self.moment(message.sent, begun)
        return Template(message.named or message.file).substitute(stamp=at.strftime(STAMP))


KINDS: dict[str, type[Any]] = {"sources": Source, "messages": Message, "people": People, "steps": Step}


def names() -> list[str]:
    """Of the stories that come with this version."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def read(name: str, moves: frozenset[str]) -> Story:
    """A story that comes with this version, or a file. raises ScriptError"""
    path = FOLDER / f"{name}.yaml" if name in names() else Path(name)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ScriptError(f"{name}: {error}") from error
    story = _story(path, _rows(content, name))
    _check(story, moves)
    return story


def _story(path: Path, content: dict[str, Any]) -> Story:
    for key, kind in KINDS.items():
        rows = content.get(key) or {}
        if isinstance(rows, list):
            content[key] = tuple(_one(kind, row, f"{key}[{place}]") for place, row in enumerate(rows, 1))
        else:
            content[key] = {name: _one(kind, row, f"{key}.{name}") for name, row in _rows(rows, key).items()}
    content["folder"] = path.with_suffix("")
    content["name"] = path.stem
    content.setdefault("times", {})
    return _one(Story, content, path.name)  # type: ignore[no-any-return]  # of the class that was asked for


def _rows(content: Any, where: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ScriptError(f"{where}: names and values are wanted")
    return content


def _one(kind: type[Any], content: Any, where: str) -> Any:
    values = _rows(content, where)
    known = {one.name: one for one in fields(kind)}
    if unknown := values.keys() - known.keys():
        raise ScriptError(f"{where}: {', '.join(sorted(unknown))} not known; there are {', '.join(known)}")
    lacking = [
        name
        for name, one in known.items()
        if name not in values and one.default is MISSING and one.default_factory is MISSING
    ]
    if lacking:
        raise ScriptError(f"{where}: {', '.join(lacking)} wanted")
    return kind(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    )


def _check(story: Story, moves: frozenset[str]) -> None:
    """Whatever a part names must be there, and time only goes forward."""
    if not DAY.fullmatch(str(story.begins)):
        raise ScriptError(f"begins: {story.begins!r} is not like '07-29 20:00'")
    clocks = {f"messages.{key}": one.sent for key, one in story.messages.items()}
    clocks |= {f"times.{key}": clock for key, clock in story.times.items()}
    clocks |= {f"steps[{place}] {step.title}": step.at for place, step in enumerate(story.steps, 1)}
    for where, clock in clocks.items():
        if not CLOCK.fullmatch(str(clock)):
            raise ScriptError(f"{where}: {clock!r} is not like '20:05'")
    for key, message in story.messages.items():
        if message.source not in story.sources:
            raise ScriptError(f"messages.{key}: no source {message.source!r}")
    before = begun = story.begins_at(real_now())
    for number, step in enumerate(story.steps, 1):
        at = story.moment(step.at, begun)
        if why := _wrong(story, step, moves) or ("it lies before the step above it" if at < before else ""):
            raise ScriptError(f"steps[{number}] {step.title}: {why}")
        before = at


def _wrong(story: Story, step: Step, moves: frozenset[str]) -> str:
    """What a step names that is not there; blank: nothing."""
    named = step.deliver, str(step.told.get("message", ""))
    if unknown := [key for key in named if key and key not in story.messages]:
        return f"no message {unknown[0]!r}"
    if step.do and step.do not in moves:
        return f"do is one of {', '.join(sorted(moves))}"
    if step.who and step.who not in story.cast:
        return f"who is one of the cast: {', '.join(story.cast)}"
    return ""
