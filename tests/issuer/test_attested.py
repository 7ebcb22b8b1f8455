"""Attested files: what a header must hold, what it claims, and what anyone may see of it."""

from collections.abc import Callable

import pytest

from certlog.attested import file_media_type, related_resource
from certlog.canonical import canonicalize
from certlog.credential import check_certificate, claimed_scopes, find_problems
from certlog.envelope import subject_of
from certlog.errors import InvalidInput
from certlog.profiles import is_confidential, public_members
from certlog.strict_json import JSONObject, JSONValue, get_object
from tests.support.attested import PDF_BYTES, attested_content
from tests.support.certificates import SAMPLE_ORIGIN, conformity_content

Change = Callable[[JSONObject], object]

# What a header must hold.


@pytest.mark.parametrize("kind", ["conformity", "calibration", "verification", "test", "inspection"])
def test_a_correct_header_of_each_kind_is_accepted(kind: str) -> None:
    check_certificate(attested_content(kind), origin=SAMPLE_ORIGIN)
    check_certificate(attested_content(kind, data=PDF_BYTES, stamped=True), origin=SAMPLE_ORIGIN)


def test_a_header_without_a_date_of_issue_needs_the_last_day_of_the_work() -> None:
    content = attested_content()
    del subject_of(content)["issueDate"]
    check_certificate(content, origin=SAMPLE_ORIGIN)
    del subject_of(content)["performedTo"]
    assert list(find_problems(content, origin=SAMPLE_ORIGIN))


def subject(**members: JSONValue) -> Change:
    return lambda content: subject_of(content).update(members)


def file(**members: JSONValue) -> Change:
    return lambda content: get_object(subject_of(content), "file").update(members)


QCVN: JSONValue = [{"kind": "QCVN", "number": "QCVN 4:2009/BKHCN", "year": 2009}]
DISGUISED: JSONValue = [{"kind": "other", "number": "Qcvn 4"}]
WRONG: dict[str, Change] = {
    "a public calibration": subject(visibility="public"),
    "a calibration with an end": subject(expiryDate="2027-11-20"),
    "no such kind": subject(attestedKind="certification"),
    "no items": subject(items=[]),
    "an unknown member": subject(results=[]),
    "a calibration that claims": subject(accreditation={}),
    "issued before it was done": subject(issueDate="2026-11-17"),
    "done before it came": subject(receiptDate="2026-11-19"),
    "done before it began": subject(performedTo="2026-11-17"),
    "a day that no calendar has": subject(issueDate="2026-11-31"),
    "a regulation without designation": subject(
        attestedKind="conformity", visibility="public", criteria=QCVN
    ),
    "a disguised regulation": subject(attestedKind="conformity", visibility="public", criteria=DISGUISED),
    "stamped XML": file(stamped=True),
    "another file's hash": file(sourceDigest="A" * 43),
    "a hash of another length": file(sourceDigest="A" * 42),
    "a PDF by its word": file(mediaType="application/pdf"),
    "another media type": file(mediaType="text/html"),
    "no related file": lambda content: content.pop("relatedResource"),
    "two related files": lambda content: content.update(
        relatedResource=[related_resource("application/xml", bytes(32))] * 2
    ),
    "an end that is not its expiry": lambda content: content.update(validUntil="2027-11-20T00:00:00+07:00"),
}


FOUND: dict[str, tuple[str, str]] = {
    "a public calibration": ("visibility", "schema-const"),
    "a calibration with an end": ("expiryDate", "schema-falseSchema"),
    "no such kind": ("attestedKind", "schema-enum"),
    "no items": ("items", "schema-minItems"),
    "an unknown member": ("", "schema-additionalProperties"),
    "a calibration that claims": ("accreditation", "schema-falseSchema"),
    "issued before it was done": ("issueDate", "date-order"),
    "done before it came": ("performedFrom", "date-order"),
    "done before it began": ("performedTo", "date-order"),
    "a day that no calendar has": ("issueDate", "bad-time"),
    "a regulation without designation": ("", "schema-required"),
    "a disguised regulation": ("", "schema-required"),
    "stamped XML": ("file/stamped", "file"),
    "another file's hash": ("/relatedResource", "file"),
    "a hash of another length": ("file/sourceDigest", "schema-pattern"),
    "a PDF by its word": ("/relatedResource", "file"),
    "another media type": ("file/mediaType", "schema-enum"),
    "no related file": ("/relatedResource", "file"),
    "two related files": ("/relatedResource", "file"),
    "an end that is not its expiry": ("", "schema-not"),
}


