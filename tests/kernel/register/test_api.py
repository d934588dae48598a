"""A register over the programming interface: pages, changes, conflicts, masked data, wrong input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.gis.geos import Point

from anlan.kernel.models import Entry
from rooms.prevent.hydrant.models import Hydrant
from tests.prevent.hydrant.hydrants import hydrant

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

    from anlan.kernel.models import User
    from tests.cast import World

pytestmark = pytest.mark.django_db
ALL = "/api/v1/hydrants"
PHONE, MASKED = "13800001234", "138••••1234"


@pytest.fixture
def client_of_keeper(door: Client, keeper: User) -> Client:
    door.force_login(keeper)
    return door


def send(door: Client, method: str, address: str, **data: Any) -> HttpResponse:
    answer: HttpResponse = getattr(door, method)(address, data, content_type="application/json")
    return answer


def of(record: Hydrant, act: str = "") -> str:
    return f"{ALL}/{record.pk}{act and '/'}{act}"


def test_the_list_is_paged_to_its_end_without_gap_or_repetition(
    client_of_keeper: Client, world: World
) -> None:
    for number in range(7):
        hydrant(world.town, f"街{number % 3}")
    names, after = [], ""
    while True:
        page = client_of_keeper.get(ALL, {"limit": 2, "after": after}).json()
        names += [(one["name"], one["id"]) for one in page["items"]]
        after = page["next"]
        if not after:
            break
    assert names == sorted(names)
    assert len(set(names)) == 7


def test_filters_words_unit_and_state_narrow_it(client_of_keeper: Client, world: World) -> None:
    east = hydrant(world.town, "东街", kind="indoor")
    hydrant(world.district, "西街")
    hydrant(world.neighbour_town, "东门", kind="indoor")
    for asked in ({"kind": "indoor"}, {"q": "dj"}, {"unit": world.town.pk}):
        items = client_of_keeper.get(ALL, asked).json()["items"]
        assert [one["id"] for one in items] == [str(east.pk)]
    assert client_of_keeper.get(ALL, {"use": "retired"}).json() == {"items": [], "next": ""}
    assert client_of_keeper.get(ALL, {"unit": world.neighbour_town.pk}).status_code == 404


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"limit": 501}, "limit"),
        ({"limit": 0}, "limit"),
        ({"kind": "spring"}, "kind"),
        ({"sort": "note"}, "sort"),
        ({"after": "nonsense"}, "after"),
        ({"use": "lost"}, "use"),
        ({"unit": "town"}, "unit"),
    ],
)
def test_what_is_asked_wrongly_is_told_by_name(
    client_of_keeper: Client, asked: dict[str, Any], named: str
) -> None:
    answer = client_of_keeper.get(ALL, asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
    assert named in answer.json()["detail"]


def test_a_record_is_made_read_and_changed(client_of_keeper: Client, world: World) -> None:
    given = {
        "unit_id": world.town.pk, "code": "A-1", "name": "东街", "uses": ["fire"], "bore_mm": "65.5",
        "place": [117.05, 39.38], "keeper_phone": PHONE, "works": False, "checked_on": "2026-01-31",
    }  # fmt: skip
    made = send(client_of_keeper, "post", ALL, **given)
    assert made.status_code == 201, made.content
    record = Hydrant.unscoped.get()
    assert (record.kind, record.place, record.uses) == ("street", Point(117.05, 39.38, srid=4326), ["fire"])
    shown = client_of_keeper.get(of(record)).json()
    assert (shown["unit__name"], shown["place"], shown["keeper_phone"]) == ("甲一镇", [117.05, 39.38], MASKED)
    changed = send(client_of_keeper, "patch", of(record), version=1, name="东门", note=None)
    assert (changed.status_code, changed.json()["version"], changed.json()["name"]) == (200, 2, "东门")
    assert changed.json()["keeper_phone"] == MASKED
    record.refresh_from_db()
    assert (record.keeper_phone, record.checked_on.isoformat()) == (PHONE, "2026-01-31")


def test_who_read_an_older_version_meets_a_conflict(client_of_keeper: Client, world: World) -> None:
    record = hydrant(world.town)
    assert send(client_of_keeper, "patch", of(record), version=1, name="东门").status_code == 200
    late = send(client_of_keeper, "patch", of(record), version=1, name="西门")
    assert (late.status_code, late.json()["code"]) == (409, "state_conflict")
    record.refresh_from_db()
    assert record.name == "东门"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"name": ""}, "name"),
        ({"kind": "spring"}, "kind"),
        ({"pressure_kpa": "high"}, "pressure_kpa"),
        ({"pressure_kpa": -1}, "pressure_kpa"),
        ({"uses": ["wash"]}, "uses"),
        ({"place": [217, 39]}, "place"),
        ({"place": [1]}, "place"),
        ({"code": "小写"}, "code"),
        ({"unit_id": 10**12}, "unit_id"),
        ({"feeds_from_id": "no"}, "feeds_from_id"),
        ({"colour": "red"}, "colour"),
        ({"note": "a\0b"}, "note"),
    ],
)
def test_wrong_input_is_told_by_the_field_and_nothing_is_made(
    client_of_keeper: Client, world: World, given: dict[str, Any], named: str
) -> None:
    right = {"unit_id": world.town.pk, "code": "A-1", "name": "东街"}
    answer = send(client_of_keeper, "post", ALL, **right | given)
    assert answer.status_code == 422, answer.content
    assert named in answer.json()["detail"]
    assert not Hydrant.unscoped.exists()
    assert send(client_of_keeper, "post", ALL, **right).status_code == 201
    assert send(client_of_keeper, "post", ALL, **right).status_code == 409


def test_what_is_entered_once_cannot_be_changed(client_of_keeper: Client, world: World) -> None:
    record = hydrant(world.town)
    assert send(client_of_keeper, "patch", of(record), version=1, code="B-1").status_code == 422
    assert send(client_of_keeper, "patch", of(record), name="东门").status_code == 422


def test_retire_and_restore_want_a_reason_and_a_state(client_of_keeper: Client, world: World) -> None:
    record = hydrant(world.town)
    assert send(client_of_keeper, "post", of(record, "retire"), reason="").status_code == 422
    assert send(client_of_keeper, "post", of(record, "retire"), reason="拆除").json()["retired_at"]
    assert send(client_of_keeper, "post", of(record, "retire"), reason="拆除").status_code == 409
    assert client_of_keeper.get(ALL).json()["items"] == []
    assert send(client_of_keeper, "post", of(record, "restore")).json()["retired_at"] is None


def test_personal_data_is_shown_for_a_reason_only_and_that_is_written_down(
    client_of_keeper: Client, world: World
) -> None:
    record = hydrant(world.town, keeper_phone=PHONE)
    for answer in (client_of_keeper.get(ALL), client_of_keeper.get(of(record))):
        assert PHONE not in answer.content.decode()
        assert (answer.json().get("items") or [answer.json()])[0]["keeper_phone"] == MASKED
    for none in (" ", "a\0"):
        assert send(client_of_keeper, "post", of(record, "look"), reason=none).status_code == 422
    assert not Entry.objects.filter(event="prevent.hydrant.looked").exists()
    assert send(client_of_keeper, "post", of(record, "look"), reason="通知").json()["keeper_phone"] == PHONE
    assert Entry.objects.get(event="prevent.hydrant.looked").subject == str(record.pk)


def test_another_s_record_is_not_there(client_of_keeper: Client, world: World) -> None:
    theirs = hydrant(world.neighbour_town)
    for act in ("retire", "restore", "look"):
        assert send(client_of_keeper, "post", of(theirs, act), reason="甲").status_code == 404
    assert send(client_of_keeper, "patch", of(theirs), version=1, name="甲").status_code == 404
    assert client_of_keeper.get(of(theirs)).status_code == 404


@pytest.mark.parametrize("body", ["{", '{"reason": "a\\ud800b"}', "[" * 100_000])
def test_a_body_that_cannot_be_read_or_kept_is_told(
    client_of_keeper: Client, world: World, body: str
) -> None:
    address = of(hydrant(world.town), "retire")
    answer = client_of_keeper.post(address, body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_body")
    assert "JSON" in answer.json()["detail"]


@pytest.mark.parametrize(
    "moment", ["9999-12-31T23:59:00-12:00", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00"]
)
def test_a_moment_that_nobody_could_read_again_is_refused_and_breaks_no_list(
    client_of_keeper: Client, world: World, moment: str
) -> None:
    given = {"unit_id": world.town.pk, "code": "A-1", "name": "东街", "installed_at": moment}
    answer = send(client_of_keeper, "post", ALL, **given)
    assert (answer.status_code, "installed_at" in answer.json()["detail"]) == (422, True)
    assert client_of_keeper.get(ALL).json()["items"] == []
