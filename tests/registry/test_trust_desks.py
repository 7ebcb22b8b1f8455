"""Delegation, recovery and rotation as people do them: with the commands, each desk with its own key and token."""

import json
from pathlib import Path

import pytest

from issuer.key_file import create_key_file, public_path
from tests.registry import test_serve as served_registry
from tests.support.certificates import SAMPLE_DID
from tests.support.registry import OPERATOR_DID, counted_bytes

pytestmark = pytest.mark.deep  # each command unlocks a key at full cost
desk, data = served_registry.desk, served_registry.data

AUTHORITY_DID = "did:web:uyban.example.vn"
OTHER_DID = "did:web:khac.example.vn"
AUTHORITY = "Ủy ban Mẫu"


class Desk:
    """Someone's desk: a key file, the passphrase of all, a token of its own, and the registry's address."""

    def __init__(
        self, capsys: pytest.CaptureFixture[str], data: Path, url: str, key: Path, *, token_for: str
    ) -> None:
        """Make the token on the registry's machine."""
        self._capsys = capsys
        self.key = key
        token = data.parent / f"{key.stem}.token"
        made = self.run("registry", "token", "create", "--data", str(data), "--did", token_for)
        token.write_text(made)
        secret = ("--passphrase-file", str(key.with_name("passphrase")))
        self.signing = ("--key", str(key), *secret, "--registry", url, "--token-file", str(token))

    def run(self, *arguments: str) -> str:
        """Return the output of a command that must succeed."""
        return served_registry._output(self._capsys, *arguments)

    def state(self, *arguments: str, **_: object) -> str:
        """Return the output of a command that signs a statement at this desk."""
        return self.run(*arguments, *self.signing)

    def refused(self, *arguments: str) -> str:
        """Return why a command that signs a statement is refused."""
        status, error = served_registry._here(self._capsys, *arguments, *self.signing)
        assert status == 2, error
        return error


def entry_of(output: str) -> str:
    return output.split()[1].rstrip(":")


def test_an_authority_enrols_and_grants_in_its_own_name_and_loses_what_a_thief_stated(
    data: Path, desk: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, did, seed in (("authority", AUTHORITY_DID, 50), ("other", OTHER_DID, 60)):
        random_bytes = counted_bytes()
        for _ in range(seed):
            random_bytes(1)
        (tmp_path / "passphrase").write_text(served_registry.PASSPHRASE + "\n")
        create_key_file(
            tmp_path / f"{name}.key", served_registry.PASSPHRASE, did=did, random_bytes=random_bytes
        )
    with served_registry._serving(data) as served:
        operator = Desk(capsys, data, served.url, desk / "operator.key", token_for=OPERATOR_DID)
        authority = Desk(capsys, data, served.url, tmp_path / "authority.key", token_for=AUTHORITY_DID)
        for name in ("authority", "other"):
            key = ["--key", str(tmp_path / f"{name}.key"), "--passphrase-file", str(tmp_path / "passphrase")]
            operator.run("issuer", "prove-key", *key, "--registry", served.url)
        public = str(public_path(tmp_path / "authority.key"))
        operator.state("operator", "enrol", public, "--name", AUTHORITY, "--legal-id", "0100000002")
        actions = [f"--action={name}" for name in ("enrol", "addKey", "grantScope", "suspendScope")]
        delegated = entry_of(
            operator.state(
                "operator", "delegate", AUTHORITY_DID, *actions, "--scope", f"designation:{AUTHORITY}"
            )
        )

        body = str(public_path(tmp_path / "other.key"))
        enrolled = authority.state(
            "authority", "enrol", body, "--name", "Phòng thử nghiệm Khác", "--legal-id", "0200000002"
        )
        assert ["enrolment" in enrolled, "new key" in enrolled] == [True, True]
        scope = ["--kind", "designation", "--standard", "QCVN 4:2009/BKHCN", "--from", "2026-01-01"]
        granted = authority.state("authority", "grant-scope", OTHER_DID, *scope, "--authority", AUTHORITY)
        foreign = authority.refused("authority", "grant-scope", OTHER_DID, *scope, "--authority", "Bộ khác")
        assert "has no delegation for grantScope of this scope" in foreign
        assert "has no delegation for reinstateScope" in authority.refused(
            "authority", "reinstate-scope", OTHER_DID, "--grant", entry_of(granted)
        )
        stolen = entry_of(
            authority.state("authority", "suspend-scope", OTHER_DID, "--grant", entry_of(granted))
        )

        shown = json.loads(operator.run("operator", "show", OTHER_DID, "--registry", served.url))
        (found,) = shown["issuer"]["scopes"]
        assert (found["source"], found["suspended"]) == ({"by": "authority"}, [[int(stolen), None]])
        key = json.loads(Path(public_path(tmp_path / "authority.key")).read_text())["key"]
        operator.state("operator", "compromise-key", AUTHORITY_DID, key, "--since", stolen)
        later = operator.refused(
            "operator", "compromise-key", AUTHORITY_DID, key, "--since", str(int(stolen) + 1)
        )
        assert "only decrease" in later
        shown = json.loads(operator.run("operator", "show", OTHER_DID, "--registry", served.url))
        assert shown["issuer"]["scopes"][0]["suspended"] == []
        assert "compromised since" in authority.refused(
            "authority", "suspend-scope", OTHER_DID, "--grant", entry_of(granted)
        )
        operator.state("operator", "withdraw-delegation", AUTHORITY_DID, "--delegation", delegated)
        checked = operator.run("registry", "check", "--data", str(data))
        assert "tree and tables are what the entries say" in checked


def test_the_recovery_key_replaces_a_lost_operator_key(
    data: Path, desk: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "passphrase").write_text(served_registry.PASSPHRASE + "\n")
    random_bytes = counted_bytes()
    for _ in range(70):
        random_bytes(1)
    new = tmp_path / "operator2.key"
    create_key_file(new, served_registry.PASSPHRASE, did=OPERATOR_DID, random_bytes=random_bytes)
    old = json.loads(public_path(desk / "operator.key").read_text())["key"]
    with served_registry._serving(data) as served:
        recovery = Desk(capsys, data, served.url, desk / "recovery.key", token_for=OPERATOR_DID)
        secret = ["--key", str(new), "--passphrase-file", str(tmp_path / "passphrase")]
        recovery.run("operator", "prove-key", *secret, "--registry", served.url)
        rotated = recovery.state("operator", "rotate", str(public_path(new)), "--old", old)
        recovery.state("operator", "compromise-key", OPERATOR_DID, old, "--since", entry_of(rotated))
        refused = recovery.refused("operator", "retire-key", SAMPLE_DID, old)
        assert "not the operator's key" in refused
        lost = Desk(capsys, data, served.url, desk / "operator.key", token_for=OPERATOR_DID)
        public = str(public_path(desk / "body.key"))
        body = ["--key", str(desk / "body.key"), "--passphrase-file", str(desk / "passphrase")]
        lost.run("issuer", "prove-key", *body, "--registry", served.url)
        enrol = [
            "operator",
            "enrol",
            public,
            "--name",
            "Trung tâm Chứng nhận Mẫu",
            "--legal-id",
            "0109999999",
        ]
        assert "not the operator's key" in lost.refused(*enrol)
        present = Desk(capsys, data, served.url, new, token_for=OPERATOR_DID)
        present.state(*enrol)
        shown = json.loads(present.run("operator", "show", OPERATOR_DID, "--registry", served.url))
        keys = [(key["added"], key["retired"], key["compromisedSince"]) for key in shown["operator"]["keys"]]
        assert keys == [(None, 1, 1), (1, None, None)]
