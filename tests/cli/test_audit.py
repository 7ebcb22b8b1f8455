"""`certlog audit` as a person runs it: exit status, words, the mirror that is gone on from, and the cosignature."""

import atexit
import json
import stat
from dataclasses import replace
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Final

import pytest
from click.testing import CliRunner, Result

from certlog.errors import InvalidInput
from certlog.evidence import Evidence
from certlog.note import VerifierKey
from certlog.status import StatusAction
from certlog.trust_root import TrustRoot
from cli.audit import audit
from cli.main import certlog, main
from tests.support.controls import Control, require_noticed
from tests.support.served_log import put, served, write_log
from tests.support.signing import ed25519
from tests.support.small_log import SmallLog
from tests.verifier.audited import content, relog, sample
from verifier.audit_record import Audit
from verifier.chain_view import NOT_CONSULTED
from verifier.report import Reason, Verdict
from verifier.verify import verify

ISSUER: Final = ed25519("issuer")


def run(*arguments: str | Path) -> Result:
    """Run `certlog audit` in English."""
    runner = CliRunner(env={"CERTLOG_LANG": "en"})
    return runner.invoke(audit, [str(argument) for argument in arguments], catch_exceptions=False)


def pins(log: SmallLog, folder: Path, root: TrustRoot | None = None) -> Path:
    """Write a trust root without a chain."""
    path = folder / "trust-root.json"
    path.write_bytes((root or replace(log.trust_root(), chains=())).to_bytes())
    return path


@cache
def auditor() -> tuple[Path, Path, str]:
    """Make an auditor's key, once; return its file, its passphrase's file, and the vkey for trust roots."""
    folder = Path(mkdtemp())
    atexit.register(rmtree, folder)
    key, secret = folder / "auditor.pem", folder / "secret"
    secret.write_text("mật khẩu đủ dài\n", encoding="utf-8")
    made = run("keygen", key, "--name", "auditor.example.vn", "--passphrase-file", secret, "--json")
    assert made.exit_code == 0
    return key, secret, json.loads(made.stdout)["cosigner"]


def test_a_clean_log_exits_zero_and_says_so_first(tmp_path: Path) -> None:
    log, _ = sample()
    folder = write_log(log, tmp_path / "log")
    result = run(folder, "--trust-root", pins(log, tmp_path))
    assert result.exit_code == 0
    assert result.output.startswith("CLEAN")
    assert "3 epochs recomputed, all equal" in result.output


def test_a_finding_exits_one_and_the_first_difference_stands_first(tmp_path: Path) -> None:
    log, _ = sample()
    log.entries[6] = log.entries[5]
    relog(log)
    folder = write_log(log, tmp_path / "log")
    result = run(folder, "--trust-root", pins(log, tmp_path))
    assert result.exit_code == 1
    assert result.output.startswith("FINDING")
    assert "first difference:\n  entry 6, repeated-document" in result.output
    told = json.loads(run(folder, "--trust-root", pins(log, tmp_path), "--json").stdout)
    assert (told["result"], told["first"]["code"], told["first"]["index"]) == (
        "finding",
        "repeated-document",
        6,
    )


def test_what_could_not_be_read_exits_three_and_a_wrong_command_two(tmp_path: Path) -> None:
    log, _ = sample(extra=300)
    folder = write_log(log, tmp_path / "log")
    (folder / "tile/entries/000").unlink()
    result = run(folder, "--trust-root", pins(log, tmp_path))
    assert result.exit_code == 3
    assert result.output.startswith("NOT CHECKED")
    assert run(folder).exit_code == 2


@pytest.mark.parametrize(("language", "told"), [("en", "there is no folder"), ("vi", "không có thư mục")])
def test_a_folder_that_is_not_there_is_named_with_a_remedy(
    language: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, _ = sample()
    pinned, missing = pins(log, tmp_path), tmp_path / "not-there"
    period = ("--from", "2026-01-01T00:00:00Z", "--to", "2027-01-01T00:00:00Z", "--out", tmp_path / "pack")
    commands: tuple[tuple[str | Path, ...], ...] = (
        ("audit", missing),
        ("audit", pinned),
        ("audit", "registry.example.vn"),
        ("audit", "pack", missing, "--body", "did:web:mau.example.vn", *period),
        ("monitor", missing, "--folder", tmp_path / "watch", "--no-chain"),
    )
    for words in commands:
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in (*words, "--trust-root", pinned, "--lang", language)])
        said = capsys.readouterr().err
        assert ended.value.code == 2
        assert f"{told} {words[2] if words[1] == 'pack' else words[1]}" in said
        assert "DATA/tiles" in said
        assert "https://HOST" in said


def test_what_was_watched_and_is_gone_is_a_log_that_cannot_be_read(tmp_path: Path) -> None:
    log, _ = sample()
    folder, pinned = write_log(log, tmp_path / "log"), pins(log, tmp_path)
    words = ["monitor", str(folder), "--folder", str(tmp_path / "watch"), "--no-chain", "--lang", "en"]
    words += ["--trust-root", str(pinned), "--max-head-age", str(10**9)]
    assert CliRunner().invoke(certlog, words).exit_code == 0
    rmtree(folder)
    assert CliRunner().invoke(certlog, words).exit_code == 3


