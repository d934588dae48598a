"""Attachments: files that records hold. Taken in, listed, handed out, removed; who may, the owner record decides.

A content is stored once, under its SHA-256. How that stays safe beside the sweep that takes away what nobody holds:
whoever stores claims the content's row first, and the sweep deletes content and row in one transaction, so that the
claim of somebody who comes meanwhile waits and then stores anew.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.contrib.gis.geos import Point
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel import subjects
from anlan.kernel.clock import real_now
from anlan.kernel.errors import DomainError, NotFound
from anlan.kernel.events import PrivateText, event
from anlan.kernel.examine import CLEAN, SMALL, Refused, Report, examine
from anlan.kernel.journal import unit_id_of
from anlan.kernel.models import Attachment, LongTask, StoredFile
from anlan.kernel.scope import require, visible
from anlan.kernel.storage import incoming, store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from django.db.models import Model, QuerySet

    from anlan.kernel.context import Context
    from anlan.kernel.storage import Stored

MOST = 200  # attachments of one record: what a page shows at once
NAME = 160  # characters of a file's name, its extension included
ORPHAN = timedelta(days=1)  # by then an upload has been finished or given up
BATCH = 500
MEGABYTE = 1 << 20
OLDEST = datetime(1990, 1, 1)  # noqa: DTZ001 - before it there were no such photos; compared as written on the camera
CONTENT = re.compile(rf"([0-9a-f]{{64}})(?:-{SMALL})?")
AHEAD = timedelta(days=1)  # a camera's clock may be in another zone


@event("kernel.file.attached", _("添加附件"))
@dataclass(frozen=True)
class FileAttached:
    attachment: str
    sha256: str
    media_type: str
    size: int
    name: PrivateText


@event("kernel.file.removed", _("移除附件"))
@dataclass(frozen=True)
class FileRemoved:
    attachment: str
    sha256: str
    name: PrivateText
    reason: PrivateText


def get_owner(ctx: Context, kind: str, key: str, *, to_attach: bool = False) -> Model:
    """The record that holds attachments, where the actor may read it (or change them).

    raises  NotAllowed where he holds the capability nowhere; NotFound for what lies outside his scope or holds none
    """
    subject = subjects.kinds().get(kind)
    if subject is None:
        raise NotFound
    require(ctx, subject.capability)
    if not to_attach:
        return subjects.get_record(ctx, kind, key)
    if not subject.attach:
        raise NotFound
    require(ctx, subject.attach)
    return subjects.get_record(ctx, kind, key, to_attach=True)


def list_attachments(ctx: Context, about: Model) -> QuerySet[Attachment]:
    """What a record holds, the oldest first; the reader needs the record's own reading capability."""
    kind = about._meta.label_lower
    require(ctx, subjects.kinds()[kind].capability, about)
    held = _present(ctx).filter(subject_kind=kind, subject=str(about.pk))
    return held.select_related("file", "added_by").order_by("id")


def is_picture(attachment: Attachment) -> bool:
    return attachment.file.width is not None


def get_attachment(ctx: Context, attachment_id: UUID, *, to_attach: bool = False) -> Attachment:
    """An attachment whose owner record the actor may read (or change the attachments of).

    raises  NotAllowed, NotFound
    """
    return _find(ctx, attachment_id, to_attach=to_attach)[0]


def _find(ctx: Context, attachment_id: UUID, *, to_attach: bool) -> tuple[Attachment, Model]:
    found = _present(ctx).select_related("file", "added_by").filter(pk=attachment_id).first()
    if found is None:
        raise NotFound
    return found, get_owner(ctx, found.subject_kind, found.subject, to_attach=to_attach)


def _present(ctx: Context) -> QuerySet[Attachment]:
    """Attachments that were not removed: real ones of registers, and those of the actor's own exercise."""
    held = Attachment.objects.filter(removed_at=None)
    return (
        held.filter(Q(exercise=None) | Q(exercise=ctx.exercise))
        if ctx.exercise
        else held.filter(exercise=None)
    )


