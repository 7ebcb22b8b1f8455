"""The contract judges the published probes of transparency-dev/merkle as they say."""

import base64
from typing import Any

from anchoring import contract
from tests.contracts.conftest import Roles
from tests.contracts.test_differential import INCLUSION_ERRORS, PROOF_ERRORS, open_at, verdict
from tests.support.chain import Head, LocalChain, anchor_data
from tests.support.official import official_cases


def decoded(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def proof_of(case: dict[str, Any]) -> list[bytes]:
    return [decoded(item) for item in case["proof"] or []]


def fits(*hashes: bytes) -> bool:
    """Return whether the ABI can say it at all: bytes32 has no other length."""
    return all(len(digest) == 32 for digest in hashes)


def test_published_inclusion_probes(chain: LocalChain) -> None:
    calls, wanted, names = [], [], []
    for name, case in official_cases("merkle/inclusion"):
        leaf, root, path = decoded(case["leafHash"]), decoded(case["root"]), proof_of(case)
        if fits(leaf, root, *path):
            data = contract.verify_inclusion_call(leaf, case["leafIdx"], case["treeSize"], root, path)
            calls.append((data, None))
            wanted.append(not case["wantErr"])
            names.append(name)
        else:
            assert case["wantErr"], name
    found = [verdict(answer, INCLUSION_ERRORS) for answer in chain.calls(calls)]
    assert dict(zip(names, found, strict=True)) == dict(zip(names, wanted, strict=True))
    assert len(names) >= 60
    assert any(wanted)


def test_published_consistency_probes(chain: LocalChain, roles: Roles) -> None:
    """Each old head is anchored first, as it stands; what is no growth from a head is no call of anchor."""
    calls, wanted, names = [], [], []
    for name, case in official_cases("merkle/consistency"):
        old, new = Head(case["size1"], decoded(case["root1"])), Head(case["size2"], decoded(case["root2"]))
        proof = proof_of(case)
        if 0 < old.size < new.size < 2**63 and fits(old.root, new.root, *proof):
            calls.append((anchor_data(open_at(chain, roles, old, name), old, new, proof), roles.anchorer))
            wanted.append(not case["wantErr"])
            names.append(name)
    found = [verdict(answer, PROOF_ERRORS) for answer in chain.calls(calls)]
    assert dict(zip(names, found, strict=True)) == dict(zip(names, wanted, strict=True))
    assert len(names) == 47
    assert any(wanted)
