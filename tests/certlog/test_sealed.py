"""Sealed content: opened by its own key for its own hash, and by nothing else (vectors/sealed holds the cases)."""

import pytest

from certlog.digests import sha256
from certlog.documents import MAX_DOCUMENT_BYTES, SecuredDocument
from certlog.encoding import b64url
from certlog.errors import InvalidInput
from certlog.sealed import (
    MAX_SEALED_BYTES,
    SEALED_OVERHEAD,
    key_from_text,
    key_text,
    open_sealed,
    require_sealed_length,
    seal,
)
from tests.support.certificates import conformity_content
from tests.support.signing import ed25519
from tools.vectors.documents import signed

KEY = bytes(range(16))
NONCE = bytes(range(12))


def sealed(document: SecuredDocument, key: bytes = KEY) -> bytes:
    return seal(document.to_bytes(), document.document_hash, key=key, nonce=NONCE)


def test_what_was_sealed_opens_again_and_shows_none_of_its_text() -> None:
    document = signed(ed25519("issuer"))
    blob = sealed(document)
    assert open_sealed(blob, KEY, document.document_hash) == document
    assert len(blob) == len(document.to_bytes()) + SEALED_OVERHEAD
    assert str(document.content["certificateNumber"]).encode() not in blob


def test_a_changed_byte_anywhere_is_noticed() -> None:
    document = signed(ed25519("issuer"))
    blob = sealed(document)
    for place in range(len(blob)):
        changed = blob[:place] + bytes([blob[place] ^ 0x80]) + blob[place + 1 :]
        with pytest.raises(InvalidInput, match="does not open"):
            open_sealed(changed, KEY, document.document_hash)


def test_content_of_another_certificate_does_not_open_for_this_one() -> None:
    document = signed(ed25519("issuer"))
    other = signed(ed25519("issuer"), conformity_content() | {"certificateNumber": "ANOTHER"})
    with pytest.raises(InvalidInput, match="does not open"):
        open_sealed(sealed(other), KEY, document.document_hash)


def test_what_an_issuer_sealed_for_a_hash_that_is_not_its_own_is_refused() -> None:
    document = signed(ed25519("issuer"))
    other = signed(ed25519("issuer"), conformity_content() | {"certificateNumber": "ANOTHER"})
    blob = seal(other.to_bytes(), document.document_hash, key=KEY, nonce=NONCE)
    with pytest.raises(InvalidInput, match=f"expected the document with hash {document.document_hash.hex()}"):
        open_sealed(blob, KEY, document.document_hash)


def test_the_same_content_with_another_salt_has_another_hash() -> None:
    # Without the salt, a guess at number, customer and date could be confirmed from the hash in the log.
    content = conformity_content()
    salts = [b64url(sha256(bytes([number]))[:16]) for number in range(100)]
    hashes = {signed(ed25519("issuer"), content | {"salt": salt}).document_hash for salt in salts}
    assert len(hashes) == 100


@pytest.mark.parametrize("length", [0, SEALED_OVERHEAD, MAX_SEALED_BYTES + 1])
def test_lengths_that_no_sealed_content_has_are_refused(length: int) -> None:
    with pytest.raises(InvalidInput, match="expected sealed content of 29 to 262172 bytes"):
        require_sealed_length(bytes(length))


@pytest.mark.parametrize("length", [0, MAX_DOCUMENT_BYTES + 1])
def test_no_document_and_a_document_that_is_too_large_are_not_sealed(length: int) -> None:
    document = signed(ed25519("issuer"))
    with pytest.raises(InvalidInput, match=f"found {length}"):
        seal(bytes(length), document.document_hash, key=KEY, nonce=NONCE)


@pytest.mark.parametrize("length", [0, 15, 17, 24, 32])
def test_a_key_has_16_bytes_also_where_the_cipher_would_take_more(length: int) -> None:
    document = signed(ed25519("issuer"))
    with pytest.raises(InvalidInput, match="expected a key of 16 bytes"):
        sealed(document, bytes(length))


@pytest.mark.parametrize("length", [0, 11, 13])
def test_a_nonce_has_12_bytes(length: int) -> None:
    document = signed(ed25519("issuer"))
    with pytest.raises(InvalidInput, match="expected a nonce of 12 bytes"):
        seal(document.to_bytes(), document.document_hash, key=KEY, nonce=bytes(length))


def test_the_text_of_a_key_has_22_characters_and_leads_back() -> None:
    assert len(key_text(KEY)) == 22
    assert key_from_text(key_text(KEY)) == KEY


@pytest.mark.parametrize("text", ["", "A" * 21, "A" * 23, "A" * 21 + "=", "A" * 21 + "B", "Ả" * 22])
def test_what_cannot_be_a_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidInput, match="expected the 22 letters") as refusal:
        key_from_text(text)
    assert not text or text not in str(refusal.value)
