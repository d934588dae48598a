"""The account of a warning: each figure of a night that was played by hand, who sees which of them, and how much it asks."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from anlan.kernel import exercises
from anlan.kernel.errors import NotFound
from anlan.kernel.models import Entry
from anlan.message.callout.models import Callout
from anlan.watch.warning import services
from anlan.watch.warning.selectors.account import Account, Told, get_account
from anlan.watch.warning.tables import summary_of
from tests.cast import acting, enter
from tests.connect.alerts import alert, come, make_source
from tests.message.callouts import hold
from tests.organisation.people import make_contact, make_person
from tests.organisation.posts import appoint, make_post
from tests.watch import nights
from tests.watch.kinds import make_kind
from tests.watch.nights import minute
from tests.watch.warnings import coded, draft, published, urgent, with_rules

if TYPE_CHECKING:
    from datetime import datetime

    from django.test import Client

    from anlan.watch.warning.models import WarningIssue
    from tests.cast import World


@pytest.fixture
def night(world: World) -> nights.Night:
    with_rules()
    return nights.begin(world)


@pytest.fixture
def told(night: nights.Night) -> Told:
    """The first message, once everybody was through."""
    issue = nights.published(night)
    nights.called(night)
    return account_of(night, issue).told[0]


@pytest.fixture
def whole(night: nights.Night) -> Account:
    """The whole night: red, lowered to yellow at 3:00, cancelled at 5:00, reviewed at 9:00."""
    issue = nights.published(night)
    nights.called(night)
    night.at("2:00")
    services.take_measure(night.ctx(night.world.officer), issue.warning_id, "64-1", note="已报告")
    nights.lowered(night, issue.warning)
    nights.ended(night, issue.warning)
    return account_of(night, issue)


def account_of(night: nights.Night, issue: WarningIssue) -> Account:
    return get_account(night.ctx(night.world.officer), issue.warning_id)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def inside(night: nights.Night, door: Client) -> Client:
    """The duty officer's browser, in the exercise."""
    enter(door, night.world.officer)
    door.post(reverse("exercise_enter", args=[night.exercise.pk]))
    return door


def page_of(door: Client, name: str, key: object, **query: str) -> str:
    answer = door.get(reverse(name, args=[key]), query)
    assert answer.status_code == 200
    return answer.content.decode()


def links_of(page: str) -> set[str]:
    """The addresses of the account itself, not of the shell around it."""
    within = page[page.index('id="account"') : page.index("</main>")]
    found = {link.replace("&amp;", "&") for link in re.findall(r'<a[^>]* href="([^"#]+)', within)}
    return found - {reverse("warning_list")}


# --- one message --------------------------------------------------------------------------------------------------


def test_each_step_of_a_message_has_its_moment_its_author_and_its_entry(told: Told) -> None:
    def step(name: str) -> tuple[datetime, str, str]:
        moment = getattr(told, name)
        return moment.at, moment.who, Entry.objects.get(pk=moment.entry_id).event.rpartition(".")[2]

    assert step("drafted") == (minute("1:00"), "officer", "drafted")
    assert step("submitted") == (minute("1:05"), "officer", "submitted"), "the one that was approved"
    assert told.returns == 1
    assert step("approved") == (minute("1:09"), "approver", "approved")
    assert step("published") == (minute("1:10"), "officer", "published")
    assert (told.received, told.countersigned) == (None, None)


def test_how_long_each_took(told: Told) -> None:
    assert (told.in_the_making, told.to_approval, told.to_publication) == (
        minutes(10),
        minutes(4),
        minutes(1),
    )
    assert (told.to_first_hand_over, told.to_last_hand_over) == (minutes(2), minutes(8))
    assert told.to_settled == minutes(30)


def test_people_are_counted_by_how_they_were_confirmed_and_when(told: Told) -> None:
    course = told.course
    assert course is not None
    assert (course.people, course.confirmed, course.visited, course.unreachable, course.open) == (
        4,
        3,
        1,
        0,
        0,
    )
    assert {way.value: count for way, count in course.by_way} == {
        "link": 1,
        "key": 1,
        "stand_in": 1,
        "visit": 1,
    }
    moments = (course.first_at, course.half_at, course.ninety_at, course.last_at, course.settled_at)
    assert moments == tuple(minute(text) for text in ("1:12", "1:14", "1:40", "1:40", "1:40"))
    assert course.curve == [
        (minute(text), number) for number, text in enumerate(("1:12", "1:14", "1:18", "1:40"), 1)
    ]


