"""Every address meets every kind of visitor (tests/matrix.py says who should see what)."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from anlan.site.api import api
from tests.cast import enter
from tests.matrix import ANYBODY, PERSONAL, PUBLIC, Case

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.http import HttpResponse
    from django.test import Client

    from tests.cast import World

HERE = Path(__file__).parent
API = "api:"


def all_cases() -> list[Case]:
    modules = sorted(HERE.glob("**/matrix.py"))
    names = [".".join(("tests", *file.relative_to(HERE).with_suffix("").parts)) for file in modules]
    return [case for name in names for case in getattr(import_module(name), "CASES", ())]


CASES = all_cases()
by_name = pytest.mark.parametrize("case", CASES, ids=[f"{case.method}-{case.name}" for case in CASES])


def names_in(patterns: list[Any], space: str = "") -> Iterator[str]:
    """Names of all addresses; the API's operations under their own paths."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else space
            yield from names_in(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern) and not _is_operation(space, pattern):
            assert pattern.name, f"{pattern.pattern} has no name"
            yield f"{space}{pattern.name}"


def _is_operation(space: str, pattern: URLPattern) -> bool:
    return space.startswith("api-") and pattern.name not in {"openapi-json", "api-root"}


def test_every_address_has_a_row() -> None:
    addresses = set(names_in(get_resolver().url_patterns))
    operations = {f"{API}{path.removeprefix('/api/v1')}" for path in api.get_openapi_schema()["paths"]}
    assert addresses | operations == {case.name for case in CASES}


def test_every_written_capability_is_declared() -> None:
    from anlan.kernel import rooms  # noqa: PLC0415 - finds rooms when asked
    from anlan.kernel.act import CAPABILITIES_OF_ACTS  # noqa: PLC0415

    asked = {case.capability for case in CASES} - {PUBLIC, ANYBODY, PERSONAL}
    assert asked | CAPABILITIES_OF_ACTS <= set(rooms.capabilities())


@by_name
def test_anonymous(case: Case, world: World, door: Client) -> None:
    response = knock(door, case, case.own(world))
    if case.capability == PUBLIC:
        assert response.status_code == case.answers
    elif case.name.startswith(("api:", "api-1:")):
        assert response.status_code == 401
        assert response.headers["Content-Type"] == "application/problem+json"
    else:
        assert response.status_code == 302
        assert response.headers["Location"].startswith(reverse(settings.LOGIN_URL))


@by_name
def test_no_capability(case: Case, world: World, door: Client) -> None:
    door.force_login(world.stranger)
    response = knock(door, case, case.own(world))
    if case.capability in {PUBLIC, ANYBODY}:
        # A stranger at the log-in page is logged in already and sent home.
        assert response.status_code in {case.answers, 302}
    elif case.capability == PERSONAL:
        assert response.status_code == 404
    else:
        assert response.status_code == 403


@by_name
def test_own_subtree(case: Case, world: World, door: Client) -> None:
    log_in(door, case, world)
    arguments = case.own(world)
    with CaptureQueriesContext(connection) as queries:
        response = knock(door, case, arguments)
    assert response.status_code == case.answers
    asked = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(asked) <= case.budget, "\n".join(asked)


@by_name
def test_another_s_record(case: Case, world: World, door: Client) -> None:
    if case.other is None:
        return
    log_in(door, case, world)
    theirs = knock(door, case, case.other(world))
    assert theirs.status_code == 404
    assert knock(door, case, case.own(world)).status_code == case.answers


def log_in(door: Client, case: Case, world: World) -> None:
    if case.capability in {ANYBODY, PERSONAL}:
        door.force_login(world.officer)
    elif case.capability != PUBLIC:
        enter(door, world.holder(case.capability))


def knock(door: Client, case: Case, arguments: Mapping[str, Any]) -> HttpResponse:
    if case.name.startswith(API):
        address = "/api/v1" + case.name.removeprefix(API).format(**arguments)
    else:
        address = reverse(case.name, kwargs=arguments)
    return getattr(door, case.method)(address, case.data)
