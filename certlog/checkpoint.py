"""Checkpoints: the signed statement of a log's size and root (c2sp.org/tlog-checkpoint, no extension lines)."""

import re
from dataclasses import dataclass
from typing import Final

from certlog.digests import DIGEST_BYTES, RootHash
from certlog.encoding import b64, b64_decode
from certlog.errors import InvalidInput, SignatureMismatch
from certlog.note import NoteSigner, VerifierKey, note_signed_by, parse_note, sign_note
from certlog.sentences import Sentence
from certlog.tree import EMPTY_ROOT, MAX_SIZE

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's origin, the number of its leaves, and their root hash."""

    origin: str
    size: int
    root: RootHash

    def __post_init__(self) -> None:
        """Refuse sizes outside 0 .. 2^63-1, roots of another length, and a wrong empty root."""
        if not 0 <= self.size <= MAX_SIZE or len(self.root) != DIGEST_BYTES:
            raise InvalidInput("a checkpoint has a size below 2^63 and a 32-byte root", code="bad-checkpoint")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise InvalidInput("an empty log has the root of the empty tree", code="bad-checkpoint")

    def to_text(self) -> str:
        """Return the note text: origin, size and base64 root, a line each."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"

    @classmethod
    def from_text(cls, text: str) -> "Checkpoint":
        """Parse a note text; extension lines and second spellings are refused."""
        match text.split("\n"):
            case [origin, size, root, ""] if origin and _SIZE.fullmatch(size):
                return cls(origin, int(size), RootHash(b64_decode(root, DIGEST_BYTES)))
            case _:
                raise InvalidInput("a checkpoint is three lines: origin, size, root", code="bad-checkpoint")


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> str:
    """Return the checkpoint as a signed note.

    Raises:
        InvalidInput: the signer's key does not bear the log's origin as its name.
    """
    if signer.verifier_key.name != checkpoint.origin:
        raise InvalidInput(
            Sentence(
                "expected a log key named {origin!r}, found {name!r}",
                origin=checkpoint.origin,
                name=signer.verifier_key.name,
            ),
            code="wrong-origin",
        )
    return sign_note(checkpoint.to_text(), signer)


def read_checkpoint(note_text: str) -> Checkpoint:
    """Return the checkpoint that a note states, without checking any signature."""
    return Checkpoint.from_text(parse_note(note_text).text)


def open_checkpoint(note_text: str, key: VerifierKey) -> Checkpoint:
    """Return the checkpoint of a note that this log key signed.

    Raises:
        InvalidInput: not a checkpoint.
        SignatureMismatch: another origin, or not signed by this key.
    """
    note = parse_note(note_text)
    checkpoint = Checkpoint.from_text(note.text)
    if checkpoint.origin != key.name:
        raise SignatureMismatch(
            Sentence(
                "expected origin {name!r}, found {origin!r}", name=key.name, origin=checkpoint.origin[:80]
            )
        )
    if not note_signed_by(note, key):
        raise SignatureMismatch(
            Sentence("the checkpoint is not signed by the log key {key}", key=key.to_text())
        )
    return checkpoint
