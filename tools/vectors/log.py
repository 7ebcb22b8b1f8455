"""Vectors of the log: entries, checkpoints and receipts."""

import json
from collections.abc import Iterator
from typing import Any, Final

from certlog.canonical import canonicalize
from certlog.checkpoint import Checkpoint, sign_checkpoint
from certlog.digests import RootHash
from certlog.encoding import b64, b64url
from certlog.entry import CertificateEntry, Entry, EpochEntry, StatementEntry
from certlog.note import sign_note
from certlog.status import StatusAction
from certlog.strict_json import JSONObject, JSONValue
from certlog.tlog_proof import format_proof
from certlog.tree import MemoryTree, leaf_hash
from tests.support.signing import cosigner, ed25519, log_signer
from tests.support.small_log import SmallLog, one_certificate
from tools.vectors.case import Case, accepted, refused

ORIGIN: Final = "registry.example.vn"
LOG: Final = log_signer(ORIGIN)
LEAVES: Final = [f"leaf {number}".encode() for number in range(13)]
TREE: Final = MemoryTree(leaf_hash(leaf) for leaf in LEAVES)


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    yield from _entries()
    yield from _checkpoints()
    yield from _receipts()


def _first(log: SmallLog, kind: type[Entry]) -> Any:  # noqa: ANN401 # one of the entry classes
    return next(entry for entry in log.entries if isinstance(entry, kind))


def _text(value: JSONValue) -> JSONObject:
    return {"entry": canonicalize(value).decode()}


def _entries() -> Iterator[Case]:
    log, certificate = one_certificate()
    log.change_status(certificate, StatusAction.SUSPEND, "investigation", signer=ed25519("issuer"))
    samples: dict[str, Entry] = {
        "certificate": _first(log, CertificateEntry),
        "trust": _first(log, StatementEntry),
        "status": log.entries[-1],
        "epoch": _first(log, EpochEntry),
    }
    for name, entry in samples.items():
        wanted: JSONObject = {"type": name, "leafHash": b64url(entry.leaf_hash)}
        yield accepted("entry", name, f"The leaf data of a {name} entry.", _text(entry.to_json()), wanted)
    yield from _refused_entries(
        samples["certificate"].to_json(), samples["epoch"].to_json(), samples["trust"].to_json()
    )


def _refused_entries(certificate: JSONObject, epoch: JSONObject, trust: JSONObject) -> Iterator[Case]:
    document: Any = epoch["document"]
    spaced = json.dumps(certificate, ensure_ascii=False)
    for name, about, changed, code in (
        ("version-2", "A version that does not exist yet.", certificate | {"v": 2}, "bad-entry"),
        ("version-true", "true is not 1.", certificate | {"v": True}, "bad-entry"),
        ("unknown-type", "A type that does not exist.", certificate | {"type": "receipt"}, "bad-entry"),
        (
            "unknown-member",
            "A member that the form does not have.",
            certificate | {"note": "x"},
            "unknown-member",
        ),
        (
            "missing-slot",
            "Without slot.",
            {k: v for k, v in certificate.items() if k != "slot"},
            "missing-member",
        ),
        ("slot-index-131072", "An index beyond the list.", certificate | {"slot": [0, 131072]}, "bad-slot"),
        ("slot-negative", "A negative list.", certificate | {"slot": [-1, 0]}, "bad-slot"),
        ("slot-of-three", "A slot of three numbers.", certificate | {"slot": [0, 0, 0]}, "bad-slot"),
        (
            "short-document-hash",
            "A hash of 31 bytes.",
            certificate | {"documentHash": b64url(bytes(31))},
            "wrong-length",
        ),
        (
            "stray-bits-in-hash",
            "A hash whose last letter carries stray bits.",
            certificate | {"documentHash": "A" * 42 + "B"},
            "bad-base64",
        ),
        (
            "padded-hash",
            "A hash in padded base64.",
            certificate | {"documentHash": b64(bytes(32))},
            "bad-base64",
        ),
        (
            "certificate-as-trust",
            "One type in another's form.",
            certificate | {"type": "trust"},
            "missing-member",
        ),
        (
            "trust-without-proof",
            "A statement without proof.",
            {k: v for k, v in trust.items() if k != "proof"},
            "missing-member",
        ),
        (
            "epoch-with-proof",
            "An epoch has no proof: the checkpoint signs it.",
            epoch | {"proof": certificate["proof"]},
            "unknown-member",
        ),
        (
            "epoch-time-with-offset",
            "What the log states itself is in UTC.",
            epoch | {"document": document | {"time": "2026-11-20T09:00:00+07:00"}},
            "bad-time",
        ),
        (
            "epoch-negative-count",
            "A negative count.",
            epoch | {"document": document | {"statusLists": -1}},
            "wrong-type",
        ),
    ):
        yield refused("entry", name, about, _text(changed), code)
    yield refused("entry", "spaced", "Not its own canonical form.", {"entry": spaced}, "not-canonical")
    doubled = canonicalize(certificate).decode().replace('"slot":[0,0]', '"slot":[0,0],"slot":[0,1]')
    yield refused(
        "entry", "duplicate-slot", "Two slots: readers would differ.", {"entry": doubled}, "duplicate-member"
    )
    room = 8193 - len(canonicalize(trust | {"document": {"t": ""}}))
    large = trust | {"document": {"t": "a" * room}}
    yield refused("entry", "too-large", "8,193 bytes.", _text(large), "too-large")


