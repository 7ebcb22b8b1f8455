"""What anchoring costs: at most 80,000 gas at a million entries, and never more than the committed snapshot says."""

import json

from tests.contracts.gas_snapshot import MILLION, OLD_SIZES, SNAPSHOT, measure, to_text
from tests.support.chain import LocalChain

LIMIT = 80_000
"""For one anchor at a million entries, whatever the old size: the design's promise."""


def test_gas_is_what_the_committed_snapshot_says(chain: LocalChain) -> None:
    wanted, found = SNAPSHOT.read_text("utf-8"), to_text(measure(chain))
    assert found == wanted, (
        "write it again and look at the difference: python -m tests.contracts.gas_snapshot"
    )


def test_an_anchor_at_a_million_entries_is_within_the_limit() -> None:
    gas = json.loads(SNAPSHOT.read_text("utf-8"))
    anchors = [cost for name, cost in gas.items() if name.startswith("anchor at 1,000,000")]
    assert len(anchors) == len(OLD_SIZES)
    assert max(anchors) <= LIMIT


def test_the_dearest_proofs_are_the_dearest() -> None:
    """The snapshot's two worst cases really are: hashes to send and to compute, over every old size."""
    work = {old: _work(old, MILLION) for old in range(500_000, MILLION)}
    assert max(work.values(), key=sum) == work[OLD_SIZES["the dearest proof"]]
    of_20 = [hashes for hashes in work.values() if hashes[0] == 20]
    assert max(of_20, key=sum) == work[OLD_SIZES["the dearest proof of 20"]]


def _work(old: int, new: int) -> tuple[int, int]:
    """Return (hashes in the proof, hashes that both roots need) by RFC 9162, section 2.1.4.2."""
    fn, sn = old - 1, new - 1
    sent, both = int(old & (old - 1) != 0), 0
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    while sn:
        sent += 1
        while fn == sn and not fn & 1:
            fn, sn = fn >> 1, sn >> 1
        both += fn & 1
        fn, sn = fn >> 1, sn >> 1
    return sent, both
