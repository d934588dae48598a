from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house.rules import room_cycles, room_shape

if TYPE_CHECKING:
    from tests.house.conftest import TreeOf

ROOM = "src/anlan/watch/rain"
GOOD = {
    f"{ROOM}/__init__.py": "",
    f"{ROOM}/apps.py": "from django.apps import AppConfig\n\nclass Rain(AppConfig): ...",
    f"{ROOM}/terms.py": "from django.db.models import TextChoices\n\nclass State(TextChoices): ...",
    f"{ROOM}/models.py": """
        from anlan.kernel.models import Record
        from anlan.organisation.unit.models import Profile
        from anlan.watch.rain.terms import State
        """,
    f"{ROOM}/selectors.py": """
        from typing import TYPE_CHECKING
        from anlan.kernel import scope
        from anlan.organisation.unit import selectors as units
        from anlan.watch.rain.models import Rain
        if TYPE_CHECKING:
            from anlan.organisation.unit.models import Profile

        def list_rain(ctx): ...
        def _ordered(query): ...
        """,
    f"{ROOM}/services.py": """
        from anlan.decide.plume import plume_footprint
        from anlan.kernel.act import act
        from anlan.watch.rain import selectors
        from anlan.watch.rain.events import RainSeen

        @act("watch.rain.create")
        def create_rain(ctx, *, name): ...
        def _number(name): ...
        """,
    f"{ROOM}/events.py": "from dataclasses import dataclass\n\n@dataclass(frozen=True)\nclass RainSeen: ...",
    f"{ROOM}/views.py": "from anlan.watch.rain import services\n\ndef register(request): ...",
    f"{ROOM}/templates/rain/_row.html": "<tr></tr>",
    f"{ROOM}/templates/rain/sheet.typ": "= 雨情",
    f"{ROOM}/migrations/__init__.py": "",
    f"{ROOM}/migrations/0001_rain.py": "from anything import at_all",
}
CASES = {
    "a file of no kind": ("helpers.py", "x = 1"),
    "an empty file": ("forms.py", '"""Forms."""'),
    "code in __init__": ("__init__.py", "x = 1"),
    "a template of another folder": ("templates/other/x.html", "<p></p>"),
    "terms that know a model": ("terms.py", "from anlan.watch.rain.models import Rain"),
    "a model that calls a service": ("models.py", "from anlan.watch.rain.services import create_rain"),
    "a model that reads": ("models.py", "from anlan.organisation.unit import selectors"),
    "a selector that writes": ("selectors.py", "from anlan.watch.rain import services"),
    "a service that renders": ("services.py", "from . import views"),
    "a service that knows another's tables": (
        "services.py",
        "from anlan.organisation.unit.models import Profile",
    ),
    "a view that goes to another room": ("views.py", "from anlan.organisation.unit import selectors"),
    "an upper wing": ("services.py", "from anlan.respond.duty import services"),
    "the site": ("views.py", "from anlan.site import urls"),
    "an import in a function": ("views.py", "def x():\n    from anlan.watch.rain import services"),
    "a signal": ("models.py", "from django.db.models.signals import post_save"),
    "a request below the faces": ("selectors.py", "def list_rain(ctx, request): ..."),
    "a request type below the faces": ("services.py", "from django.http import HttpRequest"),
    "an event that knows a model": ("events.py", "from anlan.watch.rain.models import Rain"),
    "a write that is no act": ("services.py", "def create_rain(ctx): ..."),
    "an act of another room": ("services.py", "@act('watch.snow.create')\ndef create_rain(ctx): ..."),
    "an act without context": ("services.py", "@act('watch.rain.create')\ndef create_rain(name): ..."),
    "an act named by no verb": ("services.py", "@act('watch.rain.create')\ndef rain(ctx): ..."),
    "a read without promise": ("selectors.py", "def rain_of_today(ctx): ..."),
}


def test_a_good_room_passes(tree_of: TreeOf) -> None:
    assert not list(room_shape.check(tree_of(GOOD)))


@pytest.mark.parametrize("case", CASES)
def test_a_deviation_is_found_where_it_is(tree_of: TreeOf, case: str) -> None:
    file, text = CASES[case]
    found = list(room_shape.check(tree_of({**GOOD, f"{ROOM}/{file}": text})))
    assert [finding.path for finding in found] == [f"{ROOM}/{file}"]


def test_a_file_that_grew_into_a_package_keeps_its_rules(tree_of: TreeOf) -> None:
    grown = {
        f"{ROOM}/selectors/__init__.py": "",
        f"{ROOM}/selectors/today.py": "from anlan.watch.rain import services\ndef list_rain(ctx): ...",
        f"{ROOM}/selectors/week.py": "from anlan.watch.rain.selectors.today import list_rain",
    }
    found = list(room_shape.check(tree_of(grown)))
    assert [(finding.path, finding.line) for finding in found] == [(f"{ROOM}/selectors/today.py", 1)]


@pytest.mark.parametrize("name", ["rains", "Rain", "calendar"])
def test_folder_names_are_singular_nouns_that_hide_nothing(tree_of: TreeOf, name: str) -> None:
    assert len(list(room_shape.check(tree_of({f"src/anlan/watch/{name}/apps.py": "x = 1"})))) == 1


@pytest.mark.parametrize("name", ["address", "status", "analysis", "risk_source"])
def test_nouns_that_end_in_s_are_singular_too(tree_of: TreeOf, name: str) -> None:
    assert not list(room_shape.check(tree_of({f"src/anlan/watch/{name}/apps.py": "x = 1"})))


def test_a_wing_holds_rooms_only(tree_of: TreeOf) -> None:
    files = {"src/anlan/watch/__init__.py": "", "src/anlan/watch/common.py": "x = 1"}
    assert [finding.path for finding in room_shape.check(tree_of(files))] == ["src/anlan/watch/common.py"]


def test_rooms_in_a_circle_are_found(tree_of: TreeOf) -> None:
    tree = tree_of(
        {
            "src/anlan/watch/rain/services.py": "from anlan.watch.snow import services",
            "src/anlan/watch/snow/services.py": "from anlan.watch.ice import services",
            "src/anlan/watch/ice/services.py": "x = 1",
        }
    )
    assert not list(room_cycles.check(tree))
    tree = tree_of({"src/anlan/watch/ice/services.py": "from anlan.watch.rain import selectors"})
    assert len(list(room_cycles.check(tree))) == 1
