"""Enveloped XML signatures: put onto a document, and taken off again for what they are worth.

One form only, the one section 3.3.4 of CAP 1.2 recommends: one signature, child of the root, over the whole document without
itself. Every other form is refused, and so is every way by which a signed part could be moved to where nobody looks at it,
since what comes back from `verify` is the very bytes that were signed.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cryptography.exceptions
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidDigest, InvalidSignature, SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from anlan.protocols import safe_xml
from anlan.protocols.safe_xml import BrokenXml, Limits, tag_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from lxml.etree import _Element as Element

    PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

DS = "{http://www.w3.org/2000/09/xmldsig#}"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
CANONICAL = {
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
}
METHODS = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.SHA384_RSA_MGF1,
        SignatureMethod.SHA512_RSA_MGF1,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
SMALLEST_RSA_BITS = 2048
SMALLEST_EC_BITS = 256
MOST_CERTIFICATES = 8
LIMITS = Limits(octets=4 * 1024 * 1024, depth=32, elements=20_000, attributes=32)


class BadSignature(Exception):
    """A document whose signature proves nothing.

    problem  unsigned      there is none
             form          of a form that is not taken here: `detail` says what
             algorithm     a weak or unknown algorithm
             key           a key too short to be worth anything
             certificate   a certificate that cannot be read
             untrusted     signed by nobody who is trusted, or not at this time
             altered       the document is not what was signed
             xml           no XML that is taken here: `detail` is the problem of `BrokenXml`
    """

    def __init__(self, problem: str, detail: object = "") -> None:
        super().__init__(problem, detail)
        self.problem, self.detail = problem, detail


@dataclass(frozen=True, slots=True)
class Verified:
    """content: what was signed, in canonical form and without the signature; nothing else of the document may be believed."""

    content: bytes
    signer: x509.Certificate


def sign(data: bytes, key: PrivateKey, certificates: Sequence[x509.Certificate]) -> bytes:
    """The document with a signature as its root's last child.

    certificates  the signer's first, then those between it and what receivers trust
    raises        BadSignature for a key too short, a certificate that is not the key's, or a document signed already;
                  BrokenXml
    """
    _weigh(key.public_key())
    if not certificates or certificates[0].public_key() != key.public_key():
        raise BadSignature("certificate", "not the key's")
    root = safe_xml.read(data)
    if root.find(f".//{DS}Signature") is not None:
        raise BadSignature("form", "signed already")
    rsa_key = isinstance(key, rsa.RSAPrivateKey)
    signer = XMLSigner(
        signature_algorithm=SignatureMethod.RSA_SHA256 if rsa_key else SignatureMethod.ECDSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        # survives being put into a feed or another envelope
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    return safe_xml.write(signer.sign(root, key=key, cert=list(certificates)))


def verify(
    data: bytes, trusted: Sequence[x509.Certificate], at: datetime, limits: Limits = LIMITS
) -> Verified:
    """What was signed in a document, and by whom.

    trusted  signers themselves, and authorities whose signers are trusted
    at       the moment for which certificates must hold
    raises   BadSignature, and nothing else whatever the bytes
    """
    try:
        root = safe_xml.read(data, limits, whole=True)
    except BrokenXml as error:
        raise BadSignature("xml", error.problem) from error
    signature = _only_signature(root)
    _check_form(signature)
    candidates = list(_signers(signature, trusted, at))
    if not candidates:
        raise BadSignature("untrusted")
    return _verified(root, candidates, at)


def _only_signature(root: Element) -> Element:
    """raises BadSignature"""
    found = list(root.iter(f"{DS}Signature"))
    if not found:
        raise BadSignature("unsigned")
    if len(found) > 1:
        raise BadSignature("form", "several signatures")
    if found[0].getparent() is not root:
        raise BadSignature("form", "not a child of the root")
    return found[0]


def _check_form(signature: Element) -> None:
    """Strong algorithms; one reference, to the whole document, by transforms that leave all of it. raises BadSignature"""
    for element, known in (
        ("SignatureMethod", {each.value for each in METHODS}),
        ("CanonicalizationMethod", CANONICAL),
        ("Reference/DigestMethod", {each.value for each in DIGESTS}),
    ):
        for each in signature.findall(f"{DS}SignedInfo/{DS}{element.replace('/', '/' + DS)}"):
            if each.get("Algorithm") not in known:
                raise BadSignature("algorithm", each.get("Algorithm"))
    references = signature.findall(f"{DS}SignedInfo/{DS}Reference")
    if len(references) != 1 or references[0].get("URI") != "":
        raise BadSignature("form", "not one reference to the whole document")
    transforms = [
        transform.get("Algorithm") for transform in references[0].findall(f"{DS}Transforms/{DS}Transform")
    ]
    if transforms[:1] != [ENVELOPED] or len(transforms) > 2 or not {*transforms[1:]} <= CANONICAL:
        raise BadSignature("form", "transforms")
    if signature.find(f"{DS}Object") is not None:
        raise BadSignature("form", "an object of its own")


def _signers(
    signature: Element, trusted: Sequence[x509.Certificate], at: datetime
) -> Iterator[x509.Certificate]:
    """Who may have signed: the certificate that comes along, if it is trusted; without one, each that is. raises BadSignature"""
    given = [*_certificates(signature)]
    for certificate in given or trusted:
        others = [each for each in given if each != certificate]
        if _is_trusted(certificate, others, trusted, at):
            yield certificate


def _certificates(signature: Element) -> Iterator[x509.Certificate]:
    """raises BadSignature"""
    texts = signature.findall(f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate")
    if len(texts) > MOST_CERTIFICATES:
        raise BadSignature("certificate", "too many")
    for each in texts:
        try:
            der = base64.b64decode("".join((each.text or "").split()), validate=True)
            yield x509.load_der_x509_certificate(der)
        except (binascii.Error, ValueError) as error:
            raise BadSignature("certificate") from error


def _is_trusted(
    certificate: x509.Certificate,
    between: list[x509.Certificate],
    trusted: Sequence[x509.Certificate],
    at: datetime,
) -> bool:
    if certificate in trusted:
        return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
    authorities = [each for each in trusted if _is_authority(each)]
    if not authorities:
        return False
    policy = PolicyBuilder().store(Store(authorities)).time(at)
    signers = ExtensionPolicy.permit_all().require_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_sign)
    policy = policy.extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=signers)
    try:
        policy.build_client_verifier().verify(certificate, between)
    except (VerificationError, ValueError):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _may_sign(_: object, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is None or not usage.digital_signature:
        raise ValueError("not for signatures")


def _weigh(key: object) -> None:
    """raises BadSignature for a key too short, or of a kind not taken here"""
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= SMALLEST_RSA_BITS:
        return
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= SMALLEST_EC_BITS:
        return
    raise BadSignature("key")


# What the library lets through of its own and of its tools when a signature is not what its schema says.
REFUSALS = (
    SignXMLException,
    cryptography.exceptions.UnsupportedAlgorithm,
    etree.LxmlError,
    ValueError,
    TypeError,
    AttributeError,
)


def _verified(root: Element, candidates: list[x509.Certificate], at: datetime) -> Verified:
    """raises BadSignature, with what the last of the candidates failed by"""
    settings = SignatureConfiguration(
        location="./", signature_methods=METHODS, digest_algorithms=DIGESTS, verification_time=at
    )
    failure = BadSignature("untrusted")
    for signer in candidates:
        try:
            _weigh(signer.public_key())
            found = XMLVerifier().verify(root, x509_cert=signer, expect_config=settings)
        except BadSignature as error:
            failure = error
        except InvalidDigest as error:  # this one has signed, but something else
            raise BadSignature("altered") from error
        except InvalidSignature:
            failure = BadSignature("altered")
        except REFUSALS as error:
            failure = BadSignature("form", type(error).__name__)
        else:
            if (
                isinstance(found, list)
                or found.signed_xml is None
                or tag_of(found.signed_xml) != tag_of(root)
            ):
                raise BadSignature("form", "not the whole document")
            return Verified(found.signed_data, signer)
    raise failure
