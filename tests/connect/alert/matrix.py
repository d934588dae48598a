from anlan.connect.alert.register import SOURCES
from anlan.connect.alert.services import receive_message
from tests.connect.alerts import NODE, make_source
from tests.matrix import Arguments, Case
from tests.registers import cases_of

READ, REPLAY, DELIVER = "connect.alert.read", "connect.alert.replay", "connect.alert.deliver"


def broken(town: str) -> Arguments:
    """A quarantined message of one of the world's towns."""
    return lambda w: {"message_id": receive_message(NODE, make_source(getattr(w, town)), b"<no").message.pk}


def of(name: str) -> Arguments:
    return lambda w: {"code": make_source(getattr(w, name)).code}


MESSAGE = {"own": broken("town"), "other": broken("neighbour_town")}
CASES = (
    *cases_of(
        SOURCES, lambda w: make_source(w.town), lambda w: make_source(w.neighbour_town), view_budget=18
    ),
    Case("alert_messages", READ, budget=10),
    Case("alert_message", READ, **MESSAGE, budget=16),
    Case("alert_raw", READ, **MESSAGE),
    Case("alert_try", READ),
    Case("alert_replay", REPLAY, **MESSAGE, method="post", answers=302, budget=20),
    Case("alert_dismiss", REPLAY, **MESSAGE, method="post", data={"reason": "误发"}, answers=302, budget=16),
    Case(
        "api:/alerts/{code}",
        DELIVER,
        own=of("town"),
        other=of("neighbour_town"),
        method="post",
        answers=422,
        budget=20,
    ),
)
