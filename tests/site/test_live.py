"""Open event streams: what each hears, what it missed, when it ends; and the line that hints come by."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from anlan.kernel.clock import real_now
from anlan.kernel.live import Hint, viewer
from anlan.kernel.models import Grant, Role, User
from anlan.site import live_line, live_streams
from anlan.site.live_line import Broken, Follower, Herald
from anlan.site.live_streams import BACKLOG, BEAT, MOST_OF_A_KIND, OVERLAP, Board, Stream, admit, viewers_now
from tests.cast import acting

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nats.aio.client import Client as Nats

    from tests.cast import World

READ = "kernel.obligation.read"


@pytest.fixture
def board() -> Board:
    """A board on stream 7 of the message server, which has heard nothing yet."""
    fresh = Board()
    fresh.history.begin(7, 1)
    return fresh


def stream_of(user: User) -> Stream:
    """What the front door's live process opens for a browser in which he has logged in."""
    client = Client()
    client.force_login(user)
    stream = admit(client.cookies[settings.SESSION_COOKIE_NAME].value)
    assert stream
    return stream


def hint(world: World, key: object = 5, version: int = 1) -> Hint:
    return Hint(f"kernel.obligation:{key}", version, READ, 0, (world.town.path,))


def read(stream: Stream) -> list[tuple[str, str, object]]:
    """Name, id and content of what waits in a stream; a None is its end."""
    found: list[tuple[str, str, object]] = []
    while not stream.queue.empty():
        piece = stream.queue.get_nowait()
        lines = dict(line.split(": ", 1) for line in piece.decode().splitlines() if line) if piece else {}
        found.append((lines.get("event", "end"), lines.get("id", ""), json.loads(lines.get("data", "null"))))
    return found


def test_what_waits_when_somebody_joins_is_told_to_him_once(world: World, board: Board) -> None:
    stream = stream_of(world.officer)
    board.hear(1, real_now().timestamp(), [hint(world)])
    board.join(stream, "")
    board.tell()
    assert [name for name, _place, _told in read(stream)] == ["changed", "hello"]


def names(stream: Stream) -> list[str]:
    return [name for name, _, _ in read(stream)]


def listening(board: Board, user: User, place: str = "") -> Stream:
    """An open stream whose greeting has been read."""
    stream = stream_of(user)
    board.join(stream, place)
    read(stream)
    return stream


def hear(board: Board, *hints: Hint, number: int = 1, ago: float = 0) -> None:
    board.hear(number, real_now().timestamp() - ago, list(hints))


def test_a_change_reaches_who_may_read_it_and_nobody_else(world: World, board: Board) -> None:
    own, neighbour = listening(board, world.officer), listening(board, world.neighbour)
    hear(board, hint(world, version=3), hint(world, version=8))
    board.tell()
    assert read(own) == [("changed", "7-1", [["kernel.obligation:5", 8]])]
    assert read(neighbour) == []


def test_a_page_gets_subjects_and_versions_and_nothing_else(world: World, board: Board) -> None:
    stream = listening(board, world.officer)
    hear(board, hint(world))
    board.tell()
    piece = stream.queue.get_nowait()
    assert piece
    assert world.town.path.encode() not in piece
    assert READ.encode() not in piece


def test_very_many_changes_of_a_kind_are_named_as_a_whole(world: World, board: Board) -> None:
    stream = listening(board, world.officer)
    hear(board, *(hint(world, key, key) for key in range(MOST_OF_A_KIND + 1)))
    board.tell()
    assert read(stream)[0][2] == [["kernel.obligation:*", MOST_OF_A_KIND]]


def test_who_comes_back_hears_what_he_missed_and_may_hear(world: World, board: Board) -> None:
    for number in (1, 2, 3):
        hear(board, hint(world, number), number=number, ago=600)
    board.tell()
    back, neighbour = stream_of(world.officer), stream_of(world.neighbour)
    board.join(back, "7-1")
    board.join(neighbour, "7-1")
    missed = [["kernel.obligation:2", 1], ["kernel.obligation:3", 1]]
    assert read(back) == [("changed", "7-3", missed), ("hello", "7-3", {})]
    assert names(neighbour) == ["hello"]


def test_who_missed_nothing_hears_nothing(world: World, board: Board) -> None:
    hear(board, hint(world), number=1)
    stream = stream_of(world.officer)
    board.join(stream, "7-1")
    assert names(stream) == ["hello"]


