"""Trust roots: one fingerprint per content, whatever the spacing, and closed forms."""

import copy
import json
from dataclasses import replace
from typing import Any, Final

import pytest

from certlog.digests import sha256
from certlog.errors import InvalidInput
from certlog.strict_json import JSONValue
from certlog.trust_root import Chain, LogId, LogKey, TrustRoot
from tests.support.signing import cosigner, ed25519, log_signer, p256
from tests.support.small_log import SmallLog

LOG: Final = SmallLog()
ORIGIN: Final = LOG.origin
ROOT: Final = replace(
    LOG.trust_root(),
    log_keys=(
        LogKey(log_signer(ORIGIN).verifier_key, 0, 100),
        LogKey(log_signer(ORIGIN, "second").verifier_key, 100, None),
    ),
    auditors=(cosigner("a.vn", time=0).verifier_key, cosigner("b.vn", time=0).verifier_key),
    auditor_quorum=2,
    chains=(
        *LOG.trust_root().chains,
        Chain(1, "public", "0x" + "d0" * 20, "0x" + "d1" * 32, (LogId("0x" + "d2" * 32, 500),), (), 1, 64),
    ),
)
FINGERPRINT: Final = "2ef5 8fd3 77b7 9498 8aff 024e 6ceb ac0f 3503 2b1d b435 bb80 ad29 33a2 34ac 4e8f"


def test_a_trust_root_is_read_and_written_alike() -> None:
    for root in (ROOT, LOG.trust_root()):
        assert TrustRoot.parse(root.to_bytes()) == root
        assert TrustRoot.parse(root.to_bytes()).to_bytes() == root.to_bytes()


def test_the_fingerprint_is_over_the_canonical_bytes_whatever_the_spacing() -> None:
    pretty = json.dumps(ROOT.to_json(), indent=2, ensure_ascii=True).encode()
    assert TrustRoot.parse(pretty).fingerprint() == ROOT.fingerprint()
    assert ROOT.fingerprint().replace(" ", "") == sha256(ROOT.to_bytes()).hex()
    assert [len(group) for group in ROOT.fingerprint().split(" ")] == [4] * 16


def test_the_fingerprint_of_a_pinned_trust_root_never_changes() -> None:
    # People hold this value on paper: a change of the format would make every one of them wrong.
    assert ROOT.fingerprint() == FINGERPRINT


@pytest.mark.parametrize(
    "other",
    [
        replace(ROOT, operator=replace(ROOT.operator, key=ed25519("thief").public_key)),
        replace(ROOT, list_key=p256("list").public_key),
        replace(ROOT, auditor_quorum=1),
        replace(ROOT, max_status_age=86_401),
        replace(ROOT, chains=ROOT.chains[::-1]),
        replace(ROOT, chains=()),
    ],
)
def test_a_trust_root_that_differs_anywhere_has_another_fingerprint(other: TrustRoot) -> None:
    assert other.fingerprint() != ROOT.fingerprint()


def test_a_log_key_counts_for_the_sizes_that_it_names() -> None:
    first, second = ROOT.log_keys
    assert [first.covers(size) for size in (0, 99, 100)] == [True, True, False]
    assert [second.covers(size) for size in (99, 100, 10**9)] == [False, True, True]


def test_an_anchor_counts_up_to_the_largest_size_of_its_log() -> None:
    open_end, closed = LogId("0x" + "00" * 32, None), LogId("0x" + "00" * 32, 500)
    assert [closed.covers(size) for size in (0, 500, 501)] == [True, True, False]
    assert open_end.covers(10**12)


def test_only_local_chains_make_a_test_chain() -> None:
    assert LOG.trust_root().is_test_chain
    assert not ROOT.is_test_chain
    assert not replace(ROOT, chains=()).is_test_chain


def changed(path: tuple[str | int, ...], value: JSONValue) -> Any:  # JSON to break
    whole: Any = copy.deepcopy(ROOT.to_json())
    holder = whole
    for part in path[:-1]:
        holder = holder[part]
    if value == "absent":
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return whole


