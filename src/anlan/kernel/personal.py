"""Personal data as it is shown as long as nobody has given a reason to see more: a model names its fields and their masks.

PERSONAL = {"number": personal.phone, "identity": personal.digits}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.db.models import Model

    Mask = Callable[[str], str]

HIDDEN = "•"


def phone(number: str) -> str:
    """A mobile number keeps its first three and last four digits, a shorter one its last two."""
    if len(number) >= 11:
        return f"{number[:3]}{HIDDEN * (len(number) - 7)}{number[-4:]}"
    return f"{HIDDEN * max(len(number) - 2, 3)}{number[-2:]}"


def digits(number: str) -> str:
    """The number of a document keeps its first three and last two characters."""
    return f"{number[:3]}{HIDDEN * max(len(number) - 5, 3)}{number[-2:]}"


def contact(value: str) -> str:
    """A way to reach somebody, of whatever kind: a number, or an address with @."""
    name, at, host = value.partition("@")
    return f"{name[:1]}{HIDDEN * 3}@{host}" if at else phone(value)


def text(_words: str) -> str:
    return HIDDEN * 4


def masks_of(model: type[Model]) -> Mapping[str, Mask]:
    """The personal fields of a model, each with its mask."""
    masks: Mapping[str, Mask] = getattr(model, "PERSONAL", {})
    return masks


def is_personal(record: Any) -> bool:
    """Whether a record's personal fields are so in its case: a room may say that an office's number is not."""
    return bool(getattr(record, "is_personal", True))


def masked(mask: Mask, value: Any) -> str:
    """A value as it is shown without a reason; what is empty stays empty."""
    return mask(str(value)) if value not in (None, "") else ""