def attach_file(ctx: Context, about: Model, upload: Iterable[bytes], *, name: str) -> Attachment:
    """Give a record a file.

    upload  the content in pieces; it is never held in memory as a whole
    name    what its sender calls it
    raises  NotAllowed, NotFound; DomainError: empty, too large, of no kind that may be attached, broken, there already

    An act whose capability is the owner's kind's. What takes long happens before its transaction.
    """
    kind, key = about._meta.label_lower, str(about.pk)
    get_owner(ctx, kind, key, to_attach=True)
    called = tidy(name)
    with tempfile.TemporaryDirectory(dir=incoming()) as folder:
        content, report = _take_in(upload, called, Path(folder))
    with transaction.atomic():
        return _attach(ctx, _lock_owner(ctx, kind, key), content, report, fitting(called, report))


def remove_attachment(ctx: Context, attachment_id: UUID, *, reason: str) -> Attachment:
    """Hide an attachment; its content is kept for as long as the node's settings say.

    raises  NotAllowed, NotFound; DomainError without a reason
    """
    with transaction.atomic():
        found, about = _find(ctx, attachment_id, to_attach=True)
        if not reason.strip():
            raise DomainError("file_reason")
        if not _present(ctx).filter(pk=found.pk).update(removed_at=ctx.now()):
            raise NotFound
        happened = FileRemoved(
            str(found.pk), found.file_id, PrivateText(found.name), PrivateText(reason.strip())
        )
        ctx.journal(happened, about)
        return found


def _lock_owner(ctx: Context, kind: str, key: str) -> Model:
    """Two who attach the same file at once: the second waits here, and then finds it attached."""
    model: Any = apps.get_model(kind)
    owners = visible(ctx, model, subjects.kinds()[kind].attach)
    owner: Model | None = owners.select_for_update(of=("self",), no_key=True).filter(pk=key).first()
    if owner is None:
        raise NotFound
    return owner


def _attach(ctx: Context, about: Model, content: StoredFile, report: Report, name: str) -> Attachment:
    kind, key, unit_id = about._meta.label_lower, str(about.pk), unit_id_of(about)
    if unit_id is None:
        raise ValueError("a record that holds attachments belongs to a unit")
    held = _present(ctx).filter(subject_kind=kind, subject=key)
    if held.filter(file=content).exists():
        raise DomainError("file_twice", name=name)
    if held.count() >= MOST:
        raise DomainError("files_full", most=MOST, name=name)
    made = Attachment.objects.create(
        subject_kind=kind,
        subject=key,
        unit_id=unit_id,
        exercise=ctx.exercise,
        file=content,
        name=name,
        taken_at=taken_at(report),
        taken_where=taken_where(report),
        added_by=ctx.actor,
        added_at=ctx.now(),
    )
    happened = FileAttached(str(made.pk), content.pk, content.media_type, content.size, PrivateText(name))
    ctx.journal(happened, about)
    return made


def _take_in(upload: Iterable[bytes], name: str, folder: Path) -> tuple[StoredFile, Report]:
    """Spool, examine and store an upload; nobody holds it yet."""
    source = folder / "upload"
    _spool(upload, source, name)
    try:
        report = examine(source, name, folder)
    except Refused as refused:
        raise DomainError(refused.code, name=name) from refused
    clean, small = folder / CLEAN, folder / SMALL
    kept = clean if clean.exists() else source
    return _store(kept, small if small.exists() else None, report), report


def _spool(upload: Iterable[bytes], target: Path, name: str) -> None:
    most = settings.ANLAN.file_mb
    size = 0
    with target.open("xb") as file:
        for piece in upload:
            size += len(piece)
            if size > most * MEGABYTE:
                raise DomainError("file_too_large", name=name, megabytes=most)
            file.write(piece)
    if not size:
        raise DomainError("file_empty", name=name)


def _store(content: Path, small: Path | None, report: Report) -> StoredFile:
    claimed = _claim(content, report.media_type, examined={"width": report.width, "height": report.height})
    if small and store().size_of(small_name(claimed.pk)) is None:
        store().put(small_name(claimed.pk), small)
    _put(claimed, content)
    return claimed


def keep(content: Path, media_type: str) -> StoredFile:
    """Store what a long task takes or makes. Nobody meets it as an attachment, so it is not examined.

    content   a file beside the store (storage.incoming); it may be gone afterwards
    """
    claimed = _claim(content, media_type)
    _put(claimed, content)
    return claimed


