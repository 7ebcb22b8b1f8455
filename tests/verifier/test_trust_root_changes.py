"""Trust roots are compared in words and built from older ones; nothing that the old one proved is lost unsaid."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from certlog import trust_root_changes
from certlog.operator_record import PinnedRotation
from certlog.status import StatusAction
from certlog.trust_root import LogId, LogKey, TrustRoot
from certlog.trust_root_changes import changes
from cli.verify import trust_root as command
from tests.support.certificates import SAMPLE_DID
from tests.support.controls import Control, nothing, require_noticed
from tests.support.possession import rotation_to
from tests.support.served_log import write_log
from tests.support.signing import cosigner, ed25519, log_signer
from tests.support.small_log import DESIGNATION, OPERATOR_DID, SmallLog
from verifier import logged_rotation

ROOT: Final = SmallLog().trust_root()
SECOND: Final = log_signer(ROOT.origin, "second").verifier_key
NEW: Final = ed25519("operator 2").public_key
THIRD: Final = ed25519("operator 3").public_key
ISSUER: Final = ed25519("issuer")
AUDITOR: Final = cosigner("auditor.example.vn", time=0).verifier_key
CHAIN: Final = ROOT.chains[0]


def rotated(root: TrustRoot) -> TrustRoot:
    ended = replace(root.log_keys[0], to_size=8)
    return replace(root, log_keys=(ended, LogKey(SECOND, 8, None)))


def pinned(root: TrustRoot) -> TrustRoot:
    return replace(root, operator=replace(root.operator, rotations=(PinnedRotation(7, NEW),)))


def audited(root: TrustRoot) -> TrustRoot:
    return replace(root, auditors=(AUDITOR,), auditor_quorum=1)


def limited(root: TrustRoot) -> TrustRoot:
    logs = (LogId(CHAIN.log_ids[0].log_id, 8), LogId("0x" + "ab" * 32, None))
    return replace(root, chains=(replace(CHAIN, log_ids=logs),))


CASES: Final[dict[str, tuple[Callable[[TrustRoot], TrustRoot], bool]]] = {
    "nothing": (lambda root: root, True),
    "log key rotated": (rotated, True),
    "log key exchanged": (lambda root: replace(root, log_keys=(LogKey(SECOND, 0, None),)), False),
    "rotation pinned": (pinned, True),
    "fresh for longer": (lambda root: replace(root, max_status_age=90_000), True),
    "other recovery key": (
        lambda root: replace(root, operator=replace(root.operator, recovery_key=NEW)),
        False,
    ),
    "other first key": (lambda root: replace(root, operator=replace(root.operator, key=NEW)), False),
    "auditors named where there were none": (audited, True),
    "a log left behind, its successor named": (limited, False),
    "chain gone": (lambda root: replace(root, chains=()), False),
    "another node": (
        lambda root: replace(root, chains=(replace(CHAIN, endpoints=("https://b.example",)),)),
        True,
    ),
    "other code": (lambda root: replace(root, chains=(replace(CHAIN, code_hash="0x" + "0a" * 32),)), False),
}


@pytest.mark.parametrize(("change", "keeps"), CASES.values(), ids=CASES.keys())
def test_it_is_said_whether_all_that_the_old_root_proved_still_holds(
    change: Callable[[TrustRoot], TrustRoot], keeps: bool
) -> None:
    found = changes(ROOT, change(ROOT))
    assert all(one.keeps for one in found) is keeps
    assert bool(found) is (change(ROOT) != ROOT)


def test_more_auditors_that_must_agree_take_something_away() -> None:
    second = cosigner("second.example.vn", time=0).verifier_key
    old = replace(ROOT, auditors=(AUDITOR, second), auditor_quorum=1)
    assert [one.keeps for one in changes(old, replace(old, auditor_quorum=2))] == [False]
    assert [one.keeps for one in changes(replace(old, auditor_quorum=2), old)] == [True]


@pytest.mark.parametrize("undo", [rotated, pinned, limited])
def test_a_root_that_goes_back_is_marked(undo: Callable[[TrustRoot], TrustRoot]) -> None:
    assert not all(one.keeps for one in changes(undo(ROOT), ROOT))


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, ["--lang", "en", *arguments])
    return result.exit_code, result.output


@pytest.fixture
def path(tmp_path: Path) -> Path:
    written = tmp_path / "root.json"
    written.write_bytes(ROOT.to_bytes())
    return written


@dataclass(frozen=True)
class Rotated:
    """A log in which the operator's key was rotated twice, its files, and its trust root, which pins neither."""

    log: SmallLog
    folder: Path
    first: int
    second: int

    def pin(self, entry: int, *, key: str = NEW.multibase, root: Path | None = None) -> tuple[int, str]:
        words = ["pin-rotation", str(root or self.root), "--entry", str(entry), "--operator-key", key]
        words += ["--log", str(self.folder), "-o", str(self.new), "--lang", "en"]
        result = CliRunner().invoke(command, words)
        return result.exit_code, f"{result.output}{result.exception or ''}"

    @property
    def root(self) -> Path:
        return self.folder.parent / "root.json"

    @property
    def new(self) -> Path:
        return self.folder.parent / "new.json"


