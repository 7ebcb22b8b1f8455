"""Single lines of a certificate's rules that no other case leans on: written for defects that went unnoticed."""

from pathlib import Path

import pytest

from certlog.certificate_id import certificate_id
from certlog.credential import find_problems
from certlog.documents import certificate_challenge, secure
from certlog.entry import certificate_entry
from certlog.sealed import open_sealed
from certlog.slots import Slot
from certlog.strict_json import JSONObject, get_list, get_object
from issuer.content_modes import ContentMode, Sealing, number_tag
from issuer.journal import JournalRow, open_journal
from issuer.submit import _batches
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN, conformity_content
from tests.support.signing import ed25519


def places(content: JSONObject) -> list[str]:
    return [problem.place for problem in find_problems(content, origin=SAMPLE_ORIGIN)]


def test_a_certificate_that_ends_when_it_begins_is_refused() -> None:
    content = conformity_content()
    assert places(content) == []
    assert "/validUntil" in places(content | {"validUntil": content["validFrom"]})


def test_a_standard_that_is_listed_twice_is_refused() -> None:
    content = conformity_content()
    subject = get_object(content, "credentialSubject")
    criteria = get_list(subject, "criteria")
    assert isinstance(criteria[0], dict)
    again = [*criteria, criteria[0] | {"title": [{"@value": "Another title", "@language": "en"}]}]
    found = places(content | {"credentialSubject": subject | {"criteria": again}})
    assert f"/credentialSubject/criteria/{len(criteria)}/number" in found


@pytest.mark.parametrize("mode", ContentMode)
def test_content_leaves_with_its_entry_only_as_it_was_chosen(tmp_path: Path, mode: ContentMode) -> None:
    slot = Slot(0, 0)
    document = secure(
        conformity_content(),
        signer=ed25519("issuer"),
        did=SAMPLE_DID,
        domain=SAMPLE_ORIGIN,
        challenge=certificate_challenge(slot),
        created=1_795_000_000,
    )
    row = JournalRow(
        document_hash=document.document_hash,
        id=certificate_id(document.document_hash),
        issuer=SAMPLE_DID,
        number="MAU-2026-0001",
        version=1,
        input_hash=bytes(32),
        slot=slot,
        document=document.to_bytes(),
        pdf_name=None,
        pdf_sha256=None,
        mode=mode,
        signed_at=1_795_000_000,
        sealing=Sealing(bytes(16), bytes(12)) if mode is ContentMode.SEALED else None,
    )
    with open_journal(tmp_path) as journal:
        journal.add_certificates([(row, certificate_entry(document, slot).to_bytes())])
        secret = journal.number_secret(bytes)
        (((_, item),),) = _batches(journal, journal.waiting())
    tag = number_tag(secret, "MAU-2026-0001", 1)
    assert item.document == (document.to_bytes() if mode is ContentMode.PUBLIC else None)
    assert item.number_tag == (None if mode is ContentMode.PUBLIC else tag)
    if mode is ContentMode.SEALED:
        assert item.sealed is not None
        assert open_sealed(item.sealed, bytes(16), document.document_hash) == document
    else:
        assert item.sealed is None
