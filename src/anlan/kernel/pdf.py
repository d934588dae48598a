"""Documents that are filed: a room's Typst template and what it says, as PDF/A with its type inside (ADR 36)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typst
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anlan.kernel.context import Context

MEDIA_TYPE = "application/pdf"
ROOT = Path(__file__).parents[1]  # from here templates name what they import
FAMILY = "Noto Sans CJK SC"
STANDARD: Final = "a-2u"  # to be kept: nothing lies outside the file, and its text can be searched


def pdf_of(template: Path, said: Mapping[str, Any]) -> bytes:
    """A template below ROOT, given what it says as JSON, as a document.

    raises  DomainError `pdf_font` where the machine has no Chinese type: half a document would be filed
    """
    fonts = _fonts()
    if FAMILY not in fonts.families():
        _fonts.cache_clear()  # it may be installed while the node runs
        raise DomainError("pdf_font")
    return typst.compile(
        str(template),
        root=str(ROOT),
        font_paths=fonts,
        format="pdf",
        sys_inputs={"said": json.dumps(said, cls=DjangoJSONEncoder, ensure_ascii=False)},
        pdf_standards=STANDARD,
        pdf_tags=False,  # a table of ten thousand rows would be 7.5 MB instead of 0.5
        timestamp=real_now().replace(microsecond=0),
    )


def frame_of(ctx: Context, title: str) -> dict[str, str]:
    """What `sheet.typ` puts around every document: the mark of an exercise, who made it when, page numbers."""
    made = {
        "node": settings.ANLAN.node_name,
        "who": str(ctx.actor or _("系统")),
        "at": date_format(localtime(real_now()), "DATETIME_FORMAT"),
    }
    return {
        "title": title,
        "language": (get_language() or settings.LANGUAGE_CODE)[:2],
        "drill": _("演练 演练 演练") if ctx.exercise else "",
        "made": _("%(node)s · %(who)s 于 %(at)s 导出") % made,
        "page": _("第 {} 页，共 {} 页"),
    }


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts()
