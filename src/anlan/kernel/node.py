"""The node's own acts and reads: self-check of the whole chain, and the hold after a restore."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - events look at their types when they are declared
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from procrastinate.contrib.django import app

from anlan.kernel.act import act
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.errors import NotFound
from anlan.kernel.events import event
from anlan.kernel.handlers import subscribe
from anlan.kernel.models import NodeState, SelfCheck
from anlan.kernel.scope import require

if TYPE_CHECKING:
    from anlan.kernel.models import Entry


@dataclass(frozen=True)
class Step:
    """One leg of a self-check; `took_ms` is None while it has not been reached."""

    name: str
    took_ms: int | None

    @property
    def ok(self) -> bool:
        return self.took_ms is not None


@dataclass(frozen=True)
class Process:
    """A program of this node as its supervisor last saw it."""

    name: str
    pid: int
    state: str
    restarts: int


@event("kernel.self_check.asked", gettext_lazy("发起自检"))
@dataclass(frozen=True)
class SelfCheckAsked:
    pass


@event("kernel.self_check.worked", gettext_lazy("完成自检"))
@dataclass(frozen=True)
class SelfCheckWorked:
    pass


@event("kernel.node.released", gettext_lazy("放行节点"))
@dataclass(frozen=True)
class NodeReleased:
    held_since: datetime


@act("kernel.node.check")
def start_self_check(ctx: Context) -> SelfCheck:
    """Ask for a self-check; its job is committed together with it, so neither can be without the other."""
    check = SelfCheck.objects.create(asked_by=ctx.actor)
    ctx.journal(SelfCheckAsked(), check)
    app.configure_task("kernel.self_check").defer(check_id=check.pk)
    return check


@transaction.atomic
def work_self_check(check_id: int) -> None:
    """The worker's leg. Runs at least once; the first time counts, `work_count` tells of more."""
    SelfCheck.objects.filter(pk=check_id).update(work_count=F("work_count") + 1)
    if SelfCheck.objects.filter(pk=check_id, worked_at=None).update(worked_at=real_now()):
        check = SelfCheck.objects.select_related("asked_by").get(pk=check_id)
        Context(check.asked_by).journal(SelfCheckWorked(), check)


@subscribe("kernel.self_check.worked", handler="kernel.self_check.relayed")
def mark_relayed(_ctx: Context, entry: Entry) -> None:
    """The relay's leg: the entry has come out of the journal; its live message follows."""
    SelfCheck.objects.filter(pk=int(entry.subject), relayed_at=None).update(relayed_at=real_now())


def get_self_check(ctx: Context, check_id: int) -> SelfCheck:
    require(ctx, "kernel.node.read")
    check = SelfCheck.objects.filter(pk=check_id).first()
    if check is None:
        raise NotFound
    return check


def steps_of(check: SelfCheck) -> list[Step]:
    return [
        Step(_("页面写入数据库"), 0),
        Step(_("后台任务执行"), _milliseconds(check.asked_at, check.worked_at)),
        Step(_("消息送达页面"), _milliseconds(check.asked_at, check.relayed_at)),
    ]


def held_since() -> datetime | None:
    """Since when the node is held after a restore, or None."""
    return NodeState.objects.filter(pk=1).values_list("held_since", flat=True).first()


def is_held() -> bool:
    return held_since() is not None


def hold_node() -> None:
    """Hold the node: a restore does this before anything can go out a second time."""
    NodeState.objects.update_or_create(pk=1, defaults={"held_since": real_now(), "released_by": None})


@act("kernel.node.release")
def release_node(ctx: Context) -> bool:
    """Let a held node send again; False if it was not held (a second press changes nothing)."""
    state = NodeState.objects.select_for_update().filter(pk=1, held_since__isnull=False).first()
    if state is None or state.held_since is None:
        return False
    NodeState.objects.filter(pk=1).update(held_since=None, released_by=ctx.actor)
    ctx.journal(NodeReleased(state.held_since), state)
    return True


def list_waiting(ctx: Context) -> list[tuple[str, int]]:
    """What would go out on release: waiting jobs and timers that are due, by kind, most first."""
    require(ctx, "kernel.node.read")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task_name, count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') GROUP BY 1"
            " UNION ALL SELECT d.kind, count(*) FROM kernel_clock c"
            " JOIN kernel_due d ON d.clock_id = c.id AND d.at <= domain_now(c.id) GROUP BY 1"
            " ORDER BY 2 DESC, 1 LIMIT 50"
        )
        return [(str(name), int(count)) for name, count in cursor.fetchall()]


def list_processes(ctx: Context) -> list[Process]:
    """The programs of this machine's node, from the supervisor's record; empty where none supervises."""
    require(ctx, "kernel.node.read")
    record = settings.ANLAN.run / "programs.json" if settings.ANLAN.run else None
    if record is None or not record.exists():
        return []
    return [Process(**row) for row in json.loads(record.read_text())["programs"]]


def _milliseconds(since: datetime, until: datetime | None) -> int | None:
    return None if until is None else round((until - since).total_seconds() * 1000)