def found_in(content: JSONObject) -> list[tuple[str, str]]:
    """Return (place below the subject, code) of each problem."""
    return [
        (
            problem.place.removeprefix("/credentialSubject").removeprefix("/")
            if problem.place.startswith("/credentialSubject")
            else problem.place,
            problem.code,
        )
        for problem in find_problems(content, origin=SAMPLE_ORIGIN)
    ]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_header_is_refused_at_its_member(name: str) -> None:
    content = attested_content()
    WRONG[name](content)

    assert FOUND[name] in found_in(content)
    with pytest.raises(InvalidInput):
        check_certificate(content, origin=SAMPLE_ORIGIN)


@pytest.mark.parametrize(
    ("until", "expiry", "found"),
    [
        ("2027-11-20T00:00:00+07:00", "2027-11-20", []),
        ("2027-11-20T00:00:00+07:00", "2027-11-21", [("expiryDate", "date-order")]),
        ("2026-11-20T00:00:00+07:00", "2026-11-20", [("/validUntil", "date-order")]),
    ],
)
def test_an_end_comes_after_the_beginning_and_is_the_expiry(
    until: str, expiry: str, found: list[tuple[str, str]]
) -> None:
    content = attested_content("inspection") | {"validUntil": until}
    subject(expiryDate=expiry)(content)

    assert found_in(content) == found


def test_a_name_of_an_item_stands_once_in_each_language() -> None:
    content = attested_content()
    subject(items=[{"name": [{"@language": "vi", "@value": name} for name in ("Cân", "Quả cân")]}])(content)

    assert found_in(content) == [("items/0/name", "language")]


def test_a_designation_claims_regulations_only_and_an_accreditation_every_standard() -> None:
    content, sample = attested_content("conformity", data=PDF_BYTES), subject_of(conformity_content())
    tcvn: JSONObject = {"kind": "TCVN", "number": "TCVN 7722-1:2017", "year": 2017}
    criteria: JSONValue = [{"kind": "QCVN", "number": "QCVN 4:2009/BKHCN", "year": 2009}, tcvn]
    accreditation: JSONObject = {
        "body": "Văn phòng Công nhận Mẫu",
        "code": "VICAS 1",
        "standard": "ISO/IEC 17065:2012",
        "validUntil": "2029-12-31",
        "status": "accredited",
    }
    subject(criteria=criteria, designation=sample["designation"], accreditation=accreditation)(content)

    assert [(claim.kind, claim.topics) for claim in claimed_scopes(content)] == [
        ("designation", ("QCVN 4:2009/BKHCN",)),
        ("accreditation", ("QCVN 4:2009/BKHCN", "TCVN 7722-1:2017")),
    ]


def test_a_dcc_version_is_xmls_and_a_designation_claims_the_regulations() -> None:
    content = attested_content("conformity", data=PDF_BYTES)
    file(dccVersion="3.3.0")(content)
    assert [problem.code for problem in find_problems(content, origin=SAMPLE_ORIGIN)] == ["file"]
    content = attested_content("conformity", data=PDF_BYTES)
    designation = subject_of(conformity_content())["designation"]
    subject(criteria=QCVN, designation=designation)(content)
    check_certificate(content, origin=SAMPLE_ORIGIN)
    assert [(claim.kind, claim.topics) for claim in claimed_scopes(content)] == [
        ("designation", ("QCVN 4:2009/BKHCN",))
    ]
    assert claimed_scopes(attested_content()) == ()


def test_of_a_confidential_file_nobody_sees_customer_dates_of_work_hash_or_whole_serial() -> None:
    content = attested_content()
    shown = canonicalize(public_members(content)).decode()
    assert is_confidential(content)
    for secret in ("Công ty TNHH Mẫu", "SN-77881234", "2026-11-18", "Nguyễn Văn Mẫu", "sourceDigest", "salt"):
        assert secret not in shown
    assert '"serial":"…1234"' in shown
    assert "VILAS 999" in shown


def test_of_a_public_file_all_is_shown_but_who_signed() -> None:
    content = attested_content("inspection")
    shown = canonicalize(public_members(content)).decode()
    assert not is_confidential(content)
    assert "Công ty TNHH Mẫu" in shown
    assert "Nguyễn Văn Mẫu" not in shown


def test_a_shorter_serial_number_is_not_shown_at_all() -> None:
    content = attested_content()
    subject(items=[{"name": "Cân", "serial": "1234567"}])(content)
    assert "serial" not in canonicalize(public_members(content)).decode()


def test_only_an_attested_file_has_a_media_type() -> None:
    assert file_media_type(attested_content()) == "application/xml"
    assert file_media_type(conformity_content()) is None
