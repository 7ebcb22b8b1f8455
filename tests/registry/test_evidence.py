"""Evidence: each piece verifies with certlog alone, as of the epoch that the last head ends in."""

from dataclasses import replace

import pytest

from certlog.checkpoint import Checkpoint, open_checkpoint
from certlog.credential import slot_of
from certlog.digests import DocumentHash, RootHash
from certlog.documents import SecuredDocument
from certlog.entry import EpochEntry, StatementEntry, certificate_entry
from certlog.errors import InvalidInput, Unavailable
from certlog.evidence import AnchorPointer, Evidence
from certlog.issuer_record import key_in_force
from certlog.note import VerifierKey
from certlog.scopes import DelegatedScope, Names, Source
from certlog.slots import Slot
from certlog.status import StatusAction
from certlog.status_list import get_bit, status_leaf
from certlog.tlog_proof import verify_tlog_proof
from certlog.tree import leaf_hash, verify_inclusion
from certlog.trust import (
    CompromiseKey,
    Delegate,
    Enrol,
    GrantScope,
    RetireKey,
    TrustAction,
)
from certlog.trust_state import TrustState
from registry.evidence import AnchoredHead
from tests.support.certificates import SAMPLE_AUTHORITY, SAMPLE_DID
from tests.support.possession import added_key, rotation_to
from tests.support.registry import OPERATOR_DID, OTHER_DID, SCOPE, START, RegistryWorld, as_submission
from tests.support.signing import ed25519

POINTER = AnchorPointer(31337, "0x" + "ab" * 32, 7, START)


def _certificate(world: RegistryWorld, *, publish: bool = True) -> SecuredDocument:
    slot = world.slot()
    document = world.certificate(slot=slot)
    world.logged(as_submission(document, slot, publish=publish))
    return document


def _slot(document: SecuredDocument) -> Slot:
    return slot_of(document.content)


def _check(world: RegistryWorld, evidence: Evidence, document: SecuredDocument) -> TrustState:
    """Verify every piece; return the trust state that the carried statements alone lead to."""
    assert Evidence.parse(evidence.to_bytes()) == evidence
    key = VerifierKey.from_text(world.registry.log_key())
    heads: list[Checkpoint] = [open_checkpoint(head.checkpoint, key) for head in evidence.heads]
    assert [head.size for head in heads] == sorted({head.size for head in heads})
    leaf = certificate_entry(document, _slot(document)).leaf_hash
    for head, carried in zip(heads, evidence.heads, strict=True):
        verify_inclusion(leaf, evidence.index, head.size, carried.path, head.root)
    last = heads[-1]
    for proven in (*evidence.trust, *evidence.events, evidence.epoch):
        verify_inclusion(proven.entry.leaf_hash, proven.index, last.size, proven.path, last.root)
    assert isinstance(evidence.epoch.entry, EpochEntry)
    epoch = evidence.epoch.entry.epoch
    assert epoch.as_of == evidence.epoch.index == last.size - 1
    for proven_record in evidence.records:
        verify_inclusion(
            proven_record.record.leaf_hash,
            proven_record.index,
            epoch.trust_records,
            proven_record.path,
            epoch.trust_root,
        )
    for offset, proven_list in enumerate(evidence.lists):
        verify_inclusion(
            status_leaf(proven_list.bits),
            2 * _slot(document).list + offset,
            2 * epoch.status_lists,
            proven_list.path,
            epoch.status_root,
        )
    state = TrustState(world.settings.operator, world.origin, partial=True)
    for proven in evidence.trust:
        assert isinstance(proven.entry, StatementEntry)
        state.apply(proven.index, proven.entry.document)
    return state


def _bits(evidence: Evidence, document: SecuredDocument) -> tuple[bool, ...]:
    return tuple(get_bit(proven.bits, _slot(document).index) for proven in evidence.lists)


def test_evidence_verifies_piece_by_piece(enrolled: RegistryWorld) -> None:
    document = _certificate(enrolled)
    enrolled.publisher.start()
    evidence = enrolled.registry.evidence(document.document_hash)
    state = _check(enrolled, evidence, document)
    assert (evidence.index, evidence.certificate) == (3, document)
    assert [len(evidence.heads), len(evidence.events), len(evidence.records)] == [1, 0, 1]
    key_in_force(state.require_record(SAMPLE_DID), document.proof.key, evidence.index)
    assert [proven.index for proven in evidence.trust] == [0, 1, 2]
    assert _bits(evidence, document) == (False, False)


