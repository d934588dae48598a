from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection

from anlan.kernel import tasks
from anlan.kernel.models import Grant, Role
from tests.cast import acting, make_user
from tests.kernel.register.tables import Desk

if TYPE_CHECKING:
    from anlan.kernel.models import User
    from tests.cast import World


class SameLine:
    """Stands for a task's second connection: nothing is committed here that it could see."""

    cursor = staticmethod(connection.cursor)

    def close(self) -> None: ...


@pytest.fixture
def keeper(world: World) -> User:
    """Keeps the district's hydrants: reads, edits, exports, and may look."""
    verbs = ("read", "edit", "export", "look")
    capabilities = [f"{room}.{verb}" for room in ("prevent.hydrant", "organisation.unit") for verb in verbs]
    role = Role.objects.create(code="keeper", name="管护员", capabilities=capabilities)
    user = make_user("keeper", "管护员")
    Grant.objects.create(user=user, role=role, scope_root=world.district)
    return user


@pytest.fixture
def desk(keeper: User, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Where the keeper imports and exports; tasks run at once."""
    monkeypatch.setattr(tasks, "open_line", SameLine)
    monkeypatch.setattr(tasks, "TELL_EVERY", 0.0)
    return Desk(acting(keeper))
