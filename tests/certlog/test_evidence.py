"""Evidence files: what is written is read back, and every other form is refused with its place."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from certlog.canonical import canonicalize
from certlog.checkpoint import open_checkpoint
from certlog.entry import StatementEntry, certificate_entry, entry_from_json
from certlog.errors import InvalidInput, NotTrusted
from certlog.evidence import MAX_EVIDENCE_BYTES, AnchorPointer, Evidence, Head, ProvenEntry
from certlog.slots import Slot
from certlog.status import FileBinding, StatusAction, StatusStatement
from certlog.status_list import status_leaf
from certlog.strict_json import JSONValue
from certlog.tree import verify_inclusion
from certlog.trust import ChangeScope, Delegate, TrustAction, TrustStatement
from certlog.trust_root import TrustRoot
from tests.support.certificates import SAMPLE_AUTHORITY, SAMPLE_DID
from tests.support.signing import ed25519
from tests.support.small_log import DESIGNATION, SmallLog, one_certificate

ISSUER: Final = ed25519("issuer")
POINTER: Final = AnchorPointer(31337, "0x" + "ab" * 32, 7, 1_795_316_400)


def rich_log() -> tuple[SmallLog, Evidence]:
    """Return a log with every kind of entry, and the evidence of its certificate."""
    log = SmallLog()
    log.close()
    log.enrol(ISSUER.public_key, SAMPLE_DID, DESIGNATION)
    log.state(ChangeScope(TrustAction.SUSPEND_SCOPE, 3))
    log.state(ChangeScope(TrustAction.REINSTATE_SCOPE, 3))
    log.state(Delegate((TrustAction.GRANT_SCOPE,), ()))
    certificate = log.certify(ISSUER)
    log.close()
    first = log.size
    log.change_status(certificate, StatusAction.SUSPEND, "investigation", signer=ISSUER)
    file = FileBinding(bytes(32), "application/pdf")
    log.change_status(certificate, StatusAction.BIND_FILE, signer=ISSUER, file=file)
    log.close()
    return log, log.evidence(certificate, earlier=[first], anchors={first: [POINTER]})


LOG, EVIDENCE = rich_log()


def test_evidence_read_from_its_bytes_is_the_same() -> None:
    data = EVIDENCE.to_bytes()
    assert Evidence.parse(data) == EVIDENCE
    assert Evidence.parse(data).to_bytes() == data


def test_evidence_without_its_certificate_leaves_the_member_out() -> None:
    apart = replace(EVIDENCE, certificate=None)
    assert "certificate" not in apart.to_json()
    assert Evidence.parse(apart.to_bytes()) == apart


def test_what_evidence_carries_proves_to_its_last_head_and_epoch() -> None:
    # The checks of the verifier, by hand: a stranger's first reading of the format.
    evidence = Evidence.parse(EVIDENCE.to_bytes())
    head = open_checkpoint(evidence.heads[-1].checkpoint, LOG.log_key.verifier_key)
    assert evidence.certificate is not None
    leaf = certificate_entry(evidence.certificate, Slot(0, 0)).leaf_hash
    for carried in evidence.heads:
        checkpoint = open_checkpoint(carried.checkpoint, LOG.log_key.verifier_key)
        verify_inclusion(leaf, evidence.index, checkpoint.size, carried.path, checkpoint.root)
    for proven in (*evidence.trust, *evidence.events, evidence.epoch):
        verify_inclusion(proven.entry.leaf_hash, proven.index, head.size, proven.path, head.root)
    epoch = LOG.epochs[-1]
    for record in evidence.records:
        verify_inclusion(
            record.record.leaf_hash, record.index, epoch.trust_records, record.path, epoch.trust_root
        )
    for position, carried_list in enumerate(evidence.lists):
        bits = status_leaf(carried_list.bits)
        verify_inclusion(bits, position, 2 * epoch.status_lists, carried_list.path, epoch.status_root)


def test_the_checkpoint_is_carried_as_the_lines_of_its_note() -> None:
    head = EVIDENCE.heads[-1]
    lines: Any = head.to_json()["checkpoint"]
    assert lines[:2] == ["registry.example.vn", str(LOG.size)]
    assert lines[3] == ""
    assert "".join(f"{line}\n" for line in lines) == head.checkpoint


def test_anchors_are_left_out_where_there_are_none() -> None:
    first, last = (head.to_json() for head in EVIDENCE.heads)
    assert first["anchors"] == [
        {"chainId": 31337, "txHash": "0x" + "ab" * 32, "blockNumber": 7, "blockTime": "2026-11-22T03:00:00Z"}
    ]
    assert "anchors" not in last
    with pytest.raises(InvalidInput, match=r"^/heads/0/anchors: left out where empty$"):
        Head.from_json(last | {"anchors": []}, "/heads/0")


def changed(path: tuple[str | int, ...], value: JSONValue) -> Any:  # JSON to break
    """Return the evidence's JSON with one member replaced, or removed where the value is "absent"."""
    whole: Any = copy.deepcopy(EVIDENCE.to_json())
    holder = whole
    for part in path[:-1]:
        holder = holder[part]
    if value == "absent":
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return whole


