"""The kernel's tables."""

from anlan.kernel.models.access import Grant, Role
from anlan.kernel.models.attendance import Attendance
from anlan.kernel.models.clock import Clock
from anlan.kernel.models.due import Due
from anlan.kernel.models.files import Attachment, StoredFile
from anlan.kernel.models.history import RowChange
from anlan.kernel.models.inject import Inject
from anlan.kernel.models.journal import Entry, PrivateNote
from anlan.kernel.models.node import NodeNotice, NodeState, SelfCheck
from anlan.kernel.models.numbering import Counter, Series
from anlan.kernel.models.obligation import Escalation, Holiday, Obligation, Rule, RuleEvent
from anlan.kernel.models.people import FormerPassword, User
from anlan.kernel.models.records import Exercise, MatterRecord, Record, Registered
from anlan.kernel.models.relay import Parked, Pending, Shard
from anlan.kernel.models.seal import Seal, Unsealed
from anlan.kernel.models.sharing import Share
from anlan.kernel.models.task import LongTask
from anlan.kernel.models.tokens import MachineToken
from anlan.kernel.models.units import Unit
from anlan.kernel.models.views import SavedView

__all__ = (
    "Attachment",
    "Attendance",
    "Clock",
    "Counter",
    "Due",
    "Entry",
    "Escalation",
    "Exercise",
    "FormerPassword",
    "Grant",
    "Holiday",
    "Inject",
    "LongTask",
    "MachineToken",
    "MatterRecord",
    "NodeNotice",
    "NodeState",
    "Obligation",
    "Parked",
    "Pending",
    "PrivateNote",
    "Record",
    "Registered",
    "Role",
    "RowChange",
    "Rule",
    "RuleEvent",
    "SavedView",
    "Seal",
    "SelfCheck",
    "Series",
    "Shard",
    "Share",
    "StoredFile",
    "Unit",
    "Unsealed",
    "User",
)
