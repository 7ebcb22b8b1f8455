"""What a monitor remembers of a log between two looks: the last signed head, and what it has said that still lasts.

Who can write this file can keep the monitor quiet about what lies before the remembered head: keep it where only its
owner writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from certlog.checkpoint import Checkpoint, read_checkpoint
from certlog.errors import InvalidInput
from certlog.note import MAX_NOTE_BYTES
from certlog.strict_json import as_text, get_int, get_items, get_object, get_str
from verifier.remembered import Frame

FRAME: Final = Frame(
    "monitor-state.json", 1, ("origin", "trustRoot", "checkpoint", "lasting"), max_bytes=64 * 1024
)
MAX_NOTE_LINES: Final = 64


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
        """Read the file; raises InvalidInput as Frame.parse does."""
        obj = FRAME.parse(data)
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
        return FRAME.to_bytes(
            {
                "origin": self.origin,
                "trustRoot": self.trust_root,
                "checkpoint": [*self.note.split("\n")[:-1]],
                "lasting": dict(self.lasting),
            }
        )
