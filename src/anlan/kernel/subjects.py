"""What journal entries, obligations and attachments are about: how a record of each kind is named, opened, authorised.

A room declares its kinds in its urls, beside its doors:

    SUBJECTS = (Subject("warning.earlywarning", "watch.warning.read", "warning_detail", attach="watch.warning.edit"),)
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.urls import reverse

from anlan.kernel import rooms
from anlan.kernel.errors import NotFound
from anlan.kernel.scope import can, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import Model

    from anlan.kernel.context import Context

Key = tuple[str, str]  # kind, key of the record as text


@dataclass(frozen=True)
class Subject:
    """One kind of record.

    kind        the model's label in lower case
    capability  what one needs to read such a record
    url_name    its page, with the key as only argument
    attach      what one needs to add and remove its attachments; blank: it has none
    along       foreign keys that its name needs
    """

    kind: str
    capability: str
    url_name: str
    attach: str = ""
    along: tuple[str, ...] = ()


# Of the kernel's own records, what may be proved by files.
OWN = (
    Subject(
        "kernel.obligation",
        "kernel.obligation.read",
        "obligation_detail",
        attach="kernel.obligation.fulfil",
        along=("rule",),
    ),
)


@dataclass(frozen=True)
class Shown:
    """A record as a reader may meet it; both are blank where he may not."""

    title: str = ""
    url: str = ""


@cache
def kinds() -> dict[str, Subject]:
    """Every kind that a room has declared, and the kernel's own."""
    declared = (
        subject
        for room in rooms.find()
        if (urls := room.part("urls"))
        for subject in getattr(urls, "SUBJECTS", ())
    )
    return {subject.kind: subject for subject in (*OWN, *declared)}


def term_of(kind: str) -> str:
    """What a kind is called."""
    return str(apps.get_model(kind)._meta.verbose_name)


def get_record(ctx: Context, kind: str, key: str, *, to_attach: bool = False) -> Model:
    """The record itself, where the actor may read it (or change its attachments); else NotFound."""
    subject = kinds().get(kind)
    capability = subject and (subject.attach if to_attach else subject.capability)
    if not capability or not can(ctx, capability):
        raise NotFound
    model: Any = apps.get_model(kind)
    try:
        records = visible(ctx, model, capability)
        found: Model | None = records.filter(pk=key).first()
    except (ValueError, ValidationError):  # a key that none of this kind can have
        found = None
    if found is None:
        raise NotFound
    return found


def describe(ctx: Context, keys: Iterable[Key]) -> dict[Key, Shown]:
    """Titles and addresses of many records, with one query a kind; what the reader may not meet stays blank."""
    asked: defaultdict[str, set[str]] = defaultdict(set)
    for kind, key in keys:
        asked[kind].add(key)
    shown = {(kind, key): Shown() for kind, several in asked.items() for key in several}
    for kind, several in asked.items():
        subject = kinds().get(kind)
        if subject is None or not can(ctx, subject.capability):
            continue
        model: Any = apps.get_model(kind)
        found = visible(ctx, model, subject.capability).filter(pk__in=several)
        for record in found.select_related(*subject.along) if subject.along else found:
            shown[kind, str(record.pk)] = Shown(str(record), reverse(subject.url_name, args=[record.pk]))
    return shown
