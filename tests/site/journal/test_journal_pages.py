"""The journal's pages: a record's timeline and history, the auditors' search, verification."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from anlan.kernel import audit, jobs, seals, tasks, timeline
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.errors import NotFound
from anlan.kernel.models import Clock, Entry, Exercise, LongTask, PrivateNote, Unit
from anlan.kernel.terms import TaskState
from tests.cast import World, acting
from tests.site.journal.trail import visit, walk_round

if TYPE_CHECKING:
    from django.test import Client

READ = "organisation.unit.read"


def of(unit: Unit) -> str:
    return reverse("journal_of", args=("kernel.unit", unit.pk))


def page_of(door: Client, address: str) -> str:
    answer = door.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


# --- of one record ------------------------------------------------------------------------------------------------


def test_a_timeline_says_who_did_what_and_what_he_wrote(world: World, door: Client) -> None:
    visit(acting(world.clerk), world.town)
    door.force_login(world.officer)
    page = page_of(door, of(world.town))
    assert "入户走访" in page
    assert "clerk" in page
    assert "张三家无人应门" in page


def test_a_destroyed_note_is_gone_from_the_timeline_and_the_entry_stays(world: World, door: Client) -> None:
    entry = visit(acting(world.clerk), world.town)
    PrivateNote.objects.filter(entry=entry).delete()
    door.force_login(world.officer)
    page = page_of(door, of(world.town))
    assert "入户走访" in page
    assert "张三" not in page


def test_a_bulk_act_stands_in_the_timeline_of_each_of_its_records(world: World) -> None:
    ctx = acting(world.officer)
    entry = walk_round(ctx, [world.town, world.district])
    for unit in (world.town, world.district):
        assert [line.entry for line in timeline.of(ctx, unit, READ).lines] == [entry]


def test_a_timeline_goes_on_page_by_page_without_gaps(world: World) -> None:
    ctx = acting(world.officer)
    entries = [visit(ctx, world.town) for _ in range(7)]
    first = timeline.of(ctx, world.town, READ, size=4)
    rest = timeline.of(ctx, world.town, READ, size=4, before=first.older)
    assert [line.entry for line in (*first.lines, *rest.lines)] == entries[::-1]
    assert rest.older is None


def test_only_the_newest_page_of_a_timeline_listens_for_more(world: World) -> None:
    ctx = acting(world.officer)
    entry = visit(ctx, world.town)
    assert f"kernel.unit:{world.town.pk}" in timeline.of(ctx, world.town, READ).listens.split()
    assert timeline.of(ctx, world.town, READ, before=entry.pk).listens == ""


def test_one_event_alone_can_be_listed_and_one_entry_be_led_to(world: World, door: Client) -> None:
    ctx = acting(world.officer)
    first = visit(ctx, world.town)
    walk_round(ctx, [world.town])
    last = visit(ctx, world.town)
    key = str(world.town.pk)
    door.force_login(world.officer)
    page = page_of(door, timeline.address_of_all("test.trail.visited", "kernel.unit", key))
    assert re.findall(r'id="entry-(\d+)"', page) == [str(last.pk), str(first.pk)]
    assert "只列“入户走访”" in page
    address, _mark, anchor = timeline.address_of(first.pk, "kernel.unit", key).partition("#")
    assert re.findall(r'id="(entry-\d+)"', page_of(door, address)) == [anchor]


def test_a_live_page_fetches_only_the_timeline_again(world: World, door: Client) -> None:
    visit(acting(world.clerk), world.town)
    door.force_login(world.officer)
    fragment = door.get(of(world.town), headers={"HX-Request": "true"}).content.decode()
    assert "入户走访" in fragment
    assert "<html" not in fragment


def test_the_history_of_a_record_shows_what_was_and_what_is(world: World, door: Client) -> None:
    Unit.unscoped.filter(pk=world.town.pk).update(name="甲一新镇")
    visit(acting(world.officer), world.town)
    door.force_login(world.officer)
    page = page_of(door, f"{of(world.town)}?tab=history")
    assert "甲一镇" in page
    assert "甲一新镇" in page
    assert "入户走访" in page


def test_a_neighbour_s_timeline_and_an_unknown_kind_look_like_nothing(world: World, door: Client) -> None:
    visit(acting(world.neighbour), world.neighbour_town)
    door.force_login(world.officer)
    assert door.get(of(world.neighbour_town)).status_code == 404
    assert door.get(reverse("journal_of", args=("kernel.user", world.officer.pk))).status_code == 404
    assert door.get(reverse("journal_of", args=("kernel.unit", "x"))).status_code == 404


# --- search -------------------------------------------------------------------------------------------------------


@pytest.fixture
def auditor(world: World) -> Context:
    """An auditor of the district alone."""
    return acting(world.person("district-auditor", "audit_administrator", world.district))


def found(ctx: Context, **wanted: object) -> list[Entry]:
    return list(audit.list_entries(ctx, audit.Search(**wanted)))  # type: ignore[arg-type]  # fields of a search


def test_an_auditor_finds_his_units_entries_and_what_spans_more_is_for_the_one_above(
    world: World, auditor: Context
) -> None:
    own = visit(acting(world.officer), world.town)
    theirs = visit(acting(world.neighbour), world.neighbour_town)
    of_both = walk_round(acting(world.auditor), [world.town, world.neighbour_town])
    assert found(auditor) == [own]
    assert found(acting(world.auditor)) == [of_both, theirs, own]
    assert audit.get_entry(auditor, own.pk) == own
    with pytest.raises(NotFound):
        audit.get_entry(auditor, theirs.pk)


def test_each_filter_narrows_the_search(world: World, auditor: Context) -> None:
    visited = visit(acting(world.officer), world.town)
    rounded = walk_round(acting(world.clerk), [world.town])
    in_district = visit(acting(world.officer), world.district)
    assert found(auditor, event="test.trail.rounded") == [rounded]
    assert found(auditor, actor="clerk") == [rounded]
    assert found(auditor, unit="甲一镇") == [rounded, visited]
    assert found(auditor, unit="T-1-1") == [in_district, rounded, visited]
    assert found(auditor, unit="乙区") == []
    assert found(auditor, kind="kernel.unit", key=str(world.town.pk)) == [rounded, visited]
    assert found(auditor, kind="kernel.role") == []


def test_a_search_by_time_counts_whole_days_of_recording(world: World, auditor: Context) -> None:
    entries = [visit(acting(world.officer), world.town) for _ in range(40)]
    today = real_now().astimezone().date()
    for age, entry in enumerate(reversed(entries)):
        Entry.objects.filter(pk=entry.pk).update(recorded_at=entry.recorded_at - timedelta(days=age))
    newest_first = entries[::-1]
    assert found(auditor, since=today + timedelta(days=2)) == []
    assert found(auditor, until=today - timedelta(days=60)) == []
    some = found(auditor, since=today - timedelta(days=9), until=today - timedelta(days=4))
    assert some == [one for one in newest_first if one in some]
    assert len(some) == 6


def test_an_exercise_s_entries_are_told_apart(world: World, auditor: Context) -> None:
    drill = Exercise.objects.create(name="汛期演练", clock=Clock.objects.create())
    real = visit(acting(world.officer), world.town)
    played = visit(Context(world.officer, drill), world.town)
    assert found(auditor) == [played, real]
    assert found(auditor, exercise=audit.REAL) == [real]
    assert found(auditor, exercise=str(drill.pk)) == [played]
    assert found(replace(auditor, exercise=drill)) == [played]


def test_a_day_at_the_ends_of_the_calendar_is_refused_at_its_field(world: World, door: Client) -> None:
    door.force_login(world.auditor)
    answer = door.get(reverse("journal_search"), {"since": "0001-01-01", "until": "9999-12-31"})
    assert answer.context["form"].errors.keys() == {"since", "until"}


def test_the_search_page_needs_no_more_queries_for_more_rows(world: World, door: Client) -> None:
    ctx = acting(world.officer)
    door.force_login(world.auditor)
    counts = []
    for number in (1, 60):
        for _ in range(number):
            visit(ctx, world.town)
        with CaptureQueriesContext(connection) as queries:
            page = page_of(door, reverse("journal_search"))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10
    assert page.count("入户走访</a>") == 50
    assert "before=" in page


def test_a_search_with_a_date_that_is_none_says_so_beside_the_field(world: World, door: Client) -> None:
    visit(acting(world.officer), world.town)
    door.force_login(world.auditor)
    page = page_of(door, f"{reverse('journal_search')}?since=yesterday")
    assert "an-field-error" in page
    assert "入户走访</a>" not in page


def test_without_a_word_on_time_the_search_looks_back_a_month(world: World, door: Client) -> None:
    entry = visit(acting(world.officer), world.town)
    Entry.objects.filter(pk=entry.pk).update(recorded_at=real_now() - timedelta(days=40))
    door.force_login(world.auditor)
    assert "入户走访</a>" not in page_of(door, reverse("journal_search"))
    assert "入户走访</a>" in page_of(door, f"{reverse('journal_search')}?since=")


def test_an_export_holds_what_the_search_finds_in_the_reader_s_language(world: World, door: Client) -> None:
    visit(acting(world.officer), world.town)
    walk_round(acting(world.clerk), [world.town, world.district])
    visit(acting(world.neighbour), world.neighbour_town)
    door.force_login(world.person("district-auditor", "audit_administrator", world.district))
    answer = door.get(reverse("journal_export"))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]  # it streams
    head, *rows = csv.reader(text.splitlines())
    assert [row[head.index("事件")] for row in rows] == ["巡查一遍", "入户走访"]
    assert [row[head.index("对象")] for row in rows] == ["2 条", "甲一镇"]


def test_an_export_holds_no_formula_for_a_spreadsheet(world: World, door: Client) -> None:
    world.officer.display_name = "=HYPERLINK()"
    world.officer.save()
    visit(acting(world.officer), world.town)
    door.force_login(world.auditor)
    answer = door.get(reverse("journal_export"))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]  # it streams
    assert "'=HYPERLINK()" in text


# --- one entry ----------------------------------------------------------------------------------------------------


def test_an_entry_s_page_shows_its_causes_effects_changes_and_proofs(world: World, door: Client) -> None:
    first = visit(acting(world.officer), world.town)
    second = walk_round(replace(acting(world.officer), cause_id=first.pk), [world.town])
    Unit.unscoped.filter(pk=world.town.pk).update(name="甲一新镇")
    third = visit(replace(acting(world.officer), cause_id=second.pk), world.town, "改了名")
    auditor = acting(world.auditor)
    assert audit.list_causes(auditor, third) == [first, second]
    assert second in audit.list_effects(auditor, first)
    assert audit.list_notes(auditor, third) == [audit.Note("note", "改了名", proved=True)]
    door.force_login(world.auditor)
    page = page_of(door, reverse("journal_entry", args=(third.pk,)))
    assert "甲一新镇" in page
    assert "待封存" in page
    assert "与留痕中的摘要相符" in page


def test_a_changed_and_a_destroyed_note_are_told_apart(world: World) -> None:
    auditor = acting(world.auditor)
    changed, destroyed = visit(acting(world.officer), world.town), visit(acting(world.officer), world.town)
    PrivateNote.objects.filter(entry=changed).update(text="有人应门")
    PrivateNote.objects.filter(entry=destroyed).delete()
    assert audit.list_notes(auditor, changed) == [audit.Note("note", "有人应门", proved=False)]
    assert audit.list_notes(auditor, destroyed) == [audit.Note("note", None, proved=False)]


def test_a_district_s_auditor_sees_no_changes_of_the_neighbour_s_rows(world: World, auditor: Context) -> None:
    both = Unit.unscoped.filter(pk__in=(world.town.pk, world.neighbour_town.pk))
    both.update(kind="street")
    entry = walk_round(acting(world.auditor), [world.town, world.neighbour_town])
    assert [change.row for change in audit.list_changes(auditor, entry)] == [str(world.town.pk)]
    assert len(audit.list_changes(acting(world.auditor), entry)) == 2


def test_an_entry_names_the_seal_that_holds_it(world: World) -> None:
    auditor = acting(world.auditor)
    entries = []
    for _ in range(5):
        entries.append(visit(acting(world.officer), world.town))
        seals.seal_pending()
    late = visit(acting(world.officer), world.town)
    seals_found = [audit.find_seal(auditor, entry) for entry in entries]
    assert [seal.number for seal in seals_found if seal] == [1, 2, 3, 4, 5]
    assert audit.find_seal(auditor, late) is None
    assert audit.is_waiting_for_seal(late)
    assert not audit.is_waiting_for_seal(entries[0])


# --- verification -------------------------------------------------------------------------------------------------


def test_a_verification_is_asked_for_and_leaves_a_trail(world: World, door: Client) -> None:
    door.force_login(world.auditor)
    assert door.post(reverse("journal_verification")).status_code == 302
    assert LongTask.objects.get().kind == audit.VERIFY
    assert Entry.objects.get().event == "kernel.journal.verification_asked"
    assert "正在核验" in page_of(door, reverse("journal_verification"))


def test_a_second_verification_is_told_that_one_is_running_whoever_asked(world: World, door: Client) -> None:
    another = world.person("second-auditor", "audit_administrator", world.district)
    for auditor in (world.auditor, world.auditor, another):
        door.force_login(auditor)
        answer = door.post(reverse("journal_verification"), follow=True).content.decode()
    assert LongTask.objects.count() == Entry.objects.count() == 1
    assert "已有一次核验正在进行" in answer
    assert str(world.auditor) in answer
    LongTask.objects.update(
        state=TaskState.DONE, ended_at=real_now(), result={"entries": 0, "seals": 0, "found": 0}
    )
    assert "您还没有核验过" in page_of(door, reverse("journal_verification"))
    door.post(reverse("journal_verification"))
    assert LongTask.objects.count() == 2


def test_a_verification_finds_a_changed_entry_and_names_it(world: World) -> None:
    entry = visit(acting(world.officer), world.town)
    seals.seal_pending()
    auditor = acting(world.auditor)
    whole = jobs.verify_journal(auditor, {}, tasks.Progress())
    assert (whole["entries"], whole["found"]) == (1, 0)
    Entry.objects.filter(pk=entry.pk).update(data={"doors": 4})
    broken = jobs.verify_journal(auditor, {}, tasks.Progress())
    assert broken["found"] >= 1
    assert any(str(entry.pk) in finding for finding in broken["findings"])
