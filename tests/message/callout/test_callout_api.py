"""Callouts over the programming interface: what the board shows, masked as there, and what one does at it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from anlan.kernel import tokens
from anlan.kernel.clock import real_now
from anlan.kernel.models import Entry, Grant, Role
from anlan.message.callout import services
from anlan.message.callout.models import Callout, Recipient
from tests.cast import acting, enter, make_machine
from tests.message.callouts import call, confirm, hold, make_village, opener, recipient
from tests.organisation.people import make_contact

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

    from tests.cast import World

CALLOUTS = "/api/v1/callouts"
PRIVATE = "10000000077"


@pytest.fixture
def duty(world: World, door: Client) -> Client:
    enter(door, world.officer)
    return door


def read(door: Client, path: str = "", **asked: Any) -> Any:
    answer = door.get(f"{CALLOUTS}{path}", asked)
    assert answer.status_code == 200, answer.content.decode()
    return answer.json()


def post(door: Client, path: str, given: object, **headers: str) -> HttpResponse:
    return door.post(f"{CALLOUTS}{path}", given, content_type="application/json", headers=headers)


def problem(answer: HttpResponse, status: int, code: str) -> str:
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    return str(answer.json()["detail"])


def test_what_runs_comes_first_and_pages_follow_each_other(world: World, duty: Client) -> None:
    hold(world.town, "party_first", "王秀兰", "10000000001")
    running = [call(world, title=title) for title in ("一", "二")]
    stopped = services.stop_callout(opener(), call(world, title="三").pk, reason="误发")
    wanted = [str(one.pk) for one in (*reversed(running), stopped)]
    met, after = [], ""
    while True:
        page = read(duty, after=after, limit=1)
        met += [one["id"] for one in page["items"]]
        if not (after := page["next"]):
            break
    assert met == wanted
    assert [one["title"] for one in read(duty, state="stopped")["items"]] == ["三"]
    assert read(duty)["items"][0]["states"] == {"pending": 2, "unreachable": 0, "confirmed": 0, "visited": 0}


@pytest.mark.parametrize("asked", [{"state": "gone"}, {"after": "x"}, {"after": "-1"}, {"limit": 0}])
def test_what_no_list_knows_is_told(duty: Client, asked: dict[str, Any]) -> None:
    problem(duty.get(CALLOUTS, asked), 422, "bad_input")


def test_one_has_its_counts_by_state_way_and_unit_the_worst_first(world: World, duty: Client) -> None:
    village = make_village(world.town, 1, "河西村")
    quick = hold(world.town, "party_first", "王秀兰", "10000000001")
    slow = hold(village, "party_first", "李建国", "10000000002")
    callout = call(world)
    confirm(recipient(callout, quick))
    services.record_visit(acting(world.officer), recipient(callout, slow).pk, words="当面告知")
    whole = read(duty, f"/{callout.pk}")
    assert (whole["state"], whole["ended_at"], len(whole["begun_at"])) == ("running", None, 1)
    assert whole["hows"] == {"link": 1, "visit": 1}
    assert whole["states"] == {"pending": 1, "unreachable": 0, "confirmed": 1, "visited": 1}
    assert [(one["unit__name"], one["open"]) for one in whole["units"]] == [("甲区", 1), ("甲一镇", 0)]
    assert whole["units"][1]["has_parts"]
    parts = read(duty, f"/{callout.pk}", unit_id=world.town.pk)["units"]
    assert [one["unit__name"] for one in parts] == ["甲一镇", "河西村"]
    problem(duty.get(f"{CALLOUTS}/{callout.pk}", {"unit_id": world.neighbour_town.pk}), 404, "not_found")


def test_people_are_shown_as_on_the_board_with_private_numbers_masked(world: World, duty: Client) -> None:
    person = hold(world.town, "party_first", "王秀兰", "10000000001")
    make_contact(person, PRIVATE, private=True)
    callout = call(world)
    line, one = read(duty, f"/{callout.pk}/people", state="pending")["items"]
    assert (line["name"], line["post"], line["unit__name"]) == ("", "duty_line", "甲区")
    assert (one["name"], one["post"], one["rung"], one["how"]) == ("王秀兰", "party_first", 1, "")
    shown = [line["shown"] for line in one["lines"]]
    assert "10000000001" in shown
    assert PRIVATE not in shown
    assert len(shown) == 2
    confirm(recipient(callout, person))
    assert [one["name"] for one in read(duty, f"/{callout.pk}/people", state="pending")["items"]] == [""]
    (one,) = read(duty, f"/{callout.pk}/people", state="confirmed")["items"]
    assert (one["how"], bool(one["ended_at"])) == ("link", True)


def test_a_town_meets_its_own_people_alone(world: World, door: Client) -> None:
    hold(world.town, "party_first", "王秀兰", "10000000001")
    callout = call(world)
    enter(door, world.clerk)
    whole = read(door, f"/{callout.pk}")
    assert [one["unit__name"] for one in whole["units"]] == ["甲一镇"]
    assert sum(whole["states"].values()) == 1
    assert [one["name"] for one in read(door, f"/{callout.pk}/people")["items"]] == ["王秀兰"]


def test_one_is_opened_as_on_the_page(world: World, duty: Client) -> None:
    hold(world.town, "party_first", "王秀兰", "10000000001")
    given = {
        "unit_id": world.district.pk,
        "purpose": "notice",
        "title": "开会通知",
        "body": "今晚八点视频会商",
        "area_ids": [world.town.pk],
    }
    answer = post(duty, "", given)
    assert answer.status_code == 201
    callout = Callout.unscoped.get()
    assert answer.json()["id"] == str(callout.pk)
    assert (
        callout.texts["sms"][1] == "{name}：开会通知。今晚八点视频会商。请立即确认：{link} 或回复 {reply}。"
    )
    assert Entry.objects.get(event="message.callout.opened").actor == world.officer


def test_what_is_wrong_with_it_is_told_by_field_and_nobody_is_called(world: World, duty: Client) -> None:
    given = {"unit_id": world.neighbour_district.pk, "purpose": "warning", "title": "{甲}", "body": "乙"}
    said = problem(post(duty, "", given), 422, "bad_input")
    assert all(name in said for name in ("body.unit_id", "body.title", "body.colour"))
    given |= {"unit_id": world.district.pk, "purpose": "end", "title": "甲"}
    assert "body.purpose" in problem(post(duty, "", given), 422, "bad_input")
    problem(post(duty, "", {**given, "purpose": "notice", "more": 1}), 422, "bad_input")
    assert not Callout.unscoped.exists()


def test_confirming_and_visits_need_words_and_count_once(world: World, duty: Client) -> None:
    people = [hold(world.town, kind, "王秀兰") for kind in ("party_first", "government_first")]
    first, second = (recipient(call(world, title=str(number)), one) for number, one in enumerate(people))
    path = f"/people/{first.pk}/confirm"
    problem(post(duty, path, {"reason": " "}), 422, "bad_input")
    told = post(duty, path, {"reason": "电话中确认"}).json()
    assert (told["state"], told["how"], told["ended_by"]) == ("confirmed", "on_behalf", "officer")
    problem(post(duty, path, {"reason": "再来"}), 409, "state_conflict")
    told = post(duty, f"/people/{second.pk}/visit", {"words": "当面告知"}).json()
    assert (told["state"], told["how"]) == ("visited", "visit")


def test_it_is_stopped_with_a_reason_once(world: World, duty: Client) -> None:
    hold(world.town, "party_first", "王秀兰", "10000000001")
    callout = call(world)
    told = post(duty, f"/{callout.pk}/stop", {"reason": "误发"}).json()
    assert (told["state"], told["states"]["pending"]) == ("stopped", 2)
    problem(post(duty, f"/{callout.pk}/stop", {"reason": "再按"}), 409, "state_conflict")


def test_a_machine_that_may_only_open_opens_and_is_told_how_many(world: World, door: Client) -> None:
    hold(world.town, "party_first", "王秀兰", "10000000001")
    machine = make_machine("command-system")
    Grant.objects.create(user=machine, role=Role.objects.get(code="duty_officer"), scope_root=world.district)
    until = real_now() + timedelta(days=1)
    scopes = ["message.callout.open"]
    secret = tokens.issue_token(
        acting(world.administrator), machine.pk, name="t", scopes=scopes, expires_at=until
    )[1]
    bearer = {"Authorization": f"Bearer {secret}"}
    given = {"unit_id": world.district.pk, "purpose": "reach_test", "title": "测试", "body": "请确认"}
    answer = post(door, "", given, **bearer)
    assert answer.status_code == 201
    assert sum(answer.json()["states"].values()) == Recipient.unscoped.count() > 1
    assert Entry.objects.get(event="message.callout.opened").data["by_token"]
    assert door.get(CALLOUTS, headers=bearer).status_code == 403
