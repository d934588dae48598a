"""One's own long tasks: how far they are, what came of them, and how they are cancelled."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from anlan.kernel import tasks
from anlan.kernel.clock import real_now
from anlan.kernel.models import Clock, Exercise, LongTask
from anlan.kernel.terms import TaskState
from anlan.site.pages.tasks import Shown

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import World

FIGURES = {"rows": _("导入行数"), "wrong": _("没有导入的行")}


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = tasks.Declared(_("导入名册"), lambda _ctx, _arguments, _progress: {}, FIGURES)
    monkeypatch.setitem(tasks._by_kind, "test.import", kind)


@pytest.fixture
def officer(world: World, door: Client) -> Client:
    door.force_login(world.officer)
    return door


def task_of(world: World, **fields: Any) -> LongTask:
    return LongTask.objects.create(kind="test.import", asked_by=world.officer, **fields)


def running(world: World, **fields: Any) -> LongTask:
    begun_at = real_now() - timedelta(seconds=60)
    return task_of(world, state=TaskState.RUNNING, begun_at=begun_at, **fields)


def text_of(door: Client, name: str, *arguments: Any, query: str = "", **headers: str) -> str:
    response = door.get(reverse(name, args=arguments) + query, headers=headers)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_nothing_asked_for_yet_says_what_this_page_is_for(officer: Client) -> None:
    page = text_of(officer, "task_list")
    assert "还没有后台任务" in page
    assert "every 1s" not in page


def test_a_running_task_shows_how_far_it_is_and_what_is_left(world: World, officer: Client) -> None:
    task = running(world, done=1_250, total=5_000)
    for page in (text_of(officer, "task_list"), text_of(officer, "task_detail", task.pk)):
        assert "25%，1,250/5,000，大约还要 3 分钟" in page
        assert 'value="1250"' in page
        assert "every 1s" in page


def test_what_is_left_is_not_guessed_too_early(world: World) -> None:
    early = running(world, done=1, total=100)
    early.begun_at = real_now()
    assert Shown(early).progress == "1%，1/100"
    assert Shown(running(world)).progress == ""
    assert Shown(running(world, done=7)).progress == "已完成 7 项"
    assert Shown(running(world, done=120, total=100)).progress == "100%，120/100"


def test_nothing_is_said_of_what_is_left_once_it_is_being_stopped(world: World) -> None:
    stopping = running(world, done=25, total=100, cancelled_at=real_now())
    assert Shown(stopping).progress == "25%，25/100"


def test_the_fragment_is_fetched_while_something_is_under_way_and_no_longer(
    world: World, officer: Client
) -> None:
    task = running(world)
    parts = (("task_list",), ("task_detail", task.pk))
    for name, *arguments in parts:
        part = text_of(officer, name, *arguments, **{"HX-Request": "true"})
        assert "every 1s" in part
        assert "<html" not in part
    LongTask.objects.update(state=TaskState.DONE, ended_at=real_now())
    for name, *arguments in parts:
        assert "every 1s" not in text_of(officer, name, *arguments, **{"HX-Request": "true"})


def test_an_ended_task_shows_its_declared_figures_and_where_to_go_on(world: World, officer: Client) -> None:
    result = {
        "rows": 12_345,
        "wrong": ["第 3 行", "第 9 行"],
        "secret": "kept-to-itself",
        "url": "/organisation/units/",
    }
    task = task_of(world, state=TaskState.DONE, ended_at=real_now(), result=result)
    page = text_of(officer, "task_detail", task.pk)
    assert "导入行数" in page
    assert "12,345" in page
    assert "第 9 行" in page
    assert 'href="/organisation/units/"' in page
    assert "kept-to-itself" not in page
    assert "导入行数 12,345" in text_of(officer, "task_list")


def test_a_failed_task_says_why(world: World, officer: Client) -> None:
    task = task_of(world, state=TaskState.FAILED, ended_at=real_now(), error="文件已被移除。")
    assert "文件已被移除。" in text_of(officer, "task_list")
    assert "文件已被移除。" in text_of(officer, "task_detail", task.pk)


def test_a_task_of_an_exercise_is_marked(world: World, officer: Client) -> None:
    drill = Exercise.objects.create(name="防汛演练", clock=Clock.objects.create())
    task = running(world, exercise=drill)
    assert "演练：防汛演练" in text_of(officer, "task_detail", task.pk)
    assert "演练" in text_of(officer, "task_list", **{"HX-Request": "true"})


def test_cancelling_is_asked_about_first_and_then_said(world: World, officer: Client) -> None:
    task = running(world)
    assert "data-open" not in text_of(officer, "task_detail", task.pk)
    assert "data-open" in text_of(officer, "task_detail", task.pk, query="?cancel")
    page = officer.post(reverse("task_cancel", args=[task.pk]), follow=True).content.decode()
    assert "已要求取消，任务在下一步停下。" in page
    assert "正在取消" in page
    assert reverse("task_cancel", args=[task.pk]) not in page


def test_a_waiting_task_is_cancelled_before_it_begins(world: World, officer: Client) -> None:
    task = task_of(world)
    page = officer.post(reverse("task_cancel", args=[task.pk]), follow=True).content.decode()
    assert "已取消，任务没有开始。" in page


def test_cancelling_twice_or_too_late_is_answered_on_the_page(world: World, officer: Client) -> None:
    twice = running(world, cancelled_at=real_now())
    late = task_of(world, state=TaskState.DONE, ended_at=real_now())
    for task, said in ((twice, "正在停下"), (late, "已经结束")):
        response = officer.post(reverse("task_cancel", args=[task.pk]), follow=True)
        assert response.status_code == 200
        assert said in response.content.decode()


def test_older_ones_are_a_page_away_and_a_wrong_place_is_not_found(world: World, officer: Client) -> None:
    for row in range(21):
        task_of(world, state=TaskState.FAILED, ended_at=real_now(), error=f"第{row:02}件")
    page = text_of(officer, "task_list")
    assert "第01件" in page
    assert "第00件" not in page
    older = LongTask.objects.get(error="第01件").pk
    assert f"?before={older}" in page
    assert "第00件" in text_of(officer, "task_list", query=f"?before={older}")
    assert officer.get(reverse("task_list") + "?before=x").status_code == 404


def test_a_kind_that_is_gone_is_still_listed(world: World, officer: Client) -> None:
    task_of(world, state=TaskState.DONE, ended_at=real_now())
    LongTask.objects.update(kind="gone.work")
    assert "gone.work" in text_of(officer, "task_list")
