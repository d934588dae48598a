"""How a simulated carrier behaves: read from YAML, every name and range checked. docs/integrator/simulator.md tells them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")
Span = tuple[float, float]  # from–to, in seconds


class BehaviourError(Exception):
    """A file that says something that is not known, or cannot be; the words name the place."""


@dataclass(frozen=True)
class Replying:
    """Who is sent an SMS answers it.

    share    how many of them do
    after_s  how long after it arrived
    texts    with one of these
    """

    share: float = 0.0
    after_s: Span = (5.0, 60.0)
    texts: tuple[str, ...] = ("1",)


@dataclass(frozen=True)
class Messages:
    """What becomes of messages: shares of all of them.

    refused        not taken, for good
    not_now        not taken this time
    undeliverable  taken, and told later that there is no such number
    lost           taken, and never heard of again
    """

    delay_s: Span = (0.5, 3.0)
    refused: float = 0.0
    not_now: float = 0.0
    undeliverable: float = 0.0
    lost: float = 0.0
    reply: Replying = Replying()


@dataclass(frozen=True)
class Calls:
    """What becomes of calls.

    lines      calls at once; the others wait
    talk_s     how long the text takes
    answers_at at which call to the same number somebody picks up: 1 at once
    no_answer, busy   shares that come to this whichever call it is
    hang_up    share that hangs up before the end
    early_key  share that presses a key before the end
    key        share that presses a key after it
    """

    lines: int = 30
    ring_s: Span = (3.0, 12.0)
    talk_s: float = 20.0
    answers_at: int = 1
    no_answer: float = 0.0
    busy: float = 0.0
    hang_up: float = 0.0
    early_key: float = 0.0
    key: float = 1.0
    key_after_s: Span = (0.5, 4.0)


@dataclass(frozen=True)
class Requests:
    """How requests are met.

    per_s        messages and calls a second; more are answered 429. 0: any number
    fail         share answered 503, nothing taken
    lose_answer  share taken whose answer is lost: the connection breaks
    down         nothing is answered at all
    """

    per_s: float = 0.0
    fail: float = 0.0
    lose_answer: float = 0.0
    down: bool = False


@dataclass(frozen=True)
class Callbacks:
    """How events are told.

    double      share told twice
    disorder_s  each is held back for up to so long, so that later ones overtake it
    batch       told at once, at most
    """

    double: float = 0.0
    disorder_s: float = 0.0
    batch: int = 500


@dataclass(frozen=True)
class Behaviour:
    """speed: how many times faster than real all waiting goes; numbers: what is different for these."""

    seed: int = 1
    speed: float = 1.0
    messages: Messages = Messages()
    calls: Calls = Calls()
    requests: Requests = Requests()
    callbacks: Callbacks = Callbacks()
    numbers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def messages_to(self, number: str) -> Messages:
        return _overlaid(
            self.messages, self.numbers.get(number, {}).get("messages"), f"numbers.{number}.messages"
        )

    def calls_to(self, number: str) -> Calls:
        return _overlaid(self.calls, self.numbers.get(number, {}).get("calls"), f"numbers.{number}.calls")


def read(path: Path) -> Behaviour:
    """raises BehaviourError"""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BehaviourError(f"{path}: {error}") from error


def parse(text: str) -> Behaviour:
    """Read YAML (of which JSON is a part). raises BehaviourError"""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BehaviourError(str(error)) from error
    behaviour = _overlaid(Behaviour(), content, "")
    for number, more in behaviour.numbers.items():
        if (
            not isinstance(number, str)
            or not isinstance(more, dict)
            or not {"messages", "calls"}.issuperset(more)
        ):
            raise BehaviourError(f"numbers.{number}: a number in quotes, with messages: and calls: only")
        behaviour.messages_to(number)
        behaviour.calls_to(number)
    return behaviour


def _overlaid(base: T, content: Any, place: str) -> T:
    """The base with what the content says otherwise."""
    if content is None:
        return base
    if not isinstance(content, dict):
        raise BehaviourError(f"{place or 'file'}: names and values are wanted")
    kinds = get_type_hints(type(base))
    values: dict[str, Any] = {one.name: getattr(base, one.name) for one in fields(base)}  # type: ignore[arg-type]  # dataclasses
    for name, value in content.items():
        where = f"{place}.{name}".lstrip(".")
        if name not in values:
            raise BehaviourError(f"{where}: not known; there are {', '.join(values)}")
        values[name] = _value(kinds[name], values[name], name, value, where)
    return type(base)(**values)


def _value(kind: Any, base: Any, name: str, value: Any, where: str) -> Any:
    if hasattr(kind, "__dataclass_fields__"):
        return _overlaid(base, value, where)
    fitting = [read(value) for fits, read in READERS.get(kind, ()) if fits(value)]
    if not fitting or (name in SHARES and fitting[0] > 1):
        raise BehaviourError(f"{where}: {value!r} cannot be")
    return fitting[0]


SHARES = frozenset(
    {
        "share",
        "refused",
        "not_now",
        "undeliverable",
        "lost",
        "no_answer",
        "busy",
        "hang_up",
        "early_key",
        "key",
    }
    | {"fail", "lose_answer", "double"}
)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1_000_000


def _is_span(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)) and value[0] <= value[1]
    )


# By the type that is wanted: what fits it, and how that is read.
READERS: dict[Any, tuple[tuple[Callable[[Any], bool], Callable[[Any], Any]], ...]] = {
    bool: ((lambda value: isinstance(value, bool), bool),),
    int: ((lambda value: _is_number(value) and isinstance(value, int), int),),
    float: ((_is_number, float),),
    Span: (
        (_is_number, lambda value: (float(value), float(value))),
        (_is_span, lambda value: tuple(map(float, value))),
    ),
    tuple[str, ...]: (
        (lambda value: isinstance(value, list) and bool(value), lambda value: tuple(map(str, value))),
    ),
    dict[str, dict[str, Any]]: ((lambda value: isinstance(value, dict), dict),),
}
