"""Sources of outside warnings: reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.connect.alert.models import AlertSource, FeedEntry, SourceState
from anlan.connect.alert.selectors.reading import Terms
from anlan.kernel.errors import NotFound
from anlan.kernel.scope import visible

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime
    from uuid import UUID

    from anlan.kernel.context import Context

READ, EDIT, DELIVER = "connect.alert.read", "connect.alert.edit", "connect.alert.deliver"
ALONG = ("unit", "exercise", "exercise__clock")


def get_source(ctx: Context, source_id: UUID, capability: str = READ) -> AlertSource:
    found: AlertSource | None = (
        visible(ctx, AlertSource, capability).select_related(*ALONG).filter(pk=source_id).first()
    )
    if found is None:
        raise NotFound
    return found


def get_source_of_code(ctx: Context, code: str) -> AlertSource:
    """The source that a program delivers to: it is in no exercise itself, its source may be."""
    found = AlertSource.unscoped.select_related(*ALONG).filter(code=code).first()
    roots = ctx.roots(DELIVER)
    if found is None or not any(found.unit.path.startswith(root) for root in roots):
        raise NotFound
    return found


def list_sources(ctx: Context) -> list[AlertSource]:
    """Those in use, to choose from."""
    return list(visible(ctx, AlertSource, READ).filter(retired_at=None).order_by("name", "pk")[:200])


def find_running(source_id: UUID) -> AlertSource | None:
    """A source as the node itself works for it; None where it is out of use, or its exercise is over."""
    found: AlertSource | None = (
        AlertSource.unscoped.select_related(*ALONG).filter(pk=source_id, retired_at=None).first()
    )
    return None if found is None or _is_over(found) else found


def _is_over(source: AlertSource) -> bool:
    return source.exercise is not None and source.exercise.closed_at is not None


def lock_state(source: AlertSource) -> SourceState:
    """The row that whoever works for the source holds."""
    SourceState.objects.get_or_create(source=source)
    return SourceState.objects.select_for_update().get(source=source)


def find_state(source: AlertSource) -> SourceState | None:
    return SourceState.objects.filter(source=source).first()


def list_states(source_ids: Collection[UUID]) -> dict[UUID, SourceState]:
    return SourceState.objects.in_bulk(source_ids)


def list_entries_known(source: AlertSource, keys: Iterable[str]) -> set[str]:
    """Which of a feed's entries have been taken in."""
    return set(FeedEntry.objects.filter(source=source, key__in=list(keys)).values_list("key", flat=True))


def get_terms(source: AlertSource, at: datetime) -> Terms:
    """What has been agreed on with a source."""
    return Terms(at, source.format, source.trusted, source.signature_required)
