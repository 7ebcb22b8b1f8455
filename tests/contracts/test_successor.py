"""A stolen anchorer's key appends junk: the owner leaves it behind in a successor log."""

import pytest

from anchoring import contract
from certlog import tree
from certlog.digests import LeafHash
from tests.contracts.conftest import Roles
from tests.support.chain import Head, LocalChain, head_of, reverts

HONEST = 12


def junk_after(history: tree.MemoryTree) -> tree.MemoryTree:
    """Return the honest entries followed by invented ones: its proofs are genuine."""
    honest = [LeafHash(history.read(0, i)) for i in range(HONEST)]
    return tree.MemoryTree([*honest, *(tree.leaf_hash(f"junk {i}".encode()) for i in range(9))])


@pytest.fixture
def junk(history: tree.MemoryTree) -> tree.MemoryTree:
    """Return the log that a thief made of the honest one."""
    return junk_after(history)


@pytest.fixture
def robbed(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree, junk: tree.MemoryTree
) -> bytes:
    """Return the id of a log whose anchorer's key was stolen and used."""
    chain.extend(log_id, roles.anchorer, history, 5, HONEST)
    chain.extend(log_id, roles.anchorer, junk, 15, 21)
    return log_id


def successor_data(log_id: bytes, head: Head, anchorer: str) -> bytes:
    return contract.open_successor_call(log_id, head.size, head.root, anchorer)


def test_junk_is_left_behind(
    chain: LocalChain, roles: Roles, robbed: bytes, history: tree.MemoryTree, junk: tree.MemoryTree
) -> None:
    fresh = chain.funded("fresh anchorer")
    first = chain.anchored_at(robbed, head_of(history, HONEST))
    chain.send(successor_data(robbed, head_of(history, HONEST), fresh), sender=roles.owner)
    successor = contract.successor_id(robbed, HONEST, history.root(HONEST))

    # 1. The old log has ended, junk and all; its anchors are still there, so that verifiers pin {logId, maxSize}.
    assert chain.head(robbed) == (21, roles.anchorer, True)
    assert chain.anchored_at(robbed, head_of(junk, 21)) is not None
    # 2. The thief can append nothing more, to neither log.
    with reverts("LogIsSealed", logId=robbed):
        chain.extend(robbed, roles.anchorer, history, 22)
    with reverts("NotAnchorer", logId=successor, caller=roles.anchorer, anchorer=fresh):
        chain.extend(successor, roles.anchorer, history, 20)
    # 3. The successor goes on from the honest head, whose time is still that of its first anchor.
    assert chain.head(successor) == (HONEST, fresh, False)
    assert chain.anchored_at(successor, head_of(history, HONEST)) == first
    assert chain.anchored_at(successor, head_of(junk, 21)) is None
    mined = chain.extend(successor, fresh, history, 30)
    assert chain.anchored_at(successor, head_of(history, 30)) == (mined.block_time, mined.block_number)


def test_the_successor_refuses_the_junk_history(
    chain: LocalChain, roles: Roles, robbed: bytes, history: tree.MemoryTree, junk: tree.MemoryTree
) -> None:
    chain.send(successor_data(robbed, head_of(history, HONEST), roles.anchorer), sender=roles.owner)
    successor = contract.successor_id(robbed, HONEST, history.root(HONEST))
    chain.extend(successor, roles.anchorer, history, 21)
    with reverts("HeadRootMismatch", logId=successor, oldSize=21, oldRoot=junk.root(21)):
        chain.anchor(successor, roles.anchorer, head_of(junk, 21), Head(22, b"\1" * 32), ())


def test_opening_a_successor_tells_of_it(
    chain: LocalChain, roles: Roles, robbed: bytes, history: tree.MemoryTree
) -> None:
    data = successor_data(robbed, head_of(history, HONEST), roles.stranger)
    successor = contract.successor_id(robbed, HONEST, history.root(HONEST))
    assert contract.read_log_id(chain.call(data, sender=roles.owner)) == successor
    sealed, opened = chain.send(data, sender=roles.owner).logs
    events = contract.artifact().events
    assert sealed == ((events["LogSealed"], robbed), (21).to_bytes(32, "big"))
    owner, anchorer = (bytes(12) + bytes.fromhex(who[2:]) for who in (roles.owner, roles.stranger))
    values = HONEST.to_bytes(32, "big") + history.root(HONEST) + anchorer
    assert opened == ((events["SuccessorOpened"], robbed, successor, owner), values)
    assert contract.read_log_id(chain.call(contract.successor_of_call(robbed))) == successor


def test_the_successor_belongs_to_the_owner(
    chain: LocalChain, roles: Roles, robbed: bytes, history: tree.MemoryTree
) -> None:
    chain.send(successor_data(robbed, head_of(history, HONEST), roles.anchorer), sender=roles.owner)
    successor = contract.successor_id(robbed, HONEST, history.root(HONEST))
    answer = chain.call(contract.ownership_call(successor))
    assert contract.read_ownership(answer) == (roles.owner, contract.ZERO_ADDRESS)


def test_a_log_has_one_successor(
    chain: LocalChain, roles: Roles, robbed: bytes, history: tree.MemoryTree
) -> None:
    chain.send(successor_data(robbed, head_of(history, HONEST), roles.anchorer), sender=roles.owner)
    successor = contract.successor_id(robbed, HONEST, history.root(HONEST))
    for size in (5, HONEST):
        with reverts("SuccessorAlreadyOpen", logId=robbed, successor=successor):
            chain.call(successor_data(robbed, head_of(history, size), roles.anchorer), sender=roles.owner)


def test_a_successor_may_have_a_successor(
    chain: LocalChain, roles: Roles, robbed: bytes, history: tree.MemoryTree
) -> None:
    first = chain.anchored_at(robbed, head_of(history, HONEST))
    chain.send(successor_data(robbed, head_of(history, HONEST), roles.anchorer), sender=roles.owner)
    second = contract.successor_id(robbed, HONEST, history.root(HONEST))
    chain.send(successor_data(second, head_of(history, HONEST), roles.anchorer), sender=roles.owner)
    third = contract.successor_id(second, HONEST, history.root(HONEST))
    assert chain.anchored_at(third, head_of(history, HONEST)) == first


def test_a_sealed_log_has_a_successor_too(
    chain: LocalChain, roles: Roles, robbed: bytes, history: tree.MemoryTree
) -> None:
    chain.send(contract.seal_call(robbed), sender=roles.owner)
    mined = chain.send(successor_data(robbed, head_of(history, HONEST), roles.anchorer), sender=roles.owner)
    assert [topics[0] for topics, _ in mined.logs] == [contract.artifact().events["SuccessorOpened"]]


@pytest.mark.parametrize("size", [0, 11, 13, 40])
def test_a_successor_begins_only_at_an_anchored_head(
    chain: LocalChain, roles: Roles, robbed: bytes, history: tree.MemoryTree, size: int
) -> None:
    head = head_of(history, size)
    with reverts("NeverAnchored", logId=robbed, size=size, root=head.root):
        chain.call(successor_data(robbed, head, roles.anchorer), sender=roles.owner)


def test_a_successor_needs_an_anchorer(
    chain: LocalChain, roles: Roles, robbed: bytes, history: tree.MemoryTree
) -> None:
    successor = contract.successor_id(robbed, HONEST, history.root(HONEST))
    with reverts("AnchorerIsZero", logId=successor):
        data = successor_data(robbed, head_of(history, HONEST), contract.ZERO_ADDRESS)
        chain.call(data, sender=roles.owner)
    assert chain.head(robbed) == (21, roles.anchorer, False)