@pytest.fixture
def rotations(path: Path) -> Rotated:
    log = SmallLog()
    log.enrol(ISSUER.public_key, SAMPLE_DID, DESIGNATION)
    first = log.state(rotation_to(log.operator.key, NEW), OPERATOR_DID)
    log.operator_signer = ed25519("operator 2")
    second = log.state(rotation_to(NEW, THIRD), OPERATOR_DID)
    log.operator_signer = ed25519("operator 3")
    certificate = log.certify(ISSUER)
    log.change_status(certificate, StatusAction.SUSPEND, "investigation", signer=ISSUER)
    log.close()
    return Rotated(log, write_log(log, path.parent / "log"), first, second)


def test_a_rotation_of_the_operator_is_pinned_into_a_new_file(rotations: Rotated) -> None:
    status, said = rotations.pin(rotations.first)
    assert status == 0, said
    pin = PinnedRotation(rotations.first, NEW)
    expected = replace(ROOT, operator=replace(ROOT.operator, rotations=(pin,)))
    assert TrustRoot.parse(rotations.new.read_bytes()) == expected
    assert f"after entry {rotations.first} is pinned: {NEW.multibase}" in said
    assert expected.fingerprint() in said
    assert rotations.root.read_bytes() == ROOT.to_bytes()
    rotations.new.replace(rotations.root)
    assert rotations.pin(rotations.second, key=THIRD.multibase)[0] == 0
    assert len(TrustRoot.parse(rotations.new.read_bytes()).operator.rotations) == 2


def test_a_wrong_entry_is_told_by_what_it_is_instead(rotations: Rotated) -> None:
    end = rotations.log.size
    for entry, what in (
        (0, f"is no rotation of the operator's key but the statement enrol about {SAMPLE_DID}"),
        (end - 3, f"but a certificate of {SAMPLE_DID}"),
        (end - 2, f"but a statement of {SAMPLE_DID} on the status of a certificate"),
        (end - 1, "but epoch 0"),
        (end, f"the log has no entry {end} yet: it has {end} entries"),
        (rotations.second, f"rotates the operator's key to {THIRD.multibase}, not to {NEW.multibase}"),
    ):
        status, said = rotations.pin(entry)
        assert status != 0, said
        assert what in said
        assert str(entry) in said
    assert not rotations.new.exists()


def test_a_wrong_trust_root_is_not_taken_for_a_wrong_entry(rotations: Rotated, tmp_path: Path) -> None:
    """One that lacks the rotation before, one of an older log key, and one of another log."""
    status, said = rotations.pin(rotations.second, key=THIRD.multibase)
    assert status != 0
    assert f"replaces the operator's key {NEW.multibase}; just before it, this trust root has" in said
    older = replace(ROOT, log_keys=(LogKey(SECOND, 0, None),))
    stranger = SmallLog(origin="khac.example.vn").trust_root()
    for root in (older, stranger):
        wrong = tmp_path / "wrong.json"
        wrong.write_bytes(root.to_bytes())
        status, said = rotations.pin(rotations.first, root=wrong)
        assert status != 0
        assert "this trust root is not of the log that was read" in said
    assert not rotations.new.exists()


def test_a_pin_that_is_not_compared_is_noticed(rotations: Rotated, monkeypatch: pytest.MonkeyPatch) -> None:
    def attempt() -> None:
        test_a_wrong_entry_is_told_by_what_it_is_instead(rotations)

    require_noticed(Control(logged_rotation, "require_logged", nothing, attempt), monkeypatch)


def test_auditors_and_the_log_of_a_chain_are_set(path: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.json"
    assert (
        run("set-auditors", str(path), "--auditor", AUDITOR.to_text(), "--quorum", "1", "-o", str(new))[0]
        == 0
    )
    assert TrustRoot.parse(new.read_bytes()) == audited(ROOT)
    old_log = ["--contract", CHAIN.contract, "--log-id", CHAIN.log_ids[0].log_id, "--max-size", "8"]
    assert run("set-log-id", str(path), *old_log, "-o", str(new))[0] == 0
    successor = ["--contract", CHAIN.contract, "--log-id", "0x" + "ab" * 32]
    assert run("set-log-id", str(new), *successor, "-o", str(new))[0] == 0
    assert TrustRoot.parse(new.read_bytes()) == limited(ROOT)


def test_comparing_says_what_differs_and_answers_with_its_status(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_bytes(rotated(ROOT).to_bytes())
    status, said = run("compare", str(path), str(other))
    assert status == 0
    assert "all that the old one proved still holds" in said
    status, said = run("compare", str(other), str(path))
    assert status == 1
    assert "! log key" in said


def test_a_comparison_that_overlooks_a_log_key_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust_root_changes, "_log_keys", lambda *_: iter(()))
    with pytest.raises(AssertionError):
        test_it_is_said_whether_all_that_the_old_root_proved_still_holds(*CASES["log key exchanged"])
