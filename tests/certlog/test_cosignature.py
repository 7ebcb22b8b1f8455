"""The words of add-checkpoint, and what may stand under a checkpoint."""

import pytest

from certlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from certlog.cosignature import (
    add_checkpoint_body,
    open_cosignatures,
    parse_cosigner_key,
    parse_size_answer,
    read_signature_lines,
    with_cosignatures,
)
from certlog.digests import RootHash
from certlog.errors import InvalidInput, NotTrusted
from certlog.note import MAX_SIGNATURES, NoteSignature, parse_note, parse_signature_lines, signature_line
from tests.support.certificates import SAMPLE_ORIGIN
from tests.support.signing import cosigner, log_signer

HEAD = Checkpoint(SAMPLE_ORIGIN, 3, RootHash(bytes(range(32))))
NOTE = sign_checkpoint(HEAD, log_signer(SAMPLE_ORIGIN))
NOW = 1_700_000_000


def line(name: str = "witness.example.vn", time: int = NOW) -> NoteSignature:
    signer = cosigner(name, time=time)
    return NoteSignature(name, signer.verifier_key.key_id, signer.sign(HEAD.to_text().encode()))


def test_the_body_has_the_old_size_the_proof_an_empty_line_and_the_note() -> None:
    body = add_checkpoint_body(2, [bytes(32), b"\xff" * 32], NOTE).decode()
    assert body == f"old 2\n{'A' * 43}=\n//////////////////////////////////////////8=\n\n{NOTE}"
    assert add_checkpoint_body(0, [], NOTE).decode() == f"old 0\n\n{NOTE}"
    with pytest.raises(InvalidInput, match="at most 63"):
        add_checkpoint_body(1, [bytes(32)] * 64, NOTE)


@pytest.mark.parametrize(
    "body", [b"", b"5", b"05\n", b"5\n\n", b" 5\n", b"-1\n", b"9223372036854775808\n", b"5x\n"]
)
def test_a_size_of_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="expected a size"):
        parse_size_answer(body)
    assert parse_size_answer(b"9223372036854775807\n") == 2**63 - 1
    assert parse_size_answer(b"0\n") == 0


def test_more_lines_under_a_checkpoint_leave_it_what_it_was() -> None:
    key = log_signer(SAMPLE_ORIGIN).verifier_key
    note = with_cosignatures(NOTE, [line(), line("other.example.vn"), line()])
    assert note.startswith(NOTE)
    assert open_checkpoint(note, key) == HEAD
    assert [signature.name for signature in parse_note(note).signatures][1:] == [
        "witness.example.vn",
        "other.example.vn",
        "witness.example.vn",
    ]
    assert with_cosignatures(note, [line()]) == note
    many = with_cosignatures(NOTE, [line(f"w{n}.example.vn") for n in range(40)])
    assert len(parse_note(many).signatures) == MAX_SIGNATURES


def test_the_newest_of_two_cosignatures_of_one_key_counts() -> None:
    key = cosigner("witness.example.vn", time=0).verifier_key
    (found,) = open_cosignatures(
        HEAD.to_text(), [line(time=NOW - 5), line(), line(time=NOW - 9)], [key], now=NOW
    )
    assert (found.time, found.line) == (NOW, line())


def test_lines_of_other_keys_are_passed_over_and_none_of_ours_is_refused() -> None:
    key = cosigner("witness.example.vn", time=0).verifier_key
    lines = [line("x.example.vn"), line()]
    assert [c.key for c in open_cosignatures(HEAD.to_text(), lines, [key], now=NOW)] == [key]
    with pytest.raises(NotTrusted, match="pinned here: witness.example.vn"):
        open_cosignatures(HEAD.to_text(), lines[:1], [key], now=NOW)


@pytest.mark.parametrize("time", [0, NOW + 301])
def test_a_cosignature_dated_never_or_in_the_future_is_refused(time: int) -> None:
    key = cosigner("witness.example.vn", time=0).verifier_key
    with pytest.raises(InvalidInput, match="dated 0 or in the future"):
        open_cosignatures(HEAD.to_text(), [line(time=time)], [key], now=NOW)


def test_lines_that_stand_alone_are_read_as_those_of_a_note() -> None:
    text = signature_line(line()) + signature_line(line("other.example.vn"))
    assert (
        parse_signature_lines(text)
        == read_signature_lines(text.encode())
        == (line(), line("other.example.vn"))
    )
    for wrong in (
        "",
        "\n",
        text[:-1],
        text + "\n",
        f"\n{text}",
        text.replace("— ", "- "),
        text * 17,
        "x" * 20_000,
    ):
        with pytest.raises(InvalidInput):
            parse_signature_lines(wrong)
    with pytest.raises(InvalidInput, match="UTF-8"):
        read_signature_lines(b"\xff\n")


def test_a_logs_key_is_no_cosigners_key() -> None:
    key = cosigner("witness.example.vn", time=0).verifier_key
    assert parse_cosigner_key(key.to_text()) == key
    with pytest.raises(InvalidInput, match="expected a cosigner's key \\(type 04\\), found type 01"):
        parse_cosigner_key(log_signer(SAMPLE_ORIGIN).verifier_key.to_text())
