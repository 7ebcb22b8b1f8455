"""What was the state on a day: never more than follows from block times and the registry's dated word."""

import random
from dataclasses import replace
from typing import Final

import pytest

from certlog.errors import InvalidInput
from certlog.evidence import Evidence
from certlog.status import StatusAction
from certlog.trust import CompromiseKey
from tests.support.deep import cases
from tests.support.signing import ed25519
from tests.verifier.dishonest import ISSUER, Liar
from verifier import state_on as subject
from verifier.chain_view import AnchorReading, ChainView
from verifier.report import Report
from verifier.report_on import Known, State, StateOn
from verifier.verify import verify
from verifier.words import LANGUAGES
from verifier.words_on import on_lines, on_title

A: Final = StatusAction
DAY: Final = 86_400


class History:
    """An honest log whose heads are anchored some time after they were signed; it knows what was true when."""

    def __init__(self) -> None:
        self.liar = Liar()
        self.log = self.liar.log
        self.truth: list[tuple[int, State]] = [(self.log.time - 60, State.CLEAR)]
        self.blocks: dict[int, int] = {}

    def event(self, action: StatusAction) -> int:
        at = self.log.time
        self.liar.event(action)
        status = self.log.statuses[self.liar.certificate.document_hash]
        state = State.REVOKED if status.revoked else State.SUSPENDED if status.suspended else State.CLEAR
        self.truth.append((at, state))
        return at

    def wait(self, entries: int) -> None:
        for _ in range(entries):
            self.liar.neighbour()

    def anchor(self, delay: int = 30) -> int:
        """Close an epoch and anchor its head `delay` seconds later; return the block's time."""
        self.log.close()
        self.blocks[self.log.size] = self.log.time - 60 + delay
        return self.blocks[self.log.size]

    def view(self) -> ChainView:
        chain = self.log.trust_root().chains[0]
        readings = tuple(
            AnchorReading(
                chain_id=chain.id,
                contract=chain.contract,
                log_id=chain.log_ids[0].log_id,
                size=size,
                root=self.log.tree.root(size),
                block_time=time,
                block_number=size,
                final=True,
            )
            for size, time in self.blocks.items()
        )
        return ChainView(readings=readings, read_at=self.log.time, block_number=10_000)

    def evidence(self) -> Evidence:
        """Return evidence with the first and the newest anchored head; the log must end in an epoch."""
        sizes = sorted(size for size in self.blocks if size < self.log.size)
        return self.log.evidence(self.liar.certificate, earlier=sorted({*sizes[:1], *sizes[-1:]}))

    def ask(self, on: int, evidence: Evidence | None = None, view: ChainView | None = None) -> Report:
        found = evidence or self.evidence()
        return verify(found, self.log.trust_root(), self.log.time, view or self.view(), on=on)

    def on(self, moment: int) -> StateOn:
        found = self.ask(moment).on
        assert found is not None
        return found

    def true_state(self, moment: int) -> State:
        return [state for at, state in self.truth if at <= moment][-1]


def two_anchors() -> tuple[History, int, int, int]:
    """Return a history: anchored, suspended, anchored again; and the three times."""
    history = History()
    first = history.anchor()
    history.wait(5)
    event = history.event(A.SUSPEND)
    history.wait(5)
    return history, first, event, history.anchor()


def test_before_the_first_block_nothing_proves_that_it_was_registered() -> None:
    history, first, _, _ = two_anchors()
    assert (history.on(first - 1).known, history.on(first - 1).states) == (Known.BEFORE, ())


def test_between_two_blocks_an_event_may_or_may_not_have_been_there() -> None:
    history, first, event, _ = two_anchors()
    for moment in (first, event - 1, event + 1):
        found = history.on(moment)
        assert (found.known, found.states) == (Known.BETWEEN, (State.CLEAR, State.SUSPENDED))
        assert found.by_issuer is (State.SUSPENDED if moment >= event else State.CLEAR)


def test_without_an_event_between_the_state_is_certain() -> None:
    history = History()
    first = history.anchor()
    history.wait(9)
    last = history.anchor()
    for moment in (first, first + 60, history.log.epochs[-1].time):
        found = history.on(moment)
        assert (found.known, found.states) == (Known.CERTAIN, (State.CLEAR,))
    assert history.on(last + DAY).known is Known.AFTER


