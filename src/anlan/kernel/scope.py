"""Scope: what a user may see and do = capabilities of his roles × subtrees of his grants. The one place that says it.

Three questions: `can` (this user, here?), `visible` (which records?), `who_can` (which users?).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, TypeVar

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Concat

from anlan.kernel import rooms
from anlan.kernel.clock import real_now
from anlan.kernel.errors import NotAllowed, SecondFactorNeeded, UnscopedRead
from anlan.kernel.terms import BusinessLine

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from uuid import UUID

    from django.db.models import QuerySet

    from anlan.kernel.context import Context
    from anlan.kernel.models import Unit, User

M = TypeVar("M", bound=models.Model)
READ = ".read"  # how capabilities to read end
LOOK_BACK = (READ, ".export", "kernel.exercise.join")  # what counts in an exercise that is over

FEW_ROOTS = 8  # up to here subtrees are named one by one in a condition
BEHIND = ":"  # sorts behind every digit and dot: a subtree is what lies between its path and that


class _IsAnyOf(Func):
    """x = ANY (array)"""

    template = "%(expressions)s)"
    arg_joiner = " = ANY ("
    output_field = BooleanField()


class _UnitsBelow(Func):
    """The ids of the units in many subtrees (an array of their paths): each is one range of the index, up to BEHIND."""

    template = (
        "ARRAY(SELECT u.id FROM unnest((%(expressions)s)::text[]) AS root (path) JOIN kernel_unit u"
        ' ON u.path >= root.path COLLATE "C" AND u.path < (root.path || \':\') COLLATE "C")'
    )
    output_field = ArrayField(BigIntegerField())


def to_look_back(capabilities: frozenset[str]) -> frozenset[str]:
    """Those of them that count in an exercise that is over."""
    return frozenset(held for held in capabilities if held.endswith(LOOK_BACK))


class ScopedManager(models.Manager[M]):
    """Default manager of records: it answers only a question that says who asks.

    path       look-up from the record to its unit's path
    exercise   field that holds the exercise, or None for registers that have none
    matter     field that holds the matter it belongs to, or None for records that are never shared
    """

    def __init__(
        self, path: str = "unit__path", *, exercise: str | None = "exercise", matter: str | None = None
    ) -> None:
        super().__init__()
        self.path, self.exercise_field, self.matter_field = path, exercise, matter

    def get_queryset(self) -> QuerySet[M]:
        raise UnscopedRead(self.model.__name__)

    def visible(self, ctx: Context, capability: str) -> QuerySet[M]:
        """Records that the context's actor may meet with this capability, in his exercise only."""
        roots = ctx.roots(capability)
        within = _in_subtrees(self.path, roots)
        if self.matter_field and (shared := ctx.shared_matters(capability)):
            within = self._of_units_in(roots) | Q(**{f"{self.matter_field}__in": shared})
        return super().get_queryset().filter(within & self._on_side(ctx, capability))

    def _on_side(self, ctx: Context, capability: str) -> Q:
        """Of his exercise; what an exercise only looks things up in (people, posts) he reads of real life as well."""
        if not self.exercise_field:
            return Q()
        side = Q(**{self.exercise_field: ctx.exercise})
        looks_up = getattr(self.model, "IS_REFERENCE", False) and capability.endswith(READ)
        return side | Q(**{self.exercise_field: None}) if ctx.exercise and looks_up else side

    def _of_units_in(self, roots: tuple[str, ...]) -> Q:
        """The same by the units' ids: beside an OR the planner uses indexes on this, never on the joined path."""
        units = apps.get_model("kernel", "Unit").unscoped.filter(_in_subtrees("path", roots))
        return Q(_IsAnyOf(F(self.path.removesuffix("__path")), ArraySubquery(units.order_by().values("pk"))))

    def create(self, **fields: Any) -> M:
        return super().get_queryset().create(**fields)


