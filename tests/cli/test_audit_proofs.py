"""`certlog audit --proofs`: what is wrong with a status is handed on as files that anyone checks alone."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from certlog.certificate_id import certificate_id
from certlog.omission_proof import OmissionProof
from certlog.status import StatusAction
from certlog.status_list import set_bit
from cli.omission import omission
from tests.cli.test_audit import pins, run
from tests.support.controls import Control, require_noticed
from tests.support.served_log import put, served, write_lists, write_log
from tests.support.small_log import SmallLog
from tests.verifier.audited import content
from tests.verifier.dishonest import ISSUER, Liar, dropped
from verifier import audit as audit_module
from verifier import audit_proofs

WITHDRAW: Final = StatusAction.WITHDRAW


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that differs is read again after a while: not here."""
    monkeypatch.setattr(audit_module, "LIST_PAUSE", 0)


def audit_with_proofs(log: SmallLog, source: Path | str, folder: Path) -> Result:
    """Audit a log that lies."""
    folder.mkdir(exist_ok=True)
    result = run(source, "--trust-root", pins(log, folder), "--proofs", folder / "proofs")
    assert result.exit_code == 1
    return result


def proofs_in(folder: Path) -> list[str]:
    """Return the names of what was written."""
    return sorted(path.name for path in (folder / "proofs").glob("*"))


def shown(log: SmallLog, folder: Path, name: str) -> dict[str, object]:
    """Return what `certlog omission verify` says of a proof."""
    trust_root = folder / "pins.json"
    trust_root.write_bytes(replace(log.trust_root(), chains=()).to_bytes())
    arguments = ["verify", str(folder / "proofs" / name), "--trust-root", str(trust_root), "--json"]
    result = CliRunner().invoke(omission, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    found: dict[str, object] = json.loads(result.stdout)
    return found


def name_of(liar: Liar) -> str:
    """Return the file name of the proof about the liar's certificate."""
    return f"{certificate_id(liar.certificate.document_hash)}.omission.json"


@pytest.mark.parametrize("action", [StatusAction.WITHDRAW, StatusAction.SUSPEND])
def test_a_dropped_statement_is_proven_from_the_files_alone(action: StatusAction, tmp_path: Path) -> None:
    liar = dropped(action)()
    liar.log.close()
    folder = write_log(liar.log, tmp_path / "log")
    result = audit_with_proofs(liar.log, folder, tmp_path / "out")
    assert proofs_in(tmp_path / "out") == [name_of(liar)]
    assert "left out that the certificate was" in result.stderr
    found = shown(liar.log, tmp_path / "out", name_of(liar))
    assert found["contradiction"] in ("revocation_omitted", "suspension_omitted")
    assert found["event"] == liar.index + 1


def test_a_status_that_nobody_stated_is_proven(tmp_path: Path) -> None:
    liar = Liar()
    liar.neighbour()
    liar.say(revoked=True)
    liar.log.close()
    with served(write_log(liar.log, tmp_path / "log")) as url:
        audit_with_proofs(liar.log, url, tmp_path / "out")
    assert proofs_in(tmp_path / "out") == [name_of(liar), "status-revocation-0.json"]
    assert shown(liar.log, tmp_path / "out", name_of(liar))["contradiction"] == "revocation_invented"


def _served_right(liar: Liar, folder: Path) -> None:
    """Let the lists that are served be right, as if only the epochs lied."""
    _, slot = liar.log.positions[liar.certificate.document_hash]
    revocation, suspension = liar.log.lists[0]
    liar.log.lists[0] = (set_bit(revocation, slot.index, True), suspension)
    write_lists(liar.log, folder)


def test_an_epoch_that_lied_is_proven_by_the_status_proof_that_the_log_gives_out(tmp_path: Path) -> None:
    liar = dropped(WITHDRAW)()
    statement = liar.state()
    wrong = liar.log.epochs[-1]
    liar.say(revoked=True)
    liar.log.certify(ISSUER, content(7))
    liar.log.close()
    folder = write_log(liar.log, tmp_path / "log")
    _served_right(liar, folder)
    code = certificate_id(liar.certificate.document_hash)
    with served(folder) as url:
        result = audit_with_proofs(liar.log, url, tmp_path / "silent")
        assert "no omission proof could be made" in result.stderr
        assert proofs_in(tmp_path / "silent") == []
        # The test server takes no query for part of the name.
        put(folder, f"api/v1/certificates/{code}/status-proof", statement.to_bytes())
        audit_with_proofs(liar.log, url, tmp_path / "out")
    assert proofs_in(tmp_path / "out") == [name_of(liar)]
    found = shown(liar.log, tmp_path / "out", name_of(liar))
    assert found["epoch"] == wrong.to_json()


def test_a_wrong_list_over_right_epochs_is_kept_as_it_was_served(tmp_path: Path) -> None:
    honest = Liar()
    honest.event(WITHDRAW)
    honest.log.close()
    log = honest.log
    folder = write_log(log, tmp_path / "log")
    log.lists = [(bytes(16384), bytes(16384))]
    write_lists(log, folder)
    with served(folder) as url:
        result = audit_with_proofs(log, url, tmp_path / "out")
    assert proofs_in(tmp_path / "out") == ["status-revocation-0.json"]
    kept = (tmp_path / "out/proofs/status-revocation-0.json").read_bytes()
    assert kept == (folder / "status/revocation/0").read_bytes()
    assert "no omission proof could be made" in result.stderr


def test_without_the_look_at_every_bit_the_lie_is_not_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = iter([tmp_path / "right", tmp_path / "defect"])

    def attempt() -> None:
        folder = next(folders)
        folder.mkdir()
        test_a_dropped_statement_is_proven_from_the_files_alone(WITHDRAW, folder)

    require_noticed(Control(audit_proofs, "_differing", lambda _: (), attempt), monkeypatch)


def test_an_honest_answer_accuses_nobody(tmp_path: Path) -> None:
    """The log says the truth when asked: no proof comes of it, and no file."""
    liar = dropped(WITHDRAW)()
    liar.log.close()
    liar.say(revoked=True)
    liar.log.certify(ISSUER, content(7))
    truth = liar.state()
    folder = write_log(liar.log, tmp_path / "log")
    code = certificate_id(liar.certificate.document_hash)
    put(folder, f"api/v1/certificates/{code}/status-proof", truth.to_bytes())
    with served(folder) as url:
        audit_with_proofs(liar.log, url, tmp_path / "out")
    assert proofs_in(tmp_path / "out") == []


def test_every_proof_is_one(tmp_path: Path) -> None:
    """Several certificates, one epoch: each has a proof of its own, to the bound."""
    liar = Liar()
    others = [liar.neighbour() for _ in range(3)]
    for document in others:
        liar.log.change_status(document, WITHDRAW, "invalid", signer=ISSUER)
    liar.log.lists[0] = (bytes(16384), bytes(16384))
    liar.log.close()
    folder = write_log(liar.log, tmp_path / "log")
    audit_with_proofs(liar.log, folder, tmp_path / "out")
    names = [f"{certificate_id(document.document_hash)}.omission.json" for document in others]
    assert proofs_in(tmp_path / "out") == sorted(names)
    for name in names:
        OmissionProof.parse((tmp_path / "out/proofs" / name).read_bytes())
        assert shown(liar.log, tmp_path / "out", name)["contradiction"] == "revocation_omitted"
