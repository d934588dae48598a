"""The node's own root certificate and the certificate of its front door, where settings bring none."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import socket
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from anlan.launcher.place import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from anlan.launcher.place import Place

ROOT_DAYS, DOOR_DAYS, RENEW_DAYS = 3650, 397, 30
LOCAL = ("localhost", "127.0.0.1", "::1")


def door_certificate(place: Place, names: tuple[str, ...]) -> tuple[Path, Path]:
    """Certificate and key for the front door under `names` (host names and addresses), renewed in time."""
    folder = place.var / "tls"
    root, root_key = _root(folder)
    certificate, key = folder / "door.pem", folder / "door.key"
    wanted = tuple(dict.fromkeys((*LOCAL, socket.gethostname(), *names)))
    if not certificate.exists() or not _good(certificate, wanted):
        door_key = ec.generate_private_key(ec.SECP256R1())
        door = (
            _builder("安澜节点", root.subject, door_key.public_key(), DOOR_DAYS)
            .add_extension(x509.SubjectAlternativeName([_name(name) for name in wanted]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
            )
            .sign(root_key, hashes.SHA256())
        )
        write_private(key, _key_text(door_key))
        write_private(certificate, _text(door) + _text(root), mode=0o644)
    return certificate, key


def publish_root(place: Place) -> None:
    """Lay the root certificate where pages can offer it."""
    public = place.var / "public"
    public.mkdir(exist_ok=True)
    public.chmod(0o755)
    write_private(public / "anlan-ca.crt", (place.var / "tls/root.pem").read_text(), mode=0o644)


def _root(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate, key = folder / "root.pem", folder / "root.key"
    if not certificate.exists():
        root_key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"安澜自建根证书 {os.urandom(3).hex()}")])
        root = (
            _builder(name, name, root_key.public_key(), ROOT_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
            .sign(root_key, hashes.SHA256())
        )
        write_private(key, _key_text(root_key))
        write_private(certificate, _text(root), mode=0o644)
    loaded = serialization.load_pem_private_key(key.read_bytes(), password=None)
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{key} holds another kind of key")
    return x509.load_pem_x509_certificate(certificate.read_bytes()), loaded


def _builder(
    subject: str | x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    if isinstance(subject, str):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    begin = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)  # clocks differ a little
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=days))
    )


def _good(certificate: Path, names: tuple[str, ...]) -> bool:
    door = x509.load_pem_x509_certificate(certificate.read_bytes())
    left = door.not_valid_after_utc - dt.datetime.now(dt.UTC)
    has = door.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return left.days > RENEW_DAYS and set(has) == {_name(name) for name in names}


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_text(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
