"""OpenAttestation v2: what is there leads to its hashes, its contract is asked, and what was not checked is said."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from certlog.errors import InvalidInput, Unavailable
from tests.support.chain import CHAIN_ID, LocalChain
from tests.support.controls import Control, require_failure
from tests.support.open_attestation import (
    STORE,
    SmallDocumentStore,
    compact,
    deploy_store,
    hashed,
    obfuscated,
    raw_document,
    wrapped,
)
from verifier import document_store, open_attestation
from verifier.document_store import IS_ISSUED, IS_REVOKED, StoreState, read_store
from verifier.open_attestation import looks_like_open_attestation, parse_open_attestation
from verifier.open_attestation_report import Finding, report_open_attestation
from verifier.report import Outcome

AT: Final = 1_795_000_000


def parsed(document: dict[str, Any]) -> open_attestation.OpenAttestation:
    return parse_open_attestation(json.dumps(document).encode())


def finding(document: dict[str, Any], *states: StoreState) -> Finding:
    return report_open_attestation(parsed(document), states, "nobody was asked", at=AT).finding


def state(*, issued: bool = True, revoked: tuple[bytes, ...] = ()) -> StoreState:
    return StoreState(STORE, 1, 7, AT, issued, revoked, "http://node")


def test_a_wrapped_document_leads_to_its_hashes() -> None:
    (document,) = wrapped(raw_document())
    found = parsed(document)
    assert (found.target, found.path[-1]) == (found.stated_target, found.stated_root)
    assert (found.name, found.issuers[0].store, found.issuers[0].location) == (
        'Giấy chứng nhận "đ"\n',
        STORE,
        "example.vn",
    )
    assert finding(document) is Finding.UNALTERED


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13])
def test_each_document_of_a_batch_leads_to_its_root(count: int) -> None:
    for document in wrapped(*(raw_document(number=n) for n in range(count))):
        assert finding(document, state()) is Finding.ISSUED


def _change_value(document: dict[str, Any]) -> None:
    document["data"]["n"] = document["data"]["n"][:-1] + "6"


def _change_name(document: dict[str, Any]) -> None:
    document["data"]["m"] = document["data"].pop("n")


def _add(document: dict[str, Any]) -> None:
    document["data"]["more"] = document["data"]["n"]


def _add_empty(document: dict[str, Any]) -> None:
    document["data"]["more"] = {}


def _remove(document: dict[str, Any]) -> None:
    del document["data"]["n"]


def _another_proof(document: dict[str, Any]) -> None:
    document["signature"]["proof"][0] = "00" * 32


def _shorter_proof(document: dict[str, Any]) -> None:
    document["signature"]["proof"].pop()


def _another_root(document: dict[str, Any]) -> None:
    document["signature"]["merkleRoot"] = "00" * 32


CHANGES: Final = (
    _change_value, _change_name, _add, _add_empty, _remove, _another_proof, _shorter_proof, _another_root,
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_changed_is_altered_whatever_the_contract_says(
    change: Callable[[dict[str, Any]], None],
) -> None:
    document = wrapped(raw_document(), raw_document(name="other"))[0]
    change(document)
    assert finding(document, state()) is Finding.ALTERED


def test_values_that_were_removed_are_counted_and_the_rest_is_unaltered() -> None:
    (document,) = wrapped(raw_document())
    fewer = obfuscated(document, "n")
    report = report_open_attestation(parsed(fewer), (state(),), "", at=AT)
    assert report.finding is Finding.ISSUED
    assert (
        report.checks[-1].text == "1 values were removed by whoever handed it on; only their hashes are left"
    )
    assert report.to_json()["hiddenValues"] == 1


def test_who_the_issuer_is_is_never_checked() -> None:
    (document,) = wrapped(raw_document())
    report = report_open_attestation(parsed(document), (state(),), "", at=AT)
    (identity,) = [check for check in report.checks if check.name == "identity"]
    assert identity.outcome is Outcome.NOT_CHECKED
    assert "DNS-TXT of 'example.vn' were not checked here" in identity.text


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        ((state(issued=False),), Finding.NOT_ISSUED),
        ((state(revoked=(bytes(32),)),), Finding.REVOKED),
        ((state(issued=False, revoked=(bytes(32),)),), Finding.REVOKED),
        ((state(), state(issued=False)), Finding.NOT_ISSUED),
        ((state(), state(revoked=(bytes(32),))), Finding.REVOKED),
        ((), Finding.UNALTERED),
        ((state(),), Finding.ISSUED),
    ],
)
def test_the_worst_answer_of_a_contract_decides(states: tuple[StoreState, ...], wanted: Finding) -> None:
    (document,) = wrapped(raw_document())
    assert finding(document, *states) is wanted


def _refused(document: Any) -> tuple[str, str]:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(InvalidInput) as caught:
        parse_open_attestation(data)
    return caught.value.code, caught.value.place


def test_other_versions_are_named_and_said_not_to_be_read() -> None:
    v3 = {
        "version": "https://schema.openattestation.com/3.0/schema.json",
        "proof": {"type": "OpenAttestationMerkle"},
    }
    for document, words in (
        (v3, "found version 3: this says nothing about the document"),
        ({"version": "https://x.org/openattestation/9"}, "found version https://x.org/openattestation/9"),
        (
            {"proof": {"type": "OpenAttestationHashAndSign2024"}},
            "found a proof of type OpenAttestationHashAndSign2024",
        ),
        ({"a": "openattestation"}, "found none of its marks"),
    ):
        with pytest.raises(InvalidInput, match=words):
            parsed(document)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"data": {"a": "x"}}, ("bad-issuers", "/data/issuers")),
        ({"data": {}}, ("not-salted", "/data")),
        ({"data": []}, ("wrong-type", "/data")),
        ({"data": raw_document()}, ("not-salted", "/data/")),
        ({"signature": {}}, ("other-signature", "/signature/type")),
        ({"privacy": []}, ("wrong-type", "/privacy")),
        ({"privacy": {"obfuscatedData": ["x"]}}, ("bad-hash", "/privacy/obfuscatedData/0")),
        ({"privacy": {"obfuscatedData": ["0" * 64] * 20_001}}, ("bad-hashes", "/privacy/obfuscatedData")),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(
    changes: dict[str, Any], wanted: tuple[str, str]
) -> None:
    (document,) = wrapped(raw_document())
    code, place = _refused(document | changes)
    assert (code, place[: len(wanted[1])]) == wanted


@pytest.mark.parametrize("name", ["a.b", "", "."])
def test_names_that_would_let_two_documents_have_one_hash_are_refused(name: str) -> None:
    (document,) = wrapped(raw_document() | {name: 1})
    assert _refused(document)[0] == "ambiguous-name"


def test_two_readers_never_see_two_documents() -> None:
    (document,) = wrapped(raw_document())
    twice = json.dumps(document).replace('"data":', '"data": {}, "data":', 1).encode()
    assert _refused(twice)[0] == "duplicate-member"
    for bad in (
        b"",
        b"[]",
        b"{",
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
        b"\xff",
        b'{"a":' * 100 + b"1" + b"}" * 100,
    ):
        assert _refused(bad)[0] in ("not-json", "not-object", "too-deep", "other-version")


def test_size_depth_and_number_of_values_are_bounded() -> None:
    assert _refused(b" " * (8 * 1024 * 1024 + 1))[0] == "too-large"
    deep = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert _refused(deep)[0] == "too-deep"
    (many,) = wrapped(raw_document(many=["x"] * 20_001))
    assert _refused(many)[0] == "too-many"
    (document,) = wrapped(raw_document())
    proof = {
        "type": "SHA3MerkleProof",
        "targetHash": "0" * 64,
        "merkleRoot": "0" * 64,
        "proof": ["0" * 64] * 41,
    }
    assert _refused(document | {"signature": proof})[0] == "bad-hashes"


def test_long_names_do_not_multiply() -> None:
    """A name of megabytes over hundreds of thousands of values would take terabytes: each is hashed with its names."""
    (document,) = wrapped(raw_document())
    document["data"] = {"a" * 3_000_000: ["x"] * 500_000}
    assert _refused(document)[0] == "too-many"
    _refuse_long_names()


def _refuse_long_names() -> None:
    (document,) = wrapped(raw_document())
    document["data"] = {"a" * 600: {"b" * 600: "x"}} | {"issuers": []}
    assert _refused(document)[0] == "too-many"


def test_a_reader_of_names_of_any_length_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    require_failure(Control(open_attestation, "MAX_PATH", 2**40, _refuse_long_names), monkeypatch)


def test_it_is_told_from_other_files_at_a_glance() -> None:
    (document,) = wrapped(raw_document())
    assert looks_like_open_attestation(json.dumps(document).encode())
    for other in (b"%PDF-1.7 openattestation", b'{"proof": {}}', b"", b"[]"):
        assert not looks_like_open_attestation(other)


# --- its contract, on a real chain ---------------------------------------------------------------------------------


@pytest.fixture
def store(chain: LocalChain) -> SmallDocumentStore:
    return deploy_store(chain)


def ask(store: SmallDocumentStore, document: dict[str, Any], *endpoints: str) -> StoreState:
    url = f"http://127.0.0.1:{store.chain.node.port}"
    return read_store(parsed(document), store.address.lower(), endpoints or (url,), timeout=5)


def test_the_contract_of_a_real_chain_says_issued_then_revoked(store: SmallDocumentStore) -> None:
    documents = wrapped(*(raw_document(store.address, number=n) for n in range(5)))
    document = documents[4]
    assert finding(document, ask(store, document)) is Finding.NOT_ISSUED
    store.issue(document["signature"]["merkleRoot"])
    said = ask(store, document)
    assert (said.chain_id, said.issued, said.revoked) == (CHAIN_ID, True, ())
    assert finding(document, said) is Finding.ISSUED
    store.revoke(document["signature"]["targetHash"])
    assert finding(document, ask(store, document)) is Finding.REVOKED
    assert finding(documents[0], ask(store, documents[0])) is Finding.ISSUED


def test_a_revoked_node_between_document_and_root_revokes_it(store: SmallDocumentStore) -> None:
    """As a whole batch, or half of one, is revoked at once."""
    documents = wrapped(*(raw_document(store.address, number=n) for n in range(4)))
    store.issue(documents[0]["signature"]["merkleRoot"])
    pair = hashed(b"".join(sorted(bytes.fromhex(d["signature"]["targetHash"]) for d in documents[:2])))
    store.revoke(pair.hex())
    found = [finding(document, ask(store, document)) for document in documents]
    assert found == [Finding.REVOKED, Finding.REVOKED, Finding.ISSUED, Finding.ISSUED]
    store.revoke(documents[0]["signature"]["merkleRoot"])
    assert {finding(document, ask(store, document)) for document in documents} == {Finding.REVOKED}


def test_a_node_of_another_chain_is_no_answer(store: SmallDocumentStore) -> None:
    (document,) = wrapped(raw_document(store.address, network={"chain": "ETH", "chainId": "1"}))
    with pytest.raises(
        Unavailable, match=f"names chain 1, .* is of chain {CHAIN_ID}: give a node of that chain"
    ):
        ask(store, document)


def test_an_address_without_a_contract_is_no_answer(store: SmallDocumentStore) -> None:
    (document,) = wrapped(raw_document())
    nowhere = SmallDocumentStore(store.chain, "0x" + "00" * 19 + "77")
    with pytest.raises(Unavailable, match="there is no contract at 0x0000"):
        ask(nowhere, document)


def test_a_contract_that_answers_something_else_is_no_answer(store: SmallDocumentStore) -> None:
    (document,) = wrapped(raw_document())
    returns_two = "0x600260005260206000f3"
    store.chain.rpc("anvil_setCode", store.address, returns_two)
    with pytest.raises(Unavailable, match="neither yes nor no"):
        ask(store, document)


def test_a_node_that_does_not_answer_is_no_answer(store: SmallDocumentStore) -> None:
    (document,) = wrapped(raw_document())
    with pytest.raises(Unavailable):
        ask(store, document, "http://127.0.0.1:9")


def test_the_selectors_are_those_of_the_signatures() -> None:
    assert hashed(b"isIssued(bytes32)")[:4] == IS_ISSUED
    assert hashed(b"isRevoked(bytes32)")[:4] == IS_REVOKED


LEAVES: Final = open_attestation._leaves
CONTROLS: Final[dict[str, tuple[object, str, object, Callable[[SmallDocumentStore], None]]]] = {
    "only the root is asked about": (
        document_store,
        "_revocable",
        lambda document: [document.path[-1]],
        test_the_contract_of_a_real_chain_says_issued_then_revoked,
    ),
    "the order of a pair counts": (
        open_attestation,
        "_parent",
        lambda one, other: hashed(one + other),
        lambda _: test_each_document_of_a_batch_leads_to_its_root(5),
    ),
    "empty objects are passed over": (
        open_attestation,
        "_leaves",
        lambda content: ((path, value) for path, value in LEAVES(content) if value not in ({}, [])),
        lambda _: test_a_wrapped_document_leads_to_its_hashes(),
    ),
}


@pytest.mark.parametrize("name", sorted(CONTROLS))
def test_a_defect_of_the_reader_is_noticed(
    name: str, store: SmallDocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, attribute, defect, test = CONTROLS[name]
    require_failure(Control(holder, attribute, defect, lambda: test(store)), monkeypatch)


def test_compact_json_is_what_javascript_writes() -> None:
    """The characters that JSON.stringify escapes, and those that it does not."""
    assert compact({"a": '\x01\x1f\b\n\f\r\t"\\/\x7f\u2028đ'}) == (
        '{"a":"\\u0001\\u001f\\b\\n\\f\\r\\t\\"\\\\/\x7f\u2028đ"}'.encode()
    )
