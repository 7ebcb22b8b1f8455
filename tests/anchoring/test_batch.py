"""Every transition of the state machine: the legal ones keep the batch's content, all others are refused."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from anchoring.batch import (
    EMPTY_HEAD,
    Attempt,
    Batch,
    Fees,
    Head,
    IllegalTransition,
    Inclusion,
    Purpose,
    SealedHead,
    State,
    Transaction,
    seal,
)
from certlog.digests import RootHash
from certlog.errors import InvalidInput

ORIGIN = "registry.example.vn"
SEALED = SealedHead(ORIGIN, 7, RootHash(b"\x07" * 32), "note")
ATTEMPTS = (
    Attempt(b"old", b"\x01" * 32, Fees(1, 1), 1),
    Attempt(b"new", b"\x02" * 32, Fees(2, 2), 2),
)
TRANSACTION = Transaction(Purpose.ANCHOR, 31337, "0xabc", 4, b"call", ATTEMPTS)
INCLUSION = Inclusion(12, 1_795_000_000, b"\x01" * 32)


def in_state(state: State) -> Batch:
    batch = seal(1, None, SEALED, origin=ORIGIN, at=1)
    steps: list[Callable[[Batch], Batch]] = [
        lambda b: b.prepare(TRANSACTION, 2),
        lambda b: b.sent(3),
        lambda b: b.seen(INCLUSION, 4),
        lambda b: b.finalize(INCLUSION, 14, 5),
    ]
    for step in steps[: list(State).index(state)]:
        batch = step(batch)
    assert batch.state is state
    return batch


TRANSITIONS: dict[str, Callable[[Batch], Batch]] = {
    "prepare": lambda b: b.prepare(TRANSACTION, 9),
    "sent": lambda b: b.sent(9),
    "seen": lambda b: b.seen(INCLUSION, 9),
    "finalize": lambda b: b.finalize(INCLUSION, 14, 9),
    "lose": lambda b: b.lose(9),
}
LEGAL = {
    ("prepare", State.SEALED): State.PREPARED,
    ("sent", State.PREPARED): State.BROADCAST,
    ("sent", State.BROADCAST): State.BROADCAST,
    ("seen", State.BROADCAST): State.INCLUDED,
    ("finalize", State.INCLUDED): State.FINAL,
    ("lose", State.INCLUDED): State.BROADCAST,
}


@pytest.mark.parametrize("name", TRANSITIONS)
@pytest.mark.parametrize("state", State)
def test_only_the_transitions_of_the_design_exist(name: str, state: State) -> None:
    batch = in_state(state)
    wanted = LEGAL.get((name, state))
    if wanted is None:
        with pytest.raises(IllegalTransition):
            TRANSITIONS[name](batch)
        return
    after = TRANSITIONS[name](batch)
    assert after.state is wanted
    assert after.version == batch.version + 1
    content = ("number", "old", "new", "note", "sealed_at")
    assert [getattr(after, part) for part in content] == [getattr(batch, part) for part in content]


def test_the_first_batch_builds_on_the_empty_log() -> None:
    assert in_state(State.SEALED).old == EMPTY_HEAD


def test_a_batch_is_sealed_only_on_a_final_one() -> None:
    larger = replace(SEALED, size=9)
    with pytest.raises(IllegalTransition, match="batch 1 is INCLUDED"):
        seal(2, in_state(State.INCLUDED), larger, origin=ORIGIN, at=1)
    assert seal(2, in_state(State.FINAL), larger, origin=ORIGIN, at=1).old == SEALED.head


@pytest.mark.parametrize("size", [0, 6, 7])
def test_a_batch_must_grow(size: int) -> None:
    with pytest.raises(InvalidInput, match="must be larger than 7"):
        seal(2, in_state(State.FINAL), replace(SEALED, size=size), origin=ORIGIN, at=1)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"expected a checkpoint of 'other\.example\.vn'"):
        seal(1, None, SEALED, origin="other.example.vn", at=1)


def test_a_batch_is_not_anchored_by_an_opening() -> None:
    with pytest.raises(IllegalTransition, match="not by open-log"):
        in_state(State.SEALED).prepare(replace(TRANSACTION, purpose=Purpose.OPEN_LOG), 1)


def test_a_lost_batch_must_leave_again_at_once_and_forgets_its_block() -> None:
    lost = in_state(State.INCLUDED).lose(9)
    assert lost.inclusion is None
    assert lost.in_flight().sent_at is None


def test_attempts_are_sent_newest_first() -> None:
    assert [attempt.raw for attempt in TRANSACTION.newest_first()] == [b"new", b"old"]


def test_heads_differ_by_size_or_root() -> None:
    head = Head(7, RootHash(b"\x07" * 32))
    assert head.same_as(SEALED.head)
    assert not head.same_as(Head(8, head.root))
    assert not head.same_as(Head(7, RootHash(b"\x08" * 32)))
    assert not head.same_as(Head(7, RootHash(b"")))
