"""The life of a warning: drafted, approved by who must, published once and for ever, updated, cancelled, expired."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import IntegrityError, transaction

from anlan.kernel.errors import DomainError, NotAllowed, NotFound, SecondFactorNeeded, StateConflict
from anlan.kernel.models import Due, Entry, Escalation, Obligation, Unit
from anlan.message.callout.models import Callout, Recipient
from anlan.watch.warning import handlers, services
from anlan.watch.warning.models import EarlyWarning, WarningArea, WarningIssue
from anlan.watch.warning.selectors import reach, warnings
from anlan.watch.warning.selectors.areas import Placed
from tests.cast import World, acting
from tests.kernel.duties import fire_all, move, standing_exercise
from tests.organisation.people import make_contact, make_person
from tests.organisation.posts import appoint, make_post
from tests.watch.kinds import make_kind
from tests.watch.warnings import (
    HOUR,
    NODE,
    SAID,
    STATION,
    approve,
    cancelled,
    draft,
    place,
    published,
    submitted,
    urgent,
    with_handlers,
    with_rules,
)

if TYPE_CHECKING:
    from anlan.kernel.context import Context


def told(name: str) -> list[Entry]:
    return list(Entry.objects.filter(event=f"watch.warning.{name}").order_by("pk"))


def owed(code: str) -> Obligation:
    return Obligation.unscoped.get(rule__code=f"watch-warning-{code}")


@pytest.fixture
def duty(world: World) -> Context:
    return acting(world.officer)


@pytest.fixture
def leader(world: World) -> Context:
    return acting(world.approver)


# --- drafting -----------------------------------------------------------------------------------------------------


def test_a_draft_begins_with_what_its_template_says(world: World, duty: Context) -> None:
    kind = make_kind(world.district)
    issue = services.draft_warning(
        duty, unit=world.district, kind=kind, colour="orange", relayed_from=STATION
    )
    assert issue.headline == f"{STATION}发布暴雨橙色预警[II级/重大]"
    assert "危险区人员按通知转移" in issue.guidance
    assert "67-6" in issue.measures
    assert timedelta(hours=2.9) < issue.expires_at - duty.now() <= timedelta(hours=3)
    assert issue.needs_leader
    assert told("drafted")[0].data["colour"] == "orange"


def test_only_bodies_of_the_kind_s_line_issue_in_their_own_name(world: World, duty: Context) -> None:
    kind = make_kind(world.district)
    given = {"unit": world.district, "kind": kind, "colour": "blue"}
    with pytest.raises(DomainError, match="气象台站发布"):
        services.draft_warning(duty, **given)
    place(world.town, 117, 39)
    Unit.unscoped.filter(pk=world.town.pk).update(line="weather")
    world.town.refresh_from_db()
    issue = services.draft_warning(duty, **given, issuer=world.town)
    assert issue.headline.startswith("甲一镇发布")


def test_a_colour_that_the_kind_has_not_is_refused(world: World, duty: Context) -> None:
    kind = make_kind(world.district, "高温")
    with pytest.raises(DomainError, match="没有这一级别"):
        services.draft_warning(duty, unit=world.district, kind=kind, colour="blue", relayed_from=STATION)


def test_another_colour_changes_headline_and_approver(world: World, duty: Context) -> None:
    issue = draft(world.district, "blue", duty)
    assert not issue.needs_leader
    issue = services.edit_issue(duty, issue.pk, version=issue.version, colour="red")
    assert issue.needs_leader
    assert "红色" in issue.headline
    assert told("edited")[-1].data["fields"] == ["colour"]
    assert EarlyWarning.unscoped.get().colour == "red"


def test_the_second_of_two_editors_is_told(world: World, duty: Context, leader: Context) -> None:
    issue = draft(world.district, "blue", duty)
    services.edit_issue(leader, issue.pk, version=issue.version, description="甲")
    with pytest.raises(StateConflict):
        services.edit_issue(duty, issue.pk, version=issue.version, description="乙")


def test_two_editors_see_each_other_until_one_is_gone(world: World, duty: Context, leader: Context) -> None:
    issue = draft(world.district, "blue", duty)
    assert services.show_presence(duty, issue.pk) == []
    assert [one.user for one in services.show_presence(leader, issue.pk)] == [world.officer]
    assert [one.user for one in services.show_presence(duty, issue.pk)] == [world.approver]
    issue.presences.update(seen_at=duty.now() - timedelta(seconds=41))
    assert services.show_presence(duty, issue.pk) == []


def test_a_draft_of_the_neighbour_does_not_exist(world: World) -> None:
    issue = draft(world.district)
    other = acting(world.neighbour)
    with pytest.raises(NotFound):
        services.edit_issue(other, issue.pk, version=issue.version, description="甲")
    with pytest.raises(NotAllowed):
        services.draft_warning(
            other, unit=world.district, kind=make_kind(world.district), colour="blue", relayed_from=STATION
        )


# --- approving ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("colour", "by_duty"), [("blue", True), ("yellow", True), ("orange", False), ("red", False)]
)
def test_the_duty_officer_approves_blue_and_yellow_alone(
    world: World, duty: Context, colour: str, *, by_duty: bool
) -> None:
    issue = submitted(world.district, colour, duty)
    if by_duty:
        assert services.approve_low_issue(duty, issue.pk).approver == world.officer
    else:
        with pytest.raises(DomainError, match="须由领导审批"):
            services.approve_low_issue(duty, issue.pk)
        with pytest.raises(NotAllowed):
            services.approve_high_issue(duty, issue.pk)


def test_a_leader_approves_red_with_a_second_factor_and_never_his_own_draft(
    world: World, duty: Context
) -> None:
    issue = submitted(world.district, "red", duty)
    with pytest.raises(SecondFactorNeeded):
        services.approve_high_issue(acting(world.approver, second_factor=False), issue.pk)
    approved = services.approve_high_issue(acting(world.approver), issue.pk)
    assert approved.approver == world.approver
    own = submitted(world.district, "red", acting(world.approver))
    with pytest.raises(DomainError, match="自己起草"):
        services.approve_high_issue(acting(world.approver), own.pk)


def test_a_kind_may_leave_orange_to_the_duty_officer(world: World, duty: Context) -> None:
    kind = make_kind(world.district)
    kind.leader_colours = ["red"]
    kind.save()
    issue = submitted(world.district, "orange", duty)
    assert services.approve_low_issue(duty, issue.pk).approver == world.officer


def test_a_warning_waits_for_its_approval_with_a_clock(world: World, duty: Context, leader: Context) -> None:
    with_rules()
    issue = submitted(world.district, "red", duty)
    assert owed("approve").state == "open"
    returned = services.return_high_issue(leader, issue.pk, reason="范围过大")
    assert returned.state == "draft"
    assert owed("approve").state == "fulfilled"
    assert told("returned")[0].data["reason"] != "范围过大", "what he wrote is kept apart"


def test_what_is_incomplete_is_not_handed_on(world: World, duty: Context) -> None:
    kind = make_kind(world.district)
    issue = services.draft_warning(duty, unit=world.district, kind=kind, colour="blue", relayed_from=STATION)
    with pytest.raises(DomainError, match="预警区域、预警内容"):
        services.submit_issue(duty, issue.pk)
    with pytest.raises(DomainError, match="预警区域、预警内容"):
        services.publish_urgent_issue(duty, issue.pk)
    services.edit_issue(
        duty, issue.pk, version=1, placed=[Placed(world.town)], description=SAID, expires_at=duty.now() - HOUR
    )
    with pytest.raises(DomainError, match="还缺：现在以后的失效时间"):
        services.submit_issue(duty, issue.pk)


# --- publishing ---------------------------------------------------------------------------------------------------


def test_a_published_warning_has_number_identifier_texts_and_measures(world: World, duty: Context) -> None:
    with_rules()
    issue = published(world.district, "yellow", duty)
    warning = EarlyWarning.unscoped.get()
    assert (warning.state, warning.colour) == ("in_force", "yellow")
    assert warning.number == f"预警〔{duty.now().year}〕1号"
    assert len(issue.identifier) == len("00000041600000_20260101000000")
    assert "{link}" in issue.texts["sms"][1]
    assert issue.units == 2
    assert len(warnings.list_measures(NODE, warning)) == len(issue.measures) == 8
    assert told("published")[0].data["units"] == [world.district.pk]
    assert Due.objects.get(kind=services.EXPIRE).key == str(warning.pk)
    assert owed("measures").state == "open"


def test_what_was_not_approved_is_not_published(world: World, duty: Context) -> None:
    issue = submitted(world.district, "blue", duty)
    with pytest.raises(StateConflict):
        services.publish_issue(duty, issue.pk)
    services.publish_issue(duty, approve(issue).pk)
    with pytest.raises(StateConflict):
        services.publish_issue(duty, issue.pk)


def test_a_published_message_never_changes_whoever_tries(world: World) -> None:
    issue = published(world.district)
    area = WarningArea.objects.get()
    for change in (
        lambda: WarningIssue.unscoped.filter(pk=issue.pk).update(headline="甲"),
        lambda: WarningIssue.unscoped.filter(pk=issue.pk).update(state="draft"),
        lambda: WarningIssue.unscoped.filter(pk=issue.pk)._raw_delete("default"),
        lambda: WarningArea.objects.filter(pk=area.pk).update(below=False),
        lambda: WarningArea.objects.filter(pk=area.pk).delete(),
        lambda: WarningArea.objects.create(issue=issue, unit=world.town),
    ):
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            change()
    assert WarningIssue.unscoped.get().headline == issue.headline


@pytest.mark.parametrize("chosen", ["district", "town"])
def test_the_units_it_warns_meet_it_and_the_neighbour_does_not(world: World, chosen: str) -> None:
    town = acting(world.holder("watch.warning.read", world.town))
    issue = draft(world.district)
    assert not warnings.list_warnings(town)
    services.edit_issue(NODE, issue.pk, version=issue.version, placed=[Placed(getattr(world, chosen))])
    services.publish_issue(NODE, approve(services.submit_issue(NODE, issue.pk)).pk)
    assert len(warnings.list_warnings(replace(town, _shared={}))) == 1
    assert not warnings.list_warnings(acting(world.neighbour))


def test_an_urgent_warning_goes_out_first_and_is_countersigned_in_time(
    world: World, duty: Context, leader: Context
) -> None:
    with_rules()
    issue = urgent(world.district, "red", duty)
    assert issue.urgent
    assert issue.approver is None
    duty_owed = owed("countersign")
    assert duty_owed.state == "open"
    assert duty_owed.due_at - duty_owed.opened_at == timedelta(minutes=30)
    with pytest.raises(NotAllowed):
        services.countersign_issue(duty, issue.pk)
    with pytest.raises(SecondFactorNeeded):
        services.countersign_issue(acting(world.approver, second_factor=False), issue.pk)
    services.countersign_issue(leader, issue.pk)
    assert owed("countersign").state == "fulfilled"
    with pytest.raises(StateConflict):
        services.countersign_issue(leader, issue.pk)


def test_nobody_countersigns_what_he_published_himself(world: World, leader: Context) -> None:
    issue = urgent(world.district, "red", leader)
    with pytest.raises(DomainError, match="自己起草、发布"):
        services.countersign_issue(leader, issue.pk)


def test_an_urgent_warning_without_a_countersignature_escalates(world: World, duty: Context) -> None:
    with_rules()
    with_handlers()
    duty.exercise = standing_exercise()
    urgent(world.district, "red", duty)
    for minutes in (20, 10, 15):
        move(duty.exercise, timedelta(minutes=minutes))
        fire_all()
    told_units = Escalation.objects.filter(obligation=owed("countersign")).order_by("step")
    assert [(one.rung, one.unit) for one in told_units] == [
        ("reminder", world.district),
        ("escalation", world.district),
        ("escalation", world.city),
    ]


def test_a_warning_of_an_exercise_expires_by_its_clock(world: World, duty: Context) -> None:
    duty.exercise = standing_exercise()
    warning = urgent(world.district, "red", duty).warning
    move(duty.exercise, timedelta(hours=2))
    fire_all()
    assert EarlyWarning.unscoped.get().state == "in_force"
    move(duty.exercise, timedelta(hours=2))
    fire_all()
    assert EarlyWarning.unscoped.get().state == "expired"
    assert warning.exercise == duty.exercise


# --- what follows -------------------------------------------------------------------------------------------------


def test_an_update_takes_over_and_one_that_lowers_red_needs_a_leader(
    world: World, duty: Context, leader: Context
) -> None:
    first = published(world.district, "red")
    update = services.draft_update(duty, first.warning_id, colour="blue")
    assert update.description == SAID
    assert "备" in update.guidance or "出门" in update.guidance, "blue's own guidance"
    assert update.needs_leader
    with pytest.raises(DomainError, match="正在编制"):
        services.draft_update(duty, first.warning_id, colour="blue")
    update = services.edit_issue(duty, update.pk, version=update.version, reason="雨势减弱。")
    services.submit_issue(duty, update.pk)
    services.publish_issue(duty, services.approve_high_issue(leader, update.pk).pk)
    warning = EarlyWarning.unscoped.get()
    assert (warning.state, warning.colour) == ("in_force", "blue")
    assert told("updated")
    assert WarningIssue.unscoped.filter(state="published").count() == 2


def test_a_cancelled_warning_is_over_and_is_to_be_reviewed(world: World, duty: Context) -> None:
    with_rules()
    issue = cancelled(world.district)
    warning = EarlyWarning.unscoped.get()
    assert issue.headline == f"{STATION}解除暴雨蓝色预警[IV级/一般]"
    assert warning.state == "cancelled"
    assert warning.ended_at
    assert not Due.objects.filter(kind=services.EXPIRE).exists()
    assert owed("measures").state == "withdrawn"
    assert owed("review").state == "open"
    said = {"accuracy": "partly", "timeliness": "late", "missed": "甲村没有收到。", "lesson": ""}
    services.review_warning(duty, warning.pk, **said)
    assert owed("review").state == "fulfilled"
    with pytest.raises(StateConflict):
        services.review_warning(duty, warning.pk, **said)
    with pytest.raises(StateConflict):
        services.draft_update(duty, warning.pk, colour="blue")


def test_what_runs_is_not_reviewed(world: World, duty: Context) -> None:
    warning = published(world.district).warning
    with pytest.raises(StateConflict):
        services.review_warning(duty, warning.pk, accuracy="right", timeliness="timely", missed="", lesson="")


def test_a_warning_expires_at_its_time_unless_it_was_prolonged(world: World, duty: Context) -> None:
    warning = published(world.district).warning
    early = services.expire_warnings(NODE, [warning.pk])
    assert early == []
    EarlyWarning.unscoped.update(expires_at=duty.now() - HOUR)
    handlers.expire(NODE, list(Due.objects.filter(kind=services.EXPIRE)))
    assert EarlyWarning.unscoped.get().state == "expired"
    assert told("expired")


def test_a_draft_is_discarded_and_its_warning_with_it(world: World, duty: Context) -> None:
    issue = draft(world.district, "blue", duty)
    services.discard_issue(duty, issue.pk, reason="重复起草")
    assert EarlyWarning.unscoped.get().state == "discarded"
    first = published(world.district)
    update = services.draft_update(duty, first.warning_id, colour="blue")
    services.discard_issue(duty, update.pk, reason="不必变更")
    assert EarlyWarning.unscoped.get(pk=first.warning_id).state == "in_force"


def test_each_measure_is_taken_once_and_the_last_one_ends_the_duty(world: World, duty: Context) -> None:
    with_rules()
    warning = published(world.district).warning
    codes = [one.measure.code for one in warnings.list_measures(NODE, warning)]
    for code in codes:
        services.take_measure(duty, warning.pk, code, note="已通知。")
    with pytest.raises(StateConflict):
        services.take_measure(duty, warning.pk, codes[0], note="")
    assert owed("measures").state == "fulfilled"
    assert told("measures_done")[0].data["measures"] == len(codes)


def test_a_duplicate_is_of_the_same_type_in_force_over_the_same_place(world: World) -> None:
    running = published(world.district)
    again = draft(world.town)
    assert [one.pk for one in warnings.list_duplicates(again)] == [running.warning_id]
    assert warnings.list_duplicates(draft(world.neighbour_town)) == []
    assert warnings.list_duplicates(draft(world.town, kind="大风")) == []


# --- whom it calls ------------------------------------------------------------------------------------------------


def test_publishing_calls_those_who_answer_for_the_area(world: World, duty: Context) -> None:
    appoint(make_post(world.town, "government_first"), person := make_person(world.town, "王秀兰"))
    make_contact(person)
    issue = draft(world.district, "red", duty)
    told = reach.list_told(duty, issue, [Placed(world.district)])
    assert told.people == 2, "her, and the line of the district, which nobody holds a post in"
    assert [(one.unit, one.why) for one in told.unreached] == [(world.district, "没有可用的联系方式")]
    sms = next(one for one in told.told if one.channel == "sms")
    assert (sms.people, sms.carrier, sms.cost_cny) == (1, None, 0)
    assert sms.parts > 1
    services.publish_urgent_issue(duty, issue.pk)
    callout = Callout.unscoped.get()
    assert (callout.purpose, callout.colour, callout.matter) == ("warning", "red", issue.warning_id)
    assert callout.subject == str(issue.pk)
    assert {one.person_id for one in Recipient.unscoped.all()} == {person.pk, None}


def test_the_end_of_a_warning_stops_its_calls_and_wakes_nobody(world: World, duty: Context) -> None:
    cancelled(world.district)
    first, last = Callout.unscoped.order_by("started_at")
    assert (first.state, last.purpose, last.state) == ("stopped", "end", "running")
    assert set(last.texts) == {"app", "sms"}
    assert "{link}" not in last.texts["sms"][1]


def test_an_update_calls_anew_and_ends_the_earlier_callout(world: World, duty: Context) -> None:
    first = published(world.district, "blue", duty)
    update = services.draft_update(duty, first.warning_id, colour="yellow")
    services.edit_issue(duty, update.pk, version=update.version, reason="雨势加大。")
    services.publish_issue(
        duty, services.approve_low_issue(duty, services.submit_issue(duty, update.pk).pk).pk
    )
    states = list(Callout.unscoped.order_by("started_at").values_list("state", "colour"))
    assert states == [("stopped", "blue"), ("running", "yellow")]


def test_what_expires_calls_nobody_any_more(world: World, duty: Context) -> None:
    warning = published(world.district).warning
    EarlyWarning.unscoped.update(expires_at=duty.now() - HOUR)
    services.expire_warnings(NODE, [warning.pk])
    assert Callout.unscoped.get().state == "stopped"
