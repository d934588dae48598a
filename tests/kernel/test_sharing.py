"""Sharing: a matter that is opened to further units is met there, and nothing else is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import gettext_lazy as _

from anlan.kernel import history, scope, sharing, timeline
from anlan.kernel.act import act
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.errors import DomainError, NotAllowed
from anlan.kernel.events import PrivateText, event
from anlan.kernel.ids import uuid7
from anlan.kernel.models import Clock, Entry, Exercise, Grant, MatterRecord, Role, Share, Unit
from tests.cast import World, acting, make_user, make_world

if TYPE_CHECKING:
    from collections.abc import Iterable

# Capabilities of the kernel's stand in for a room's: it has none of its own that could be granted here.
READ = "kernel.obligation.read"
WRITE = "kernel.obligation.fulfil"
OTHER = "kernel.obligation.urge"
HOUR = timedelta(hours=1)


class Flood(MatterRecord):
    """A matter, or a record of one."""

    name = models.CharField(max_length=20)

    class Meta(MatterRecord.Meta):
        app_label = "tests"


@event("test.flood.told", _("洪水"), shared=True)
@dataclass(frozen=True)
class FloodTold:
    words: PrivateText


@event("test.flood.weighed", _("会商"))
@dataclass(frozen=True)
class FloodWeighed:
    words: PrivateText


@act(WRITE)
def share(ctx: Context, record: Flood, units: Iterable[Unit], **terms: object) -> list[Share]:
    """What a room's act does: lock within scope, then share."""
    locked = scope.visible(ctx, Flood, WRITE).select_for_update(of=("self",)).get(pk=record.pk)
    return sharing.share_matter(ctx, locked, units, capability=WRITE, **terms)


@act(WRITE)
def unshare(ctx: Context, record: Flood, units: Iterable[Unit]) -> int:
    return sharing.end_sharing(ctx, record, units, capability=WRITE)


@dataclass
class Stage:
    """The district's flood with one record of it, one of no matter, and who looks at them."""

    world: World
    flood: Flood
    report: Flood
    apart: Flood
    owner: Context

    def at(self, unit: Unit, *capabilities: str) -> Context:
        """Somebody new who holds just these over the unit."""
        number = Role.objects.count()
        role = Role.objects.create(code=f"role{number}", name=f"{number}", capabilities=list(capabilities))
        user = make_user(f"user{number}", f"{number}")
        Grant.objects.create(user=user, role=role, scope_root=unit)
        return acting(user)

    def neighbour(self, *capabilities: str) -> Context:
        return self.at(self.world.neighbour_district, *(capabilities or (READ, WRITE)))


def fresh(ctx: Context) -> Context:
    """The same actor's next request."""
    return Context(ctx.actor, ctx.exercise)


def met(ctx: Context, capability: str = READ) -> set[str]:
    return {record.name for record in scope.visible(fresh(ctx), Flood, capability)}


def make_flood(unit: Unit, name: str, matter: Flood | None = None, **fields: object) -> Flood:
    flood = Flood.objects.create(unit=unit, name=name, matter=matter and matter.pk, **fields)
    if matter is None:
        flood.matter = flood.pk
        flood.save()
    return flood


@pytest.fixture
def stage(db: None) -> Stage:
    with connection.schema_editor() as editor:
        editor.create_model(Flood)
    world = make_world()
    flood = make_flood(world.district, "洪水")
    report = make_flood(world.town, "首报", flood)
    apart = make_flood(world.town, "无关")
    stage = Stage(world, flood, report, apart, acting(world.stranger))
    stage.owner = stage.at(world.district, READ, WRITE)
    return stage


def refused(code: str) -> pytest.RaisesExc[DomainError]:
    return pytest.RaisesExc(DomainError, check=lambda error: error.code == code and bool(str(error)))


def test_a_neighbour_meets_nothing_until_the_matter_is_shared_with_him_and_then_all_of_it(
    stage: Stage,
) -> None:
    neighbour = stage.neighbour()
    assert met(neighbour) == set()
    assert not scope.can(neighbour, READ, stage.report)
    share(stage.owner, stage.flood, [stage.world.neighbour_district])
    assert met(neighbour) == {"洪水", "首报"}
    assert scope.can(fresh(neighbour), READ, stage.report)
    assert not scope.can(fresh(neighbour), READ, stage.apart)


