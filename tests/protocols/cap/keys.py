"""Keys and certificates for the tests, made once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from anlan.protocols.cap.signature import PrivateKey

NOW = datetime(2026, 7, 14, tzinfo=UTC)


@dataclass(frozen=True)
class Holder:
    key: PrivateKey
    certificate: x509.Certificate


def _make(
    name: str,
    key: PrivateKey,
    by: Holder | None,
    *,
    authority: bool,
    signs: bool = True,
    begins: datetime = NOW - timedelta(days=1),
) -> Holder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    public = key.public_key()
    issuer_key = by.key if by else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=366))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=signs,
                content_commitment=False,
                key_encipherment=not signs,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=authority,
                crl_sign=authority,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    return Holder(key, builder.sign(issuer_key, hashes.SHA256()))


@cache
def authority() -> Holder:
    return _make("City authority", ec.generate_private_key(ec.SECP256R1()), None, authority=True)


@cache
def office() -> Holder:
    """Signs warnings by the authority's leave."""
    return _make("District office", ec.generate_private_key(ec.SECP256R1()), authority(), authority=False)


@cache
def server() -> Holder:
    """Has a certificate of the same authority, but not for signing."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _make("Web server", key, authority(), authority=False, signs=False)


@cache
def observatory() -> Holder:
    """Vouches for itself."""
    return _make("Observatory", rsa.generate_private_key(65537, 2048), None, authority=False)


@cache
def stranger() -> Holder:
    return _make("Observatory", rsa.generate_private_key(65537, 2048), None, authority=False)


@cache
def weakling() -> Holder:
    return _make("Weak", rsa.generate_private_key(65537, 1024), None, authority=False)  # noqa: S505 - to be refused


def signer(begins: datetime) -> Holder:
    """A new one, who vouches for himself from a moment on for a year."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _make("District observatory", key, None, authority=False, begins=begins)
