"""Random histories of a real registry: at every past index database, rebuilt database, auditor and verifier agree.

They agree with each other and with a model that works everything out anew from the first entry. What is not lawful is
tried too, and must be refused.
"""

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from certlog import log_replay, status_replay
from certlog.status import INITIAL, CertificateStatus, StatusAction, StatusStatement, step
from certlog.status_replay import StatusEvent
from certlog.trust import (
    Change,
    ChangeScope,
    CompromiseKey,
    Enrol,
    GrantScope,
    RetireKey,
    TrustAction,
)
from registry import rebuild, views
from tests.registry.conftest import Template, copied
from tests.support.certificates import SAMPLE_DID
from tests.support.controls import Control, nothing, require_failure
from tests.support.deep import cases, tell
from tests.support.histories import History, begin
from tests.support.history_parts import (
    AUTHORITY_DID,
    BODIES,
    BODY_LABELS,
    BY_AUTHORITY,
    DELEGATION,
    KEYS,
    LEGAL_IDS,
    NAMES,
    OPERATOR_LABELS,
    OTHER_KIND,
    SCOPE,
    Act,
    add_key,
    rotate,
    signer,
)
from tests.support.postgres import Cluster
from tests.support.registry import OPERATOR_DID, OTHER_DID, open_world
from verifier import check_status

SQLITE: Final = pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
EVERYDAY: Final = 15
WEIGHTS: Final = {
    "certificates": 30,
    StatusAction.SUSPEND: 12,
    StatusAction.REINSTATE: 10,
    StatusAction.WITHDRAW: 4,
    StatusAction.CANCEL: 2,
    StatusAction.SUPERSEDE: 4,
    StatusAction.BIND_FILE: 5,
    "keys": 8,
    "scopes": 8,
    "compromises": 4,
    "rotations": 3,
    "epochs": 10,
}
SEEDS: Final = st.integers(0, 2**16)
"""Wider ranges are drawn unevenly: small numbers far too often."""
CHANGES: Final = (TrustAction.SUSPEND_SCOPE, TrustAction.REINSTATE_SCOPE, TrustAction.WITHDRAW_SCOPE)


@contextmanager
def a_history(blank: Template, cluster: Cluster | None) -> Iterator[History]:
    """Open a registry of its own in memory, in which two bodies are enrolled."""
    folder = Path(tempfile.mkdtemp(prefix="certlog-history-", dir="/dev/shm"))  # made by mkdtemp
    try:
        with copied(blank, folder / "data", cluster) as place:
            world = open_world(folder / "data", place)
            try:
                history = History(world, folder / "scratch")
                begin(history)
                yield history
            finally:
                world.close()
    finally:
        shutil.rmtree(folder)


