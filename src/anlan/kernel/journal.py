"""Writes what happened, in the transaction in which it happened, and reads it back as the timeline of a record.

An entry, its place in the relays' queue and its place in the sealer's are one statement: one round trip for an act.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import Max, Min, Q

from anlan.kernel import events
from anlan.kernel.clock import real_now
from anlan.kernel.models import Entry, Obligation, PrivateNote, Unit
from anlan.kernel.models.relay import SHARDS
from anlan.kernel.periods import refuse_unreckonable
from anlan.kernel.scope import owns, require, units_where, upward

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from django.db.models import Model, QuerySet

    from anlan.kernel.context import Context

    Effects = list[tuple[int, str]]  # rule's id, what the event does to its obligations (RuleEffect)

SALT = 16  # bytes
BY_TOKEN = "by_token"  # noqa: S105 - in an entry's data: the machine token that its actor showed
# What it returns beside the entry's number: which rules care for the event, so that nobody need ask again.
WRITE = """
WITH written AS (
  INSERT INTO kernel_entry (at, recorded_at, event, version, actor_id, posting_id, unit_id, exercise_id,
                            subject_kind, subject, cause_id, data, act)
  VALUES (%(at)s, %(recorded_at)s, %(event)s, %(version)s, %(actor)s, %(posting)s, %(unit)s, %(exercise)s,
          %(kind)s, %(subject)s, %(cause)s, %(data)s::jsonb, kernel_act())
  RETURNING id, act
), waiting AS (
  INSERT INTO kernel_pending (entry_id, shard) SELECT id, %(shard)s FROM written
), unsealed AS (
  INSERT INTO kernel_unsealed (entry_id) SELECT id FROM written
)
SELECT id, act,
       (SELECT json_agg(json_build_array(rule_id, effect)) FROM kernel_ruleevent WHERE event = %(event)s)
FROM written
"""


class Subject(NamedTuple):
    """What an entry is about; the key is blank in a bulk act's entry."""

    kind: str
    key: str
    unit_id: int | None


class OutsideTransaction(Exception):
    """An entry was to be written outside the transaction of its change; then one could be without the other."""


def write(ctx: Context, happened: object, about: Model) -> tuple[Entry, Effects]:
    """Add one entry about a record.

    happened  an event (anlan.kernel.events); its private fields go to the side table
    about     the record it happened to: its kind, key and unit are kept
    returns   the entry, and the rules that it touches
    raises    OutsideTransaction
    """
    return _write(ctx, happened, Subject(about._meta.label_lower, str(about.pk), unit_id_of(about)))


def write_bulk(ctx: Context, happened: object, about: Sequence[Model]) -> tuple[Entry, Effects]:
    """Add one entry about many records of one kind; its unit is the closest one over all of theirs.

    raises  OutsideTransaction; ValueError where there is no record
    """
    if not about:
        raise ValueError("an entry needs a record that it is about")
    keys = [str(record.pk) for record in about]
    unit_id = _unit_over({unit_id_of(record) for record in about})
    return _write(ctx, happened, Subject(about[0]._meta.label_lower, "", unit_id), {"subjects": keys})


def write_about(
    ctx: Context, happened: object, kind: str, keys: Sequence[str], units: Collection[int]
) -> Entry:
    """The same by kind, keys and units, for the kernel's own set-wise work; no rule listens to what it writes."""
    unit_id = _unit_over(set(units))
    if len(keys) == 1:
        return _write(ctx, happened, Subject(kind, keys[0], unit_id))[0]
    return _write(ctx, happened, Subject(kind, "", unit_id), {"subjects": list(keys)})[0]


def _unit_over(unit_ids: set[int | None]) -> int | None:
    """The lowest unit whose subtree holds all of these: whoever may read there may read of all of them."""
    known = {unit_id for unit_id in unit_ids if unit_id is not None}
    if len(unit_ids) <= 1 or known != unit_ids:
        return next(iter(unit_ids)) if len(unit_ids) == 1 else None
    ends = Unit.unscoped.filter(pk__in=known).aggregate(first=Min("path"), last=Max("path"))
    # What the first and the last in order of path have in common, all between them have, too.
    shared = [a for a, b in zip(upward(ends["first"]), upward(ends["last"]), strict=False) if a == b]
    return int(shared[-1].split(".")[-2]) if shared else None


