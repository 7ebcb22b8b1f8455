"""The XML signature inside a DCC (threat C2): whole, once, at its place; a wrapped or changed one is refused."""

import base64
import datetime as dt
import importlib
import re
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from certlog.errors import InvalidInput
from issuer import dcc_signature
from issuer.dcc_signature import XmlSignature, check_signature
from issuer.dcc_xml import parse_xml
from tests.support.controls import Control, nothing, require_noticed
from tests.support.fixtures import fixtures_dir

signxml: Any = importlib.import_module("signxml")  # it exports no types

DCC = "{https://ptb.de/dcc}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"


def example(name: str) -> bytes:
    return fixtures_dir("ptb-dcc", "examples", name).read_bytes()


@cache
def signer() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Phòng Hiệu chuẩn Mẫu")])
    day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(day).not_valid_after(day.replace(year=2036))
    return key, built.sign(key, hashes.SHA256())


def signed() -> etree._Element:
    key, certificate = signer()
    enveloped = signxml.SignatureConstructionMethod.enveloped
    algorithm = signxml.SignatureMethod.ECDSA_SHA256
    maker = signxml.XMLSigner(method=enveloped, signature_algorithm=algorithm)
    root: etree._Element = maker.sign(etree.fromstring(example("valid.xml")), key=key, cert=[certificate])
    return root


def check(root: etree._Element) -> XmlSignature:
    return check_signature(parse_xml(etree.tostring(root), "x.xml"), "x.xml")


def original(root: etree._Element) -> etree._Element:
    """A copy of the document as it was signed."""
    copy: etree._Element = etree.fromstring(etree.tostring(root))
    return copy


def forge(root: etree._Element) -> None:
    number = root.find(f"{DCC}administrativeData/{DCC}coreData/{DCC}uniqueIdentifier")
    assert number is not None
    number.text = "FORGED"


def signature_of(root: etree._Element) -> etree._Element:
    found = root.find(f"{DS}Signature")
    assert found is not None
    return found


def xsw_twice(root: etree._Element) -> None:
    """The signed document and its signature hidden in a forged one, which has a signature of its own."""
    good = original(root)
    forge(root)
    comment = etree.SubElement(root, f"{DCC}comment")
    comment.append(good)


def xsw_moved_into_comment(root: etree._Element) -> None:
    good = original(root)
    good.remove(signature_of(good))
    forge(root)
    signature = signature_of(root)
    comment = etree.Element(f"{DCC}comment")
    signature.addprevious(comment)
    comment.append(good)


def xsw_reference_to_the_good_part(root: etree._Element) -> None:
    xsw_moved_into_comment(root)
    good = root.find(f"{DCC}comment/{DCC}digitalCalibrationCertificate")
    assert good is not None
    good.set("Id", "good")
    next(root.iter(f"{DS}Reference")).set("URI", "#good")


def xsw_object(root: etree._Element) -> None:
    good = original(root)
    forge(root)
    holder = etree.SubElement(signature_of(root), f"{DS}Object")
    holder.set("Id", "good")
    holder.append(good)
    next(root.iter(f"{DS}Reference")).set("URI", "#good")


def xsw_two_references(root: etree._Element) -> None:
    reference = next(root.iter(f"{DS}Reference"))
    reference.addnext(etree.fromstring(etree.tostring(reference)))
    reference.set("URI", "#part")


def xsw_many_references(root: etree._Element) -> None:
    reference = next(root.iter(f"{DS}Reference"))
    for _ in range(2):
        other = etree.fromstring(etree.tostring(reference))
        other.set("URI", "#properties")
        other.set("Type", "http://uri.etsi.org/01903#SignedProperties")
        reference.addnext(other)


def xsw_no_reference(root: etree._Element) -> None:
    reference = next(root.iter(f"{DS}Reference"))
    parent = reference.getparent()
    assert parent is not None
    parent.remove(reference)


def xsw_not_last(root: etree._Element) -> None:
    etree.SubElement(root, f"{DCC}comment")


def xsw_not_in_the_root(root: etree._Element) -> None:
    signature, first = signature_of(root), root[0]
    first.append(signature)


def transform(algorithm: str) -> "object":
    def change(root: etree._Element) -> None:
        next(root.iter(f"{DS}Transform")).addnext(etree.Element(f"{DS}Transform", Algorithm=algorithm))

    return change


def xsw_without_enveloped(root: etree._Element) -> None:
    first = next(root.iter(f"{DS}Transform"))
    parent = first.getparent()
    assert parent is not None
    parent.remove(first)


