"""Warnings of the national release system (国家突发事件预警信息发布系统, "12379"): messages, file names, uploads, receipts.

source   the system's interface specification as public programs transcribe it, and messages of provincial offices.
         GB/T 35965.1-2018, which grew out of it, was not at hand; where it differs is not known.

What comes in is taken as far as it can be understood, and what was forgiven is told (`parse`). What goes out keeps every
rule, or is refused with all that is wrong (`write`): a centre that rejects a warning costs more than a form that does.
"""

from anlan.protocols.cn12379.headlines import Headline, build_headline, read_headline
from anlan.protocols.cn12379.messages import (
    Alert,
    Area,
    Circle,
    Identifier,
    Info,
    Method,
    NotWritten,
    Point,
    Problem,
    Remark,
    Resource,
    Unreadable,
)
from anlan.protocols.cn12379.reading import parse
from anlan.protocols.cn12379.terms import (
    Certainty,
    Classification,
    MethodName,
    MsgType,
    Order,
    Scope,
    Severity,
    Status,
    Urgency,
)
from anlan.protocols.cn12379.writing import problems_of, write

__all__ = [
    "Alert",
    "Area",
    "Certainty",
    "Circle",
    "Classification",
    "Headline",
    "Identifier",
    "Info",
    "Method",
    "MethodName",
    "MsgType",
    "NotWritten",
    "Order",
    "Point",
    "Problem",
    "Remark",
    "Resource",
    "Scope",
    "Severity",
    "Status",
    "Unreadable",
    "Urgency",
    "build_headline",
    "parse",
    "problems_of",
    "read_headline",
    "write",
]
