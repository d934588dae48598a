"""Confirmation links: opening one changes nothing, its button confirms once, and what they never showed to others."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from django.db import OperationalError

from anlan.kernel.models import Clock, Entry, Exercise
from anlan.message.callout import selectors
from anlan.message.callout.models import Callout, Recipient
from anlan.message.callout.terms import RecipientState
from anlan.site import answering, answers
from tests.message.callouts import call, confirm, hold, opener, recipient

if TYPE_CHECKING:
    from tests.cast import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a loop of its own, so gatherers of its own."""
    for name, work in (("looks", answering.look), ("answers", answering.confirm)):
        monkeypatch.setattr(answers, name, answers.Gatherer(work, most=500, patience=500))


@pytest.fixture
def called_one(world: World) -> Recipient:
    person = hold(world.town, "party_first", "王秀兰", "10000000001")
    return recipient(call(world), person)


def ask(method: str, *links: str, language: str = "zh-CN") -> list[httpx.Response]:
    """All at once, as phones do."""

    async def play() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=answers.application)
        headers = {"accept-language": language}
        async with httpx.AsyncClient(transport=transport, headers=headers) as client:
            return list(await asyncio.gather(*(client.request(method, link) for link in links)))

    return asyncio.run(play())


def link_of(one: Recipient, **more: bool) -> str:
    return selectors.get_link(one.pk, **more)


def test_opening_a_link_changes_nothing(called_one: Recipient) -> None:
    for method in ("GET", "HEAD"):
        (answer,) = ask(method, link_of(called_one))
        assert answer.status_code == 200
    (page,) = ask("GET", link_of(called_one))
    assert "暴雨红色预警" in page.text
    assert "我已收到" in page.text
    called_one.refresh_from_db()
    assert called_one.state == RecipientState.PENDING


def test_the_button_confirms_once(called_one: Recipient) -> None:
    first, *_rest = ask("POST", link_of(called_one))
    (second,) = ask("POST", link_of(called_one))
    (opened,) = ask("GET", link_of(called_one))
    assert "已确认，谢谢" in first.text
    assert "已经确认过" in second.text
    assert "已经确认过" in opened.text
    assert "我已收到" not in opened.text
    called_one.refresh_from_db()
    assert (called_one.state, called_one.how) == (RecipientState.CONFIRMED, "link")
    assert Entry.objects.filter(event="message.callout.confirmed").count() == 1


def test_many_at_once_are_one_batch_or_a_few(world: World) -> None:
    people = [
        hold(world.town, "grid_member", f"甲{number}", f"1000000{number:04}", code=f"P{number}")
        for number in range(1)
    ]
    people += [
        hold(world.town, kind, kind, f"100000001{n}")
        for n, kind in enumerate(("party_first", "government_first"), 10)
    ]
    callout = call(world)
    several = [recipient(callout, person) for person in people]
    pages = ask("POST", *(link_of(one) for one in several), *(link_of(one) for one in several))
    assert {page.status_code for page in pages} == {200}
    assert not Recipient.unscoped.filter(callout=callout, person__isnull=False, state=0).exists()


def test_a_stand_in_s_link_says_whose_answer_it_was(called_one: Recipient) -> None:
    ask("POST", link_of(called_one, of_stand_in=True))
    called_one.refresh_from_db()
    assert called_one.how == "stand_in"


def test_a_guessed_link_and_one_that_never_was_look_the_same(called_one: Recipient) -> None:
    guessed = link_of(called_one)[:-1] + ("a" if not link_of(called_one).endswith("a") else "b")
    never = selectors.get_link(called_one.pk + 1000)
    pages = ask("POST", guessed, never, f"{link_of(called_one).rsplit('/', 1)[0]}/")
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    called_one.refresh_from_db()
    assert called_one.state == RecipientState.PENDING


def test_a_link_shows_nothing_a_week_after_the_end(called_one: Recipient) -> None:
    confirm(called_one)
    Recipient.unscoped.filter(callout=called_one.callout).exclude(pk=called_one.pk).delete()
    now = opener().now()
    for ended_at, status in ((now - timedelta(days=6), 200), (now - timedelta(days=8), 404)):
        Callout.unscoped.filter(pk=called_one.callout_id).update(ended_at=ended_at, state="stopped")
        (page,) = ask("GET", link_of(called_one))
        assert page.status_code == status


def test_after_the_end_nobody_need_confirm(called_one: Recipient) -> None:
    Callout.unscoped.update(state="stopped", ended_at=opener().now())
    (page,) = ask("POST", link_of(called_one))
    assert "叫应已结束" in page.text
    called_one.refresh_from_db()
    assert called_one.state == RecipientState.PENDING


def test_a_drill_says_so(world: World) -> None:
    person = hold(world.town, "party_first", "王秀兰", "10000000001")
    exercise = Exercise.objects.create(name="演练", clock=Clock.objects.create())
    one = recipient(call(world, ctx=opener(exercise)), person)
    (page,) = ask("GET", link_of(one))
    assert "演练" in page.text
    (page,) = ask("POST", link_of(one))
    assert "已确认" in page.text


def test_what_a_title_says_is_text_and_no_markup(world: World) -> None:
    person = hold(world.town, "party_first", "王秀兰", "10000000001")
    one = recipient(call(world, title="<b>暴雨</b> \x01unit\x02"), person)
    (page,) = ask("GET", link_of(one))
    assert "&lt;b&gt;" in page.text


def test_a_link_is_kept_by_nobody_on_the_way(called_one: Recipient) -> None:
    (page,) = ask("GET", link_of(called_one))
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text


def test_while_the_database_is_away_it_says_that_nothing_was_noted(
    called_one: Recipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_asked: object) -> list[object]:
        raise OperationalError

    monkeypatch.setattr(answers, "answers", answers.Gatherer(away, most=5, patience=5))
    (page,) = ask("POST", link_of(called_one))
    assert page.status_code == 503
    assert "还没有记下" in page.text


def test_it_speaks_english_to_whom_does(called_one: Recipient) -> None:
    (page,) = ask("GET", link_of(called_one), language="en-GB,en;q=0.9")
    assert 'lang="en"' in page.text


def test_other_methods_and_other_addresses_are_refused(called_one: Recipient) -> None:
    (answer,) = ask("PUT", link_of(called_one))
    assert answer.status_code == 405
    (answer,) = ask("GET", "https://x/elsewhere")
    assert answer.status_code == 404
    (answer,) = ask("GET", "https://x/gateway/sms-1/events")
    assert answer.status_code == 405
    (alive,) = ask("GET", "https://x/-/alive")
    assert alive.status_code == 200


def test_a_callback_without_a_seal_is_refused(called_one: Recipient) -> None:
    del called_one
    (answer,) = ask("POST", "https://x/gateway/sms-1/events")
    assert answer.status_code == 401