def _write(
    ctx: Context, happened: object, about: Subject, more: dict[str, Any] | None = None
) -> tuple[Entry, Effects]:
    if not transaction.get_connection().in_atomic_block:
        raise OutsideTransaction
    declared = events.declared(happened)
    content = events.content(happened)
    refuse_unreckonable(content.values())
    data, private = _split(content, declared.private)
    entry = Entry(
        at=ctx.now(),
        recorded_at=real_now(),
        event=declared.name,
        version=declared.version,
        actor=ctx.actor,
        posting_id=ctx.posting_id,
        unit_id=about.unit_id,
        exercise_id=ctx.exercise.pk if ctx.exercise else None,
        subject_kind=about.kind,
        subject=about.key,
        cause_id=ctx.cause_id,
        data=data | (more or {}) | ({BY_TOKEN: ctx.token.pk} if ctx.token else {}),
    )
    with connection.cursor() as cursor:
        cursor.execute(WRITE, _columns(entry) | {"shard": shard_of(about.kind, about.key)})
        entry.pk, entry.act, effects = cursor.fetchone()
    if private:
        PrivateNote.objects.bulk_create(
            PrivateNote(entry=entry, field=field, salt=salt, text=text)
            for field, (salt, text) in private.items()
        )
    return entry, [(rule_id, effect) for rule_id, effect in effects or ()]


def _columns(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "recorded_at": entry.recorded_at,
        "event": entry.event,
        "version": entry.version,
        "actor": entry.actor_id,
        "posting": entry.posting_id,
        "unit": entry.unit_id,
        "exercise": entry.exercise_id,
        "kind": entry.subject_kind,
        "subject": entry.subject,
        "cause": entry.cause_id,
        "data": json.dumps(entry.data, cls=DjangoJSONEncoder),
    }


def list_timeline(ctx: Context, about: Model, capability: str) -> QuerySet[Entry]:
    """What happened to a record and to what is owed about it, the latest first.

    The reader needs the record's own reading capability in its unit. Who has it through the record's matter alone meets
    what is told to others, and what units of his owe.
    """
    owed = [str(pk) for pk in list_owed(ctx, about, capability).values_list("pk", flat=True)]
    of_obligations = Q(subject_kind=Obligation._meta.label_lower) & of_any(owed) if owed else Q(pk__in=[])
    of_record = Q(subject_kind=about._meta.label_lower) & of_any([str(about.pk)])
    if not owns(ctx, capability, about):
        of_record &= Q(event__in=events.shared())
    return Entry.objects.filter(of_record | of_obligations).select_related("actor").order_by("-id")


def list_owed(ctx: Context, about: Model, capability: str) -> QuerySet[Obligation]:
    """What is owed about a record: by all to who reads it in its unit, by his own units to whom it is shared with."""
    require(ctx, capability, about)
    owed: QuerySet[Obligation] = Obligation.unscoped.filter(
        subject_kind=about._meta.label_lower, subject=str(about.pk)
    )
    return owed if owns(ctx, capability, about) else owed.filter(unit__in=units_where(ctx, capability))


def of_any(keys: list[str]) -> Q:
    """Entries about one of these records, alone or in a bulk act."""
    return Q(subject__in=keys) | Q(subject="", data__subjects__has_any_keys=keys)


def shard_of(subject_kind: str, subject: str) -> int:
    """Where a subject's entries queue up for the relays; the same on every machine."""
    return zlib.crc32(f"{subject_kind}:{subject}".encode()) % SHARDS


def unit_id_of(record: Model) -> int | None:
    """The unit a record belongs to; a unit belongs to itself."""
    return record.pk if isinstance(record, Unit) else getattr(record, "unit_id", None)


def hash_of(salt: bytes, text: str) -> str:
    """What an entry keeps of a private text."""
    return hashlib.sha256(salt + text.encode()).hexdigest()


def _split(
    content: dict[str, Any], private: frozenset[str]
) -> tuple[dict[str, Any], dict[str, tuple[bytes, str]]]:
    data, kept = dict(content), {}
    for field in private:
        salt = secrets.token_bytes(SALT)
        kept[field] = (salt, str(content[field]))
        data[field] = {"sha256": hash_of(salt, str(content[field]))}
    return data, kept