class HistoryMachine(RuleBasedStateMachine):
    """What can happen to a registry. Of the choices for a step one that is lawful is mostly taken, if there is one."""

    blank: Template
    cluster: Cluster | None
    seen: Counter[str]

    @initialize()
    def open(self) -> None:
        self.context = a_history(self.blank, self.cluster)
        self.history = self.context.__enter__()

    def teardown(self) -> None:
        if not hasattr(self, "history"):
            return
        try:
            self.history.close()
            self.seen["indices"] += self.history.check()
            self.seen["histories"] += 1
            self.seen["refused"] += self.history.refused
            self.seen["verdicts"] += self.history.verdicts
        finally:
            self.context.__exit__(None, None, None)

    # Hypothesis switches rules off for whole histories: what must happen in most of them is here more than once.

    @rule(seed=SEEDS)
    def anything(self, seed: int) -> None:
        chance = random.Random(seed)
        self._do(chance, *chance.choices(tuple(WEIGHTS), tuple(WEIGHTS.values())))

    @rule(seed=SEEDS)
    def anything_more(self, seed: int) -> None:
        self.anything(seed)

    @rule(seed=SEEDS)
    def anything_else(self, seed: int) -> None:
        self.anything(seed)

    @rule(seed=SEEDS, what=st.sampled_from((*StatusAction, "certificates", "compromises")))
    def much_of_one_kind(self, seed: int, what: str) -> None:
        self._do(random.Random(seed), what)

    @rule(seed=SEEDS)
    def change_trust(self, seed: int) -> None:
        chance = random.Random(seed)
        self._do(chance, chance.choice(("keys", "scopes", "compromises", "rotations")))

    @rule()
    def close(self) -> None:
        self.history.close()

    def _do(self, chance: random.Random, what: str) -> None:
        match what:
            case "certificates":
                self._try(chance, what, lambda: self._a_certificate(chance))
            case "compromises":
                self._try(chance, what, lambda: self._a_compromise(chance))
            case "keys":
                self._try(chance, what, lambda: self._a_key_change(chance))
            case "scopes":
                self._try(chance, what, lambda: self._a_scope_change(chance))
            case "rotations":
                self._try(chance, what, lambda: self._a_rotation(chance))
            case "epochs":
                self.history.close()
            case _:
                self._try(chance, what, lambda: self._a_status(chance, StatusAction(what)))

    def _try(self, chance: random.Random, what: str, draw: Callable[[], Act | None]) -> None:
        """Draw acts until one is lawful, and do it; now and then, or where none is, do one that must be refused."""
        drawn = [
            act for act in (draw() for _ in range(1 if chance.random() < 0.1 else 12)) if act is not None
        ]
        lawful = [act for act in drawn if act.is_lawful()]
        if drawn:
            self.seen[what] += (lawful or drawn)[0].do()

    def _a_certificate(self, chance: random.Random) -> Act | None:
        did = chance.choice((SAMPLE_DID, SAMPLE_DID, OTHER_DID))
        return self.history.certificate(did, chance.choice(KEYS[did]), publish=chance.random() < 0.5)

    def _a_status(self, chance: random.Random, action: StatusAction) -> Act | None:
        known = self.history.certificates
        if not known:
            return None
        certificate, other = chance.choice(known), chance.choice(known)
        if action is StatusAction.SUPERSEDE and certificate is other:
            return None  # no such statement can be written
        label = chance.choice((*KEYS[certificate.document.proof.did], *BODY_LABELS))
        return self.history.status(certificate, action, label, other)

    def _a_compromise(self, chance: random.Random) -> Act:
        did = chance.choice((*BODIES, OPERATOR_DID))
        label = chance.choice(OPERATOR_LABELS if did == OPERATOR_DID else KEYS[did])
        change = CompromiseKey(signer(label).public_key, chance.randint(0, self.history.size))
        if did == OPERATOR_DID and chance.random() < 0.5:
            return self.history.statement(change, did, by="recovery")
        return self._stated(chance, change, did)

    def _a_key_change(self, chance: random.Random) -> Act:
        did = chance.choice(BODIES)
        label = chance.choice((*KEYS[did] * 4, *BODY_LABELS))
        retire = chance.random() < 0.3
        change = RetireKey(signer(label).public_key) if retire else add_key(did, label)
        return self._stated(chance, change, did)

    def _a_scope_change(self, chance: random.Random) -> Act:
        did = chance.choice(BODIES)
        body = self.history.model.trust(self.history.size).bodies.get(did)
        known = [*body.grants, *body.delegations] if body else []
        grant = chance.choice([*known * 4, chance.randint(0, self.history.size)])
        changes: tuple[Change, ...] = (
            GrantScope(chance.choice((SCOPE, BY_AUTHORITY, OTHER_KIND))),
            Enrol(NAMES[did], LEGAL_IDS[did]),
            DELEGATION,
            ChangeScope(chance.choice(CHANGES), grant),
            ChangeScope(chance.choice(CHANGES), grant),
        )
        change = chance.choice(changes)
        return self._stated(chance, change, AUTHORITY_DID if change is DELEGATION else did)

    def _a_rotation(self, chance: random.Random) -> Act:
        by = "recovery" if chance.random() < 0.3 else self.history.operator
        change = rotate(self.history.operator, chance.choice((*OPERATOR_LABELS, *BODY_LABELS)))
        return self.history.statement(change, OPERATOR_DID, by=by)

    def _stated(self, chance: random.Random, change: Change, subject: str) -> Act:
        """Let the operator, the authority or somebody else state a change."""
        did, label = chance.choice(
            (
                (OPERATOR_DID, self.history.operator),
                (AUTHORITY_DID, chance.choice(KEYS[AUTHORITY_DID])),
                (OPERATOR_DID, self.history.operator),
                (chance.choice((*BODIES, OPERATOR_DID)), chance.choice((*BODY_LABELS, *OPERATOR_LABELS))),
            )
        )
        return self.history.statement(change, subject, by=label, did=did)


