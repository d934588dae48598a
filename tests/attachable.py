"""Units that can hold attachments: no kind of the product's own rooms does so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anlan.kernel import subjects
from anlan.kernel.storage import INCOMING, Folder
from anlan.kernel.subjects import Subject

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

READ, ATTACH = "organisation.unit.read", "organisation.unit.attach"
KIND = "kernel.unit"


def attachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let units be attached to by those who hold ATTACH."""
    declared = {KIND: Subject(KIND, READ, "unit_detail", attach=ATTACH)}
    monkeypatch.setattr(subjects, "kinds", lambda: declared)


def own_store(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Folder:
    """A store of this test's own, with an `incoming` beside it."""
    made = Folder(folder)
    incoming = folder.with_name(INCOMING)
    incoming.mkdir()
    for module in ("anlan.kernel.files.store", "anlan.site.pages.files.store"):
        monkeypatch.setattr(module, lambda: made)
    monkeypatch.setattr("anlan.kernel.files.incoming", lambda: incoming)
    return made
