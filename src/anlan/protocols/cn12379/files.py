"""File names of messages and of their attachments, which tell the message before it is opened.

    33000041600000_20121025091026_11B01_BLUE_ALERT.xml           a message
    33000041600000_20121025091026_11B01_BLUE_ALERT_P_00.pdf      the scan of its approval on paper
    33000041600000_20121025091026_11B01_BLUE_ALERT_O_01.jpg      another attachment

Writers disagree about large and small letters, so none count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from anlan.protocols.cn12379.messages import Identifier
from anlan.protocols.cn12379.terms import MsgType, Severity

if TYPE_CHECKING:
    from datetime import datetime

    from anlan.protocols.cn12379.messages import Alert

MESSAGE = re.compile(
    r"(?P<identifier>\d{14}_\d{14})_(?P<event_type>\d{2}[A-Z0-9]\d{2})"
    r"_(?P<severity>RED|ORANGE|YELLOW|BLUE|UNKNOWN)_(?P<msg_type>ALERT|UPDATE|CANCEL)",
    re.ASCII | re.IGNORECASE,
)
ATTACHMENT = re.compile(r"(?P<message>.+)_(?P<kind>[PO])_(?P<number>\d\d)\.(?P<ending>[a-z0-9]{1,8})", re.ASCII | re.IGNORECASE)  # fmt: skip


class AttachmentKind(StrEnum):
    APPROVAL = "P"
    OTHER = "O"


@dataclass(frozen=True, slots=True)
class MessageName:
    sender_code: str
    entered_at: datetime
    event_type: str
    severity: Severity
    msg_type: MsgType

    def __str__(self) -> str:
        """Without an ending."""
        entry = Identifier(self.sender_code, self.entered_at)
        return f"{entry}_{self.event_type}_{self.severity.upper()}_{self.msg_type.upper()}"

    @property
    def file(self) -> str:
        return f"{self}.xml"

    @property
    def upload(self) -> str:
        return f"{self}.zip"

    @property
    def identifier(self) -> str:
        return str(Identifier(self.sender_code, self.entered_at))

    @classmethod
    def read(cls, name: str) -> MessageName | None:
        """From a name ending in .xml or .zip, in large or small letters; None for any other."""
        stem, _, ending = name.rpartition(".")
        match = MESSAGE.fullmatch(stem) if ending.lower() in {"xml", "zip"} else None
        return _message(match) if match else None


@dataclass(frozen=True, slots=True)
class AttachmentName:
    """`number` runs from 0 to 99 over all attachments of a message; `ending` is the original file's, without its dot."""

    message: MessageName
    kind: AttachmentKind
    number: int
    ending: str

    def __str__(self) -> str:
        return f"{self.message}_{self.kind}_{self.number:02d}.{self.ending}"

    @classmethod
    def read(cls, name: str) -> AttachmentName | None:
        """None for any other name."""
        match = ATTACHMENT.fullmatch(name)
        stem = MESSAGE.fullmatch(match["message"]) if match else None
        message = _message(stem) if stem else None
        if match is None or message is None:
            return None
        return cls(message, AttachmentKind(match["kind"].upper()), int(match["number"]), match["ending"])


def message_name(alert: Alert) -> MessageName | None:
    """The name of a message's file, by its identifier; None for a message whose parts make no name.

    The interface says the time of signing, its own example and the programs that are known take the identifier's.
    """
    entry = Identifier.read(alert.identifier)
    if entry is None:
        return None
    stem = f"{entry}_{alert.info.event_type}_{alert.info.severity}_{alert.msg_type}"
    match = MESSAGE.fullmatch(stem)
    return _message(match) if match else None


def _message(match: re.Match[str]) -> MessageName | None:
    entry = Identifier.read(match["identifier"])
    if entry is None:
        return None
    return MessageName(
        entry.sender_code,
        entry.entered_at,
        match["event_type"].upper(),
        Severity(match["severity"].capitalize()),
        MsgType(match["msg_type"].capitalize()),
    )
