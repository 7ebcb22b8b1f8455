"""What can be refused without looking at the log: forms, bindings, signatures, and content other than signed."""

import itertools
from dataclasses import replace

import pytest

from certlog.canonical import canonicalize
from certlog.credential import slot_of
from certlog.documents import MAX_DOCUMENT_BYTES, SecuredDocument, certificate_challenge, secure
from certlog.entry import MAX_ENTRY_BYTES, StatementEntry, certificate_entry
from certlog.errors import InvalidInput, NotTrusted, SignatureMismatch
from certlog.keys import Signer
from certlog.scopes import Names
from certlog.slots import Slot
from certlog.status import StatusAction, StatusStatement
from certlog.strict_json import JSONObject, parse_object
from certlog.timestamps import format_time
from certlog.trust import Enrol, TrustStatement
from registry.submission import NewCertificate, Submission, examine
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN, conformity_content
from tests.support.registry import START, as_submission
from tests.support.signing import ed25519, p256

SLOT = Slot(0, 7)
ISSUER = ed25519("issuer")


def _sign(
    content: JSONObject,
    *,
    domain: str = SAMPLE_ORIGIN,
    challenge: str = certificate_challenge(SLOT),
    signer: Signer = ISSUER,
    did: str = SAMPLE_DID,
) -> SecuredDocument:
    return secure(content, signer=signer, did=did, domain=domain, challenge=challenge, created=START)


def _certificate(**signing: str) -> SecuredDocument:
    return _sign(conformity_content(slot=SLOT), **signing)  # type: ignore[arg-type]  # one value type for all


def _examine(submission: Submission, submitter: str | None = None) -> None:
    examine(submission, origin=SAMPLE_ORIGIN, submitter=submitter)


@pytest.mark.parametrize("signer", [ed25519("issuer"), p256("issuer")], ids=["ed25519", "p256"])
def test_a_certificate_in_either_suite_passes_with_and_without_its_content(signer: Signer) -> None:
    document = _sign(conformity_content(slot=SLOT), signer=signer)
    for publish in (True, False):
        found = examine(
            as_submission(document, SLOT, publish=publish), origin=SAMPLE_ORIGIN, submitter=SAMPLE_DID
        )
        assert isinstance(found, NewCertificate)
        assert (found.document is not None) == publish


def _bodies() -> dict[str, JSONObject]:
    status = StatusStatement(
        certificate=_certificate().document_hash,
        issuer=SAMPLE_DID,
        action=StatusAction.SUSPEND,
        effective=format_time(START),
        previous=None,
        reason="misuse_of_mark",
    )
    trust = TrustStatement(SAMPLE_DID, None, Enrol(Names("Trung tâm Chứng nhận Mẫu"), "0109999999"))
    return {
        "certificate": conformity_content(slot=SLOT),
        "other-slot": conformity_content(slot=SLOT),
        "status": status.to_json(),
        "trust": trust.to_json(),
    }


CHALLENGES = {
    "certificate": certificate_challenge(SLOT),
    "other-slot": certificate_challenge(Slot(0, 8)),
    "status": "status",
    "trust": "trust",
}
LOGS = (SAMPLE_ORIGIN, "other.example.vn")


@pytest.mark.parametrize(
    ("made_for", "used_as", "log"), list(itertools.product(CHALLENGES, CHALLENGES, LOGS))
)
def test_a_signature_counts_only_for_its_own_kind_slot_and_log(made_for: str, used_as: str, log: str) -> None:
    """The replay matrix kind x slot x log: only the diagonal passes."""
    document = _sign(_bodies()[used_as], domain=log, challenge=CHALLENGES[made_for])
    match used_as:
        case "certificate":
            submission = as_submission(document, SLOT, publish=False)
        case "other-slot":
            submission = as_submission(document, Slot(0, 8), publish=False)
        case "status":
            submission = Submission(StatementEntry("status", document).to_bytes())
        case _:
            submission = Submission(StatementEntry("trust", document).to_bytes())
    if made_for == used_as and log == SAMPLE_ORIGIN:
        _examine(submission)
        return
    with pytest.raises(SignatureMismatch, match="expected (domain|challenge)"):
        _examine(submission)


def test_every_changed_byte_of_a_signature_is_refused() -> None:
    entry = parse_object(as_submission(_certificate(), SLOT).entry_bytes, max_bytes=8192)
    proof = entry["proof"]
    assert isinstance(proof, dict)
    value = str(proof["proofValue"])
    for position in range(1, len(value)):
        changed = value[:position] + ("2" if value[position] != "2" else "3") + value[position + 1 :]
        data = canonicalize(entry | {"proof": proof | {"proofValue": changed}})
        with pytest.raises(SignatureMismatch, match="does not verify|canonical form|64 bytes|proofValue"):
            _examine(Submission(data))