def test_attempts_are_counted_by_whom_and_what_they_were_for(told: Told) -> None:
    assert told.course is not None
    found = {(one.use, one.channel): one for one in told.course.attempts}
    assert set(found) == {("callout", "sms"), ("callout", "voice"), ("callout_upper", "voice")}
    sms, calls, desk = found["callout", "sms"], found["callout", "voice"], found["callout_upper", "voice"]
    assert (sms.ordered, sms.handed, sms.reached, sms.failed, sms.withdrawn) == (5, 5, 0, 0, 0)
    assert (calls.ordered, calls.handed, calls.reached, calls.heard, calls.failed) == (3, 3, 1, 1, 1)
    assert (calls.withdrawn, calls.after, calls.waiting, calls.retries) == (1, 1, 0, 0)
    assert (desk.ordered, desk.handed) == (1, 1)
    assert (sms.cost_cny, calls.cost_cny, desk.cost_cny) == (
        Decimal("0.25"),
        Decimal("0.30"),
        Decimal("0.10"),
    )


def test_rungs_and_doors_are_told_with_when_and_for_how_many(told: Told) -> None:
    course = told.course
    assert course is not None
    assert [
        (course.word_of(one), one.first_at, one.people, one.deliveries, one.errands) for one in course.rungs
    ] == [
        ("短信", minute("1:10"), 4, 4, 0),
        ("语音", minute("1:13"), 3, 3, 0),
        ("替补", minute("1:16"), 2, 1, 0),
        ("上级值班", minute("1:16"), 1, 1, 0),
        ("上门", minute("1:22"), 1, 0, 1),
    ]
    doors = course.doors
    assert doors is not None
    assert (doors.sent, doors.met, doors.failed, doors.open, doors.half) == (1, 1, 0, 0, minutes(18))


def test_what_an_urgent_message_waited_for_is_its_countersignature(night: nights.Night) -> None:
    world = night.world
    night.at("1:00")
    issue = urgent(world.district, "red", night.ctx(world.officer))
    night.at("1:12")
    services.countersign_issue(night.ctx(world.approver), issue.pk)
    told = account_of(night, issue).told[0]
    assert (told.approved, told.to_countersignature) == (None, minutes(12))
    assert told.countersigned is not None
    assert told.countersigned.who == "approver"


def test_a_message_from_outside_is_where_it_began(world: World) -> None:
    coded(world.district)
    make_kind(world.district)
    message = come(make_source(world.district), alert("1", code=world.district.code))
    assert message.issue_id
    account = get_account(acting(world.officer), message.warning_id)
    (told,) = account.told
    assert told.received is not None
    assert told.received.key == str(message.pk)
    assert told.to_draft is not None
    assert account.begun_at == told.received.at
    assert told.in_the_making is None, "it is not published"


# --- the whole ----------------------------------------------------------------------------------------------------


def test_the_whole_night_has_its_colours_its_end_and_what_was_said_of_it(whole: Account) -> None:
    assert [(one.colour, one.from_at, one.until_at) for one in whole.colours] == [
        ("red", minute("1:10"), minute("3:00")),
        ("yellow", minute("3:00"), minute("5:00")),
    ]
    assert (whole.begun_at, whole.until_at, whole.is_running) == (minute("1:00"), minute("5:00"), False)
    assert [one.issue.message_type for one in whole.told] == ["alert", "update", "cancel"]
    assert whole.ended is not None
    assert whole.ended.at == minute("5:00")
    assert whole.review is not None
    assert (whole.review.accuracy, whole.reviewed and whole.reviewed.at) == ("right", minute("9:00"))
    assert (whole.measures_done, whole.measures_taken["64-1"].at) == (1, minute("2:00"))
    assert whole.cost_cny == Decimal("0.65")
    assert whole.costs == [("sms", 5, Decimal("0.25")), ("voice", 4, Decimal("0.40"))]


def test_what_was_owed_is_counted_by_rule_and_how_it_ended(whole: Account) -> None:
    assert whole.owed is not None
    owed = {one.code: (one.in_time, one.late, one.open, one.released) for one in whole.owed}
    assert owed["watch-warning-approve"] == (4, 0, 0, 0), "each submission had one"
    # 甲 and 乙 within a quarter of an hour; of the village the last one was met after half an hour
    assert owed["message-callout-confirm-red"] == (2, 1, 0, 0)
    assert owed["message-callout-confirm-yellow-blue"] == (0, 0, 0, 3), "their callout was stopped"
    assert owed["watch-warning-review"] == (1, 0, 0, 0)


