"""Acts: messages come in (`receiving`), something comes of them (`settling`), doors are watched (`polling`)."""

from anlan.connect.alert.services.polling import (
    JOB,
    POLL,
    Look,
    note_silence,
    queue_polls,
    watch_source,
)
from anlan.connect.alert.services.receiving import SILENCE, Taken, receive_delivery, receive_message
from anlan.connect.alert.services.settling import (
    PATIENCE,
    dismiss_message,
    end_patience,
    replay_message,
    settle_message,
    settle_waiting,
)

__all__ = (
    "JOB",
    "PATIENCE",
    "POLL",
    "SILENCE",
    "Look",
    "Taken",
    "dismiss_message",
    "end_patience",
    "note_silence",
    "queue_polls",
    "receive_delivery",
    "receive_message",
    "replay_message",
    "settle_message",
    "settle_waiting",
    "watch_source",
)