def test_an_entry_that_is_not_canonical_or_not_json_is_refused() -> None:
    data = as_submission(_certificate(), SLOT).entry_bytes
    with pytest.raises(InvalidInput, match="canonical form"):
        _examine(Submission(data.replace(b'{"documentHash"', b'{ "documentHash"')))
    with pytest.raises(InvalidInput, match="not JSON"):
        _examine(Submission(data[:-1]))
    with pytest.raises(InvalidInput, match="appears twice"):
        _examine(Submission(data.replace(b'"v":1}', b'"v":1,"v":1}')))


def test_an_epoch_cannot_be_submitted() -> None:
    root = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
    document: JSONObject = {
        "number": 0,
        "time": "2026-11-22T00:00:00Z",
        "asOf": 0,
        "statusLists": 0,
        "statusRoot": root,
        "trustRecords": 0,
        "trustRoot": root,
    }
    with pytest.raises(InvalidInput, match="only the log itself appends epochs"):
        _examine(Submission(canonicalize({"v": 1, "type": "epoch", "document": document})))


def test_a_token_submits_only_what_its_own_did_signed() -> None:
    with pytest.raises(NotTrusted, match="this API token submits for did:web:khac.example.vn"):
        _examine(as_submission(_certificate(), SLOT), "did:web:khac.example.vn")


def test_content_must_be_the_content_that_was_signed() -> None:
    document, other = _certificate(), _sign(conformity_content(slot=SLOT, number="MAU-2026-0002"))
    entry = certificate_entry(document, SLOT).to_bytes()
    with pytest.raises(InvalidInput, match="expected the document with hash .* send the very document"):
        _examine(Submission(entry, other.to_bytes()))
    signed_again = secure(
        document.content,
        signer=ISSUER,
        did=SAMPLE_DID,
        domain=SAMPLE_ORIGIN,
        challenge=certificate_challenge(SLOT),
        created=START + 1,
    )
    with pytest.raises(InvalidInput, match="the document's proof differs from the entry's"):
        _examine(Submission(entry, signed_again.to_bytes()))


def test_content_must_be_well_formed_and_name_its_signer_and_its_slot() -> None:
    short = conformity_content(slot=SLOT)
    del short["salt"]
    with pytest.raises(InvalidInput, match='"salt" is a required property'):
        _examine(as_submission(_sign(short), SLOT))
    foreign = conformity_content(slot=SLOT, did="did:web:khac.example.vn")
    with pytest.raises(InvalidInput, match="expected the signer did:web:mau.example.vn"):
        _examine(as_submission(_sign(foreign), SLOT))
    elsewhere = conformity_content(slot=Slot(0, 9))
    with pytest.raises(InvalidInput, match=r"expected the entry's slot \[0, 7\], found \[0, 9\]"):
        _examine(as_submission(_sign(elsewhere), SLOT))
    assert slot_of(elsewhere) == Slot(0, 9)


def test_a_statement_takes_no_document_beside_it() -> None:
    document = _sign(_bodies()["status"], challenge="status")
    entry = StatementEntry("status", document).to_bytes()
    with pytest.raises(InvalidInput, match="send no document beside it"):
        _examine(Submission(entry, document.to_bytes()))


def test_a_status_that_its_key_did_not_sign_is_refused() -> None:
    document = _sign(_bodies()["status"], challenge="status")
    other = _sign(_bodies()["status"] | {"reason": "investigation"}, challenge="status")
    forged = StatementEntry("status", replace(document, proof=other.proof)).to_bytes()

    with pytest.raises(SignatureMismatch, match="does not verify"):
        _examine(Submission(forged))


@pytest.mark.parametrize("beside", [{"sealed": bytes(100)}, {"number_tag": bytes(32)}])
def test_a_statement_takes_neither_sealed_content_nor_a_tag(beside: dict[str, bytes]) -> None:
    document = _sign(_bodies()["status"], challenge="status")

    with pytest.raises(InvalidInput, match="send no document beside it"):
        _examine(replace(Submission(StatementEntry("status", document).to_bytes()), **beside))  # type: ignore[arg-type]  # both are bytes


def test_values_that_were_read_already_are_held_to_the_same_sizes() -> None:
    document = _certificate()
    submission = as_submission(document, SLOT)
    entry = parse_object(submission.entry_bytes, max_bytes=MAX_ENTRY_BYTES)
    with pytest.raises(InvalidInput, match=f"expected at most {MAX_ENTRY_BYTES} bytes"):
        _examine(replace(submission, entry_bytes=bytes(MAX_ENTRY_BYTES + 1), entry_value=entry))
    large = bytes(MAX_DOCUMENT_BYTES + 1)
    with pytest.raises(InvalidInput, match=f"expected at most {MAX_DOCUMENT_BYTES} bytes"):
        _examine(replace(submission, document_bytes=large, document_value=document.to_json()))