def test_the_outcome_is_one_sentence(night: nights.Night) -> None:
    issue = nights.published(night)
    night.at("1:15")
    said = summary_of(account_of(night, issue))
    assert "4 名责任人已确认 0 名，还有 4 名，已过 5 分钟" in said
    nights.called(night)
    said = summary_of(account_of(night, issue))
    assert said.startswith("起草后 10 分钟发布；4 名责任人全部确认或上门告知，用时 30 分钟；")
    assert "1 项逾期" in said
    assert said.endswith("通信费用 0.65 元。")


def test_who_has_not_answered_when_an_update_comes_is_said_so(whole: Account) -> None:
    said = summary_of(whole)
    assert "首次发布：4 名责任人全部确认或上门告知，用时 30 分钟" in said
    assert "变更：4 名责任人中 0 名确认或上门告知，4 名到叫应终止时没有确认" in said


# --- who sees what ------------------------------------------------------------------------------------------------


def test_whom_it_is_shared_with_gets_what_was_published_and_his_own_people(night: nights.Night) -> None:
    issue = nights.published(night)
    nights.called(night)
    services.draft_update(night.ctx(night.world.officer), issue.warning_id, colour="yellow")
    own = account_of(night, issue)
    assert len(own.told) == 2
    clerk = night.world.person("villager", "clerk", night.village)
    account = get_account(night.ctx(clerk), issue.warning_id)
    (told,) = account.told
    assert not account.whole
    assert told.published is not None
    assert (told.drafted, told.submitted, told.approved, told.in_the_making) == (None, None, None, None)
    assert told.course is not None
    assert (told.course.people, told.course.rungs) == (2, []), "the two of the village"
    assert {one.use for one in told.course.attempts} == {"callout"}, "the desk above is not his"
    assert (account.owed, account.measures, account.costs, account.cost_cny) == (None, [], [], 0)
    assert account.begun_at == minute("1:10")


def test_who_may_not_see_callouts_sees_none(night: nights.Night) -> None:
    issue = nights.published(night)
    reader = night.world.holder("watch.warning.read")
    account = get_account(night.ctx(reader), issue.warning_id)
    assert account.whole
    assert account.all_courses == []


def test_a_neighbour_and_real_life_know_nothing_of_it(night: nights.Night) -> None:
    issue = nights.published(night)
    for ctx in (night.ctx(night.world.neighbour), acting(night.world.officer)):
        with pytest.raises(NotFound):
            get_account(ctx, issue.warning_id)


# --- pages --------------------------------------------------------------------------------------------------------


def test_every_figure_leads_to_what_it_stands_on(night: nights.Night, whole: Account, door: Client) -> None:
    inside(night, door)
    page = page_of(door, "warning_account", whole.warning.pk)
    assert summary_of(whole) in page
    links = links_of(page)
    assert len(links) > 30
    for link in links:
        assert door.get(link).status_code == 200, link


def test_a_moment_leads_to_its_entry(night: nights.Night, whole: Account, door: Client) -> None:
    inside(night, door)
    approved = whole.told[0].approved
    assert approved is not None
    page = page_of(door, "warning_account", whole.warning.pk)
    (address,) = re.findall(rf'href="([^"]+)#entry-{approved.entry_id}"', page)
    entries = re.findall(r'id="entry-(\d+)"', door.get(address).content.decode())
    assert entries[0] == str(approved.entry_id), "it stands on top"


def test_a_count_leads_to_as_many_rows(night: nights.Night, told: Told, door: Client) -> None:
    inside(night, door)
    assert told.course is not None
    key = told.course.callout.pk

    def rows(name: str, **query: str) -> int:
        body = page_of(door, name, key, **query).partition("<tbody>")[2].partition("</tbody>")[0]
        return body.count('scope="row"')

    for way, count in told.course.by_way:
        assert rows("callout_people", only=way.value) == count
    for only, count in {"done": 4, "open": 0, "unreachable": 0, "door_": 1, "door_met": 1}.items():
        assert rows("callout_people", only=only) == count, only
    for one in told.course.attempts:
        asked = {"use": one.use, "channel": one.channel}
        for outcome, count in {
            "": one.ordered,
            "handed": one.handed,
            "reached": one.reached,
            "heard": one.heard,
            "failed": one.failed,
            "withdrawn": one.withdrawn,
            "after": one.after,
            "waiting": one.waiting,
            "again": one.retries,
            "charged": one.parts,
        }.items():
            assert rows("callout_attempts", **asked, outcome=outcome) == count, (asked, outcome)


