"""A small story without processes: a bell rings, nobody answers, it escalates twice, is answered late, and all show it.

The same story on a real node, with every process killed on the way, stands in tests/scenario/test_demonstration.py.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from anlan.kernel import events, journal, seals, subjects, verify
from anlan.kernel.anchors import Anchorage
from anlan.kernel.clock import real_now
from anlan.kernel.live import hints_of
from anlan.kernel.models import Entry, Escalation, Obligation, Unsealed
from anlan.kernel.terms import ObligationState
from rooms.respond.bell import selectors, services
from rooms.respond.bell.models import Bell, Call
from tests.cast import acting
from tests.kernel.duties import fire_all, move, standing_exercise
from tests.kernel.sealing import tamper
from tests.respond.bell.bells import PLACE, carry, node, ring

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client

    from tests.cast import World

pytestmark = pytest.mark.usefixtures("duty")
SECOND = timedelta(seconds=1)


def hinted() -> set[str]:
    """What open pages are told to fetch again, once the relay has carried what waits."""
    return {hint.subject for hint in hints_of(carry())}


def told() -> list[tuple[int, int]]:
    return list(Escalation.objects.order_by("step").values_list("step", "unit_id"))


def test_the_story_of_a_bell(world: World, tmp_path: Path) -> None:
    drill = standing_exercise()
    bell = ring(world.town, exercise=drill)
    duty = Obligation.unscoped.get()
    assert (duty.unit, duty.subject_kind, duty.subject) == (world.town, "bell.bell", str(bell.pk))
    assert duty.due_at - bell.rang_at == timedelta(minutes=2)
    assert {f"bell.bell:{bell.pk}", f"kernel.obligation:{duty.pk}"} <= hinted()

    move(drill, 119 * SECOND)
    fire_all()
    assert told() == []
    for passes, whom in ((2, world.town), (20, world.district)):
        move(drill, passes * SECOND)
        fire_all()
        fire_all()
        assert told()[-1][1] == whom.pk
        assert f"kernel.obligation:{duty.pk}" in hinted()
    assert [step for step, _unit in told()] == [0, 1]

    move(drill, 60 * SECOND)
    services.answer_bell(node("answer", exercise=drill), bell.pk, words="已派两人")
    duty.refresh_from_db()
    assert (duty.state, duty.ended_at - duty.due_at) == (ObligationState.FULFILLED, 81 * SECOND)
    move(drill, timedelta(days=1))
    fire_all()
    assert len(told()) == 2
    assert [call.again for call in Call.objects.order_by("pk")] == [False, True]

    timeline = journal.list_timeline(node("read", exercise=drill), bell, selectors.READ)
    assert [entry.event for entry in timeline.order_by("pk")] == [
        "respond.bell.rung",
        "kernel.obligation.opened",
        "respond.bell.called",
        "respond.bell.called",
        "kernel.obligation.escalated",
        "kernel.obligation.escalated",
        "respond.bell.answered",
        "kernel.obligation.fulfilled",
    ]
    assert all(events.label_of(entry.event) != entry.event for entry in timeline)
    is_sealed_and_whole(Anchorage(tmp_path / "anchors", tmp_path / "keys/anchor.key"))


def is_sealed_and_whole(where: Anchorage) -> None:
    assert seals.seal_pending() == Entry.objects.count()
    assert not Unsealed.objects.exists()
    assert verify.run(where=where).ok
    entry = Entry.objects.get(event="respond.bell.answered")
    tamper("UPDATE kernel_entry SET at = at - interval '3 minutes' WHERE id = %s", entry.pk)
    (finding,) = verify.run(where=where).findings
    assert (finding.flaw, finding.entry) == (verify.Flaw.ENTRY_CHANGED, entry.pk)


def test_what_is_owed_and_late_stands_on_every_page(door: Client, world: World) -> None:
    bell = ring(world.town, rang_at=real_now() - timedelta(minutes=3))
    fire_all()
    assert told() == [(0, world.town.pk), (1, world.district.pk)]
    door.force_login(world.clerk)
    assert "应答警铃" in door.get(reverse("home")).content.decode()
    door.force_login(world.officer)
    assert "应答警铃" in door.get(reverse("obligation_board")).content.decode()
    duty = Obligation.unscoped.get()
    reader = world.holder(selectors.READ)
    door.force_login(reader)
    page = door.get(reverse("bell_detail", args=[bell.pk])).content.decode()
    assert page.count("逾期告知：") == 2
    services.answer_bell(node("answer"), bell.pk, words="已派两人")
    door.force_login(world.officer)
    page = door.get(reverse("obligation_detail", args=[duty.pk])).content.decode()
    assert "逾期办结" in page
    assert world.district.name in page
    door.force_login(world.neighbour)
    assert door.get(reverse("obligation_detail", args=[duty.pk])).status_code == 404


def test_a_false_alarm_takes_the_duty_away(world: World) -> None:
    bells = [ring(world.town), ring(world.town)]
    services.silence_many_bell(node("silence"), [bell.pk for bell in bells])
    assert {duty.state for duty in Obligation.unscoped.all()} == {ObligationState.WITHDRAWN}
    fire_all()
    assert told() == []


def test_other_pages_name_a_bell_to_those_only_who_may_read_it(world: World, bell: Bell) -> None:
    key = ("bell.bell", str(bell.pk))
    shown = subjects.describe(acting(world.holder(selectors.READ)), [key])[key]
    assert (shown.title, shown.url) == (PLACE, reverse("bell_detail", args=[bell.pk]))
    assert subjects.describe(acting(world.neighbour), [key])[key].title == ""
