"""DCC files: each fixture is accepted or refused as named; schema, rules, signature and header, one by one."""

import base64
import datetime as dt
import importlib
import random
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from certlog.digests import sha256
from certlog.errors import InvalidInput
from issuer import dcc_rules, dcc_signature
from issuer.dcc import Dcc, DccChecks
from issuer.dcc_schema import open_schema_folder
from issuer.dcc_signature import XmlSignature, check_signature
from issuer.dcc_xml import parse_xml
from tests.support.controls import Control, nothing, require_noticed
from tests.support.deep import cases
from tests.support.fixtures import fixtures_dir

signxml: Any = importlib.import_module("signxml")  # it exports no types

DCC = "{https://ptb.de/dcc}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"


def example(name: str) -> bytes:
    folder = fixtures_dir("ptb-dcc")
    path = folder / name if name.startswith("minimal") else folder / "examples" / name
    return path.read_bytes()


@cache
def checks() -> DccChecks:
    return DccChecks.open(fixtures_dir("ptb-dcc", "schema"))


def read(data: bytes) -> Dcc:
    return checks().read(data, "x.xml")


ACCEPTED = {
    "valid.xml": XmlSignature.NONE,
    "valid_signature.xml": XmlSignature.VALID,
    "minimal-dcc-3.3.0-vi.xml": XmlSignature.NONE,
}
REFUSED = {
    "invalid_syntax.xml": "xml-syntax",
    "invalid_schema.xml": "dcc-schema",
    "invalid_schematron.xml": "dcc-rules",
    "invalid_signature.xml": "dcc-signature",
    # Named valid; yet its formula needs MathML's schema, and it uses a language that it does not declare.
    "valid_formula.xml": "dcc-schema",
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_an_example_is_accepted_as_it_is_named(name: str) -> None:
    dcc = read(example(name))
    assert (dcc.version, dcc.signature) == ("3.3.0", ACCEPTED[name])
    assert dcc.digest == sha256(example(name))


@pytest.mark.parametrize("name", REFUSED)
def test_an_example_is_refused_as_it_is_named(name: str) -> None:
    with pytest.raises(InvalidInput, match="x.xml") as refused:
        read(example(name))
    assert refused.value.code == REFUSED[name]


def test_every_example_of_ptb_is_among_them() -> None:
    found = {path.name for path in fixtures_dir("ptb-dcc", "examples").glob("*.xml")}
    assert found <= ACCEPTED.keys() | REFUSED.keys()


# Schema


def test_each_version_of_the_folder_is_checked_by_its_own_schema() -> None:
    assert checks().schemas.versions() == ["3.1.2", "3.2.0", "3.2.1", "3.3.0"]
    older = example("minimal-dcc-3.3.0-vi.xml").replace(b'schemaVersion="3.3.0"', b'schemaVersion="3.1.2"')
    with pytest.raises(InvalidInput, match="not valid by PTB's schema of DCC 3.1.2"):
        read(older)  # 3.1.2 has no issueDate


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("3.4.0", "schema is not in .*3.1.2, 3.2.0, 3.2.1, 3.3.0.*docs/dcc.md"),
        ("2.4.0", "expected schemaVersion"),
    ],
)
def test_a_version_without_a_schema_is_refused_with_the_remedy(version: str, message: str) -> None:
    data = example("valid.xml").replace(b'schemaVersion="3.3.0"', f'schemaVersion="{version}"'.encode())
    with pytest.raises(InvalidInput, match=message):
        read(data)


def test_another_document_is_no_dcc() -> None:
    with pytest.raises(InvalidInput, match="expected a digitalCalibrationCertificate"):
        read(b'<d xmlns="https://ptb.de/dcc" schemaVersion="3.3.0"/>')


