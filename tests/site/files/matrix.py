from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anlan.kernel.clock import real_now
from anlan.kernel.models import Attachment, StoredFile
from anlan.kernel.storage import path_of, store
from tests.matrix import Case

if TYPE_CHECKING:
    from anlan.kernel.models import Unit
    from tests.cast import World

READ = "organisation.unit.read"
HASH = "c0" * 32


def _attachment(unit: Unit) -> dict[str, Any]:
    """A picture that a unit holds."""
    for name in (HASH, f"{HASH}-small"):
        file = store().top / path_of(name)  # type: ignore[attr-defined]  # tests keep them in a folder
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    content, _ = StoredFile.objects.get_or_create(
        sha256=HASH, defaults={"size": 1, "media_type": "image/png", "width": 1, "height": 1}
    )
    made = Attachment.objects.create(
        subject_kind="kernel.unit",
        subject=str(unit.pk),
        unit=unit,
        file=content,
        name="a.png",
        added_at=real_now(),
    )
    return {"attachment_id": made.pk}


def _of(unit: Unit) -> dict[str, Any]:
    return {"kind": "kernel.unit", "key": str(unit.pk)}


def _own(world: World) -> dict[str, Any]:
    return _attachment(world.town)


def _other(world: World) -> dict[str, Any]:
    return _attachment(world.neighbour_town)


CASES = (
    Case(
        "attachments_of",
        READ,
        own=lambda world: _of(world.town),
        other=lambda world: _of(world.neighbour_town),
    ),
    Case("attachment", READ, own=_own, other=_other, budget=6),
    Case("attachment_small", READ, own=_own, other=_other, budget=6),
    # No kind of the product can be attached to yet: test_attachments.py lets units be.
    Case("attachments_of", READ, method="post", own=lambda world: _of(world.town), answers=404),
    Case("attachment_remove", READ, own=_own, answers=404),
    Case("attachment_remove", READ, method="post", own=_own, answers=404),
)