WRAPPED = {
    "two signatures": xsw_twice,
    "moved into a comment": xsw_moved_into_comment,
    "reference to the good part": xsw_reference_to_the_good_part,
    "in an object of the signature": xsw_object,
    "two references": xsw_two_references,
    "many references": xsw_many_references,
    "no reference": xsw_no_reference,
    "not last": xsw_not_last,
    "not in the root": xsw_not_in_the_root,
    "no enveloped transform": xsw_without_enveloped,
    "XPath": transform("http://www.w3.org/TR/1999/REC-xpath-19991116"),
    "XPath filter": transform("http://www.w3.org/2002/06/xmldsig-filter2"),
    "XSLT": transform("http://www.w3.org/TR/1999/REC-xslt-19991116"),
    "base64": transform("http://www.w3.org/2000/09/xmldsig#base64"),
    "forged number": forge,
}


PLACE = "expected one signature, as the last element of the root"
PART = "over a part of it"
TRANSFORM = "a transform other than enveloped signature and canonical XML"
BROKEN = "does not verify"
SAID = {
    "two signatures": PLACE,
    "moved into a comment": BROKEN,
    "reference to the good part": PART,
    "in an object of the signature": PLACE,
    "two references": PART,
    "many references": PART,
    "no reference": PART,
    "not last": PLACE,
    "not in the root": PLACE,
    "no enveloped transform": TRANSFORM,
    "XPath": TRANSFORM,
    "XPath filter": TRANSFORM,
    "XSLT": TRANSFORM,
    "base64": TRANSFORM,
    "forged number": BROKEN,
}
"""Which step refuses: what is behind it may refuse too, and would hide that the step is gone."""


@pytest.mark.parametrize("name", WRAPPED)
def test_a_wrapped_or_changed_signature_is_refused(name: str) -> None:
    root = signed()
    assert check(root) is XmlSignature.VALID
    change = WRAPPED[name]
    assert callable(change)
    change(root)
    with pytest.raises(InvalidInput, match=f"x.xml: .*{SAID[name]}") as refused:
        check(root)
    assert refused.value.code == "dcc-signature"


def test_a_signature_of_an_algorithm_that_is_not_supported_is_not_checked() -> None:
    data = etree.tostring(signed()).replace(b"2001/04/xmldsig-more#ecdsa-sha256", b"2000/09/xmldsig#rsa-sha1")
    assert check(etree.fromstring(data)) is XmlSignature.NOT_CHECKED


def test_a_signature_without_a_certificate_is_not_checked() -> None:
    root = signed()
    info = signature_of(root).find(f"{DS}KeyInfo")
    assert info is not None
    signature_of(root).remove(info)
    assert check(root) is XmlSignature.NOT_CHECKED


def test_a_certificate_that_is_no_base64_is_refused() -> None:
    root = signed()
    next(root.iter(f"{DS}X509Certificate")).text = "§"
    with pytest.raises(InvalidInput, match="not base64"):
        check(root)


def test_a_certificate_of_another_is_refused() -> None:
    other = base64.b64encode(signer()[1].public_bytes(Encoding.DER)).decode()
    data = re.sub(r"(<ds:X509Certificate>)[^<]*", rf"\1{other}", example("valid_signature.xml").decode())
    with pytest.raises(InvalidInput, match="does not verify") as refused:
        check_signature(parse_xml(data.encode(), "x.xml"), "x.xml")
    assert refused.value.code == "dcc-signature"


def test_signatures_that_are_not_looked_at_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def test() -> None:
        assert check(etree.fromstring(example("valid_signature.xml"))) is XmlSignature.VALID
        test_a_wrapped_or_changed_signature_is_refused("forged number")

    control = Control(dcc_signature, "_verify", lambda *_: XmlSignature.VALID, test)
    require_noticed(control, monkeypatch)


def test_references_that_are_not_looked_at_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def test() -> None:
        inner = example("valid.xml").decode().partition("?>")[2]
        nested = f"<dcc:comment>{inner}</dcc:comment></dcc:digitalCalibrationCertificate>"
        nested = nested.replace(
            "<dcc:digitalCalibrationCertificate ", '<dcc:digitalCalibrationCertificate Id="good" ', 1
        )
        end = "</dcc:digitalCalibrationCertificate>"
        root = etree.fromstring(example("valid.xml").decode().replace(end, nested, 1).encode())
        key, certificate = signer()
        maker = signxml.XMLSigner(signature_algorithm=signxml.SignatureMethod.ECDSA_SHA256)
        part = maker.sign(root, key=key, cert=[certificate], reference_uri="#good")
        forge(part)  # outside what was signed
        with pytest.raises(InvalidInput, match="over a part of it"):
            check(part)

    require_noticed(Control(dcc_signature, "_require_whole", nothing, test), monkeypatch)
