"""Receipts: the text form of c2sp.org/tlog-proof@v1, and what it proves."""

import re
from typing import Final

import pytest

from certlog.checkpoint import Checkpoint, sign_checkpoint
from certlog.encoding import b64
from certlog.errors import InvalidInput, InvalidProof, SignatureMismatch
from certlog.tlog_proof import TlogProof, format_proof, parse_proof, verify_tlog_proof
from certlog.tree import MemoryTree, leaf_hash
from tests.support.fixtures import fixtures_dir
from tests.support.signing import log_signer

ORIGIN: Final = "registry.example.vn"
LOG: Final = log_signer(ORIGIN)
LEAVES: Final = [leaf_hash(bytes([number])) for number in range(11)]
TREE: Final = MemoryTree(LEAVES)
NOTE: Final = sign_checkpoint(Checkpoint(ORIGIN, 11, TREE.root()), LOG)
RECEIPT: Final = format_proof(6, TREE.inclusion(6), NOTE)


def test_a_receipt_proves_its_entry_and_no_other() -> None:
    assert verify_tlog_proof(RECEIPT, LEAVES[6], LOG.verifier_key) == TlogProof(6, TREE.inclusion(6), NOTE)
    with pytest.raises(InvalidProof, match="expected root"):
        verify_tlog_proof(RECEIPT, LEAVES[7], LOG.verifier_key)


def test_every_leaf_of_the_log_has_a_receipt() -> None:
    for index, leaf in enumerate(LEAVES):
        verify_tlog_proof(format_proof(index, TREE.inclusion(index), NOTE), leaf, LOG.verifier_key)


def test_extra_data_is_carried_and_opaque() -> None:
    receipt = format_proof(6, TREE.inclusion(6), NOTE, b"certlog")
    assert receipt.startswith("c2sp.org/tlog-proof@v1\nextra Y2VydGxvZw==\nindex 6\n")
    assert verify_tlog_proof(receipt, LEAVES[6], LOG.verifier_key).extra == b"certlog"


def test_the_text_is_laid_out_as_in_the_specifications_example() -> None:
    page = fixtures_dir("c2sp-spec-examples/tlog-proof-example.md").read_text(encoding="utf-8")
    example = re.search(r"^```\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert example
    kinds = [
        line.split(" ")[0] if " " in line else len(line) for line in example[1].split("\n\n")[0].split("\n")
    ]
    ours = format_proof(73894, [LEAVES[0]] * 5, NOTE, b"x").split("\n\n")[0].split("\n")  # type: ignore[arg-type]
    assert kinds == [line.split(" ")[0] if " " in line else len(line) for line in ours]
    assert ours[0] == example[1].split("\n")[0]


def test_a_single_entry_has_a_receipt_without_hashes() -> None:
    note = sign_checkpoint(Checkpoint(ORIGIN, 1, TREE.root(1)), LOG)
    receipt = format_proof(0, (), note)
    assert receipt.startswith("c2sp.org/tlog-proof@v1\nindex 0\n\n")
    verify_tlog_proof(receipt, LEAVES[0], LOG.verifier_key)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v2\n"),
        ("c2sp.org/tlog-proof@v1\n", ""),
        ("index 6\n", ""),
        ("index 6\n", "index 06\n"),
        ("index 6\n", "index -6\n"),
        ("index 6\n", "index  6\n"),
        ("index 6\n", "index 6 \n"),
        ("index 6\n", "index ٦\n"),
        ("index 6\n", "index 6\nindex 6\n"),
        ("index 6\n", "extra \nindex 6\n"),
        ("index 6\n", "extra AA=\nindex 6\n"),
        ("index 6\n", "index 6\nextra AA==\n"),
        ("index 6\n", f"index 6\n{b64(bytes(31))}\n"),
        ("index 6\n", "index 6\n\n"),
        ("index 6\n", "index 6\r\n"),
        ("\n\n", "\n"),
    ],
)
def test_a_receipt_of_another_form_is_refused(old: str, new: str) -> None:
    assert old in RECEIPT
    with pytest.raises(
        InvalidInput, match=r"expected|base64|extra line|three lines|signed note|signature line"
    ):
        parse_proof(RECEIPT.replace(old, new, 1))


def test_bytes_after_the_receipt_are_refused() -> None:
    for tail in ("\n", " ", "more\n", "\0"):
        with pytest.raises(InvalidInput, match=r"not a signed note|not a signature line"):
            parse_proof(RECEIPT + tail)


def test_more_than_63_hashes_are_refused() -> None:
    with pytest.raises(InvalidInput, match="an index line and at most 63 hashes"):
        parse_proof(format_proof(6, (LEAVES[0],) * 64, NOTE))


def test_a_truncated_or_extended_path_is_refused() -> None:
    path = TREE.inclusion(6)
    for wrong in (path[:-1], path[1:], (*path, LEAVES[0]), path[::-1]):
        with pytest.raises(InvalidProof, match=r"too short|too long|expected root"):
            verify_tlog_proof(format_proof(6, wrong, NOTE), LEAVES[6], LOG.verifier_key)


@pytest.mark.parametrize("index", [5, 7, 10, 11, 2**63, 9999999999999999999])
def test_a_receipt_for_another_index_is_refused(index: int) -> None:
    with pytest.raises(InvalidProof, match=r"expected root|no leaf|too short|too long"):
        verify_tlog_proof(format_proof(index, TREE.inclusion(6), NOTE), LEAVES[6], LOG.verifier_key)


def test_a_receipt_of_another_log_or_key_is_refused() -> None:
    with pytest.raises(SignatureMismatch, match=r"expected origin 'b.vn', found 'registry.example.vn'"):
        verify_tlog_proof(RECEIPT, LEAVES[6], log_signer("b.vn").verifier_key)
    with pytest.raises(SignatureMismatch, match="not signed by the log key"):
        verify_tlog_proof(RECEIPT, LEAVES[6], log_signer(ORIGIN, "thief").verifier_key)


def test_a_receipt_to_a_smaller_checkpoint_is_refused() -> None:
    note = sign_checkpoint(Checkpoint(ORIGIN, 6, TREE.root(6)), LOG)
    with pytest.raises(InvalidProof, match="no leaf 6 in a tree of size 6"):
        verify_tlog_proof(format_proof(6, TREE.inclusion(6), note), LEAVES[6], LOG.verifier_key)
