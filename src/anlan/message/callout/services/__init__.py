"""Acts: open, extend, stop (`opening`), climb (`climbing`), take answers (`confirming`), tell (`telling`), reach (`handling`)."""

from anlan.message.callout.services.climbing import (
    climb_recipients,
    mark_unreachable,
    take_due_rungs,
    take_rung,
)
from anlan.message.callout.services.confirming import (
    Answer,
    answer_own,
    confirm_on_behalf,
    confirm_recipients,
    note_failed_visits,
    record_visit,
    record_visits,
)
from anlan.message.callout.services.handling import (
    export_callout,
    look_up_numbers,
    note_recipient,
    take_recipient,
)
from anlan.message.callout.services.opening import (
    SETTLE,
    STEP,
    close_deliveries,
    extend_callout,
    open_callout,
    stop_callout,
)
from anlan.message.callout.services.telling import settle_told

__all__ = (
    "SETTLE",
    "STEP",
    "Answer",
    "answer_own",
    "climb_recipients",
    "close_deliveries",
    "confirm_on_behalf",
    "confirm_recipients",
    "export_callout",
    "extend_callout",
    "look_up_numbers",
    "mark_unreachable",
    "note_failed_visits",
    "note_recipient",
    "open_callout",
    "record_visit",
    "record_visits",
    "settle_told",
    "stop_callout",
    "take_due_rungs",
    "take_recipient",
    "take_rung",
)
