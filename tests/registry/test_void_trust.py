"""What a compromised delegate stated is void in tables, epochs, evidence and the audit's replay alike."""

from pathlib import Path
from typing import Any, Final

import pytest

from certlog.credential import slot_of
from certlog.log_replay import LogReplay
from certlog.scopes import DelegatedScope, Names
from certlog.status import StatusAction
from certlog.trust import CompromiseKey, Delegate, Enrol, TrustAction
from certlog.trust_root import TrustRoot
from registry import views
from registry.rebuild import check
from tests.support.certificates import SAMPLE_AUTHORITY
from tests.support.controls import nothing
from tests.support.possession import added_key
from tests.support.registry import RegistryWorld, as_submission
from tests.support.signing import ed25519
from verifier.chain_view import ChainView
from verifier.report import Reason, Verdict
from verifier.verify import verify

AUTHORITY: Final = ed25519("authority")
AUTHORITY_DID: Final = "did:web:uyban.example.vn"
OTHER_DID: Final = "did:web:khac.example.vn"
ALL: Final = Delegate(
    (TrustAction.ENROL, TrustAction.ADD_KEY), (DelegatedScope("designation", SAMPLE_AUTHORITY),)
)


def delegated(world: RegistryWorld) -> int:
    """Let an authority enrol a body that certifies and withdraws; return the entry of the enrolment."""
    world.enrol(AUTHORITY_DID, AUTHORITY, scope=None)
    world.logged(world.trust(ALL, AUTHORITY_DID))
    by: dict[str, Any] = {"signer": AUTHORITY, "did": AUTHORITY_DID}
    first = world.logged(world.trust(Enrol(Names("Phòng thử nghiệm Khác"), "0200000002"), OTHER_DID, **by))
    key = added_key(ed25519("other body").public_key, OTHER_DID)
    world.logged(world.trust(key, OTHER_DID, **by))
    return first


def audited(world: RegistryWorld) -> LogReplay:
    """Replay the whole log from its bytes, as an auditor does; requires that nothing is found."""
    replay = LogReplay(world.settings.operator, world.origin)
    for index in range(world.registry.size()):
        entry = world.registry.entry(index)
        assert entry is not None
        assert replay.add(entry.data) == ()
    return replay


def test_table_epoch_rebuild_and_audit_agree_on_what_is_void(enrolled: RegistryWorld, tmp_path: Path) -> None:
    first = delegated(enrolled)
    signer = ed25519("other body")
    document = enrolled.certificate(did=OTHER_DID, signer=signer)
    enrolled.logged(as_submission(document, slot_of(document.content), publish=False))
    enrolled.logged(enrolled.status(document, StatusAction.SUSPEND, signer=signer))
    enrolled.publisher.start()
    assert audited(enrolled).trust.record(OTHER_DID) is not None

    enrolled.logged(enrolled.trust(CompromiseKey(AUTHORITY.public_key, first), AUTHORITY_DID))
    enrolled.clock.time += 120
    enrolled.publisher.tick()
    assert enrolled.registry.issuer_record(OTHER_DID) is None
    view = enrolled.registry.certificate(document.document_hash)
    assert view is not None
    assert (view.record, view.status.suspended) == (None, False)
    replay = audited(enrolled)
    assert replay.trust.record(OTHER_DID) is None
    assert not replay.status(document.document_hash).suspended
    check(enrolled.registry.database, tmp_path / "scratch.db", enrolled.settings.operator, enrolled.origin)

    root = TrustRoot.parse(enrolled.folder.trust_root.read_bytes())
    evidence = enrolled.registry.evidence(document.document_hash)
    report = verify(evidence, root, enrolled.clock(), ChainView(problem="not asked"), certificate=document)
    assert (report.verdict, report.reason) == (Verdict.NOT_TRUSTED, Reason.NOT_ENROLLED)


def test_the_body_is_enrolled_again_and_certifies_anew(enrolled: RegistryWorld, tmp_path: Path) -> None:
    first = delegated(enrolled)
    enrolled.logged(enrolled.trust(CompromiseKey(AUTHORITY.public_key, first), AUTHORITY_DID))
    signer = ed25519("other body")
    enrolled.enrol(OTHER_DID, signer, scope=None)
    document = enrolled.certificate(did=OTHER_DID, signer=signer)
    enrolled.logged(as_submission(document, slot_of(document.content), publish=False))
    enrolled.publisher.start()
    check(enrolled.registry.database, tmp_path / "scratch.db", enrolled.settings.operator, enrolled.origin)
    assert audited(enrolled).trust.record(OTHER_DID) == enrolled.registry.issuer_record(OTHER_DID)


def test_tables_that_keep_what_is_void_are_noticed(
    enrolled: RegistryWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_void_events", nothing)
    with pytest.raises(AssertionError):
        test_table_epoch_rebuild_and_audit_agree_on_what_is_void(enrolled, tmp_path)