@pytest.mark.parametrize("name", ["v", "index", "heads", "trust", "events", "epoch", "records", "lists"])
def test_each_member_of_evidence_is_required(name: str) -> None:
    with pytest.raises(InvalidInput, match=f"^member '{name}' is missing$"):
        Evidence.from_json(changed((name,), "absent"))


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("v",), 2, "^/v: expected evidence version 1$"),
        (("v",), True, "^/v: expected an integer"),
        (("verdict",), "valid", "^unknown member 'verdict'$"),
        (("certificate",), None, "^/certificate: expected an object"),
        (("heads",), [], "expected 1 to 4 heads and exactly 2 lists"),
        (("heads",), [EVIDENCE.heads[0].to_json()] * 5, "^/heads: expected at most 4 items, found 5$"),
        (("heads", 0, "checkpoint"), "text", "^/heads/0/checkpoint: expected an array, found a string$"),
        (("heads", 0, "checkpoint"), ["line"] * 37, "^/heads/0/checkpoint: expected at most 36 items"),
        (("heads", 0, "checkpoint", 0), 1, "^/heads/0/checkpoint/0: expected a string"),
        (("heads", 0, "path"), ["A" * 43] * 64, "^/heads/0/path: expected at most 63 items, found 64$"),
        (("heads", 0, "path", 0), "AAAA", "expected 32 bytes, found 3"),
        (("heads", 0, "verified"), True, "^/heads/0: unknown member 'verified'$"),
        (("heads", 0, "anchors"), [POINTER.to_json()] * 9, "^/heads/0/anchors: expected at most 8 items"),
        (
            ("heads", 0, "anchors", 0, "txHash"),
            "0x" + "AB" * 32,
            "^/heads/0/anchors/0/txHash: expected 0x and 64",
        ),
        (("heads", 0, "anchors", 0, "txHash"), "ab" * 32, "expected 0x and 64 lower-case hex digits"),
        (
            ("heads", 0, "anchors", 0, "blockTime"),
            "2026-11-22T10:00:00+07:00",
            "blockTime: expected YYYY-MM-DDTHH:MM:SSZ",
        ),
        (
            ("heads", 0, "anchors", 0, "blockNumber"),
            -1,
            "^/heads/0/anchors/0/blockNumber: expected an integer",
        ),
        (("heads", 0, "anchors", 0, "final"), True, "unknown member 'final'"),
        (("epoch", "entry", "type"), "other", "^/epoch/entry/type: unknown entry type 'other'$"),
        (("trust", 0, "index"), -1, "^/trust/0/index: expected an integer"),
        (("trust", 0, "path"), "absent", "^/trust/0: member 'path' is missing$"),
        (
            ("events",),
            [EVIDENCE.events[0].to_json()] * 501,
            "^/events: expected at most 500 items, found 501$",
        ),
        (
            ("records",),
            [EVIDENCE.records[0].to_json()] * 21,
            "^/records: expected at most 20 items, found 21$",
        ),
        (("records", 0, "record", "did"), "x", "^/records/0/record/did: expected a did:web"),
        (("lists",), [EVIDENCE.lists[0].to_json()], "exactly 2 lists"),
        (("lists",), [EVIDENCE.lists[0].to_json()] * 3, "^/lists: expected at most 2 items, found 3$"),
        (("lists", 1, "bits"), "u", "^/lists/1/bits: expected a list of 16384 bytes"),
    ],
)
def test_evidence_outside_the_closed_form_is_refused_with_its_place(
    path: tuple[str | int, ...], value: JSONValue, reason: str
) -> None:
    with pytest.raises(InvalidInput, match=reason):
        Evidence.from_json(changed(path, value))