def test_the_same_figures_are_given_to_programs(night: nights.Night, told: Told, door: Client) -> None:
    inside(night, door)
    answer = door.get(f"/api/v1/warnings/{told.issue.warning_id}/account").json()
    (message,) = answer["messages"]
    assert (message["in_the_making_s"], message["to_settled_s"]) == (600, 1800)
    assert message["approved"]["who"] == "approver"
    assert message["callout"]["by_way"] == {"link": 1, "key": 1, "stand_in": 1, "visit": 1}
    assert (answer["cost_cny"], answer["whole"]) == ("0.6500", True)


def test_the_workbook_holds_every_table(night: nights.Night, whole: Account, door: Client) -> None:
    inside(night, door)
    answer = door.get(reverse("warning_account_export", args=[whole.warning.pk]))
    book = openpyxl.load_workbook(BytesIO(answer.content))
    assert book.sheetnames[:4] == ["概要", "1 首次发布 经过", "1 首次发布 人员", "1 首次发布 投送"]
    assert {"3 解除 经过", "履责事项", "已落实的措施", "通信费用（元）"} <= set(book.sheetnames)
    assert book["概要"]["C2"].value == summary_of(whole)
    steps = {row[0].value: row[1].value for row in book["1 首次发布 经过"].iter_rows(min_row=2)}
    assert steps["批准"] == "2035-07-21 09:09:00"
    answer.close()


def test_before_publication_it_says_so_and_what_was_done_so_far(world: World, door: Client) -> None:
    issue = draft(world.district, "red", acting(world.officer))
    enter(door, world.officer)
    page = page_of(door, "warning_account", issue.warning_id)
    assert "还没有发布" in page
    assert "起草" in page
    assert 'class="an-course"' not in page
    services.discard_issue(acting(world.officer), issue.pk, reason="误报")
    assert "草稿已作废" in page_of(door, "warning_account", issue.warning_id)


def test_while_it_runs_it_fetches_itself_again_and_then_no_more(night: nights.Night, door: Client) -> None:
    issue = nights.published(night)
    inside(night, door)
    page = page_of(door, "warning_account", issue.warning_id)
    callout = Callout.unscoped.get()
    assert f"callout.callout:{callout.pk}" in page
    assert "every 30s" in page
    nights.called(night)
    nights.ended(night, issue.warning)
    assert "every 30s" not in page_of(door, "warning_account", issue.warning_id)


def test_the_page_of_an_exercise_lists_its_warnings_to_who_is_in_it(
    night: nights.Night, door: Client
) -> None:
    issue = nights.published(night)
    address = reverse("warning_account", args=[issue.warning_id])
    enter(door, night.world.officer)
    assert address not in page_of(door, "exercise_detail", night.exercise.pk)
    inside(night, door)
    assert address in page_of(door, "exercise_detail", night.exercise.pk)


def test_many_people_ask_no_more_of_the_database(world: World) -> None:
    def queries() -> int:
        issue = published(world.district, "red")
        ctx = acting(world.officer)
        assert ctx.postings
        with CaptureQueriesContext(connection) as asked:
            account = get_account(ctx, issue.warning_id)
        assert account.told[0].course is not None
        return len(asked)

    hold(world.town, "party_first", "甲", "10000000001")
    few = queries()
    post = make_post(world.town, "grid_member", seats=40)
    for number in range(40):
        appoint(post, person := make_person(world.town, f"网格员{number}"))
        make_contact(person, f"1{number:010d}")
    assert queries() == few <= 18


def test_it_is_read_and_exported_when_the_exercise_is_over(night: nights.Night, door: Client) -> None:
    issue = nights.published(night)
    nights.called(night)
    exercises.close_exercise(acting(night.world.approver), night.exercise.pk)
    inside(night, door)
    page = page_of(door, "warning_account", issue.warning_id)
    assert "您正在回看" in page
    for link in links_of(page):
        assert door.get(link).status_code == 200, link
    assert door.get(reverse("warning_account_export", args=[issue.warning_id])).status_code == 200
    board = page_of(door, "callout_board", Callout.unscoped.get().pk)
    assert reverse("callout_export", args=[Callout.unscoped.get().pk]) in board
    assert 'method="post"' not in board[board.index("<main") : board.index("</main>")]