def run_histories(blank: Template, cluster: Cluster | None, *, histories: int, steps: int) -> Counter[str]:
    """Run random histories; return what happened in them."""
    seen: Counter[str] = Counter()
    machine = type("Machine", (HistoryMachine,), {"blank": blank, "cluster": cluster, "seen": seen})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=histories, stateful_step_count=steps, phases=[Phase.generate])
    )
    return seen


@SQLITE
def test_database_rebuilt_database_auditor_and_verifier_agree_at_every_index(
    blank: Template, cluster: Cluster | None
) -> None:
    seen = run_histories(blank, cluster, histories=EVERYDAY, steps=9)
    assert seen["histories"] >= EVERYDAY
    assert seen["verdicts"] > EVERYDAY


@pytest.mark.deep
def test_a_thousand_histories_agree_at_every_index(
    blank: Template, cluster: Cluster | None, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = run_histories(blank, cluster, histories=cases(1000 if cluster is None else 30), steps=40)
    counts = ", ".join(f"{count} {what}" for what, count in sorted(seen.items()))
    tell(capsys, f"random histories on {'SQLite' if cluster is None else 'PostgreSQL'}: {counts}")


def eventful(history: History) -> None:
    """Live a fixed history in which each view has something to get wrong."""
    for label in ("issuer", "p issuer", "issuer"):
        done(history.certificate(SAMPLE_DID, label, publish=True))
    done(history.certificate(OTHER_DID, "other", publish=False))
    first, second, third, fourth = history.certificates
    history.close()
    since = history.size
    done(history.status(first, StatusAction.SUSPEND, "p issuer"))
    done(history.status(second, StatusAction.WITHDRAW, "issuer"))
    done(history.status(third, StatusAction.SUPERSEDE, "issuer", first))
    history.close()
    done(history.statement(CompromiseKey(signer("p issuer").public_key, since), SAMPLE_DID))
    done(history.statement(rotate("operator", "operator 2"), OPERATOR_DID, by="recovery"))
    done(history.status(fourth, StatusAction.SUSPEND, "other"))
    history.close()
    done(history.statement(RetireKey(signer("other").public_key), OTHER_DID))
    history.close()
    assert history.check() == history.size + 1


def done(act: Act | None) -> None:
    """Require that something could be done, and was."""
    assert act is not None
    assert act.do()


def test_an_eventful_history_agrees_at_every_index(blank: Template, cluster: Cluster | None) -> None:
    with a_history(blank, cluster) as history:
        eventful(history)


def test_what_a_compromised_delegate_stated_is_in_no_evidence(
    blank: Template, cluster: Cluster | None
) -> None:
    # Found by the random histories: the void addKey was carried, and the verifier refused the whole file.
    with a_history(blank, cluster) as history:
        done(history.certificate(SAMPLE_DID, "issuer", publish=True))
        since = history.size
        added = add_key(SAMPLE_DID, "issuer 3")
        done(history.statement(added, SAMPLE_DID, by="p authority", did=AUTHORITY_DID))
        done(history.status(history.certificates[0], StatusAction.SUSPEND, "issuer 3"))
        history.close()
        done(history.statement(CompromiseKey(signer("p authority").public_key, since), AUTHORITY_DID))
        history.close()
        assert history.check() == history.size + 1


def _never_void(events: Iterable[StatusEvent], _: object) -> CertificateStatus:
    status = INITIAL
    for event in events:
        statement = StatusStatement.from_json(event.document.content)
        status = step(status, statement, event.document.document_hash, index=event.index)
    return status


DEFECTS: Final[dict[str, tuple[object, str, object]]] = {
    "the database": (views, "_void_events", nothing),
    "the rebuilt database": (rebuild, "write_status", nothing),
    "the auditor": (log_replay, "replay_events", _never_void),
    "the verifier": (check_status, "key_in_force", nothing),
    "what all of them share": (status_replay, "is_void", lambda *_: False),
}


@SQLITE
@pytest.mark.parametrize("where", DEFECTS)
def test_a_defect_in_one_view_is_noticed(
    blank: Template, cluster: Cluster | None, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, name, defect = DEFECTS[where]

    def test() -> None:
        test_an_eventful_history_agrees_at_every_index(blank, cluster)

    require_failure(Control(holder, name, defect, test), monkeypatch)
