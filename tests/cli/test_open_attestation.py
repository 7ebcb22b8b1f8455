"""`certlog verify` with an OpenAttestation document: words, colour, and an exit status of its own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.main import certlog
from tests.support.chain import LocalChain, chain, local_chain_of_session
from tests.support.open_attestation import STORE, deploy_store, raw_document, wrapped

__all__ = ["chain", "local_chain_of_session"]

Verify = Callable[..., Result]


@pytest.fixture
def verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Verify:
    """Run the command on a document, without any trust root."""
    monkeypatch.delenv("CERTLOG_TRUST_ROOT", raising=False)

    def run(document: Any, *options: str) -> Result:
        path = tmp_path / "document.json"
        path.write_text(json.dumps(document), "utf-8")
        return CliRunner().invoke(certlog, ["verify", str(path), "--lang", "en", *options], color=True)

    return run


def test_without_a_node_it_is_unaltered_and_no_more(verify: Verify) -> None:
    (document,) = wrapped(raw_document())
    result = verify(document)
    assert result.exit_code == 3
    assert "unaltered since it was wrapped; whether it was issued or revoked was not checked" in result.output
    assert "name a node of its chain with --rpc" in result.output
    assert "none of the registry's promises hold for it" in result.output


@pytest.mark.parametrize("options", [(), ("--offline",)])
def test_nothing_of_it_is_ever_green_and_the_status_never_0(
    verify: Verify, chain: LocalChain, options: tuple[str, ...]
) -> None:
    store = deploy_store(chain)
    (document,) = wrapped(raw_document(store.address))
    store.issue(document["signature"]["merkleRoot"])
    result = verify(document, "--rpc", f"http://127.0.0.1:{chain.node.port}", *options)
    assert result.exit_code == (3 if options else 4)
    assert "\x1b[32m" not in result.output
    if not options:
        assert "unaltered, issued, not revoked; who the issuer is was not checked" in result.output
        assert f"issued by contract {store.address.lower()} on chain" in result.output


def test_a_revoked_and_an_altered_one_end_with_status_1(verify: Verify, chain: LocalChain) -> None:
    store, node = deploy_store(chain), ("--rpc", f"http://127.0.0.1:{chain.node.port}")
    (document,) = wrapped(raw_document(store.address))
    assert verify(document, *node).exit_code == 1
    store.issue(document["signature"]["merkleRoot"])
    store.revoke(document["signature"]["targetHash"])
    assert (result := verify(document, *node)).exit_code == 1
    assert "REVOKED" in result.output
    document["data"]["n"] = document["data"]["n"][:-1] + "6"
    result = verify(document, *node)
    assert result.exit_code == 1
    assert "ALTERED" in result.output
    assert "Giấy chứng nhận" not in result.output


def test_a_node_that_fails_is_said_and_never_shown_as_revoked(verify: Verify) -> None:
    (document,) = wrapped(raw_document())
    result = verify(document, "--rpc", "http://127.0.0.1:9")
    assert result.exit_code == 3
    assert "http://127.0.0.1:9: Connection refused" in result.output


def test_token_registries_and_dids_are_named_as_not_read(verify: Verify) -> None:
    for member, value, words in (
        ("tokenRegistry", STORE, "names tokenRegistry, which is not read here"),
        ("id", "did:ethr:0x1", "names DID, which is not read here"),
    ):
        raw = raw_document()
        raw["issuers"][0] = {"name": "x", member: value}
        (document,) = wrapped(raw)
        result = verify(document, "--rpc", "http://127.0.0.1:9")
        assert (result.exit_code, words in result.output) == (3, True)


def test_for_programs_it_is_json_that_cannot_be_taken_for_a_verdict_of_ours(verify: Verify) -> None:
    (document,) = wrapped(raw_document())
    value = json.loads(verify(document, "--json").output)
    assert (value["format"], value["finding"], "verdict" in value) == (
        "openattestation-v2",
        "unaltered",
        False,
    )
    assert [check["outcome"] for check in value["checks"]] == [
        "passed", "passed", "not_checked", "not_checked", "not_checked", "passed",
    ]  # fmt: skip


def test_another_version_is_refused_with_what_is_read(verify: Verify) -> None:
    result = verify({"version": "https://schema.openattestation.com/3.0/schema.json"})
    assert result.exit_code != 0
    assert "only wrapped documents of version 2 are read, found version 3" in str(result.exception)


def test_control_characters_of_a_document_reach_no_terminal(verify: Verify) -> None:
    (document,) = wrapped(raw_document(name="a\x1b[31mred\x07"))
    assert "\x1b[31m" not in verify(document).output


def test_our_own_files_still_need_a_trust_root(verify: Verify) -> None:
    result = verify({"proof": {}})
    assert result.exit_code == 2
    assert "give --trust-root FILE, or set CERTLOG_TRUST_ROOT" in result.output
