"""`certlog status` and `certlog omission` as a person runs them, against a served registry, a mirror and nobody."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from certlog.certificate_id import certificate_id
from certlog.checkpoint import Checkpoint
from certlog.digests import RootHash
from certlog.errors import InvalidInput, Unavailable
from certlog.omission_proof import OmissionProof
from certlog.status import StatusAction
from certlog.tiles import encode_bundle, hash_tile, tiles_of
from cli.log_view import WholeLog
from cli.main import certlog
from tests.verifier.dishonest import Liar, dropped
from tests.verifier.fake_registry import FakeRegistry, serving_registry

LIAR: Final = dropped(StatusAction.WITHDRAW)()
STATEMENT: Final = LIAR.state()
ID: Final = certificate_id(LIAR.certificate.document_hash)


def run(*arguments: str | Path) -> Result:
    runner = CliRunner(env={"CERTLOG_LANG": "en"})
    return runner.invoke(certlog, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    path = tmp_path / "trust-root.json"
    path.write_bytes(LIAR.log.trust_root().to_bytes())
    return path


@pytest.fixture
def served() -> Iterator[FakeRegistry]:
    """Return a registry that serves its false statement, and its true log."""
    answers = {f"/api/v1/certificates/{ID}/status-proof": STATEMENT.to_bytes()}
    answers |= {f"/api/v1/entries/{i}": entry.to_bytes() for i, entry in enumerate(LIAR.log.entries)}
    with serving_registry(FakeRegistry(answers=answers)) as registry:
        yield registry


def mirror(folder: Path, liar: Liar) -> Path:
    """Write the log as tiles."""
    for tile in tiles_of(liar.log.size):
        path = folder / tile.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if tile.level is None:
            path.write_bytes(
                encode_bundle([entry.to_bytes() for entry in liar.log.entries[tile.start : tile.end]])
            )
        else:
            path.write_bytes(hash_tile(tile, liar.log.tree.read))
    return folder


def test_a_statement_is_fetched_checked_and_caught(
    served: FakeRegistry, pins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("status", "get", ID, "--registry", served.url).exit_code == 0
    statement = tmp_path / f"{ID}.status.json"
    assert statement.read_bytes() == STATEMENT.to_bytes()
    for command in (["status", "verify"], ["verify"]):
        told = run(*command, statement, "--trust-root", pins, "--offline")
        assert told.exit_code == 0
        assert told.output.startswith(
            "Neither withdrawn nor suspended\nStated by the registry, as of: 20 November 2026"
        )
        assert "No block time is known: the date is the registry's word alone" in told.output
        assert "! The chain was not consulted this time." in told.output
    made = run("omission", "make", statement, "--log", served.url, "--trust-root", pins)
    assert made.exit_code == 0
    assert "left out that the certificate was withdrawn" in made.output
    proof = tmp_path / f"{ID}.omission.json"
    told = run("omission", "verify", proof, "--trust-root", pins)
    assert told.exit_code == 0
    assert "the event that counts is entry" in told.output
    answer = json.loads(run("omission", "verify", proof, "--trust-root", pins, "--json").output)
    assert (answer["contradiction"], answer["id"]) == ("revocation_omitted", ID)
    assert answer["epoch"]["asOf"] == STATEMENT.epoch.index


def test_the_same_proof_is_made_from_a_mirrors_tiles_and_from_evidence(pins: Path, tmp_path: Path) -> None:
    evidence = tmp_path / "a.certlog.json"
    evidence.write_bytes(LIAR.log.evidence(LIAR.certificate).to_bytes())
    folder, output = mirror(tmp_path / "mirror", LIAR), tmp_path / "a.omission.json"
    made = run("omission", "make", evidence, "--log", folder, "--trust-root", pins, "-o", output)
    assert made.exit_code == 0
    assert OmissionProof.parse(output.read_bytes()).statement == STATEMENT


def test_an_altered_tile_makes_no_proof(pins: Path, tmp_path: Path) -> None:
    statement = tmp_path / "a.status.json"
    statement.write_bytes(STATEMENT.to_bytes())
    folder = mirror(tmp_path / "mirror", LIAR)
    tile = next(folder.glob("tile/0/*.p/*"))
    tile.write_bytes(bytes(32) + tile.read_bytes()[32:])
    with pytest.raises(InvalidInput, match="lead to root"):
        run("omission", "make", statement, "--log", folder, "--trust-root", pins)
    with pytest.raises(Unavailable, match="no tile"):
        run("omission", "make", statement, "--log", tmp_path / "nothing", "--trust-root", pins)


def test_an_honest_statement_ends_in_an_error_and_no_file(
    pins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    honest = Liar()
    statement = tmp_path / "a.status.json"
    statement.write_bytes(honest.state().to_bytes())
    with pytest.raises(InvalidInput, match="there is no contradiction"):
        run("omission", "make", statement, "--log", mirror(tmp_path / "mirror", honest), "--trust-root", pins)
    assert list(tmp_path.glob("*.omission.json")) == []


def test_evidence_of_another_certificate_than_was_asked_for_is_no_answer(
    served: FakeRegistry, tmp_path: Path
) -> None:
    other = certificate_id(LIAR.neighbour().document_hash)
    served.answers[f"/api/v1/certificates/{other}/status-proof"] = STATEMENT.to_bytes()
    with pytest.raises(InvalidInput, match="answered with"):
        run("status", "get", other, "--registry", served.url, "-o", tmp_path / "x.json")
    with pytest.raises(InvalidInput, match="no certificate has this code"):
        run("status", "get", "WERC8GMRZGE196QVYK49", "--registry", served.url, "-o", tmp_path / "x.json")
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize(
    "command",
    [("status", "verify"), ("omission", "verify"), ("omission", "make", "--log", ".")],
    ids=" ".join,
)
@pytest.mark.parametrize("data", [b"%PDF-1.7 \xff", b"{}"], ids=["pdf", "another-json"])
def test_another_kind_of_file_is_named_with_what_was_wanted(
    command: tuple[str, ...], data: bytes, pins: Path, tmp_path: Path
) -> None:
    path = tmp_path / "other"
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match=r"other: expected an? (status|omission) proof.*certlog \w+ \w+"):
        run(*command[:2], path, *command[2:], "--trust-root", pins)


def test_a_log_of_any_size_that_a_statement_names_is_not_fetched_entry_by_entry() -> None:
    asked: list[int] = []
    huge = Checkpoint("registry.example.vn", 2**62, RootHash(bytes(32)))
    with pytest.raises(Unavailable, match="too many to fetch one by one"):
        WholeLog(asked.append, huge)
    assert asked == []
