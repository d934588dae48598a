"""Open event streams: who may listen, what each hears, what one that comes back has missed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections import defaultdict, deque
from dataclasses import dataclass, field
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user

from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.live import ALL, standing_of, viewer
from anlan.kernel.scope import holdings_of_many
from anlan.kernel.sessions import KEEP, move_on

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from anlan.kernel.live import Hint, Viewer

BACKLOG = 64  # pieces one slow browser may lag; then its stream ends and it comes back
KEPT = 20_000  # hints remembered for those who come back
OVERLAP = 3.0  # seconds: what changed while a new page was on its way is told to it
MOST_OF_A_KIND = 500  # subjects in one piece; of more it says "some of this kind"
BEAT = 15  # seconds between heartbeats of one stream
PLACE = re.compile(r"([0-9]{1,19})-([0-9]{1,19})")


@dataclass(eq=False)
class Stream:
    """One browser's stream; `None` in the queue ends it."""

    session: str
    user_id: int
    proof: bytes  # digest of the user's password hash: the session ends when that changes
    viewer: Viewer
    queue: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(BACKLOG))

    def put(self, piece: bytes) -> bool:
        """False for a browser that does not read: it is let go."""
        if self.queue.full():
            self.end()
            return False
        self.queue.put_nowait(piece)
        return True

    def end(self) -> None:
        """End at once: what waits is told again to whoever comes back."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


def admit(session_key: str) -> Stream | None:
    """The stream of a session, where it stands for an active user."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user: Any = get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]  # it reads the session only
    if not (user.is_authenticated and user.is_active):
        return None
    ctx, stands = Context(user), standing_of([(session_key, user.pk)]).get(session_key)
    if stands is None:
        return None
    listener = viewer(ctx.holdings, stands.side)
    return Stream(session_key, user.pk, proof_of(user.password), listener)


def viewers_now(streams: Collection[Stream]) -> dict[Stream, Viewer]:
    """What each may hear now; whose session, password or account no longer stands is left out."""
    standing = standing_of({(stream.session, stream.user_id) for stream in streams})
    holdings = holdings_of_many({stream.user_id for stream in streams})
    proofs = {session: proof_of(stands.password) for session, stands in standing.items()}
    sides = {stands.side for stands in standing.values()}
    known = {
        (user_id, side): viewer(holdings.get(user_id, ()), side)
        for user_id in {stream.user_id for stream in streams}
        for side in sides
    }
    return {
        stream: known[stream.user_id, standing[stream.session].side]
        for stream in streams
        if proofs.get(stream.session) == stream.proof
    }


def keep_open(streams: Collection[Stream]) -> None:
    """On a duty post, a page that stays connected is use enough: nobody is thrown out while he watches."""
    if kept := {stream.session for stream in streams if KEEP in stream.viewer.roots}:
        move_on(kept)


def proof_of(password: str) -> bytes:
    return hashlib.sha256(password.encode()).digest()


class History:
    """The latest messages, by their numbers in one stream of the message server.

    epoch    which stream: numbers of another mean nothing here
    floor    every message after this one is known
    """

    def __init__(self) -> None:
        self.epoch = self.floor = self.last = 0
        self.messages: deque[tuple[int, float, list[Hint]]] = deque()
        self.size = 0

    def begin(self, epoch: int, first: int) -> None:
        """Forget everything: what comes next is message `first` of that stream."""
        self.messages.clear()
        self.epoch, self.floor, self.last, self.size = epoch, first - 1, first - 1, 0

    def goes_on(self, epoch: int, first: int, last: int) -> bool:
        """Whether a stream that holds these messages still has everything after our last."""
        return epoch == self.epoch and first <= self.last + 1 <= last + 1

    def add(self, number: int, at: float, hints: list[Hint]) -> None:
        self.messages.append((number, at, hints))
        self.last = number
        self.size += len(hints)
        while self.size > KEPT:
            self.floor, _, gone = self.messages.popleft()
            self.size -= len(gone)

    @property
    def place(self) -> str:
        """Where one stands who has heard everything so far: the id of an event."""
        return f"{self.epoch}-{self.last}"

    def since(self, place: str) -> list[Hint] | None:
        """What came after that place; None where it is no longer all there. Blank: of the last moments."""
        if not place:
            recent = real_now().timestamp() - OVERLAP
            return [hint for _, at, hints in self.messages if at > recent for hint in hints]
        said = PLACE.fullmatch(place)
        if said is None or int(said[1]) != self.epoch or not self.floor <= int(said[2]) <= self.last:
            return None
        return [hint for number, _, hints in self.messages if number > int(said[2]) for hint in hints]


