"""Standing notices: who sees them when, who writes them, how they go away."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from anlan.kernel import notices
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, NotAllowed, StateConflict
from anlan.kernel.models import Entry
from tests.cast import acting

if TYPE_CHECKING:
    from datetime import datetime

    from django.test import Client

    from anlan.kernel.context import Context
    from anlan.kernel.models import NodeNotice
    from tests.cast import World

HOUR = timedelta(hours=1)


@pytest.fixture
def administrator(world: World) -> Context:
    return acting(world.administrator)


def post(ctx: Context, text: str = "今晚停机", level: int = 1, from_at: datetime | None = None) -> NodeNotice:
    until = max(from_at or real_now(), real_now()) + HOUR
    return notices.post_notice(ctx, text=text, level=level, from_at=from_at, until_at=until)


def page_of(door: Client) -> str:
    return door.get("/").content.decode()


def test_a_notice_stands_on_every_page_of_everybody_until_it_is_withdrawn(
    world: World, administrator: Context, door: Client
) -> None:
    posted = post(administrator)
    door.force_login(world.neighbour)
    assert "今晚停机" in page_of(door)
    notices.withdraw_notice(administrator, posted.pk)
    assert "今晚停机" not in page_of(door)


def test_nobody_sees_it_before_its_time_or_before_he_logs_in(
    world: World, administrator: Context, door: Client
) -> None:
    post(administrator, "明天停机", from_at=real_now() + HOUR)
    post(administrator, "今晚停机")
    assert "停机" not in door.get(reverse("account_login")).content.decode()
    door.force_login(world.clerk)
    assert "明天停机" not in page_of(door)
    assert "今晚停机" in page_of(door)


def test_what_matters_more_stands_above(administrator: Context) -> None:
    post(administrator, "一般", 1)
    post(administrator, "重要", 2)
    assert [notice.text for notice in notices.standing().notices] == ["重要", "一般"]


def test_a_reader_closes_it_for_himself_and_until_he_logs_in_again(
    world: World, administrator: Context, door: Client
) -> None:
    address = reverse("notice_close", args=[post(administrator).pk])
    door.force_login(world.clerk)
    assert door.post(address, {"next": "/units/"}).headers["Location"] == "/units/"
    assert "今晚停机" not in page_of(door)
    assert "今晚停机" not in door.post(address, headers={"HX-Request": "true"}).content.decode()
    door.logout()
    door.force_login(world.clerk)
    assert "今晚停机" in page_of(door)


def test_posting_and_withdrawing_are_journalled_with_the_text_kept_apart(administrator: Context) -> None:
    posted = post(administrator)
    notices.withdraw_notice(administrator, posted.pk)
    entries = Entry.objects.filter(subject_kind="kernel.nodenotice", subject=str(posted.pk)).order_by("pk")
    assert [entry.event for entry in entries] == ["kernel.node_notice.posted", "kernel.node_notice.withdrawn"]
    assert entries[0].private.get().text == "今晚停机"
    assert "今晚停机" not in str(entries[0].data)


def test_one_that_has_not_begun_is_withdrawn_for_good_and_only_once(administrator: Context) -> None:
    posted = post(administrator, from_at=real_now() + HOUR)
    notices.withdraw_notice(administrator, posted.pk)
    posted.refresh_from_db()
    assert not posted.is_shown_at(posted.from_at)
    with pytest.raises(StateConflict):
        notices.withdraw_notice(administrator, posted.pk)


def test_it_must_end_after_it_begins_and_later_than_now(administrator: Context) -> None:
    now = real_now()
    with pytest.raises(DomainError, match="失效时间已过"):
        notices.post_notice(administrator, text="x", level=1, from_at=None, until_at=now)
    with pytest.raises(DomainError, match="不晚于"):
        notices.post_notice(administrator, text="x", level=1, from_at=now + 2 * HOUR, until_at=now + HOUR)


def test_only_who_may_post_does(world: World) -> None:
    with pytest.raises(NotAllowed):
        post(acting(world.officer))


def test_a_wrong_end_is_told_at_its_field_and_what_was_written_stays(world: World, door: Client) -> None:
    door.force_login(world.administrator)
    form = {"text": "今晚停机维护", "level": "2", "until_at": "2020-01-01T08:00"}
    page = door.post(reverse("notice_post"), form).content.decode()
    assert "今晚停机维护" in page
    assert page.index('id="id_until_at_error"') > page.index('name="until_at"')
