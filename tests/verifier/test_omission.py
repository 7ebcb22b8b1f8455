"""Omission proofs: each lie about a status is shown from the log alone, and an honest registry is never accused."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from certlog.errors import InvalidInput
from certlog.evidence import ProvenEntry
from certlog.omission_proof import Base, OmissionProof, Tail
from certlog.status import StatusAction, StatusStatement
from certlog.status_proof import StatusProof
from certlog.tail import peaks_of
from certlog.trust import CompromiseKey
from tests.support.deep import cases
from tests.support.signing import log_signer
from tests.verifier.dishonest import ISSUER, THIEF, Liar, dropped
from verifier.make_omission import make_omission
from verifier.verify_omission import Contradiction, Omission, verify_omission

A: Final = StatusAction
OMITTED, INVENTED = Contradiction.REVOCATION_OMITTED, Contradiction.REVOCATION_INVENTED


def prove(liar: Liar, statement: StatusProof | None = None, **more: StatusProof) -> OmissionProof:
    """Make a proof, send it through its bytes, and return it."""
    made = make_omission(statement or liar.state(), liar.view(), liar.log.trust_root(), **more)
    assert OmissionProof.parse(made.to_bytes()) == made
    return made


def shown(liar: Liar, proof: OmissionProof) -> Omission:
    return verify_omission(proof, liar.log.trust_root())


def superseded() -> Liar:
    liar = Liar()
    replacement = liar.neighbour()
    before = liar.log.lists[0]
    liar.event(A.SUPERSEDE, replaced_by=replacement.document_hash)
    liar.log.lists[0] = before
    return liar


def cleared_suspension() -> Liar:
    liar = Liar()
    liar.event(A.SUSPEND)
    liar.state()
    liar.say(suspended=False)
    return liar


def invented(**bits: bool) -> Callable[[], Liar]:
    def make() -> Liar:
        liar = Liar()
        liar.neighbour()
        liar.say(**bits)
        return liar

    return make


def hidden_behind_a_stranger() -> Liar:
    liar = dropped(A.SUSPEND)()
    liar.junk(A.REINSTATE, THIEF, previous=liar.log.statuses[liar.certificate.document_hash].last)
    return liar


def hidden_behind_what_it_should_have_refused() -> Liar:
    liar = Liar()
    liar.junk(A.BIND_FILE, ISSUER, previous=liar.certificate.document_hash)
    before = liar.log.lists[0]
    liar.log.statuses.clear()
    last = liar.log.statements("status")[-1][1].document_hash
    liar.junk(A.WITHDRAW, ISSUER, previous=last)
    liar.log.lists[0] = before
    return liar


LIES: Final[dict[str, tuple[Callable[[], Liar], Contradiction, bool]]] = {
    "dropped withdrawal": (dropped(A.WITHDRAW), OMITTED, False),
    "dropped withdrawal after others": (
        dropped(A.SUSPEND, A.REINSTATE, A.BIND_FILE, A.WITHDRAW),
        OMITTED,
        False,
    ),
    "dropped cancellation": (dropped(A.CANCEL), OMITTED, False),
    "dropped replacement": (superseded, OMITTED, False),
    "dropped suspension": (dropped(A.SUSPEND), Contradiction.SUSPENSION_OMITTED, True),
    "dropped reinstatement": (dropped(A.SUSPEND, A.REINSTATE), Contradiction.SUSPENSION_INVENTED, True),
    "reinstated without an event": (cleared_suspension, Contradiction.SUSPENSION_OMITTED, True),
    "withdrawn without an event": (invented(revoked=True), INVENTED, True),
    "suspended without an event": (invented(suspended=True), Contradiction.SUSPENSION_INVENTED, True),
    "a stranger's event as an excuse": (hidden_behind_a_stranger, Contradiction.SUSPENSION_OMITTED, True),
    "an event that it should have refused": (hidden_behind_what_it_should_have_refused, OMITTED, True),
}


@pytest.mark.parametrize(("lie", "contradiction", "needs_tail"), LIES.values(), ids=LIES.keys())
def test_a_registry_that_lies_about_a_status_is_caught(
    lie: Callable[[], Liar], contradiction: Contradiction, needs_tail: bool
) -> None:
    liar = lie()
    proof = prove(liar)
    found = shown(liar, proof)
    assert found.contradiction is contradiction
    assert found.document_hash == liar.certificate.document_hash
    assert found.epoch == liar.log.epochs[-1]
    assert (proof.tail is not None) is needs_tail


def test_a_lie_is_caught_later_from_the_statement_that_someone_kept() -> None:
    liar = dropped(A.WITHDRAW)()
    kept, view = liar.state(), liar.view()
    liar.say(revoked=True)
    liar.state()
    proof = make_omission(kept, view, liar.log.trust_root())
    assert shown(liar, proof).epoch == liar.log.epochs[-2]


def test_two_statements_that_nothing_lies_between_need_only_what_lies_between() -> None:
    liar = Liar()
    for _ in range(20):
        liar.neighbour()
    earlier = liar.state()
    liar.neighbour()
    liar.say(revoked=True)
    proof = prove(liar, earlier=earlier)
    assert proof.base is not None
    assert proof.tail is not None
    assert len(proof.tail.entries) == 2
    found = shown(liar, proof)
    assert (found.contradiction, found.base) == (INVENTED, liar.log.epochs[-2])
    assert len(proof.to_bytes()) < len(prove(liar, liar.log.status_proof(liar.certificate)).to_bytes())


def no_contradiction(liar: Liar, statement: StatusProof | None = None, **more: StatusProof) -> None:
    with pytest.raises(InvalidInput) as refusal:
        prove(liar, statement, **more)
    assert refusal.value.code == "no-contradiction"


@pytest.mark.parametrize(
    "history",
    [
        (),
        (A.WITHDRAW,),
        (A.SUSPEND,),
        (A.SUSPEND, A.REINSTATE),
        (A.SUSPEND, A.CANCEL),
        (A.BIND_FILE, A.WITHDRAW),
    ],
)
def test_an_honest_registry_is_not_accused(history: tuple[StatusAction, ...]) -> None:
    liar = Liar()
    earlier = liar.state()
    for action in history:
        liar.event(action)
    no_contradiction(liar)
    no_contradiction(liar, liar.log.status_proof(liar.certificate), earlier=earlier)


def test_an_event_of_a_compromised_key_accuses_nobody() -> None:
    liar = Liar()
    index = liar.event(A.WITHDRAW)
    withdrawn = liar.state()
    liar.log.state(CompromiseKey(ISSUER.public_key, index))
    liar.say(revoked=False)
    no_contradiction(liar)
    no_contradiction(liar, liar.log.status_proof(liar.certificate), earlier=withdrawn)
    false = accusation(liar, events=slice(0, 1))
    with pytest.raises(InvalidInput) as refusal:
        shown(liar, false)
    assert refusal.value.code == "tail-missing"


def test_an_event_after_the_epoch_accuses_nobody() -> None:
    liar = Liar()
    statement, view = liar.state(), liar.view()
    liar.event(A.WITHDRAW)
    liar.say(revoked=False)
    liar.state()
    with pytest.raises(InvalidInput, match="there is no contradiction"):
        make_omission(statement, view, liar.log.trust_root())
    late = prove(liar, liar.log.status_proof(liar.certificate))
    with pytest.raises(InvalidInput, match="does not lie after entry"):
        shown(liar, replace(late, statement=statement))


def accusation(liar: Liar, *, events: slice = slice(None), tail_from: int | None = None) -> OmissionProof:
    """Return what an accuser might hand in: some of the events, some of the tail, whatever they show."""
    log, view = liar.log, liar.view()
    found = [
        ProvenEntry(index, log.entries[index], log.tree.inclusion(index))
        for index, _ in log.statements("status")
    ]
    tail = None
    if tail_from is not None:
        entries = tuple(view.entry(index) for index in range(tail_from, log.size))
        tail = Tail(tail_from, peaks_of(tail_from, view.node), entries)
    return OmissionProof(log.status_proof(liar.certificate), tuple(found[events]), (), tail)


def reinstated() -> Liar:
    liar = Liar()
    liar.event(A.SUSPEND)
    liar.event(A.REINSTATE)
    liar.state()
    return liar


def without_its_reinstatement() -> tuple[Liar, OmissionProof]:
    liar = reinstated()
    return liar, accusation(liar, events=slice(0, 1))


def with_its_reinstatement_in_the_tail_only() -> tuple[Liar, OmissionProof]:
    liar = reinstated()
    return liar, accusation(liar, events=slice(0, 1), tail_from=liar.index + 2)


def with_a_tail_that_leaves_it_out() -> tuple[Liar, OmissionProof]:
    liar = reinstated()
    whole = accusation(liar, events=slice(0, 1), tail_from=liar.index + 2)
    assert whole.tail is not None
    filler = liar.log.entries[0].to_bytes()
    tail = replace(whole.tail, entries=(filler, *whole.tail.entries[1:]))
    return liar, replace(whole, tail=tail)


def without_the_suspension_before() -> tuple[Liar, OmissionProof]:
    """A void suspension whose reinstatement has no effect, told as if there had been only one of them."""
    liar = Liar()
    liar.event(A.SUSPEND)
    liar.event(A.REINSTATE)
    liar.event(A.SUSPEND)
    liar.event(A.REINSTATE)
    liar.state()
    proof = accusation(liar, events=slice(2, 3))
    return liar, replace(proof, tail=accusation(liar, tail_from=proof.events[0].index + 1).tail)


def about_another_certificate() -> tuple[Liar, OmissionProof]:
    liar = Liar()
    other = liar.neighbour()
    liar.log.change_status(other, A.WITHDRAW, "invalid", signer=ISSUER)
    liar.state()
    return liar, accusation(liar)


def by_a_stranger() -> tuple[Liar, OmissionProof]:
    liar = Liar()
    liar.junk(A.WITHDRAW, THIEF, previous=None)
    liar.state()
    return liar, accusation(liar)


def outside_the_log() -> tuple[Liar, OmissionProof]:
    liar = Liar()
    liar.neighbour()
    liar.state()
    other = dropped(A.WITHDRAW)()
    other.state()
    event = replace(
        accusation(other).events[0], index=liar.index + 1, path=liar.log.tree.inclusion(liar.index + 1)
    )
    return liar, replace(accusation(liar), events=(event,))


def with_an_older_list() -> tuple[Liar, OmissionProof]:
    liar = Liar()
    old = liar.state()
    liar.event(A.WITHDRAW)
    liar.state()
    proof = accusation(liar)
    return liar, replace(proof, statement=replace(proof.statement, lists=old.lists))


def signed_by_a_thief() -> tuple[Liar, OmissionProof]:
    liar = dropped(A.WITHDRAW)()
    liar.log.log_key = log_signer(liar.log.origin, "thief")
    liar.state()
    proof = accusation(liar)
    liar.log.log_key = log_signer(liar.log.origin)
    return liar, proof


def replaced_by_what_is_not_there() -> tuple[Liar, OmissionProof]:
    liar = superseded()
    liar.state()
    return liar, accusation(liar)


def _nothing(*_: object, **__: object) -> None:
    return None


def _of_anybody(entry: Any, *_: object) -> object:
    try:
        return StatusStatement.from_json(entry.document.content)
    except (InvalidInput, AttributeError):
        return None


STEP: Final = "verifier.verify_omission."
FALSE: Final[dict[str, tuple[Callable[[], tuple[Liar, OmissionProof]], str, object]]] = {
    "a reinstatement left out": (without_its_reinstatement, STEP + "_require_nothing_after", _nothing),
    "a reinstatement in the tail": (
        with_its_reinstatement_in_the_tail_only,
        STEP + "_require_nothing_after",
        _nothing,
    ),
    "a tail that is not the log's": (with_a_tail_that_leaves_it_out, STEP + "_require_complete", _nothing),
    "an event before it left out": (without_the_suspension_before, STEP + "event_of", None),
    "another certificate's event": (about_another_certificate, STEP + "event_of", _of_anybody),
    "a stranger's event": (by_a_stranger, STEP + "event_of", None),
    "an event that is not in the log": (outside_the_log, STEP + "prove_entry", _nothing),
    "an older list": (with_an_older_list, "verifier.check_status.verify_inclusion", _nothing),
    "a thief's checkpoint": (signed_by_a_thief, STEP + "_require_passed", _nothing),
    "no replacement": (replaced_by_what_is_not_there, STEP + "_require_replacement", _nothing),
}


@pytest.mark.parametrize(("false", "step", "no_step"), FALSE.values(), ids=FALSE.keys())
def test_a_false_accusation_is_refused_and_by_that_step(
    false: Callable[[], tuple[Liar, OmissionProof]],
    step: str,
    no_step: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    liar, proof = false()
    with pytest.raises(InvalidInput):
        shown(liar, proof)
    if no_step is None:
        return  # two defences each refuse it: the tests of the other cases hold them
    monkeypatch.setattr(step, no_step)
    shown(liar, proof)


def with_bases() -> tuple[Liar, StatusProof, OmissionProof]:
    liar = Liar()
    earlier = liar.state()
    liar.neighbour()
    liar.say(suspended=True)
    return liar, earlier, prove(liar, earlier=earlier)


def test_a_base_must_be_an_earlier_epoch_of_this_log_with_its_own_lists() -> None:
    liar, earlier, proof = with_bases()
    assert proof.base is not None
    other = replace(earlier.lists[0], bits=b"\x80" + bytes(16383))
    for base in (
        Base(proof.base.epoch, (other, earlier.lists[1])),
        Base(replace(proof.base.epoch, index=proof.base.epoch.index - 1), earlier.lists),
        Base(proof.statement.epoch, proof.statement.lists),
    ):
        with pytest.raises(InvalidInput):
            shown(liar, replace(proof, base=base))


def test_an_event_between_two_statements_excuses_the_second() -> None:
    liar = Liar()
    earlier = liar.state()
    liar.event(A.SUSPEND)
    statement = liar.state()
    proof = accusation(liar, events=slice(0, 0), tail_from=earlier.epoch.index + 1)
    base = Base(replace(earlier.epoch, path=liar.log.tree.inclusion(earlier.epoch.index)), earlier.lists)
    with pytest.raises(InvalidInput) as refusal:
        shown(liar, replace(proof, statement=statement, base=base))
    assert refusal.value.code == "later-event"


def test_no_random_history_accuses_an_honest_registry_and_every_flipped_bit_is_shown() -> None:
    count, lies = cases(40), 0
    for seed in range(count):
        chance = random.Random(seed)
        liar = Liar()
        earlier = liar.state()
        for _ in range(chance.randrange(6)):
            match chance.randrange(4):
                case 0:
                    liar.neighbour()
                case 1:
                    earlier = liar.state()
                case _:
                    try:
                        liar.event(chance.choice([A.SUSPEND, A.REINSTATE, A.WITHDRAW, A.CANCEL, A.BIND_FILE]))
                    except InvalidInput:
                        continue
        no_contradiction(liar, earlier=earlier)
        status = liar.log.statuses.get(liar.certificate.document_hash)
        revoked, suspended = (False, False) if status is None else (status.revoked, status.suspended)
        liar.say(**({"revoked": not revoked} if chance.randrange(2) else {"suspended": not suspended}))
        for earlier_one in ({}, {"earlier": earlier}):
            shown(liar, prove(liar, **earlier_one))
            lies += 1
    assert lies == 2 * count