@pytest.mark.parametrize("place", ["6-2", "7-0", "7-99", "7-", "7-x", "nonsense", "7-" + "9" * 5000])
def test_who_missed_what_is_not_known_any_more_fetches_everything(
    world: World, board: Board, place: str
) -> None:
    board.history.begin(7, 3)
    hear(board, hint(world), number=3)
    stream = stream_of(world.officer)
    board.join(stream, place)
    assert read(stream) == [("reset", "7-3", {}), ("hello", "7-3", {})]


def test_only_so_many_hints_are_remembered(
    world: World, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_streams, "KEPT", 10)
    for number in range(1, 21):
        hear(board, hint(world, number), number=number)
    assert board.history.since("7-9") is None
    assert [one.subject for one in board.history.since("7-18") or []] == [
        "kernel.obligation:19",
        "kernel.obligation:20",
    ]


def test_a_new_page_hears_what_changed_while_it_was_on_its_way(world: World, board: Board) -> None:
    hear(board, hint(world, "old"), number=1, ago=OVERLAP + 1)
    hear(board, hint(world, "new"), number=2)
    stream = stream_of(world.officer)
    board.join(stream, "")
    assert read(stream)[0] == ("changed", "7-2", [["kernel.obligation:new", 1]])


def test_no_place_claims_what_is_not_told_yet(world: World, board: Board) -> None:
    stream = listening(board, world.officer)
    hear(board, hint(world), number=1)
    for phase in range(BEAT):
        board.beat(phase)
    assert read(stream) == [("beat", "7-0", {})]  # whoever comes back with that hears it
    board.tell()
    for phase in range(BEAT):
        board.beat(phase)
    assert [(name, place) for name, place, _ in read(stream)] == [("changed", "7-1"), ("beat", "7-1")]


def test_lost_hints_make_every_page_fetch(world: World, board: Board) -> None:
    streams = [listening(board, user) for user in (world.officer, world.neighbour)]
    hear(board, hint(world), number=1)
    board.hear(2, 0, None)
    board.tell()
    assert [read(stream) for stream in streams] == [[("reset", "7-2", {})]] * 2
    assert board.history.since("7-1") is None
    assert board.history.since("7-2") == []


def test_a_browser_that_does_not_read_is_let_go(world: World, board: Board) -> None:
    slow, quick = listening(board, world.officer), listening(board, world.approver)
    for number in range(1, BACKLOG + 2):
        hear(board, hint(world, number), number=number)
        board.tell()
        read(quick)
    assert list(board) == [quick]
    assert names(slow) == ["end"]


@pytest.mark.parametrize(
    ("epoch", "first", "last", "goes_on"),
    [(7, 1, 5, True), (7, 6, 5, True), (7, 6, 9, True), (7, 7, 9, False), (7, 1, 4, False), (8, 1, 9, False)],
)
def test_a_stream_goes_on_only_with_the_next_message(
    board: Board, epoch: int, first: int, last: int, *, goes_on: bool
) -> None:
    board.history.begin(7, 6)
    assert board.history.goes_on(epoch, first, last) is goes_on


def recheck(board: Board) -> list[Stream]:
    board.regrade(list(board), viewers_now(list(board)))
    return list(board)


def test_a_stream_ends_with_its_grant_session_password_or_account(world: World, board: Board) -> None:
    ends: list[Callable[[Stream], object]] = [
        lambda s: Grant.objects.filter(user=s.user_id).update(
            until_at=real_now() + timedelta(microseconds=1)
        ),
        lambda s: Session.objects.filter(session_key=s.session).delete(),
        lambda s: Session.objects.filter(session_key=s.session).update(expire_date=real_now()),
        lambda s: User.objects.filter(pk=s.user_id).update(password="another"),
        lambda s: User.objects.filter(pk=s.user_id).update(is_active=False),
    ]
    for number, end in enumerate(ends):
        ending = listening(board, world.person(f"p{number}", "duty_officer", world.district))
        staying = listening(board, world.person(f"q{number}", "duty_officer", world.district))
        assert ending in recheck(board)
        end(ending)
        assert ending not in recheck(board)
        assert staying in list(board)
        assert names(ending) == ["end"]


