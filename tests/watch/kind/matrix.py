from anlan.watch.kind.register import KINDS
from tests.matrix import Case
from tests.registers import cases_of
from tests.watch.kinds import make_kind

CASES = (
    *cases_of(
        KINDS, lambda w: make_kind(w.town), lambda w: make_kind(w.neighbour_town), api="/warning-kinds"
    ),
    Case("kind_load", "watch.kind.edit"),
    Case(
        "kind_template",
        "watch.kind.edit",
        own=lambda w: {"kind_id": make_kind(w.town).pk, "colour": "red"},
        other=lambda w: {"kind_id": make_kind(w.neighbour_town).pk, "colour": "red"},
    ),
)
