"""The page of what is stuck: all is well, or what is wrong, why, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from anlan.kernel.clock import real_now
from anlan.kernel.models import Due
from tests.cast import enter

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import World

THERE = ("timer", "test.step:a/7")


def fail_timer() -> None:
    Due.objects.create(kind="test.step", key="a/7", at=real_now(), attempts=2, error="ValueError: <no>")


def test_nothing_stuck_says_that_all_is_well(world: World, door: Client) -> None:
    enter(door, world.administrator)
    assert "一切正常" in door.get(reverse("journal_stuck")).content.decode()


def test_what_is_stuck_is_shown_with_its_reason_escaped(world: World, door: Client) -> None:
    fail_timer()
    enter(door, world.administrator)
    page = door.get(reverse("journal_stuck")).content.decode()
    assert "ValueError: &lt;no&gt;" in page
    assert "一切正常" not in page


def test_giving_up_needs_a_reason(world: World, door: Client) -> None:
    fail_timer()
    enter(door, world.administrator)
    address = reverse("journal_stuck_drop", args=THERE)
    assert door.post(address, {"reason": "  "}).status_code == 200
    assert Due.objects.exists()
    assert door.post(address, {"reason": "对象已不存在"}).status_code == 302
    assert not Due.objects.exists()


def test_a_second_press_is_answered_clearly(world: World, door: Client) -> None:
    fail_timer()
    enter(door, world.administrator)
    address = reverse("journal_stuck_drop", args=THERE)
    door.post(address, {"reason": "对象已不存在"})
    for again in (address, reverse("journal_stuck_retry", args=THERE)):
        answer = door.post(again, {"reason": "对象已不存在"}, follow=True)
        assert answer.redirect_chain[-1][0] == reverse("journal_stuck")
        assert "它已不再受阻" in answer.content.decode()
