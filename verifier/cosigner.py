"""An auditor's cosignature on a checkpoint (c2sp.org/tlog-cosignature): made only of an epoch that was recomputed.

The key signs two things that cannot be taken for each other: cosignatures, whose message begins with `cosignature/v1`,
and reports, whose text begins with `certlog.audit-report/v1`.
"""

from dataclasses import dataclass

from certlog.cosignature import with_cosignatures
from certlog.errors import InvalidInput, NotTrusted
from certlog.keys import KeyType, Signer
from certlog.note import (
    COSIGNATURE_V1,
    ED25519_NOTE,
    NoteSignature,
    VerifierKey,
    cosignature_message,
    parse_note,
)
from certlog.sentences import Sentence
from verifier.audit_record import Audit

_TIME_BYTES = 8


@dataclass(frozen=True, slots=True)
class AuditorKey:
    """An auditor's name and the signer of its key.

    Attributes:
        name: the name in signature lines, such as a domain of the auditor's.
        signer: holds the Ed25519 key.
    """

    name: str
    signer: Signer

    def __post_init__(self) -> None:
        """Refuse a key that notes cannot carry."""
        if self.signer.public_key.type is not KeyType.ED25519:
            raise InvalidInput("an auditor's key is an Ed25519 key; make one with: certlog audit keygen")

    @property
    def cosigner_key(self) -> VerifierKey:
        """What a trust root lists among its auditors (type 0x04)."""
        return VerifierKey(self.name, COSIGNATURE_V1, self.signer.public_key.raw)

    @property
    def report_key(self) -> VerifierKey:
        """What checks the signature of a report (type 0x01)."""
        return VerifierKey(self.name, ED25519_NOTE, self.signer.public_key.raw)


@dataclass(frozen=True, slots=True)
class ReportSigner:
    """A certlog.note.NoteSigner for reports."""

    key: AuditorKey

    @property
    def verifier_key(self) -> VerifierKey:
        """The key of type 0x01."""
        return self.key.report_key

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of the text."""
        return self.key.signer.sign(message)


def cosigned(found: Audit, key: AuditorKey, *, at: int) -> str:
    """Return the audited checkpoint with the auditor's cosignature under the log's own signatures.

    Raises:
        NotTrusted: there is a finding, something of the log could not be checked, or the checkpoint does not end in an
            epoch: such a checkpoint is not cosigned.
    """
    if not found.log_is_right:
        message = (
            "this checkpoint is not cosigned: something was found, or the log could not be checked as a whole"
        )
        raise NotTrusted(message, code="not-cosigned")
    if not found.ends_in_epoch:
        message = Sentence(
            "the checkpoint of size {size} does not end in an epoch and is not cosigned; audit again in a minute",
            size=found.size,
        )
        raise NotTrusted(message, code="no-epoch")
    signed = cosignature_message(parse_note(found.note).text, at)
    signature = at.to_bytes(_TIME_BYTES, "big") + key.signer.sign(signed)
    vkey = key.cosigner_key
    return with_cosignatures(found.note, [NoteSignature(vkey.name, vkey.key_id, signature)])
