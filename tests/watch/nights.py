"""One night played by hand, minute by minute: a red warning, four people, one of them found at his door."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.models import Clock, Exercise
from anlan.kernel.numbering import load_series
from anlan.message.callout import services as callouts
from anlan.message.callout.models import Callout, Recipient
from anlan.message.callout.services import Answer
from anlan.message.callout.terms import CLIMBS, LISTENS
from anlan.message.channel.models import Delivery
from anlan.message.channel.services import take_events
from anlan.message.channel.terms import Event, Happened
from anlan.message.errand import services as errands
from anlan.message.errand.models import Errand
from anlan.organisation.post import services as posts
from anlan.watch.warning import services
from anlan.watch.warning.selectors.areas import Placed
from tests.message.callouts import hold, make_village
from tests.message.channels import hand_over, make_carrier, program
from tests.message.ladder.ladders import ladder
from tests.organisation.people import make_contact, make_person
from tests.organisation.posts import NODE as APPOINTS
from tests.organisation.posts import make_post
from tests.watch.kinds import make_kind
from tests.watch.warnings import SAID, STATION, approve

if TYPE_CHECKING:
    from anlan.kernel.models import Unit, User
    from anlan.organisation.person.models import Person
    from anlan.watch.warning.models import EarlyWarning, WarningIssue
    from tests.cast import World

STEPS = "立即 本人 短信\n3分钟 本人 语音\n6分钟 替补 短信\n9分钟 上级值班\n12分钟 上门"
DAY = (2035, 7, 21)  # later than everybody was appointed


def minute(text: str) -> datetime:
    """A moment of that night: 1:05, or 1:05:30."""
    parts = [int(part) for part in text.split(":")]
    return datetime(*DAY, *parts, tzinfo=UTC)


@dataclass
class Night:
    """What is played in it stands in an exercise, whose clock is set from moment to moment."""

    world: World
    exercise: Exercise
    people: dict[str, Person] = field(default_factory=dict)
    village: Unit = field(init=False)

    def at(self, text: str) -> None:
        clock = self.exercise.clock
        clock.origin_at, clock.started_at = minute(text), real_now()
        clock.paused_at = clock.started_at
        clock.save()

    def ctx(self, user: User | None = None, *powers: str) -> Context:
        return Context(user, self.exercise, second_factor=user is not None, powers=frozenset(powers))

    def one(self, name: str) -> Recipient:
        return Recipient.unscoped.get(person=self.people[name], callout__state="running")

    def answers(self, text: str, name: str, how: str) -> None:
        self.at(text)
        callouts.confirm_recipients(self.ctx(None, *LISTENS), [Answer(self.one(name).pk, how, minute(text))])

    def climbs(self, text: str, rung: int) -> None:
        self.at(text)
        callout = Callout.unscoped.get(state="running")
        callouts.take_due_rungs(self.ctx(None, *CLIMBS), [callout.step_key(1, 0, rung)])


def begin(world: World) -> Night:
    """Four people of one area: the district's, the town's, two of a village, one of these with a stand-in."""
    load_series()
    night = Night(
        world, Exercise.objects.create(unit=world.district, name="夜间演练", clock=Clock.objects.create())
    )
    night.village = make_village(world.town, 1)
    make_village(world.town, 2, "邻村")
    names = {"甲": world.district, "乙": world.town, "丙": night.village}
    for number, (name, unit) in enumerate(names.items(), start=1):
        night.people[name] = hold(unit, "party_first", name, f"1000000000{number}")
    post = make_post(night.village, "grid_member")
    for number, name in enumerate(("丁", "戊"), start=4):
        person = night.people[name] = make_person(night.village, name)
        make_contact(person, f"1000000000{number}")
        (posts.appoint_person if name == "丁" else posts.put_stand_in)(APPOINTS, post.pk, person.pk)
    make_contact(world.city, "000-22345678", kind="land_line")
    ladder(world.district, steps=STEPS)
    return night


def published(night: Night) -> WarningIssue:
    """Drafted at 1:00, given back once, submitted again at 1:05, approved at 1:09, published at 1:10."""
    world = night.world
    duty, leader = night.ctx(world.officer), night.ctx(world.approver)
    night.at("1:00")
    issue = services.draft_warning(
        duty, unit=world.district, kind=make_kind(world.district), colour="red", relayed_from=STATION
    )
    services.edit_issue(
        duty, issue.pk, version=issue.version, placed=[Placed(night.village)], description=SAID
    )
    night.at("1:02")
    services.submit_issue(duty, issue.pk)
    night.at("1:03")
    services.return_high_issue(leader, issue.pk, reason="写明时段。")
    night.at("1:05")
    services.submit_issue(duty, issue.pk)
    night.at("1:09")
    services.approve_high_issue(leader, issue.pk)
    night.at("1:10")
    return services.publish_issue(duty, issue.pk)


def called(night: Night) -> None:
    """From publication until everybody was through at 1:40.

    1:11, 1:12 two SMS each; 1:12 甲 by the link; 1:13 calls to the others, handed over half a minute later, one is busy;
    1:14 乙 by a key; 1:16 the stand-in of 丁, who confirms at 1:18; 丙 has none, so the city's desk is told; 1:22 somebody
    is sent to his door, and meets him at 1:40.
    """
    city, side = night.world.city, night.exercise
    texts = make_carrier(
        city, "sms-x", simulated=True, exercise=side, batch=2, price_cny=Decimal("0.05"), name="短信"
    )
    calls = make_carrier(
        city, "voice-x", "voice", simulated=True, exercise=side, price_cny=Decimal("0.10"), name="电话"
    )
    for moment in ("1:11", "1:12"):
        night.at(moment)
        hand_over(texts)
    night.answers("1:12", "甲", "link")
    night.climbs("1:13", 1)
    night.at("1:13:30")
    hand_over(calls)
    busy, key = (
        Delivery.unscoped.get(channel="voice", key=str(night.one(name).pk)).pk for name in ("丙", "乙")
    )
    take_events(program(), calls, [Event(Happened.BUSY, real_now(), busy)])
    night.at("1:14")
    take_events(program(), calls, [Event(Happened.KEY, real_now(), key, full=True)])
    night.answers("1:14", "乙", "key")
    night.climbs("1:16", 2)
    night.at("1:17")
    hand_over(texts)
    night.answers("1:18", "丁", "stand_in")
    night.climbs("1:19", 3)
    night.at("1:20")
    hand_over(calls)
    night.climbs("1:22", 4)
    met(night)


def met(night: Night) -> None:
    night.at("1:40")
    errand = Errand.unscoped.get()
    errands.record_visit(night.ctx(None, "message.errand.visit"), errand.pk, result="self", words="已告知")
    callouts.record_visits(night.ctx(None, *LISTENS), [night.one("丙").pk])


def lowered(night: Night, warning: EarlyWarning) -> WarningIssue:
    """To yellow at 3:00."""
    duty, leader = night.ctx(night.world.officer), night.ctx(night.world.approver)
    night.at("2:50")
    issue = services.draft_update(duty, warning.pk, colour="yellow")
    services.edit_issue(duty, issue.pk, version=issue.version, reason="雨势减弱。")
    services.submit_issue(duty, issue.pk)
    services.approve_high_issue(leader, issue.pk)
    night.at("3:00")
    return services.publish_issue(duty, issue.pk)


def ended(night: Night, warning: EarlyWarning) -> WarningIssue:
    """Cancelled at 5:00, one measure taken at 2:00 before that, reviewed at 9:00."""
    duty, leader = night.ctx(night.world.officer), night.ctx(night.world.approver)
    night.at("4:55")
    issue = services.draft_cancel(duty, warning.pk, reason="降雨结束。")
    issue = services.submit_issue(duty, issue.pk)
    approve(issue, leader if issue.needs_leader else duty)
    night.at("5:00")
    issue = services.publish_issue(duty, issue.pk)
    night.at("9:00")
    services.review_warning(
        leader, warning.pk, accuracy="right", timeliness="timely", missed="", lesson="提前备车。"
    )
    return issue
