"""The closed schema of certificates of conformity and the rules between members: each breach is told by its place."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator, meta

from certlog.credential import (
    ClaimedScope,
    check_certificate,
    check_gtin,
    claimed_scopes,
    credential_status,
    find_problems,
    issuer_of,
    number_of,
    slot_of,
    validity,
    version_of,
)
from certlog.errors import InvalidInput
from certlog.schemas.conformity import CONFORMITY_CERTIFICATE
from certlog.slots import LIST_SIZE, Slot
from certlog.strict_json import JSONObject
from certlog.timestamps import parse_time
from tests.support.certificates import SAMPLE_AUTHORITY, SAMPLE_ORIGIN, conformity_content

ACCREDITATION = {
    "body": "BoA",
    "code": "VICAS 999",
    "standard": "ISO/IEC 17065:2012",
    "validUntil": "2029-01-01",
    "status": "accredited",
}
REPLACES = {"id": "urn:uuid:0192f3a0-7c1e-4b3a-9d55-2f1c6a0b9e11", "digest": "A" * 43, "reason": "renewed"}
BATCH = {"no": "LOT 1", "qty": "12 cái"}
DROP = object()


def changed(*changes: tuple[str, Any], of: "JSONObject | None" = None) -> JSONObject:
    """Return the sample (or another) with members set, or dropped, by JSON pointer."""
    content: Any = of or conformity_content()
    for pointer, value in changes:
        *path, last = (int(step) if step.isdigit() else step for step in pointer.split("/")[1:])
        holder = content
        for step in path:
            holder = holder[step]
        if value is DROP:
            del holder[last]
        else:
            holder[last] = value
    result: JSONObject = content
    return result


def lot() -> JSONObject:
    """Return a correct certificate of a lot."""
    return changed(
        ("/validUntil", DROP),
        ("/credentialSubject/expiryDate", DROP),
        ("/credentialSubject/certificateKind", "batch"),
        ("/credentialSubject/scheme/vnMethod", 7),
        ("/credentialSubject/products/0/batch", BATCH),
    )


def management_system() -> JSONObject:
    """Return a correct certificate of a management system."""
    return changed(
        ("/credentialSubject/certificateKind", "management_system"),
        ("/credentialSubject/designation", DROP),
        ("/credentialSubject/products", DROP),
        ("/credentialSubject/scheme", DROP),
        ("/credentialSubject/criteria/0", {"kind": "ISO", "number": "ISO 9001:2015", "year": 2015}),
        ("/credentialSubject/accreditation", ACCREDITATION),
    )


@pytest.mark.parametrize("content", [conformity_content(), lot(), management_system()])
def test_a_correct_certificate_is_accepted(content: JSONObject) -> None:
    check_certificate(content, origin=SAMPLE_ORIGIN)


@pytest.mark.parametrize(
    ("pointer", "value", "place", "message"),
    [
        ("/proof", {}, "", "Additional properties"),
        ("/credentialSubject/colour", "red", "/credentialSubject", "Additional properties"),
        ("/credentialSubject/products/0/price", "1", "/credentialSubject/products/0", "Additional properties"),
        ("/@context/1", "https://example.com/ctx", "/@context", "const|was expected"),
        ("/type/1", "Diploma", "/type", "one of ConformityCertificate"),
        ("/id", "urn:uuid:1", "/id", "does not match"),
        ("/issuer/id", "did:ethr:0x1", "/issuer/id", "does not match"),
        ("/issuer/legalId", DROP, "/issuer", "required"),
        ("/salt", "AAAA", "/salt", "does not match"),
        ("/certificateNumber", "M" * 61, "/certificateNumber", "longer than 60"),
        ("/certificateNumber", " M", "/certificateNumber", "does not match"),
        ("/certificateNumber", "M\u202e1", "/certificateNumber", r"U\+202E"),
        ("/certificateNumber", "e\u0301", "/certificateNumber", "NFC"),
        ("/version", 0, "/version", "less than the minimum"),
        ("/version", 1.0, "/version", "float is not allowed"),
        ("/version", 2, "", '"replaces" is a required'),
        ("/validFrom", "2026-11-20", "/validFrom", "does not match"),
        ("/validFrom", "2026-11-20T00:00:00", "/validFrom", "does not match"),
        ("/validFrom", "2026-11-31T00:00:00Z", "/validFrom", "a time that exists"),
        ("/validFrom", "2026-11-17T00:00:00+07:00", "/validFrom", "expected the decision's date 2026-11-18"),
        ("/validUntil", DROP, "", '"validUntil" is a required'),
        ("/validUntil", "2026-11-19T00:00:00+07:00", "/validUntil", "after validFrom"),
        ("/validUntil", "2029-11-18T23:59:59+07:00", "/credentialSubject/expiryDate", "2029-11-18"),
        ("/issuedEarlier", "2020-02-30", "/issuedEarlier", "a date that exists"),
        ("/name", [], "/name", "oneOf|not valid"),
        ("/name/0/@language", "fr", "/name", "oneOf|not valid"),
        ("/language", "fr", "/language", "is not one of"),
        ("/credentialSubject/expiryDate", DROP, "/credentialSubject", '"expiryDate" is a required'),
        ("/credentialSubject/issueDate", "2026-11-17", "/credentialSubject/issueDate", "the decision"),
        ("/credentialSubject/originalIssueDate", "2026-11-21", "/credentialSubject/originalIssueDate", "earlier"),
        ("/credentialSubject/decisionDate", "2026-13-01", "/credentialSubject/decisionDate", "exists"),
        ("/credentialSubject/designation", DROP, "/credentialSubject", '"designation" is a required'),
        (
            "/credentialSubject/designation/validUntil",
            "2026-11-17",
            "/credentialSubject/designation/validUntil",
            "in force on the day of the decision",
        ),
        (
            "/credentialSubject/cbRegistration/validUntil",
            "2026-11-17",
            "/credentialSubject/cbRegistration/validUntil",
            "in force on the day of the decision",
        ),
        (
            "/credentialSubject/accreditation",
            ACCREDITATION | {"validUntil": "2026-01-01"},
            "/credentialSubject/accreditation/validUntil",
            "in force on the day of the decision",
        ),
        (
            "/credentialSubject/accreditation",
            ACCREDITATION | {"status": "unaccredited"},
            "/credentialSubject/accreditation/status",
            "is not one of",
        ),
        ("/credentialSubject/products", DROP, "/credentialSubject", '"products" is a required'),
        ("/credentialSubject/products", [], "/credentialSubject/products", "fewer|less than 1"),
        ("/credentialSubject/scheme", DROP, "/credentialSubject", '"scheme" is a required'),
        ("/credentialSubject/scheme/vnMethod", 9, "/credentialSubject/scheme/vnMethod", "greater than"),
        ("/credentialSubject/scheme/vnMethod", 7, "/credentialSubject/scheme/vnMethod", "certificateKind batch"),
        ("/credentialSubject/products/0/gtin", "8930000000010", "/credentialSubject/products/0/gtin", "check digit"),
        ("/credentialSubject/products/0/gtin", "893000000001", "/credentialSubject/products/0/gtin", "check digit"),
        ("/credentialSubject/products/0/gtin", "893", "/credentialSubject/products/0/gtin", "does not match"),
        ("/credentialSubject/client/legalId", "123", "/credentialSubject/client/legalId", "10 digits"),
        ("/credentialSubject/client/country", "vn", "/credentialSubject/client/country", "does not match"),
        ("/credentialSubject/criteria/0/kind", "TCVN", "/credentialSubject/criteria", "valid under the given schema"),
        ("/credentialSubject/criteria/0/year", 2010, "/credentialSubject/criteria/0/year", "expected the year"),
        ("/credentialSubject/criteria/0/number", "TCVN 4:2009", "/credentialSubject/criteria/0/number", "with QCVN"),
        ("/credentialStatus/0/statusListIndex", "1", "/credentialStatus", "exactly the revocation and"),
        ("/credentialStatus/0/statusPurpose", "suspension", "/credentialStatus", "expected a revocation entry"),
        ("/credentialStatus/0/statusListIndex", "131072", "/credentialStatus", "131072"),
        ("/credentialStatus/1", DROP, "/credentialStatus", "fewer|less than 2"),
    ],
)  # fmt: skip
def test_each_breach_is_told_by_its_place(pointer: str, value: object, place: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        check_certificate(changed((pointer, value)), origin=SAMPLE_ORIGIN)

    assert caught.value.place == place


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([("/validUntil", "2029-11-19T23:59:59+07:00")], "not"),
        ([("/credentialSubject/expiryDate", "2029-11-19")], "False schema|false"),
        ([("/credentialSubject/products/0/batch", DROP)], '"batch" is a required'),
        ([("/credentialSubject/scheme/vnMethod", 5)], "expected 7 or 8 for a lot"),
    ],
)
def test_a_lot_is_this_lot_only(changes: list[tuple[str, Any]], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        check_certificate(changed(*changes, of=lot()), origin=SAMPLE_ORIGIN)


def test_a_regulation_needs_a_designation_whatever_the_kind_is_called() -> None:
    content: Any = management_system()
    content["credentialSubject"]["criteria"].append(
        {"kind": "QCVN", "number": "QCVN 4:2009/BKHCN", "year": 2009}
    )
    with pytest.raises(InvalidInput, match='"designation" is a required'):
        check_certificate(content, origin=SAMPLE_ORIGIN)


def test_a_designation_without_a_regulation_is_refused() -> None:
    content: Any = management_system()
    sample: Any = conformity_content()
    content["credentialSubject"]["designation"] = sample["credentialSubject"]["designation"]
    with pytest.raises(InvalidInput, match="False schema|false") as caught:
        check_certificate(content, origin=SAMPLE_ORIGIN)
    assert caught.value.place == "/credentialSubject/designation"


def test_claims_are_the_designation_for_regulations_and_the_accreditation_for_all() -> None:
    criteria = [
        {"kind": "QCVN", "number": "QCVN 4:2009/BKHCN", "year": 2009},
        {"kind": "TCVN", "number": "TCVN 6610-3:2000", "year": 2000},
    ]
    content = changed(
        ("/credentialSubject/criteria", criteria), ("/credentialSubject/accreditation", ACCREDITATION)
    )
    check_certificate(content, origin=SAMPLE_ORIGIN)

    assert claimed_scopes(content) == (
        ClaimedScope("designation", SAMPLE_AUTHORITY, ("QCVN 4:2009/BKHCN",)),
        ClaimedScope("accreditation", "BoA", ("QCVN 4:2009/BKHCN", "TCVN 6610-3:2000")),
    )


def test_a_voluntary_certificate_without_accreditation_claims_nothing() -> None:
    content: Any = management_system()
    del content["credentialSubject"]["accreditation"]
    check_certificate(content, origin=SAMPLE_ORIGIN)

    assert claimed_scopes(content) == ()


def test_the_fields_that_others_need_are_read() -> None:
    content = conformity_content(slot=Slot(3, 131_071), number="A/1")

    assert (number_of(content), version_of(content), issuer_of(content)) == (
        "A/1",
        1,
        "did:web:mau.example.vn",
    )
    assert slot_of(content) == Slot(3, 131_071)
    assert validity(content) == (
        parse_time("2026-11-20T00:00:00+07:00"),
        parse_time("2029-11-19T23:59:59+07:00"),
    )
    assert validity(lot())[1] is None


def test_a_replacement_names_what_it_replaces() -> None:
    check_certificate(changed(("/version", 2), ("/replaces", REPLACES)), origin=SAMPLE_ORIGIN)


def test_status_entries_of_another_log_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"slot 0/0 at other\.example"):
        check_certificate(conformity_content(), origin="other.example")


@given(st.integers(0, 2**31 - 1), st.integers(0, LIST_SIZE - 1))
def test_every_slot_is_read_back_from_its_status_entries(number: int, index: int) -> None:
    content: JSONObject = {"credentialStatus": credential_status(SAMPLE_ORIGIN, Slot(number, index))}

    assert slot_of(content) == Slot(number, index)


@given(st.text("0123456789", min_size=13, max_size=13), st.integers(0, 12), st.integers(1, 9))
def test_every_wrong_digit_of_a_gtin_is_noticed(digits: str, position: int, change: int) -> None:
    right = next(digits[:-1] + last for last in "0123456789" if check_gtin(digits[:-1] + last))
    wrong = str((int(right[position]) + change) % 10)

    assert not check_gtin(right[:position] + wrong + right[position + 1 :])


@pytest.mark.parametrize("gtin", ["96385074", "614141999996", "4006381333931", "10614141000415"])
def test_published_gtins_have_right_check_digits(gtin: str) -> None:
    assert check_gtin(gtin)


def test_the_schema_is_a_valid_schema_of_its_dialect() -> None:
    meta.validate(CONFORMITY_CERTIFICATE)
    assert CONFORMITY_CERTIFICATE["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_our_certificates_satisfy_the_w3c_schema(fixtures: Path) -> None:
    path = fixtures / "w3c-vc-data-model/schema/verifiable-credential/verifiable-credential-schema.json"
    w3c = Draft202012Validator(json.loads(path.read_bytes()), offline=True)

    for content in (conformity_content(), lot(), management_system()):
        assert [error.message for error in w3c.iter_errors(content)] == []
    assert not w3c.is_valid(changed(("/type", DROP)))


_SCALARS = st.none() | st.booleans() | st.integers() | st.text()
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@given(_VALUES, st.sampled_from(sorted(conformity_content())))
def test_no_value_makes_the_check_fail_otherwise_than_by_refusing(value: Any, name: str) -> None:
    content = conformity_content()
    content[name] = value
    try:
        check_certificate(content, origin=SAMPLE_ORIGIN)
    except InvalidInput:
        return
    assert name in {"name", "certificateNumber"}


def test_a_document_of_many_faults_costs_no_more_than_its_first() -> None:
    # The 80,000 faults of these items took three seconds to list.
    content = changed(("/credentialSubject/criteria", [{"a": 1}] * 40_000))
    begun = time.process_time()
    with pytest.raises(InvalidInput, match="/credentialSubject/criteria"):
        check_certificate(content, origin=SAMPLE_ORIGIN)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(("country", "accepted"), [("DE", True), ("VN", False)])
def test_only_a_client_in_viet_nam_has_a_vietnamese_tax_code(country: str, accepted: bool) -> None:
    client = "/credentialSubject/client"
    content = changed((f"{client}/country", country), (f"{client}/legalId", "HRB 12345"))
    found = [problem.code for problem in find_problems(content, origin=SAMPLE_ORIGIN)]

    assert found == ([] if accepted else ["legal-id"])
