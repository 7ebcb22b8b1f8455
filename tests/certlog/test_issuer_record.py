"""Issuer records: closed forms, what was in force at an index, and the trust tree."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlog.canonical import canonicalize
from certlog.digests import sha256
from certlog.errors import InvalidInput, NotTrusted
from certlog.issuer_record import (
    DelegationRecord,
    IssuerRecord,
    KeyRecord,
    ScopeRecord,
    key_in_force,
    trust_tree,
)
from certlog.operator_record import OperatorKey, OperatorRecord
from certlog.scopes import DelegatedScope, Names
from certlog.strict_json import JSONObject, JSONValue
from certlog.trust import TrustAction
from tests.support.certificates import SAMPLE_DID
from tests.support.signing import ed25519, p256
from tests.support.small_log import DESIGNATION

KEY: Final = ed25519("issuer").public_key
OPERATOR: Final = OperatorRecord(SAMPLE_DID, (OperatorKey(ed25519("operator").public_key),))
RECORD: Final = IssuerRecord(
    did=SAMPLE_DID,
    names=Names("Trung tâm Chứng nhận Mẫu", "Sample Certification Centre"),
    legal_id="0109999999",
    keys=(KeyRecord(KEY, 2, retired=30, compromised_since=20), KeyRecord(p256("issuer").public_key, 5)),
    scopes=(ScopeRecord(DESIGNATION, 3, suspended=((6, 8), (9, None)), withdrawn=12),),
    delegations=(
        DelegationRecord(7, (TrustAction.GRANT_SCOPE,), (DelegatedScope("designation", "Ủy ban"),), 11),
    ),
)


def test_a_record_is_read_and_written_alike() -> None:
    assert IssuerRecord.from_json(RECORD.to_json()) == RECORD
    bare = IssuerRecord(SAMPLE_DID, Names("Tên"), "0109999999")
    assert IssuerRecord.from_json(bare.to_json()) == bare


def test_the_leaf_is_the_hash_of_the_canonical_record_behind_a_zero_byte() -> None:
    assert RECORD.to_bytes() == canonicalize(RECORD.to_json())
    assert RECORD.leaf_hash == sha256(b"\0" + RECORD.to_bytes())


def test_absent_indices_are_written_as_null() -> None:
    key = RECORD.to_json()["keys"]
    assert isinstance(key, list)
    assert key[1] == {
        "id": p256("issuer").public_key.multibase,
        "type": "P-256",
        "added": 5,
        "retired": None,
        "compromisedSince": None,
    }


@pytest.mark.parametrize("name", RECORD.to_json())
def test_each_member_of_a_record_is_required_and_no_other_is_allowed(name: str) -> None:
    without = {key: value for key, value in RECORD.to_json().items() if key != name}
    with pytest.raises(InvalidInput, match=f"^/r: member '{name}' is missing$"):
        IssuerRecord.from_json(without, "/r")
    with pytest.raises(InvalidInput, match=r"^/r: unknown member 'email'$"):
        IssuerRecord.from_json(RECORD.to_json() | {"email": "x"}, "/r")


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"grant": None}, "^/s/grant: expected an integer"),
        ({"withdrawn": "12"}, "^/s/withdrawn: expected an integer"),
        ({"suspended": None}, "^/s/suspended: expected an array"),
        ({"suspended": [[1]]}, r"^/s/suspended/0: expected a suspension \[from, to\]$"),
        ({"suspended": [[1, 2, 3]]}, "expected a suspension"),
        ({"suspended": [{"from": 1, "to": 2}]}, "expected a suspension"),
        ({"suspended": [[None, 2]]}, "^/s/suspended/0/from: expected an integer"),
        ({"suspended": [[1, "2"]]}, "^/s/suspended/0/to: expected an integer"),
        ({"note": 1}, "unknown member 'note'"),
    ],
)
def test_a_scope_record_outside_the_closed_form_is_refused(members: JSONObject, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        ScopeRecord.from_json(RECORD.scopes[0].to_json() | members, "/s")


@pytest.mark.parametrize("value", [None, [], {}, "scope"])
def test_a_scope_record_that_is_no_object_is_refused(value: JSONValue) -> None:
    with pytest.raises(InvalidInput, match="member 'grant' is missing"):
        ScopeRecord.from_json(value)


@pytest.mark.parametrize(
    ("index", "code"),
    [
        (0, "unknown-key"),
        (2, "unknown-key"),
        (3, ""),
        (19, ""),
        (20, "compromised-key"),
        (29, "compromised-key"),
        (30, "retired-key"),
    ],
)
def test_a_key_signs_only_after_it_was_added_and_before_it_was_retired_or_compromised(
    index: int, code: str
) -> None:
    if not code:
        assert key_in_force(RECORD, KEY, index) == RECORD.keys[0]
        return
    with pytest.raises(NotTrusted) as refusal:
        key_in_force(RECORD, KEY, index)
    assert refusal.value.code == code


def test_a_key_of_another_body_is_unknown() -> None:
    with pytest.raises(NotTrusted, match=f"{SAMPLE_DID} had no such key at entry 9"):
        key_in_force(RECORD, ed25519("thief").public_key, 9)


@given(st.integers(0, 20))
def test_a_scope_is_in_force_between_grant_and_withdrawal_and_outside_suspensions(index: int) -> None:
    scope = RECORD.scopes[0]
    assert scope.in_force_at(index) is (index in {4, 5, 8})
    assert replace(scope, suspended=(), withdrawn=None).in_force_at(index) is (index > 3)
    assert replace(scope, suspended=()).in_force_at(index) is (3 < index < 12)
    assert scope.is_suspended
    assert not replace(scope, suspended=((6, 8),)).is_suspended


def test_the_trust_tree_is_sorted_by_the_bytes_of_the_dids() -> None:
    dids = ["did:web:b.vn", "did:key:z6Mk", "did:web:B.vn", "did:webvh:a", "did:web:a.vn"]
    records = [replace(RECORD, did=did) for did in dids]
    in_order = sorted(records, key=lambda record: record.did.encode())
    tree = trust_tree(OPERATOR, records)
    wanted = [OPERATOR.leaf_hash, *(record.leaf_hash for record in in_order)]
    assert [tree.read(0, i) for i in range(6)] == wanted
    assert tree.root() == trust_tree(OPERATOR, reversed(records)).root()
    assert bytes(trust_tree(OPERATOR, []).root()) == OPERATOR.leaf_hash
