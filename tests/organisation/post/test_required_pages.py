"""What units must have, on pages: the posts by rule with who lacks them, and the four of emergency offices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from anlan.kernel.models import Attachment, Obligation, Rule
from anlan.kernel.seeds import plant_unit
from anlan.organisation.post import selectors, terms
from anlan.organisation.post.models import OfficeCheck
from anlan.organisation.post.terms import NEEDED, PostKind
from tests.cast import acting, enter
from tests.organisation.people import make_person
from tests.organisation.posts import appoint, make_post

if TYPE_CHECKING:
    from django.test import Client

    from anlan.kernel.models import Unit
    from tests.cast import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(world: World, door: Client) -> Client:
    enter(door, world.person("head", "unit_head", world.district))
    return door


def text(door: Client, name: str, **asked: str) -> str:
    return door.get(reverse(name), asked).content.decode()


# --- posts that must be there -------------------------------------------------------------------------------------


def test_posts_that_must_be_there_are_counted_by_kind_and_by_unit(world: World) -> None:
    ctx = acting(world.officer)
    make_post(world.town)
    appoint(make_post(world.district), make_person(world.district))
    tally = selectors.count_by_kind(ctx, world.district)[PostKind.LIAISON]
    assert tally == (2, 0, 1)
    assert tally.filled == 1
    assert selectors.count_by_kind(ctx, world.district)[PostKind.PARTY_FIRST] == (2, 2, 0)
    parts = {part.name: part.tally for part in selectors.count_by_part(ctx, world.district)}
    assert parts == {"甲区": (4, 3, 0), "甲一镇": (4, 3, 1)}


def test_units_that_lack_nothing_are_left_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    liaison = next(one for one in NEEDED if one.kind == PostKind.LIAISON)
    monkeypatch.setattr(selectors, "NEEDED", (liaison,))
    appoint(make_post(world.district), make_person(world.district))
    found = selectors.count_by_part(acting(world.officer), world.district)
    assert [part.name for part in found] == ["甲一镇"]


def test_who_lacks_one_is_listed_with_the_way_to_fill_it(world: World, head: Client) -> None:
    post = make_post(world.town)
    page = text(head, "post_required", kind="liaison")
    assert "没有联络员的单位" in page
    assert reverse("post_appoint", args=[post.pk]) in page
    assert "武清政〔2014〕32号" in page
    assert "乙一镇" not in page
    appoint(post, make_person(world.town))
    assert reverse("post_appoint", args=[post.pk]) not in text(head, "post_required", kind="liaison")


def test_a_rule_holds_in_its_region_and_from_its_day_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx = acting(world.officer)
    liaison = next(one for one in NEEDED if one.kind == PostKind.LIAISON)
    monkeypatch.setattr(selectors, "NEEDED", (liaison._replace(region="T-1-1-1"),))
    assert selectors.count_by_kind(ctx, world.district) == {PostKind.LIAISON: (1, 1, 0)}
    assert [one.unit_name for one in selectors.list_missing(ctx)] == ["甲一镇"]
    late = liaison._replace(from_on=terms.date(2999, 1, 1))
    monkeypatch.setattr(selectors, "NEEDED", (late,))
    assert selectors.count_by_kind(ctx, world.district) == {}


# --- the four -----------------------------------------------------------------------------------------------------


@pytest.fixture
def office(world: World) -> Unit:
    return plant_unit(None, "甲一镇应急办", "office", world.town)


def check(head: Client, office: Unit, **proofs: str) -> OfficeCheck:
    answer = head.post(reverse("office_check", args=[office.pk]), proofs)
    assert answer.status_code == 302
    return OfficeCheck.unscoped.get(unit=office)


def test_each_office_shows_which_of_the_four_are_in_place_and_leads_to_the_proof(
    world: World, head: Client, office: Unit
) -> None:
    plant_unit(None, "乙一镇应急办", "office", world.neighbour_town)
    made = check(head, office, body="编发〔2026〕1号", staff="5 人")
    page = text(head, "office_list")
    assert "应核对 1 个单位，已核对 1 个，四项齐全 0 个" in page
    assert "乙一镇应急办" not in page
    assert f'href="{reverse("office_check_detail", args=[made.pk])}">编发〔2026〕1号' in page
    assert "甲一镇应急办" in text(head, "office_list", lacks="duties")
    assert "甲一镇应急办" in text(head, "office_list", lacks="any")
    assert "甲一镇应急办" not in text(head, "office_list", lacks="body")


def test_files_prove_the_four_beside_words(world: World, head: Client, office: Unit) -> None:
    made = check(head, office, body="见附件", duties="见附件", establishment="见附件", staff="见附件")
    file = SimpleUploadedFile("批复.txt", "关于设立应急办的批复".encode())
    address = reverse("attachments_of", args=["post.officecheck", str(made.pk)])
    assert head.post(address, {"file": file}).status_code in {200, 302}
    assert Attachment.objects.count() == 1
    page = head.get(reverse("office_check_detail", args=[made.pk])).content.decode()
    assert "批复.txt" in page
    assert "未落实" not in page
    assert not Obligation.unscoped.exists()


def test_other_units_are_checked_where_the_rule_names_their_kind(world: World, head: Client) -> None:
    assert head.get(reverse("office_check", args=[world.town.pk])).status_code == 404
    Rule.objects.create(
        code=selectors.FOUR_RULE,
        name="四落实",
        source="本地规定",
        from_on="2026-01-01",
        every="year",
        unit_kinds=["office", "township"],
    )
    assert head.get(reverse("office_check", args=[world.town.pk])).status_code == 200
    assert "甲一镇" in text(head, "office_list")
