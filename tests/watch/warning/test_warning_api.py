"""Warnings over the programming interface: as the pages show them, and to whom they are shared what was published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anlan.watch.warning import services
from tests.cast import acting, enter
from tests.message.callouts import hold
from tests.watch.warnings import NODE, draft, published, urgent

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import World

WARNINGS = "/api/v1/warnings"


def read(door: Client, path: str = "", **asked: Any) -> Any:
    answer = door.get(f"{WARNINGS}{path}", asked)
    assert answer.status_code == 200, answer.content.decode()
    return answer.json()


def test_what_is_in_force_comes_first_and_is_narrowed_as_on_the_page(world: World, door: Client) -> None:
    making = draft(world.district, "red", kind="暴雪").warning
    running = published(world.district, "blue").warning
    enter(door, world.officer)
    assert [one["id"] for one in read(door)["items"]] == [str(running.pk), str(making.pk)]
    (one,) = read(door, state="in_force", colour="blue", q="暴雨")["items"]
    assert (one["number"], one["colour"], one["headline"]) == (
        running.number,
        "blue",
        "试验市气象台发布暴雨蓝色预警[IV级/一般]",
    )
    page = read(door, limit=1)
    assert read(door, after=page["next"])["items"][0]["id"] == str(making.pk)
    for asked in ({"state": "x"}, {"colour": "x"}):
        assert door.get(WARNINGS, asked).json()["code"] == "bad_input"


def test_one_has_all_its_messages_and_its_callouts(world: World, door: Client) -> None:
    hold(world.town, "party_first", "王秀兰", "10000000001")
    issue = urgent(world.district, "red", acting(world.officer))
    enter(door, world.officer)
    whole = read(door, f"/{issue.warning_id}")
    (told,) = whole["issues"]
    assert (told["message_type"], told["state"], told["urgent"], told["countersigned"]) == (
        "alert",
        "published",
        True,
        False,
    )
    assert len(whole["callout_ids"]) == 1
    services.countersign_issue(acting(world.approver), issue.pk)
    (told,) = read(door, f"/{issue.warning_id}")["issues"]
    assert told["countersigned"]
    assert told["countersigned_at"] > told["published_at"]


def test_whom_it_is_shared_with_gets_what_was_published(world: World, door: Client) -> None:
    warning = published(world.district).warning
    services.draft_update(NODE, warning.pk, colour="red")
    enter(door, world.clerk)
    whole = read(door, f"/{warning.pk}")
    assert [one["colour"] for one in whole["issues"]] == ["blue"]
    assert "蓝色" in whole["headline"]
    enter(door, world.officer)
    assert [one["state"] for one in read(door, f"/{warning.pk}")["issues"]] == ["draft", "published"]
