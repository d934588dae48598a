"""Stories as files: those that come with us can be played, and what cannot be is refused with its place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from anlan.protocols import cap, cn12379
from anlan.site.story import script
from anlan.site.story.moves import MOVES
from anlan.site.story.playing import fits
from anlan.site.story.script import ScriptError

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = frozenset(MOVES)
NOW = datetime(2026, 11, 30, tzinfo=UTC)


def written(folder: Path, **changes: Any) -> str:
    """A small story that can be played, with what is changed of it."""
    content = {
        "title": "小演练",
        "unit": "120114000000",
        "director": "leader",
        "begins": "07-29 20:00",
        "cast": ["duty"],
        "carriers": {},
        "people": [],
        "sources": {"weather": {"name": "气象台", "door": "folder"}},
        "times": {"end": "08:00"},
        "messages": {"blue": {"source": "weather", "sent": "20:04", "file": "blue.xml"}},
        "steps": [
            {"at": "20:05", "title": "来了", "deliver": "blue"},
            {"at": "20:06", "title": "送审", "who": "duty", "do": "submit"},
            {"at": "01:00", "title": "次日", "kill": ["send"]},
        ],
        **changes,
    }
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True))
    return str(path)


def test_the_stories_that_come_with_us_can_be_played_and_their_messages_read() -> None:
    assert "callout" in script.names()
    for name in script.names():
        story = script.read(name, KNOWN)
        begun = story.begins_at(NOW)
        for key, message in story.messages.items():
            body = story.text_of(key, begun)
            if message.cut:
                continue
            if story.sources[message.source].format == "cap":
                assert cap.parse(body).sent == story.moment(message.sent, begun)
            else:
                alert, remarks = cn12379.parse(body)
                assert alert.sent_at == story.moment(message.sent, begun)
                assert not remarks
            assert "$" not in body.decode()
            assert "$" not in story.name_of(key, begun)


def test_times_go_on_past_midnight_from_the_last_such_day(tmp_path: Path) -> None:
    story = script.read(written(tmp_path), KNOWN)
    begun = story.begins_at(NOW)
    assert begun.isoformat() == "2026-07-29T20:00:00+08:00"
    assert story.begins_at(datetime(2026, 7, 1, tzinfo=UTC)).year == 2025
    assert [story.moment(step.at, begun).day for step in story.steps] == [29, 29, 30]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"begins": "29 July"}, "begins"),
        ({"unknown": 1}, "unknown"),
        ({"cast": None, "steps": 3}, "steps"),
        ({"messages": {"blue": {"source": "nobody", "sent": "20:04", "file": "b"}}}, "messages.blue"),
        ({"messages": {"blue": {"source": "weather", "sent": "8 pm", "file": "b"}}}, "messages.blue"),
        ({"messages": {"blue": {"sent": "20:04"}}}, "source, file wanted"),
        ({"steps": [{"at": "20:05", "title": "x", "deliver": "red"}]}, "steps[1]"),
        ({"steps": [{"at": "20:05", "title": "x", "who": "duty", "do": "fly"}]}, "do is one of"),
        ({"steps": [{"at": "20:05", "title": "x", "who": "king", "do": "submit"}]}, "who is one of"),
        ({"steps": [{"at": "21:00", "title": "x"}, {"at": "20:30", "title": "y"}]}, "before the step above"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(
    tmp_path: Path, changes: dict[str, Any], place: str
) -> None:
    with pytest.raises(ScriptError) as refused:
        script.read(written(tmp_path, **changes), KNOWN)
    assert place in str(refused.value)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "torn.yaml").write_text("title: [")
    for name in ("torn.yaml", "absent.yaml"):
        with pytest.raises(ScriptError):
            script.read(str(tmp_path / name), KNOWN)


@pytest.mark.parametrize(
    ("found", "wanted", "holds"),
    [
        (126, 126, True),
        (4, ">= 4", True),
        (3, ">= 4", False),
        (0, "<= 1", True),
        (["a", "b"], ["b"], True),
        (["a"], ["a", "b"], False),
        ("taken", "taken", True),
        (0, False, True),
        ("draft", "taken", False),
        (None, 0, False),
        (None, "<= 1", False),
    ],
)
def test_a_fact_is_as_it_should_be(found: Any, wanted: Any, holds: object) -> None:
    assert fits(found, wanted) is holds
