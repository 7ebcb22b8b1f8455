"""What an auditor remembers between two audits of a log: up to where every entry was verified, and under which root.

Signatures below that size are not verified again, because the root shows that the entries are the same, byte for byte.
Only an audit without a finding is remembered. Who can write this file can spare the auditor's machine that work: keep
it where only its owner writes, as the trust root.
"""

from dataclasses import dataclass
from typing import Final

from certlog.digests import RootHash, digest_from_text
from certlog.encoding import b64url
from certlog.strict_json import get_int, get_str
from certlog.timestamps import format_time, parse_utc
from verifier.remembered import Frame

FRAME: Final = Frame("audit-state.json", 1, ("origin", "trustRoot", "size", "root", "at"), 4096)


@dataclass(frozen=True, slots=True)
class AuditState:
    """The last clean audit.

    Attributes:
        origin: the log.
        trust_root: fingerprint of the trust root that it was audited by.
        size: entries that were verified.
        root: the root of the tree of these entries.
        at: when, seconds since the epoch.
    """

    origin: str
    trust_root: str
    size: int
    root: RootHash
    at: int

    @classmethod
    def parse(cls, data: bytes) -> "AuditState":
        """Read the file; raises InvalidInput as Frame.parse does."""
        obj = FRAME.parse(data)
        return cls(
            get_str(obj, "origin"),
            get_str(obj, "trustRoot"),
            get_int(obj, "size"),
            RootHash(digest_from_text(get_str(obj, "root"))),
            parse_utc(get_str(obj, "at"), "/at"),
        )

    def to_bytes(self) -> bytes:
        """Return the file."""
        return FRAME.to_bytes(
            {
                "origin": self.origin,
                "trustRoot": self.trust_root,
                "size": self.size,
                "root": b64url(self.root),
                "at": format_time(self.at),
            }
        )
