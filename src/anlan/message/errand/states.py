"""Errands: which act leads from which state to which."""

from anlan.kernel.states import Life, Move
from anlan.message.errand.terms import ErrandState

LIFE = Life(
    Move("meet", (ErrandState.OPEN,), ErrandState.MET, "message.errand.visit"),
    Move("fail", (ErrandState.OPEN,), ErrandState.FAILED, "message.errand.visit"),
)
