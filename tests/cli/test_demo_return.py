"""What a demo makes of what it finds again: what the log allows is found and said, what nobody may do is a failure."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from rich.console import Console

from certlog.certificate_id import format_id
from certlog.errors import Unavailable
from certlog.operator_record import PinnedRotation
from certlog.trust_root import LogKey, TrustRoot
from cli import demo_return
from cli.demo_return import Left, find_again, follow_trust_root
from cli.demo_stage import Stage
from cli.language import use
from tests.support.controls import Control, require_noticed
from tests.support.signing import ed25519, log_signer
from tests.support.small_log import SmallLog

ID: Final = "WERC8GMRZGE196QVYK49"
ROOT: Final = SmallLog().trust_root()
ROTATED: Final = replace(
    ROOT,
    log_keys=(
        replace(ROOT.log_keys[0], to_size=8),
        LogKey(log_signer(ROOT.origin, "second").verifier_key, 8, None),
    ),
)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    use("en")
    yield Stage(Console(file=io.StringIO(), width=200), tmp_path)
    use("vi")


def said(stage: Stage) -> str:
    assert isinstance(stage.console.file, io.StringIO)
    return stage.console.file.getvalue()


def find(stage: Stage, left: str, *found: str, verify: str | None = None) -> str:
    """Find a certificate again whose page says these verdicts, one after another."""
    answers = iter(found)
    last = found[-1]
    return find_again(stage, Left(ID, left), lambda: next(answers, last), lambda: verify or last, [])


@pytest.mark.parametrize(
    ("left", "found"),
    [
        ("suspended", "valid"),
        ("suspended", "withdrawn"),
        ("valid", "suspended"),
        ("valid", "superseded"),
        ("valid", "cancelled"),
        ("valid", "expired"),
        ("valid", "not_trusted"),
    ],
)
def test_what_was_lawfully_changed_is_said_and_no_fault(stage: Stage, left: str, found: str) -> None:
    assert find(stage, left, found) == found
    assert stage.failures == []
    assert "changed since the first run, which left it: " in said(stage)


def test_what_is_as_it_was_left_is_only_ticked(stage: Stage) -> None:
    assert find(stage, "suspended", "cannot_check", "pending", "suspended") == "suspended"
    assert stage.failures == []
    assert f"{format_id(ID)}: Suspended" in said(stage)
    assert "changed" not in said(stage)


@pytest.mark.parametrize("found", ["altered", "contradicted", "unknown"])
def test_what_nobody_may_bring_about_is_a_failure(stage: Stage, found: str) -> None:
    find(stage, "valid", found)
    assert len(stage.failures) == 1


def test_a_demo_that_takes_everything_is_noticed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def attempt() -> None:
        stage.failures.clear()
        test_what_nobody_may_bring_about_is_a_failure(stage, "altered")

    require_noticed(Control(demo_return, "_NEVER", (), attempt), monkeypatch)


def test_a_page_and_a_verifier_that_never_agree_are_a_failure(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_return, "PROOF_SECONDS", 0)
    with pytest.raises(Unavailable, match="the proof: not so after 0 seconds"):
        find(stage, "suspended", "valid", verify="suspended")


def test_the_trust_root_of_a_rotated_log_key_is_taken_over(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "trust-root.json"
    path.write_bytes(ROOT.to_bytes())
    follow_trust_root(stage, path, ROTATED)
    assert TrustRoot.parse(path.read_bytes()) == ROTATED
    assert "new log key" in said(stage)
    assert stage.failures == []
    before = said(stage)
    follow_trust_root(stage, path, ROTATED)
    assert said(stage) == before


def test_what_the_owner_pinned_of_the_operator_stays(stage: Stage, tmp_path: Path) -> None:
    rotation = PinnedRotation(7, ed25519("operator 2").public_key)
    pinned = replace(ROOT, operator=replace(ROOT.operator, rotations=(rotation,)))
    path = tmp_path / "trust-root.json"
    path.write_bytes(pinned.to_bytes())
    follow_trust_root(stage, path, ROTATED)
    assert TrustRoot.parse(path.read_bytes()) == replace(ROTATED, operator=pinned.operator)
    assert stage.failures == []


def test_a_trust_root_that_takes_something_back_is_not_taken_over(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "trust-root.json"
    path.write_bytes(ROTATED.to_bytes())
    follow_trust_root(stage, path, ROOT)
    assert TrustRoot.parse(path.read_bytes()) == ROTATED
    assert len(stage.failures) == 1