def _claim(content: Path, media_type: str, *, examined: dict[str, int | None] | None = None) -> StoredFile:
    """The row of a content. What was not examined is of that type only as long as nobody else has said what it is:
    whoever imports a copy of another's attachment must not change what that is shown as.
    """
    with content.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    about = {"size": content.stat().st_size, "stored_at": real_now()}
    said = {"media_type": media_type, **(examined or {})}
    known = about | said if examined is not None else about
    claimed, is_new = StoredFile.objects.update_or_create(
        sha256=digest, defaults=known, create_defaults=about | said
    )
    if not is_new and not claimed.media_type:  # the sweep took it for a stray
        claimed.media_type = media_type
        claimed.save(update_fields=("media_type",))
    return claimed


def _put(claimed: StoredFile, content: Path) -> None:
    if store().size_of(claimed.pk) != claimed.size:
        store().put(claimed.pk, content)


def small_name(sha256: str) -> str:
    """Under what name the thumbnail of a picture is stored."""
    return f"{sha256}-{SMALL}"


def tidy(name: str) -> str:
    """A file's name without folders, control characters and marks that turn the reading direction."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    shown = "".join(" " if char.isspace() else char for char in last if unicodedata.category(char)[0] != "C")
    return _bounded(" ".join(shown.split()).strip(". ") or str(_("附件")))


def fitting(name: str, report: Report) -> str:
    """The name with an extension that says what the file is; a wrong one stays readable before it."""
    stem, dot, last = name.rpartition(".")
    if dot and last.lower() == report.extension:
        return name
    return _bounded(f"{stem if dot and last.lower() in report.was else name}.{report.extension}")


def _bounded(name: str) -> str:
    """Too long a name loses the end of its stem, not its extension."""
    if len(name) <= NAME:
        return name
    end = Path(name).suffix[:16]
    return name[: NAME - len(end)] + end


def taken_at(report: Report) -> datetime | None:
    """When a photo was taken; where it doesn't say in which zone, in the node's. Impossible times are none."""
    if not report.taken_at:
        return None
    moment = datetime.fromisoformat(report.taken_at + report.offset)
    if moment.replace(tzinfo=None) < OLDEST:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=settings.ANLAN.time_zone)
    return aware if aware <= real_now() + AHEAD else None


def taken_where(report: Report) -> Point | None:
    if report.longitude is None or report.latitude is None:
        return None
    return Point(report.longitude, report.latitude, srid=4326)


def sweep() -> None:
    """Delete what nobody holds: contents of uploads that were given up, and of attachments removed long ago."""
    now = real_now()
    kept = timedelta(days=settings.ANLAN.removed_files_days)
    Attachment.objects.filter(removed_at__lt=now - kept).delete()
    for batch in store().listed():
        _adopt([stored for stored in batch if stored.at < now - ORPHAN])
    while _delete_orphans(now - ORPHAN):
        pass
    _delete_leftovers(now - ORPHAN)


def _adopt(found: list[Stored]) -> None:
    """Rows for contents that have none, so that they are deleted like the others; what else lies there is not ours."""
    ours = ((CONTENT.fullmatch(stored.name), stored.at) for stored in found)
    names = {match[1]: at for match, at in ours if match}
    known = set(StoredFile.objects.filter(pk__in=names).values_list("pk", flat=True))
    strays = [
        StoredFile(sha256=name, size=0, media_type="", stored_at=at)
        for name, at in names.items()
        if name not in known
    ]
    StoredFile.objects.bulk_create(strays, BATCH, ignore_conflicts=True)


@transaction.atomic
def _delete_orphans(before: datetime) -> int:
    """Contents and rows together; a claim that comes meanwhile waits for the end of this transaction."""
    orphans = (
        StoredFile.objects.filter(stored_at__lt=before)
        .exclude(pk__in=Attachment.objects.values("file_id"))
        .exclude(pk__in=LongTask.objects.exclude(file=None).values("file_id"))
    )
    names = list(orphans.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
    StoredFile.objects.filter(pk__in=names).delete()
    store().remove([*names, *(small_name(name) for name in names)])
    return len(names)


def _delete_leftovers(before: datetime) -> None:
    """What a process that was killed left behind while it took a file in."""
    for left in incoming().iterdir():
        if left.stat().st_mtime < before.timestamp():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
