"""The register of ladders, with a picture of each and what it would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.kernel.register import Column, Filter, Page, Panel, Register
from anlan.message.ladder.models import Ladder
from anlan.message.ladder.selectors import ERRAND_RATE, RATES, STAND_IN_RATE, list_remaining
from anlan.message.ladder.terms import Target, Way

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anlan.kernel.context import Context

PEOPLE, MOST_PEOPLE = 100, 50_000


def picture_of(ladder: Ladder, asked: Mapping[str, int]) -> dict[str, Any]:
    """What the page shows of a ladder: its rungs in time, and how many are left after each at these rates."""
    people = asked.get("people", PEOPLE)
    return {
        "ladder": ladder,
        "rows": [
            {
                "span": span_of(one.rung.at_s),
                "target": str(Target(one.rung.target).label),
                "ways": gettext("、").join(str(Way(way).label) for way in one.rung.ways),
                "after": one.after,
            }
            for one in list_remaining(ladder.rungs, people, asked)
        ],
        "people": people,
        "rates": [
            (name, label, asked.get(name, default))
            for name, label, default in (
                *((str(way), Way(way).label, rate) for way, rate in RATES.items()),
                ("stand_in", _("替补在岗"), STAND_IN_RATE),
                ("errand", _("上门见到"), ERRAND_RATE),
            )
        ],
    }


def span_of(seconds: int) -> str:
    """Since the beginning, as a clock that was set to nothing would show it."""
    return f"{seconds // 60}:{seconds % 60:02d}"


def _picture(_ctx: Context, ladder: Ladder) -> dict[str, Any]:
    return picture_of(ladder, {})


LADDERS = Register(
    Ladder,
    "message.ladder",
    columns=(
        Column("name", sort=True),
        Column("unit__name"),
        Column("colours"),
        Column("posts"),
        Column("from_time"),
        Column("until_time"),
        Column("certain"),
        Column("steps", wide=True, show=lambda steps: " → ".join(steps.splitlines())),
        Column("source", wide=True),
    ),
    fields=(
        "unit",
        "name",
        "colours",
        "posts",
        "from_time",
        "until_time",
        "steps",
        "source",
        "certain",
    ),
    filters=(Filter("certain"),),
    pages=(Page(_("采用示例阶梯"), "ladder_adopt", "message.ladder.edit"),),
    panels=(Panel("ladder/_picture.html", _picture),),
    icon="list-numbers",
    lead=_("没有应答时先后找谁、用什么方式、隔多久。下级没有自己的阶梯时用上级的。"),
    empty=_("还没有本单位的阶梯，现用平台附带的示例（时限未核实）。可采用示例后修改，或新建。"),
)