def test_who_may_hear_more_does_so_without_a_break(world: World, board: Board) -> None:
    stream = listening(board, world.neighbour)
    Grant.objects.create(user=world.neighbour, role=Role.objects.get(code="clerk"), scope_root=world.district)
    assert recheck(board) == [stream]
    hear(board, hint(world))
    board.tell()
    assert names(stream) == ["changed"]
    board.leave(stream)
    assert not list(board)


def test_all_streams_are_rechecked_with_two_queries(world: World, board: Board) -> None:
    for user in (world.officer, world.officer, world.neighbour, world.stranger, world.clerk):
        listening(board, user)
    with CaptureQueriesContext(connection) as queries:
        assert len(recheck(board)) == 5
    assert len(queries) == 2


def test_no_session_no_stream(world: World) -> None:
    assert admit("made-up") is None
    stream = stream_of(world.officer)
    assert stream.viewer == viewer(acting(world.officer).holdings, 0)
    User.objects.filter(pk=world.officer.pk).update(is_active=False)
    assert admit(stream.session) is None


# --- the line ---------------------------------------------------------------------------------------------------


@pytest.fixture
def on_line(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Nats], Awaitable[None]]], None]:
    """Runs a coroutine with a client of the message server, on a stream of its own."""
    name = f"live-{uuid4().hex}"
    monkeypatch.setattr(live_line, "STREAM", name)
    monkeypatch.setattr(live_line, "LIVE_SUBJECT", f"{name}.changed")
    monkeypatch.setattr(live_line, "AGAIN", 0.05)

    async def with_client(work: Callable[[Nats], Awaitable[None]]) -> None:
        client = await live_line.connect()
        try:
            await asyncio.wait_for(work(client), 20)
        finally:
            await client.jetstream().delete_stream(name)
            await client.close()

    return lambda work: asyncio.run(with_client(work))


OnLine = "Callable[[Callable[[Nats], Awaitable[None]]], None]"
SOME = [Hint("kernel.obligation:1", 1, READ, 0, ("1.",))]
MORE = [Hint("kernel.obligation:2", 2, READ, 0, None)]


def test_what_a_relay_tells_comes_to_every_follower_in_order_and_after_a_break(on_line: OnLine) -> None:
    async def story(client: Nats) -> None:
        follower, herald = Follower(client), Herald(client)
        _, _, last = await follower.open()
        telling = asyncio.create_task(herald.run())
        one, other = follower.follow(last), Follower(client).follow(last)
        herald.tell(SOME)
        herald.tell([])
        herald.tell(MORE)
        for line in (one, other):
            assert [(await anext(line))[::2], (await anext(line))[::2]] == [(1, SOME), (2, MORE)]
            await line.aclose()
        assert (await anext(follower.follow(1)))[::2] == (2, MORE)
        await herald.finish()
        telling.cancel()

    on_line(story)


def test_a_relay_that_could_not_deliver_says_so(on_line: OnLine) -> None:
    async def story(client: Nats) -> None:
        herald, follower = Herald(client), Follower(client)
        telling = asyncio.create_task(herald.run())
        herald.tell(SOME)
        await herald.waiting.join()
        await client.jetstream().delete_stream(live_line.STREAM)
        herald.tell(SOME)
        herald.tell(MORE)
        await herald.waiting.join()
        assert (await follower.open())[1:] == (1, 1)
        assert (await anext(follower.follow(0)))[2] is None
        telling.cancel()

    on_line(story)


def test_a_relay_that_is_not_heard_for_long_holds_nobody_up(on_line: OnLine) -> None:
    async def story(client: Nats) -> None:
        await Follower(client).open()
        herald = Herald(client)
        for _ in range(live_line.MOST_WAITING + 1):
            herald.tell(SOME)
        telling = asyncio.create_task(herald.run())
        await herald.waiting.join()
        assert (await anext(Follower(client).follow(0)))[2] is None
        telling.cancel()

    on_line(story)


def test_a_follower_notices_that_the_stream_is_another(
    on_line: OnLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_line, "HEARTBEAT", 0.1)
    monkeypatch.setattr(live_line, "SILENCE", 0.5)

    async def story(client: Nats) -> None:
        follower = Follower(client)
        before, _, last = await follower.open()
        line = follower.follow(last)
        waiting = asyncio.create_task(anext(line))
        await asyncio.sleep(0.2)
        await client.jetstream().delete_stream(live_line.STREAM)
        with pytest.raises(Broken):
            await waiting
        now, _, _ = await follower.open()
        assert now != before

    on_line(story)
