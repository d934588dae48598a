"""Helpers and enlistings, for the tests of the rooms that know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anlan.kernel.context import Context
from anlan.organisation.helper import services
from anlan.organisation.helper.models import Helper
from anlan.organisation.helper.selectors import ENLIST

if TYPE_CHECKING:
    from anlan.kernel.models import Unit
    from anlan.organisation.helper.models import Enlistment

NODE = Context(None, powers=frozenset({ENLIST}))
PHONE = "10000001234"


def make_helper(unit: Unit, name: str = "王秀兰", **more: Any) -> Helper:
    """The least valid helper."""
    return Helper.unscoped.create(unit=unit, name=name, **more)


def enlist(*helpers: Helper, team: str = "转移组", task: str = "协助河东片转移") -> list[Enlistment]:
    return services.enlist_helpers(NODE, [one.pk for one in helpers], team=team, task=task)
