"""What is made of files of unknown origin: honest, broken and hostile ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from anlan.kernel.examine import CLEAN, SMALL, Refused, Report, examine
from anlan.kernel.examine import __main__ as program
from tests.pictures import HEIC, WORD_WITH_MACROS, archive, corner, notes, office_97, photo, saved, word

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def look(tmp_path: Path) -> Any:
    """Examine a content in this process, as the other one does."""

    def examined(content: bytes, name: str) -> Report:
        (tmp_path / "source").write_bytes(content)
        return program.report_of(tmp_path / "source", name, tmp_path)

    return examined


def refusal(look: Any, content: bytes, name: str) -> str:
    with pytest.raises(Refused) as refused:
        look(content, name)
    return refused.value.code


# --- photos -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright(look: Any, tmp_path: Path, orientation: int) -> None:
    turned = {
        1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1),
    }  # fmt: skip  # where the black corner comes to lie: x, y
    report = look(photo(notes(orientation=orientation)), "a.jpg")
    with Image.open(tmp_path / CLEAN) as seen:
        assert seen.size == (report.width, report.height) == ((60, 40) if orientation < 5 else (40, 60))
        x, y = turned[orientation]
        point = (2 + x * (seen.width - 5), 2 + y * (seen.height - 5))
        assert seen.convert("L").getpixel(point) < 64
        assert not seen.getexif()


def test_time_and_place_are_read_and_then_gone(look: Any, tmp_path: Path) -> None:
    content = photo()
    assert b"SECRET-PHONE" in content
    report = look(content, "a.jpg")
    assert (report.taken_at, report.offset) == ("2026-07-20T13:53:00", "+08:00")
    assert (report.longitude, report.latitude) == (113.2645, 23.1291)
    for kept in (CLEAN, SMALL):
        assert b"SECRET" not in (tmp_path / kept).read_bytes()


@pytest.mark.parametrize(
    "place",
    [
        {},
        {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: (113.0, 0.0, 0.0)},
        {1: "N", 2: (23.0, 61.0, 0.0), 3: "E", 4: (113.0, 0.0, 0.0)},
        {2: (23.0, 7.0, 0.0), 4: (113.0, 0.0, 0.0)},
        {1: "N", 2: (23.0, 7.0, 0.0)},
        {1: "N", 2: (23.0, 7.0, 0.0), 3: "E", 4: (113.0, 0.0, 0.0), 9: "V"},
        {1: "N", 2: (23.0, 7.0, 0.0), 3: "E", 4: (113.0, 0.0, 0.0), 18: "TOKYO"},
    ],
    ids=["none", "zero", "beyond the pole", "61 minutes", "no side", "half", "no fix", "another datum"],
)
def test_a_place_that_makes_no_sense_is_none(look: Any, place: dict[int, Any]) -> None:
    report = look(photo(notes(place=place)), "a.jpg")
    assert report.longitude is report.latitude is None
    assert report.taken_at


def test_south_and_west_are_negative(look: Any) -> None:
    place = {1: "S", 2: (23.0, 30.0, 0.0), 3: "W", 4: (46.0, 30.0, 0.0), 18: "WGS-84"}
    report = look(photo(notes(place=place)), "a.jpg")
    assert (report.longitude, report.latitude) == (-46.5, -23.5)


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "yesterday", "", "2026:02:30 10:00:00"])
def test_a_time_that_is_none_is_none(look: Any, taken: str) -> None:
    assert look(photo(notes(taken=taken)), "a.jpg").taken_at == ""


def test_an_offset_that_is_none_is_left_aside(look: Any) -> None:
    report = look(photo(notes(offset="+99:00")), "a.jpg")
    assert (report.taken_at, report.offset) == ("2026-07-20T13:53:00", "")


@pytest.mark.filterwarnings("ignore")  # Pillow says so, too
def test_damaged_notes_cost_only_the_notes(look: Any) -> None:
    content = photo()
    start = content.index(b"Exif\0\0")
    report = look(content[: start + 6] + b"\xff" * 40 + content[start + 46 :], "a.jpg")
    assert (report.width, report.height, report.taken_at) == (60, 40, "")


def test_text_in_a_png_is_gone_and_what_shines_through_stays(look: Any, tmp_path: Path) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "SECRET")
    text.add_itxt("XML:com.adobe.xmp", "<x>SECRET</x>")
    clear = corner().convert("RGBA")
    clear.putalpha(100)
    look(saved(clear, "PNG", pnginfo=text, exif=notes()), "a.png")
    assert b"SECRET" not in (tmp_path / CLEAN).read_bytes()
    with Image.open(tmp_path / CLEAN) as seen:
        assert seen.mode == "RGBA"
        assert seen.getpixel((50, 30)) == (255, 255, 255, 100)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGB", "RGBA"])
def test_every_kind_of_png_is_taken(look: Any, mode: str) -> None:
    assert look(saved(Image.new(mode, (60, 40)), "PNG"), "a.png").width == 60


def test_colours_of_another_space_are_brought_to_the_screen_s(look: Any, tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    look(saved(corner(), "JPEG", icc_profile=profile), "a.jpg")
    with Image.open(tmp_path / CLEAN) as seen:
        assert "icc_profile" not in seen.info
    look(saved(corner(), "JPEG", icc_profile=b"no profile at all"), "a.jpg")
    assert look(saved(corner().convert("CMYK"), "JPEG"), "a.jpg").width == 60


def test_a_large_photo_keeps_its_shape_within_the_bound(look: Any, tmp_path: Path) -> None:
    report = look(photo(width=6000, height=3000), "a.jpg")
    assert (report.width, report.height) == (4096, 2048)
    with Image.open(tmp_path / SMALL) as small:
        assert (small.format, small.size) == ("WEBP", (480, 240))


def test_a_moving_picture_goes_on_moving_without_what_rides_along(look: Any, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "green", "blue")]
    content = saved(
        frames[0],
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=[100, 200, 300],
        loop=0,
        comment=b"SECRET",
    )
    look(content + b"<html><script>SECRET</script>", "a.gif")
    assert b"SECRET" not in (tmp_path / CLEAN).read_bytes()
    with Image.open(tmp_path / CLEAN) as seen:
        assert (seen.n_frames, seen.info["loop"]) == (3, 0)
        seen.seek(1)
        assert seen.info["duration"] == 200
        assert seen.convert("RGB").getpixel((30, 20)) == (0, 128, 0)


def test_heic_becomes_a_jpeg_with_the_same_notes_read(look: Any, tmp_path: Path) -> None:
    report = look(HEIC, "IMG_0001.HEIC")
    assert (report.media_type, report.extension, report.was) == ("image/jpeg", "jpg", ("heic", "heif"))
    assert (report.width, report.taken_at, report.longitude) == (32, "2026-07-20T13:53:00", 113.2645)
    with Image.open(tmp_path / CLEAN) as seen:
        assert seen.format == "JPEG"
    assert refusal(look, HEIC[: len(HEIC) // 2], "a.heic") == "file_broken"


# --- hostile pictures ---------------------------------------------------------------------------------------------


def test_a_bomb_is_refused_by_its_header(look: Any) -> None:
    assert refusal(look, saved(Image.new("1", (30_000, 30_000)), "PNG"), "a.png") == "image_too_large"


def test_a_moving_bomb_counts_all_its_pictures(look: Any) -> None:
    frames = [Image.new("P", (2500, 2500), colour) for colour in range(10)]
    content = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert refusal(look, content, "a.gif") == "image_too_large"


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
def test_half_a_photo_is_refused(look: Any, keep: float) -> None:
    content = saved(Image.effect_noise((200, 200), 60), "JPEG")
    assert refusal(look, content[: int(len(content) * keep)], "a.jpg") == "file_broken"


def test_a_page_that_begins_like_a_picture_is_refused(look: Any) -> None:
    assert refusal(look, b"GIF89a/*<html><script>alert(1)</script>*/=1;", "a.gif") == "file_broken"


def test_what_a_picture_is_its_content_says_and_not_its_name(look: Any) -> None:
    report = look(photo(), "报告.pdf")
    assert (report.media_type, report.extension) == ("image/jpeg", "jpg")


# --- documents, sound, video, text --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (b"%PDF-1.7\n", "a.pdf", "application/pdf"),
        (word(), "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (archive({"mimetype": "application/vnd.oasis.opendocument.text"}), "a.odt", "application/vnd.oasis.opendocument.text"),
        (archive({"OFD.xml": "<OFD/>", "Doc_0/Document.xml": ""}), "a.ofd", "application/ofd"),
        (office_97("1Table", "WordDocument"), "a.doc", "application/msword"),
        (office_97("Workbook"), "a.et", "application/vnd.ms-excel"),
        (b"ID3\x03" + bytes(64), "a.mp3", "audio/mpeg"),
        (b"#!AMR\n" + bytes(64), "a.amr", "audio/amr"),
        (b"\0\0\0\x18ftypM4A " + bytes(64), "a.m4a", "audio/mp4"),
        (b"\0\0\0\x18ftypisom" + bytes(64), "a.mp4", "video/mp4"),
        (b"\0\0\0\x14ftypqt  " + bytes(64), "a.mov", "video/quicktime"),
        ("序号,名称\n1,东桥村\n".encode(), "a.csv", "text/csv"),
        ("东桥村\r\n".encode("gb18030"), "a.txt", "text/plain"),
        ("东桥村\r\n".encode("utf-16"), "a.txt", "text/plain"),
    ],
)  # fmt: skip
def test_what_offices_and_phones_make_is_taken(look: Any, content: bytes, name: str, media_type: str) -> None:
    report = look(content, name)
    assert (report.media_type, f".{report.extension}") == (media_type, name[1:])


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"MZ" + bytes(64), "a.exe"),
        (b"\x7fELF" + bytes(64), "a.txt"),
        (b"PK\x03\x04" + bytes(64), "a.zip"),
        (archive({"a.exe": "MZ"}), "a.docx"),
        (office_97("Property"), "a.msi"),
        (b"<!doctype html><p>", "a.txt"),
        (b"\xef\xbb\xbf  <svg onload='x'>", "a.txt"),
        (b"a,b\n<script>alert(1)</script>", "a.csv"),
        (b"#!/bin/sh\n", "a.txt"),
        (b"echo hello", "a.bat"),
        (b"alert(1)", "a.js"),
        (b"plain", "plain"),
        (b"a\0b", "a.txt"),
        (b"\xff\xff\xff\xff", "a.txt"),
    ],
)
def test_programs_pages_and_what_nobody_knows_are_refused(look: Any, content: bytes, name: str) -> None:
    assert refusal(look, content, name) == "file_kind"


@pytest.mark.parametrize(
    "content",
    [
        word(WORD_WITH_MACROS),
        archive({"[Content_Types].xml": word().decode("latin1"), "word/vbaProject.bin": ""}),
        office_97("WordDocument", "Macros"),
    ],
)
def test_documents_with_macros_are_refused_as_such(look: Any, content: bytes) -> None:
    assert refusal(look, content, "a.docx") == "file_macros"


def test_a_directory_that_leads_in_a_circle_ends(look: Any) -> None:
    content = bytearray(office_97("Property"))
    content[512 + 4 : 512 + 8] = (1).to_bytes(4, "little")
    assert refusal(look, bytes(content), "a.doc") == "file_kind"


# --- the process --------------------------------------------------------------------------------------------------


def test_the_other_process_reports_what_it_found(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(photo())
    report = examine(tmp_path / "source", "照片 1.jpg", tmp_path)
    assert (report.media_type, report.width, report.longitude) == ("image/jpeg", 60, 113.2645)
    assert (tmp_path / CLEAN).exists()


def test_the_other_process_tells_its_refusal(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"MZ")
    with pytest.raises(Refused, match="file_kind"):
        examine(tmp_path / "source", "a.exe", tmp_path)


def test_one_that_takes_too_long_or_falls_is_a_broken_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="file_broken"):
        examine(tmp_path / "nothing", "a.jpg", tmp_path)  # the process ends with a traceback
    (tmp_path / "source").write_bytes(photo())
    monkeypatch.setattr("anlan.kernel.examine.SECONDS", 0.01)
    with pytest.raises(Refused, match="file_broken"):
        examine(tmp_path / "source", "a.jpg", tmp_path)