def test_a_share_with_a_unit_reaches_those_above_and_below_who_hold_over_it(stage: Stage) -> None:
    share(stage.owner, stage.flood, [stage.world.neighbour_district])
    assert met(stage.at(stage.world.city, READ)) == {"洪水", "首报", "无关"}
    assert met(stage.at(stage.world.neighbour_town, READ)) == set()


def test_a_share_to_read_is_only_to_read(stage: Stage) -> None:
    neighbour = stage.neighbour()
    share(stage.owner, stage.flood, [stage.world.neighbour_district], reads_only=True)
    assert met(neighbour, READ)
    assert met(neighbour, WRITE) == set()
    assert not scope.can(fresh(neighbour), WRITE, stage.report)
    share(stage.owner, stage.flood, [stage.world.neighbour_district], reads_only=False)
    assert met(neighbour, WRITE) == {"洪水", "首报"}
    assert scope.can(fresh(neighbour), WRITE, stage.report)


def test_a_share_gives_no_capability_that_is_not_held_at_home(stage: Stage) -> None:
    reader = stage.neighbour(READ)
    share(stage.owner, stage.flood, [stage.world.neighbour_district], reads_only=False)
    assert met(reader) == {"洪水", "首报"}
    assert not scope.can(fresh(reader), WRITE, stage.flood)
    with pytest.raises(NotAllowed):
        met(reader, WRITE)
    assert not scope.can(fresh(reader), READ, stage.world.district)


def test_what_is_shared_with_others_is_not_met(stage: Stage) -> None:
    share(stage.owner, stage.flood, [stage.world.neighbour_district])
    assert met(stage.at(stage.world.town, READ)) == {"首报", "无关"}
    stranger = stage.world.stranger
    with pytest.raises(NotAllowed):
        met(acting(stranger))


def test_a_share_that_has_ended_is_over(stage: Stage) -> None:
    neighbour = stage.neighbour()
    [given] = share(stage.owner, stage.flood, [stage.world.neighbour_district], until_at=real_now() + HOUR)
    assert met(neighbour)
    past = real_now() - HOUR
    Share.objects.filter(pk=given.pk).update(from_at=past - HOUR, until_at=past)
    assert met(neighbour) == set()
    assert not scope.can(fresh(neighbour), READ, stage.flood)
    with refused("ends_in_past"):
        share(stage.owner, stage.flood, [stage.world.neighbour_district], until_at=past)
    with refused("moment_beyond"):
        never = datetime(9999, 12, 31, tzinfo=UTC)
        share(stage.owner, stage.flood, [stage.world.neighbour_district], until_at=never)


def test_sharing_is_ended_once_and_may_begin_again(stage: Stage) -> None:
    neighbour, units = stage.neighbour(), [stage.world.neighbour_district]
    share(stage.owner, stage.flood, units)
    assert unshare(stage.owner, stage.flood, units) == 1
    assert unshare(stage.owner, stage.flood, units) == 0
    assert met(neighbour) == set()
    share(stage.owner, stage.flood, units)
    assert met(neighbour)
    assert Share.objects.count() == 2


def test_an_exercise_stays_apart_though_the_matter_is_shared(stage: Stage) -> None:
    drill = Exercise.objects.create(name="演练", clock=Clock.objects.create())
    make_flood(stage.world.district, "演练洪水", stage.flood, exercise=drill)
    neighbour = stage.neighbour()
    share(stage.owner, stage.flood, [stage.world.neighbour_district])
    assert met(neighbour) == {"洪水", "首报"}
    assert met(Context(neighbour.actor, drill)) == {"演练洪水"}


def test_who_meets_a_matter_by_a_share_cannot_share_it_further(stage: Stage) -> None:
    neighbour = stage.neighbour()
    share(stage.owner, stage.flood, [stage.world.neighbour_district], reads_only=False)
    with pytest.raises(NotAllowed):
        share(fresh(neighbour), stage.flood, [stage.world.neighbour_town])
    with pytest.raises(NotAllowed):
        unshare(fresh(neighbour), stage.flood, [stage.world.neighbour_district])
    assert Share.objects.count() == 1


