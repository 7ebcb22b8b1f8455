"""The frame of a file that remembers a log between two runs: of which log, by which trust root, and a checksum.

The checksum finds damage, not malice: such a file is kept where only its owner writes.
"""

from dataclasses import dataclass
from typing import Protocol

from certlog.canonical import canonicalize
from certlog.digests import sha256
from certlog.encoding import b64url
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, get_int, members, parse_canonical

_SHOWN_OF_A_FINGERPRINT = 19


class OfALog(Protocol):
    """What such a file says: of which log it is, and the fingerprint of the trust root by which that was read."""

    @property
    def origin(self) -> str:
        """The log."""

    @property
    def trust_root(self) -> str:
        """The fingerprint."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One kind of such a file.

    Attributes:
        name: the file's.
        version: of its form.
        members: what it holds beside its version and the checksum.
        max_bytes: how large it may be.
    """

    name: str
    version: int
    members: tuple[str, ...]
    max_bytes: int

    def parse(self, data: bytes) -> JSONObject:
        """Read a file; its own checksum must fit.

        Raises:
            InvalidInput: another form, or a byte has changed.
        """
        names = ("v", *self.members)
        message = "expected a state whose checksum fits; remove the file to begin from the first entry"
        bad = InvalidInput(message, place=self.name, code="bad-state")
        try:
            obj = members(parse_canonical(data, max_bytes=self.max_bytes), required=(*names, "sha256"))
            version = get_int(obj, "v")
        except InvalidInput as error:
            raise bad from error
        content = {name: obj[name] for name in names}
        if version != self.version or obj["sha256"] != _checksum(content):
            raise bad
        return content

    def to_bytes(self, content: JSONObject) -> bytes:
        """Return the file that holds these members."""
        obj: JSONObject = {"v": self.version, **content}
        return canonicalize(obj | {"sha256": _checksum(obj)})

    def require_of(self, found: OfALog, origin: str, trust_root: str) -> None:
        """Require that what was remembered is of this log, read by this trust root.

        Raises:
            InvalidInput: it is of another; the folder must be another, too.
        """
        if (found.origin, found.trust_root) != (origin, trust_root):
            message = Sentence(
                "this folder is of {origin} by another trust root ({fingerprint}); use another folder",
                origin=found.origin,
                fingerprint=found.trust_root[:_SHOWN_OF_A_FINGERPRINT],
            )
            raise InvalidInput(message, place=self.name, code="other-trust-root")


def _checksum(obj: JSONObject) -> str:
    return b64url(sha256(canonicalize(obj)))
