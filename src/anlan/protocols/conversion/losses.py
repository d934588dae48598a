"""What gets lost between CAP and the national release system: all of it, by path and reason."""

from __future__ import annotations

import re
from dataclasses import dataclass


class Unconvertible(Exception):
    """A message that can't be said in the other format. `path` is where it says what keeps it from that, `value` what."""

    def __init__(self, path: str, value: str = "") -> None:
        super().__init__(path, value)
        self.path, self.value = path, value


@dataclass(frozen=True, slots=True)
class Loss:
    """Something of the message that was read which is not in the one that was made, or not as it was.

    path  where it stood in the message that was read, repeated elements with their numbers from 1
    why   as in TO_CAP and FROM_CAP
    """

    path: str
    why: str

    @property
    def kind(self) -> tuple[str, str]:
        """Path without numbers and reason, as the tables have them."""
        return re.sub(r"\[\d+\]", "", self.path), self.why


# personal      named or reached persons; carried over only on request
# other_word    the nearest word of the other format
# unknown_word  outside the enumeration: Unknown, or the usual value
# no_shape      the other format has no such shape; the divisions still hold
# assumed       not known; the time in the identifier
# form          can't be written by the other format's rules
TO_CAP = frozenset(
    {
        ("sendTime", "assumed"),
        ("code/method/audenceprt", "personal"),
        ("references", "assumed"),
        ("references", "form"),
        ("info/language", "unknown_word"),
        ("info/urgency", "unknown_word"),
        ("info/severity", "unknown_word"),
        ("info/certainty", "other_word"),
        ("info/certainty", "unknown_word"),
        ("info/senderName", "personal"),
        ("info/web", "form"),
        ("info/resource/digest", "form"),
        ("info/area/polygon", "no_shape"),
    }
)
# no_place        the other format has nothing for it
# replaced        by what the interface asks for, or the caller gave
# only_first      of several the interface knows one: the event's first message, the Chinese text
# not_known       can't be told from what the message says
# always_unknown  the interface has the word Unknown only
# derived         follows from the event type or the file name there, which say something else
FROM_CAP = frozenset(
    {
        ("identifier", "replaced"),
        ("sender", "replaced"),
        ("source", "no_place"),
        ("restriction", "other_word"),
        ("addresses", "no_place"),
        ("code", "no_place"),
        ("references", "only_first"),
        ("references", "not_known"),
        ("incidents", "no_place"),
        ("info", "only_first"),
        ("info/category", "derived"),
        ("info/event", "derived"),
        ("info/event", "not_known"),
        ("info/responseType", "no_place"),
        ("info/urgency", "always_unknown"),
        ("info/certainty", "always_unknown"),
        ("info/audience", "no_place"),
        ("info/eventCode", "no_place"),
        ("info/senderName", "replaced"),
        ("info/headline", "replaced"),
        ("info/contact", "no_place"),
        ("info/parameter", "no_place"),
        ("info/resource/mimeType", "derived"),
        ("info/resource/uri", "no_place"),
        ("info/resource/derefUri", "no_place"),
        ("info/area/geocode", "no_place"),
        ("info/area/altitude", "no_place"),
        ("info/area/ceiling", "no_place"),
    }
)