class Board:
    """All open streams, grouped by what they may hear: a hint is weighed once for each group.

    told  the place of who has heard all that was told; what waits in `news` comes after it
    """

    def __init__(self) -> None:
        self.history = History()
        self.told = self.history.place
        self.groups: defaultdict[Viewer, set[Stream]] = defaultdict(set)
        self.news: list[Hint] = []

    def __iter__(self) -> Iterator[Stream]:
        return (stream for members in self.groups.values() for stream in members)

    def __len__(self) -> int:
        return sum(map(len, self.groups.values()))

    def join(self, stream: Stream, place: str) -> None:
        """Open a stream to one who last stood at that place (blank: nowhere)."""
        self.tell()  # what waits is part of what he missed; told later, he would hear it twice
        self.groups[stream.viewer].add(stream)
        missed = self.history.since(place)
        if missed is None:
            stream.put(event("reset", {}, self.history.place))
        elif piece := self._piece(stream.viewer, missed):
            stream.put(piece)
        stream.put(
            event("hello", {}, self.history.place)
        )  # last, or its place would claim what is on its way

    def leave(self, stream: Stream) -> None:
        members = self.groups.get(stream.viewer, set())
        members.discard(stream)
        if not members:
            self.groups.pop(stream.viewer, None)

    def close(self, streams: Iterable[Stream]) -> None:
        for stream in list(streams):
            stream.end()
            self.leave(stream)

    def regrade(self, asked: Collection[Stream], now: dict[Stream, Viewer]) -> None:
        """End the streams of those who may hear less than they might; who may hear more does so from now on."""
        for stream in asked:
            current = now.get(stream)
            if current is None or stream.viewer.has_lost(current):
                self.close([stream])
            elif current != stream.viewer and stream in self.groups.get(stream.viewer, ()):
                self.leave(stream)
                stream.viewer = current
                self.groups[current].add(stream)

    def hear(self, number: int, at: float, hints: list[Hint] | None) -> None:
        """Take a message in; it is told at the next `tell`. None: hints were lost."""
        if hints is None:
            self.history.begin(self.history.epoch, number + 1)
            self.tell_lost()
        else:
            self.history.add(number, at, hints)
            self.news += hints

    def tell(self) -> None:
        """Spread the news: each group gets one piece with what it may hear."""
        news, self.news = self.news, []
        self.told = self.history.place
        for group, members in list(self.groups.items()):
            if piece := self._piece(group, news):
                self._put(members, piece)

    def tell_lost(self) -> None:
        """What was missed is not known: every page fetches its live parts again."""
        self.news.clear()
        self.told = self.history.place
        self._put(self, event("reset", {}, self.told))

    def beat(self, phase: int) -> None:
        """A sign of life to one of BEAT parts of all streams; it moves their places on, too."""
        piece = event("beat", {}, self.told)
        self._put((stream for stream in self if id(stream) // 64 % BEAT == phase), piece)

    def _put(self, streams: Iterable[Stream], piece: bytes) -> None:
        self.close([stream for stream in streams if not stream.put(piece)])

    def _piece(self, group: Viewer, hints: list[Hint]) -> bytes:
        changed: dict[str, int] = {}
        for hint in hints:
            if group.may_hear(hint):
                changed[hint.subject] = max(hint.version, changed.get(hint.subject, 0))
        return event("changed", list(bounded(changed).items()), self.history.place) if changed else b""


def bounded(changed: dict[str, int]) -> dict[str, int]:
    """The same, where a kind with very many subjects is named as a whole."""
    if len(changed) <= MOST_OF_A_KIND:
        return changed
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for subject in changed:
        kinds[subject.partition(":")[0]].append(subject)
    result: dict[str, int] = {}
    for kind, several in kinds.items():
        if len(several) > MOST_OF_A_KIND:
            result[f"{kind}:{ALL}"] = max(changed[subject] for subject in several)
        else:
            result |= {subject: changed[subject] for subject in several}
    return result


def event(name: str, told: object, place: str) -> bytes:
    """One event of a stream; its id is what a browser says when it comes back."""
    return f"id: {place}\nevent: {name}\ndata: {json.dumps(told)}\n\n".encode()
