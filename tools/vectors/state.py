"""Vectors of status: lists, the status tree, replay of status documents, and epochs over all of it."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from certlog.canonical import canonicalize
from certlog.digests import DocumentHash, sha256
from certlog.encoding import b64url
from certlog.entry import EpochEntry
from certlog.epoch import Epoch
from certlog.issuer_record import trust_tree
from certlog.slots import LIST_SIZE
from certlog.status import REASONS, FileBinding, StatusAction, StatusStatement
from certlog.status_list import LIST_BYTES, empty_list, set_bit, status_leaf, status_tree
from certlog.strict_json import JSONObject, JSONValue
from certlog.timestamps import format_time
from tests.support.certificates import SAMPLE_DID
from tests.support.small_log import START, one_certificate
from tools.vectors.case import Case, accepted, refused
from tools.vectors.deflate import encoded_list, gzip

CERTIFICATE: Final = DocumentHash(sha256(b"certificate"))
REPLACEMENT: Final = DocumentHash(sha256(b"replacement"))
FILE: Final = FileBinding(sha256(b"file"), "application/pdf")


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    yield from _lists()
    yield from _trees()
    yield from _replay()
    yield from _documents()
    yield from _epochs()


def with_bits(indices: Sequence[int]) -> bytes:
    """Return a list in which these bits are set."""
    bits = empty_list()
    for index in indices:
        bits = set_bit(bits, index, True)  # noqa: FBT003 # the bit's value is the point
    return bits


def _lists() -> Iterator[Case]:
    kind = "status-list"
    for name, about, indices in (
        ("empty", "No bit is set.", []),
        ("first", "Bit 0 is the leftmost of the first byte.", [0]),
        ("last", "Bit 131,071 is the rightmost of the last byte.", [LIST_SIZE - 1]),
        ("several", "Bits around byte boundaries.", [7, 8, 15, 16, 94567, 94575]),
    ):
        bits = with_bits(indices)
        wanted: JSONObject = {"set": [*indices], "leafHash": b64url(status_leaf(bits))}
        yield accepted(kind, name, about, {"encodedList": encoded_list(bits)}, wanted)
    whole = gzip(empty_list())
    for name, about, text in (
        ("short", "16,383 bytes.", encoded_list(bytes(LIST_BYTES - 1))),
        ("long", "16,385 bytes.", encoded_list(bytes(LIST_BYTES + 1))),
        (
            "bomb",
            "1 MiB of zeros: inflation must stop at 16,384 bytes.",
            encoded_list(bytes(1 << 20)),
        ),
        ("no-multibase", "Without the letter u.", encoded_list(empty_list())[1:]),
        ("other-multibase", "Another multibase letter.", "z" + encoded_list(empty_list())[1:]),
        ("not-gzip", "Bytes that were never compressed.", "u" + b64url(empty_list()[:100])),
        ("truncated", "The last byte is missing.", "u" + b64url(whole[:-1])),
        ("wrong-checksum", "Another checksum.", "u" + b64url(whole[:-8] + bytes(4) + whole[-4:])),
        ("two-members", "Two GZIP members.", "u" + b64url(whole + gzip(b""))),
        ("trailing-byte", "A byte after the member.", "u" + b64url(whole + b"\0")),
    ):
        yield refused(kind, name, about, {"encodedList": text}, "bad-list")


def _trees() -> Iterator[Case]:
    pairs: list[tuple[list[int], list[int]]] = [([5], []), ([], [5, 9]), ([0, 131071], [77])]
    for count in range(4):
        lists = [(with_bits(revoked), with_bits(suspended)) for revoked, suspended in pairs[:count]]
        given: JSONObject = {"lists": [_pair_json(*pair) for pair in pairs[:count]]}
        about = f"The status tree of {count} pairs of lists."
        yield accepted(
            "status-tree", f"pairs-{count}", about, given, {"root": b64url(status_tree(lists).root())}
        )


def _pair_json(revoked: Sequence[int], suspended: Sequence[int]) -> JSONValue:
    return {"revocation": [*revoked], "suspension": [*suspended]}


def _document(action: StatusAction, previous: DocumentHash | None, **members: Any) -> JSONObject:  # noqa: ANN401 # replaced
    statement = StatusStatement(
        certificate=CERTIFICATE,
        issuer=SAMPLE_DID,
        action=action,
        effective="2026-11-22T10:00:00+07:00",
        previous=previous,
        reason=REASONS[action][0] if REASONS[action] else None,
        replaced_by=REPLACEMENT if action is StatusAction.SUPERSEDE else None,
        file=FILE if action is StatusAction.BIND_FILE else None,
    )
    return statement.to_json() | members


def _history(*actions: StatusAction) -> list[JSONValue]:
    """Return documents that follow each other, at entries 10, 11, 12 and so on."""
    events: list[JSONValue] = []
    last: DocumentHash | None = None
    for index, action in enumerate(actions, start=10):
        document = _document(action, last)
        last = DocumentHash(sha256(canonicalize(document)))
        events.append({"index": index, "document": document})
    return events


def _last(events: list[JSONValue]) -> str | None:
    if not events:
        return None
    event: Any = events[-1]
    return b64url(sha256(canonicalize(event["document"])))


def _replay() -> Iterator[Case]:
    kind, a = "status-replay", StatusAction
    for name, actions, suspended, revoked, files in (
        ("nothing", (), False, False, 0),
        ("suspended", (a.SUSPEND,), True, False, 0),
        ("reinstated", (a.SUSPEND, a.REINSTATE), False, False, 0),
        ("suspended-again", (a.SUSPEND, a.REINSTATE, a.SUSPEND), True, False, 0),
        ("withdrawn", (a.WITHDRAW,), False, True, 0),
        ("suspended-then-withdrawn", (a.SUSPEND, a.WITHDRAW), True, True, 0),
        ("cancelled", (a.BIND_FILE, a.CANCEL), False, True, 1),
        ("superseded", (a.SUPERSEDE,), False, True, 0),
        ("two-files", (a.BIND_FILE, a.SUSPEND, a.BIND_FILE), True, False, 2),
    ):
        events = _history(*actions)
        wanted: JSONObject = {
            "suspended": suspended,
            "revoked": revoked,
            "files": files,
            "last": _last(events),
        }
        yield accepted(kind, name, f"After {len(events)} events.", {"events": events}, wanted)
    for name, about, actions, code in (
        ("reinstated-unsuspended", "Reinstating what is not suspended.", (a.REINSTATE,), "no-effect"),
        ("suspended-twice", "Suspending what is suspended.", (a.SUSPEND, a.SUSPEND), "no-effect"),
        (
            "reinstated-after-withdrawal",
            "Nothing counts after a withdrawal.",
            (a.SUSPEND, a.WITHDRAW, a.REINSTATE),
            "already-revoked",
        ),
        (
            "bound-after-cancellation",
            "No file is bound after a cancellation.",
            (a.CANCEL, a.BIND_FILE),
            "already-revoked",
        ),
        ("withdrawn-twice", "A second end.", (a.SUPERSEDE, a.WITHDRAW), "already-revoked"),
    ):
        yield refused(kind, name, about, {"events": _history(*actions)}, code)
    first = _history(a.SUSPEND)[0]
    for name, about, previous in (
        ("previous-missing", "The second event names no previous one.", None),
        ("previous-other", "The second event names another previous one.", REPLACEMENT),
    ):
        second: JSONObject = {"index": 11, "document": _document(a.REINSTATE, previous)}
        yield refused(kind, name, about, {"events": [first, second]}, "wrong-previous")
    lonely: JSONObject = {"index": 10, "document": _document(a.SUSPEND, REPLACEMENT)}
    yield refused(
        kind,
        "first-with-previous",
        "The first event names a previous one.",
        {"events": [lonely]},
        "wrong-previous",
    )


def _documents() -> Iterator[Case]:
    """Documents outside the closed form, each as the only event."""
    good = _document(StatusAction.SUSPEND, None)
    for name, about, members, code in (
        ("free-text", "A member that the form does not have.", {"note": "free text"}, "unknown-member"),
        ("reason-of-other-action", "A reason of another action.", {"reason": "corrected"}, "invalid-input"),
        ("unknown-action", "An action that does not exist.", {"action": "delete"}, "bad-action"),
        ("effective-date-only", "A time without time of day.", {"effective": "2026-11-22"}, "bad-time"),
        (
            "replacement-without-supersede",
            "replacedBy goes with supersede only.",
            {"replacedBy": b64url(REPLACEMENT)},
            "invalid-input",
        ),
        (
            "file-without-bind-file",
            "file goes with bindFile only.",
            {"file": FILE.to_json()},
            "invalid-input",
        ),
        ("short-certificate-hash", "A hash of 31 bytes.", {"certificate": b64url(bytes(31))}, "wrong-length"),
        ("kind-trust", "Another kind.", {"kind": "trust"}, "wrong-kind"),
    ):
        document: JSONObject = {**good, **members}
        yield refused("status-replay", name, about, {"events": [{"index": 10, "document": document}]}, code)
    no_reason = {k: v for k, v in good.items() if k != "reason"}
    events: JSONObject = {"events": [{"index": 10, "document": no_reason}]}
    yield refused("status-replay", "reason-missing", "Suspending needs a reason.", events, "invalid-input")


def _epochs() -> Iterator[Case]:
    log, _ = one_certificate()
    records: list[JSONValue] = [record.to_json() for record in log.trust.records]
    for name, about, pairs, held in (
        ("empty", "The first epoch of a log: nothing is stated yet.", [], False),
        ("one-body", "One pair of lists and one body.", [([3], [5])], True),
    ):
        lists = [(with_bits(revoked), with_bits(suspended)) for revoked, suspended in pairs]
        epoch = Epoch(
            number=len(lists),
            time=START,
            as_of=7 * len(lists),
            status_lists=len(lists),
            status_root=status_tree(lists).root(),
            trust_records=1 + (len(records) if held else 0),
            trust_root=trust_tree(log.trust.operator_record, log.trust.records if held else ()).root(),
        )
        given: JSONObject = {
            "number": epoch.number,
            "time": format_time(START),
            "asOf": epoch.as_of,
            "lists": [_pair_json(*pair) for pair in pairs],
            "operator": log.trust.operator_record.to_json(),
            "records": records if held else [],
        }
        entry = EpochEntry(epoch)
        wanted: JSONObject = {"entry": entry.to_bytes().decode(), "leafHash": b64url(entry.leaf_hash)}
        yield accepted("epoch", name, about, given, wanted)
