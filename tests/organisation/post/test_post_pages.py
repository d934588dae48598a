"""Posts on pages: who holds them on the unit's and the person's page, acts one click away, wrong input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from anlan.kernel.register import acts
from anlan.organisation.post.models import Absence, Post, Posting
from anlan.organisation.post.register import POSTS
from tests.organisation.people import make_person
from tests.organisation.posts import NODE, appoint, make_post

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import World


@pytest.fixture
def head(world: World, door: Client) -> Client:
    door.force_login(world.person("head", "unit_head", world.town))
    return door


def text(door: Client, name: str, *args: object) -> str:
    return door.get(reverse(name, args=args)).content.decode()


def test_a_unit_s_page_shows_posts_holders_and_vacancies_in_words(world: World, head: Client) -> None:
    make_post(world.town)
    appoint(make_post(world.town, "party_first"), make_person(world.town, "王秀兰"))
    page = text(head, "unit_detail", world.town.pk)
    assert "空缺" in page
    assert "王秀兰" in page
    assert "按规定应设而未设：" in page


def test_the_list_of_posts_leads_to_the_vacancies_and_these_say_who_founds_posts(
    world: World, head: Client
) -> None:
    assert reverse("post_vacancies") in text(head, "post_list")
    assert "由有“维护岗位”权限的人" in text(head, "post_vacancies")
    head.force_login(world.person("keeper", "security_administrator", world.town))
    assert "按规定补设岗位" in text(head, "post_vacancies")


def test_one_is_appointed_from_the_list_of_vacancies(world: World, head: Client) -> None:
    post, person = make_post(world.town), make_person(world.town, "王秀兰")
    assert reverse("post_appoint", args=[post.pk]) in text(head, "post_vacancies")
    address = reverse("post_appoint", args=[post.pk])
    assert "checked" in head.get(f"{address}?person={person.pk}").content.decode()
    for expected in ("已任命", "已在这个岗位上"):
        page = head.post(address, {"person": person.pk}, follow=True).content.decode()
        assert expected in page
    assert Posting.unscoped.count() == 1
    assert "联络员" in text(head, "person_detail", person.pk)


def test_nobody_chosen_is_told_at_the_field_and_the_rest_stays(world: World, head: Client) -> None:
    post = make_post(world.town)
    given = {"until_at": "2030-01-02T03:04", "person_words": "王"}
    page = head.post(reverse("post_appoint", args=[post.pk]), given).content.decode()
    assert "请查找并选定" in page or "必填" in page
    assert "2030-01-02T03:04" in page


def test_an_absence_is_reported_and_ended_on_the_person_s_page(world: World, head: Client) -> None:
    person, other = make_person(world.town), make_person(world.town, "王秀兰")
    appoint(make_post(world.town), person)
    given = {"reason": "leave", "from_at": "2020-01-01T08:00", "until_at": "", "stand_in": other.pk}
    page = head.post(reverse("absence_report", args=[person.pk]), given, follow=True).content.decode()
    assert "由王秀兰代班" in page
    assert "请假，由王秀兰代班" in text(head, "unit_detail", world.town.pk)
    end = reverse("absence_end", args=[Absence.unscoped.get().pk])
    assert "已销假" in head.post(end, follow=True).content.decode()


def test_a_stand_in_and_an_end_are_one_click_from_the_post(world: World, head: Client) -> None:
    post, person = make_post(world.town), make_person(world.town)
    address = reverse("post_stand_in", args=[post.pk])
    assert address in text(head, "post_detail", post.pk)
    assert "第 1 替补" in head.post(address, {"person": person.pk}, follow=True).content.decode()
    end = reverse("posting_end", args=[Posting.unscoped.get().pk])
    assert end in text(head, "post_detail", post.pk)
    assert "已免去" in head.post(end, follow=True).content.decode()
    assert "该任职已经结束" in head.post(end, follow=True).content.decode()
    assert "该请假已经结束" not in head.get(reverse("post_detail", args=[post.pk])).content.decode()


def test_a_post_retired_meanwhile_gives_the_form_back_with_what_was_chosen(
    world: World, head: Client
) -> None:
    post, person = make_post(world.town), make_person(world.town, "王秀兰")
    acts.retire_record(NODE, POSTS, post.pk, reason="撤岗")
    given = {"person": person.pk, "until_at": "2030-01-02T03:04"}
    answer = head.post(reverse("post_appoint", args=[post.pk]), given)
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "刚刚有了变更" in shown
    assert "停用" in shown
    assert "2030-01-02T03:04" in shown
    assert "王秀兰" in shown


def test_a_post_that_is_there_already_is_told_at_the_form(world: World, door: Client) -> None:
    door.force_login(world.person("keeper", "security_administrator", world.town))
    given = {"unit": world.town.pk, "kind": "liaison", "name": "", "seats": "1", "required": "on"}
    assert door.post(reverse("post_create"), given).status_code == 302
    assert "已有相同编号或名称的记录" in door.post(reverse("post_create"), given).content.decode()
    assert Post.unscoped.count() == 1


def test_an_office_s_page_shows_the_four_with_their_proof(world: World, head: Client) -> None:
    from anlan.kernel.seeds import plant_unit  # noqa: PLC0415 - only here

    office = plant_unit(None, "河西镇应急办", "office", world.town)
    assert "还没有核对过" in text(head, "unit_detail", office.pk)
    given = {"body": "编发〔2026〕1号", "duties": "", "establishment": "", "staff": ""}
    page = head.post(reverse("office_check", args=[office.pk]), given, follow=True).content.decode()
    assert "编发〔2026〕1号" in page
    assert "还有未落实的项" in page