@pytest.mark.parametrize("name", ROOT.to_json())
def test_each_member_of_a_trust_root_is_required(name: str) -> None:
    with pytest.raises(InvalidInput, match=f"^member '{name}' is missing$"):
        TrustRoot.from_json(changed((name,), "absent"))


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("v",), 2, "^/v: expected trust root version 1$"),
        (("note",), "x", "^unknown member 'note'$"),
        (("origin",), "other.example.vn", "^/logKeys: every log key bears the origin as its name$"),
        (("logKeys",), [], "every log key bears the origin as its name"),
        (("logKeys", 0, "vkey"), "x", "base64|expected 33 bytes|bad key name"),
        (
            ("logKeys", 0, "vkey"),
            cosigner(ORIGIN, time=0).verifier_key.to_text(),
            "^/logKeys/0: expected a key of type 0x01$",
        ),
        (("logKeys", 0, "toSize"), "100", "^/logKeys/0/toSize: expected an integer"),
        (("logKeys", 0, "toSize"), "absent", "^/logKeys/0: member 'toSize' is missing$"),
        (("operator", "did"), "operator", "^/operator/did: expected a did:web"),
        (("operator", "recoveryKey"), "absent", "^/operator: member 'recoveryKey' is missing$"),
        (("operator", "key"), "z6Mk", "^/operator/key: expected an Ed25519"),
        (("listKey",), None, "^/listKey: expected a string"),
        (
            ("auditors", "keys", 0),
            log_signer("a.vn").verifier_key.to_text(),
            "^/auditors/keys/0: expected a key of type 0x04$",
        ),
        (("auditors", "quorum"), 3, "^/auditors/quorum: the quorum is between 1 and the number of auditors$"),
        (("auditors", "quorum"), 0, "the quorum is between 1 and the number of auditors"),
        (("chains", 0, "class"), "private", "^/chains/0: expected a class of public, consortium, local"),
        (("chains", 0, "quorum"), 0, "and a quorum of at least 1$"),
        (("chains", 0, "quorum"), 99, "endpoints can never agree$"),
        (
            ("chains", 0, "contract"),
            "0x" + "C0" * 20,
            "^/chains/0/contract: expected 0x and lower-case hex digits$",
        ),
        (("chains", 0, "contract"), "0x" + "c0" * 19, "^/chains/0/contract: expected 0x"),
        (("chains", 0, "codeHash"), "c1" * 32, "^/chains/0/codeHash: expected 0x"),
        (("chains", 0, "logIds", 0, "logId"), "0x", "^/chains/0/logIds/0/logId: expected 0x"),
        (("chains", 0, "logIds", 0, "maxSize"), -1, "^/chains/0/logIds/0/maxSize: expected an integer"),
        (("chains", 0, "finality"), "latest", "^/chains/0/finality: expected an integer"),
        (("chains", 0, "finality"), None, "^/chains/0/finality: expected an integer"),
        (("chains", 0, "endpoints", 0), 1, "^/chains/0/endpoints/0: expected a string"),
        (("chains",), [ROOT.chains[0].to_json()] * 101, "^/chains: expected at most 100 items, found 101$"),
        (("maxStatusAge",), -1, "^/maxStatusAge: expected an integer"),
    ],
)
def test_a_trust_root_outside_the_closed_form_is_refused(
    path: tuple[str | int, ...], value: JSONValue, reason: str
) -> None:
    with pytest.raises(InvalidInput, match=reason):
        TrustRoot.from_json(changed(path, value))


def test_finality_is_the_tag_or_a_depth() -> None:
    assert [chain.to_json()["finality"] for chain in ROOT.chains] == ["tag", 64]
    assert [chain.finality for chain in TrustRoot.parse(ROOT.to_bytes()).chains] == [None, 64]


def test_a_trust_root_with_a_member_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'origin' appears twice"):
        TrustRoot.parse(ROOT.to_bytes().replace(b'"origin":', b'"origin":"x","origin":'))
