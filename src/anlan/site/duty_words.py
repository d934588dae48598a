"""Duties in words: lengths of time, periods, what a rule asks of whom by when."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from anlan.kernel import events
from anlan.kernel.obligations import UNIT
from anlan.kernel.subjects import term_of
from anlan.kernel.terms import Every, RuleEffect
from anlan.organisation.unit.terms import UnitKind

if TYPE_CHECKING:
    from anlan.kernel.models import Obligation, Rule
    from anlan.kernel.subjects import Shown

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# The words for each unit of time that a person may write, as `figure` writes them and shorter.
UNITS = (
    (pgettext_lazy("可写的说法，用竖线隔开", "天|日"), DAY),
    (pgettext_lazy("可写的说法，用竖线隔开", "小时|时"), HOUR),
    (pgettext_lazy("可写的说法，用竖线隔开", "分钟|分"), MINUTE),
    (pgettext_lazy("可写的说法，用竖线隔开", "秒"), SECOND),
)
WEEKDAYS = (
    gettext_lazy("星期一"),
    gettext_lazy("星期二"),
    gettext_lazy("星期三"),
    gettext_lazy("星期四"),
    gettext_lazy("星期五"),
    gettext_lazy("星期六"),
    gettext_lazy("星期日"),
)
SHORT_WEEKDAYS = (
    gettext_lazy("周一"),
    gettext_lazy("周二"),
    gettext_lazy("周三"),
    gettext_lazy("周四"),
    gettext_lazy("周五"),
    gettext_lazy("周六"),
    gettext_lazy("周日"),
)
HALVES = (gettext_lazy("上半年"), gettext_lazy("下半年"))


def span(length: timedelta) -> str:
    """A length of time in whole minutes, without the parts that are nought: "1 天 12 小时"."""
    return figure(length - length % MINUTE) if length >= MINUTE else _("不到 1 分钟")


def figure(length: timedelta) -> str:
    """The same to the second, as it is read again by `read_span`."""
    seconds = length // SECOND
    parts = [
        (seconds // 86400, _("%(n)s 天")),
        (seconds % 86400 // 3600, _("%(n)s 小时")),
        (seconds % 3600 // 60, _("%(n)s 分钟")),
        (seconds % 60, _("%(n)s 秒")),
    ]
    said = [text % {"n": number} for number, text in parts if number]
    return " ".join(said) or _("%(n)s 分钟") % {"n": 0}


def read_span(text: str) -> timedelta | None:
    """A length of time as `figure` writes it; None where it is none."""
    units = {word: length for words, length in UNITS for word in str(words).split("|")}
    words = "|".join(sorted(units, key=len, reverse=True))
    pattern = re.compile(rf"(\d{{1,5}})\s*({words})(?![a-z])", re.IGNORECASE)
    found = pattern.findall(text)
    if not found or pattern.sub("", text).strip():
        return None
    return sum((int(number) * units[word.lower()] for number, word in found), timedelta())


def period(rule: Rule, period: str) -> str:
    """The period of a recurring duty; blank for one that does not recur."""
    if not rule.every or not period:
        return ""
    year, _dash, part = period.partition("-")
    named = {
        "": lambda: _("%(year)s年") % {"year": year},
        "H": lambda: _("%(year)s年%(half)s") % {"year": year, "half": HALVES[int(part[1]) - 1]},
        "Q": lambda: _("%(year)s年第 %(quarter)s 季度") % {"year": year, "quarter": part[1]},
        "W": lambda: _("%(year)s年第 %(week)s 周") % {"year": year, "week": int(part[1:])},
    }
    if say := named.get(part[:1]):
        return say()
    if len(part) == 2:
        return date_format(date(int(year), int(part), 1), "YEAR_MONTH_FORMAT")
    return date_format(date.fromisoformat(period), "DATE_FORMAT")


def what(obligation: Obligation, shown: Shown) -> str:
    """What is owed: the duty, with the record that it is about or the period that it is for."""
    duty, about = obligation.rule.name, shown.title or kind(obligation.subject_kind)
    if obligation.rule.every:
        about = period(obligation.rule, obligation.period)
    elif (obligation.subject_kind, obligation.subject) == (UNIT, str(obligation.unit_id)):
        about = ""  # its own unit stands beside it anyway
    return _("%(duty)s：%(about)s") % {"duty": duty, "about": about} if about else duty


def kind(name: str) -> str:
    """What a kind of record is called; blank where it is no more."""
    try:
        return term_of(name)
    except (LookupError, ValueError):
        return ""


def owner(rule: Rule) -> str:
    """Who owes it."""
    if rule.every:
        known = dict(UnitKind.choices)
        kinds = [str(known.get(code, code)) for code in rule.unit_kinds]
        return _("各%(kinds)s") % {"kinds": _("、").join(kinds)}
    return _("该事件列明的单位") if rule.owners_field else _("发生该事件的单位")


def begins(rule: Rule) -> str:
    """What it begins with: the events that open it, by their names."""
    return _("、").join(heard(rule, RuleEffect.OPEN))


def heard(rule: Rule, effect: RuleEffect) -> list[str]:
    """The events that have this effect on a rule's obligations; the rule's events are fetched already."""
    return [events.label_of(row.event) for row in rule.events.all() if row.effect == effect]


def by_when(rule: Rule) -> str:
    """By when it is to be done, in one phrase."""
    if rule.limit is not None:
        return _("%(span)s内") % {"span": figure(rule.limit)}
    if rule.working_days is not None:
        return _("%(days)s 个工作日内") % {"days": rule.working_days}
    phrase = _due_in_period(rule)
    if rule.count > 1:
        return _("%(phrase)s，不少于 %(count)s 次") % {"phrase": phrase, "count": rule.count}
    return phrase


def _due_in_period(rule: Rule) -> str:
    every = str(Every(rule.every).label)
    if rule.every in {Every.DAY, Every.WORKDAY}:
        return _("%(every)s 24:00 前") % {"every": every}
    if rule.every == Every.WEEK:
        return _("%(every)s%(weekday)s前") % {"every": every, "weekday": WEEKDAYS[(rule.due_day or 7) - 1]}
    if rule.every == Every.MONTH:
        return _("%(every)s%(day)s前") % {"every": every, "day": _day(rule.due_day)}
    return _("%(every)s%(month)s%(day)s前") % {
        "every": every,
        "month": _month(rule),
        "day": _day(rule.due_day),
    }


def _month(rule: Rule) -> str:
    month = rule.due_month
    if month is None or month == -1:
        return _("最后一个月")
    if month < 0:
        return _("倒数第 %(n)s 个月") % {"n": -month}
    return _("%(n)s 月") % {"n": month} if rule.every == Every.YEAR else _("第 %(n)s 个月") % {"n": month}


def _day(day: int | None) -> str:
    if day is None or day == -1:
        return _("最后一日")
    return _("%(n)s 日") % {"n": day} if day > 0 else _("倒数第 %(n)s 日") % {"n": -day}


def levels_up(levels: int) -> str:
    """Whom a rung of the ladder tells."""
    if levels == 0:
        return _("本单位")
    return _("上一级") if levels == 1 else _("上 %(n)s 级") % {"n": levels}