def test_a_mirror_is_gone_on_from_and_its_state_is_itself_checked(tmp_path: Path) -> None:
    log, _ = sample()
    folder, mirror = write_log(log, tmp_path / "log"), tmp_path / "mirror"
    root = pins(log, tmp_path)
    with served(folder) as url:
        assert run(url, "--trust-root", root, "--mirror", mirror).exit_code == 0
        log.certify(ISSUER, content(9))
        log.close()
        write_log(log, folder)
        again = run(url, "--trust-root", root, "--mirror", mirror)
        assert again.exit_code == 0
        assert "seen on" in again.output
        # A log that shows an older head than the mirror has seen is caught.
        put(folder, "checkpoint", log.note(3).encode())
        back = run(url, "--trust-root", root, "--mirror", mirror)
        assert back.exit_code == 1
        assert "rolled-back" in back.output
        state = mirror / "audit-state.json"
        state.write_bytes(state.read_bytes().replace(b'"size":', b'"size":1'))
        with pytest.raises(InvalidInput, match="checksum"):
            run(url, "--trust-root", root, "--mirror", mirror)
        state.unlink()
        put(folder, "checkpoint", log.note().encode())
        assert run(url, "--trust-root", root, "--mirror", mirror).exit_code == 0
        other = pins(log, tmp_path, replace(log.trust_root(), chains=(), max_anchor_age=5))
        with pytest.raises(InvalidInput, match="another trust root"):
            run(url, "--trust-root", other, "--mirror", mirror)


def test_an_auditors_key_is_never_overwritten_and_its_owners_only() -> None:
    key, secret, vkey = auditor()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert VerifierKey.from_text(vkey).name == "auditor.example.vn"
    before = key.read_bytes()
    with pytest.raises(InvalidInput, match="never overwritten"):
        run("keygen", key, "--name", "auditor.example.vn", "--passphrase-file", secret)
    assert key.read_bytes() == before


def with_cosigned(evidence: Evidence, note: str) -> Evidence:
    """Return evidence whose last head is a cosigned checkpoint."""
    return replace(evidence, heads=(*evidence.heads[:-1], replace(evidence.heads[-1], checkpoint=note)))


def test_an_audited_epoch_is_cosigned_and_makes_an_offline_green(tmp_path: Path) -> None:
    log, documents = sample()
    folder = write_log(log, tmp_path / "log")
    key, secret, vkey = auditor()
    out = tmp_path / "cosigned.txt"
    result = run(
        folder,
        *("--trust-root", pins(log, tmp_path), "--cosign", key, "--passphrase-file", secret),
        *("--cosigned", out),
    )
    assert result.exit_code == 0
    root = replace(log.trust_root(), auditors=(VerifierKey.from_text(vkey),), auditor_quorum=1)
    plain = log.evidence(documents[0])
    evidence = with_cosigned(plain, out.read_text(encoding="utf-8"))
    report = verify(evidence, root, log.time, NOT_CONSULTED)
    assert report.verdict is Verdict.VALID
    assert Reason.AUDITORS in {check.reason for check in report.checks}
    assert verify(plain, root, log.time, NOT_CONSULTED).verdict is not Verdict.VALID
    # One auditor is no quorum of two.
    second = replace(VerifierKey.from_text(vkey), name="other.example.vn")
    two = replace(root, auditors=(*root.auditors, second), auditor_quorum=2)
    assert verify(evidence, two, log.time, NOT_CONSULTED).verdict is not Verdict.VALID


@pytest.mark.parametrize("lie", ["epoch", "no epoch"])
def test_what_does_not_replay_or_ends_in_no_epoch_is_not_cosigned(lie: str, tmp_path: Path) -> None:
    log, documents = sample()
    if lie == "epoch":
        log.lists = [(bytes(16384), bytes(16384))]
        log.close()
    else:
        log.change_status(documents[0], StatusAction.SUSPEND, "investigation", signer=ISSUER)
    folder = write_log(log, tmp_path / "log")
    key, secret, _ = auditor()
    out = tmp_path / "cosigned.txt"
    result = run(
        folder,
        *("--trust-root", pins(log, tmp_path), "--cosign", key, "--passphrase-file", secret),
        *("--cosigned", out),
    )
    assert result.exit_code == (1 if lie == "epoch" else 3)
    assert "not cosigned" in result.stderr
    assert not out.exists()


def test_an_auditor_that_looks_away_cosigns_a_wrong_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = iter([tmp_path / "right", tmp_path / "careless"])

    def attempt() -> None:
        folder = next(folders)
        folder.mkdir()
        test_what_does_not_replay_or_ends_in_no_epoch_is_not_cosigned("epoch", folder)

    careless = property(lambda _: True)
    require_noticed(Control(Audit, "log_is_right", careless, attempt), monkeypatch)