def test_an_event_that_a_block_holds_is_certain_from_that_block_on() -> None:
    history, _, _, second = two_anchors()
    history.wait(3)
    history.anchor()
    without = history.log.evidence(history.liar.certificate, earlier=sorted(history.blocks)[:1])
    found = history.ask(second, without).on
    assert found is not None
    assert (found.known, found.states) == (Known.BETWEEN, (State.CLEAR, State.SUSPENDED))
    known = history.on(second)
    assert (known.known, known.states) == (Known.CERTAIN, (State.SUSPENDED,))
    assert known.events == (("suspend", second),)


def test_without_a_chain_every_date_is_the_registrys_word_and_that_is_said() -> None:
    history = History()
    history.log.close()
    stated = history.log.epochs[-1].time
    found = history.ask(stated, view=ChainView()).on
    assert found is not None
    assert (found.known, found.registered_by) == (Known.CERTAIN, None)
    assert "No block time is known" in " ".join(on_lines(found, "en"))
    earlier = history.ask(stated - 1, view=ChainView()).on
    assert earlier is not None
    assert earlier.known is Known.BEFORE


def test_evidence_that_leaves_an_event_out_answers_for_its_epoch_only() -> None:
    history = History()
    first = history.anchor()
    history.event(A.SUSPEND)
    history.event(A.REINSTATE)
    history.event(A.WITHDRAW)
    history.anchor()
    whole = history.evidence()
    for kept in ((0, 1), (0, 2), (1, 2), (2,), ()):
        part = replace(whole, events=tuple(whole.events[i] for i in kept))
        found = history.ask(first, part).on
        assert found is not None
        assert (found.known, found.states) == (Known.MISSING, (State.REVOKED,))


def test_what_does_not_verify_is_asked_nothing() -> None:
    history, first, _, _ = two_anchors()
    good = history.evidence()
    revocation, suspension = good.lists
    bad = replace(good, lists=(revocation, replace(suspension, bits=bytes(16384))))
    assert history.ask(first, bad).on is None
    fork = replace(history.view().readings[0], root=b"\7" * 32)
    assert history.ask(first, view=ChainView(readings=(fork,), block_number=10_000)).on is None


def test_a_void_event_changed_nothing_on_any_day() -> None:
    history = History()
    first = history.anchor()
    history.event(A.WITHDRAW)
    index = history.log.size - 1
    history.log.state(CompromiseKey(ISSUER.public_key, index))
    history.liar.say(revoked=False)
    history.anchor()
    found = history.on(first)
    assert (found.known, found.states) == (Known.CERTAIN, (State.CLEAR,))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_says_whose_word_it_is(language: str) -> None:
    chosen = next(known for known in LANGUAGES if known == language)
    history, first, event, second = two_anchors()
    for moment in (first - 1, first, event, second, second + DAY):
        found = history.on(moment)
        said = " ".join((on_title(found, chosen), *on_lines(found, chosen)))
        assert ("sổ đăng ký" if language == "vi" else "the registry's word") in said
        assert ("muộn nhất" if language == "vi" else "at the latest") in said
        assert "{" not in said


def random_history(chance: random.Random) -> History:
    history = History()
    history.anchor(chance.randrange(600))
    for _ in range(chance.randrange(1, 7)):
        match chance.randrange(4):
            case 0:
                history.wait(chance.randrange(1, 4))
            case 1:
                history.anchor(chance.randrange(600))
            case _:
                try:
                    history.event(chance.choice([A.SUSPEND, A.REINSTATE, A.CANCEL, A.BIND_FILE]))
                except InvalidInput:
                    continue
    history.log.enrol(ed25519("late").public_key, "did:web:late.example.vn")
    history.log.close()
    return history


def overclaims(seeds: range) -> tuple[int, int]:
    """Return how many answers were given, and how many of them exclude what was true."""
    asked = wrong = 0
    for seed in seeds:
        chance = random.Random(seed)
        history = random_history(chance)
        evidence, view = history.evidence(), history.view()
        for _ in range(12):
            moment = chance.randrange(history.truth[0][0], history.log.time + 300)
            found = history.ask(moment, evidence, view).on
            assert found is not None
            if found.known in (Known.CERTAIN, Known.BETWEEN):
                asked += 1
                wrong += history.true_state(moment) not in found.states
    return asked, wrong


def test_no_answer_excludes_what_was_true() -> None:
    asked, wrong = overclaims(range(cases(25)))
    assert asked > 0
    assert wrong == 0


def test_an_answer_that_took_a_blocks_time_for_the_earliest_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The tempting mistake: what a block does not hold was logged after it.
    monkeypatch.setattr(subject, "_by", lambda *_: 0)
    assert overclaims(range(25))[1] > 0
