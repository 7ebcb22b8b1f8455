"""Checkpoints: three lines, one spelling, and the origin's own key."""

import re
from typing import Final

import pytest

from certlog.checkpoint import Checkpoint, open_checkpoint, read_checkpoint, sign_checkpoint
from certlog.digests import RootHash
from certlog.encoding import b64
from certlog.errors import InvalidInput, SignatureMismatch
from certlog.note import parse_note, sign_note
from certlog.tree import EMPTY_ROOT, MAX_SIZE
from tests.support.fixtures import fixtures_dir
from tests.support.signing import cosigner, log_signer

ORIGIN: Final = "registry.example.vn"
LOG: Final = log_signer(ORIGIN)
ROOT: Final = RootHash(bytes(range(32)))
CHECKPOINT: Final = Checkpoint(ORIGIN, 20852163, ROOT)
ROOT_TEXT: Final = b64(ROOT)


def test_a_checkpoint_is_three_lines_of_origin_size_and_root() -> None:
    assert CHECKPOINT.to_text() == f"{ORIGIN}\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"


@pytest.mark.parametrize(
    "checkpoint", [CHECKPOINT, Checkpoint(ORIGIN, 0, EMPTY_ROOT), Checkpoint(ORIGIN, MAX_SIZE, ROOT)]
)
def test_a_signed_checkpoint_is_opened_with_the_logs_key(checkpoint: Checkpoint) -> None:
    note = sign_checkpoint(checkpoint, LOG)
    assert open_checkpoint(note, LOG.verifier_key) == read_checkpoint(note) == checkpoint


def test_a_cosigned_checkpoint_is_still_the_logs() -> None:
    note = sign_note(CHECKPOINT.to_text(), LOG, cosigner("witness.example.vn", time=1))
    assert open_checkpoint(note, LOG.verifier_key) == CHECKPOINT


def test_the_cosigned_checkpoint_of_the_specification_is_read() -> None:
    page = fixtures_dir("c2sp-spec-examples/tlog-cosignature-example.md").read_text(encoding="utf-8")
    example = re.search(r"^```\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert example
    found = read_checkpoint(example[1])
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20852163)
    assert b64(found.root) == "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    log_line, witness_line = parse_note(example[1]).signatures
    assert (log_line.name, len(log_line.signature)) == ("example.com/behind-the-sofa", 64)
    assert (witness_line.name, len(witness_line.signature)) == ("witness.example.com/w1", 8 + 64)


def test_a_checkpoint_of_another_origin_is_refused() -> None:
    other = log_signer("other.example.vn")
    note = sign_checkpoint(Checkpoint("other.example.vn", 5, ROOT), other)
    with pytest.raises(
        SignatureMismatch, match=r"expected origin 'registry.example.vn', found 'other.example.vn'"
    ):
        open_checkpoint(note, LOG.verifier_key)


def test_a_checkpoint_signed_under_another_key_of_the_same_name_is_refused() -> None:
    note = sign_checkpoint(CHECKPOINT, log_signer(ORIGIN, "thief"))
    with pytest.raises(SignatureMismatch, match=r"not signed by the log key registry.example.vn\+"):
        open_checkpoint(note, LOG.verifier_key)


def test_a_checkpoint_with_only_a_witness_is_not_the_logs() -> None:
    note = sign_note(CHECKPOINT.to_text(), cosigner(ORIGIN, time=1))
    with pytest.raises(SignatureMismatch, match="not signed by the log key"):
        open_checkpoint(note, LOG.verifier_key)


@pytest.mark.parametrize(("old", "new"), [("20852163", "20852164"), (ROOT_TEXT, b64(bytes(32)))])
def test_a_changed_checkpoint_is_refused(old: str, new: str) -> None:
    note = sign_checkpoint(CHECKPOINT, LOG).replace(old, new)
    with pytest.raises(SignatureMismatch, match="the Ed25519 signature does not verify"):
        open_checkpoint(note, LOG.verifier_key)


@pytest.mark.parametrize(
    "size",
    ["", "-1", "+1", "01", "00", "1.0", "1e3", " 1", "1 ", "0x10", "\uff11", "1_000", "12345678901234567890"],
)
def test_a_size_of_another_spelling_is_refused(size: str) -> None:
    with pytest.raises(InvalidInput, match="a checkpoint is three lines: origin, size, root"):
        Checkpoint.from_text(f"{ORIGIN}\n{size}\n{ROOT_TEXT}\n")


@pytest.mark.parametrize("size", [MAX_SIZE + 1, 9999999999999999999])
def test_a_size_of_two_to_the_63_or_more_is_refused(size: int) -> None:
    with pytest.raises(InvalidInput, match=r"a size below 2\^63"):
        Checkpoint.from_text(f"{ORIGIN}\n{size}\n{ROOT_TEXT}\n")


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n5\n{ROOT_TEXT}\nextension\n",
        f"{ORIGIN}\n5\n{ROOT_TEXT}\n\n",
        f"{ORIGIN}\n5\n{ROOT_TEXT}",
        f"{ORIGIN}\n5\n",
        f"\n5\n{ROOT_TEXT}\n",
        f"{ORIGIN}\n5\r\n{ROOT_TEXT}\r\n",
        "",
    ],
)
def test_extension_lines_and_missing_lines_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="a checkpoint is three lines"):
        Checkpoint.from_text(text)


@pytest.mark.parametrize(
    "root",
    [
        "",
        ROOT_TEXT[:-1],
        ROOT_TEXT + "=",
        ROOT_TEXT[:-2] + "9=",
        b64(bytes(31)),
        b64(bytes(33)),
        ROOT_TEXT + " ",
    ],
)
def test_a_root_of_another_spelling_or_length_is_refused(root: str) -> None:
    with pytest.raises(InvalidInput, match=r"base64|expected 32 bytes"):
        Checkpoint.from_text(f"{ORIGIN}\n5\n{root}\n")


def test_an_empty_log_has_the_empty_root_and_no_other() -> None:
    with pytest.raises(InvalidInput, match="an empty log has the root of the empty tree"):
        Checkpoint(ORIGIN, 0, ROOT)


def test_a_log_signs_only_under_its_own_origin() -> None:
    with pytest.raises(
        InvalidInput, match=r"expected a log key named 'registry.example.vn', found 'b.vn'"
    ) as refusal:
        sign_checkpoint(CHECKPOINT, log_signer("b.vn"))
    assert refusal.value.code == "wrong-origin"
