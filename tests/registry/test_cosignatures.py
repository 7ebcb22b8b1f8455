"""Cosignatures: only verified ones of pinned keys are kept, under heads that were signed here, and served with them."""

from dataclasses import replace
from typing import Any, Final

import pytest
from sqlalchemy import select

from certlog import cosignature
from certlog.checkpoint import Checkpoint, open_checkpoint, read_checkpoint
from certlog.cosignature import open_cosignatures
from certlog.credential import slot_of
from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput, NotTrusted, SignatureMismatch
from certlog.evidence import Evidence
from certlog.note import NoteSignature, VerifierKey, cosignature_time, parse_note, sign_note, signature_line
from certlog.trust_root import LogKey, TrustRoot
from cli.doctor_cosigners import look_at_cosigners
from registry import cosignatures
from registry.cosigners import NO_COSIGNERS, CosignerPolicy, Witness
from registry.own_trust_root import own_trust_root, update_trust_root
from registry.settings import make_settings
from registry.tables import cosignatures as table
from tests.support.controls import Control, nothing, require_failure
from tests.support.cosigners import AUDITOR, SECOND, WITNESS
from tests.support.registry import SETTINGS, START, RegistryWorld, as_submission
from tests.support.signing import Cosigner, cosigner, ed25519, log_signer
from verifier.chain_view import NOT_CONSULTED
from verifier.report import Reason, Verdict
from verifier.verify import verify

STRANGER = cosigner("stranger.example.org", time=START)


def setting(signer: Cosigner) -> str:
    return signer.verifier_key.to_text()


@pytest.fixture
def world(audited: RegistryWorld) -> RegistryWorld:
    """Return a registry that pins two auditors, both wanted, and a witness; the sample body is enrolled."""
    return audited


def certificate(world: RegistryWorld) -> SecuredDocument:
    document = world.certificate()
    world.logged(as_submission(document, slot_of(document.content)))
    close(world)
    return document


def close(world: RegistryWorld) -> None:
    """Sign a head that ends in an epoch."""
    world.clock.time += 3600
    world.publisher.tick()


def cosigned_note(world: RegistryWorld, *signers: Cosigner) -> str:
    """Return the newest head with cosignatures that were made elsewhere."""
    note = world.registry.checkpoint()
    return note + "".join(line_of(signer, parse_note(note).text) for signer in signers)


def line_of(signer: Cosigner, text: str) -> str:
    key = signer.verifier_key
    return signature_line(NoteSignature(key.name, key.key_id, signer.sign(text.encode())))


def rows(world: RegistryWorld) -> int:
    with world.registry.database.reading() as connection:
        return len(connection.execute(select(table)).all())


def test_a_cosignature_of_a_pinned_key_is_kept_and_served_with_its_head(world: RegistryWorld) -> None:
    certificate(world)
    before = world.registry.checkpoint()
    kept = world.registry.take_cosigned_note(cosigned_note(world, AUDITOR, WITNESS))
    assert (set(kept.names), kept.new) == ({WITNESS.name, AUDITOR.name}, 2)
    after = world.registry.checkpoint()
    assert after.startswith(before)
    assert cosignature_time(parse_note(after), AUDITOR.verifier_key) == AUDITOR.time
    assert open_checkpoint(after, VerifierKey.from_text(world.registry.log_key())) == read_checkpoint(before)


def test_cosignatures_stand_under_the_checkpoint_beside_the_tiles(world: RegistryWorld) -> None:
    certificate(world)
    checkpoint = world.folder.tiles / "checkpoint"
    assert checkpoint.read_text() == world.registry.checkpoint()
    world.registry.take_cosigned_note(cosigned_note(world, AUDITOR))
    assert checkpoint.read_text() != world.registry.checkpoint()
    world.publisher.tick()
    assert checkpoint.read_text() == world.registry.checkpoint()
    assert AUDITOR.verifier_key.name in checkpoint.read_text()


def test_the_same_cosignature_again_changes_nothing(world: RegistryWorld) -> None:
    certificate(world)
    note = cosigned_note(world, AUDITOR)
    assert world.registry.take_cosigned_note(note).new == 1
    assert world.registry.take_cosigned_note(note).new == 0
    later = replace(AUDITOR, time=AUDITOR.time + 1)
    bare = note[: note.rindex("— ")]
    assert world.registry.take_cosigned_note(bare + line_of(later, parse_note(bare).text)).new == 0
    assert rows(world) == 1


