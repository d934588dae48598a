"""A unit's seat and area: uploaded, refused with the reason, shown and downloaded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from anlan.kernel.models import Entry
from anlan.organisation.unit import forms
from anlan.organisation.unit.models import UnitProfile
from tests.cast import enter

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

    from tests.cast import World

pytestmark = pytest.mark.django_db
SQUARE = [[117.0, 39.0], [117.1, 39.0], [117.1, 39.1], [117.0, 39.1], [117.0, 39.0]]
BOW_TIE = [[117.0, 39.0], [117.1, 39.1], [117.1, 39.0], [117.0, 39.1], [117.0, 39.0]]
SOURCE = "勘界资料（2023 年）"


@pytest.fixture
def editor(world: World, door: Client) -> Client:
    enter(door, world.person("editor", "security_administrator", world.district))
    return door


def polygon(ring: Any) -> bytes:
    return json.dumps({"type": "Polygon", "coordinates": [ring]}).encode()


def send(editor: Client, world: World, content: bytes | None = None, **given: str) -> HttpResponse:
    file = {} if content is None else {"area": SimpleUploadedFile("area.geojson", content)}
    answer: HttpResponse = editor.post(reverse("unit_place", args=[world.town.pk]), {**given, **file})
    return answer


def profile(world: World) -> UnitProfile | None:
    return UnitProfile.unscoped.filter(unit=world.town).first()


def test_an_area_is_uploaded_shown_and_downloaded(editor: Client, world: World) -> None:
    given = {"seat": "117.05,39.05", "source": SOURCE, "is_sketch": "on"}
    assert send(editor, world, polygon(SQUARE), **given).status_code == 302
    kept = profile(world)
    assert kept is not None
    assert kept.area.num_points == len(SQUARE)
    assert kept.seat.coords == (117.05, 39.05)
    entry = Entry.objects.get(event="organisation.unit.described")
    assert entry.data["fields"] == ["area", "is_sketch", "seat", "source"]

    page = editor.get(reverse("unit_detail", args=[world.town.pk])).content.decode()
    assert "<path d=" in page
    assert "示意，非法定边界" in page
    assert "117.05000°E 39.05000°N" in page
    answer = editor.get(reverse("unit_area", args=[world.town.pk]))
    told = json.loads(answer.content)
    assert told["geometry"]["coordinates"] == [[SQUARE]]
    assert told["properties"] == {"code": "T-1-1-1", "name": "甲一镇", "is_sketch": True, "source": SOURCE}
    assert "attachment" in answer.headers["Content-Disposition"]


def test_an_area_that_is_not_sent_stays(editor: Client, world: World) -> None:
    send(editor, world, polygon(SQUARE), source=SOURCE)
    assert send(editor, world, seat="117.06,39.06", source=SOURCE).status_code == 302
    kept = profile(world)
    assert kept is not None
    assert kept.area is not None
    assert send(editor, world, drop_area="on", source=SOURCE).status_code == 302
    gone = profile(world)
    assert gone is not None
    assert (gone.area, gone.source) == (None, "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "读不懂"),
        (polygon(BOW_TIE), "边线自相交，在经度 117.05、纬度 39.05"),
        (polygon([[y, x] for x, y in SQUARE]), "写反了"),
        (b'{"type": "Point", "coordinates": [117, 39]}', "文件里有 Point"),
    ],
)
def test_a_wrong_file_is_told_at_its_field_and_what_was_typed_stays(
    editor: Client, world: World, content: bytes, said: str
) -> None:
    page = send(editor, world, content, source=SOURCE, seat="117.05,39.05").content.decode()
    assert said in page
    assert SOURCE in page
    assert "117.05,39.05" in page
    assert profile(world) is None


def test_a_file_has_a_greatest_size(editor: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "MOST_BYTES", 10)
    assert "超过" in send(editor, world, polygon(SQUARE), source=SOURCE).content.decode()


def test_an_area_needs_a_source(editor: Client, world: World) -> None:
    assert "请写明范围的来源" in send(editor, world, polygon(SQUARE)).content.decode()
    assert profile(world) is None
