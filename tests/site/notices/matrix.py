from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from anlan.kernel.clock import real_now
from anlan.kernel.models import NodeNotice
from tests.matrix import ANYBODY, Case

if TYPE_CHECKING:
    from tests.cast import World

POST = "kernel.notice.post"


def _standing(_world: World) -> dict[str, int]:
    now = real_now()
    notice = NodeNotice.objects.create(
        text="今晚停机", level=2, from_at=now, until_at=now + timedelta(hours=2), posted_at=now
    )
    return {"notice_id": notice.pk}


def _some(world: World) -> dict[str, int]:
    _standing(world)
    return {}


def _no_notice(_world: World) -> dict[str, int]:
    return {"notice_id": 987_654_321}


WORDS = {"text": "今晚停机", "level": "1", "until_at": "2099-01-01T08:00"}
CASES = (
    Case("notice_list", POST, own=_some),
    Case("notice_post", POST),
    Case("notice_post", POST, method="post", data=WORDS, answers=302, budget=10),
    Case("notice_withdraw", POST, own=_standing, other=_no_notice, method="post", answers=302, budget=10),
    Case("notice_current", ANYBODY, own=_some),
    Case("notice_close", ANYBODY, own=_standing, method="post", answers=302),
)