def test_a_key_that_is_not_pinned_is_refused(world: RegistryWorld) -> None:
    certificate(world)
    with pytest.raises(
        NotTrusted, match="expected a cosignature by a key that is pinned here: witness.example.vn/w1"
    ):
        world.registry.take_cosigned_note(cosigned_note(world, STRANGER))
    assert rows(world) == 0


def test_a_note_without_any_cosignature_is_refused(world: RegistryWorld) -> None:
    certificate(world)
    with pytest.raises(NotTrusted, match="pinned"):
        world.registry.take_cosigned_note(world.registry.checkpoint())


def test_a_wrong_cosignature_in_a_pinned_name_is_refused_whole(world: RegistryWorld) -> None:
    certificate(world)
    note = world.registry.checkpoint()
    wrong = line_of(SECOND, parse_note(note).text.replace("vn", "us"))
    with pytest.raises(SignatureMismatch):
        world.registry.take_cosigned_note(cosigned_note(world, AUDITOR) + wrong)
    assert rows(world) == 0


def test_a_cosignature_from_the_future_is_refused(world: RegistryWorld) -> None:
    certificate(world)
    ahead = replace(AUDITOR, time=world.clock.time + 400)
    with pytest.raises(InvalidInput, match="dated 0 or in the future"):
        world.registry.take_cosigned_note(cosigned_note(world, ahead))


def test_a_head_that_was_not_signed_here_is_refused(world: RegistryWorld) -> None:
    """Another root of the same size, well signed by the log key: a second history is not kept beside the first."""
    certificate(world)
    mine = read_checkpoint(world.registry.checkpoint())
    forged = Checkpoint(mine.origin, mine.size, type(mine.root)(bytes(32)))
    for other in (forged, replace(forged, size=mine.size + 1), replace(mine, origin="other.example.vn")):
        note = sign_note(other.to_text(), log_signer(other.origin), AUDITOR)
        with pytest.raises(InvalidInput, match="was signed here"):
            world.registry.take_cosigned_note(note)
    assert rows(world) == 0


def test_evidence_is_green_offline_with_the_auditors_quorum_and_says_so(world: RegistryWorld) -> None:
    document = certificate(world)
    root = TrustRoot.parse(world.folder.trust_root.read_bytes())
    assert (len(root.auditors), root.auditor_quorum) == (2, 2)

    def verdict() -> tuple[Verdict, Reason | None]:
        evidence = Evidence.parse(world.registry.evidence(document.document_hash).to_bytes())
        report = verify(evidence, root, world.clock.time, NOT_CONSULTED)
        return report.verdict, next(check.reason for check in report.checks if check.number == 7)

    assert verdict() == (Verdict.PENDING, Reason.NOT_ANCHORED_YET)
    world.registry.take_cosigned_note(cosigned_note(world, AUDITOR))
    assert verdict() == (Verdict.PENDING, Reason.NOT_ANCHORED_YET)
    world.registry.take_cosigned_note(cosigned_note(world, SECOND))
    assert verdict() == (Verdict.VALID, Reason.AUDITORS)


def test_evidence_carries_the_newest_audited_head_beside_the_newest(world: RegistryWorld) -> None:
    document = certificate(world)
    world.registry.take_cosigned_note(cosigned_note(world, AUDITOR, SECOND))
    audited = read_checkpoint(world.registry.checkpoint()).size
    close(world)
    evidence = world.registry.evidence(document.document_hash)
    assert [read_checkpoint(head.checkpoint).size for head in evidence.heads] == [audited, audited + 1]
    root = TrustRoot.parse(world.folder.trust_root.read_bytes())
    assert verify(evidence, root, world.clock.time, NOT_CONSULTED).verdict is Verdict.VALID


def test_a_witness_is_no_auditor_and_makes_nothing_green(world: RegistryWorld) -> None:
    document = certificate(world)
    world.registry.take_cosigned_note(cosigned_note(world, AUDITOR, WITNESS))
    root = TrustRoot.parse(world.folder.trust_root.read_bytes())
    evidence = world.registry.evidence(document.document_hash)
    assert verify(evidence, root, world.clock.time, NOT_CONSULTED).verdict is Verdict.PENDING


