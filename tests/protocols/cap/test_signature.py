"""Signatures: who may sign, what comes back, and every way to slip in what was not signed."""

from __future__ import annotations

import base64
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner

from anlan.protocols import cap
from anlan.protocols.cap.signature import BadSignature, sign, verify
from tests.protocols.cap import keys, sample
from tests.protocols.cap.keys import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.protocols.cap.keys import Holder

DS = "http://www.w3.org/2000/09/xmldsig#"
PLAIN = sample("cma.xml")


def signed(by: Holder, data: bytes = PLAIN) -> bytes:
    return sign(data, by.key, [by.certificate])


def refused(data: bytes, *trusted: Holder) -> str:
    with pytest.raises(BadSignature) as told:
        verify(data, [each.certificate for each in trusted or (keys.observatory(),)], NOW)
    return told.value.problem


def rebuilt(data: bytes, change: Callable[[etree._Element, etree._Element], None]) -> bytes:
    """With its root and its signature changed."""
    root = etree.fromstring(data)
    signature = root.find(f"{{{DS}}}Signature")
    assert signature is not None
    change(root, signature)
    return etree.tostring(root)


# --- who may sign --------------------------------------------------------------------------------------------------


def test_what_was_signed_comes_back_and_says_by_whom() -> None:
    for by in (keys.observatory(), keys.office()):
        data = signed(by)
        assert cap.read(data).signed
        found = verify(data, [keys.stranger().certificate, by.certificate], NOW)
        assert found.signer == by.certificate
        assert cap.parse(found.content) == cap.parse(PLAIN)
        assert not cap.read(found.content).signed


def test_an_authority_vouches_for_its_signers() -> None:
    data = signed(keys.office())
    assert verify(data, [keys.authority().certificate], NOW).signer == keys.office().certificate
    with_chain = sign(PLAIN, keys.office().key, [keys.office().certificate, keys.authority().certificate])
    assert verify(with_chain, [keys.authority().certificate], NOW).signer == keys.office().certificate


def test_an_authority_does_not_vouch_for_what_is_not_for_signing() -> None:
    assert refused(signed(keys.server()), keys.authority()) == "untrusted"


def test_whose_name_is_the_same_is_still_a_stranger() -> None:
    assert refused(signed(keys.stranger()), keys.observatory()) == "untrusted"
    assert refused(signed(keys.observatory()), keys.authority()) == "untrusted"
    with pytest.raises(BadSignature):
        verify(signed(keys.observatory()), [], NOW)


def test_a_signer_that_is_trusted_is_no_authority() -> None:
    assert refused(signed(keys.office()), keys.observatory()) == "untrusted"


def test_certificates_hold_for_their_time_only() -> None:
    for by, trusted in ((keys.observatory(), keys.observatory()), (keys.office(), keys.authority())):
        for at in (NOW - timedelta(days=2), NOW + timedelta(days=400)):
            with pytest.raises(BadSignature) as told:
                verify(signed(by), [trusted.certificate], at)
            assert told.value.problem == "untrusted"


def test_a_signature_without_certificate_is_tried_against_all_who_are_trusted() -> None:
    def strip(_: etree._Element, signature: etree._Element) -> None:
        info = signature.find(f"{{{DS}}}KeyInfo")
        assert info is not None
        signature.remove(info)

    data = rebuilt(signed(keys.observatory()), strip)
    trusted = [keys.office().certificate, keys.stranger().certificate, keys.observatory().certificate]
    assert verify(data, trusted, NOW).signer == keys.observatory().certificate
    assert refused(data, keys.stranger()) == "altered"


def test_weak_keys_neither_sign_nor_verify() -> None:
    with pytest.raises(BadSignature) as told:
        signed(keys.weakling())
    assert told.value.problem == "key"
    root = etree.fromstring(PLAIN)
    by_others = XMLSigner().sign(root, key=keys.weakling().key, cert=[keys.weakling().certificate])
    assert refused(etree.tostring(by_others), keys.weakling()) == "key"


def test_a_certificate_must_be_the_keys_own() -> None:
    with pytest.raises(BadSignature):
        sign(PLAIN, keys.observatory().key, [keys.stranger().certificate])
    with pytest.raises(BadSignature):
        sign(PLAIN, keys.observatory().key, [])


def test_nothing_is_signed_twice() -> None:
    with pytest.raises(BadSignature):
        signed(keys.observatory(), signed(keys.observatory()))


# --- what is refused -----------------------------------------------------------------------------------------------


def test_a_document_without_signature_proves_nothing() -> None:
    assert refused(PLAIN) == "unsigned"
    assert refused(b"<alert") == "xml"
    assert refused(b"<!DOCTYPE a><a/>") == "xml"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("蓝色预警", "红色预警"),
        ("<msgType>Alert", "<msgType>Cancel"),
        ("120114000000", "120115000000"),
        ("<area>", "<area><areaDesc>全市</areaDesc>"),
        ("<scope>", "\n<scope>"),
    ],
)
def test_an_altered_document_is_refused(old: str, new: str) -> None:
    data = signed(keys.observatory()).decode()
    assert old in data
    verify(data.encode(), [keys.observatory().certificate], NOW)
    assert refused(data.replace(old, new, 1).encode()) == "altered"


