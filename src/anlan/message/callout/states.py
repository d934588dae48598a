"""Callouts: which act leads from which state to which. Recipients' states only rise; statements of services see to that."""

from anlan.kernel.states import Life, Move
from anlan.message.callout.terms import CalloutState

LIFE = Life(
    Move("complete", (CalloutState.RUNNING,), CalloutState.COMPLETE, "message.callout.confirm"),
    Move(
        "extend", (CalloutState.RUNNING, CalloutState.COMPLETE), CalloutState.RUNNING, "message.callout.open"
    ),
    Move("close", (CalloutState.RUNNING,), CalloutState.OVER, "message.callout.confirm"),
    Move("stop", (CalloutState.RUNNING,), CalloutState.STOPPED, "message.callout.stop"),
)
