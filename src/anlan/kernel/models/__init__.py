"""The kernel's tables."""

from anlan.kernel.models.access import Grant, Role
from anlan.kernel.models.clock import Clock
from anlan.kernel.models.journal import Entry, PrivateNote
from anlan.kernel.models.node import NodeState, SelfCheck
from anlan.kernel.models.people import User
from anlan.kernel.models.records import Exercise, Record
from anlan.kernel.models.relay import Parked, Pending, Shard
from anlan.kernel.models.units import Unit

__all__ = (
    "Clock",
    "Entry",
    "Exercise",
    "Grant",
    "NodeState",
    "Parked",
    "Pending",
    "PrivateNote",
    "Record",
    "Role",
    "SelfCheck",
    "Shard",
    "Unit",
    "User",
)