def test_evidence_that_is_not_canonical_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not in canonical form"):
        Evidence.parse(EVIDENCE.to_bytes() + b"\n")


def test_evidence_with_a_member_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'index' appears twice"):
        Evidence.parse(EVIDENCE.to_bytes().replace(b'"index":', b'"index":0,"index":'))


def test_evidence_larger_than_2_mib_is_refused() -> None:
    with pytest.raises(InvalidInput, match=f"expected at most {MAX_EVIDENCE_BYTES} bytes"):
        Evidence.parse(b" " * (MAX_EVIDENCE_BYTES + 1))


ODD: Final[tuple[Any, ...]] = (
    *(None, True, 0, 1, -1, 2**53 - 1, "", "x", [], {}, [0], [True], {"a": 1}, "z"),
    *("2026-11-22T10:00:00+07:00", "0001-01-01T00:00:00+07:00", "did:web:x"),
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:  # JSON
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in inner:
        yield from places(member, (*path, name))


def with_odd_values(value: Any) -> Iterator[Any]:  # JSON to break
    """Yield the value with each node of it replaced by each odd one, one at a time."""
    for path in places(value):
        for odd in ODD:
            whole = copy.deepcopy(value)
            holder: Any = {"": whole}
            for part in ("", *path[:-1]) if path else ():
                holder = holder[part]
            holder[path[-1] if path else ""] = odd
            yield whole if path else odd


def forms() -> list[tuple[str, Any, Any]]:
    certificate = one_certificate()[1]
    found: list[tuple[str, Any, Any]] = [
        ("evidence", Evidence.from_json, replace(EVIDENCE, certificate=None).to_json()),
        ("secured document", type(certificate).from_json, {"id": "x", "proof": certificate.proof.to_json()}),
        ("trust root", TrustRoot.from_json, LOG.trust_root().to_json()),
    ]
    found += [("entry", entry_from_json, entry.to_json()) for entry in LOG.entries]
    found += [("trust", TrustStatement.from_json, doc.content) for _, doc in LOG.statements("trust")]
    found += [("status", StatusStatement.from_json, doc.content) for _, doc in LOG.statements("status")]
    return found


@pytest.mark.parametrize(("name", "read", "good"), forms())
def test_any_odd_value_anywhere_is_refused_or_written_back_unchanged(name: str, read: Any, good: Any) -> None:
    assert canonicalize(read(good).to_json()) == canonicalize(good) if name != "secured document" else True
    accepted = 0
    for value in with_odd_values(good):
        try:
            found = read(value)
        except (InvalidInput, NotTrusted):
            continue
        accepted += 1
        assert canonicalize(found.to_json()) == canonicalize(value), name
    assert accepted < len(ODD) * len(list(places(good)))


def test_the_authority_of_the_sample_certificate_is_the_one_granted() -> None:
    assert DESIGNATION.authority == SAMPLE_AUTHORITY


def test_a_part_is_kept_by_every_byte_of_it_and_a_refused_one_not_at_all() -> None:
    value: Any = EVIDENCE.trust[0].to_json()
    known = ProvenEntry.from_json(value, "/trust/0")
    assert ProvenEntry.from_json(copy.deepcopy(value), "/trust/0") is known
    other = copy.deepcopy(value)
    other["index"] += 1
    assert ProvenEntry.from_json(other, "/trust/0") != known
    other["index"] = True  # equal to 1 in Python, and refused the second time as the first
    for _ in range(2):
        with pytest.raises(InvalidInput, match=r"^/trust/0/index: expected an integer >= 0"):
            ProvenEntry.from_json(other, "/trust/0")


def test_what_is_kept_of_a_part_shares_nothing_with_what_was_handed_in() -> None:
    value: Any = EVIDENCE.trust[-1].to_json() | {"index": 4321}
    known = ProvenEntry.from_json(value)
    value["entry"]["document"]["subject"] = "did:key:z6MkAnother"
    assert isinstance(known.entry, StatementEntry)
    assert known.entry.document.content["subject"] != "did:key:z6MkAnother"
    assert known.leaf_hash == known.entry.leaf_hash