def _checkpoints() -> Iterator[Case]:
    kind, vkey = "checkpoint", LOG.verifier_key.to_text()
    wanted: JSONObject = {}
    for size in (0, 13):
        note = sign_checkpoint(Checkpoint(ORIGIN, size, TREE.root(size)), LOG)
        wanted = {"origin": ORIGIN, "size": size, "root": b64url(TREE.root(size))}
        yield accepted(
            kind, f"size-{size}", f"A log of {size} entries.", {"note": note, "vkey": vkey}, wanted
        )
    witness = cosigner("witness.example.vn", time=1_795_316_400)
    text = Checkpoint(ORIGIN, 13, TREE.root()).to_text()
    both = sign_note(text, LOG, witness)
    yield accepted(
        kind,
        "cosigned",
        "With a witness's line, which is carried along.",
        {"note": both, "vkey": vkey},
        wanted,
    )
    key = witness.verifier_key.to_text()
    yield accepted(
        "cosignature",
        "witness",
        "The witness's own line and its time.",
        {"note": both, "vkey": key},
        {"time": witness.time},
    )
    late = both.replace(
        b64(witness.verifier_key.key_id + witness.sign(text.encode())),
        b64(
            witness.verifier_key.key_id
            + (witness.time + 1).to_bytes(8, "big")
            + witness.sign(text.encode())[8:]
        ),
    )
    yield refused(
        "cosignature",
        "altered-time",
        "The time is signed.",
        {"note": late, "vkey": key},
        "signature-mismatch",
    )
    yield refused(
        "cosignature",
        "log-signature",
        "The log's own line is no cosignature.",
        {"note": sign_note(text, LOG), "vkey": key},
        "signature-mismatch",
    )
    yield from _refused_checkpoints(text, vkey)


