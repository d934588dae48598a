"""Attachments on pages: who is let in, what is handed out and how, with a script and without."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from anlan.kernel import files
from anlan.kernel.models import Attachment, User
from anlan.kernel.shelf import accepted, shelf_of
from anlan.kernel.storage import path_of
from tests.attachable import ATTACH, KIND, READ, attachable, own_store
from tests.cast import acting
from tests.pictures import photo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from django.http import HttpResponse
    from django.test import Client

    from anlan.kernel.models import Unit
    from anlan.kernel.storage import Folder
    from tests.cast import World

SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Folder:
    attachable(monkeypatch)
    return own_store(monkeypatch, tmp_path / "files")


@pytest.fixture
def keeper(world: World, store: Folder, door: Client) -> User:
    """Logged in; may read the units of the district and attach to them."""
    user = world.holder(READ)
    role = user.grants.get().role
    role.capabilities = [READ, ATTACH]
    role.save()
    door.force_login(user)
    return user


def address(unit: Unit) -> str:
    return reverse("attachments_of", args=[KIND, str(unit.pk)])


def upload(door: Client, unit: Unit, *given: tuple[bytes, str], **more: Any) -> HttpResponse:
    sent = [SimpleUploadedFile(name, content) for content, name in given]
    return door.post(address(unit), {"file": sent}, **more)  # type: ignore[return-value]


# --- adding -------------------------------------------------------------------------------------------------------


def test_without_a_script_several_are_added_at_once_and_the_record_follows(
    world: World, keeper: User, door: Client
) -> None:
    answer = upload(door, world.town, (photo(), "现场.jpg"), (b"words", "说明.txt"))
    assert answer.headers["Location"] == reverse("unit_detail", args=[world.town.pk])
    assert set(Attachment.objects.values_list("name", flat=True)) == {"现场.jpg", "说明.txt"}


def test_without_a_script_what_was_refused_is_named_and_the_rest_is_added(
    world: World, keeper: User, door: Client
) -> None:
    answer = upload(door, world.town, (b"MZ", "工具.exe"), (b"words", "说明.txt"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "“工具.exe”的内容不是可以添加的类型" in page
    assert Attachment.objects.get().name == "说明.txt"
    assert "<html" in page


def test_choosing_nothing_is_told(world: World, keeper: User, door: Client) -> None:
    answer = door.post(address(world.town))
    assert answer.status_code == 422
    assert "没有选择文件" in answer.content.decode()


def test_a_script_gets_the_list_or_the_one_sentence(world: World, keeper: User, door: Client) -> None:
    good = upload(door, world.town, (photo(), "现场.jpg"), headers=SCRIPT)
    assert good.status_code == 200
    assert "data-attachments-list" in good.content.decode()
    assert "<html" not in good.content.decode()
    bad = upload(door, world.town, (photo(), "<b>又一次.jpg"), headers=SCRIPT)
    assert (bad.status_code, bad.headers["Content-Type"]) == (422, "text/plain; charset=utf-8")
    assert bad.content.decode() == "“<b>又一次.jpg”已是本记录的附件，不必再添加。"


def test_adding_is_refused_to_readers_and_outside_the_subtree(
    world: World, keeper: User, door: Client
) -> None:
    assert upload(door, world.neighbour_town, (b"words", "a.txt")).status_code == 404
    door.force_login(world.officer)
    assert upload(door, world.town, (b"words", "a.txt")).status_code == 403
    assert not Attachment.objects.exists()
    door.force_login(keeper)
    assert upload(door, world.town, (b"words", "a.txt")).status_code == 302


def test_a_kind_that_nobody_declared_is_not_there(world: World, keeper: User, door: Client) -> None:
    assert door.get("/attachments/of/kernel.user/1/").status_code == 404
    assert door.get(f"/attachments/of/{KIND}/abc/").status_code == 404


# --- handing out --------------------------------------------------------------------------------------------------


def kept(door: Client, unit: Unit, content: bytes, name: str) -> Attachment:
    assert upload(door, unit, (content, name)).status_code == 302
    return Attachment.objects.latest("id")


def test_the_door_is_told_what_to_send_and_how(world: World, keeper: User, door: Client) -> None:
    made = kept(door, world.town, photo(), "现场 1.jpg")
    answer = door.get(reverse("attachment", args=[made.pk]))
    assert answer.content == b""
    assert answer.headers["X-Accel-Redirect"] == f"/-files/{path_of(made.file_id)}"
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Disposition"] == "inline; filename*=utf-8''%E7%8E%B0%E5%9C%BA%201.jpg"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_thumbnail_is_a_picture_of_its_own(world: World, keeper: User, door: Client) -> None:
    made = kept(door, world.town, photo(), "现场.jpg")
    answer = door.get(reverse("attachment_small", args=[made.pk]))
    assert answer.headers["X-Accel-Redirect"].endswith(f"/{made.file_id}-small")
    assert answer.headers["Content-Type"] == "image/webp"


@pytest.mark.parametrize(
    ("content", "name", "shown"),
    [
        (b"%PDF-1.7\n", "a.pdf", "inline"),
        (b"ID3\x03" + bytes(64), "a.mp3", "inline"),
        (b"words", "a.txt", "attachment"),
    ],
)
def test_what_browsers_show_safely_is_shown_and_the_rest_saved(
    world: World, keeper: User, door: Client, *, content: bytes, name: str, shown: str
) -> None:
    made = kept(door, world.town, content, name)
    answer = door.get(reverse("attachment", args=[made.pk]))
    assert answer.headers["Content-Disposition"] == f'{shown}; filename="{name}"'
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_the_record_decides_who_gets_it_and_the_hash_opens_nothing(
    world: World, keeper: User, door: Client
) -> None:
    made = kept(door, world.town, b"words", "a.txt")
    for user, status in ((world.officer, 200), (world.neighbour, 404), (world.stranger, 403)):
        door.force_login(user)
        assert door.get(reverse("attachment", args=[made.pk])).status_code == status
    door.force_login(world.officer)
    assert door.get(f"/attachments/{made.file_id}/").status_code == 404
    door.logout()
    assert door.get(reverse("attachment", args=[made.pk])).status_code == 302


def test_the_same_content_in_another_s_record_opens_nothing(world: World, keeper: User, door: Client) -> None:
    made = kept(door, world.town, b"words", "a.txt")
    theirs = Attachment.objects.create(
        subject_kind=KIND,
        subject=str(world.neighbour_town.pk),
        unit=world.neighbour_town,
        file=made.file,
        name="a.txt",
        added_at=made.added_at,
    )
    assert door.get(reverse("attachment", args=[theirs.pk])).status_code == 404


def test_a_content_that_is_lost_says_so(world: World, keeper: User, door: Client, store: Folder) -> None:
    made = kept(door, world.town, b"words", "a.txt")
    store.remove([made.file_id])
    answer = door.get(reverse("attachment", args=[made.pk]))
    assert answer.status_code == 409
    assert "不在存储中" in answer.content.decode()


# --- from a bucket ------------------------------------------------------------------------------------------------


class Far:
    """A store that the front door can't reach."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def size_of(self, name: str) -> int | None:
        return self._folder.size_of(name)

    def address_of(self, _name: str) -> str:
        return ""

    def read(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        return self._folder.read(name, start, stop)

    def remove(self, names: Sequence[str]) -> None:
        self._folder.remove(names)


@pytest.mark.parametrize(
    ("asked", "status", "sent", "told"),
    [
        ("", 200, b"0123456789", None),
        ("bytes=0-", 200, b"0123456789", None),
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=1-2,4-5", 200, b"0123456789", None),
        (f"bytes=0-{9:0>5000}", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
def test_of_a_video_in_a_bucket_the_part_is_sent_that_is_asked_for(
    world: World,
    keeper: User,
    door: Client,
    *,
    store: Folder,
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    status: int,
    sent: bytes,
    told: str | None,
) -> None:
    made = kept(door, world.town, b"0123456789", "a.txt")
    monkeypatch.setattr("anlan.site.pages.files.store", lambda: Far(store))
    answer = door.get(reverse("attachment", args=[made.pk]), headers={"Range": asked} if asked else {})
    assert (answer.status_code, answer.getvalue()) == (status, sent)
    assert answer.headers.get("Content-Range") == told
    assert "X-Accel-Redirect" not in answer.headers


def test_what_a_browser_has_already_is_not_sent_again(
    world: World, keeper: User, door: Client, store: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = kept(door, world.town, b"0123456789", "a.txt")
    monkeypatch.setattr("anlan.site.pages.files.store", lambda: Far(store))
    where = reverse("attachment", args=[made.pk])
    mark = door.get(where).headers["ETag"]
    assert door.get(where, headers={"If-None-Match": mark}).status_code == 304
    door.force_login(world.neighbour)
    assert door.get(where, headers={"If-None-Match": mark}).status_code == 404


# --- the page -----------------------------------------------------------------------------------------------------


def test_the_list_shows_photos_with_time_and_place_and_other_files(
    world: World, keeper: User, door: Client
) -> None:
    upload(door, world.town, (photo(), "现场.jpg"), (b"words", "说明.txt"))
    page = door.get(address(world.town)).content.decode()
    assert "2026年7月20日 13:53" in page
    assert "113.26450°E 23.12910°N" in page
    assert "说明.txt" in page
    assert page.count('data-behaviour="attach"') == 1


def test_readers_see_no_way_to_change_anything(world: World, keeper: User, door: Client) -> None:
    upload(door, world.town, (photo(), "现场.jpg"))
    door.force_login(world.officer)
    page = door.get(address(world.town)).content.decode()
    assert "/small/" in page
    assert "/remove/" not in page
    assert 'data-behaviour="attach"' not in page


def test_an_empty_list_says_what_to_do(world: World, keeper: User, door: Client) -> None:
    assert "可以拍照，也可以选择、拖入或粘贴文件" in door.get(address(world.town)).content.decode()


def test_a_name_is_text_wherever_it_is_shown(world: World, keeper: User, door: Client) -> None:
    name = "\"'><img src=x onerror=alert(1)>{{ 7 }}.txt"
    made = files.attach_file(acting(keeper), world.town, [b"words"], name=name.replace("/", ""))
    for where in (address(world.town), reverse("attachment_remove", args=[made.pk])):
        page = door.get(where).content.decode()
        assert "<img src=x" not in page
        assert "&lt;img src=x onerror=alert(1)&gt;{{ 7 }}.txt" in page
        assert "&amp;lt;" not in page


def test_a_list_takes_the_same_queries_however_long(world: World, keeper: User, door: Client) -> None:
    upload(door, world.town, (b"1", "1.txt"))
    ctx = acting(keeper)
    shelf_of(ctx, world.town)  # the grants are asked once
    upload(door, world.town, *((f"words {number}".encode(), f"{number}.txt") for number in range(2, 12)))
    with CaptureQueriesContext(connection) as queries:
        shelf = shelf_of(ctx, world.town)
        render_to_string("site/files/_list.html", {"shelf": shelf})
    assert len(shelf.others) == 11
    assert len(queries) == 1


def test_browsers_are_told_what_to_offer() -> None:
    assert accepted().startswith("image/*,audio/*,video/*,.pdf,.ofd,.docx")
    assert not re.search(r"html|svg|exe|zip", accepted())


# --- removing -----------------------------------------------------------------------------------------------------


def test_removing_asks_for_a_reason_and_leads_back(world: World, keeper: User, door: Client) -> None:
    made = kept(door, world.town, photo(), "现场.jpg")
    where = reverse("attachment_remove", args=[made.pk])
    assert "移除后，“现场.jpg”不再显示" in door.get(where).content.decode()
    assert door.post(where, {"reason": " "}).status_code == 422
    answer = door.post(where, {"reason": "传错了"})
    assert answer.headers["Location"] == reverse("unit_detail", args=[world.town.pk])
    assert door.get(reverse("attachment", args=[made.pk])).status_code == 404


def test_readers_cannot_remove(world: World, keeper: User, door: Client) -> None:
    made = kept(door, world.town, b"words", "a.txt")
    door.force_login(world.officer)
    assert door.post(reverse("attachment_remove", args=[made.pk]), {"reason": "传错了"}).status_code == 403
    assert Attachment.objects.get().removed_at is None
