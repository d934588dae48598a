"""Ladders for the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anlan.message.ladder.models import Ladder

if TYPE_CHECKING:
    from anlan.kernel.models import Unit

STEPS = (
    "立即 本人 站内、短信\n3分钟 本人 语音 3次 间隔100秒\n9分钟 替补 短信、语音\n12分钟 上级值班\n20分钟 上门"
)


def ladder(unit: Unit, name: str = "防汛阶梯", **more: Any) -> Ladder:
    """One of that unit."""
    made = Ladder(**{"unit": unit, "name": name, "steps": STEPS, **more})
    made.clean()
    made.save(force_insert=True)
    return made
