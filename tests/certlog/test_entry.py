"""Entries: closed forms, canonical bytes, at most 8 KiB."""

from typing import Final

import pytest

from certlog.canonical import canonicalize
from certlog.digests import sha256
from certlog.documents import secure
from certlog.entry import (
    MAX_ENTRY_BYTES,
    CertificateEntry,
    Entry,
    EpochEntry,
    StatementEntry,
    certificate_entry,
    entry_from_json,
    parse_entry,
)
from certlog.errors import InvalidInput
from certlog.slots import Slot
from certlog.strict_json import JSONObject, JSONValue
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN
from tests.support.signing import ed25519
from tests.support.small_log import one_certificate

LOG, CERTIFICATE = one_certificate()
KINDS: Final[dict[str, Entry]] = {
    "certificate": next(entry for entry in LOG.entries if isinstance(entry, CertificateEntry)),
    "trust": next(entry for entry in LOG.entries if isinstance(entry, StatementEntry)),
    "epoch": next(entry for entry in LOG.entries if isinstance(entry, EpochEntry)),
}
each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
def test_an_entry_read_from_its_bytes_is_the_same(kind: str) -> None:
    data = KINDS[kind].to_bytes()
    entry = parse_entry(data)
    assert entry == KINDS[kind]
    assert entry.to_bytes() == data


@each_kind
def test_the_leaf_hash_is_of_the_canonical_bytes_behind_a_zero_byte(kind: str) -> None:
    entry = KINDS[kind]
    assert entry.to_bytes() == canonicalize(entry.to_json())
    assert entry.leaf_hash == sha256(b"\0" + entry.to_bytes())


def test_a_certificate_entry_is_rebuilt_from_the_document_and_its_slot() -> None:
    assert certificate_entry(CERTIFICATE, Slot(0, 0)) == KINDS["certificate"]
    assert certificate_entry(CERTIFICATE, Slot(0, 1)).leaf_hash != KINDS["certificate"].leaf_hash


def test_a_certificate_entry_carries_nothing_of_the_content() -> None:
    data = KINDS["certificate"].to_bytes()
    assert KINDS["certificate"].to_json().keys() == {"v", "type", "documentHash", "proof", "slot"}
    for word in ("Sao Mẫu", "MAU-2026-0001", "0100000001", "Hưng Yên"):
        assert word.encode() in CERTIFICATE.to_bytes()
        assert word.encode() not in data


@each_kind
@pytest.mark.parametrize("text", [" {}", "{}\n", '{"v":1 }'])
def test_bytes_that_are_not_canonical_are_refused(kind: str, text: str) -> None:
    data = KINDS[kind].to_bytes().decode()
    spaced = text.replace("{}", data).replace('{"v":1 }', data[:-1] + " }")
    with pytest.raises(InvalidInput, match="not in canonical form"):
        parse_entry(spaced.encode())


@each_kind
@pytest.mark.parametrize("version", [None, 0, 2, True, "1", "absent"])
def test_an_entry_of_another_version_is_refused(kind: str, version: JSONValue) -> None:
    value = KINDS[kind].to_json() | {"v": version}
    if version == "absent":
        del value["v"]
    with pytest.raises(InvalidInput, match=r"^/x: expected an entry of version 1$"):
        entry_from_json(value, "/x")


@pytest.mark.parametrize("kind", ["", "Epoch", "statement", None, 1, ["epoch"]])
def test_an_entry_of_an_unknown_type_is_refused(kind: JSONValue) -> None:
    with pytest.raises(InvalidInput, match=r"^/type: unknown entry type"):
        entry_from_json({"v": 1, "type": kind, "document": {}})


@each_kind
def test_an_entry_of_one_type_is_not_read_as_another(kind: str) -> None:
    for other in {"certificate", "trust", "epoch"} - {kind}:
        with pytest.raises(InvalidInput, match=r"is missing|unknown member|expected"):
            entry_from_json(KINDS[kind].to_json() | {"type": other})


@each_kind
def test_missing_and_unknown_members_are_refused(kind: str) -> None:
    value = KINDS[kind].to_json()
    for name in value.keys() - {"v", "type"}:
        without = {key: member for key, member in value.items() if key != name}
        with pytest.raises(InvalidInput, match=f"member '{name}' is missing"):
            entry_from_json(without)
    with pytest.raises(InvalidInput, match="unknown member 'extra'"):
        entry_from_json(value | {"extra": 1})


@pytest.mark.parametrize("value", [None, [], "entry", 1])
def test_a_value_that_is_no_object_is_no_entry(value: JSONValue) -> None:
    with pytest.raises(InvalidInput, match="expected an entry of version 1"):
        entry_from_json(value)


def statement_of(text: str) -> StatementEntry:
    content: JSONObject = {"kind": "trust", "text": text}
    document = secure(
        content, signer=ed25519("issuer"), did=SAMPLE_DID, domain=SAMPLE_ORIGIN, challenge="trust", created=0
    )
    return StatementEntry("trust", document)


def test_an_entry_of_8_kib_is_the_largest() -> None:
    room = MAX_ENTRY_BYTES - len(statement_of("").to_bytes())
    largest = statement_of("a" * room).to_bytes()
    assert len(largest) == MAX_ENTRY_BYTES
    assert parse_entry(largest).to_bytes() == largest
    with pytest.raises(InvalidInput, match="an entry has at most 8192 bytes, this one 8193"):
        statement_of("a" * (room + 1)).to_bytes()
    with pytest.raises(InvalidInput, match="expected at most 8192 bytes, found 8193"):
        parse_entry(largest + b" ")


def test_an_entry_whose_duplicate_member_hides_another_slot_is_refused() -> None:
    data = KINDS["certificate"].to_bytes().replace(b'"slot":[0,0]', b'"slot":[0,0],"slot":[0,1]')
    with pytest.raises(InvalidInput, match="'slot' appears twice"):
        parse_entry(data)


def test_the_epochs_of_a_log_name_their_own_position() -> None:
    for index, entry in enumerate(LOG.entries):
        if isinstance(entry, EpochEntry):
            assert entry.epoch.as_of == index
