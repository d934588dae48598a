"""The encrypted file: what went in comes out; anything else is noticed before it is used."""

from __future__ import annotations

import shutil
import subprocess
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pyrage
import pytest

from anlan.launcher import archive
from anlan.launcher.archive import ArchiveError, Cancelled, Packer

if TYPE_CHECKING:
    from pathlib import Path

PASSPHRASE = "correct horse battery"
LONG = bytes(range(256)) * 100_000  # more than three parts


def pack(packer: Packer) -> None:
    packer.add("about.json", b"{}")
    with packer.parts("database") as parts:
        for begin in range(0, len(LONG), 100_003):
            parts.write(LONG[begin : begin + 100_003])
    with packer.parts("streams/EMPTY") as parts:
        parts.write(b"")
    packer.add("files/名 with\nnewline", b"content")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One backup for many tests: its key is slow on purpose."""
    file = tmp_path_factory.mktemp("archive") / "backup.anlan"
    archive.write(file, PASSPHRASE, pack, threading.Event())
    return file


@pytest.fixture(scope="module")
def unlocked(whole: Path) -> archive.Unlocked:
    return archive.unlock(whole, PASSPHRASE)


@pytest.fixture
def quick_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A passphrase that costs no time, for tests that are not about it."""
    plain = SimpleNamespace(encrypt=lambda text, _: text, decrypt=lambda text, _: text)
    monkeypatch.setattr(pyrage, "passphrase", plain)


def verify(backup: archive.Unlocked) -> dict[str, bytes]:
    return archive.verify(backup, lambda name: name == "about.json", threading.Event())


def test_what_went_in_comes_out_in_order(unlocked: archive.Unlocked) -> None:
    content: dict[str, bytes] = {}
    with archive.opened(unlocked) as members:
        for info in members:
            head = info.name.split("/")[0]
            content[head] = content.get(head, b"") + b"".join(members.blocks(info))
    assert list(content) == ["about.json", "database", "streams", "files", "SHA256SUMS"]
    assert content["database"] == LONG
    assert content["streams"] == b""
    assert content["files"] == b"content"


def test_a_whole_file_is_verified_and_gives_the_small_members(unlocked: archive.Unlocked) -> None:
    assert verify(unlocked) == {"about.json": b"{}"}


def test_nobody_else_can_read_the_file(whole: Path) -> None:
    assert whole.stat().st_mode & 0o777 == 0o600
    assert b"content" not in whole.read_bytes()


def test_common_tools_open_it_without_us(whole: Path, tmp_path: Path) -> None:
    subprocess.run(["tar", "-xf", whole], cwd=tmp_path, check=True)
    key = pyrage.passphrase.decrypt((tmp_path / "key.age").read_bytes(), PASSPHRASE).decode().strip()
    identity = pyrage.x25519.Identity.from_str(key)
    plain = pyrage.decrypt((tmp_path / "data.age").read_bytes(), [identity])
    subprocess.run(["tar", "-x"], cwd=tmp_path, input=plain, check=True)
    subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=tmp_path, check=True)
    assert "age -d" in (tmp_path / "README.txt").read_text()


def test_a_wrong_passphrase_is_told_apart(whole: Path) -> None:
    with pytest.raises(ArchiveError) as caught:
        archive.unlock(whole, "wrong horse battery")
    assert caught.value.wrong_passphrase


@pytest.mark.parametrize("where", [0.3, 0.6, 0.95])
def test_one_changed_bit_is_noticed(
    whole: Path, unlocked: archive.Unlocked, tmp_path: Path, where: float
) -> None:
    content = bytearray(whole.read_bytes())
    content[unlocked.begin + int(unlocked.size * where)] ^= 1
    damaged = tmp_path / "damaged"
    damaged.write_bytes(content)
    with pytest.raises(ArchiveError):
        verify(archive.Unlocked(damaged, unlocked.identity, unlocked.begin, unlocked.size))


def test_a_shortened_file_is_noticed(whole: Path, tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_bytes(whole.read_bytes()[:-20_000])
    with pytest.raises(ArchiveError):
        archive.unlock(short, PASSPHRASE)


def test_a_file_of_another_kind_is_noticed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("hello")
    with pytest.raises(ArchiveError):
        archive.unlock(other, PASSPHRASE)


@pytest.mark.usefixtures("quick_key")
def test_a_wrong_sum_is_noticed(
    tmp_path: Path, unlocked: archive.Unlocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = archive._sum_line
    monkeypatch.setattr(archive, "_sum_line", lambda _digest, name: f"{'0' * 64}  {name}\n".encode())
    archive.write(tmp_path / "wrong", PASSPHRASE, pack, threading.Event())
    monkeypatch.setattr(archive, "_sum_line", honest)
    with pytest.raises(ArchiveError):
        verify(archive.unlock(tmp_path / "wrong", PASSPHRASE))


@pytest.mark.usefixtures("quick_key")
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_text("old")

    def fail(packer: Packer) -> None:
        packer.add("about.json", b"{}")
        raise OSError("no such stream")

    with pytest.raises(OSError, match="no such stream"):
        archive.write(file, PASSPHRASE, fail, threading.Event())
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.usefixtures("quick_key")
def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", small], check=False).returncode:
        pytest.skip("may not mount here")
    try:
        with pytest.raises(OSError, match="No space left"):
            archive.write(small / "backup", PASSPHRASE, pack, threading.Event())
        assert not list(small.iterdir())
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.usefixtures("quick_key")
def test_an_interrupted_backup_leaves_nothing(tmp_path: Path) -> None:
    cancel = threading.Event()

    def interrupted(packer: Packer) -> None:
        packer.add("about.json", b"{}")
        cancel.set()
        packer.add("files/never", b"never")

    with pytest.raises(Cancelled):
        archive.write(tmp_path / "backup", PASSPHRASE, interrupted, cancel)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("quick_key")
def test_a_second_backup_to_the_same_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "backup"

    def twice(packer: Packer) -> None:
        packer.add("about.json", b"{}")
        with pytest.raises(BlockingIOError):
            archive.write(file, PASSPHRASE, pack, threading.Event())

    archive.write(file, PASSPHRASE, twice, threading.Event())
    assert file.exists()
    shutil.rmtree(tmp_path)