def can(ctx: Context, capability: str, about: models.Model | None = None) -> bool:
    """May the actor do this to that record or in that unit (or, without one, anywhere)?

    A record of a unit outside his subtrees is within reach where its matter is shared with one inside.
    """
    roots = ctx.roots(capability)
    if about is None or not roots:
        return bool(roots)
    if owns(ctx, capability, about):
        return True
    matter = getattr(about, "matter", None)
    return matter is not None and matter in ctx.shared_matters(capability)


def owns(ctx: Context, capability: str, about: models.Model) -> bool:
    """Whether a record is the actor's by its unit, and not only because its matter is shared with him.

    What is shared is the matter, not how its unit came to it: drafts, returns, what was written down about people.
    """
    roots, path = ctx.roots(capability), _path_of(about)
    return bool(roots) and (path is None or any(path.startswith(root) for root in roots))


def require(ctx: Context, capability: str, about: models.Model | None = None) -> None:
    """raises NotAllowed unless `can`; SecondFactorNeeded where the capability asks for one that the actor has not shown"""
    if not can(ctx, capability, about):
        raise NotAllowed(capability)
    if capability in rooms.with_second_factor():
        require_second_factor(ctx)


def require_second_factor(ctx: Context) -> None:
    """raises SecondFactorNeeded where a person has shown none, or a machine asks; the node itself is never asked"""
    if ctx.token is not None or (ctx.actor and not ctx.second_factor):
        raise SecondFactorNeeded(is_machine=ctx.token is not None)


def units_where(ctx: Context, capability: str) -> QuerySet[Unit]:
    """The units over which the actor holds it, second factor shown or not: to tell what he could do, not to do it."""
    units: QuerySet[Unit] = apps.get_model("kernel", "Unit").unscoped.filter(
        _in_subtrees("path", ctx.roots(capability))
    )
    return units


def _path_of(about: models.Model) -> str | None:
    """The path of a unit, or of a record's unit; None for what belongs to the node as a whole."""
    unit = about if isinstance(about, apps.get_model("kernel", "Unit")) else getattr(about, "unit", None)
    return None if unit is None else str(unit.path)


def visible(ctx: Context, model: type[M], capability: str) -> QuerySet[M]:
    """The records of a model that the actor may meet with this capability.

    raises  NotAllowed where he holds it nowhere: an empty list would tell him something else
    """
    require(ctx, capability)
    manager: ScopedManager[M] = model.objects  # type: ignore[attr-defined]  # records declare it
    return manager.visible(ctx, capability)


def matters_shared_with(roots: tuple[str, ...], *, to_read: bool) -> tuple[UUID, ...]:
    """Matters that are shared now with units of these subtrees; not to_read: only those shared for more than reading."""
    if not roots:
        return ()
    shares = _current("Share").filter(_in_subtrees("unit__path", roots))
    if not to_read:
        shares = shares.filter(reads_only=False)
    return tuple(shares.values_list("matter", flat=True).distinct())


def paths_sharing(matters: Collection[UUID]) -> dict[UUID, set[str]]:
    """The paths of the units that these matters are shared with now."""
    found: defaultdict[UUID, set[str]] = defaultdict(set)
    if matters:
        for matter, path in _current("Share").filter(matter__in=matters).values_list("matter", "unit__path"):
            found[matter].add(path)
    return found


def who_can(capability: str, unit: Unit) -> QuerySet[User]:
    """Active users who hold the capability over that unit now."""
    holders = _current("Grant").filter(reaches(unit.path), role__capabilities__contains=[capability])
    grants = holders.filter(user=OuterRef("pk"))
    users: QuerySet[User] = apps.get_model("kernel", "User").objects.all()
    return users.filter(Exists(grants), is_active=True)


def units_of_line(root: Unit, line: str) -> QuerySet[Unit]:
    """The units of a business line in the subtree of a unit."""
    units: QuerySet[Unit] = apps.get_model("kernel", "Unit").unscoped.filter(line=line).exclude(line="")
    return units.filter(path__gte=root.path, path__lt=root.path + BEHIND)


