"""The Common Alerting Protocol 1.2: messages, their signatures, feeds of them, and what a chain of them comes to.

`parse` takes what keeps to the standard, `read` what can be understood; `write` sends nothing that breaks a rule.
"""

from anlan.protocols.cap.message import Alert, Area, Circle, Info, Named, Point, Reference, Resource
from anlan.protocols.cap.problems import BrokenAlert, Problem
from anlan.protocols.cap.reading import Reading, parse, read
from anlan.protocols.cap.rules import validate
from anlan.protocols.cap.writing import write

__all__ = (
    "Alert",
    "Area",
    "BrokenAlert",
    "Circle",
    "Info",
    "Named",
    "Point",
    "Problem",
    "Reading",
    "Reference",
    "Resource",
    "parse",
    "read",
    "validate",
    "write",
)