def test_a_comment_changes_nothing_and_hides_nothing() -> None:
    data = signed(keys.observatory()).replace(b"<msgType>Alert", b"<msgType>Al<!-- x -->ert")
    found = verify(data, [keys.observatory().certificate], NOW)
    assert found.content.count(b"<!--") == 0
    assert cap.parse(found.content) == cap.parse(PLAIN)


def test_a_signature_of_another_document_is_refused() -> None:
    other = etree.fromstring(signed(keys.observatory(), sample("thunderstorm.xml")))
    root = etree.fromstring(PLAIN)
    signature = other.find(f"{{{DS}}}Signature")
    assert signature is not None
    root.append(signature)
    assert refused(etree.tostring(root)) == "altered"


def test_another_key_in_the_same_certificate_is_refused() -> None:
    def swap(_: etree._Element, signature: etree._Element) -> None:
        text = base64.b64encode(keys.observatory().certificate.public_bytes(Encoding.DER)).decode()
        for each in signature.iter(f"{{{DS}}}X509Certificate"):
            each.text = text

    assert refused(rebuilt(signed(keys.stranger()), swap)) == "altered"


@pytest.mark.parametrize("where", ["object", "beside", "inside", "twice"])
def test_what_was_signed_cannot_be_moved_aside(where: str) -> None:
    """The wrapping attacks: the signed alert goes somewhere else, a forged one takes its place."""
    genuine = etree.fromstring(signed(keys.observatory()))
    genuine_signature = genuine.find(f"{{{DS}}}Signature")
    assert genuine_signature is not None
    forged = etree.fromstring(PLAIN.replace("蓝色".encode(), "红色".encode()))
    if where == "object":
        forged.append(genuine_signature)
        etree.SubElement(genuine_signature, f"{{{DS}}}Object").append(genuine)
    elif where == "beside":
        forged.append(genuine_signature)
        forged.append(genuine)
    elif where == "inside":
        forged.append(genuine)
    else:
        forged.append(genuine_signature)
        forged.append(etree.fromstring(etree.tostring(genuine_signature)))
    assert refused(etree.tostring(forged)) in ("form", "altered")


def test_a_reference_to_a_part_is_refused_though_it_is_rightly_signed() -> None:
    root = etree.fromstring(PLAIN)
    root[-1].set("Id", "part")
    signer = XMLSigner()
    part = signer.sign(
        root, key=keys.observatory().key, cert=[keys.observatory().certificate], reference_uri="part"
    )
    assert refused(etree.tostring(part)) == "form"
    detached = XMLSigner(method=SignatureConstructionMethod.enveloping).sign(
        etree.fromstring(PLAIN), key=keys.observatory().key, cert=[keys.observatory().certificate]
    )
    assert refused(etree.tostring(detached)) == "form"


@pytest.mark.parametrize(
    ("element", "algorithm"),
    [
        ("SignatureMethod", f"{DS}rsa-sha1"),
        ("SignatureMethod", f"{DS}hmac-sha1"),
        ("SignatureMethod", SignatureMethod.HMAC_SHA256.value),
        ("SignatureMethod", "none"),
        ("DigestMethod", DigestAlgorithm.SHA1.value),
        ("DigestMethod", "http://www.w3.org/2001/04/xmldsig-more#md5"),
        ("CanonicalizationMethod", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"),
    ],
)
def test_weak_and_unknown_algorithms_are_refused(element: str, algorithm: str) -> None:
    def weaken(_: etree._Element, signature: etree._Element) -> None:
        for each in signature.iter(f"{{{DS}}}{element}"):
            each.set("Algorithm", algorithm)

    assert refused(rebuilt(signed(keys.observatory()), weaken)) == "algorithm"


def test_transforms_that_could_leave_something_out_are_refused() -> None:
    def cut(_: etree._Element, signature: etree._Element) -> None:
        transforms = signature.find(f".//{{{DS}}}Transforms")
        assert transforms is not None
        etree.SubElement(
            transforms, f"{{{DS}}}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"
        )

    assert refused(rebuilt(signed(keys.observatory()), cut)) == "form"


@pytest.mark.parametrize(
    "emptied",
    [
        "SignatureValue",
        "DigestValue",
        "X509Certificate",
        "SignedInfo",
        "SignatureMethod",
        "DigestMethod",
        "KeyInfo",
    ],
)
def test_a_signature_with_a_hole_is_refused(emptied: str) -> None:
    def empty(_: etree._Element, signature: etree._Element) -> None:
        for each in list(signature.iter(f"{{{DS}}}{emptied}")):
            each.clear()

    assert refused(rebuilt(signed(keys.observatory()), empty))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 6000), st.integers(0, 3), st.binary(max_size=4)), min_size=1, max_size=4
    )
)
def test_any_damage_is_refused_or_left_the_signed_text_alone(damage: list[tuple[int, int, bytes]]) -> None:
    data = signed(keys.observatory())
    for at, cut, put in damage:
        data = data[:at] + put + data[at + cut :]
    with suppress(BadSignature):
        found = verify(data, [keys.observatory().certificate], NOW)
        assert cap.parse(found.content) == cap.parse(PLAIN)
