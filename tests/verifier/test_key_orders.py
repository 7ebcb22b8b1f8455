"""Every order of sign, log, anchor, rotate, revoke and compromise, against a rule of a few lines (threat B8)."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import pytest

from certlog import issuer_record
from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput
from certlog.slots import Slot
from certlog.status import StatusAction
from certlog.trust import CompromiseKey, RetireKey
from tests.support.certificates import conformity_content
from tests.support.deep import cases
from tests.support.possession import added_key
from tests.support.signing import Ed25519Signer, ed25519
from tests.verifier.world import DAY, ISSUER, NOW, World, ask, case_of, enrolled_world, sign_certificate
from verifier.report import Verdict

ACTIONS: Final = ("sign", "log", "anchor", "rotate", "revoke", "compromise")
SECOND: Final = ed25519("second")
VARIANTS: Final = tuple(
    itertools.product(("key", "certificate"), ("certificate", "after the certificate", "itself"))
)


@dataclass
class Life:
    """One certificate's life in one order; it notes positions, from which the rule below says what must come out."""

    revocation: str
    since: str
    world: World = field(default_factory=enrolled_world)
    document: SecuredDocument | None = None
    signer: Ed25519Signer = ISSUER
    is_awaited: bool = False
    is_rotated: bool = False
    logged: int | None = None
    retired: int | None = None
    withdrawn: int | None = None
    compromised: int | None = None
    is_anchored: bool = False

    def do(self, action: str) -> None:
        """Do one action; what cannot be done yet (log before sign) is done as soon as it can."""
        getattr(self, f"_{action}")()

    def _sign(self) -> None:
        self.signer = SECOND if self.is_rotated else ISSUER
        self.document = sign_certificate(conformity_content(), signer=self.signer)
        if self.is_awaited:
            self._log()

    def _log(self) -> None:
        if self.document is None:
            self.is_awaited = True
            return
        self.logged = self.world.log_certificate(self.document)

    def _anchor(self) -> None:
        size = self.world.close_epoch(time=NOW - 2 * DAY)
        self.world.anchor(size, block_time=NOW - 2 * DAY + 30, block_number=100)
        self.is_anchored = self.logged is not None

    def _rotate(self) -> None:
        self.world.state(added_key(SECOND.public_key))
        self.is_rotated = True

    def _revoke(self) -> None:
        if self.revocation == "key":
            self.retired = self.world.state(RetireKey(ISSUER.public_key))
        elif self.document is not None and self.logged is not None:
            self.withdrawn = self.world.change_status(
                self.document, StatusAction.WITHDRAW, "invalid", signer=ISSUER
            )

    def _compromise(self) -> None:
        own = self.world.size
        logged = own if self.logged is None else self.logged
        since = {"certificate": logged, "after the certificate": min(own, logged + 1), "itself": own}[
            self.since
        ]
        self.compromised = since
        self.world.state(CompromiseKey(ISSUER.public_key, since))

    def stands(self, index: int) -> bool:
        """Whether the first key may sign at an entry: the whole rule."""
        ends = (self.retired, self.compromised)
        return all(end is None or index < end for end in ends)

    def wanted(self) -> Verdict:
        """What the verdict must be."""
        assert self.logged is not None
        if self.signer is ISSUER and not self.stands(self.logged):
            return Verdict.NOT_TRUSTED
        if self.withdrawn is not None and self.stands(self.withdrawn):
            return Verdict.WITHDRAWN
        return Verdict.VALID if self.is_anchored else Verdict.PENDING


def lived(order: Sequence[str], revocation: str, since: str) -> Life:
    life = Life(revocation, since)
    for action in order:
        life.do(action)
    if life.withdrawn is not None and not life.stands(life.withdrawn):
        # The registry turns the bit back with the statement that voids the event.
        life.world.set_bit(0, Slot(0, 0), value=False)
    return life


def answered(life: Life) -> Verdict:
    assert life.document is not None
    assert life.logged is not None
    case = case_of(life.world, life.document, life.logged, block_time=None)
    return ask(case).verdict


def orders() -> Iterator[tuple[tuple[str, ...], str, str]]:
    for order in itertools.permutations(ACTIONS):
        for revocation, since in VARIANTS:
            yield order, revocation, since


def disagreements(step: int) -> tuple[int, list[tuple[tuple[str, ...], str, str, Verdict, Verdict]]]:
    """Return how many lives were lived, every `step`-th of all, and those whose verdict is not the rule's."""
    found, count = [], 0
    for order, revocation, since in itertools.islice(orders(), 0, None, step):
        life = lived(order, revocation, since)
        wanted, verdict = life.wanted(), answered(life)
        count += 1
        if wanted is not verdict:
            found.append((order, revocation, since, wanted, verdict))
    return count, found


def test_every_seventeenth_order_ends_as_the_rule_says() -> None:
    count, found = disagreements(17)
    print(f"{count} of 4,320 orders")  # noqa: T201 - the number of cases
    assert found == []


@pytest.mark.deep
def test_every_order_ends_as_the_rule_says() -> None:
    step = max(1, 4320 // cases(4320))
    count, found = disagreements(step)
    print(f"{count} of 4,320 orders")  # noqa: T201 - the number of cases
    assert found == []


def test_every_verdict_is_reached() -> None:
    reached = {lived(*one).wanted() for one in itertools.islice(orders(), 0, None, 17)}
    assert reached == {Verdict.NOT_TRUSTED, Verdict.WITHDRAWN, Verdict.VALID, Verdict.PENDING}


def test_a_key_that_never_ends_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def for_ever(record: issuer_record.IssuerRecord, key: object, index: int) -> issuer_record.KeyRecord:
        del index
        found = next((one for one in record.keys if one.key == key), None)
        if found is None:
            raise InvalidInput("no such key")
        return found

    monkeypatch.setattr("verifier.check_trust.key_in_force", for_ever)
    _, found = disagreements(170)
    assert found != []
