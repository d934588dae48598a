"""Obligation rules as data: read from files at each start, chosen by day and region, edited by people.

A room lists its rules in `data/rules.json` (docs: CONTRIBUTING.md, “Obligations”); durations are ISO 8601 ("PT2H"). A rule
that somebody has edited on this node is left alone by later starts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.dateparse import parse_duration
from django.utils.translation import gettext_lazy as _

from anlan.kernel import events, rooms
from anlan.kernel.act import act
from anlan.kernel.errors import DomainError, NotFound
from anlan.kernel.events import event
from anlan.kernel.models import Holiday, Rule, RuleEvent, Unit
from anlan.kernel.periods import end_of, local_date, working_days_later
from anlan.kernel.terms import RuleEffect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from anlan.kernel.context import Context
    from anlan.kernel.models import Entry
    from anlan.kernel.obligations import Owed

    OwedBy = Callable[[Entry, Rule, Sequence[int | None]], Iterable[Owed]]

HOLIDAYS = Path(__file__).parent / "data/holidays.json"
LISTS = {
    "opens_on": RuleEffect.OPEN,
    "fulfilled_on": RuleEffect.FULFIL,
    "withdrawn_on": RuleEffect.WITHDRAW,
    "paused_on": RuleEffect.PAUSE,
    "resumed_on": RuleEffect.RESUME,
}
FIGURES = (
    "limit",
    "working_days",
    "due_month",
    "due_day",
    "count",
    "reminders",
    "ladder",
    "until_on",
    "certain",
)


class WrongRule(Exception):
    """A rule in a file that cannot be; the node does not start with it."""


@event("kernel.rule.edited", _("修改履责规则"))
@dataclass(frozen=True)
class RuleEdited:
    """What changed: the names of the figures. Their values before and after stand in the row history."""

    fields: tuple[str, ...]


# --- which rule holds ---------------------------------------------------------------------------------------------


def choose(
    candidates: Sequence[Rule], entry: Entry, units: Sequence[int | None], owed_by: OwedBy
) -> Iterator[tuple[Rule, list[Owed]]]:
    """The rules that an entry opens obligations by, each with who owes what.

    Of several versions of a code the one of the most special region in effect on the day holds, unit by unit.
    """
    day = local_date(entry.at)
    held = [rule for rule in candidates if is_in_effect(rule, day) and _meets(entry.data, rule.conditions)]
    for _code, versions in groupby(sorted(held, key=lambda rule: rule.code), key=lambda rule: rule.code):
        ranked = sorted(versions, key=lambda rule: (len(rule.region), rule.from_on), reverse=True)
        yield from _share_out(ranked, entry, units, owed_by)


def _share_out(
    ranked: Sequence[Rule], entry: Entry, units: Sequence[int | None], owed_by: OwedBy
) -> Iterator[tuple[Rule, list[Owed]]]:
    taken: set[tuple[str, int]] = set()
    for rule in ranked:
        owed = [one for one in owed_by(entry, rule, units) if (one.subject, one.unit_id) not in taken]
        if rule.region:
            inside = _inside(rule.region, {one.unit_id for one in owed})
            owed = [one for one in owed if one.unit_id in inside]
        taken |= {(one.subject, one.unit_id) for one in owed}
        if owed:
            yield rule, owed


def is_in_effect(rule: Rule, day: date) -> bool:
    return rule.from_on <= day and (rule.until_on is None or day < rule.until_on)


def _meets(data: dict[str, Any], conditions: dict[str, list[Any]]) -> bool:
    return all(data.get(name) in values for name, values in conditions.items())


def _inside(region: str, unit_ids: set[int]) -> set[int]:
    rows = Unit.unscoped.filter(pk__in=unit_ids, code__startswith=region)
    return set(rows.values_list("pk", flat=True))


def due_at(rule: Rule, moment: datetime) -> datetime:
    """When a duty that begins at that moment is due."""
    if rule.working_days is not None:
        return end_of(working_days_later(local_date(moment), rule.working_days))
    if rule.limit is None:
        raise ValueError(f"{rule.code} recurs; no event sets its due time")
    return moment + rule.limit


# --- from files ---------------------------------------------------------------------------------------------------


@transaction.atomic
def load_all() -> None:
    """Bring the rules of every room and the holiday calendar up to this version."""
    load_holidays(json.loads(HOLIDAYS.read_text()))
    for room in rooms.find():
        for events_of in (
            "events",
            "register",
        ):  # so that a rule that listens to what does not exist is found
            room.part(events_of)
        if (file := room.folder / "data/rules.json").exists():
            load(json.loads(file.read_text()))


def load_holidays(years: Iterable[dict[str, Any]]) -> None:
    """[{"source", "off": [["2026-01-01", "2026-01-03", name] …], "worked": [["2026-01-04", name] …]} …]; days known stay."""
    rows = [
        Holiday(
            on=date.fromisoformat(first) + timedelta(days=ahead),
            working=False,
            name=name,
            source=year["source"],
        )
        for year in years
        for first, last, name in year["off"]
        for ahead in range((date.fromisoformat(last) - date.fromisoformat(first)).days + 1)
    ]
    rows += [
        Holiday(on=date.fromisoformat(day), working=True, name=name, source=year["source"])
        for year in years
        for day, name in year["worked"]
    ]
    Holiday.objects.bulk_create(rows, ignore_conflicts=True)


def load(rows: Iterable[dict[str, Any]]) -> list[Rule]:
    """Add or renew rules; raises WrongRule"""
    return [_load_one(dict(row)) for row in rows]


def _load_one(row: dict[str, Any]) -> Rule:
    listens = {effect: row.pop(name, []) for name, effect in LISTS.items()}
    key = {name: row.pop(name, "") for name in ("code", "region", "from_on")}
    fields = _read(key["code"], row)
    _check(key["code"], fields, listens)
    rule, _made = Rule.objects.get_or_create(**key, defaults=fields)
    if rule.edited_at is None:
        Rule.objects.filter(pk=rule.pk).update(**fields)
    wanted = {(name, str(effect)) for effect, several in listens.items() for name in several}
    known = set(rule.events.values_list("event", "effect"))
    RuleEvent.objects.bulk_create(
        RuleEvent(rule=rule, event=name, effect=effect) for name, effect in wanted - known
    )
    for name, effect in known - wanted:
        rule.events.filter(event=name, effect=effect).delete()
    return rule


def _read(code: str, row: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(row) - {field.name for field in Rule._meta.concrete_fields}:
        raise WrongRule(f"{code}: no such field: {', '.join(sorted(unknown))}")
    fields = dict(row)
    if "limit" in fields:
        fields["limit"] = _duration(code, fields["limit"])
    fields["reminders"] = [_duration(code, text) for text in fields.get("reminders", [])]
    fields["ladder"] = [
        {"after": round(_duration(code, rung["after"]).total_seconds()), "levels_up": int(rung["levels_up"])}
        for rung in fields.get("ladder", [])
    ]
    return fields


def _duration(code: str, text: str) -> timedelta:
    found = parse_duration(text)
    if found is None:
        raise WrongRule(f"{code}: {text} is no ISO 8601 duration")
    return found


def _check(code: str, fields: dict[str, Any], listens: dict[RuleEffect, list[str]]) -> None:
    """Whatever a rule listens to must exist, and have the fields that the rule reads."""
    for effect, names in listens.items():
        for name in names:
            if name not in events.names():
                raise WrongRule(f"{code}: no event {name}")
            read = {field for field in (fields.get("subject_field"), *_read_by(effect, fields)) if field}
            if missing := read - events.fields_of(name):
                raise WrongRule(f"{code}: {name} has no {', '.join(sorted(missing))}")


def _read_by(effect: RuleEffect, fields: dict[str, Any]) -> set[str | None]:
    if effect == RuleEffect.OPEN:
        return {fields.get("owners_field"), fields.get("moment_field"), *fields.get("conditions", {})}
    return {fields.get("owners_field")} if effect == RuleEffect.FULFIL else set()


# --- by people ----------------------------------------------------------------------------------------------------


@act("kernel.rule.edit")
def edit_rule(ctx: Context, /, rule_id: int, **figures: Any) -> Rule:
    """Change a rule's figures (FIGURES) for what is opened from now on; reminders and rungs also for what is open.

    raises  NotFound; DomainError where a figure does not fit the kind of rule
    """
    rule = Rule.objects.select_for_update().filter(pk=rule_id).first()
    if rule is None:
        raise NotFound
    changed = tuple(sorted(name for name, value in figures.items() if getattr(rule, name) != value))
    if wrong := set(figures) - set(FIGURES):
        raise ValueError(f"no figures of a rule: {wrong}")
    if not changed:
        return rule
    for name in changed:
        setattr(rule, name, figures[name])
    if bool(rule.every) + (rule.limit is not None) + (rule.working_days is not None) != 1:
        raise DomainError("rule_one_limit")
    rule.edited_at = ctx.now()
    rule.save(update_fields=(*changed, "edited_at"))
    ctx.journal(RuleEdited(changed), rule)
    return rule
