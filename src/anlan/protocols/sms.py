"""Short messages: how many parts a text takes and how it is cut (3GPP TS 23.038, 23.040), and what a reply says."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

# The default alphabet, then its extension, of which each character takes two.
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")
# Units in a message of its own, and in a part of a longer one, which needs a header.
ALONE = {"gsm7": 160, "ucs2": 70}
PART = {"gsm7": 153, "ucs2": 67}

_WORDS = {
    name: "|".join(words)
    for name, words in json.loads((Path(__file__).parent / "sms_replies.json").read_text("utf-8")).items()
}
REPLY = re.compile(
    "(?:{before_digit})? ?(\\d{{1,3}}) ?(?:{after_digit})? ?(?:{assent})?|(?:{assent}) ?(\\d{{1,3}})?".format(
        **_WORDS
    ),
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Cut:
    """A text as it goes over the air.

    alphabet  gsm7 or ucs2
    parts     the text of each message
    """

    alphabet: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Understood:
    """What a reply says.

    digit  the number of the matter it answers; None: it says yes without saying to what
    """

    digit: int | None


def cut(text: str) -> Cut:
    """The parts of a text: characters that take two units (an emoji, a bracket in GSM) are never torn apart.

    checked  tests/protocols/test_sms.py: lengths at each border, both alphabets
    """
    alphabet = "gsm7" if EXTENDED.union(BASIC).issuperset(text) else "ucs2"
    sizes = [_units(character, alphabet) for character in text]
    if sum(sizes) <= ALONE[alphabet]:
        return Cut(alphabet, (text,))
    parts, begun, filled = [], 0, 0
    for place, size in enumerate(sizes):
        if filled + size > PART[alphabet]:
            parts.append(text[begun:place])
            begun, filled = place, 0
        filled += size
    return Cut(alphabet, (*parts, text[begun:]))


def _units(character: str, alphabet: str) -> int:
    if alphabet == "gsm7":
        return 2 if character in EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1


def read_reply(text: str) -> Understood | None:
    """What somebody wrote back: a digit or a word of assent, in whatever width and with whatever signs around it.

    returns  None for anything else: "1人受伤" is news, not an answer
    """
    plain = "".join(
        character if unicodedata.category(character)[0] in "LN" else " "
        for character in unicodedata.normalize("NFKC", text)
    )
    found = REPLY.fullmatch(" ".join(plain.split()))
    if found is None:
        return None
    digits = found[1] or found[2]
    return Understood(int(digits) if digits else None)
