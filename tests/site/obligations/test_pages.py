"""Pages of obligations: what a reader finds on them, and what his acts do."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from anlan.kernel.clock import real_now
from anlan.kernel.models import Entry, Grant, Holiday, Obligation, PrivateNote, Role, Rule
from anlan.kernel.periods import end_of, local_date
from anlan.kernel.terms import ObligationState
from tests.owed import DAY, HOUR, make_duty, make_rule

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

    from anlan.kernel.models import User
    from tests.cast import World


def page(door: Client, user: User, address: str) -> str:
    door.force_login(user)
    answer = door.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def queries(door: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert door.get(address).status_code == 200
    return len(asked)


def state_of(duty: Obligation) -> str:
    return Obligation.unscoped.values_list("state", flat=True).get(pk=duty.pk)


# --- my work ------------------------------------------------------------------------------------------------------


def test_home_groups_my_work_by_urgency_and_offers_one_act_each(world: World, door: Client) -> None:
    now = real_now()
    tonight = end_of(local_date(now))
    late = make_duty(make_rule("a", name="报送续报"), world.town, now - HOUR)
    make_duty(
        make_rule("b", name="每日巡查", limit=None, every="day"), world.town, tonight, period="2026-07-20"
    )
    make_duty(
        make_rule("c", name="年度演练", limit=None, every="year"), world.town, tonight + DAY, period="2026"
    )
    make_duty(make_rule("d", name="上级的事"), world.district, now)
    shown = page(door, world.clerk, "/")
    places = [
        shown.index(text) for text in ("已逾期", "报送续报", "今天到期", "每日巡查", "以后", "年度演练")
    ]
    assert places == sorted(places)
    assert "上级的事" not in shown
    assert f"/obligations/fulfil/?id={late.pk}" in shown
    assert "2026年7月20日" in shown


def test_home_says_so_when_there_is_nothing_to_do(world: World, door: Client) -> None:
    assert "现在没有等您办的事" in page(door, world.clerk, "/")
    assert "现在没有等您办的事" in page(door, world.stranger, "/")


def test_home_leads_on_where_it_cannot_show_all(world: World, door: Client) -> None:
    rule = make_rule()
    for _number in range(51):
        make_duty(rule, world.town, real_now())
    assert "查看全部 51 项" in page(door, world.clerk, "/")


# --- lists --------------------------------------------------------------------------------------------------------


def test_a_list_can_be_of_one_record_alone(world: World, door: Client) -> None:
    rule = make_rule(name="报送续报")
    mine = make_duty(rule, world.town, real_now())
    make_duty(make_rule("b", name="另一件事"), world.district, real_now())
    address = f"/obligations/?whose=subtree&kind={mine.subject_kind}"
    shown = page(door, world.officer, f"{address}&about={mine.subject}")
    assert "只列一条记录的" in shown
    assert f"/obligations/{mine.pk}/" in shown
    assert "另一件事</a>" not in shown
    for nobody in ("7", "none"):
        assert "没有符合条件的履责事项" in page(door, world.officer, f"{address}&about={nobody}")


def test_a_list_asks_as_often_for_many_rows_as_for_one(world: World, door: Client) -> None:
    rule = make_rule()
    make_duty(rule, world.town, real_now())
    door.force_login(world.approver)
    addresses = ["/", "/obligations/?whose=subtree", "/obligations/board/", "/obligations/export.csv"]
    few = [queries(door, address) for address in addresses]
    for number in range(40):
        make_duty(rule, world.town, real_now() + HOUR * (number - 20))
    assert [queries(door, address) for address in addresses] == few
    assert max(few) <= 10


def test_the_next_page_goes_on_where_the_first_ended(world: World, door: Client) -> None:
    rule = make_rule()
    duties = [make_duty(rule, world.town, real_now() + HOUR * number) for number in range(60)]
    door.force_login(world.officer)
    first = door.get("/obligations/", {"whose": "subtree"})
    second = door.get(f"/obligations/{first.context['next']}")
    shown = [row.duty.pk for row in (*first.context["rows"], *second.context["rows"])]
    assert shown == [duty.pk for duty in duties]
    assert door.get(f"/obligations/{second.context['previous']}").context["rows"][0].duty.pk == duties[0].pk


def test_filters_stay_in_the_address(world: World, door: Client) -> None:
    make_rule()
    shown = page(door, world.officer, "/obligations/?whose=subtree&standing=ended&rule=report&state=waived")
    assert 'href="?standing=ended&amp;rule=report&amp;state=waived&amp;whose=mine"' in shown
    assert '<option value="report" selected>' in shown
    assert '<option value="waived" selected>' in shown


@pytest.mark.parametrize("query", ["whose=x&standing=y", "day=2026-13-01", "rule=x&kind=y", "unit=&after=x"])
def test_an_address_that_asks_wrongly_is_read_as_not_asking(world: World, door: Client, query: str) -> None:
    page(door, world.officer, f"/obligations/?{query}")
    page(door, world.officer, f"/obligations/calendar/?{query}&month=2026-99")


def test_a_unit_out_of_scope_is_not_found_in_any_filter(world: World, door: Client) -> None:
    door.force_login(world.officer)
    for part in ("", "board/", "counts/", "calendar/", "export.csv"):
        address = f"/obligations/{part}"
        assert door.get(address, {"unit": world.town.pk}).status_code == 200
        assert door.get(address, {"unit": world.neighbour_town.pk}).status_code == 404


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("/obligations/?whose=mine", "现在没有等您办的事"),
        ("/obligations/?whose=subtree", "没有待办的履责事项"),
        ("/obligations/?standing=overdue", "没有符合条件的履责事项"),
        ("/obligations/board/", "没有逾期的履责事项"),
        ("/obligations/calendar/?day=2026-07-20", "这一天没有到期的事项"),
        ("/obligations/rules/", "还没有履责规则"),
    ],
)
def test_an_empty_page_says_what_it_is_for(world: World, door: Client, address: str, says: str) -> None:
    Rule.objects.all().delete()
    assert says in page(door, world.officer, address)


def test_the_export_holds_the_list_and_nothing_a_spreadsheet_would_run(world: World, door: Client) -> None:
    rule = make_rule(name="=1+1")
    late = make_duty(
        rule, world.town, real_now() - DAY, state=ObligationState.FULFILLED, ended_at=real_now() - DAY + HOUR
    )
    make_duty(rule, world.neighbour_town, real_now(), state=ObligationState.FULFILLED, ended_at=real_now())
    door.force_login(world.officer)
    answer = door.get("/obligations/export.csv", {"whose": "subtree", "standing": "ended"})
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]  # a streamed answer
    _head, *rows = csv.reader(StringIO(text.removeprefix("\ufeff")))
    assert [(row[0], row[1][:5], row[3], row[7]) for row in rows] == [
        (str(late.pk), "'=1+1", "逾期办结", "1 小时")
    ]


def test_the_board_counts_and_shows_the_oldest_first(world: World, door: Client) -> None:
    rule = make_rule()
    newer = make_duty(rule, world.district, real_now() - HOUR)
    older = make_duty(rule, world.town, real_now() - DAY)
    make_duty(rule, world.neighbour_town, real_now() - DAY)
    page(door, world.officer, "/obligations/board/")
    shown = door.get("/obligations/board/").context
    assert shown["total"]["overdue"] == 2
    assert [row.duty for row in shown["rows"]] == [older, newer]
    assert shown["oldest_at"] == older.due_at


def test_the_counts_fetch_themselves_again_as_they_are_asked_for(world: World, door: Client) -> None:
    make_duty(make_rule(), world.town, real_now() - HOUR)
    shown = page(door, world.officer, f"/obligations/counts/?unit={world.town.pk}&month=2026-01")
    assert 'data-live-subject="kernel.obligation:*"' in shown
    assert f'hx-get="/obligations/counts/?unit={world.town.pk}&amp;month=2026-01"' in shown
    assert 'hx-select="#counts"' in shown


def test_the_calendar_shows_numbers_and_days_off_and_says_what_is_not_published(
    world: World, door: Client
) -> None:
    Holiday.objects.all().delete()
    Holiday.objects.create(on="2026-10-01", working=False, name="国庆节", source="通知")
    rule = make_rule()
    due_at = end_of(local_date(real_now()).replace(year=2026, month=10, day=1))
    make_duty(rule, world.town, due_at)
    shown = page(door, world.officer, "/obligations/calendar/?whose=subtree&month=2026-10")
    assert "国庆节" in shown
    assert "day=2026-10-01" in shown
    assert "未公布" not in shown
    assert "2031年的节假日安排未公布" in page(door, world.officer, "/obligations/calendar/?month=2031-02")
    the_day = page(door, world.officer, "/obligations/calendar/?whose=subtree&day=2026-10-01")
    assert rule.name in the_day


@pytest.mark.parametrize(
    "address",
    [
        "calendar/?month=0001-01",
        "calendar/?month=9999-12",
        "calendar/?day=0001-01-01",
        "counts/?month=9999-12",
        "?day=9999-12-31",
    ],
)
def test_a_day_at_the_ends_of_the_calendar_counts_as_not_asked(
    world: World, door: Client, address: str
) -> None:
    assert page(door, world.officer, f"/obligations/{address}")


# --- one obligation -----------------------------------------------------------------------------------------------


def test_a_record_offers_only_the_acts_of_its_state_and_its_reader(world: World, door: Client) -> None:
    duty = make_duty(make_rule(), world.town, real_now())
    address = f"/obligations/{duty.pk}/"
    leaders, clerks = page(door, world.approver, address), page(door, world.clerk, address)
    assert "/obligations/waive/" in leaders
    assert "/obligations/waive/" not in clerks
    assert "/obligations/fulfil/" in clerks
    assert "/obligations/resume/" not in leaders
    Obligation.unscoped.filter(pk=duty.pk).update(state=ObligationState.WITHDRAWN, ended_at=real_now())
    assert "/obligations/fulfil/" not in page(door, world.approver, address)


def test_a_rule_that_is_not_verified_says_so(world: World, door: Client) -> None:
    rule = make_rule(certain=False)
    duty = make_duty(rule, world.town, real_now())
    for address in (f"/obligations/{duty.pk}/", "/obligations/rules/", f"/obligations/rules/{rule.pk}/"):
        assert "待核实" in page(door, world.officer, address)


def test_what_was_written_stands_in_the_course_of_the_obligation(world: World, door: Client) -> None:
    duty = make_duty(make_rule(), world.town, real_now() - HOUR)
    door.force_login(world.approver)
    door.post("/obligations/urge/", {"id": duty.pk, "text": "今天 18:00 前反馈"})
    door.post("/obligations/fulfil/", {"id": duty.pk, "text": "已书面报送"})
    shown = page(door, world.approver, f"/obligations/{duty.pk}/")
    for text in ("今天 18:00 前反馈", "已书面报送", "督办履责事项", "逾期办结", "逾期 1 小时"):
        assert text in shown


# --- acts ---------------------------------------------------------------------------------------------------------


def test_an_act_says_beforehand_what_will_happen(world: World, door: Client) -> None:
    rule = make_rule()
    one, two = (
        make_duty(rule, world.town, real_now() - HOUR),
        make_duty(rule, world.district, real_now() + DAY),
    )
    shown = page(door, world.approver, f"/obligations/waive/?id={one.pk}&id={two.pk}")
    assert "免除 2 个单位的 2 项履责事项，其中 1 项已逾期" in shown


def test_an_act_on_many_is_one_entry_and_leads_back(world: World, door: Client) -> None:
    rule = make_rule()
    duties = [make_duty(rule, world.town, real_now()) for _number in range(3)]
    door.force_login(world.approver)
    answer = door.post(
        "/obligations/waive/",
        {"id": [d.pk for d in duties], "text": "不适用", "back": "/obligations/?rule=report"},
    )
    assert answer.headers["Location"] == "/obligations/?rule=report"
    assert {state_of(duty) for duty in duties} == {"waived"}
    assert Entry.objects.filter(event="kernel.obligation.waived").count() == 1


def test_an_act_never_leads_to_another_site(world: World, door: Client) -> None:
    duty = make_duty(make_rule(), world.town, real_now())
    door.force_login(world.approver)
    answer = door.post(
        "/obligations/urge/", {"id": duty.pk, "text": "催", "back": "https://elsewhere.example/"}
    )
    assert answer.headers["Location"] == f"/obligations/{duty.pk}/"


def test_an_act_without_its_words_is_refused_and_nothing_happens(world: World, door: Client) -> None:
    duty = make_duty(make_rule(), world.town, real_now())
    door.force_login(world.approver)
    answer = door.post("/obligations/waive/", {"id": duty.pk, "text": "  "})
    assert answer.status_code == 200
    assert "an-field-wrong" in answer.content.decode()
    assert state_of(duty) == "open"


def test_the_second_of_two_submissions_is_refused_and_keeps_what_was_written(
    world: World, door: Client
) -> None:
    duty = make_duty(make_rule(), world.town, real_now())
    door.force_login(world.approver)
    form = {"id": duty.pk, "text": "由区局代办"}
    assert door.post("/obligations/waive/", form).status_code == 302
    answer = door.post("/obligations/waive/", form)
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "刚被他人办过" in shown
    assert "由区局代办" in shown
    assert Entry.objects.filter(event="kernel.obligation.waived").count() == 1
    assert PrivateNote.objects.filter(text="由区局代办").count() == 1


def test_an_act_that_fits_none_promises_nothing(world: World, door: Client) -> None:
    duty = make_duty(make_rule(), world.town, real_now())
    door.force_login(world.approver)
    open_still = door.get("/obligations/waive/", {"id": duty.pk}).content.decode()
    assert "免除 1 个单位的 1 项履责事项" in open_still
    Obligation.unscoped.filter(pk=duty.pk).update(state=ObligationState.FULFILLED, ended_at=real_now())
    done = door.get("/obligations/waive/", {"id": duty.pk}).content.decode()
    assert "有 1 项现在的状态不能免除" in done
    assert "办理后会怎样" not in done


def test_one_that_was_done_meanwhile_holds_up_the_whole_and_the_rest_is_offered(
    world: World, door: Client
) -> None:
    rule = make_rule()
    done, still = make_duty(rule, world.town, real_now()), make_duty(rule, world.town, real_now())
    Obligation.unscoped.filter(pk=done.pk).update(state=ObligationState.FULFILLED, ended_at=real_now())
    door.force_login(world.approver)
    answer: HttpResponse = door.post("/obligations/urge/", {"id": [done.pk, still.pk], "text": "催"})
    assert answer.status_code == 409
    assert f'href="?id={still.pk}"' in answer.content.decode()
    assert not Entry.objects.filter(event="kernel.obligation.urged").exists()


def test_a_neighbour_s_among_mine_makes_the_whole_not_found(world: World, door: Client) -> None:
    rule = make_rule()
    own, theirs = make_duty(rule, world.town, real_now()), make_duty(rule, world.neighbour_town, real_now())
    door.force_login(world.approver)
    assert door.post("/obligations/waive/", {"id": [own.pk, theirs.pk], "text": "x"}).status_code == 404
    assert state_of(own) == "open"
    assert door.post("/obligations/waive/", {"id": own.pk, "text": "x"}).status_code == 302


@pytest.mark.parametrize("ids", [[], ["x"], ["1" * 30], ["-1"], [str(n) for n in range(1, 202)]])
def test_an_act_that_names_nothing_it_could_be_about_is_not_found(
    world: World, door: Client, ids: list[str]
) -> None:
    door.force_login(world.approver)
    assert door.get("/obligations/waive/", {"id": ids}).status_code == 404


def test_a_pause_and_its_end_move_the_due_time(world: World, door: Client) -> None:
    duty = make_duty(make_rule(), world.town, real_now() + HOUR)
    door.force_login(world.approver)
    door.post("/obligations/pause/", {"id": duty.pk, "text": "道路中断"})
    assert "计时中止" in page(door, world.approver, "/obligations/?whose=subtree&standing=paused")
    Obligation.unscoped.filter(pk=duty.pk).update(paused_at=real_now() - DAY)
    assert door.post("/obligations/resume/", {"id": duty.pk}).status_code == 302
    moved = Obligation.unscoped.get(pk=duty.pk)
    assert moved.state == "open"
    assert abs(moved.due_at - duty.due_at - DAY) < timedelta(minutes=1)


# --- rules --------------------------------------------------------------------------------------------------------


def figures(**changes: str) -> dict[str, str]:
    form = {"limit": "2 小时", "count": "1", "reminders": "", "certain": "on"}
    return form | {f"up_{number}": "1" for number in range(6)} | changes


def test_a_rule_reads_as_a_sentence_and_a_line_of_time(world: World, door: Client) -> None:
    rule = make_rule(reminders=[HOUR], ladder=[{"after": 1800, "levels_up": 1}])
    shown = page(door, world.officer, f"/obligations/rules/{rule.pk}/")
    places = [shown.index(text) for text in ("到期前 1 小时", "2 小时内", "逾期 30 分钟")]
    assert places == sorted(places)
    assert "告知上一级" in shown


def test_figures_are_edited_in_words_and_sorted(world: World, door: Client) -> None:
    rule = make_rule(certain=False)
    door.force_login(world.administrator)
    form = figures(
        limit="1 天 12 小时", reminders="2 小时、1天", after_0="2 小时", up_0="2", after_3="30 分钟", up_3="0"
    )
    assert door.post(f"/obligations/rules/{rule.pk}/edit/", form).status_code == 302
    rule.refresh_from_db()
    assert rule.limit == timedelta(hours=36)
    assert rule.reminders == [DAY, 2 * HOUR]
    assert rule.ladder == [{"after": 1800, "levels_up": 0}, {"after": 7200, "levels_up": 2}]
    assert rule.certain
    assert rule.edited_at


def test_the_form_shows_the_figures_so_that_saving_it_unchanged_changes_nothing(
    world: World, door: Client
) -> None:
    rule = make_rule(reminders=[DAY, HOUR], ladder=[{"after": 5400, "levels_up": 1}])
    door.force_login(world.administrator)
    form = door.get(f"/obligations/rules/{rule.pk}/edit/").context["form"]
    sent = {field.name: field.value() for field in form if field.value() not in {None, False}}
    assert door.post(f"/obligations/rules/{rule.pk}/edit/", sent).status_code == 302
    rule.refresh_from_db()
    assert rule.edited_at is None
    assert not Entry.objects.filter(event="kernel.rule.edited").exists()


def test_rungs_of_one_moment_and_one_taken_at_once_are_all_kept(world: World, door: Client) -> None:
    rule = make_rule()
    door.force_login(world.administrator)
    rungs = {
        "after_0": "0 分钟",
        "up_0": "1",
        "after_1": "0 分钟",
        "up_1": "0",
        "after_2": "90 秒",
        "up_2": "2",
    }
    assert door.post(f"/obligations/rules/{rule.pk}/edit/", figures(**rungs)).status_code == 302
    rule.refresh_from_db()
    assert [(rung["after"], rung["levels_up"]) for rung in rule.ladder] == [(0, 0), (0, 1), (90, 2)]


@pytest.mark.parametrize(
    "wrong",
    [{"limit": "很快"}, {"limit": ""}, {"reminders": "1 天、x"}, {"count": "0"}, {"until_on": "2019-01-01"}],
)
def test_figures_that_are_none_are_refused_at_their_field(
    world: World, door: Client, wrong: dict[str, str]
) -> None:
    rule = make_rule()
    door.force_login(world.administrator)
    answer = door.post(f"/obligations/rules/{rule.pk}/edit/", figures(**wrong))
    assert answer.status_code == 200
    assert set(answer.context["form"].errors) == set(wrong)


def test_who_holds_two_posts_finds_the_work_of_both(world: World, door: Client) -> None:
    rule = make_rule()
    of_town = make_duty(rule, world.town, real_now())
    of_district = make_duty(rule, world.district, real_now() + HOUR, post="unit_head")
    Grant.objects.create(user=world.clerk, role=Role.objects.get(code="unit_head"), scope_root=world.district)
    door.force_login(world.clerk)
    rows = door.get("/obligations/", {"whose": "mine"}).context["rows"]
    assert [row.duty for row in rows] == [of_town, of_district]
