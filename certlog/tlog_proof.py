"""The receipt of an entry: its index, audit path and a checkpoint, as one text (c2sp.org/tlog-proof@v1)."""

import re
from dataclasses import dataclass
from typing import Final

from certlog.checkpoint import open_checkpoint, read_checkpoint
from certlog.digests import DIGEST_BYTES, LeafHash
from certlog.encoding import b64, b64_decode
from certlog.errors import InvalidInput
from certlog.note import VerifierKey
from certlog.sentences import Sentence
from certlog.tree import verify_inclusion

_HEADER: Final = "c2sp.org/tlog-proof@v1"
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)
_MAX_PATH: Final = 63


@dataclass(frozen=True, slots=True)
class TlogProof:
    """Position, audit path (leaf side first), the signed checkpoint note, and opaque extra bytes."""

    index: int
    path: tuple[bytes, ...]
    checkpoint_note: str
    extra: bytes = b""


def format_proof(index: int, path: tuple[bytes, ...], checkpoint_note: str, extra: bytes = b"") -> str:
    """Return the proof's text; it ends in the checkpoint's signature lines."""
    lines = [_HEADER]
    if extra:
        lines.append(f"extra {b64(extra)}")
    lines.append(f"index {index}")
    lines.extend(b64(digest) for digest in path)
    return "\n".join(lines) + "\n\n" + checkpoint_note


def parse_proof(text: str) -> TlogProof:
    """Parse a proof's text; the checkpoint in it is not verified here."""
    head, separator, note = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines.pop(0) != _HEADER:
        raise InvalidInput(
            Sentence("expected a text that begins with {header}", header=_HEADER), code="bad-tlog-proof"
        )
    has_extra = bool(lines) and lines[0].startswith("extra ")
    extra = b64_decode(lines.pop(0)[6:]) if has_extra else b""
    if has_extra and not extra:
        raise InvalidInput("an extra line without data is left out", code="bad-tlog-proof")
    position = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if position is None or len(lines) > _MAX_PATH:
        raise InvalidInput("expected an index line and at most 63 hashes", code="bad-tlog-proof")
    path = tuple(b64_decode(line, DIGEST_BYTES) for line in lines)
    read_checkpoint(note)
    return TlogProof(int(position.group(1)), path, note, extra)


def verify_tlog_proof(text: str, leaf: LeafHash, key: VerifierKey) -> TlogProof:
    """Check that a receipt proves this leaf to a checkpoint that this log key signed.

    Raises:
        InvalidInput: another form, signature or root (SignatureMismatch, InvalidProof).
    """
    proof = parse_proof(text)
    checkpoint = open_checkpoint(proof.checkpoint_note, key)
    verify_inclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root)
    return proof
