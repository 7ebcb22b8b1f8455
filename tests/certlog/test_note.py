"""Signed notes: the C2SP worked example, cosignatures, and lines of another form."""

import re
from typing import Final

import pytest

from certlog.encoding import b64
from certlog.errors import InvalidInput, SignatureMismatch
from certlog.note import (
    COSIGNATURE_V1,
    ED25519_NOTE,
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    NoteSignature,
    VerifierKey,
    cosignature_message,
    cosignature_time,
    note_signed_by,
    parse_note,
    sign_note,
)
from tests.support.fixtures import fixtures_dir
from tests.support.signing import Cosigner, cosigner, log_signer

LOG: Final = log_signer("log.example.vn")
TEXT: Final = "log.example.vn\n5\nzxingzxingzxing\n"
NOTE: Final = sign_note(TEXT, LOG)


def c2sp_example() -> tuple[str, str]:
    page = fixtures_dir("c2sp-spec-examples/signed-note-example.md").read_text(encoding="utf-8")
    key = re.search(r"^    (\S+)$", page, re.MULTILINE)
    note = re.search(r"^```\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert key
    assert note
    return key[1], note[1]


def test_the_worked_example_of_c2sp_verifies() -> None:
    vkey, note = c2sp_example()
    key = VerifierKey.from_text(vkey)
    assert key.to_text() == vkey
    assert (key.name, key.key_type, key.key_id.hex()) == ("example.com/foo", ED25519_NOTE, "530d903a")
    assert note_signed_by(parse_note(note), key)
    assert parse_note(note).text == "This is an example message.\n"


def test_the_worked_example_of_c2sp_with_another_text_does_not_verify() -> None:
    vkey, note = c2sp_example()
    with pytest.raises(SignatureMismatch, match="does not verify"):
        note_signed_by(
            parse_note(note.replace("example message", "exemple message")), VerifierKey.from_text(vkey)
        )


def test_a_note_that_we_sign_verifies_under_its_key_and_no_other() -> None:
    note = parse_note(NOTE)
    assert note.text == TEXT
    assert note_signed_by(note, LOG.verifier_key)
    assert not note_signed_by(note, log_signer("log.example.vn", "another").verifier_key)
    assert not note_signed_by(note, log_signer("other.example.vn").verifier_key)


def test_a_line_that_names_our_key_and_is_wrong_is_an_error_and_not_merely_absent() -> None:
    forged = parse_note(NOTE.replace("\n5\n", "\n6\n"))
    with pytest.raises(SignatureMismatch, match="does not verify"):
        note_signed_by(forged, LOG.verifier_key)


def test_signatures_of_unknown_keys_are_carried_and_ignored() -> None:
    unknown = f"— unknown.example {b64(b'abcd' + bytes(100))}\n"
    note = parse_note(NOTE + unknown)
    assert note.signatures[1] == NoteSignature("unknown.example", b"abcd", bytes(100))
    assert note_signed_by(note, LOG.verifier_key)


def test_a_cosignature_verifies_and_tells_its_time() -> None:
    witness = cosigner("witness.example.vn", time=1_795_316_400)
    note = parse_note(sign_note(TEXT, LOG, witness))
    assert note_signed_by(note, LOG.verifier_key)
    assert note_signed_by(note, witness.verifier_key)
    assert cosignature_time(note, witness.verifier_key) == 1_795_316_400
    assert cosignature_message(TEXT, 5) == b"cosignature/v1\ntime 5\n" + TEXT.encode()


def test_the_time_of_a_cosignature_is_signed() -> None:
    witness = cosigner("witness.example.vn", time=1_795_316_400)
    line = witness.sign(TEXT.encode())
    later = (1_795_316_401).to_bytes(8, "big") + line[8:]
    note = parse_note(f"{TEXT}\n— {witness.name} {b64(witness.verifier_key.key_id + later)}\n")
    with pytest.raises(SignatureMismatch, match="does not verify"):
        cosignature_time(note, witness.verifier_key)


def test_a_signature_of_a_text_is_no_cosignature_of_it() -> None:
    # The key types differ in the key id, so neither kind is read as the other.
    seed = LOG.seed
    witness = Cosigner(LOG.name, seed, 0).verifier_key
    assert (witness.raw, witness.key_type) == (LOG.verifier_key.raw, COSIGNATURE_V1)
    assert witness.key_id != LOG.verifier_key.key_id
    assert not note_signed_by(parse_note(NOTE), witness)
    assert cosignature_time(parse_note(NOTE), LOG.verifier_key) is None
    assert cosignature_time(parse_note(NOTE), witness) is None


@pytest.mark.parametrize("length", [0, 63, 64, 71, 73])
def test_a_cosignature_of_another_length_is_refused(length: int) -> None:
    key = cosigner("witness.example.vn", time=0).verifier_key
    note = parse_note(f"{TEXT}\n— {key.name} {b64(key.key_id + bytes(length or 1))}\n")
    with pytest.raises(SignatureMismatch, match="expected a cosignature of 72 bytes"):
        note_signed_by(note, key)


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        TEXT + "\n",
        NOTE.rstrip("\n"),
        NOTE + "\n",
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("— ", "- "),
        NOTE.replace("— ", "—"),
        NOTE.replace("— ", "—\u00a0"),
        NOTE.replace("— log.example.vn", "— log\u3000example.vn"),
        NOTE.replace("— log.example.vn", "— log.example.vn+"),
        NOTE.replace("— log.example.vn ", "—  "),
        NOTE.replace("log.example.vn\n5", "log.example.vn\r\n5"),
        NOTE.replace("log.example.vn\n5", "log.example.vn\t5"),
        NOTE + "a stray line\n",
        NOTE[:-1] + " \n",
        f"{TEXT}\n— log.example.vn {b64(b'abcd')}\n",
        f"{TEXT}\n— log.example.vn {b64(b'abcdef')[:-1]}\n",
        f"{TEXT}\n— log.example.vn\n",
    ],
)
def test_a_note_of_another_form_is_refused(note: str) -> None:
    with pytest.raises(InvalidInput, match=r"not a signed note|not a signature line|base64|holds a key id"):
        parse_note(note)


