"""Warnings for tests, each brought by acts to where a test begins."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING

from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from anlan.kernel import rooms, rules
from anlan.kernel.context import Context
from anlan.kernel.numbering import load_series
from anlan.organisation.unit.models import UnitProfile
from anlan.watch.warning import services
from anlan.watch.warning.selectors.areas import Placed
from anlan.watch.warning.terms import CAPABILITIES
from tests.watch.kinds import make_kind

if TYPE_CHECKING:
    from anlan.kernel.models import Unit
    from anlan.watch.warning.models import WarningIssue

NODE = Context(None, powers=frozenset(CAPABILITIES))
STATION = "试验市气象台"
SAID = "预计6小时内降雨量将达50毫米以上。"


def square(west: float, south: float, size: float = 0.1) -> MultiPolygon:
    return MultiPolygon(Polygon.from_bbox((west, south, west + size, south + size)), srid=4326)


def place(unit: Unit, west: float, south: float, size: float = 0.1) -> None:
    """Give a unit an area: a square in degrees."""
    area = square(west, south, size)
    UnitProfile.unscoped.update_or_create(
        unit=unit, defaults={"area": area, "seat": Point(west + size / 2, south + size / 2, srid=4326)}
    )


def draft(unit: Unit, colour: str = "blue", ctx: Context = NODE, kind: str = "暴雨") -> WarningIssue:
    """A complete draft for the whole unit."""
    load_series()
    issue = services.draft_warning(
        ctx, unit=unit, kind=make_kind(unit, kind), colour=colour, relayed_from=STATION
    )
    return services.edit_issue(ctx, issue.pk, version=issue.version, placed=[Placed(unit)], description=SAID)


def submitted(unit: Unit, colour: str = "blue", ctx: Context = NODE) -> WarningIssue:
    return services.submit_issue(ctx, draft(unit, colour, ctx).pk)


def coded(unit: Unit) -> Unit:
    """The unit under a code of the official list, as every real division has one."""
    unit.code = f"99{unit.pk % 10000:04}000000"
    unit.save(update_fields=["code"])
    return unit


def approve(issue: WarningIssue, ctx: Context = NODE) -> WarningIssue:
    if issue.needs_leader:
        return services.approve_high_issue(ctx, issue.pk)
    return services.approve_low_issue(ctx, issue.pk)


def published(unit: Unit, colour: str = "blue", ctx: Context = NODE) -> WarningIssue:
    return services.publish_issue(ctx, approve(submitted(unit, colour, ctx), ctx).pk)


def urgent(unit: Unit, colour: str = "red", ctx: Context = NODE) -> WarningIssue:
    return services.publish_urgent_issue(ctx, draft(unit, colour, ctx).pk)


def cancelled(unit: Unit, ctx: Context = NODE) -> WarningIssue:
    issue = services.draft_cancel(ctx, published(unit, ctx=ctx).warning_id, reason="降雨趋于结束。")
    issue = services.submit_issue(ctx, issue.pk)
    return services.publish_issue(ctx, approve(issue, ctx).pk)


def with_rules() -> None:
    rules.load_all()


def with_handlers() -> None:
    """Let all that time brings be known, as it is to the scanner."""
    import_module("anlan.kernel.escalation")
    for room in rooms.find():
        room.part("handlers")


HOUR = timedelta(hours=1)
