"""Anchoring: only extensions of the head, by the anchorer, once, and kept for ever."""

import pytest

from anchoring import contract
from certlog import tree
from tests.contracts.conftest import Roles
from tests.support.chain import EMPTY, Head, LocalChain, Reverted, anchor_data, head_of, reverts

JUNK = b"\x55" * 32


def test_an_anchored_head_keeps_time_and_number_of_its_block(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree
) -> None:
    mined = chain.extend(log_id, roles.anchorer, history, 7)
    assert chain.anchored_at(log_id, head_of(history, 7)) == (mined.block_time, mined.block_number)
    assert chain.head(log_id) == (7, roles.anchorer, False)


def test_anchoring_tells_of_it(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree
) -> None:
    mined = chain.extend(log_id, roles.anchorer, history, 7)
    topics = (contract.artifact().events["CheckpointAnchored"], log_id, (7).to_bytes(32, "big"))
    assert mined.logs == ((topics, history.root(7)),)


def test_earlier_anchors_are_never_overwritten(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree
) -> None:
    mined = {size: chain.extend(log_id, roles.anchorer, history, size) for size in (1, 2, 3, 8, 21, 40)}
    for size, block in mined.items():
        assert chain.anchored_at(log_id, head_of(history, size)) == (block.block_time, block.block_number)


def test_a_size_with_another_root_was_never_anchored(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree
) -> None:
    chain.extend(log_id, roles.anchorer, history, 7)
    assert chain.anchored_at(log_id, Head(7, JUNK)) is None
    assert chain.anchored_at(log_id, Head(6, history.root(7))) is None


def test_logs_do_not_touch_each_other(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree
) -> None:
    other = chain.open_log(roles.stranger, roles.anchorer, "other.example.vn/log")
    chain.extend(log_id, roles.anchorer, history, 7)
    assert chain.head(other) == (0, roles.anchorer, False)
    assert chain.anchored_at(other, head_of(history, 7)) is None


def test_a_second_history_cannot_be_anchored(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree
) -> None:
    """The fork: two databases, one log, the right anchorer, and every proof genuine within its own history."""
    fork = tree.MemoryTree(
        tree.leaf_hash(b"forged" if i == 9 else f"entry {i}".encode()) for i in range(history.size)
    )
    chain.extend(log_id, roles.anchorer, history, 8, 20)
    # 1. The fork's own continuation does not begin at the head.
    own = anchor_data(log_id, head_of(fork, 20), head_of(fork, 30), fork.consistency(20, 30))
    with reverts("HeadRootMismatch", logId=log_id, oldSize=20, oldRoot=fork.root(20)):
        chain.send(own, sender=roles.anchorer)
    # 2. From the honest head, the fork's proof leads to the fork's old root.
    stolen = anchor_data(log_id, head_of(history, 20), head_of(fork, 30), fork.consistency(20, 30))
    with reverts("OldRootNotProven", expected=history.root(20), computed=fork.root(20)):
        chain.send(stolen, sender=roles.anchorer)
    # 3. The honest proof does not lead to the fork's new root.
    mixed = anchor_data(log_id, head_of(history, 20), head_of(fork, 30), history.consistency(20, 30))
    with reverts("NewRootNotProven", expected=fork.root(30), computed=history.root(30)):
        chain.send(mixed, sender=roles.anchorer)
    # 4. From where they part, the head has moved on.
    parting = anchor_data(log_id, head_of(history, 8), head_of(fork, 30), fork.consistency(8, 30))
    with reverts("HeadSizeMismatch", logId=log_id, headSize=20, oldSize=8):
        chain.send(parting, sender=roles.anchorer)
    assert chain.anchored_at(log_id, head_of(fork, 30)) is None
    assert chain.head(log_id) == (20, roles.anchorer, False)


def test_a_mined_transaction_of_a_fork_changes_nothing(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree
) -> None:
    """Sent raw, without asking first: it is mined, fails, and leaves no trace."""
    chain.extend(log_id, roles.anchorer, history, 20)
    data = anchor_data(log_id, Head(20, JUNK), head_of(history, 30), history.consistency(20, 30))
    with pytest.raises(Reverted, match="the mined transaction failed"):
        chain.send_unasked(data, sender=roles.anchorer)
    assert chain.head(log_id) == (20, roles.anchorer, False)


def test_the_log_cannot_shrink_or_repeat(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree
) -> None:
    chain.extend(log_id, roles.anchorer, history, 20)
    for size in (20, 19, 1, 0):
        data = anchor_data(log_id, head_of(history, 20), head_of(history, size), ())
        with reverts("SizeNotLarger", oldSize=20, newSize=size):
            chain.call(data, sender=roles.anchorer)


def test_the_same_call_cannot_be_applied_twice(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree
) -> None:
    chain.extend(log_id, roles.anchorer, history, 20)
    data = anchor_data(log_id, head_of(history, 20), head_of(history, 30), history.consistency(20, 30))
    chain.send(data, sender=roles.anchorer)
    with reverts("HeadSizeMismatch", logId=log_id, headSize=30, oldSize=20):
        chain.send(data, sender=roles.anchorer)


