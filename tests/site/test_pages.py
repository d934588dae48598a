"""The shell around every page: looks, language, errors, headers."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from django.db import OperationalError
from django.utils import translation
from django.utils.formats import date_format

from anlan.kernel import pages
from anlan.kernel.models import User
from anlan.kernel.register import listing
from anlan.launcher.place import CHECKOUT

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import World


def test_chinese_unless_the_user_asks_for_english(world: World, door: Client) -> None:
    door.force_login(world.officer)
    assert 'lang="zh-hans"' in door.get("/", headers={"Accept-Language": "en"}).content.decode()
    door.post("/preferences/", {"language": "en"})
    assert 'lang="en"' in door.get("/").content.decode()


def test_one_entry_of_the_navigation_is_where_one_is(world: World, door: Client) -> None:
    door.force_login(world.officer)
    for address in ("/", "/message/callouts/", "/message/callouts/reach/", "/message/callouts/open/"):
        entries = re.findall(
            r'<a[^>]*href="([^"]+)"[^>]*aria-current="page"', door.get(address).content.decode()
        )
        assert set(entries) == {"/message/callouts/" if address.endswith("open/") else address}


def test_english_pages_write_moments_day_first_with_24_hours() -> None:
    moment = datetime(2026, 11, 25, 13, 5, tzinfo=UTC)
    with translation.override("en"):
        assert date_format(moment, "DATETIME_FORMAT") == "25 Nov 2026, 13:05"
    with translation.override("zh-hans"):
        assert date_format(moment, "DATETIME_FORMAT") == "2026年11月25日 13:05"


def test_preferences_keep_what_was_not_sent_and_refuse_what_is_not_offered(
    world: World, door: Client
) -> None:
    door.force_login(world.officer)
    door.post("/preferences/", {"theme": "dark"})
    door.post("/preferences/", {"density": "compact"})
    door.post("/preferences/", {"theme": "pink"})
    kept = User.objects.get(pk=world.officer.pk)
    assert (kept.theme, kept.density, kept.language) == ("dark", "compact", "zh-hans")


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"]
)
def test_preferences_never_lead_to_another_site(world: World, door: Client, target: str) -> None:
    door.force_login(world.officer)
    assert door.post("/preferences/", {"next": target}).headers["Location"] == "/"


def test_an_unexpected_error_shows_a_number_that_the_log_carries_and_never_its_text(
    world: World, door: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("the secret of the pyramid")

    monkeypatch.setattr(listing, "list_slice", explode)
    door.force_login(world.officer)
    door.raise_request_exception = False
    with caplog.at_level(logging.ERROR, logger="django.request"):
        answer = door.get("/units/")
    page = answer.content.decode()
    number = re.search(r"[0-9a-f]{8}", page)
    assert answer.status_code == 500
    assert "pyramid" not in page
    assert number
    assert any("pyramid" in str(record.exc_info) for record in caplog.records)


def test_a_missing_page_and_a_neighbour_s_record_look_the_same(world: World, door: Client) -> None:
    door.force_login(world.officer)
    never = door.get("/units/999999/")
    theirs = door.get(f"/units/{world.neighbour_town.pk}/")
    assert never.status_code == theirs.status_code == 404

    def told(page: bytes) -> str:
        varies = r'[0-9a-f]{8,}|(value|content)="[^"]+"|/units/\d+/|\d\d:\d\d:\d\d\.\d+'
        return re.sub(varies, "", page.decode())

    assert told(never.content) == told(theirs.content)


def test_the_api_answers_with_problem_documents(world: World, door: Client) -> None:
    door.force_login(world.officer)
    answer = door.get("/api/v1/units/999999")
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (404, "not_found")
    assert problem["number"]


def test_the_api_refuses_bad_input_by_the_name_of_the_field(world: World, door: Client) -> None:
    door.force_login(world.officer)
    answer = door.get("/api/v1/units?limit=100000")
    assert answer.status_code == 422
    assert "limit" in answer.json()["detail"]


@pytest.mark.parametrize(
    "address", ["/units/?q=%00", "/obligations/?rule=a%00", "/journal/of/kernel.user/%00/"]
)
def test_an_address_with_a_character_that_no_text_holds_is_a_bad_request(
    world: World, door: Client, address: str
) -> None:
    door.force_login(world.officer)
    answer = door.get(address)
    assert answer.status_code == 400
    assert "请求有误" in answer.content.decode()


def test_the_api_refuses_it_too(world: World, door: Client) -> None:
    door.force_login(world.officer)
    answer = door.get("/api/v1/units?q=%00")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_without_the_database_a_reader_is_told_that_the_system_is_away(
    world: World, door: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(listing, "list_slice", gone)
    monkeypatch.setattr(pages, "_navigation", gone)
    door.force_login(world.officer)
    door.raise_request_exception = False
    answer = door.get("/units/")
    assert answer.status_code == 503
    assert "系统暂时没有应答" in answer.content.decode()


def test_the_api_pages_by_path(world: World, door: Client) -> None:
    door.force_login(world.officer)
    first = door.get("/api/v1/units?limit=1").json()
    rest = door.get("/api/v1/units", {"after": first["next"]}).json()
    assert [unit["name"] for unit in first["items"] + rest["items"]] == ["甲区", "甲一镇"]
    assert rest["next"] == ""


def test_pages_forbid_inline_script_and_framing(world: World, door: Client) -> None:
    door.force_login(world.officer)
    headers = door.get("/").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Frame-Options"] == "DENY"


def test_a_form_from_another_site_is_refused(world: World) -> None:
    from django.test import Client as Browser  # noqa: PLC0415 - one that checks, unlike the fixture's

    door = Browser(enforce_csrf_checks=True)
    door.defaults |= {"wsgi.url_scheme": "https"}
    door.force_login(world.officer)
    assert (
        door.post(
            "/preferences/", {"theme": "dark"}, headers={"Origin": "https://elsewhere.example"}
        ).status_code
        == 403
    )


def test_units_are_searched_within_scope(world: World, door: Client) -> None:
    door.force_login(world.officer)
    page = door.get("/units/", {"q": "镇"}).content.decode()
    assert "甲一镇" in page
    assert "乙一镇" not in page


DECLARED = re.compile(r'^@event\("([a-z_.]+)"', re.MULTILINE)
PAGES_ALONE = """
import django
django.setup()
from django.urls import get_resolver
from anlan.kernel import events
assert get_resolver().url_patterns
print(*events.names(), sep="\\n")
"""


def test_a_process_that_serves_pages_knows_every_event_by_name() -> None:
    """In a process of its own: here other tests have imported what pages do not."""
    known = subprocess.run([sys.executable, "-c", PAGES_ALONE], capture_output=True, text=True, check=True)
    sources = [file for home in ("src/anlan", "tests/rooms") for file in (CHECKOUT / home).rglob("*.py")]
    declared = {name for file in sources for name in DECLARED.findall(file.read_text())}
    assert len(declared) > 20
    assert declared <= set(known.stdout.split())
