"""The import: the tree follows the list, all of it or nothing, within the actor's scope, told once."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from anlan.kernel.context import Context
from anlan.kernel.errors import DomainError, NotAllowed, NotFound
from anlan.kernel.models import Entry, RowChange, Unit
from anlan.kernel.seeds import plant_unit, unit_by_code
from anlan.kernel.tasks import Cancelled, Progress
from anlan.organisation.division import selectors, services
from anlan.organisation.unit.terms import UnitKind
from anlan.protocols.divisions import Kind
from tests.cast import World, acting
from tests.organisation.division import LISTS
from tests.protocols.test_divisions import BROKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WUQING = "120114000000"
IMPORTED = "organisation.division.imported"
LINE = '120114101204,"郭罗庄村委会",120114101,12,1201,120114\n'
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("lists")]


@pytest.fixture
def node() -> Context:
    """The node itself: what a command acts as."""
    return Context(None, powers=frozenset({selectors.IMPORT}))


@pytest.fixture
def admin(world: World) -> Context:
    return acting(world.holder(selectors.IMPORT, world.district))


def rows() -> list[tuple[object, ...]]:
    return list(
        Unit.unscoped.order_by("id").values_list(
            "id", "path", "code", "name", "retired_at", "version", "search"
        )
    )


@contextmanager
def refused(code: str) -> Iterator[None]:
    """The act is refused for that reason, and there is a sentence for it."""
    with pytest.raises(DomainError) as refusal:
        yield
    assert refusal.value.code == code
    assert str(refusal.value)


def change(lists: Path, before: str, after: str) -> None:
    file = lists / "villages.csv"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


def test_kinds_of_divisions_are_kinds_of_unit() -> None:
    assert {kind.value for kind in Kind} <= set(UnitKind.values)


def test_a_county_comes_with_all_below_it(node: Context) -> None:
    assert services.import_divisions(node, WUQING) == services.Imported(11, 0, 0, None)
    root, town, village = (unit_by_code(code) for code in (WUQING, "120114101000", "120114101204"))
    assert (root.parent, root.path, root.kind, root.name) == (None, f"{root.pk}.", "district", "武清区")
    assert village.path == f"{root.pk}.{town.pk}.{village.pk}."
    assert (village.parent_id, village.kind, village.version) == (town.pk, "village", 1)
    assert Unit.unscoped.filter(search__holds="'wq':*", pk=root.pk).exists()


def test_the_country_comes_whole_and_every_path_is_its_parent_s_and_its_own(node: Context) -> None:
    count = services.import_divisions(node, "").added
    units = Unit.unscoped.in_bulk()
    searched = {key: unit.search for key, unit in units.items()}
    assert count == len(units) == sum(1 for _ in selectors._read(LISTS))
    for unit in units.values():
        above = units[unit.parent_id].path if unit.parent_id else ""
        assert unit.path == f"{above}{unit.pk}."
        unit.save()  # a unit that is saved by itself is found by the same words
    assert dict(Unit.unscoped.values_list("pk", "search")) == searched


def test_importing_twice_changes_nothing(node: Context) -> None:
    services.import_divisions(node, "")
    before, entries = rows(), Entry.objects.count()
    assert services.import_divisions(node, "") == services.Imported(0, 0, 0, None)
    assert services.import_divisions(node, WUQING) == services.Imported(
        0, 0, 0, unit_by_code("120000000000").pk
    )
    assert rows() == before
    assert Entry.objects.count() == entries


def test_the_order_of_imports_makes_no_difference(node: Context) -> None:
    services.import_divisions(node, "120000000000")
    services.import_divisions(node, "110000000000")
    services.import_divisions(node, "")
    assert unit_by_code(WUQING).parent == unit_by_code("120000000000")
    assert Unit.unscoped.filter(parent=None).count() == 13


def test_it_hangs_below_the_unit_that_is_chosen(world: World, admin: Context) -> None:
    done = services.import_divisions(admin, WUQING, world.district.pk)
    assert done.unit_id == world.district.pk
    assert unit_by_code("120114101204").path.startswith(world.district.path)


@pytest.mark.parametrize("code", ["120114101000", "120114101204"])
def test_a_part_hangs_below_the_nearest_division_that_is_there(node: Context, code: str) -> None:
    there = plant_unit("120000000000", "天津市", "province", None)
    services.import_divisions(node, code)
    assert unit_by_code(code).parent == there


def test_a_unit_that_is_there_by_its_code_is_used_where_it_stands(world: World, admin: Context) -> None:
    there = plant_unit(WUQING, "武清区", "government", world.district)
    town = plant_unit("120114101000", "梅厂镇", "township", world.district)  # not below its district
    services.import_divisions(admin, WUQING)
    there.refresh_from_db()
    assert (there.kind, there.version) == ("government", 1)
    assert unit_by_code("120114001000").parent == there
    assert unit_by_code("120114101204").path.startswith(town.path)
    assert Unit.unscoped.filter(code=WUQING).count() == 1


def test_a_unit_that_is_there_is_not_moved(world: World, admin: Context) -> None:
    plant_unit(WUQING, "武清区", "district", world.district)
    before = rows()
    with refused("division_there"):
        services.import_divisions(admin, WUQING, world.town.pk)
    assert rows() == before


def test_changed_names_are_taken_over_with_a_history(node: Context, lists: Path) -> None:
    services.import_divisions(node, WUQING)
    change(lists, "郭罗庄村委会", "郭家庄村委会")
    assert services.import_divisions(node, WUQING).renamed == 1
    village = unit_by_code("120114101204")
    assert (village.name, village.version) == ("郭家庄村委会", 2)
    assert Unit.unscoped.filter(search__holds="'家庄'", pk=village.pk).exists()
    kept = RowChange.objects.filter(table="kernel_unit")
    assert [row.row for row in kept] == [str(village.pk)]


def test_what_the_list_has_no_more_is_retired_and_stays(node: Context, lists: Path) -> None:
    services.import_divisions(node, "120000000000")
    services.import_divisions(node, "110000000000")
    change(lists, LINE, "")
    assert services.import_divisions(node, "110000000000").retired == 0
    assert services.import_divisions(node, WUQING).retired == 1
    village = unit_by_code("120114101204")
    assert village.retired_at is not None
    assert Unit.unscoped.filter(retired_at=None).count() == Unit.unscoped.count() - 1


def test_what_was_retired_by_hand_stays_retired(node: Context) -> None:
    services.import_divisions(node, WUQING)
    Unit.unscoped.filter(code="120114101204").update(retired_at=node.now(), name="旧名")
    before = rows()
    assert selectors.get_comparison(node, WUQING).out_of_use == 1
    assert services.import_divisions(node, WUQING).renamed == 0
    assert rows() == before


def test_units_that_are_no_divisions_are_left_alone(node: Context) -> None:
    services.import_divisions(node, WUQING)
    town = unit_by_code("120114101000")
    for code, kind in (("120114101999", "department"), ("12011410120401", "grid"), (None, "village")):
        plant_unit(code, "不是区划", kind, town)
    before = rows()
    assert services.import_divisions(node, WUQING).retired == 0
    assert rows() == before


def test_one_entry_tells_of_a_whole_import_and_inserts_write_no_history(world: World, admin: Context) -> None:
    services.import_divisions(admin, WUQING, world.district.pk)
    entry = Entry.objects.get(event=IMPORTED)
    assert (entry.subject, entry.unit_id) == (str(world.district.pk), world.district.pk)
    assert entry.data == {"root": WUQING, "added": 11, "renamed": 0, "retired": 0}
    assert not RowChange.objects.exists()


def test_new_roots_are_told_about_themselves(node: Context) -> None:
    services.import_divisions(node, WUQING)
    assert Entry.objects.get(event=IMPORTED).data["subjects"] == [str(unit_by_code(WUQING).pk)]


def test_who_may_not_is_refused_and_who_may_only_within_his_scope(world: World, admin: Context) -> None:
    before = rows()
    with pytest.raises(NotAllowed):
        services.import_divisions(acting(world.officer), WUQING, world.district.pk)
    with pytest.raises(NotFound):
        services.import_divisions(admin, WUQING, world.neighbour_district.pk)
    with refused("division_no_place"):
        services.import_divisions(admin, WUQING)
    plant_unit("120114101204", "郭罗庄", "village", world.neighbour_town)
    with refused("division_elsewhere"):
        services.import_divisions(admin, WUQING, world.district.pk)
    Unit.unscoped.filter(code="120114101204").delete()
    assert rows() == before
    assert services.import_divisions(admin, WUQING, world.district.pk).added == 11


def test_what_vanished_outside_scope_is_left_alone(world: World, admin: Context) -> None:
    theirs = plant_unit("120114101999", "旧村", "village", world.neighbour_town)
    mine = plant_unit("120114101998", "旧村", "village", world.town)
    assert services.import_divisions(admin, WUQING, world.district.pk).retired == 1
    theirs.refresh_from_db()
    mine.refresh_from_db()
    assert theirs.retired_at is None
    assert mine.retired_at is not None


def test_nothing_is_imported_of_a_broken_list(node: Context, lists: Path) -> None:
    change(lists, LINE, LINE.replace("120114101,", "120114109,"))
    with refused("division_mismatch"):
        services.import_divisions(node, WUQING)
    assert not Unit.unscoped.exists()


def test_a_cancelled_import_leaves_nothing(node: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(Progress):
        def step(self, number: int = 1) -> None:
            super().step(number)
            if self.done > 5:
                raise Cancelled

    monkeypatch.setattr(services, "CHUNK", 3)
    with pytest.raises(Cancelled):
        services.import_divisions(node, WUQING, None, Stopped())
    assert not Unit.unscoped.exists()


def test_chunks_make_no_difference_and_progress_ends_at_its_total(
    node: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "CHUNK", 3)
    progress = Progress()
    assert services.import_divisions(node, WUQING, None, progress).added == 11
    assert progress.done == progress.expected == 11


@pytest.mark.django_db(transaction=True)
def test_who_adds_a_unit_meanwhile_waits(node: Context) -> None:
    """Else two imports would both add the same codes, and a moved unit would leave ours behind."""
    waited = threading.Event()

    def add() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '100ms'")
                cursor.execute("LOCK TABLE kernel_unit IN ROW EXCLUSIVE MODE")
        except Exception:  # noqa: BLE001 - whatever it is, it was refused
            waited.set()
        finally:
            connections.close_all()

    with transaction.atomic():
        services.import_divisions(node, WUQING)
        thread = threading.Thread(target=add)
        thread.start()
        thread.join()
    assert waited.is_set()


# --- the command --------------------------------------------------------------------------------------------------


def test_the_command_imports_below_a_unit(world: World) -> None:
    call_command("divisions", "120114", "--below", str(world.city.code))
    assert unit_by_code(WUQING).parent == world.city


@pytest.mark.parametrize(
    "words", [(), ("--all", "120114"), ("12011",), ("999999",), ("120100",), ("120114", "--below", "X")]
)
def test_the_command_refuses_what_it_can_t_do(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        call_command("divisions", *words)
    assert not Unit.unscoped.exists()


def test_the_command_says_that_the_node_must_have_been_started_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection.introspection, "table_names", list)
    with pytest.raises(CommandError, match=r"\./anlan up"):
        call_command("divisions", "120114")


def test_a_stick_s_list_is_kept_once_it_was_found_whole(lists: Path, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    lists.rename(stick)
    assert selectors.find_lists() is None
    with pytest.raises(CommandError):
        call_command("divisions", "120114")
    call_command("divisions", "--from", str(stick))
    assert selectors.find_lists() == lists
    assert not Unit.unscoped.exists()
    change(stick, LINE, LINE * 2)
    kept = (lists / "villages.csv").read_bytes()
    with pytest.raises(CommandError, match="重复"):
        call_command("divisions", "--from", str(stick), "120114")
    assert (lists / "villages.csv").read_bytes() == kept
    assert not Unit.unscoped.exists()


def test_every_fault_of_a_list_has_its_sentence() -> None:
    where = {
        "file": "F",
        "line": 1,
        "division": "1",
        "parent": "1",
        "column": "C",
        "columns": "C",
        "digits": 9,
    }
    for problem in BROKEN:
        assert str(DomainError(f"division_{problem.strip()}", **where))


def test_the_node_s_own_unit_becomes_the_first_division(node: Context) -> None:
    root = plant_unit(None, "本级政府", "government", None)
    below = plant_unit(None, "应急管理局", "department", root)
    assert services.import_divisions(node, WUQING, as_root=True) == services.Imported(10, 1, 0, root.pk)
    root.refresh_from_db()
    assert (root.code, root.name, root.kind, root.path) == (WUQING, "武清区", "district", f"{root.pk}.")
    assert unit_by_code("120114101204").path.startswith(root.path)
    assert list(Unit.unscoped.filter(search__holds="'120114000000':*")) == [root]
    below.refresh_from_db()
    assert below.parent == root
    assert Entry.objects.get(event=IMPORTED).data["root"] == WUQING
    before = rows()
    assert services.import_divisions(node, WUQING).added == 0
    with refused("division_root_named"):  # it has a code by now
        services.import_divisions(node, "110000000000", as_root=True)
    assert rows() == before


@pytest.mark.parametrize("others", [(None, "县二"), ("X-1", "县三")])
def test_a_node_of_several_roots_or_of_a_named_one_has_none_that_could_become_a_division(
    node: Context, others: tuple[str | None, str]
) -> None:
    if others[0] is None:
        plant_unit(None, "本级政府", "government", None)
    plant_unit(*others, "government", None)
    with refused("division_root_named"):
        services.import_divisions(node, WUQING, as_root=True)


def test_the_command_lets_a_new_node_s_unit_become_the_one_division_it_is_told() -> None:
    root = plant_unit(None, "本级政府", "government", None)
    call_command("divisions", "120114")
    root.refresh_from_db()
    assert root.code == WUQING
    assert Unit.unscoped.filter(parent=None).count() == 1


def test_the_command_puts_several_below_a_new_node_s_unit() -> None:
    root = plant_unit(None, "本级政府", "government", None)
    call_command("divisions", "110000", "120114")
    assert unit_by_code(WUQING).parent == unit_by_code("110000000000").parent == root
