"""Status proofs of a real registry: of now, of a day in the past, and of anchored epochs only."""

import pytest

from certlog.digests import DocumentHash
from certlog.documents import SecuredDocument
from certlog.entry import EpochEntry
from certlog.errors import InvalidInput, Unavailable
from certlog.evidence import AnchorPointer
from certlog.status import StatusAction
from certlog.status_proof import StatusProof
from certlog.trust_root import TrustRoot
from registry.evidence import AnchoredHead
from registry.own_trust_root import update_trust_root
from tests.support.registry import RegistryWorld, as_submission
from verifier.chain_view import NOT_CONSULTED
from verifier.verify_status import Standing, verify_status

POINTER = AnchorPointer(31337, "0x" + "ab" * 32, 7, 1_795_000_000)
HOUR = 3600


def _issued(world: RegistryWorld) -> SecuredDocument:
    slot = world.slot()
    document = world.certificate(slot=slot)
    world.logged(as_submission(document, slot))
    return document


def _standing(world: RegistryWorld, proof: StatusProof) -> tuple[Standing, int | None]:
    update_trust_root(world.folder, world.settings, (), replace=True)
    root = TrustRoot.parse(world.folder.trust_root.read_bytes())
    assert StatusProof.parse(proof.to_bytes()) == proof
    report = verify_status(proof, root, world.clock(), NOT_CONSULTED)
    return report.standing, None if report.epoch is None else report.epoch.time


def test_the_newest_epoch_is_what_a_status_proof_states(enrolled: RegistryWorld) -> None:
    document = _issued(enrolled)
    enrolled.publisher.tick()
    assert _standing(enrolled, enrolled.registry.status_proof(document.document_hash)) == (
        Standing.CLEAR,
        enrolled.clock(),
    )
    enrolled.clock.time += HOUR
    enrolled.logged(enrolled.status(document, StatusAction.WITHDRAW))
    enrolled.publisher.tick()
    assert _standing(enrolled, enrolled.registry.status_proof(document.document_hash)) == (
        Standing.REVOKED,
        enrolled.clock(),
    )


def test_of_a_day_in_the_past_the_last_epoch_not_after_it_is_stated(enrolled: RegistryWorld) -> None:
    document = _issued(enrolled)
    wanted: list[tuple[int, Standing]] = []
    for action, standing in (
        (None, Standing.CLEAR),
        (StatusAction.SUSPEND, Standing.SUSPENDED),
        (StatusAction.REINSTATE, Standing.CLEAR),
        (StatusAction.CANCEL, Standing.REVOKED),
    ):
        if action is not None:
            enrolled.logged(enrolled.status(document, action))
        enrolled.publisher.tick()
        wanted.append((enrolled.clock(), standing))
        enrolled.clock.time += HOUR
    for time, standing in wanted:
        for on in (time, time + HOUR - 1):
            proof = enrolled.registry.status_proof(document.document_hash, on=on)
            assert _standing(enrolled, proof) == (standing, time)
    with pytest.raises(InvalidInput, match="no epoch that early speaks of entry"):
        enrolled.registry.status_proof(document.document_hash, on=wanted[0][0] - 1)
    with pytest.raises(Unavailable, match="no signed epoch answers this yet"):
        enrolled.registry.status_proof(document.document_hash, needs_anchor=True)


def test_where_only_anchored_epochs_count_a_newer_one_is_passed_over(enrolled: RegistryWorld) -> None:
    document = _issued(enrolled)
    sealed = enrolled.publisher.seal_batch(0)
    head = AnchoredHead(sealed.size, sealed.root, (POINTER,))
    enrolled.clock.time += HOUR
    enrolled.logged(enrolled.status(document, StatusAction.SUSPEND))
    enrolled.publisher.tick()
    newest = enrolled.registry.status_proof(document.document_hash, [head])
    assert newest.head.anchors == ()
    anchored = enrolled.registry.status_proof(document.document_hash, [head], needs_anchor=True)
    assert anchored.head.anchors == (POINTER,)
    assert isinstance(anchored.epoch.entry, EpochEntry)
    assert anchored.epoch.entry.epoch.as_of == sealed.size - 1
    with pytest.raises(Unavailable):
        enrolled.registry.status_proof(document.document_hash, needs_anchor=True)


def test_a_certificate_that_is_not_logged_has_no_status_proof(enrolled: RegistryWorld) -> None:
    with pytest.raises(InvalidInput, match="no certificate with hash"):
        enrolled.registry.status_proof(DocumentHash(bytes(32)))