def test_before_the_first_epoch_evidence_is_not_available_yet(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    document = _certificate(enrolled)
    enrolled.publisher.tick()
    with pytest.raises(Unavailable, match="its first signed epoch follows within a minute"):
        enrolled.registry.evidence(document.document_hash)
    enrolled.clock.time += 60
    enrolled.publisher.tick()
    _check(enrolled, enrolled.registry.evidence(document.document_hash), document)


def test_evidence_of_an_unknown_certificate_is_refused(enrolled: RegistryWorld) -> None:
    with pytest.raises(InvalidInput, match="no certificate with hash 00"):
        enrolled.registry.evidence(DocumentHash(bytes(32)))


def test_withheld_content_is_not_in_the_evidence_and_every_standing_grant_is(enrolled: RegistryWorld) -> None:
    other = replace(SCOPE, authority="Bộ Khác")
    enrolled.logged(enrolled.trust(GrantScope(other)))
    document = _certificate(enrolled, publish=False)
    enrolled.publisher.start()
    evidence = enrolled.registry.evidence(document.document_hash)
    _check(enrolled, evidence, document)
    assert evidence.certificate is None
    assert [proven.index for proven in evidence.trust] == [0, 1, 2, 3]


def test_only_the_granted_scope_that_is_claimed_is_carried(enrolled: RegistryWorld) -> None:
    enrolled.logged(enrolled.trust(GrantScope(replace(SCOPE, authority="Bộ Khác"))))
    document = _certificate(enrolled)
    enrolled.publisher.start()
    evidence = enrolled.registry.evidence(document.document_hash)
    assert [proven.index for proven in evidence.trust] == [0, 1, 2]


def test_heads_are_the_first_anchored_the_newest_anchored_and_the_newest_signed(
    enrolled: RegistryWorld,
) -> None:
    enrolled.publisher.seal_batch(0)
    document = _certificate(enrolled)
    sealed = [enrolled.publisher.seal_batch(number) for number in range(1, 5)]
    anchored = [AnchoredHead(head.size, head.root, (POINTER,)) for head in sealed[:3]]
    too_early = AnchoredHead(4, RootHash(bytes(32)), (POINTER,))
    evidence = enrolled.registry.evidence(document.document_hash, [too_early, *reversed(anchored)])
    _check(enrolled, evidence, document)
    sizes = [int(head.checkpoint.split("\n")[1]) for head in evidence.heads]
    assert sizes == [sealed[0].size, sealed[2].size, sealed[3].size]
    assert [head.anchors for head in evidence.heads] == [(POINTER,), (POINTER,), ()]


def test_an_anchored_root_that_is_not_ours_is_never_handed_out(enrolled: RegistryWorld) -> None:
    document = _certificate(enrolled)
    sealed = enrolled.publisher.seal_batch(0)
    foreign = AnchoredHead(sealed.size, RootHash(bytes(32)), (POINTER,))
    with pytest.raises(Unavailable, match=f"the anchored root of size {sealed.size} is not the one"):
        enrolled.registry.evidence(document.document_hash, [foreign])


def test_a_head_newer_than_its_epoch_is_left_for_the_next_epoch(enrolled: RegistryWorld) -> None:
    """Evidence speaks as of its epoch: a withdrawal logged after it is neither listed nor denied."""
    document = _certificate(enrolled)
    enrolled.publisher.start()
    enrolled.logged(enrolled.status(document, StatusAction.WITHDRAW))
    enrolled.publisher.tick()
    before = enrolled.registry.evidence(document.document_hash)
    _check(enrolled, before, document)
    assert (len(before.events), _bits(before, document)) == (0, (False, False))
    enrolled.clock.time += 60
    enrolled.publisher.tick()
    after = enrolled.registry.evidence(document.document_hash)
    _check(enrolled, after, document)
    assert (len(after.events), _bits(after, document)) == (1, (True, False))


def test_every_status_event_and_the_keys_that_signed_them_are_carried(enrolled: RegistryWorld) -> None:
    document = _certificate(enrolled)
    second = ed25519("second key")
    enrolled.logged(enrolled.trust(added_key(second.public_key)))
    enrolled.logged(enrolled.status(document, StatusAction.BIND_FILE))
    enrolled.logged(enrolled.status(document, StatusAction.SUSPEND, signer=second))
    _certificate(enrolled)
    enrolled.publisher.start()
    evidence = enrolled.registry.evidence(document.document_hash)
    state = _check(enrolled, evidence, document)
    assert [proven.index for proven in evidence.events] == [5, 6]
    key_in_force(state.require_record(SAMPLE_DID), second.public_key, 6)
    assert _bits(evidence, document) == (False, True)


def test_the_record_is_that_of_the_epoch_and_shows_what_became_of_the_key(enrolled: RegistryWorld) -> None:
    document = _certificate(enrolled)
    enrolled.publisher.start()
    key = document.proof.key
    before = enrolled.registry.evidence(document.document_hash)
    enrolled.logged(enrolled.trust(RetireKey(key)))
    enrolled.logged(enrolled.trust(CompromiseKey(key, 3)))
    assert enrolled.registry.evidence(document.document_hash) == before
    enrolled.clock.time += 60
    enrolled.publisher.tick()
    after = enrolled.registry.evidence(document.document_hash)
    _check(enrolled, after, document)
    found = [record.record.key_record(key) for record in (*before.records, *after.records)]
    assert [(k.retired, k.compromised_since) for k in found if k] == [(None, None), (5, 3)]
    assert [proven.index for proven in after.trust] == [0, 1, 2]


def test_operator_rotations_before_the_statements_are_carried(world: RegistryWorld) -> None:
    new = ed25519("new operator")
    world.logged(
        world.trust(rotation_to(world.operator.public_key, new.public_key, OPERATOR_DID), OPERATOR_DID)
    )
    world.operator = new
    world.enrol()
    document = _certificate(world)
    newer = ed25519("newer operator")
    world.logged(world.trust(rotation_to(new.public_key, newer.public_key, OPERATOR_DID), OPERATOR_DID))
    world.publisher.start()
    evidence = world.registry.evidence(document.document_hash)
    _check(world, evidence, document)
    assert [proven.index for proven in evidence.trust] == [0, 1, 2, 3]


def test_a_delegates_grant_brings_the_delegates_own_statements_and_record(world: RegistryWorld) -> None:
    authority = ed25519("authority")
    scope = replace(SCOPE, source=Source("authority"))
    delegation = Delegate((TrustAction.GRANT_SCOPE,), (DelegatedScope("designation", SAMPLE_AUTHORITY),))
    for change in (
        Enrol(Names("Cơ quan Mẫu"), "0100000002"),
        added_key(authority.public_key, OTHER_DID),
        delegation,
    ):
        world.logged(world.trust(change, OTHER_DID))
    world.enrol(scope=None)
    grant = world.trust(GrantScope(scope), signer=authority, did=OTHER_DID)
    world.logged(grant)
    document = _certificate(world)
    world.publisher.start()
    evidence = world.registry.evidence(document.document_hash)
    state = _check(world, evidence, document)
    assert [proven.index for proven in evidence.trust] == [0, 1, 2, 3, 4, 5]
    assert [proven.record.did for proven in evidence.records] == [SAMPLE_DID, OTHER_DID]
    assert state.require_record(SAMPLE_DID).scopes[0].scope == scope


def test_a_receipt_proves_the_entry_to_the_newest_checkpoint(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    document = _certificate(enrolled)
    with pytest.raises(Unavailable, match="the checkpoint that contains it follows within about a second"):
        enrolled.registry.tlog_proof(4)
    enrolled.publisher.tick()
    leaf = leaf_hash(as_submission(document, _slot(document)).entry_bytes)
    proof = verify_tlog_proof(
        enrolled.registry.tlog_proof(4), leaf, VerifierKey.from_text(enrolled.registry.log_key())
    )
    assert proof.index == 4
    for index in (-1, 5):
        with pytest.raises(InvalidInput, match=f"no entry {index}: the log has 5"):
            enrolled.registry.tlog_proof(index)


@pytest.mark.parametrize(("old", "new"), [(-1, 2), (3, 2), (0, 5)])
def test_consistency_is_only_given_between_signed_sizes(enrolled: RegistryWorld, old: int, new: int) -> None:
    enrolled.publisher.start()
    with pytest.raises(InvalidInput, match="expected 0 <= from <= to <= 4"):
        enrolled.registry.consistency(old, new)


def test_a_certificate_is_found_by_its_id_however_it_is_typed(enrolled: RegistryWorld) -> None:
    document = _certificate(enrolled)
    view = enrolled.registry.certificate(document.document_hash)
    assert view is not None
    assert (view.index, view.issuer, view.slot, view.logged_at) == (3, SAMPLE_DID, Slot(0, 0), START)
    assert view.document == document
    typed = " ".join(view.id[i : i + 5] for i in range(0, 20, 5)).lower()
    assert enrolled.registry.certificate_by_id(typed) == view
    assert enrolled.registry.certificate_by_id("WERC8GMRZGE196QVYK49") is None
    with pytest.raises(InvalidInput, match="the check character does not fit"):
        enrolled.registry.certificate_by_id("WERC8GMRZGE196QVYK40")
