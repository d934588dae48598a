"""What comes of outside messages: drafts, in whatever order they come; what is wrong is kept and shown."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from anlan.connect.alert import services
from anlan.connect.alert.models import AlertMessage, RawMessage, SourceState
from anlan.connect.alert.terms import POWERS, MessageState, Why
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.models import Clock, Exercise
from anlan.protocols.cap.message import MessageType, Severity, Status
from anlan.watch.warning.models import EarlyWarning, WarningIssue
from tests.connect.alerts import NODE, alert, bytes_of, come, make_source
from tests.watch.kinds import make_kind
from tests.watch.warnings import coded

if TYPE_CHECKING:
    from pathlib import Path

    from anlan.connect.alert.models import AlertSource
    from tests.cast import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(world: World) -> AlertSource:
    coded(world.district)
    make_kind(world.district)
    return make_source(world.district)


def code_of(source: AlertSource) -> str:
    return source.unit.code


def test_an_alert_becomes_a_draft_for_the_units_it_names(source: AlertSource) -> None:
    message = come(source, alert("A", code=code_of(source), severity=Severity.SEVERE))
    assert (message.state, message.why) == (MessageState.TAKEN, Why.DRAFTED)
    issue = WarningIssue.unscoped.get(pk=message.issue_id)
    assert (issue.colour, issue.state, issue.author) == ("orange", "draft", None)
    assert [area.unit for area in issue.areas.all()] == [source.unit]
    assert issue.warning.relayed_from == "试验市气象台"


def test_a_message_that_comes_twice_makes_one_draft(source: AlertSource) -> None:
    sent = alert("A", code=code_of(source))
    first, again = come(source, sent), come(source, bytes_of(sent) + b"\n")
    assert first.pk == again.pk
    assert again.copies == 1
    assert EarlyWarning.unscoped.count() == 1


def test_a_false_copy_is_quarantined(source: AlertSource) -> None:
    sent = alert("A", code=code_of(source))
    come(source, sent)
    changed = bytes_of(sent).replace("强降雨".encode(), "小雨".encode())
    assert come(source, changed).problems[0]["code"] == "copied"


def test_an_update_waits_for_its_alert_which_then_does_not_go_back_in_time(source: AlertSource) -> None:
    first = alert("A", code=code_of(source))
    update = alert(
        "U", MessageType.UPDATE, follows=(first,), minutes=9, severity=Severity.EXTREME, code=code_of(source)
    )
    waiting = come(source, update)
    assert (waiting.state, waiting.why) == (MessageState.WAITING, Why.PARENT)
    late = come(source, first)
    waiting.refresh_from_db()
    assert (late.state, late.why) == (MessageState.IGNORED, Why.OVERTAKEN)
    assert waiting.state == MessageState.TAKEN
    assert WarningIssue.unscoped.get().colour == "red"


def test_an_update_whose_alert_never_comes_is_taken_as_the_first(source: AlertSource) -> None:
    lost = alert("A", code=code_of(source))
    update = come(source, alert("U", MessageType.UPDATE, follows=(lost,), minutes=9, code=code_of(source)))
    services.end_patience(NODE, update.pk)
    update.refresh_from_db()
    assert (update.state, update.why) == (MessageState.TAKEN, Why.DRAFTED)


def test_a_cancellation_gives_up_what_was_not_published(source: AlertSource) -> None:
    first = alert("A", code=code_of(source))
    taken = come(source, first)
    ended = come(source, alert("C", MessageType.CANCEL, follows=(first,), minutes=9, code=code_of(source)))
    assert (ended.state, ended.why) == (MessageState.TAKEN, Why.WITHDRAWN)
    assert EarlyWarning.unscoped.get(pk=taken.warning_id).state == "discarded"


def test_a_strangers_cancellation_ends_nothing(source: AlertSource) -> None:
    first = alert("A", code=code_of(source))
    taken = come(source, first)
    ended = come(
        source, alert("C", MessageType.CANCEL, follows=(first,), minutes=9, sender="X", code=code_of(source))
    )
    assert ended.problems[0]["code"] == "stranger"
    assert EarlyWarning.unscoped.get(pk=taken.warning_id).state == "pending"


def test_what_calls_itself_an_exercise_makes_no_real_draft(source: AlertSource) -> None:
    message = come(source, alert("A", status=Status.EXERCISE, code=code_of(source)))
    assert (message.state, message.why) == (MessageState.IGNORED, Why.EXERCISE)
    assert not EarlyWarning.unscoped.exists()


def test_a_source_of_an_exercise_drafts_in_it_whatever_the_message_says(
    source: AlertSource, world: World
) -> None:
    clock = Clock.objects.create(origin_at=real_now(), started_at=real_now(), rate=1)
    drill = Exercise.objects.create(unit=world.district, name="演练", clock=clock)
    message = come(make_source(world.district, drill), alert("A", code=code_of(source)))
    assert message.state == MessageState.TAKEN
    assert EarlyWarning.unscoped.get().exercise == drill


def test_what_is_of_elsewhere_is_kept_and_makes_no_draft(source: AlertSource) -> None:
    assert come(source, alert("A", code="110000000000")).why == Why.ELSEWHERE


def test_what_is_broken_is_quarantined_with_its_line_and_can_be_dismissed(source: AlertSource) -> None:
    message = come(source, b"<alert>\n<identifier>")
    assert message.is_quarantined
    assert (message.problems[0]["code"], message.problems[0]["line"]) == ("malformed", 2)
    assert bytes(RawMessage.objects.get(message=message).content) == b"<alert>\n<identifier>"
    able = Context(None, powers=frozenset({"connect.alert.replay"}))
    assert services.dismiss_message(able, message.pk, reason="误发").state == MessageState.DISMISSED


def test_a_kind_that_is_not_kept_is_asked_for_and_then_replayed(source: AlertSource) -> None:
    message = come(source, alert("A", event="火星雨", code=code_of(source)))
    assert message.problems[0]["code"] == "no_kind"
    kind = make_kind(source.unit)
    kind.pk, kind.name, kind._state.adding = None, "火星雨", True
    kind.pk = type(kind)._meta.pk.get_default()
    kind.save(force_insert=True)
    able = Context(None, powers=frozenset({"connect.alert.replay"}))
    assert services.replay_message(able, message.pk).state == MessageState.TAKEN


def test_a_file_stays_until_it_is_kept_and_then_moves(
    source: AlertSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings.ANLAN, "alert_folders", tmp_path, raising=False)
    watched = make_source(source.unit, kind="folder", folder="met", receipts=True)
    folder = tmp_path / "met"
    folder.mkdir()
    for name, content in (("a.xml", bytes_of(alert("A", code=code_of(source)))), ("b.xml", b"<no")):
        (folder / name).write_bytes(content)
        os.utime(folder / name, (1, 1))
    look = services.Look.of(watched.pk)
    assert look is not None
    # killed between keeping and moving: the file is still there, and is a copy the next time
    services.receive_message(Context(None, powers=POWERS), watched, (folder / "a.xml").read_bytes())
    look.run()
    assert {path.name for path in (folder / "done").iterdir()} == {"a.xml"}
    assert {path.name for path in (folder / "bad").iterdir()} == {"b.xml", "b.xml.reason.txt"}
    assert {path.name for path in (folder / "ack").iterdir()} == {"a.xml", "b.xml"}
    assert AlertMessage.unscoped.filter(source=watched).count() == 2
    assert SourceState.objects.get(source=watched).failures == 0
