"""Who may cosign this log's heads, and how many of them are wanted: what the settings say of witnesses and auditors.

A witness (c2sp.org/tlog-witness) compares heads only; it is asked at its address. An auditor signs only what it has
recomputed and brings its cosignature itself; the quorum of auditors is what verifiers may take in place of the chain.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from certlog.cosignature import parse_cosigner_key
from certlog.errors import InvalidInput
from certlog.note import VerifierKey
from certlog.sentences import Sentence

MAX_COSIGNERS: Final = 16
"""Of witnesses and auditors together: their lines fit under one checkpoint, their threads in one process."""
MAX_NAME: Final = 200
"""Bytes of a cosigner's name: sixteen lines of such names fit into a note."""
_MAX_URL: Final = 300


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness: its key (type 0x04) and its submission prefix, to which /add-checkpoint is added."""

    key: VerifierKey
    url: str


@dataclass(frozen=True, slots=True)
class CosignerPolicy:
    """The pinned keys, and how many of each kind are wanted under a head.

    Attributes:
        witnesses: asked for every head that ends in an epoch.
        witness_quorum: how many of them are wanted; 0 when none need be.
        auditors: their cosignatures are taken when they bring them.
        auditor_quorum: how many of them stand in for the chain; 0 when there are none.
    """

    witnesses: tuple[Witness, ...] = ()
    witness_quorum: int = 0
    auditors: tuple[VerifierKey, ...] = ()
    auditor_quorum: int = 0

    def __post_init__(self) -> None:
        """Refuse too many cosigners, one named twice, and a quorum that cannot be reached."""
        keys = self.keys
        if len(keys) > MAX_COSIGNERS:
            message = Sentence(
                "at most {most} witnesses and auditors, found {found}", most=MAX_COSIGNERS, found=len(keys)
            )
            raise InvalidInput(message, code="too-many-cosigners")
        if len({key.name for key in keys}) != len(keys):
            raise InvalidInput("two cosigners bear the same name", code="same-cosigner")
        if any(len(key.name.encode()) > MAX_NAME for key in keys):
            raise InvalidInput(
                Sentence("a cosigner's name has at most {most} bytes", most=MAX_NAME), code="bad-vkey"
            )
        if self.witness_quorum > len(self.witnesses):
            message = Sentence(
                "witness_quorum is {quorum}, but there are {count} witnesses",
                quorum=self.witness_quorum,
                count=len(self.witnesses),
            )
            raise InvalidInput(message, code="bad-quorum")
        if self.auditor_quorum > len(self.auditors) or (self.auditors and self.auditor_quorum < 1):
            message = Sentence(
                "auditor_quorum is {quorum}: expected 1 to {count}, the number of auditors",
                quorum=self.auditor_quorum,
                count=len(self.auditors),
            )
            raise InvalidInput(message, code="bad-quorum")

    @classmethod
    def read(
        cls, witnesses: Sequence[str], witness_quorum: int, auditors: Sequence[str], auditor_quorum: int
    ) -> "CosignerPolicy":
        """Read the settings: a witness is "VKEY URL", an auditor "VKEY".

        Raises:
            InvalidInput: another form, a key of another type, or rules that contradict each other.
        """
        return cls(
            tuple(read_witness(text) for text in witnesses),
            witness_quorum,
            tuple(parse_cosigner_key(text) for text in auditors),
            auditor_quorum,
        )

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """Every key whose cosignatures count here."""
        return (*(witness.key for witness in self.witnesses), *self.auditors)

    def missing(self, found: Collection[VerifierKey]) -> tuple[int, int]:
        """Return how many witnesses and how many auditors are still wanted under a head that these cosigned."""
        witnesses = sum(witness.key in found for witness in self.witnesses)
        auditors = sum(key in found for key in self.auditors)
        return max(0, self.witness_quorum - witnesses), max(0, self.auditor_quorum - auditors)


NO_COSIGNERS: Final = CosignerPolicy()


def read_witness(text: str) -> Witness:
    """Read "VKEY URL".

    Raises:
        InvalidInput: another form.
    """
    match text.split():
        case [key, url]:
            return Witness(parse_cosigner_key(key), _url(url))
        case _:
            message = Sentence("expected a witness as VKEY URL, found {found!r}", found=text[:80])
            raise InvalidInput(message, code="bad-witness")


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
        parts = urlsplit("")
    plain = "@" not in parts.netloc and not parts.query and not parts.fragment and len(text) <= _MAX_URL
    if not good or parts.scheme not in ("http", "https") or not plain:
        message = Sentence(
            "expected a witness's address as http(s)://HOST[:PORT][/PATH], found {found!r}", found=text[:80]
        )
        raise InvalidInput(message, code="bad-url")
    return text.rstrip("/")
