"""The demo's log-ins are known to everybody: its data and real data never share a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel import seeds
from anlan.site import demo

if TYPE_CHECKING:
    from tests.cast import World


def test_an_empty_database_serves_both(db: None) -> None:
    assert not demo.why_not("up")
    assert not demo.why_not("demo")


def test_a_demo_s_database_is_refused_for_real_use_and_goes_on_as_a_demo(db: None) -> None:
    seeds.load_roles()
    demo.load()
    demo.load()
    assert "ANLAN_VAR" in demo.why_not("up")
    assert not demo.why_not("demo")


def test_a_real_database_takes_no_demo_log_ins_and_goes_on_as_real(world: World) -> None:
    assert world.officer.pk
    assert "ANLAN_VAR" in demo.why_not("demo")
    assert not demo.why_not("up")