def test_the_last_empty_line_separates_text_and_signatures() -> None:
    text = "first\n\nsecond\n"
    assert parse_note(sign_note(text, LOG)).text == text


def test_a_note_that_is_too_large_or_has_too_many_signatures_is_refused() -> None:
    line = NOTE.split("\n\n")[1]
    assert len(parse_note(f"{TEXT}\n{line * MAX_SIGNATURES}").signatures) == MAX_SIGNATURES
    with pytest.raises(InvalidInput, match=f"a note has at most {MAX_SIGNATURES} signatures"):
        parse_note(f"{TEXT}\n{line * (MAX_SIGNATURES + 1)}")
    with pytest.raises(InvalidInput, match=f"a note has at most {MAX_NOTE_BYTES} bytes"):
        parse_note("a" * MAX_NOTE_BYTES + "\n\n" + line)


def test_a_text_without_its_last_newline_is_not_signed() -> None:
    with pytest.raises(InvalidInput, match="a note's text ends in a newline"):
        sign_note("text", LOG)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u3000b", "a\u2028b"])
def test_a_key_name_that_a_signature_line_cannot_carry_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="bad key name"):
        VerifierKey(name, ED25519_NOTE, bytes(32))


@pytest.mark.parametrize(
    ("key_type", "length"), [(1, 31), (1, 33), (4, 31), (0, 32), (2, 32), (5, 32), (0xFF, 32)]
)
def test_a_verifier_key_of_another_type_or_length_is_refused(key_type: int, length: int) -> None:
    with pytest.raises(InvalidInput, match=r"expected an Ed25519 verifier key \(type 01 or 04\)"):
        VerifierKey("name", key_type, bytes(length))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        "name++",
        LOG.verifier_key.to_text().replace("log.", "lug."),
        LOG.verifier_key.to_text().upper(),
        LOG.verifier_key.to_text()[:-1],
        LOG.verifier_key.to_text() + "=",
        "+".join([LOG.name, LOG.verifier_key.key_id.hex().upper(), b64(b"\x01" + LOG.verifier_key.raw)]),
    ],
)
def test_a_verifier_key_text_that_is_wrong_anywhere_is_refused(text: str) -> None:
    with pytest.raises(
        InvalidInput, match=r"base64|expected 33 bytes|expected key id|bad key name|verifier key"
    ):
        VerifierKey.from_text(text)
