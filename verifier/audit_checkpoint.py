"""The checkpoint that an audit rests on: of this log, and signed by a log key that counts for its size."""

from certlog.checkpoint import Checkpoint
from certlog.errors import InvalidInput, SignatureMismatch
from certlog.findings import Finding
from certlog.note import note_signed_by, parse_note
from certlog.sentences import Sentence
from certlog.trust_root import TrustRoot
from verifier.audit_parts import AuditFault


def signed_checkpoint(note_text: str, trust_root: TrustRoot) -> Checkpoint | Finding:
    """Return what a note states if the log signed it, or else what is wrong with it."""
    origin = trust_root.origin
    try:
        note = parse_note(note_text)
        checkpoint = Checkpoint.from_text(note.text)
    except InvalidInput as error:
        return Finding(AuditFault.BAD_CHECKPOINT, 0, str(error))
    if checkpoint.origin != origin:
        found = checkpoint.origin[:80]
        what = Sentence("expected a checkpoint of {origin}, found {found}", origin=origin, found=found)
        return Finding(AuditFault.BAD_CHECKPOINT, checkpoint.size, what, origin, found)
    keys = [key.vkey for key in trust_root.log_keys if key.covers(checkpoint.size)]
    try:
        if any(note_signed_by(note, key) for key in keys):
            return checkpoint
    except SignatureMismatch as error:
        return Finding(AuditFault.CHECKPOINT_SIGNATURE, checkpoint.size, str(error))
    what = Sentence("it bears no signature of a log key that counts for size {size}", size=checkpoint.size)
    return Finding(AuditFault.CHECKPOINT_SIGNATURE, checkpoint.size, what)
