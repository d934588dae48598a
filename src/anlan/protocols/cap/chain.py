"""What a heap of messages comes to: which warnings stand, which are over, and what is not there.

Updates and cancellations name the messages they follow. They arrive in any order, twice, late or never, and many senders name
only the first message of a chain and not the last (12379 asks for that), so that two updates of one alert are a fork by
the letter and a sequence by intent. The rules here:

    a message is over once another names it that is sent no earlier
    where several ends are left, the last sent is the state; the others are told as rivals
    of two sent in the same second, a warning stands rather than a cancellation
    only the same sender, in the same status, may follow a message: a stranger's cancellation ends nothing
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from anlan.protocols.cap.message import MessageType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from anlan.protocols.cap.message import Alert, Reference

    MayFollow = Callable[[Alert, Reference], bool]


class Void(StrEnum):
    """Why a reference counts for nothing."""

    LATER = "later"  # to a message sent after the one that names it
    CIRCLE = "circle"  # messages of one second that name each other, or one that names itself
    STATUS = "status"  # an exercise about an actual warning, or the like
    STRANGER = "stranger"  # to another's message


@dataclass(frozen=True, slots=True)
class Refused:
    """A reference that counts for nothing: of which message, to which, and why."""

    by: Reference
    to: Reference
    why: Void


@dataclass(frozen=True, slots=True)
class Chain:
    """The messages about one event.

    messages  all that are there, by the time they were sent
    current   the one that counts now: a warning, or the cancellation that ended it
    rivals    other ends of the chain, which `current` does not name and by its time has overtaken
    missing   messages that were named and are not there; their content, and what they named, is not known
    refused   references that were left out of account
    altered   messages of which there are two with different content; the greater by content was taken
    """

    messages: tuple[Alert, ...]
    current: Alert
    rivals: tuple[Alert, ...] = ()
    missing: tuple[Reference, ...] = ()
    refused: tuple[Refused, ...] = ()
    altered: tuple[Reference, ...] = ()

    @property
    def is_cancelled(self) -> bool:
        return self.current.message_type is MessageType.CANCEL

    def stands(self, at: datetime) -> bool:
        """Whether a warning holds at a moment: neither cancelled nor, in all of its parts, expired."""
        return not self.is_cancelled and any(
            info.expires is None or info.expires > at for info in self.current.infos
        )


def is_same_sender(alert: Alert, reference: Reference) -> bool:
    return alert.sender == reference.sender


def resolve(alerts: Iterable[Alert], may_follow: MayFollow = is_same_sender) -> list[Chain]:
    """The chains of alerts, updates and cancellations, in the order in which each began.

    The result does not depend on the order or the number of copies of what is given. Acknowledgements and errors are left
    out: they say what became of a message and change none.

    may_follow  whether a message may end or renew that one of another, where the sender alone does not say it
    """
    return _Heap(alerts, may_follow).chains()


class _Heap:
    def __init__(self, alerts: Iterable[Alert], may_follow: MayFollow) -> None:
        self.may_follow = may_follow
        self.altered: set[Reference] = set()
        self.alerts = self.told_apart(alerts)
        self.refused: list[Refused] = []
        self.earlier = {key: self.counting(alert) for key, alert in self.alerts.items()}
        self.drop_circles()

    def told_apart(self, alerts: Iterable[Alert]) -> dict[Reference, Alert]:
        """Each message once, by what it is referred to as."""
        kept: dict[Reference, Alert] = {}
        for alert in alerts:
            if alert.message_type in (MessageType.ACK, MessageType.ERROR):
                continue
            key = alert.reference
            other = kept.setdefault(key, alert)
            if other != alert:
                self.altered.add(key)
                kept[key] = max(other, alert, key=repr)
        return dict(sorted(kept.items(), key=_by_time))

    def counting(self, alert: Alert) -> list[Reference]:
        """What a message follows, in the order it says so."""
        counting = []
        for reference in dict.fromkeys(alert.references):
            why = self.void(alert, reference)
            if why is None:
                counting.append(reference)
            else:
                self.refused.append(Refused(alert.reference, reference, why))
        return counting

    def void(self, alert: Alert, reference: Reference) -> Void | None:
        if not self.may_follow(alert, reference):
            return Void.STRANGER
        if reference == alert.reference:
            return Void.CIRCLE
        if reference.sent > alert.sent:
            return Void.LATER
        other = self.alerts.get(reference)
        return Void.STATUS if other is not None and other.status is not alert.status else None

    def drop_circles(self) -> None:
        """Messages of one second can name each other; whatever lies on such a circle, or between two, counts for nothing."""
        same_second = {
            key: {each for each in earlier if each.sent == key.sent and each in self.alerts}
            for key, earlier in self.earlier.items()
        }
        circling = _without_ends({key: named for key, named in same_second.items() if named})
        for key, named in circling.items():
            self.earlier[key] = [each for each in self.earlier[key] if each not in named]
            self.refused += [
                Refused(key, each, Void.CIRCLE) for each in sorted(named, key=lambda it: it.identifier)
            ]

    def chains(self) -> list[Chain]:
        refused = defaultdict(list)
        for each in self.refused:
            refused[each.by].append(each)
        return [self.chain(keys, refused) for keys in self.connected()]

    def connected(self) -> list[list[Reference]]:
        """Messages that belong together, also by way of one that is missing, in the order in which each began."""
        together: dict[Reference, list[Reference]] = {}
        for key, earlier in self.earlier.items():
            for each in (key, *earlier):
                together.setdefault(each, [each])
            for each in earlier:
                one, other = together[key], together[each]
                if one is other:
                    continue
                if len(one) < len(other):
                    one, other = other, one
                one += other
                for moved in other:
                    together[moved] = one
        heaps = {id(heap): heap for heap in (together[key] for key in self.alerts)}
        return list(heaps.values())

    def chain(self, keys: list[Reference], refused: dict[Reference, list[Refused]]) -> Chain:
        there = {key: self.alerts[key] for key in keys if key in self.alerts}
        messages = [alert for _, alert in sorted(there.items(), key=_by_time)]
        over = {each for key in there for each in self.earlier[key]}
        ends = [alert for alert in messages if alert.reference not in over]
        current = max(ends, key=_weight)
        return Chain(
            tuple(messages),
            current,
            tuple(each for each in ends if each is not current),
            tuple(sorted((key for key in keys if key not in there), key=_by_moment)),
            tuple(each for alert in messages for each in refused.get(alert.reference, ())),
            tuple(alert.reference for alert in messages if alert.reference in self.altered),
        )


def _without_ends(graph: dict[Reference, set[Reference]]) -> dict[Reference, set[Reference]]:
    """What is left of a graph once all that leads nowhere, and all that nothing leads to, is gone: its circles."""
    for _ in range(2):  # once from either side
        graph = _without_sources(graph)
        turned: defaultdict[Reference, set[Reference]] = defaultdict(set)
        for key, named in graph.items():
            for each in named:
                turned[each].add(key)
        graph = dict(turned)
    return graph


def _without_sources(graph: dict[Reference, set[Reference]]) -> dict[Reference, set[Reference]]:
    count: defaultdict[Reference, int] = defaultdict(int)
    for named in graph.values():
        for each in named:
            count[each] += 1
    left = dict(graph)
    sources = [key for key in graph if not count[key]]
    while sources:
        for each in left.pop(sources.pop(), ()):
            count[each] -= 1
            if not count[each]:
                sources.append(each)
    return left


def _by_time(item: tuple[Reference, Alert]) -> tuple[datetime, str, str]:
    return _by_moment(item[0])


def _by_moment(key: Reference) -> tuple[datetime, str, str]:
    return key.sent, key.sender, key.identifier


def _weight(alert: Alert) -> tuple[datetime, bool, str, str]:
    """Of two sent at once, the warning; then the same one every time."""
    return alert.sent, alert.message_type is not MessageType.CANCEL, alert.sender, alert.identifier
