"""Numbers and addresses by which people are reached in this country: how each kind is written, and what is none.

    normalised("land_line", "（022）2345 6789 转 8") == "022-23456789转8"

Numbers beginning with 100, and the area code 000, are given to nobody: examples and the demo use them.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Callable


class ReachKind(TextChoices):
    MOBILE = "mobile", _("手机")
    LAND_LINE = "land_line", _("固定电话")
    SERVICE = "service", _("短号、热线")
    SATELLITE = "satellite", _("卫星电话")
    RADIO = "radio", _("电台")
    EMAIL = "email", _("电子邮箱")
    CHAT = "chat", _("即时通信号")


TELEPHONES = (ReachKind.MOBILE, ReachKind.LAND_LINE, ReachKind.SERVICE, ReachKind.SATELLITE)
EXTENDED = "\u8f6c"  # zhuan, what stands before an extension
MOBILE = re.compile(r"1(?:[3-9]\d|00)\d{8}")
LAND_LINE = re.compile(rf"(0(?:10|2\d|[3-9]\d\d|00))([1-9]\d{{6,7}})(?:{EXTENDED}(\d{{1,6}}))?")
SERVICE = re.compile(r"1\d{2,5}|9[56]\d{3,6}|[48]00\d{7}")
SATELLITE = re.compile(r"1(?:740|349)\d{7}|\+8(?:70|81|82)\d{6,12}")
CHAT = re.compile(r"[\w@.+-]{2,64}")
EXTENSION = re.compile(rf"(?:{EXTENDED}|\u5206\u673a|ext\.?|[-x#*])\s*(\d{{1,6}})$", re.IGNORECASE)
BETWEEN = re.compile(r"[\s()\-—–.·]")
ABROAD = re.compile(r"^(?:\+|00)86")

WRONG = {
    ReachKind.MOBILE: _(
        "手机号码应为 11 位数字，以 13—19 开头。Excel 显示成 1.38E+10 的，请把该列设为文本后重填。"
    ),
    ReachKind.LAND_LINE: _(
        "固定电话应写区号和 7—8 位号码，有分机的写“转”，例如 000-10000001转8001。"
        "区号开头的 0 被 Excel 去掉的，请把该列设为文本后重填。"
    ),
    ReachKind.SERVICE: _(
        "短号、热线应为 3—6 位短号、95 或 96 开头的号码，或 400、800 开头的 10 位号码，例如 12345。"
    ),
    ReachKind.SATELLITE: _("卫星电话应为 1740 或 1349 开头的 11 位号码，或带 +870、+881、+882 的国际号码。"),
    ReachKind.RADIO: _("电台应写呼号或频道，不超过 64 个字，例如 应急1台 或 409.750MHz。"),
    ReachKind.EMAIL: _("电子邮箱的写法不对，例如 zhiban@example.cn。"),
    ReachKind.CHAT: _("即时通信号应为 2—64 位字母、数字或下划线，中间没有空格。"),
}


def normalised(kind: str, value: str) -> str:
    """The value as it is kept. raises ValidationError that says how to write it"""
    text = unicodedata.normalize("NFKC", value).strip()
    found = _READERS[ReachKind(kind)](text)
    if not found:
        raise ValidationError(WRONG[ReachKind(kind)])
    return found


def _plain(text: str) -> str:
    """Without what people put between the digits, and without the country's own code."""
    return ABROAD.sub("", BETWEEN.sub("", text))


def _whole(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        plain = _plain(text)
        return plain if pattern.fullmatch(plain) else ""

    return read


def _land_line(text: str) -> str:
    extension = ""
    if (found := EXTENSION.search(text)) and len(re.findall(r"\d", text[: found.start()])) >= 10:
        text, extension = text[: found.start()], f"{EXTENDED}{found[1]}"
    plain = _plain(text)
    if ABROAD.match(BETWEEN.sub("", text)) and not plain.startswith("0"):
        plain = f"0{plain}"
    parts = LAND_LINE.fullmatch(f"{plain}{extension}")
    return f"{parts[1]}-{parts[2]}{extension}" if parts else ""


def _radio(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 64 and re.search(r"\w", words) else ""


def _email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        return ""
    return text.lower()


def _chat(text: str) -> str:
    return text if CHAT.fullmatch(text) else ""


_READERS: dict[ReachKind, Callable[[str], str]] = {
    ReachKind.MOBILE: _whole(MOBILE),
    ReachKind.LAND_LINE: _land_line,
    ReachKind.SERVICE: _whole(SERVICE),
    ReachKind.SATELLITE: _whole(SATELLITE),
    ReachKind.RADIO: _radio,
    ReachKind.EMAIL: _email,
    ReachKind.CHAT: _chat,
}
