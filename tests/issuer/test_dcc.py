"""DCC files: each fixture is accepted or refused as named; schema, rules, signature and header, one by one."""

import random
import shutil
from functools import cache
from pathlib import Path

import pytest

from certlog.digests import sha256
from certlog.errors import InvalidInput
from issuer import dcc_rules
from issuer.dcc import Dcc, DccChecks
from issuer.dcc_schema import open_schema_folder
from issuer.dcc_signature import XmlSignature
from issuer.dcc_xml import parse_xml
from tests.support.controls import Control, require_noticed
from tests.support.deep import cases
from tests.support.fixtures import fixtures_dir


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
    assert found == [("Count: 3", 3), ("Other: …", 1), ("Other: …", 3)]


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
