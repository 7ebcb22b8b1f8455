"""C2SP signed notes: a text with one or more Ed25519 signature lines, and the keys that check them.

Source: c2sp.org/signed-note. Key type 0x01 signs the text; 0x04 is a witness's timestamped cosignature
(c2sp.org/tlog-cosignature). Other key types are carried along and never verify.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from certlog.digests import sha256
from certlog.encoding import b64, b64_decode
from certlog.errors import InvalidInput, SignatureMismatch
from certlog.keys import KeyType, PublicKey, verify_signature
from certlog.sentences import Sentence

ED25519_NOTE: Final = 0x01
COSIGNATURE_V1: Final = 0x04
MAX_NOTE_BYTES: Final = 16 * 1024
MAX_SIGNATURES: Final = 32
_CONTROL: Final = re.compile("[\\x00-\\x09\\x0b-\\x1f]")
_LINE_START: Final = "— "
_KEY_ID_BYTES: Final = 4
_KEY_BYTES: Final = 32
_TIMESTAMP_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named public key of a note: `<name>+<8 hex>+<base64 of type byte and 32 key bytes>`."""

    name: str
    key_type: int
    raw: bytes

    def __post_init__(self) -> None:
        """Refuse names and keys that a signature line cannot carry."""
        if not _is_key_name(self.name):
            raise InvalidInput(Sentence("bad key name {name!r}", name=self.name[:80]), code="bad-vkey")
        if self.key_type not in (ED25519_NOTE, COSIGNATURE_V1) or len(self.raw) != _KEY_BYTES:
            raise InvalidInput("expected an Ed25519 verifier key (type 01 or 04)", code="bad-vkey")

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of SHA-256(name ‖ newline ‖ type ‖ key)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.key_type]) + self.raw)[:_KEY_ID_BYTES]

    def to_text(self) -> str:
        """Return the vkey text."""
        return f"{self.name}+{self.key_id.hex()}+{b64(bytes([self.key_type]) + self.raw)}"

    @classmethod
    def from_text(cls, text: str) -> "VerifierKey":
        """Parse a vkey text; the key id in it must be right."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        data = b64_decode(encoded, 33)
        key = cls(name, data[0], data[1:])
        if key.key_id.hex() != key_id:
            raise InvalidInput(
                Sentence(
                    "expected key id {key_id}, found {found!r}", key_id=key.key_id.hex(), found=key_id[:20]
                ),
                code="bad-vkey",
            )
        return key


class NoteSigner(Protocol):
    """Signs notes with a key that stays where it is."""

    @property
    def verifier_key(self) -> VerifierKey:
        """The key, of type 0x01, that checks what `sign` makes."""

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of the message."""


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who, which key (4-byte hash), and the signature bytes."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text (it ends in a newline) and its signatures, none of them checked yet."""

    text: str
    signatures: tuple[NoteSignature, ...]


def parse_note(text: str) -> Note:
    """Split a signed note into text and signature lines.

    Raises:
        InvalidInput: too large, no signature, or a line of another form.
    """
    if len(text.encode()) > MAX_NOTE_BYTES:
        raise InvalidInput(
            Sentence("a note has at most {max_note_bytes} bytes", max_note_bytes=MAX_NOTE_BYTES),
            code="bad-note",
        )
    return _split(text)


@lru_cache(maxsize=64)
def _split(text: str) -> Note:
    # Kept, since the newest head stands in the evidence of every certificate.
    body, separator, tail = text.rpartition("\n\n")
    if not separator or not tail.endswith("\n") or _CONTROL.search(text):
        raise InvalidInput("not a signed note: text, an empty line, signature lines", code="bad-note")
    return Note(body + "\n", _lines(tail))


def parse_signature_lines(text: str) -> tuple[NoteSignature, ...]:
    """Read signature lines that stand alone, each with its line end.

    Raises:
        InvalidInput: too large, no line, too many, or a line of another form.
    """
    if len(text.encode()) > MAX_NOTE_BYTES or not text.endswith("\n") or _CONTROL.search(text):
        raise InvalidInput("expected signature lines, each with its line end", code="bad-note")
    return _lines(text)


def signature_line(signature: NoteSignature) -> str:
    """Return a signature as a line of a note, its line end included."""
    return f"{_LINE_START}{signature.name} {b64(signature.key_id + signature.signature)}\n"


def sign_note(text: str, *signers: NoteSigner) -> str:
    """Return the signed note of a text, one signature line per signer."""
    if not text.endswith("\n"):
        raise InvalidInput("a note's text ends in a newline", code="bad-note")
    lines = []
    for signer in signers:
        key = signer.verifier_key
        lines.append(signature_line(NoteSignature(key.name, key.key_id, signer.sign(text.encode()))))
    return text + "\n" + "".join(lines)


def note_signed_by(note: Note, key: VerifierKey) -> bool:
    """Tell whether the note carries a good signature of this key.

    Raises:
        SignatureMismatch: a line names this very key, and its signature is wrong.
    """
    found = False
    for line in note.signatures:
        if (line.name, line.key_id) == (key.name, key.key_id):
            _verify_line(note.text, line, key)
            found = True
    return found


def cosignature_time(note: Note, key: VerifierKey) -> int | None:
    """Return the time (seconds since the epoch) at which a 0x04 key cosigned, or None; checks the signature."""
    if key.key_type != COSIGNATURE_V1 or not note_signed_by(note, key):
        return None
    line = next(s for s in note.signatures if (s.name, s.key_id) == (key.name, key.key_id))
    return int.from_bytes(line.signature[:_TIMESTAMP_BYTES], "big")


def cosignature_message(text: str, timestamp: int) -> bytes:
    """Return the bytes that a witness signs over a checkpoint's text (tlog-cosignature, v1)."""
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def _is_key_name(name: str) -> bool:
    """Tell whether a name is not empty and without spaces (of any kind in Unicode) and plus signs."""
    return bool(name) and not any(c.isspace() or c == "+" for c in name)


def _verify_line(text: str, line: NoteSignature, key: VerifierKey) -> None:
    public_key = PublicKey(KeyType.ED25519, key.raw)
    if key.key_type == ED25519_NOTE:
        verify_signature(public_key, text.encode(), line.signature)
        return
    if len(line.signature) != _TIMESTAMP_BYTES + 64:
        raise SignatureMismatch(
            Sentence("expected a cosignature of 72 bytes, found {found}", found=len(line.signature))
        )
    timestamp = int.from_bytes(line.signature[:_TIMESTAMP_BYTES], "big")
    verify_signature(public_key, cosignature_message(text, timestamp), line.signature[_TIMESTAMP_BYTES:])


def _lines(text: str) -> tuple[NoteSignature, ...]:
    lines = text[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise InvalidInput(
            Sentence("a note has at most {max_signatures} signatures", max_signatures=MAX_SIGNATURES),
            code="bad-note",
        )
    return tuple(_parse_line(line) for line in lines)


def _parse_line(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_LINE_START).partition(" ")
    if not line.startswith(_LINE_START) or not _is_key_name(name):
        raise InvalidInput("not a signature line", code="bad-note")
    data = b64_decode(encoded)
    if len(data) <= _KEY_ID_BYTES:
        raise InvalidInput("a signature line holds a key id and a signature", code="bad-note")
    return NoteSignature(name, data[:_KEY_ID_BYTES], data[_KEY_ID_BYTES:])
