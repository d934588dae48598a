"""Outside warnings: which act leads from which state to which."""

from anlan.connect.alert.terms import MessageState
from anlan.kernel.states import Life, Move

SETTLE, REPLAY = "connect.alert.settle", "connect.alert.replay"

LIFE = Life(
    Move("take", (MessageState.WAITING,), MessageState.TAKEN, SETTLE),
    Move("ignore", (MessageState.WAITING,), MessageState.IGNORED, SETTLE),
    Move("quarantine", (MessageState.WAITING,), MessageState.QUARANTINED, SETTLE),
    Move("replay", (MessageState.QUARANTINED,), MessageState.WAITING, REPLAY),
    Move("dismiss", (MessageState.QUARANTINED,), MessageState.DISMISSED, REPLAY),
)