def reaches(path: str) -> Q:
    """Grants that reach the unit of that path."""
    above = upward(path)
    units = apps.get_model("kernel", "Unit").unscoped.filter(path__in=above, line=OuterRef("line"))
    of_line = units.filter(path__startswith=OuterRef("scope_root__path"))
    return Q(Q(line="") | Q(Exists(of_line)), scope_root__path__in=above)


@dataclass(frozen=True)
class Posting:
    """A grant that holds now: what its holder may act by.

    role, unit  names
    code        of the role
    line        what narrows it; blank: nothing
    paths       of the units whose subtrees it reaches: its own, or those of its line below that
    """

    id: int
    role: str
    code: str
    unit: str
    line: str
    paths: tuple[str, ...]
    capabilities: frozenset[str]

    def __str__(self) -> str:
        parts = (self.role, self.unit, str(BusinessLine(self.line).label) if self.line else "")
        return " · ".join(part for part in parts if part)


def postings_of(user: User) -> tuple[Posting, ...]:
    """The user's current grants, from the top of the tree downwards."""
    grants = _current("Grant").filter(user=user).order_by("scope_root__path", "pk")
    rows = grants.values_list(
        "pk", "role__name", "role__code", "scope_root__name", "line", _reached(), "role__capabilities"
    )
    return tuple(
        Posting(pk, role, code, unit, line, widest(paths), frozenset(capabilities))
        for pk, role, code, unit, line, paths, capabilities in rows
    )


def holdings_of_many(user_ids: Collection[int]) -> dict[int, list[tuple[str, frozenset[str]]]]:
    """Many users' current grants as (path of the scope root, capabilities); who holds nothing has no entry."""
    found: defaultdict[int, list[tuple[str, frozenset[str]]]] = defaultdict(list)
    grants = _current("Grant").filter(user__in=user_ids)
    for user_id, paths, capabilities in grants.values_list("user_id", _reached(), "role__capabilities"):
        found[user_id] += [(path, frozenset(capabilities)) for path in widest(paths)]
    return found


def _reached() -> Case:
    """The paths of the units whose subtrees a grant reaches, in the query that reads the grant."""
    root = OuterRef("scope_root__path")
    units = apps.get_model("kernel", "Unit").unscoped.filter(line=OuterRef("line")).exclude(line="")
    units = units.filter(path__gte=root, path__lt=Concat(root, Value(BEHIND)))
    paths = ArrayField(TextField())
    own = Func(F("scope_root__path"), template="ARRAY[%(expressions)s]", output_field=paths)
    of_line = ArraySubquery(units.order_by().values("path"))
    return Case(When(line="", then=own), default=of_line, output_field=paths)


def upward(path: str) -> list[str]:
    """The paths from the root down to this one: "1.12.3." → ["1.", "1.12.", "1.12.3."]."""
    ids = path.split(".")[:-1]
    return ["".join(f"{part}." for part in ids[: depth + 1]) for depth in range(len(ids))]


def widest(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths without those that lie inside another."""
    kept: list[str] = []
    for path in sorted(paths):
        if not kept or not path.startswith(kept[-1]):
            kept.append(path)
    return tuple(kept)


def _current(model: str) -> QuerySet[Any]:
    """Grants or shares that hold now."""
    now = real_now()
    begun: QuerySet[Any] = apps.get_model("kernel", model).objects.filter(from_at__lte=now)
    return begun.filter(Q(until_at__isnull=True) | Q(until_at__gt=now))


def _in_subtrees(path: str, roots: tuple[str, ...]) -> Q:
    if not roots:
        return Q(pk__in=[])
    if len(roots) > FEW_ROOTS:
        field = "pk" if path == "path" else path.removesuffix("__path")
        named = Value(list(roots), output_field=ArrayField(TextField()))
        return Q(_IsAnyOf(F(field), _UnitsBelow(named)))
    return reduce(or_, (Q(**{f"{path}__startswith": root}) for root in roots))