def test_without_a_folder_it_is_told_how_to_get_the_schemas(tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        with pytest.raises(InvalidInput, match=r"dcc\.xsd.*--dcc-schema") as refused:
            DccChecks.open(folder)
        assert refused.value.code == "dcc-no-schema"


def test_a_folder_without_the_rules_or_an_import_is_refused(tmp_path: Path) -> None:
    schema = fixtures_dir("ptb-dcc", "schema", "dcc")
    (tmp_path / "dcc.xsd").write_bytes((schema / "v3.3.0" / "dcc.xsd").read_bytes())
    with pytest.raises(InvalidInput, match=r"dcc\.sch.* not in the folder"):
        DccChecks.open(tmp_path)
    with pytest.raises(InvalidInput, match="needs the schema of https://ptb.de/si"):
        open_schema_folder(tmp_path).require_valid(parse_xml(example("valid.xml"), "x"), "x")


def test_schemas_with_ptbs_own_addresses_in_them_are_joined_in_the_folder(tmp_path: Path) -> None:
    source = fixtures_dir("ptb-dcc", "schema", "dcc")
    addresses = {
        "../dsi/v2.2.1.xsd": "https://ptb.de/si/v2.2.1/SI_Format.xsd",
        "../xmldsig-core-schema.xsd": "https://ptb.de/dcc/d-si/xmldsig-core-schema.xsd",
        "../qudt/v2.2.1.xsd": "https://ptb.de/qudt/v2.2.1/qudt.xsd",
    }
    for number, path in enumerate(sorted(source.rglob("*.xsd"))):
        text = path.read_text("utf-8")
        for local, address in addresses.items():
            text = text.replace(f'schemaLocation="{local}"', f'schemaLocation="{address}"')
        (tmp_path / f"{number}.xsd").write_text(text, "utf-8")
    folder = open_schema_folder(tmp_path)
    assert folder.require_valid(parse_xml(example("valid.xml"), "x"), "x") == "3.3.0"


def test_a_schema_that_a_folder_breaks_is_refused(tmp_path: Path) -> None:
    shutil.copytree(fixtures_dir("ptb-dcc", "schema"), tmp_path / "s", copy_function=shutil.copyfile)
    path = tmp_path / "s" / "dcc" / "v3.3.0" / "dcc.xsd"
    path.write_bytes(path.read_bytes().replace(b'type="dcc:coreDataType"', b'type="dcc:absentType"'))
    with pytest.raises(InvalidInput, match=r"the schema of DCC 3\.3\.0 cannot be used"):
        open_schema_folder(tmp_path).require_valid(parse_xml(example("valid.xml"), "x"), "x")


# Rules


def broken(*changes: tuple[str, str]) -> bytes:
    text = example("valid.xml").decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text.encode()


RULES = {
    "date range": (
        ("<dcc:endPerformanceDate>1957-08-13", "<dcc:endPerformanceDate>1957-08-12"),
        "Invalid date range",
    ),
    "language": (("ISO639_1>en</dcc:used", "ISO639_1>fr</dcc:used"), "Invalid language code"),
    "language twice": (
        ("<dcc:mandatoryLang", "<dcc:usedLangCodeISO639_1>de</dcc:usedLangCodeISO639_1><dcc:mandatoryLang"),
        "Duplicate language code",
    ),
    "country": (("3166_1>DE<", "3166_1>XX<"), "Invalid ISO 3166-1 country code"),
    "reference": (("<dcc:item>", '<dcc:item refId="nowhere">'), "Invalid reference ID"),
}


@pytest.mark.parametrize("name", RULES)
def test_a_broken_rule_refuses_and_is_told_with_its_line(name: str) -> None:
    change, title = RULES[name]
    with pytest.raises(InvalidInput, match=rf"breaks PTB's rules at \d+ places: line [1-9]\d*: .*{title}"):
        read(broken(change))


def test_what_may_be_absent_is_told_and_does_not_refuse() -> None:
    advice = [finding.title for finding in read(example("minimal-dcc-3.3.0-vi.xml")).advice]
    assert advice == ["Missing influence conditions", "Invalid release version format"]
    assert read(example("valid.xml")).advice == ()


def test_a_document_that_keeps_the_rules_busy_is_given_up() -> None:
    root = parse_xml(example("valid.xml"), "x")
    seconds = iter(range(0, 10_000, 3))
    with pytest.raises(InvalidInput, match="need more than 30 seconds"):
        checks().rules.findings(root, "x", clock=lambda: float(next(seconds)))


SCHEMATRON = """<sch:schema xmlns:sch="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt2">
<sch:ns uri="https://ptb.de/dcc" prefix="dcc"/><sch:pattern><sch:let name="all" value="//*"/>
<sch:rule context="dcc:a">{rule}</sch:rule><sch:rule context="dcc:*">{other}</sch:rule></sch:pattern></sch:schema>"""


def rules_of(folder: Path, rule: str, other: str = "") -> dcc_rules.Rules:
    path = folder / "dcc.sch"
    path.write_text(SCHEMATRON.format(rule=rule, other=other))
    return dcc_rules.open_rules(path)


def test_the_first_rule_of_a_pattern_that_fits_a_node_counts(tmp_path: Path) -> None:
    other = '<sch:report role="error" test="true()">Other: …</sch:report>'
    rules = rules_of(
        tmp_path,
        '<sch:assert test="@b = count($all)">Count: <sch:value-of select="@b"/>.</sch:assert>',
        other,
    )
    root = parse_xml(b'<d xmlns="https://ptb.de/dcc">\n<a b="4"/>\n<a b="3"/><c/></d>', "x")
    found = [(finding.text, finding.line) for finding in rules.findings(root, "x")]
    assert found == [("Count: ….", 3), ("Other: …", 1), ("Other: …", 3)]


@pytest.mark.parametrize(
    "rule",
    [
        "<sch:assert test=\"doc('http://127.0.0.1/x')\">x</sch:assert>",
        "<sch:assert test=\"unparsed-text('/etc/hostname')\">x</sch:assert>",
        '<sch:let name="x" value="collection()"/>',
        '<sch:extends rule="y"/>',
    ],
)
def test_a_rule_that_would_reach_out_or_is_unknown_is_refused(rule: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="holds what is not run here"):
        rules_of(tmp_path, rule)


@pytest.mark.parametrize(
    "rule", ['<sch:assert test="((">x</sch:assert>', '<sch:assert test="x:y()">x</sch:assert>']
)
def test_a_rule_that_is_no_xpath_is_refused(rule: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="a rule cannot be read"):
        rules_of(tmp_path, rule)


def test_a_file_that_is_no_schematron_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dcc.sch"
    for text, message in (("<x/>", "expected a schematron"), ("<x", "cannot be read")):
        path.write_text(text)
        with pytest.raises(InvalidInput, match=message):
            dcc_rules.open_rules(path)


def test_rules_that_are_not_run_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def test() -> None:
        test_an_example_is_refused_as_it_is_named("invalid_schematron.xml")

    require_noticed(Control(dcc_rules._Run, "findings", lambda _: iter(()), test), monkeypatch)


# Signature: XSW (threat C2)


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


@pytest.mark.parametrize("name", WRAPPED)
def test_a_wrapped_or_changed_signature_is_refused(name: str) -> None:
    root = signed()
    assert check(root) is XmlSignature.VALID
    change = WRAPPED[name]
    assert callable(change)
    change(root)
    with pytest.raises(InvalidInput, match="x.xml") as refused:
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
        assert read(example("valid_signature.xml")).signature is XmlSignature.VALID
        test_a_wrapped_or_changed_signature_is_refused("forged number")

    control = Control(dcc_signature, "_verify", lambda *_: XmlSignature.VALID, test)
    require_noticed(control, monkeypatch)


def test_references_that_are_not_looked_at_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def test() -> None:
        inner = broken().decode().partition("?>")[2]
        nested = f"<dcc:comment>{inner}</dcc:comment></dcc:digitalCalibrationCertificate>"
        nested = nested.replace(
            "<dcc:digitalCalibrationCertificate ", '<dcc:digitalCalibrationCertificate Id="good" ', 1
        )
        root = etree.fromstring(broken(("</dcc:digitalCalibrationCertificate>", nested)))
        key, certificate = signer()
        maker = signxml.XMLSigner(signature_algorithm=signxml.SignatureMethod.ECDSA_SHA256)
        part = maker.sign(root, key=key, cert=[certificate], reference_uri="#good")
        forge(part)  # outside what was signed
        with pytest.raises(InvalidInput, match="over a part of it"):
            check(part)

    require_noticed(Control(dcc_signature, "_require_whole", nothing, test), monkeypatch)


# Header


def test_the_header_fills_the_parts_of_a_certificate() -> None:
    header = read(example("minimal-dcc-3.3.0-vi.xml")).header
    assert (header.number(), header.language()) == ("HC-2026-004512", "vi")
    assert header.dates() == {
        "performedFrom": "2026-11-18",
        "performedTo": "2026-11-18",
        "issueDate": "2026-11-20",
    }
    assert header.laboratory() == {"name": "Phòng mẫu", "address": "Hà Nội", "code": "VILAS 216"}
    assert header.customer() == {"name": "Khách hàng", "address": "Hà Nội"}
    name = [{"@language": "vi", "@value": "Nhiệt kế điện trở Pt100"}]
    assert header.items() == [{"name": name, "manufacturer": "Fluke", "model": "5615", "serial": "SN-778812"}]
    assert header.people() == [{"name": "Người A"}]


def test_a_comment_cannot_cut_a_text() -> None:
    data = broken(("<dcc:uniqueIdentifier>1234", "<dcc:uniqueIdentifier>12<!-- -->3<?x y?>4"))
    assert read(data).header.number() == "1234"


def test_only_the_header_at_its_own_place_counts() -> None:
    core = '<dcc:coreData xmlns:dcc="https://ptb.de/dcc"><dcc:uniqueIdentifier>FORGED</dcc:uniqueIdentifier></dcc:coreData>'
    whole = f'<dcc:administrativeData xmlns:dcc="https://ptb.de/dcc">{core}</dcc:administrativeData>'
    data = broken(
        (
            "</dcc:digitalCalibrationCertificate>",
            f"<dcc:comment>{whole}</dcc:comment></dcc:digitalCalibrationCertificate>",
        )
    )
    assert read(data).header.number() == "1234"


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("x" * 61, "expected 1 to 60 characters, found 61"),
        ("12\u202e34", "U\\+202E"),
        ("12\u200b34", "U\\+200B"),
    ],
)
def test_a_number_that_cannot_be_certified_is_refused(number: str, message: str) -> None:
    data = broken(("<dcc:uniqueIdentifier>1234", f"<dcc:uniqueIdentifier>{number}"))
    with pytest.raises(InvalidInput, match=message):
        read(data).header.number()


