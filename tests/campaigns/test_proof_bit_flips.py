"""One bit is changed in a receipt, evidence, status or omission proof: never is it accepted and says something else.

What may stay as it was: a pointer (where on the chain to look), which proves nothing, and the parts of a compressed
list that do not reach its bits, such as the time in its header. The file then says what it said.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pytest

from certlog import tlog_proof
from certlog.errors import CertlogError
from certlog.omission_proof import OmissionProof
from certlog.status import StatusAction
from certlog.status_proof import StatusProof
from certlog.tlog_proof import format_proof, verify_tlog_proof
from tests.support.controls import nothing
from tests.support.deep import cases, tell
from tests.support.small_log import one_certificate
from tests.verifier.dishonest import dropped
from tests.verifier.test_mutated_bytes import CASE, DATA, is_valid_with_other_content
from tools.vectors.scenes import AT
from verifier import check_log, check_status
from verifier.chain_view import NOT_CONSULTED
from verifier.make_omission import make_omission
from verifier.verify_omission import Contradiction, verify_omission
from verifier.verify_status import Standing, verify_status

LOG, CERTIFICATE = one_certificate()
INDEX, _ = LOG.positions[CERTIFICATE.document_hash]
LIAR: Final = dropped(StatusAction.WITHDRAW)()
STATUS: Final = LOG.status_proof(CERTIFICATE)
OMISSION: Final = make_omission(LIAR.state(), LIAR.view(), LIAR.log.trust_root())


@dataclass(frozen=True)
class Proof:
    """A file, and whether its verifier takes it for good."""

    data: bytes
    is_accepted: Callable[[bytes], bool]


def _receipt_is_accepted(data: bytes) -> bool:
    verify_tlog_proof(data.decode(), LOG.entries[INDEX].leaf_hash, LOG.log_key.verifier_key)
    return True


def _status_is_accepted(data: bytes) -> bool:
    proof = StatusProof.parse(data)
    report = verify_status(proof, LOG.trust_root(), AT, NOT_CONSULTED)
    return proof != STATUS and report.standing is not Standing.REFUSED


def _omission_is_accepted(data: bytes) -> bool:
    proof = OmissionProof.parse(data)
    verify_omission(proof, LIAR.log.trust_root())
    return proof != OMISSION


PROOFS: Final = {
    "receipt": Proof(
        format_proof(INDEX, LOG.tree.inclusion(INDEX), LOG.note()).encode(), _receipt_is_accepted
    ),
    "evidence": Proof(DATA, lambda data: is_valid_with_other_content(CASE, data)),
    "status proof": Proof(STATUS.to_bytes(), _status_is_accepted),
    "omission proof": Proof(OMISSION.to_bytes(), _omission_is_accepted),
}


def flip(kind: str, *, flips: int, seed: int) -> int:
    """Change one bit at a time; return how many were, having required that no changed file was accepted."""
    proof, chance = PROOFS[kind], random.Random(f"{kind} {seed}")
    for _ in range(flips):
        position, bit = chance.randrange(len(proof.data)), chance.randrange(8)
        changed = bytearray(proof.data)
        changed[position] ^= 1 << bit
        assert not _accepts(proof, bytes(changed)), (
            f"{kind}: accepted with byte {position}, bit {bit} changed"
        )
    return flips


def _accepts(proof: Proof, data: bytes) -> bool:
    try:
        return proof.is_accepted(data)
    except (CertlogError, UnicodeDecodeError):
        return False


def test_the_unchanged_files_are_accepted() -> None:
    assert PROOFS["receipt"].is_accepted(PROOFS["receipt"].data)
    assert verify_status(STATUS, LOG.trust_root(), AT, NOT_CONSULTED).standing is Standing.CLEAR
    found = verify_omission(OMISSION, LIAR.log.trust_root())
    assert found.contradiction is Contradiction.REVOCATION_OMITTED


@pytest.mark.parametrize("kind", sorted(set(PROOFS) - {"evidence"}))
def test_no_file_with_one_changed_bit_is_accepted(kind: str) -> None:
    # Evidence has its own test of the same (tests/verifier/test_mutated_bytes.py).
    assert flip(kind, flips=150, seed=1) == 150


@pytest.mark.deep
def test_of_four_thousand_files_with_one_changed_bit_none_is_accepted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    refused = Counter({kind: flip(kind, flips=cases(1000), seed=2) for kind in PROOFS})
    tell(capsys, f"single bits changed in proofs, none accepted: {dict(refused)}")


@pytest.mark.parametrize(
    ("kind", "holder"),
    [("receipt", tlog_proof), ("status proof", check_status), ("omission proof", check_log)],
)
def test_a_verifier_that_proves_nothing_is_noticed(
    kind: str, holder: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holder, "verify_inclusion", nothing)
    with pytest.raises(AssertionError, match=f"{kind}: accepted"):
        flip(kind, flips=1500, seed=3)