def test_only_a_matter_is_shared(stage: Stage) -> None:
    with refused("not_a_matter"):
        share(stage.owner, stage.report, [stage.world.neighbour_district])
    with refused("not_a_matter"):
        unshare(stage.owner, stage.report, [stage.world.neighbour_district])


def test_sharing_is_one_entry_about_the_matter_and_none_where_nothing_changes(stage: Stage) -> None:
    units = [stage.world.neighbour_town, stage.world.neighbour_district, stage.world.district]
    with CaptureQueriesContext(connection) as queries:
        made = share(stage.owner, stage.flood, units)
    assert {given.unit for given in made} == {stage.world.neighbour_town, stage.world.neighbour_district}
    assert len([q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]) <= 9
    entry = Entry.objects.get(event="kernel.matter.shared")
    assert (entry.subject, entry.unit_id) == (str(stage.flood.pk), stage.world.district.pk)
    assert entry.data["units"] == sorted(unit.pk for unit in units[:2])
    assert share(stage.owner, stage.flood, units) == []
    assert Entry.objects.filter(event="kernel.matter.shared").count() == 1
    unshare(stage.owner, stage.flood, units)
    assert Entry.objects.get(event="kernel.matter.unshared").data == {"units": entry.data["units"]}


def test_shares_are_listed_to_who_may_meet_the_record(stage: Stage) -> None:
    share(stage.owner, stage.flood, [stage.world.neighbour_town, stage.world.neighbour_district])
    listed = sharing.list_shares(stage.owner, stage.report, READ)
    assert [given.unit.name for given in listed] == ["乙区", "乙一镇"]
    assert sharing.list_shares(stage.neighbour(), stage.report, READ)
    assert not sharing.list_shares(stage.owner, stage.apart, READ)
    with pytest.raises(NotAllowed):
        sharing.list_shares(stage.at(stage.world.town, READ), stage.flood, READ)


def test_a_list_takes_the_same_three_queries_however_many_matters_are_shared(stage: Stage) -> None:
    for number in range(12):
        matter = make_flood(stage.world.district, f"{number}")
        share(stage.owner, matter, [stage.world.neighbour_district])
    neighbour = stage.neighbour()
    with CaptureQueriesContext(connection) as queries:
        found = set(scope.visible(neighbour, Flood, READ).select_related("unit"))
        assert all(scope.can(neighbour, READ, record) for record in found)
    assert len(found) == 12
    assert len(queries) == 3


def test_a_list_with_shares_is_answered_by_indexes(stage: Stage) -> None:
    share(stage.owner, stage.flood, [stage.world.neighbour_district])
    units = Unit.unscoped.bulk_create(Unit(path=f"x{n}.", name=f"{n}", kind="town") for n in range(100))
    Flood.unscoped.bulk_create(Flood(unit=units[n % 100], name="", matter=uuid7()) for n in range(5000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tests_flood")
    assert "BitmapOr" in scope.visible(stage.neighbour(), Flood, READ).explain()


def test_who_is_shared_with_meets_of_its_timeline_what_is_told_to_others_and_no_words(stage: Stage) -> None:
    neighbour = stage.neighbour()
    with transaction.atomic():
        stage.owner.journal(FloodWeighed(PrivateText("内部会商")), stage.flood)
        stage.owner.journal(FloodTold(PrivateText("内部备注")), stage.flood)
    share(stage.owner, stage.flood, [stage.world.neighbour_district])
    reader = fresh(neighbour)
    whole, part = (timeline.of(ctx, stage.flood, READ) for ctx in (stage.owner, reader))
    assert [line.entry.event for line in whole.lines] == [
        "kernel.matter.shared",
        "test.flood.told",
        "test.flood.weighed",
    ]
    assert [line.said for line in whole.lines] == [(), ("内部备注",), ("内部会商",)]
    assert [(line.entry.event, line.said) for line in part.lines] == [("test.flood.told", ())]
    assert (whole.is_part, part.is_part) == (False, True)
    history.list_changes(stage.owner, stage.flood, READ)
    with pytest.raises(NotAllowed):
        history.list_changes(reader, stage.flood, READ)