def test_other_auditors_change_the_trust_root_only_when_that_is_said(world: RegistryWorld) -> None:
    fewer = make_settings(SETTINGS | {"auditors": [setting(AUDITOR)], "auditor_quorum": 1})
    with pytest.raises(InvalidInput, match="use --replace"):
        update_trust_root(world.folder, fewer, (), replace=False)
    assert update_trust_root(world.folder, fewer, (), replace=True).auditor_quorum == 1


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"auditors": [setting(AUDITOR)]}, "auditor_quorum is 0: expected 1 to 1"),
        ({"auditors": [setting(AUDITOR)], "auditor_quorum": 2}, "auditor_quorum is 2: expected 1 to 1"),
        ({"witness_quorum": 1}, "witness_quorum is 1, but there are 0 witnesses"),
        ({"auditors": ["auditor.example.vn"], "auditor_quorum": 1}, "auditors|expected"),
        ({"auditors": [log_signer("a.example.vn").verifier_key.to_text()], "auditor_quorum": 1}, "type 04"),
        ({"witnesses": [setting(WITNESS)]}, "expected a witness as VKEY URL"),
        ({"witnesses": [f"{setting(WITNESS)} ftp://witness.example.vn"]}, "expected a witness's address"),
        (
            {"witnesses": [f"{setting(WITNESS)} https://a:b@witness.example.vn"]},
            "expected a witness's address",
        ),
        ({"witnesses": [f"{setting(WITNESS)} https://x.example.vn"] * 2}, "bear the same name"),
        ({"witnesses": [f"{setting(WITNESS)} https://x.example.vn"] * 17}, "at most 16"),
    ],
)
def test_settings_of_cosigners_that_cannot_be_meant_are_refused(
    told: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        make_settings(SETTINGS | told)


def test_a_variable_of_the_environment_names_several() -> None:
    settings = make_settings(
        SETTINGS | {"auditors": f"{setting(AUDITOR)}; {setting(SECOND)}", "auditor_quorum": 1}
    )
    assert settings.cosigners.auditors == (AUDITOR.verifier_key, SECOND.verifier_key)
    assert make_settings(SETTINGS).cosigners == NO_COSIGNERS
    keys = [LogKey(log_signer("x").verifier_key, 0, None)]
    assert own_trust_root(settings, keys, ed25519("l").public_key, ()).auditor_quorum == 1


def test_the_policy_tells_how_many_are_missing() -> None:
    policy = CosignerPolicy(
        (Witness(WITNESS.verifier_key, "https://w"),), 1, (AUDITOR.verifier_key, SECOND.verifier_key), 2
    )
    assert policy.missing(()) == (1, 2)
    assert policy.missing((WITNESS.verifier_key, SECOND.verifier_key)) == (0, 1)


def looked(world: RegistryWorld) -> list[tuple[str, str]]:
    with world.registry.database.reading() as connection:
        found = look_at_cosigners(connection, world.settings.cosigners, world.clock.time)
        return [(str(finding.level), finding.text) for finding in found]


def test_the_doctor_counts_what_is_missing(world: RegistryWorld) -> None:
    certificate(world)
    no_auditor = ("warning", "the auditors' quorum of 2 has signed no head for a day")
    assert looked(world) == [no_auditor]
    world.registry.take_cosigned_note(cosigned_note(world, AUDITOR, SECOND))
    good = ("good", f"the newest cosigned head has size 5, by {AUDITOR.name}, {SECOND.name}")
    assert looked(world) == [good]
    strict = replace(world.settings.cosigners, witness_quorum=1)
    world.clock.time += 901
    with world.registry.database.reading() as connection:
        (late,) = look_at_cosigners(connection, strict, world.clock.time)
        assert late.text == "1 wanted witnesses have not signed the head of size 5"
        assert list(look_at_cosigners(connection, NO_COSIGNERS, world.clock.time)) == []
    world.clock.time += 86_400
    assert looked(world) == [no_auditor]


def _of_the_stranger(text: str, lines: Any, _keys: object, *, now: int) -> Any:
    return open_cosignatures(text, lines, (STRANGER.verifier_key,), now=now)


CONTROLS: Final = {
    "any key": (
        cosignatures,
        "open_cosignatures",
        _of_the_stranger,
        test_a_key_that_is_not_pinned_is_refused,
    ),
    "any head": (cosignatures, "_require_own", nothing, test_a_head_that_was_not_signed_here_is_refused),
    "any signature": (
        cosignature,
        "cosignature_time",
        lambda _note, _key: 1,
        test_a_wrong_cosignature_in_a_pinned_name_is_refused_whole,
    ),
}


@pytest.mark.parametrize("name", sorted(CONTROLS))
def test_a_defect_of_what_is_kept_is_noticed(
    name: str, world: RegistryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, attribute, defect, test = CONTROLS[name]
    require_failure(Control(holder, attribute, defect, lambda: test(world)), monkeypatch)
