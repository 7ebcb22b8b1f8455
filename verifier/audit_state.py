"""What an auditor remembers between two audits of a log: up to where every entry was verified, and under which root.

Signatures below that size are not verified again, because the root shows that the entries are the same, byte for byte.
Only an audit without a finding is remembered. Who can write this file can spare the auditor's machine that work: keep
it where only its owner writes, as the trust root.
"""

from dataclasses import dataclass
from typing import Final

from certlog.canonical import canonicalize
from certlog.digests import RootHash, digest_from_text, sha256
from certlog.encoding import b64url
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, get_int, get_str, members, parse_canonical
from certlog.timestamps import format_time, parse_utc

STATE_FILE: Final = "audit-state.json"
STATE_VERSION: Final = 1
MAX_STATE_BYTES: Final = 4096
_MEMBERS: Final = ("v", "origin", "trustRoot", "size", "root", "at")


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
        """Read the file; its own checksum must fit.

        Raises:
            InvalidInput: another form, or a byte has changed.
        """
        obj = members(parse_canonical(data, max_bytes=MAX_STATE_BYTES), required=(*_MEMBERS, "sha256"))
        checked = {name: obj[name] for name in _MEMBERS}
        if get_int(obj, "v") != STATE_VERSION or obj["sha256"] != _checksum(checked):
            message = (
                "expected an audit state whose checksum fits; remove the file to audit from the first entry"
            )
            raise InvalidInput(message, place=STATE_FILE, code="bad-state")
        return cls(
            get_str(obj, "origin"),
            get_str(obj, "trustRoot"),
            get_int(obj, "size"),
            RootHash(digest_from_text(get_str(obj, "root"))),
            parse_utc(get_str(obj, "at"), "/at"),
        )

    def to_bytes(self) -> bytes:
        """Return the file."""
        obj: JSONObject = {
            "v": STATE_VERSION,
            "origin": self.origin,
            "trustRoot": self.trust_root,
            "size": self.size,
            "root": b64url(self.root),
            "at": format_time(self.at),
        }
        return canonicalize(obj | {"sha256": _checksum(obj)})

    def require_of(self, origin: str, trust_root: str) -> None:
        """Require that the state is of this log and was made by this trust root.

        Raises:
            InvalidInput: it is of another; the folder must be another, too.
        """
        if (self.origin, self.trust_root) != (origin, trust_root):
            message = Sentence(
                "the folder was audited for {origin} by another trust root ({fingerprint}); use another folder",
                origin=self.origin,
                fingerprint=self.trust_root[:19],
            )
            raise InvalidInput(message, place=STATE_FILE, code="other-trust-root")


def _checksum(obj: JSONObject) -> str:
    return b64url(sha256(canonicalize(obj)))
