"""Kinds of post, which units must have them (data/needed.json), reasons for absence, and what may be done."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class PostKind(TextChoices):
    """Who is responsible in a unit; then the forces of the grid."""

    PARTY_FIRST = "party_first", _("党委第一责任人")
    GOVERNMENT_FIRST = "government_first", _("行政第一责任人")
    FIELD_LEADER = "field_leader", _("分管领导（一岗双责）")
    LIAISON = "liaison", _("联络员")
    LEGAL_REPRESENTATIVE = "legal_representative", _("法定代表人")
    DUTY_CONTACT = "duty_contact", _("值班联系人")
    OFFICE_HEAD = "office_head", _("应急办主任")
    DISASTER_OFFICER = "disaster_officer", _("灾害信息员")
    OBSERVER = "observer", _("群测群防员")
    RANGER = "ranger", _("护林员")
    GRID_MEMBER = "grid_member", _("网格员")
    REPORTER = "reporter", _("信息报告员")
    OTHER = "other", _("其他岗位")


FORCES = (
    PostKind.DISASTER_OFFICER,
    PostKind.OBSERVER,
    PostKind.RANGER,
    PostKind.GRID_MEMBER,
    PostKind.REPORTER,
)


class AbsenceReason(TextChoices):
    LEAVE = "leave", _("休假")
    ILLNESS = "illness", _("病假")
    BUSINESS = "business", _("出差")
    TRAINING = "training", _("学习培训")
    OTHER = "other", _("其他")


class Needed(NamedTuple):
    """A kind of post that units of these kinds must have, by which clause, and how many hold it.

    from_on  since when; None: the clause does not say
    certain  whether that was compared with the text
    region   the beginning of the codes of the units it holds for; blank: of all
    """

    kind: str
    unit_kinds: tuple[str, ...]
    seats: int
    source: str
    from_on: date | None
    certain: bool
    region: str


def _needed() -> tuple[Needed, ...]:
    rows = json.loads((Path(__file__).parent / "data/needed.json").read_text())
    return tuple(_read(**row) for row in rows)


def _read(*, unit_kinds: list[str], from_on: str | None, kind: str, **more: Any) -> Needed:
    since = date.fromisoformat(from_on) if from_on else None
    return Needed(kind=PostKind(kind), unit_kinds=tuple(unit_kinds), from_on=since, **more)


NEEDED = _needed()

CAPABILITIES = {
    "organisation.post.read": _("查看岗位"),
    "organisation.post.edit": _("维护岗位"),
    "organisation.post.export": _("导出岗位"),
    "organisation.post.appoint": _("任命和免去责任人"),
    "organisation.post.report_absence": _("登记请假和代班"),
    "organisation.post.check": _("核对应急办四落实"),
}
