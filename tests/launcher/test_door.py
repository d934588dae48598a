"""The front door: its certificate, and a configuration that nginx itself accepts."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from anlan.launcher import certificates, nginx, ports
from anlan.launcher.node import ANYWHERE
from anlan.launcher.place import Place

if TYPE_CHECKING:
    from pathlib import Path

    from anlan.launcher.supervisor import Program


@pytest.fixture
def node(open_folder: Path) -> Place:
    made = Place(open_folder / "数据 var")
    made.make()
    return made


def names_of(certificate: Path) -> set[str]:
    door = x509.load_pem_x509_certificate(certificate.read_bytes())
    found = door.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in found}


def test_certificate_is_for_the_wanted_names_and_this_machine(node: Place) -> None:
    certificate, key = certificates.door_certificate(node, ("anlan.example", "192.0.2.7"))
    assert names_of(certificate) >= {
        "anlan.example",
        "192.0.2.7",
        "localhost",
        "127.0.0.1",
        socket.gethostname(),
    }
    assert key.stat().st_mode & 0o777 == 0o600
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)


def test_certificate_is_trusted_through_the_root_that_is_published(node: Place) -> None:
    certificate, _ = certificates.door_certificate(node, ())
    certificates.publish_root(node)
    root = x509.load_pem_x509_certificate((node.var / "public/anlan-ca.crt").read_bytes())
    door = x509.load_pem_x509_certificate(certificate.read_bytes())
    door.verify_directly_issued_by(root)


def test_certificate_stays_while_it_is_good_and_is_renewed_for_new_names(node: Place) -> None:
    certificate, _ = certificates.door_certificate(node, ("a.example",))
    first = certificate.read_bytes()
    root = (node.var / "tls/root.pem").read_bytes()
    certificates.door_certificate(node, ("a.example",))
    assert certificate.read_bytes() == first
    certificates.door_certificate(node, ("b.example",))
    assert certificate.read_bytes() != first
    assert (node.var / "tls/root.pem").read_bytes() == root  # people have installed it


def test_certificate_is_renewed_before_it_ends(node: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, _ = certificates.door_certificate(node, ())
    first = x509.load_pem_x509_certificate(certificate.read_bytes())
    left = first.not_valid_after_utc - datetime.now(UTC)
    assert left > timedelta(days=certificates.RENEW_DAYS)
    monkeypatch.setattr(certificates, "RENEW_DAYS", left.days + 1)
    certificates.door_certificate(node, ())
    assert x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number != first.serial_number


def door(node: Place, listen: str, port: int) -> Program:
    pair = certificates.door_certificate(node, ())
    return nginx.door(node, listen, port, pair, 2, file_mb=200)


@pytest.mark.parametrize("listen", ["127.0.0.1", "::1", ANYWHERE])
def test_nginx_accepts_the_configuration(node: Place, listen: str) -> None:
    if not shutil.which("nginx", path="/usr/sbin:/usr/bin"):
        pytest.skip("no nginx here")
    program = door(node, listen, 8443)
    done = subprocess.run([*program.command, "-t"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


def test_a_taken_port_is_named_with_its_holder() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen(1)
        port = holder.getsockname()[1]
        found = ports.trouble("127.0.0.1", port)
        assert found
        assert str(port) in found[0]
        assert "pid" in found[0]
        assert "ANLAN_PORT" in found[1]
    assert ports.trouble("127.0.0.1", port) is None


def test_a_foreign_address_is_told() -> None:
    found = ports.trouble("192.0.2.1", 8443)
    assert found
    assert "ANLAN_LISTEN" in found[1]
