"""Attachments: who may, what is kept, what is told, and what is swept away."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db import connection, transaction

from anlan.kernel import files
from anlan.kernel.clock import real_now
from anlan.kernel.context import Context
from anlan.kernel.errors import DomainError, NotAllowed, NotFound
from anlan.kernel.examine import Report
from anlan.kernel.models import Attachment, Clock, Entry, Exercise, PrivateNote, StoredFile
from anlan.kernel.storage import path_of
from tests.attachable import ATTACH, READ, attachable, own_store
from tests.cast import acting, forget_grants
from tests.pictures import photo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anlan.kernel.models import Role, User
    from anlan.kernel.storage import Folder
    from tests.cast import World

TEXT = b"plain words"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Folder:
    attachable(monkeypatch)
    return own_store(monkeypatch, tmp_path / "files")


@pytest.fixture
def keeper(world: World) -> Context:
    """May read the units of the district and attach to them."""
    user = world.holder(READ)
    return _also(user, ATTACH, world)


def _also(user: User, capability: str, world: World) -> Context:
    role: Role = user.grants.get().role
    role.capabilities = [*role.capabilities, capability]
    role.save()
    return acting(user)


def attach(ctx: Context, about: object, content: bytes = TEXT, name: str = "记录.txt") -> Attachment:
    return files.attach_file(ctx, about, [content], name=name)  # type: ignore[arg-type]


def code_of(ctx: Context, about: object, content: bytes, name: str = "记录.txt") -> str:
    with pytest.raises(DomainError) as refused:
        attach(ctx, about, content, name)
    assert name[:4] in str(refused.value)  # the sentence says which file
    return refused.value.code


# --- attaching ----------------------------------------------------------------------------------------------------


def test_a_photo_is_kept_clean_with_its_time_and_place(world: World, keeper: Context, store: Folder) -> None:
    made = attach(keeper, world.town, photo(), "IMG_1.JPG")
    assert made.taken_at == datetime(2026, 7, 20, 5, 53, tzinfo=UTC)
    assert made.taken_where is not None
    assert (made.taken_where.x, made.taken_where.y, made.taken_where.srid) == (113.2645, 23.1291, 4326)
    assert (made.file.media_type, made.file.width, made.file.height) == ("image/jpeg", 60, 40)
    kept = (store.top / path_of(made.file_id)).read_bytes()
    assert len(kept) == made.file.size
    assert b"SECRET" not in kept
    assert (store.top / path_of(files.small_name(made.file_id))).exists()


def test_the_journal_tells_of_it_without_its_name(world: World, keeper: Context, store: Folder) -> None:
    made = attach(keeper, world.town)
    entry = Entry.objects.get(event="kernel.file.attached")
    assert (entry.subject_kind, entry.subject) == ("kernel.unit", str(world.town.pk))
    assert (entry.data["attachment"], entry.data["sha256"]) == (str(made.pk), made.file_id)
    assert "记录" not in str(entry.data)
    assert PrivateNote.objects.get(entry=entry, field="name").text == "记录.txt"


def test_attaching_is_refused_without_the_capability_and_outside_the_subtree(
    world: World, keeper: Context, store: Folder
) -> None:
    reader = acting(world.officer)
    with pytest.raises(NotAllowed):
        attach(reader, world.town)
    with pytest.raises(NotFound):
        attach(keeper, world.neighbour_town)
    attach(keeper, world.town)
    assert Attachment.objects.count() == 1


def test_nothing_of_a_refused_upload_is_read(world: World, keeper: Context, store: Folder) -> None:
    def pieces() -> Iterator[bytes]:
        pytest.fail("it was read")
        yield b""

    with pytest.raises(NotFound):
        files.attach_file(keeper, world.neighbour_town, pieces(), name="a.txt")


def test_a_grant_that_ends_while_the_file_is_taken_in_counts(
    world: World, keeper: Context, store: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    examine = files.examine

    def revoke_meanwhile(*about: object) -> Report:
        forget_grants(keeper)
        assert keeper.actor
        keeper.actor.grants.all().delete()
        return examine(*about)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "examine", revoke_meanwhile)
    with pytest.raises(NotAllowed):
        attach(keeper, world.town)
    assert not Attachment.objects.exists()


def test_the_same_file_twice_is_refused_and_elsewhere_shares_its_content(
    world: World, keeper: Context, store: Folder
) -> None:
    first = attach(keeper, world.town)
    assert code_of(keeper, world.town, TEXT, "另一个名字.txt") == "file_twice"
    second = attach(keeper, world.district)
    assert first.file_id == second.file_id
    assert StoredFile.objects.count() == 1


def test_a_copy_that_is_imported_changes_nothing_of_another_s_attachment(
    world: World, keeper: Context, store: Folder, tmp_path: Path
) -> None:
    made = attach(keeper, world.town, photo(), "a.jpg")
    copied = tmp_path / "copy"
    copied.write_bytes(b"".join(store.read(made.file_id, 0, made.file.size)))
    assert files.keep(copied, "application/octet-stream").pk == made.file_id
    kept = StoredFile.objects.get()
    assert (kept.media_type, kept.width) == (made.file.media_type, made.file.width)


def test_what_was_imported_first_is_shown_as_what_it_is_once_it_is_attached(
    world: World, keeper: Context, store: Folder, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(TEXT)
    files.keep(source, "application/octet-stream")
    assert attach(keeper, world.town).file.media_type == "text/plain"


def test_the_same_photo_is_the_same_content_each_time(world: World, keeper: Context, store: Folder) -> None:
    attach(keeper, world.town, photo(), "a.jpg")
    assert code_of(keeper, world.town, photo(), "b.jpg照片.jpg") == "file_twice"


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "空.txt", "file_empty"),
        (b"MZ" + bytes(64), "工具.exe", "file_kind"),
        (b"<html>", "网页.txt", "file_kind"),
        (photo()[:300], "半张.jpg", "file_broken"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name_and_leaves_nothing(
    world: World, keeper: Context, store: Folder, *, content: bytes, name: str, code: str
) -> None:
    assert code_of(keeper, world.town, content, name) == code
    assert not Attachment.objects.exists()
    assert not StoredFile.objects.exists()
    assert [one for batch in store.listed() for one in batch] == []
    assert list(files.incoming().iterdir()) == []


def test_a_file_over_the_limit_is_given_up_at_the_limit(
    world: World, keeper: Context, store: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings.ANLAN, "file_mb", 2)
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield bytes(1 << 20)

    with pytest.raises(DomainError) as refused:
        files.attach_file(keeper, world.town, endless(), name="a.mp4")
    assert (refused.value.code, read) == ("file_too_large", 3)


def test_a_record_holds_a_bounded_number(
    world: World, keeper: Context, store: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST", 1)
    attach(keeper, world.town)
    assert code_of(keeper, world.town, b"more words") == "files_full"


def test_an_attachment_of_a_drill_is_seen_in_that_drill_only(
    world: World, keeper: Context, store: Folder
) -> None:
    drill = Exercise.objects.create(name="演练", clock=Clock.objects.create())
    inside = Context(keeper.actor, exercise=drill)
    made = attach(inside, world.town)
    attach(keeper, world.town, b"real words")
    assert list(files.list_attachments(keeper, world.town).values_list("exercise", flat=True)) == [None]
    assert files.list_attachments(inside, world.town).count() == 2
    with pytest.raises(NotFound):
        files.get_attachment(keeper, made.pk)


# --- names and notes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("D:\\赵\\现场 记录.txt", "现场 记录.txt"),
        ("报\u202etxt.exe", "报txt.exe"),
        ("a\x00\x1b[31mb\r\n.txt", "a[31mb.txt"),
        ("  . ", "附件"),
        ("", "附件"),
        (".txt", "txt"),
        ("a\ud800.txt", "a.txt"),
    ],
)
def test_names_are_tidied(given: str, kept: str) -> None:
    assert files.tidy(given) == kept


def test_a_long_name_keeps_its_extension() -> None:
    assert files.tidy("长" * 300 + ".docx") == "长" * (files.NAME - 5) + ".docx"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a.jpg", "a.jpg"),
        ("a.JPG", "a.JPG"),
        ("IMG_1.HEIC", "IMG_1.jpg"),
        ("报告.pdf", "报告.pdf.jpg"),
        ("没有", "没有.jpg"),
        ("长" * files.NAME, "长" * (files.NAME - 4) + ".jpg"),
    ],
)
def test_names_tell_what_a_file_is(name: str, kept: str) -> None:
    assert files.fitting(name, Report("image/jpeg", "jpg", ("heic", "heif"))) == kept


@pytest.mark.parametrize(
    ("said", "offset", "found"),
    [
        ("2026-07-20T13:53:00", "", "2026-07-20T05:53:00+00:00"),  # the node's zone
        ("2026-07-20T13:53:00", "+06:00", "2026-07-20T07:53:00+00:00"),
        ("1980-01-01T00:00:00", "", None),
        ("2999-01-01T00:00:00", "", None),
        ("", "", None),
    ],
)
def test_impossible_times_are_none(said: str, offset: str, found: str | None) -> None:
    taken = files.taken_at(Report("image/jpeg", "jpg", (), taken_at=said, offset=offset))
    assert (taken and taken.astimezone(UTC).isoformat()) == found


# --- reading and removing -----------------------------------------------------------------------------------------


def test_an_attachment_is_met_by_those_who_may_read_its_record(
    world: World, keeper: Context, store: Folder
) -> None:
    made = attach(keeper, world.town)
    assert files.get_attachment(acting(world.officer), made.pk) == made
    with pytest.raises(NotFound):
        files.get_attachment(acting(world.neighbour), made.pk)
    with pytest.raises(NotAllowed):
        files.get_attachment(acting(world.stranger), made.pk)


def test_what_was_removed_is_hidden_but_still_there(world: World, keeper: Context, store: Folder) -> None:
    made = attach(keeper, world.town)
    files.remove_attachment(keeper, made.pk, reason=" 传错了 ")
    assert not files.list_attachments(keeper, world.town).exists()
    with pytest.raises(NotFound):
        files.get_attachment(keeper, made.pk)
    assert store.size_of(made.file_id) == len(TEXT)
    entry = Entry.objects.get(event="kernel.file.removed")
    assert PrivateNote.objects.get(entry=entry, field="reason").text == "传错了"
    attach(keeper, world.town)  # and can be attached again


def test_removing_needs_the_capability_and_a_reason_and_happens_once(
    world: World, keeper: Context, store: Folder
) -> None:
    made = attach(keeper, world.town)
    with pytest.raises(NotAllowed):
        files.remove_attachment(acting(world.officer), made.pk, reason="传错了")
    with pytest.raises(DomainError) as refused:
        files.remove_attachment(keeper, made.pk, reason="  ")
    assert refused.value.code == "file_reason"
    files.remove_attachment(keeper, made.pk, reason="传错了")
    with pytest.raises(NotFound):
        files.remove_attachment(keeper, made.pk, reason="传错了")
    assert Entry.objects.filter(event="kernel.file.removed").count() == 1


# --- sweeping -----------------------------------------------------------------------------------------------------


def age(store: Folder, name: str, days: float) -> None:
    """As if it had been stored that long ago."""
    at = real_now() - timedelta(days=days)
    StoredFile.objects.filter(pk=name).update(stored_at=at)
    for one in (name, files.small_name(name)):
        if store.size_of(one) is not None:
            os.utime(store.top / path_of(one), (at.timestamp(), at.timestamp()))


def stored_only(store: Folder, tmp_path: Path, content: bytes) -> str:
    """A content whose attaching never came to its end."""
    source = tmp_path / "source"
    source.write_bytes(content)
    return files._store(source, None, Report("text/plain", "txt", ("txt",))).pk


def test_an_upload_that_was_given_up_goes_after_a_day(db: None, store: Folder, tmp_path: Path) -> None:
    old, fresh = stored_only(store, tmp_path, b"old"), stored_only(store, tmp_path, b"fresh")
    age(store, old, 1.1)
    files.sweep()
    assert (store.size_of(old), store.size_of(fresh)) == (None, 5)
    assert set(StoredFile.objects.values_list("pk", flat=True)) == {fresh}


def test_a_content_without_a_row_goes_too_and_strange_files_stay(
    db: None, store: Folder, tmp_path: Path
) -> None:
    lost = stored_only(store, tmp_path, b"lost")
    age(store, lost, 2)
    StoredFile.objects.all().delete()
    strange = store.top / "ab/cd/README"
    strange.parent.mkdir(parents=True)
    strange.write_text("put here by somebody")
    os.utime(strange, (0, 0))
    files.sweep()
    assert store.size_of(lost) is None
    assert strange.exists()


def test_what_is_held_stays_however_old(world: World, keeper: Context, store: Folder) -> None:
    made = attach(keeper, world.town, photo(), "a.jpg")
    age(store, made.file_id, 4000)
    files.sweep()
    assert store.size_of(made.file_id)
    assert store.size_of(files.small_name(made.file_id))


def test_what_was_removed_goes_when_its_time_is_over_unless_another_record_holds_it(
    world: World, keeper: Context, store: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings.ANLAN, "removed_files_days", 30)
    gone = files.remove_attachment(keeper, attach(keeper, world.town, photo(), "a.jpg").pk, reason="传错了")
    shared = files.remove_attachment(keeper, attach(keeper, world.town).pk, reason="传错了")
    attach(keeper, world.district)
    for one in (gone, shared):
        age(store, one.file_id, 40)
    Attachment.objects.filter(pk__in=[gone.pk, shared.pk]).update(removed_at=real_now() - timedelta(days=29))
    files.sweep()
    assert store.size_of(gone.file_id)
    Attachment.objects.filter(pk__in=[gone.pk, shared.pk]).update(removed_at=real_now() - timedelta(days=31))
    files.sweep()
    assert store.size_of(gone.file_id) is None
    assert store.size_of(files.small_name(gone.file_id)) is None
    assert store.size_of(shared.file_id) == len(TEXT)


def test_a_content_that_is_wanted_again_is_claimed_before_it_is_swept(
    db: None, store: Folder, tmp_path: Path
) -> None:
    name = stored_only(store, tmp_path, b"again")
    age(store, name, 2)
    assert stored_only(store, tmp_path, b"again") == name
    files.sweep()
    assert store.size_of(name) == 5


@pytest.mark.django_db(transaction=True)
def test_a_claim_waits_for_the_sweep_and_stores_anew(store: Folder, tmp_path: Path) -> None:
    """The sweep has deleted, but not yet committed, when somebody comes with the same content."""
    name = stored_only(store, tmp_path, b"race")
    age(store, name, 2)
    stored = threading.Event()

    def come() -> None:
        stored_only(store, tmp_path, b"race")
        stored.set()
        connection.close()

    with transaction.atomic():
        files._delete_orphans(real_now() - files.ORPHAN)
        assert store.size_of(name) is None
        other = threading.Thread(target=come)
        other.start()
        assert not stored.wait(0.5)
    other.join(10)
    assert store.size_of(name) == 4
    assert StoredFile.objects.filter(pk=name).exists()


def test_what_a_killed_process_left_in_incoming_goes(db: None, store: Folder) -> None:
    left = files.incoming() / "left"
    left.mkdir()
    (left / "upload").write_bytes(b"half")
    (files.incoming() / "half.upload").write_bytes(b"half")
    old = (real_now() - timedelta(days=2)).timestamp()
    for path in (left, files.incoming() / "half.upload"):
        os.utime(path, (old, old))
    files.sweep()
    assert list(files.incoming().iterdir()) == []
