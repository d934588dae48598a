"""Both stores keep the same promises: a folder, and a bucket on a real S3 server of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import obstore
import pytest
from obstore.store import S3Store

from anlan import environment
from anlan.kernel.storage import Bucket, Folder, Unreachable, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anlan.kernel.storage import Store

NAME = "ab" + "0" * 62
# What the server looks at when a bucket is made; it checks no signature.
SIGNED = "AWS4-HMAC-SHA256 Credential=key/20260720/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
KEYS = {"access_key_id": "key", "secret_access_key": "a/secret+key", "region": "us-east-1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """host:port of an S3 server that holds one bucket."""
    port = free_port()
    running = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not answers(port):
            time.sleep(0.1)
        made = httpx.put(f"http://127.0.0.1:{port}/bucket", headers={"Authorization": SIGNED})
        assert made.status_code == 200
        yield f"127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(20)


def answers(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/moto-api/")
    except httpx.TransportError:
        return False
    return True


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return Folder(tmp_path / "files")
    made = Bucket(
        f"s3+http://key:a%2Fsecret%2Bkey@{request.getfixturevalue('server')}/bucket/{tmp_path.name}"
    )
    environment.load({"ANLAN_FILES_URL": made.url})
    return made


def put(store: Store, folder: Path, content: bytes, name: str = NAME) -> None:
    source = folder / "source"
    source.write_bytes(content)
    store.put(name, source)


def test_what_was_put_is_read_whole_and_in_parts(store: Store, tmp_path: Path) -> None:
    put(store, tmp_path, bytes(range(256)) * 4000)
    assert store.size_of(NAME) == 1_024_000
    assert b"".join(store.read(NAME, 0, 1_024_000)) == bytes(range(256)) * 4000
    assert b"".join(store.read(NAME, 10, 20)) == bytes(range(10, 20))


def test_putting_the_same_again_is_harmless(store: Store, tmp_path: Path) -> None:
    put(store, tmp_path, b"same")
    put(store, tmp_path, b"same")
    assert b"".join(store.read(NAME, 0, 4)) == b"same"


def test_all_are_listed_with_their_sizes(store: Store, tmp_path: Path) -> None:
    put(store, tmp_path, b"one")
    put(store, tmp_path, b"three", f"{NAME}-small")
    assert {(one.name, one.size) for batch in store.listed() for one in batch} == {
        (NAME, 3),
        (f"{NAME}-small", 5),
    }
    assert all(one.at.tzinfo for batch in store.listed() for one in batch)


def test_what_was_removed_is_gone_and_removing_nothing_is_no_matter(store: Store, tmp_path: Path) -> None:
    put(store, tmp_path, b"x")
    store.remove([NAME, "cd" + "0" * 62])
    assert store.size_of(NAME) is None
    assert [one for batch in store.listed() for one in batch] == []
    store.remove([NAME])


def test_large_contents_go_to_a_bucket_in_parts(server: str, tmp_path: Path) -> None:
    """The library sends what is over its part size piece by piece: it is never in memory as a whole."""
    bucket = Bucket(f"s3+http://key:a%2Fsecret%2Bkey@{server}/bucket/{tmp_path.name}")
    put(bucket, tmp_path, bytes(12 << 20))
    direct = S3Store("bucket", endpoint=f"http://{server}", client_options={"allow_http": True}, **KEYS)  # type: ignore[arg-type]
    mark = obstore.head(direct, f"{tmp_path.name}/{path_of(NAME)}")["e_tag"]
    assert mark is not None
    assert "-" in mark  # what S3 writes of contents that came in parts
    assert bucket.size_of(NAME) == 12 << 20


def test_a_bucket_that_does_not_answer_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Bucket(f"s3+http://key:secret@127.0.0.1:{free_port()}/bucket")
    monkeypatch.setattr("anlan.kernel.storage.RETRIES", 0)
    with pytest.raises(Unreachable):
        gone.size_of(NAME)


def test_a_folder_s_contents_are_for_its_owner_only(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "files")
    put(folder, tmp_path, b"x")
    (content,) = (file for file in folder.top.rglob("*") if file.is_file())
    assert content.relative_to(folder.top).as_posix() == f"ab/00/{NAME}"
    assert content.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://key:secret@host/bucket",
        "s3://host/bucket",
        "s3://key:secret@host/",
        "s3://key:secret@/bucket",
    ],
)
def test_an_address_that_lacks_something_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(environment.SettingsError, match="ANLAN_FILES_URL"):
        environment.load({"ANLAN_FILES_URL": url})
