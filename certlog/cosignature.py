"""Cosignatures of witnesses and auditors: how one is asked for, read, checked, and put under a checkpoint.

Sources: c2sp.org/tlog-witness (the body of add-checkpoint and its answers), c2sp.org/tlog-cosignature (type 0x04).
Nothing here talks to anyone.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from certlog.encoding import b64
from certlog.errors import InvalidInput, NotTrusted
from certlog.note import (
    COSIGNATURE_V1,
    MAX_SIGNATURES,
    Note,
    NoteSignature,
    VerifierKey,
    cosignature_time,
    parse_note,
    parse_signature_lines,
    signature_line,
)
from certlog.sentences import Sentence
from certlog.tree import MAX_SIZE

MAX_PROOF_LINES: Final = 63
MAX_AHEAD: Final = 300
"""Seconds that a cosigner's clock may run before ours."""
_SIZE_BODY: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A cosignature that was verified: by which key, when (seconds since the epoch), and its 72 bytes."""

    key: VerifierKey
    time: int
    signature: bytes

    @property
    def line(self) -> NoteSignature:
        """The signature as a line of a note has it."""
        return NoteSignature(self.key.name, self.key.key_id, self.signature)


def parse_cosigner_key(text: str) -> VerifierKey:
    """Parse the vkey of a cosigner.

    Raises:
        InvalidInput: not a vkey, or not of type 0x04.
    """
    key = VerifierKey.from_text(text)
    if key.key_type != COSIGNATURE_V1:
        message = Sentence(
            "expected a cosigner's key (type 04), found type {found:02x}: a log's key signs, a witness's cosigns",
            found=key.key_type,
        )
        raise InvalidInput(message, code="bad-vkey")
    return key


def add_checkpoint_body(old_size: int, proof: Sequence[bytes], note: str) -> bytes:
    """Return the body of add-checkpoint: the size that the witness knows, the consistency proof, the checkpoint.

    Args:
        old_size: 0 <= old_size <= the checkpoint's size.
        proof: consistency proof between the two sizes; empty from size 0.
        note: the signed checkpoint.
    """
    if len(proof) > MAX_PROOF_LINES:
        raise InvalidInput("a consistency proof has at most 63 hashes", code="bad-proof")
    return "".join([f"old {old_size}\n", *(f"{b64(node)}\n" for node in proof), "\n", note]).encode()


def parse_size_answer(body: bytes) -> int:
    """Return the size that a witness answers with status 409 (text/x.tlog.size).

    Raises:
        InvalidInput: not one decimal number on a line, below 2^63.
    """
    found = _SIZE_BODY.fullmatch(body)
    if not found or int(found[1]) > MAX_SIZE:
        raise InvalidInput("expected a size and a line end", code="bad-size")
    return int(found[1])


def open_cosignatures(
    note_text: str, lines: Iterable[NoteSignature], keys: Sequence[VerifierKey], *, now: int
) -> tuple[Cosignature, ...]:
    """Return the verified cosignatures of some keys among signature lines; one for each key, the newest.

    Args:
        note_text: the text of the checkpoint.
        lines: what came with it; lines of other keys are passed over.
        keys: the keys that count (type 0x04).
        now: no cosignature may be dated more than MAX_AHEAD seconds after it.

    Raises:
        NotTrusted: no line is of any of the keys.
        SignatureMismatch: a line names one of them, and its signature is wrong.
        InvalidInput: a cosignature is dated 0 or in the future.
    """
    found: dict[VerifierKey, Cosignature] = {}
    for line in lines:
        for key in keys:
            if (line.name, line.key_id) != (key.name, key.key_id):
                continue
            time = cosignature_time(Note(note_text, (line,)), key) or 0
            if not 0 < time <= now + MAX_AHEAD:
                message = Sentence("{name}: the cosignature is dated 0 or in the future", name=key.name)
                raise InvalidInput(message, code="bad-cosignature-time")
            if key not in found or time > found[key].time:
                found[key] = Cosignature(key, time, line.signature)
    if not found:
        message = Sentence(
            "expected a cosignature by a key that is pinned here: {names}",
            names=", ".join(key.name for key in keys) or Sentence("none"),
        )
        raise NotTrusted(message, code="unknown-cosigner")
    return tuple(found.values())


def read_signature_lines(body: bytes) -> tuple[NoteSignature, ...]:
    """Read the signature lines that a witness answers add-checkpoint with.

    Raises:
        InvalidInput: not UTF-8, no line, too many, or a line of another form.
    """
    try:
        return parse_signature_lines(body.decode())
    except UnicodeDecodeError as error:
        raise InvalidInput("expected signature lines in UTF-8", code="bad-note") from error


def with_cosignatures(note: str, lines: Iterable[NoteSignature]) -> str:
    """Return the same checkpoint with more signature lines; lines that it has already, or too many, are left out."""
    known = parse_note(note).signatures
    fresh = [line for line in lines if line not in known][: MAX_SIGNATURES - len(known)]
    return note + "".join(signature_line(line) for line in fresh)
