from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.matrix import Case
from tests.watch.kinds import make_kind
from tests.watch.warnings import approve, cancelled, coded, draft, published, submitted, urgent

if TYPE_CHECKING:
    from collections.abc import Callable

    from anlan.kernel.models import Unit
    from tests.cast import World

READ, DRAFT, LOW, HIGH, PUBLISH, URGENT, SIGN, TICK, REVIEW = (
    f"watch.warning.{verb}"
    for verb in (
        "read",
        "draft",
        "approve_low",
        "approve_high",
        "publish",
        "publish_urgent",
        "countersign",
        "tick",
        "review",
    )
)


def issue(make: Callable[[Unit], Any]) -> dict[str, Any]:
    return {
        "own": lambda w: {"issue_id": make(w.district).pk},
        "other": lambda w: {"issue_id": make(w.neighbour_district).pk},
    }


def warning(make: Callable[[Unit], Any], **more: Any) -> dict[str, Any]:
    return {
        "own": lambda w: {"warning_id": make(w.district).warning_id, **more},
        "other": lambda w: {"warning_id": make(w.neighbour_district).warning_id, **more},
    }


def approved(unit: Unit) -> Any:
    return approve(submitted(unit))


def high(unit: Unit) -> Any:
    return submitted(unit, "red")


def told(unit: Unit) -> Any:
    return published(coded(unit))


def with_kinds(world: World) -> dict[str, Any]:
    make_kind(world.district)
    return {}


CASES = (
    Case("api:/warnings", READ, budget=7),
    Case("api:/warnings/{warning_id}", READ, **warning(published), budget=9),
    Case("warning_list", READ, budget=8),
    Case("warning_create", DRAFT, own=with_kinds, budget=8),
    Case("warning_detail", READ, **warning(published), budget=20),
    Case("warning_account", READ, **warning(published), budget=20),
    Case("warning_account_export", READ, **warning(published), budget=20),
    Case("api:/warnings/{warning_id}/account", READ, **warning(published), budget=16),
    Case("warning_update", DRAFT, **warning(published)),
    Case("warning_cancel", DRAFT, **warning(published)),
    Case("warning_review", REVIEW, **warning(cancelled)),
    Case("warning_measure", TICK, **warning(published, code="66-1"), method="post", answers=302, budget=12),
    Case("warning_edit", DRAFT, **issue(draft), budget=21),
    Case("warning_presence", DRAFT, **issue(draft), method="post", budget=14),
    Case("warning_preview", READ, **issue(draft), budget=24),
    Case("warning_submit", DRAFT, **issue(draft), method="post", answers=302, budget=13),
    Case("warning_approve_low", LOW, **issue(submitted), method="post", answers=302, budget=12),
    Case("warning_approve_high", HIGH, **issue(high), method="post", answers=302, budget=12),
    Case("warning_return_low", LOW, **issue(submitted)),
    Case("warning_return_high", HIGH, **issue(high)),
    Case("warning_publish", PUBLISH, **issue(approved), method="post", answers=302, budget=80),
    Case("warning_publish_urgent", URGENT, **issue(draft), method="post", answers=302, budget=80),
    Case("warning_countersign", SIGN, **issue(urgent), method="post", answers=302, budget=11),
    Case("warning_discard", DRAFT, **issue(draft)),
    Case("warning_print", READ, **issue(published), budget=13),
    Case("warning_cap", READ, **issue(told)),
    Case("warning_12379", READ, **issue(told)),
)
