"""Hints to open pages: what changed, never what it says. Pages fetch it again through their own scoped views.

Between relay and live process a hint carries who may hear it as well: the capability to read such a record, its side
(real life or an exercise) and the paths of the units concerned. A page gets the subject and its version alone.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping  # noqa: TC003 - part of a dataclass
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps
from django.db import connection

from anlan.kernel import subjects
from anlan.kernel.clock import real_now
from anlan.kernel.context import EVERYWHERE
from anlan.kernel.models import Unit
from anlan.kernel.scope import ScopedManager, paths_sharing, upward, widest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from uuid import UUID

    from anlan.kernel.models import Entry

    Holdings = Iterable[tuple[str, frozenset[str]]]  # path of a scope root, capabilities

LIVE_SUBJECT = "live.changed"
ALL = "*"  # in place of a key: some of this kind
REAL_LIFE, EITHER = 0, -1  # sides that are no exercise's id
MOST_OF_ONE = 100  # hints one bulk entry gives; of more records it says "one of this kind"
# The kernel's own kinds: what one needs to read such a record, and the look-up from it to the path of its unit.
KERNEL_KINDS = {
    "kernel.obligation": ("kernel.obligation.read", "unit__path"),
    "kernel.rule": ("kernel.obligation.read", ""),
    "kernel.selfcheck": ("kernel.node.read", ""),
    "kernel.nodestate": ("kernel.node.read", ""),
    "kernel.grant": ("kernel.access.read", "scope_root__path"),
    "kernel.role": ("kernel.access.read", ""),
    "kernel.user": ("kernel.access.read", ""),
}
STANDING = """
SELECT open.session, person.password, coalesce(attendance.exercise_id, 0)
FROM unnest(%s::text[], %s::bigint[]) AS open (session, person)
JOIN django_session ON django_session.session_key = open.session AND django_session.expire_date > %s
JOIN kernel_user AS person ON person.id = open.person AND person.is_active
LEFT JOIN kernel_attendance AS attendance ON attendance.session_key = open.session
"""


@dataclass(frozen=True)
class Hint:
    """One subject changed.

    subject   "kind:key", or "kind:*" for some of a kind
    version   number of the journal entry that says so
    side      REAL_LIFE, an exercise's id, or EITHER for what both sides see
    paths     paths of the units that it concerns; None: it belongs to the node as a whole
    """

    subject: str
    version: int
    capability: str
    side: int
    paths: tuple[str, ...] | None

    @cached_property
    def reach(self) -> frozenset[str]:
        """Every scope root from which one of its units is seen."""
        return frozenset(above for path in self.paths or () for above in upward(path)) | {EVERYWHERE}


@dataclass(frozen=True)
class Viewer:
    """What one who listens may hear: his side, and the roots of his subtrees by capability."""

    side: int
    rights: frozenset[tuple[str, str]]  # capability, root
    roots: Mapping[str, frozenset[str]] = field(compare=False, repr=False)

    def may_hear(self, hint: Hint) -> bool:
        roots = self.roots.get(hint.capability)
        if not roots or hint.side not in {self.side, EITHER}:
            return False
        return hint.paths is None or not roots.isdisjoint(hint.reach)

    def has_lost(self, now: Viewer) -> bool:
        """Whether he may hear less now than he might."""
        gone = self.rights - now.rights
        return self.side != now.side or any(
            not any(root.startswith(kept) for kept in now.roots.get(capability, ()))
            for capability, root in gone
        )


def viewer(holdings: Holdings, side: int) -> Viewer:
    """Who holds these capabilities in these subtrees, as a listener; the same holdings give the same viewer."""
    return _viewer(frozenset(holdings), side)


@lru_cache(4096)
def _viewer(holdings: Holdings, side: int) -> Viewer:
    held: defaultdict[str, list[str]] = defaultdict(list)
    for path, capabilities in holdings:
        for capability in capabilities:
            held[capability].append(path)
    roots = {capability: frozenset(widest(paths)) for capability, paths in held.items()}
    rights = frozenset((capability, root) for capability, several in roots.items() for root in several)
    return Viewer(side, rights, roots)


class StandsFor(NamedTuple):
    """What a session stands for now: the hash of its user's password, and the side that it is on."""

    password: str
    side: int


def standing_of(open_sessions: Collection[tuple[str, int]]) -> dict[str, StandsFor]:
    """Of these sessions (key, user's id), those that still stand for an active user."""
    with connection.cursor() as cursor:
        cursor.execute(
            STANDING, [[key for key, _ in open_sessions], [user for _, user in open_sessions], real_now()]
        )
        return {session: StandsFor(password, side) for session, password, side in cursor.fetchall()}


class Kind(NamedTuple):
    """How a kind of record finds its listeners; path and matter are look-ups, blank where it has none."""

    capability: str
    path: str
    matter: str
    has_sides: bool


