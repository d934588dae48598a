"""Every address of the scope matrix that answers a page: WCAG 2.1 AA in light and dark, whole at 360 px, and on a wall.

The pages are those of the matrix: rendered by Django with the rows of `matrix.py`, shown by a real Chromium with the real
styles and scripts. A node would show the same, but could not be given each row that a matrix makes.
"""

from __future__ import annotations

import json
import mimetypes
from typing import TYPE_CHECKING, Literal

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import reverse

from anlan.kernel import rooms
from anlan.kernel.clock import real_now
from anlan.kernel.models import Grant, Role
from tests.browser.test_looks import RULES
from tests.browsers import new_page
from tests.cast import enter
from tests.matrix import PERSONAL, PUBLIC
from tests.test_scope_matrix import API, CASES
from tests.watch import nights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client
    from playwright.sync_api import Browser, Page, Route

    from tests.cast import World
    from tests.matrix import Case

pytestmark = pytest.mark.browser
HOST = "https://anlan.test"
PAGES = [case for case in CASES if case.method == "get" and not case.name.startswith((API, "api-"))]
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
PHONE, LAPTOP, WALL = (360, 740), (1366, 768), (3840, 2160)
NARROWEST_ON_A_WALL = 0.85  # of the room beside the navigation


@pytest.fixture(scope="session")
def show(chromium: Browser) -> Iterator[Page]:
    """A browser page that fetches nothing but styles, scripts and what a test puts into it."""
    # Playwright's loop runs in this thread, where Django fears for its connection; nothing else runs here meanwhile.
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        page = new_page(chromium, *LAPTOP, base=HOST)
        # No stream of events, so that no page tells of a lost connection.
        page.add_init_script("delete window.SharedWorker; window.EventSource = class { close() {} }")
        page.route("**/*", _serve)
        yield page
        page.context.close()


def _serve(route: Route) -> None:
    path = route.request.url.removeprefix(HOST).partition("?")[0]
    start = f"{settings.STATIC_URL}dist/"
    file = settings.FRONTEND / path.removeprefix(start)
    if path.startswith(start) and file.is_file():
        kind = mimetypes.guess_type(file)[0] or "application/octet-stream"
        route.fulfill(body=file.read_bytes(), content_type=kind)
    else:
        route.fulfill(status=204)


@pytest.mark.parametrize("case", PAGES, ids=[case.name for case in PAGES])
def test_a_page_is_accessible_in_light_and_dark_and_whole_on_a_phone_and_a_wall(
    show: Page, world: World, door: Client, case: Case
) -> None:
    html = rendered(world, door, case)
    faults = faults_in(show, html) if html is not None else []
    assert not faults, "\n".join(faults)


def test_the_account_of_a_played_night_is_accessible_with_its_pictures(
    show: Page, world: World, door: Client
) -> None:
    night = nights.begin(world)
    issue = nights.published(night)
    nights.called(night)
    nights.lowered(night, issue.warning)
    enter(door, world.officer)
    door.post(reverse("exercise_enter", args=[night.exercise.pk]))
    html = door.get(reverse("warning_account", args=[issue.warning_id])).content.decode()
    faults = faults_in(show, html)
    assert not faults, "\n".join(faults)
    assert show.locator("svg.an-course").count() == 3, "the night and two callouts"
    assert show.locator("svg.an-course path.an-course-curve").count() == 4


def faults_in(show: Page, html: str) -> list[str]:
    """What axe finds in a page in light and dark, and where it is too wide for a phone or too narrow for a wall."""
    show.set_viewport_size({"width": LAPTOP[0], "height": LAPTOP[1]})
    put(show, html)
    look(show, "light")
    faults = violations(show, RULES, "light")
    look(show, "dark")
    faults += violations(show, COLOURS, "dark")
    show.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    faults += wider_than_the_window(show)
    show.set_viewport_size({"width": WALL[0], "height": WALL[1]})
    return faults + wider_than_the_window(show) + corner_of_the_wall(show)


def rendered(world: World, door: Client, case: Case) -> str | None:
    """The whole page that the address answers to who may do everything; None where it is a part of one, or none."""
    arguments = case.own(world)
    if case.capability == PERSONAL:
        door.force_login(world.officer)
    elif case.capability != PUBLIC:
        allow_everything(world)
        door.force_login(world.approver)
        trust(door)
    answer = door.get(reverse(case.name, kwargs=arguments), case.data)
    is_page = answer.headers.get("Content-Type", "").startswith("text/html") and not answer.streaming
    text = answer.content.decode() if is_page else ""
    return text if "<html" in text else None


def allow_everything(world: World) -> None:
    """All acts on the page, two postings in the menu: the fullest that a page can be."""
    role = Role.objects.create(code="all", name="全部权限", capabilities=list(rooms.capabilities()))
    Grant.objects.create(user=world.approver, role=role, scope_root=world.district)


def trust(door: Client) -> None:
    """As one who has just entered his password, whom the pages on the second factor do not ask again."""
    session = door.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": real_now().timestamp()}]
    session.save()


def look(page: Page, scheme: Literal["light", "dark"]) -> None:
    """Light or dark, at once: a colour measured in the middle of its change is none that anybody reads."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.wait_for_function("scheme => document.documentElement.dataset.bsTheme === scheme", arg=scheme)


def put(page: Page, html: str) -> None:
    page.unroute(f"{HOST}/page")
    page.route(f"{HOST}/page", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(f"{HOST}/page", wait_until="load")
    page.evaluate(Axe().axe_script)


def violations(page: Page, options: dict[str, object], where: str) -> list[str]:
    found = page.evaluate("options => axe.run(options).then(({violations}) => violations)", options)
    return [
        f"{where}: {broken['id']}: {broken['help']} "
        + json.dumps([node["target"] for node in broken["nodes"][:3]], ensure_ascii=False)
        for broken in found
    ]


def wider_than_the_window(page: Page) -> list[str]:
    width, shown = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    return [f"{width} px wide in a window of {shown}"] if width > shown else []


def corner_of_the_wall(page: Page) -> list[str]:
    """Pages of the shell fill a wall; those at the door are narrow everywhere."""
    used = page.evaluate(
        "(() => { const main = document.querySelector('.an-main'); return main ?"
        " main.clientWidth / document.querySelector('.an-page').clientWidth : 1 })()"
    )
    return [f"takes {used:.0%} of a wall"] if used < NARROWEST_ON_A_WALL else []
