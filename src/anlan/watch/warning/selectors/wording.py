"""What a warning says: its headline by the rule, its area in words, and the text that each channel carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from anlan.kernel.terms import WarningColour
from anlan.protocols.cn12379 import build_headline
from anlan.watch.warning.selectors.areas import list_groups
from anlan.watch.warning.terms import MessageType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anlan.watch.warning.models import EarlyWarning, WarningIssue
    from anlan.watch.warning.selectors.areas import Placed

NAMED = 6  # places that a text names; of more it tells the number
SENTENCES = 2  # of the guidance that a short message and a call carry
ENDS = "\u3002\uff01\uff1f"


def get_sender(warning: EarlyWarning) -> str:
    """In whose name it is issued."""
    return warning.relayed_from or warning.issuer.name


def get_headline(warning: EarlyWarning, message_type: str, colour: str, *, with_grade: bool = True) -> str:
    """The headline that the rule asks for: who issues or lifts what warning of what colour."""
    return build_headline(
        get_sender(warning),
        MessageType(message_type).value.capitalize(),
        warning.kind.name,
        WarningColour(colour).value.capitalize(),
        with_grade=with_grade,
    )


def get_area_words(placed: Sequence[Placed]) -> str:
    """The area in words: some places by name, of many how many; the parts of one that is cut go without saying."""
    tops = [group.one for group in list_groups(placed)]
    names = _("、").join(_named(one) for one in tops[:NAMED])
    if len(tops) <= NAMED:
        return names
    return _("%(names)s等 %(count)s 处") % {"names": names, "count": len(tops)}


def _named(one: Placed) -> str:
    return _("%(name)s部分地区") % {"name": one.unit.name} if one.is_cut else str(one.unit.name)


def list_texts(issue: WarningIssue, placed: Sequence[Placed]) -> dict[str, tuple[str, str]]:
    """Subject and body by channel, with the places {name}, {link} and {reply} that are filled for each person.

    In the node's language, whichever the one who drafts prefers for his pages.
    """
    with translation.override(settings.LANGUAGE_CODE):
        return _texts(issue, placed)


def _texts(issue: WarningIssue, placed: Sequence[Placed]) -> dict[str, tuple[str, str]]:
    headline = get_headline(issue.warning, issue.message_type, issue.colour, with_grade=False)
    area = get_area_words(placed)
    until = ""
    if issue.expires_at:
        until = date_format(localtime(issue.expires_at), "DATETIME_FORMAT")
    said = {"headline": headline, "area": area, "until": until, "reason": issue.reason}
    if issue.is_end:  # to read it is enough: nobody is asked to answer, or called
        whole = _("%(headline)s。%(reason)s区域：%(area)s。") % said
        return {"app": (headline, whole), "sms": ("", whole)}
    short = _("%(headline)s。区域：%(area)s。%(guidance)s") % {
        **said,
        "guidance": get_opening(issue.guidance),
    }
    whole = "\n".join(
        part
        for part in (
            issue.description,
            _("区域：%(area)s。") % said,
            _("有效期至：%(until)s。") % said if until else "",
            issue.guidance,
        )
        if part
    )
    return {
        "app": (headline, whole),
        "sms": ("", _("%(short)s收到请回复{reply}或点 {link} 确认。") % {"short": short}),
        "voice": (
            "",
            _("{name}，您好。%(short)s请听完后按{reply}键确认。") % {"short": short},
        ),
        "email": (
            headline,
            _("{name}：\n%(headline)s。\n%(whole)s\n请点此确认收到：{link}")
            % {"headline": headline, "whole": whole},
        ),
    }


def get_opening(text: str) -> str:
    """The first sentences of a text."""
    places = [place for place, sign in enumerate(text) if sign in ENDS]
    return text[: places[SENTENCES - 1] + 1] if len(places) >= SENTENCES else text