@cache
def kind_of(label: str) -> Kind | None:
    """None for a kind that nobody has declared: nobody may hear of it."""
    declared = subjects.kinds().get(label)
    capability, path = KERNEL_KINDS.get(label, ("", ""))
    if declared is None and not capability:
        return None
    manager = getattr(apps.get_model(label), "objects", None)
    if not isinstance(manager, ScopedManager):
        return Kind(declared.capability if declared else capability, path, "", has_sides=False)
    return Kind(
        declared.capability if declared else capability,
        manager.path,
        manager.matter_field or "",
        has_sides=bool(manager.exercise_field),
    )


@dataclass
class Changes:
    """What a batch of entries says of one kind on one side: the latest entry of each key, and the units they name.

    A bulk entry names one unit above all its records; where each of them belongs, its record knows.
    """

    latest: dict[str, int] = field(default_factory=dict)
    bulk: set[str] = field(default_factory=set)
    many: list[tuple[int, list[str]]] = field(default_factory=list)
    units: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def add(self, entry: Entry) -> None:
        keys = [entry.subject] if entry.subject else entry.data["subjects"]
        if not entry.subject:
            self.bulk.update(keys)
        if len(keys) > MOST_OF_ONE:
            self.many.append((entry.pk, keys))
        else:
            self.latest |= {key: max(entry.pk, self.latest.get(key, 0)) for key in keys}
        if entry.unit_id is not None:
            for key in keys:
                self.units[key].add(entry.unit_id)

    def to_look_up(self, kind: Kind) -> set[str]:
        """Keys whose places only their records know."""
        if not kind.path:
            return set()
        of_matters = self.latest.keys() if kind.matter else set()
        return self.bulk | of_matters | (self.latest.keys() - self.units.keys())


def hints_of(entries: Sequence[Entry]) -> list[Hint]:
    """The hints that a batch of entries gives, one for each subject, with a few queries for each kind."""
    changes: defaultdict[tuple[str, int], Changes] = defaultdict(Changes)
    for entry in entries:
        if kind := kind_of(entry.subject_kind):
            side = (entry.exercise_id or REAL_LIFE) if kind.has_sides else EITHER
            changes[entry.subject_kind, side].add(entry)
    units = {unit for several in changes.values() for ids in several.units.values() for unit in ids}
    paths = dict(Unit.unscoped.filter(pk__in=units).values_list("pk", "path")) if units else {}
    return [
        hint for (label, side), several in changes.items() for hint in _hints(label, side, several, paths)
    ]


def _hints(label: str, side: int, changes: Changes, paths: Mapping[int, str]) -> Iterator[Hint]:
    kind = kind_of(label)
    if kind is None:
        return
    places = _places(label, kind, changes.to_look_up(kind))
    for key, ids in changes.units.items():
        places[key] |= {paths[unit] for unit in ids if unit in paths}
    found = [(key, version, places[key]) for key, version in changes.latest.items()]
    found += [(ALL, version, set().union(*(places[key] for key in keys))) for version, keys in changes.many]
    for key, version, concerned in found:
        if concerned or not kind.path:  # a record whose unit is unknown is nobody's
            yield Hint(
                f"{label}:{key}",
                version,
                kind.capability,
                side,
                tuple(sorted(concerned)) if concerned else None,
            )


def _places(label: str, kind: Kind, keys: set[str]) -> defaultdict[str, set[str]]:
    """The paths of the records' units, and of the units that their matters are shared with."""
    places: defaultdict[str, set[str]] = defaultdict(set)
    if not keys:
        return places
    model: Any = apps.get_model(label)
    look_ups = ["pk", kind.path, *([kind.matter] if kind.matter else [])]
    rows = list(model._meta.base_manager.filter(pk__in=keys).values_list(*look_ups))
    matters: dict[str, UUID] = {str(row[0]): row[2] for row in rows if kind.matter and row[2]}
    shared = paths_sharing(set(matters.values()))
    for row in rows:
        matter = matters.get(str(row[0]))
        places[str(row[0])] |= {row[1], *(shared.get(matter, ()) if matter else ())} - {None}
    return places


def encode(hints: Sequence[Hint]) -> bytes:
    """The body of one message from a relay to the live processes."""
    return json.dumps([[h.subject, h.version, h.capability, h.side, h.paths] for h in hints]).encode()


# In place of hints that are lost: every page fetches its live parts again.
RESET = b"null"


def decode(message: bytes) -> list[Hint] | None:
    """The hints of a message; None for RESET."""
    rows = json.loads(message)
    if rows is None:
        return None
    return [Hint(*rest, None if paths is None else tuple(paths)) for *rest, paths in rows]  # type: ignore[call-arg]  # as encode writes them
