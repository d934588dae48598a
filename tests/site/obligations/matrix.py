"""Obligations: what each address answers to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel.models import Obligation, Rule
from tests.matrix import Case
from tests.owed import NOW, make_duty, make_rule

if TYPE_CHECKING:
    from anlan.kernel.models import Unit
    from tests.cast import World

READ = "kernel.obligation.read"
THE_ONE = 4711  # the obligation that an act's address names in its query
WORDS = {"id": THE_ONE, "text": "已电话核实"}


def _rule() -> Rule:
    return Rule.objects.filter(code="report").first() or make_rule()


def _own(world: World) -> dict[str, int]:
    return {"obligation_id": make_duty(_rule(), world.town, NOW).pk}


def _other(world: World) -> dict[str, int]:
    return {"obligation_id": make_duty(_rule(), world.neighbour_town, NOW).pk}


def _put(unit: Unit, state: str) -> dict[str, int]:
    Obligation.unscoped.filter(pk=THE_ONE).delete()
    make_duty(_rule(), unit, NOW, pk=THE_ONE, state=state, paused_at=NOW if state == "paused" else None)
    return {}


def _act(name: str, capability: str, state: str = "open") -> tuple[Case, Case]:
    def own(world: World) -> dict[str, int]:
        return _put(world.town, state)

    def other(world: World) -> dict[str, int]:
        return _put(world.neighbour_town, state)

    address = f"obligation_{name}"
    return (
        Case(address, capability, own, other, data={"id": THE_ONE}),
        Case(address, capability, own, other, "post", WORDS, answers=302, budget=20),
    )


def _of_rule(_world: World) -> dict[str, int]:
    return {"rule_id": _rule().pk}


EDITED = {"limit": "3 小时", "count": "1", "reminders": "1 小时", "certain": "on"} | {
    f"up_{number}": "1" for number in range(6)
}
CASES = (
    Case("obligation_list", READ, budget=9),
    Case("obligation_export", READ),
    Case("obligation_board", READ),
    Case("obligation_counts", READ),
    Case("obligation_calendar", READ),
    Case("obligation_detail", READ, _own, _other, budget=12),
    *_act("fulfil", "kernel.obligation.fulfil"),
    *_act("urge", "kernel.obligation.urge"),
    *_act("pause", "kernel.obligation.pause"),
    *_act("resume", "kernel.obligation.pause", "paused"),
    *_act("waive", "kernel.obligation.waive"),
    Case("duty_list", READ),
    Case("duty_create", "kernel.rule.edit"),
    Case("rule_list", READ),
    Case("rule_detail", READ, _of_rule),
    Case("rule_edit", "kernel.rule.edit", _of_rule),
    Case("rule_edit", "kernel.rule.edit", _of_rule, method="post", data=EDITED, answers=302, budget=14),
)