# Bytes changed at random: refused, or read; nothing else ever happens.


def damaged(seed: int) -> bytes:
    chance = random.Random(seed)
    data = bytearray(example(chance.choice(["valid.xml", "valid_signature.xml", "minimal-dcc-3.3.0-vi.xml"])))
    for _ in range(chance.randint(1, 4)):
        at, size = chance.randrange(len(data)), chance.randint(1, 40)
        cut = bytes(data[at : at + size])
        scrap = [b"", cut * 2, chance.randbytes(size), b"<!--", b"]]>", b"&lt;", b"<dcc:a/>", b"'", cut[::-1]]
        data[at : at + size] = chance.choice(scrap)
    return bytes(data)


def read_or_refuse(seed: int) -> None:
    try:
        dcc = read(damaged(seed))
        header = dcc.header
        for part in (
            header.number,
            header.dates,
            header.laboratory,
            header.customer,
            header.items,
            header.people,
        ):
            part()
    except InvalidInput:
        return
    assert dcc.signature is not XmlSignature.VALID or dcc.digest != sha256(example("valid_signature.xml"))


def test_random_damage_is_read_or_refused() -> None:
    for seed in range(60):
        read_or_refuse(seed)


@pytest.mark.deep
@pytest.mark.timeout(3600)
def test_a_campaign_of_random_damage_is_read_or_refused() -> None:
    for seed in range(60, 60 + cases(3000)):
        read_or_refuse(seed)
