"""What a monitor remembers of a log between two looks: the last signed head, and what it has said that still lasts.

Who can write this file can keep the monitor quiet about what lies before the remembered head: keep it where only its
owner writes. Its checksum finds damage, not malice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from certlog.canonical import canonicalize
from certlog.checkpoint import Checkpoint, read_checkpoint
from certlog.digests import sha256
from certlog.encoding import b64url
from certlog.errors import InvalidInput
from certlog.note import MAX_NOTE_BYTES
from certlog.sentences import Sentence
from certlog.strict_json import (
    JSONObject,
    as_text,
    get_int,
    get_items,
    get_object,
    get_str,
    members,
    parse_canonical,
)

STATE_FILE: Final = "monitor-state.json"
STATE_VERSION: Final = 1
MAX_STATE_BYTES: Final = 64 * 1024
MAX_NOTE_LINES: Final = 64
_MEMBERS: Final = ("v", "origin", "trustRoot", "checkpoint", "lasting")


@dataclass(frozen=True, slots=True)
class MonitorState:
    """Where the last look ended.

    Attributes:
        origin: the log.
        trust_root: fingerprint of the trust root by which it was read.
        note: the signed checkpoint up to which every entry was looked at; "" before the first.
        lasting: what was said and has not ended: concern -> when it was last said, seconds since the epoch.
    """

    origin: str
    trust_root: str
    note: str
    lasting: Mapping[str, int]

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The remembered head, or None before the first."""
        return read_checkpoint(self.note) if self.note else None

    @classmethod
    def parse(cls, data: bytes) -> "MonitorState":
        """Read the file; its own checksum must fit.

        Raises:
            InvalidInput: another form, or a byte has changed.
        """
        obj = members(parse_canonical(data, max_bytes=MAX_STATE_BYTES), required=(*_MEMBERS, "sha256"))
        checked = {name: obj[name] for name in _MEMBERS}
        if get_int(obj, "v") != STATE_VERSION or obj["sha256"] != _checksum(checked):
            message = (
                "expected a monitor's state whose checksum fits; remove the file to look from the first entry"
            )
            raise InvalidInput(message, place=STATE_FILE, code="bad-state")
        lines = get_items(obj, "checkpoint", "", as_text, most=MAX_NOTE_LINES)
        lasting = get_object(obj, "lasting")
        return cls(
            get_str(obj, "origin"),
            get_str(obj, "trustRoot"),
            "".join(f"{line}\n" for line in lines),
            {concern: get_int(lasting, concern, "/lasting") for concern in lasting},
        )

    def to_bytes(self) -> bytes:
        """Return the file."""
        if len(self.note.encode()) > MAX_NOTE_BYTES:
            raise InvalidInput("the checkpoint is too large to remember", code="too-large")
        obj: JSONObject = {
            "v": STATE_VERSION,
            "origin": self.origin,
            "trustRoot": self.trust_root,
            "checkpoint": [*self.note.split("\n")[:-1]],
            "lasting": dict(self.lasting),
        }
        return canonicalize(obj | {"sha256": _checksum(obj)})

    def require_of(self, origin: str, trust_root: str) -> None:
        """Require that the state is of this log, read by this trust root.

        Raises:
            InvalidInput: it is of another; the folder must be another, too.
        """
        if (self.origin, self.trust_root) != (origin, trust_root):
            message = Sentence(
                "this folder watches {origin} by another trust root ({fingerprint}); use another folder",
                origin=self.origin,
                fingerprint=self.trust_root[:19],
            )
            raise InvalidInput(message, place=STATE_FILE, code="other-trust-root")


def _checksum(obj: JSONObject) -> str:
    return b64url(sha256(canonicalize(obj)))
