"""What `journal` and `sealing` run inside the product: writers of acts, with and without the journal."""

from __future__ import annotations

import sys
import time

from anlan.kernel.act import act
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.models import SelfCheck
from anlan.kernel.node import SelfCheckAsked

CAPABILITY = "kernel.node.check"
WARM_UP = 200  # acts


@act(CAPABILITY)
def touch(ctx: Context, check: SelfCheck) -> None:
    """A small act on a small table: one UPDATE, one entry."""
    _change(check)
    ctx.journal(SelfCheckAsked(), check)


@act(CAPABILITY)
def touch_silently(_ctx: Context, check: SelfCheck) -> None:
    """The same act without the journal."""
    _change(check)


def _change(check: SelfCheck) -> None:
    SelfCheck.objects.filter(pk=check.pk).update(asked_at=real_now())


def write(kind: str, seconds: str) -> int:
    """Act as fast as it goes once a line comes in; how many acts there were in that time."""
    do = {"journalled": touch, "silent": touch_silently}[kind]
    ctx, check = _self()
    for _ in range(WARM_UP):
        do(ctx, check)
    until_told()
    count, end = 0, time.perf_counter() + float(seconds)
    while time.perf_counter() < end:
        do(ctx, check)
        count += 1
    return count


def _self() -> tuple[Context, SelfCheck]:
    """Each writer acts for the node, on a row of its own."""
    return Context(None, powers=frozenset({CAPABILITY})), SelfCheck.objects.create()


def until_told() -> None:
    """Wait for the moment at which all begin."""
    print("ready", flush=True)
    sys.stdin.readline()
