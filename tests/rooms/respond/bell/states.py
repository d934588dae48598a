"""Alarm bells: which act leads from which state to which."""

from anlan.kernel.states import Life, Move
from rooms.respond.bell.terms import BellState

LIFE = Life(
    Move("answer", (BellState.RUNG,), BellState.ANSWERED, "respond.bell.answer"),
    Move("close", (BellState.ANSWERED,), BellState.CLOSED, "respond.bell.close"),
    Move("silence", (BellState.RUNG,), BellState.SILENCED, "respond.bell.silence"),
)
