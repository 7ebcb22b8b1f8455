"""A registry leaves every k-th withdrawal out of its epochs: each is found, and shown by a file for anyone to carry."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput
from certlog.findings import Fault
from certlog.omission_proof import OmissionProof
from certlog.slots import Slot
from certlog.status import REASONS, StatusAction
from tests.support.certificates import conformity_content
from tests.support.deep import cases, tell
from tests.support.random_logs import ISSUER, source_of
from tests.support.small_log import SmallLog
from tests.support.trust_log import enrolled
from tests.verifier.audited import audited, codes
from tests.verifier.dishonest import TreeOf
from verifier import verify_omission as omission_module
from verifier.make_omission import make_omission
from verifier.verify_omission import Contradiction, verify_omission

WITHDRAWN: Final = (StatusAction.WITHDRAW, StatusAction.CANCEL)


@dataclass
class Dropping:
    """A log in which every certificate ends, and every k-th end is left out of all epochs."""

    k: int
    log: SmallLog = field(default_factory=enrolled)
    dropped: list[SecuredDocument] = field(default_factory=list)
    stated: list[SecuredDocument] = field(default_factory=list)

    def live(self, chance: random.Random, certificates: int) -> None:
        """Log certificates, end them in some order with epochs in between, and drop every k-th."""
        documents = []
        for number in range(certificates):
            content = conformity_content(slot=Slot(0, number), number=f"MAU-2026-{number:04}")
            documents.append(self.log.certify(ISSUER, content))
        self.log.close()
        chance.shuffle(documents)
        for number, document in enumerate(documents, start=1):
            if chance.random() < 0.3:
                self._change(document, StatusAction.SUSPEND)
            before = list(self.log.lists)
            self._change(document, chance.choice(WITHDRAWN))
            if number % self.k:
                self.stated.append(document)
            else:
                self.log.lists = before
                self.dropped.append(document)
            if chance.random() < 0.2:
                self.log.close()
        self.log.close()

    def accusations(self) -> Iterator[OmissionProof]:
        """Make the proof of each dropped end, and send it through its bytes."""
        for document in self.dropped:
            proof = self._accuse(document)
            yield OmissionProof.parse(proof.to_bytes())

    def require_no_other(self) -> None:
        """Require that nobody can be accused of what was stated rightly."""
        for document in self.stated:
            with pytest.raises(InvalidInput):
                self._accuse(document)

    def _accuse(self, document: SecuredDocument) -> OmissionProof:
        view = TreeOf(self.log, self.log.size)
        return make_omission(self.log.status_proof(document), view, self.log.trust_root())

    def _change(self, document: SecuredDocument, action: StatusAction) -> None:
        self.log.change_status(document, action, next(iter(REASONS[action])), signer=ISSUER)


def drop_and_prove(folder: Path, seed: int, certificates: int) -> int:
    """Let a registry drop every k-th end; return how many proofs showed it, having required one for each."""
    chance = random.Random(seed)
    registry = Dropping(chance.randint(2, 9))
    registry.live(chance, certificates)
    shown = 0
    for proof in registry.accusations():
        # Who receives the file has the trust root, and nothing else.
        found = verify_omission(proof, registry.log.trust_root())
        assert found.contradiction is Contradiction.REVOCATION_OMITTED
        shown += 1
    assert shown == certificates // registry.k
    registry.require_no_other()
    assert Fault.EPOCH_STATUS_ROOT in codes(audited(registry.log, source_of(registry.log, folder)))
    return shown


def test_each_dropped_withdrawal_is_found_and_shown_by_a_portable_proof(tmp_path: Path) -> None:
    assert drop_and_prove(tmp_path, 1, 24) > 0


@pytest.mark.deep
def test_each_of_a_thousand_withdrawals_that_is_dropped_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registries = cases(25)
    shown = sum(drop_and_prove(tmp_path / str(seed), seed, 40) for seed in range(registries))
    tell(
        capsys,
        f"{40 * registries} withdrawals in {registries} registries, {shown} dropped: each shown by a file",
    )


def test_a_verifier_of_proofs_that_takes_any_for_good_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With the comparison gone, nothing is shown any more.
    monkeypatch.setattr(omission_module, "_contradiction", lambda *_: None)
    with pytest.raises(AssertionError):
        drop_and_prove(tmp_path, 1, 12)