@pytest.mark.parametrize("caller", ["owner", "stranger"])
def test_only_the_anchorer_appends(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree, caller: str
) -> None:
    sender = getattr(roles, caller)
    with reverts("NotAnchorer", logId=log_id, caller=sender, anchorer=roles.anchorer):
        chain.call(anchor_data(log_id, EMPTY, head_of(history, 5), ()), sender=sender)


def test_nothing_is_appended_to_a_log_that_is_not_open(
    chain: LocalChain, roles: Roles, history: tree.MemoryTree
) -> None:
    with reverts("LogNotOpen", logId=JUNK):
        chain.call(anchor_data(JUNK, EMPTY, head_of(history, 5), ()), sender=roles.anchorer)


def test_the_zero_address_is_not_the_anchorer_of_what_is_not_open(
    chain: LocalChain, history: tree.MemoryTree
) -> None:
    """A node lets anyone *call* as the zero address: it must not pass for the missing anchorer of no log."""
    with reverts("LogNotOpen", logId=JUNK):
        chain.call(anchor_data(JUNK, EMPTY, head_of(history, 5), ()), sender=contract.ZERO_ADDRESS)


def test_the_first_anchor_builds_on_the_empty_tree(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree
) -> None:
    new = head_of(history, 5)
    with reverts("HeadRootMismatch", logId=log_id, oldSize=0, oldRoot=bytes(32)):
        chain.call(anchor_data(log_id, Head(0, bytes(32)), new, ()), sender=roles.anchorer)
    with reverts("HeadSizeMismatch", logId=log_id, headSize=0, oldSize=1):
        chain.call(anchor_data(log_id, head_of(history, 1), new, ()), sender=roles.anchorer)


def test_the_first_anchor_takes_no_proof(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree
) -> None:
    with reverts("ConsistencyProofLengthWrong", expected=0, found=1):
        chain.call(anchor_data(log_id, EMPTY, head_of(history, 5), [JUNK]), sender=roles.anchorer)


def test_sizes_stay_below_2_to_the_63(chain: LocalChain, roles: Roles, log_id: bytes) -> None:
    for size in (2**63, 2**64 - 1):
        with reverts("SizeTooLarge", size=size):
            chain.call(anchor_data(log_id, EMPTY, Head(size, JUNK), ()), sender=roles.anchorer)
    chain.send(anchor_data(log_id, EMPTY, Head(2**63 - 1, JUNK), ()), sender=roles.anchorer)
    with reverts("SizeTooLarge", size=2**63):
        data = anchor_data(log_id, Head(2**63 - 1, JUNK), Head(2**63, JUNK), ())
        chain.call(data, sender=roles.anchorer)


def test_a_size_wider_than_64_bits_is_refused(chain: LocalChain, roles: Roles, log_id: bytes) -> None:
    """Cut to 64 bits it would be size 5: the ABI decoder refuses it, without a named error."""
    data = bytearray(anchor_data(log_id, EMPTY, Head(5, JUNK), ()))
    data[4 + 3 * 32 + 23] = 1
    with pytest.raises(Reverted) as caught:
        chain.call(bytes(data), sender=roles.anchorer)
    assert caught.value.revert is None


@pytest.mark.parametrize("old", [5, 6, 7, 8, 12, 13, 16, 31, 32])
def test_a_proof_of_another_length_is_refused(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree, old: int
) -> None:
    chain.extend(log_id, roles.anchorer, history, old)
    proof = history.consistency(old, 40)
    for changed in (proof[:-1], proof[1:], (), (*proof, JUNK), (JUNK, *proof), (*proof, *proof)):
        data = anchor_data(log_id, head_of(history, old), head_of(history, 40), changed)
        with reverts("ConsistencyProofLengthWrong", expected=len(proof), found=len(changed)):
            chain.call(data, sender=roles.anchorer)


def test_too_little_gas_for_the_hashes_is_no_proof(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree
) -> None:
    """However the gas runs out, at whatever hash: never a head that was not proven."""
    chain.extend(log_id, roles.anchorer, history, 21)
    data = anchor_data(log_id, head_of(history, 21), Head(40, JUNK), history.consistency(21, 40))
    for gas in range(26_000, 60_000, 500):
        with pytest.raises(Reverted):
            chain.send(data, sender=roles.anchorer, gas=gas)
    assert chain.head(log_id) == (21, roles.anchorer, False)


def test_the_contract_takes_no_ether(chain: LocalChain, roles: Roles, log_id: bytes) -> None:
    for data in (b"", contract.head_call(log_id), contract.open_log_call("x.example.vn", roles.anchorer)):
        with pytest.raises(Reverted) as caught:
            chain.call(data, sender=roles.owner, value=1)
        assert caught.value.revert is None


def test_an_unknown_function_is_refused(chain: LocalChain) -> None:
    with pytest.raises(Reverted):
        chain.call(b"\x12\x34\x56\x78")
