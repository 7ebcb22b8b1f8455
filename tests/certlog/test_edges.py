"""Single lines of the core that no other case leans on: each test was written for a defect that went unnoticed."""

from dataclasses import replace

import pytest

from certlog.errors import InvalidInput
from certlog.note import MAX_NOTE_BYTES, note_signed_by, parse_note, sign_note
from tests.support.signing import log_signer

LOG = log_signer("registry.example.vn")


def test_a_line_with_our_key_id_and_another_name_is_not_our_signature() -> None:
    note = parse_note(sign_note("text\n", LOG))
    (line,) = note.signatures
    renamed = replace(note, signatures=(replace(line, name="registry.example.org"),))
    assert note_signed_by(note, LOG.verifier_key)
    assert not note_signed_by(renamed, LOG.verifier_key)


def test_the_size_of_a_note_is_counted_in_bytes() -> None:
    text = "ế" * (MAX_NOTE_BYTES // 3) + "\n"
    assert len(text) < MAX_NOTE_BYTES // 2
    with pytest.raises(InvalidInput, match=f"at most {MAX_NOTE_BYTES} bytes"):
        parse_note(sign_note(text, LOG))