def _refused_checkpoints(text: str, vkey: str) -> Iterator[Case]:
    good, root = sign_note(text, LOG), b64(TREE.root())
    thief = log_signer(ORIGIN, "thief")
    other = log_signer("other.example.vn")
    mismatch = "signature-mismatch"
    for name, about, note, code in (
        ("altered-size", "Another size.", good.replace("\n13\n", "\n14\n"), mismatch),
        ("altered-root", "Another root.", good.replace(root, b64(bytes(32))), mismatch),
        ("wrong-key", "Signed with another key of the same name.", sign_note(text, thief), mismatch),
        (
            "wrong-origin",
            "Another log's checkpoint.",
            sign_note(text.replace(ORIGIN, other.name), other),
            mismatch,
        ),
        (
            "wrong-origin-right-key",
            "Another origin, signed with this log's key.",
            sign_note(text.replace(ORIGIN, other.name), LOG),
            mismatch,
        ),
        ("unsigned", "No signature line.", text + "\n", "bad-note"),
        (
            "only-a-witness",
            "A witness's line and not the log's.",
            sign_note(text, cosigner(ORIGIN, time=1)),
            mismatch,
        ),
        (
            "leading-zero",
            "A size with a leading zero.",
            sign_note(text.replace("\n13\n", "\n013\n"), LOG),
            "bad-checkpoint",
        ),
        (
            "size-two-to-the-63",
            "A size that no log has.",
            sign_note(text.replace("\n13\n", f"\n{2**63}\n"), LOG),
            "bad-checkpoint",
        ),
        ("extension-line", "A fourth line.", sign_note(text + "extension\n", LOG), "bad-checkpoint"),
        (
            "url-safe-root",
            "A root in base64url.",
            sign_note(text.replace(root, b64url(TREE.root())), LOG),
            "bad-base64",
        ),
        (
            "short-root",
            "A root of 31 bytes.",
            sign_note(text.replace(root, b64(bytes(31))), LOG),
            "wrong-length",
        ),
        (
            "root-of-nothing",
            "An empty log with another root.",
            sign_note(text.replace("\n13\n", "\n0\n"), LOG),
            "bad-checkpoint",
        ),
        (
            "hyphen-for-dash",
            "A signature line that begins with a hyphen.",
            good.replace("\u2014 ", "- "),
            "bad-note",
        ),
        ("trailing-space", "A space after the signature.", good[:-1] + " \n", "bad-base64"),
        ("no-last-line-end", "The last line is not ended.", good[:-1], "bad-note"),
        ("carriage-return", "A carriage return.", good.replace("\n13\n", "\r\n13\n"), "bad-note"),
    ):
        yield refused("checkpoint", name, about, {"note": note, "vkey": vkey}, code)


def _receipts() -> Iterator[Case]:
    kind, vkey, note = (
        "tlog-proof",
        LOG.verifier_key.to_text(),
        sign_checkpoint(Checkpoint(ORIGIN, 13, TREE.root()), LOG),
    )
    leaf, path = b64url(TREE.read(0, 6)), TREE.inclusion(6)
    good = format_proof(6, path, note)

    def given(text: str, leaf_text: str = leaf) -> JSONObject:
        return {"proof": text, "leafHash": leaf_text, "vkey": vkey}

    wanted: JSONObject = {"index": 6, "size": 13, "extra": ""}
    yield accepted(kind, "leaf-6-of-13", "The receipt of an entry.", given(good), wanted)
    extra = format_proof(6, path, note, b"certlog")
    yield accepted(
        kind, "extra", "With opaque extra data.", given(extra), wanted | {"extra": b64url(b"certlog")}
    )
    thief = sign_checkpoint(Checkpoint(ORIGIN, 13, TREE.root()), log_signer(ORIGIN, "thief"))
    for name, about, text, code in (
        ("other-index", "Another index.", good.replace("index 6", "index 5"), "invalid-proof"),
        (
            "index-is-size",
            "An index that is not in the tree.",
            good.replace("index 6", "index 13"),
            "index-out-of-range",
        ),
        (
            "leading-zero",
            "An index with a leading zero.",
            good.replace("index 6", "index 06"),
            "bad-tlog-proof",
        ),
        ("no-index", "Without index.", good.replace("index 6\n", ""), "bad-tlog-proof"),
        ("version-2", "A version that does not exist yet.", good.replace("@v1", "@v2"), "bad-tlog-proof"),
        ("truncated-path", "The last hash is missing.", format_proof(6, path[:-1], note), "invalid-proof"),
        ("extended-path", "A hash too many.", format_proof(6, (*path, path[0]), note), "invalid-proof"),
        ("short-hash", "A hash of 31 bytes.", good.replace(b64(path[0]), b64(path[0][:31])), "wrong-length"),
        (
            "empty-extra",
            "An extra line without data.",
            good.replace("index 6", "extra \nindex 6"),
            "bad-tlog-proof",
        ),
        ("trailing-bytes", "Something after the signatures.", good + "more\n", "bad-note"),
        (
            "wrong-key",
            "A checkpoint signed with another key.",
            format_proof(6, path, thief),
            "signature-mismatch",
        ),
        (
            "altered-root",
            "A checkpoint whose root was changed.",
            good.replace(b64(TREE.root()), b64(RootHash(bytes(32)))),
            "signature-mismatch",
        ),
    ):
        yield refused(kind, name, about, given(text), code)
    yield refused(kind, "other-leaf", "Another entry.", given(good, b64url(TREE.read(0, 7))), "invalid-proof")
