"""Callouts: the small map of a board, and the board as a workbook and as a document."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from anlan.kernel import pdf
from anlan.kernel.register.sheets import Sheet
from anlan.message.callout import selectors
from anlan.message.callout.terms import RecipientState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from anlan.kernel.context import Context
    from anlan.message.callout.models import Callout, Recipient
    from anlan.message.callout.selectors import Count

DOCUMENT = Path(__file__).parent / "templates/callout/board.typ"
WIDTH, HEIGHT, MARGIN, DOT = 480.0, 360.0, 8.0, 6.0
STRETCH = 0.78  # of a degree of longitude against one of latitude, about where most of the country lies


def map_of(counts: Sequence[Count]) -> dict[str, Any] | None:
    """Areas (or seats) of units, each with how far it has come; None where nothing is known of where they lie."""
    shapes = selectors.list_shapes([count.unit_id for count in counts])
    points = [point for shape in shapes for ring in shape.rings for point in ring]
    if not points:
        return None
    left, right = min(x for x, _y in points), max(x for x, _y in points)
    bottom, top = min(y for _x, y in points), max(y for _x, y in points)
    scale = min(
        (WIDTH - 2 * MARGIN) / max((right - left) * STRETCH, 1e-6),
        (HEIGHT - 2 * MARGIN) / max(top - bottom, 1e-6),
    )

    def place(x: float, y: float) -> tuple[float, float]:
        return round(MARGIN + (x - left) * STRETCH * scale, 1), round(MARGIN + (top - y) * scale, 1)

    known = {count.unit_id: count for count in counts}
    drawn = []
    for shape in shapes:
        count = known[shape.unit_id]
        rings = [[place(*point) for point in ring] for ring in shape.rings]
        drawn.append(
            {
                "count": count,
                "step": step_of(count),
                "dot": rings[0][0] if len(rings[0]) == 1 else None,
                "path": " ".join(_path(ring) for ring in rings if len(ring) > 1),
            }
        )
    return {"width": int(WIDTH), "height": int(HEIGHT), "shapes": drawn, "dot": DOT}


def step_of(count: Count) -> str:
    """How far, in words of the style sheet."""
    if count.open == 0:
        return "all"
    return "none" if count.done == 0 else "most" if count.share >= 50 else "some"


def _path(ring: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in ring) + "Z"


def workbook_of(
    _ctx: Context, callout: Callout, counts: Sequence[Count], recipients: Iterable[Recipient]
) -> bytes:
    """The board as a workbook: how far each unit has come, and everybody with how and when he answered."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "board.xlsx"
        units = [_("单位"), _("应确认"), _("已确认"), _("已上门"), _("未确认"), _("最后一人确认于")]
        sheet = Sheet(path, units, _("各单位"))
        for count in counts:
            sheet.add(
                [
                    count.name,
                    count.people,
                    count.confirmed,
                    count.visited,
                    count.open,
                    "" if count.open else _moment(count.last_at),
                ]
            )
        sheet.begin(
            [
                _("单位"),
                _("姓名"),
                _("岗位"),
                _("状态"),
                _("方式"),
                _("确认时间"),
                _("用时（秒）"),
                _("登记人"),
            ],
            _("逐人"),
        )
        for one in recipients:
            took = round((one.ended_at - callout.started_at).total_seconds()) if one.ended_at else ""
            sheet.add(
                [
                    one.unit.name,
                    str(one.person or _("值班电话")),
                    one.get_post_display(),
                    one.state_label,
                    one.get_how_display(),
                    _moment(one.ended_at),
                    took,
                    str(one.ended_by or ""),
                ]
            )
        sheet.close()
        return path.read_bytes()


def document_of(
    ctx: Context, callout: Callout, counts: Sequence[Count], recipients: Iterable[Recipient]
) -> bytes:
    """The board as it is filed: each unit, who has not answered, who was visited, who has answered, how and when."""
    everybody = list(recipients)
    people, done = len(everybody), sum(not one.is_open for one in everybody)
    share = f"{done * 100 // people}%" if people else "–"
    facts = [
        (_("用途"), callout.get_purpose_display()),
        (_("级别"), callout.get_colour_display()),
        (_("发起单位"), callout.unit.name),
        (_("发起时间"), _moment(callout.started_at)),
        (_("结束时间"), _moment(callout.ended_at)),
        (_("状态"), callout.state_label),
        (_("内容"), callout.texts.get("app", ("", ""))[1]),
    ]
    said = pdf.frame_of(ctx, callout.title) | {
        "facts": [fact for fact in facts if fact[1]],
        "figures": [
            (_("已送达或确认") if callout.only_tells else _("已确认"), share),
            (_("应确认"), str(people)),
            (_("还没有确认"), str(people - done)),
            (_("上门告知"), str(sum(one.state == RecipientState.VISITED for one in everybody))),
        ],
        "parts": [_of_units(counts), *_of_people(callout, everybody)],
    }
    return pdf.pdf_of(DOCUMENT, said)


def _of_units(counts: Sequence[Count]) -> dict[str, Any]:
    return {
        "title": _("各单位"),
        "empty": "",
        "head": [_("单位"), _("应确认"), _("已确认"), _("已上门"), _("未确认"), _("最后一人确认于")],
        "widths": [4, 1, 1, 1, 1, 3],
        "numbers": [1, 2, 3, 4],
        "rows": [
            [
                count.name,
                *map(str, (count.people, count.confirmed, count.visited, count.open)),
                "" if count.open else _moment(count.last_at),
            ]
            for count in sorted(counts, key=lambda count: count.rank)
        ],
    }


def _of_people(callout: Callout, everybody: Sequence[Recipient]) -> list[dict[str, Any]]:
    """Who has not answered, with how far the machine came; who was visited; who has, with how and when."""
    who = [_("单位"), _("姓名"), _("岗位")]
    visited = [one for one in everybody if one.state == RecipientState.VISITED]
    answered = [one for one in everybody if one.state == RecipientState.CONFIRMED]
    return [
        {
            "title": _("谁还没有收到") if callout.only_tells else _("谁还没有确认"),
            "empty": _("没有。"),
            "head": [*who, _("状态"), _("已到第几步")],
            "widths": [4, 2, 3, 3, 2],
            "numbers": [4],
            "rows": [
                [*_who(one), one.state_label, f"{one.rung + 1}/{len(callout.ladders[one.ladder]['rungs'])}"]
                for one in everybody
                if one.is_open
            ],
        },
        {
            "title": _("上门告知"),
            "empty": _("没有。"),
            "head": [*who, _("时间"), _("登记人")],
            "widths": [4, 2, 3, 3, 2],
            "numbers": [],
            "rows": [[*_who(one), _moment(one.ended_at), str(one.ended_by or "")] for one in visited],
        },
        {
            "title": _("已送达或确认") if callout.only_tells else _("已确认"),
            "empty": _("没有。"),
            "head": [*who, _("方式"), _("确认时间"), _("登记人")],
            "widths": [4, 2, 3, 2, 3, 2],
            "numbers": [],
            "rows": [
                [*_who(one), one.get_how_display(), _moment(one.ended_at), str(one.ended_by or "")]
                for one in answered
            ],
        },
    ]


def _who(one: Recipient) -> list[str]:
    name = str(one.person or _("值班电话"))
    if one.holder:
        name = _("%(name)s（代 %(holder)s）") % {"name": name, "holder": one.holder}
    return [one.unit.name, name, one.get_post_display()]


def _moment(moment: datetime | None) -> str:
    return localtime(moment).strftime("%Y-%m-%d %H:%M:%S") if moment else ""
