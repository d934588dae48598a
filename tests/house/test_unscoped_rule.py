from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house.rules import unscoped

if TYPE_CHECKING:
    from tests.house.conftest import TreeOf

ROOM = "src/anlan/watch/rain"


@pytest.mark.parametrize(
    "code",
    [
        "x = Rain.unscoped.all()",
        "x = Rain._base_manager.all()",
        "x = getattr(Rain, 'unscoped')",
        "x = db.cursor()",
    ],
)
@pytest.mark.parametrize("file", ["views.py", "api.py", "handlers.py"])
def test_reading_past_scope_in_a_face_or_handler_is_found(tree_of: TreeOf, code: str, file: str) -> None:
    assert len(list(unscoped.check(tree_of({f"{ROOM}/{file}": code})))) == 1


@pytest.mark.parametrize(
    "path",
    [
        f"{ROOM}/selectors.py",
        f"{ROOM}/services/publish.py",
        f"{ROOM}/migrations/0002_fill.py",
        "src/anlan/kernel/x.py",
    ],
)
def test_selectors_services_migrations_and_kernel_may(tree_of: TreeOf, path: str) -> None:
    assert not list(unscoped.check(tree_of({path: "x = Rain.unscoped.all()\ny = db.cursor()"})))


def test_the_site_may_ask_the_database_whether_it_lives(tree_of: TreeOf) -> None:
    assert not list(unscoped.check(tree_of({"src/anlan/site/health.py": "x = connection.cursor()"})))
