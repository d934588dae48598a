"""The kernel's tables."""

from anlan.kernel.models.access import Grant, Role
from anlan.kernel.models.node import NodeState, SelfCheck
from anlan.kernel.models.people import User
from anlan.kernel.models.records import Exercise, Record
from anlan.kernel.models.units import Unit

__all__ = ("Exercise", "Grant", "NodeState", "Record", "Role", "SelfCheck", "Unit", "User")
