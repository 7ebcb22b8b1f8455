"""Checks 5 and 6: the certificate is in the log, and the log signed the checkpoints that say so.

Also what other checks stand on: entries proven to the last head, and the epoch that is its last leaf.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from certlog.checkpoint import Checkpoint
from certlog.digests import LeafHash
from certlog.entry import EpochEntry
from certlog.epoch import Epoch
from certlog.errors import InvalidInput, InvalidProof, SignatureMismatch
from certlog.evidence import Evidence, Head, ProvenEntry
from certlog.note import Note, note_signed_by, parse_note
from certlog.sentences import Sentence
from certlog.tree import verify_inclusion
from certlog.trust_root import TrustRoot
from verifier.report import Check, CheckName, Reason, failed, not_checked, passed


@dataclass(frozen=True, slots=True)
class OpenHead:
    """A head with its checkpoint read; `size` and `root` are what the note states, not yet believed."""

    head: Head
    note: Note
    checkpoint: Checkpoint

    @property
    def size(self) -> int:
        """The tree size that the note states."""
        return self.checkpoint.size


def open_heads(evidence: Evidence) -> tuple[OpenHead, ...]:
    """Read the checkpoints of an evidence file.

    Raises:
        InvalidInput: a note that is no checkpoint.
    """
    return tuple(open_head(head) for head in evidence.heads)


def open_head(head: Head) -> OpenHead:
    """Read one head's checkpoint.

    Raises:
        InvalidInput: a note that is no checkpoint.
    """
    note = parse_note(head.checkpoint)
    return OpenHead(head, note, Checkpoint.from_text(note.text))


def check_inclusion(leaf: LeafHash | None, index: int, heads: Sequence[OpenHead]) -> Check:
    """Check 5: the entry, rebuilt from the document, stands at its index under every head."""
    if leaf is None or not heads:
        return not_checked(CheckName.INCLUSION, Reason.EARLIER_CHECK)
    sizes = [head.size for head in heads]
    if any(later <= earlier for earlier, later in pairwise(sizes)):
        return failed(
            CheckName.INCLUSION, Reason.HEADS_NOT_RISING, expected=Sentence("rising sizes"), found=str(sizes)
        )
    for head in heads:
        try:
            verify_inclusion(leaf, index, head.size, head.head.path, head.checkpoint.root)
        except InvalidProof as error:
            why = Sentence(
                "entry {index} in the head of size {size}: {error}", index=index, size=head.size, error=error
            )
            return failed(CheckName.INCLUSION, Reason.NOT_INCLUDED, why=why)
    return passed(CheckName.INCLUSION, Sentence("entry {index} of {size}", index=index, size=sizes[-1]))


def check_checkpoints(heads: Sequence[OpenHead], trust_root: TrustRoot) -> Check:
    """Check 6: every head is of this log's origin and signed by a log key that counts for its size."""
    if not heads:
        why = Sentence("a head is not a signed checkpoint")
        return failed(CheckName.CHECKPOINT, Reason.NOT_SIGNED_BY_LOG, expected=trust_root.origin, why=why)
    for head in heads:
        if _is_of_an_unknown_key(head, trust_root):
            return not_checked(
                CheckName.CHECKPOINT,
                Reason.UNKNOWN_LOG_KEY,
                expected=", ".join(key.vkey.to_text() for key in trust_root.log_keys),
                why=Sentence(
                    "head of size {size}: signed with a key that is not pinned here", size=head.size
                ),
            )
        problem = _signature_problem(head, trust_root)
        if problem:
            return failed(
                CheckName.CHECKPOINT,
                Reason.NOT_SIGNED_BY_LOG,
                expected=trust_root.origin,
                found=head.checkpoint.origin[:80],
                why=Sentence("head of size {size}: {problem}", size=head.size, problem=problem),
            )
    return passed(
        CheckName.CHECKPOINT, Sentence("{origin}, size {size}", origin=trust_root.origin, size=heads[-1].size)
    )


def prove_entry(proven: ProvenEntry, head: OpenHead) -> None:
    """Require that an entry stands at its index under a head.

    Raises:
        InvalidProof: it does not.
    """
    verify_inclusion(proven.leaf_hash, proven.index, head.size, proven.path, head.checkpoint.root)


def prove_epoch(proven: ProvenEntry, head: OpenHead) -> Epoch:
    """Return the epoch that is a head's last leaf and speaks of the state just before itself.

    Raises:
        InvalidProof: it is not under that head.
        InvalidInput: it is another kind of entry, or not the last one (code "epoch-not-last").
    """
    prove_entry(proven, head)
    if not isinstance(proven.entry, EpochEntry):
        raise InvalidInput("expected an epoch entry", place="/epoch", code="epoch-not-last")
    epoch = proven.entry.epoch
    if not proven.index == epoch.as_of == head.size - 1:
        message = Sentence(
            "expected index and asOf {size}, found {index} and {as_of}",
            size=head.size - 1,
            index=proven.index,
            as_of=epoch.as_of,
        )
        raise InvalidInput(message, place="/epoch", code="epoch-not-last")
    return epoch


def _is_of_an_unknown_key(head: OpenHead, trust_root: TrustRoot) -> bool:
    """Tell whether a head bears the log's name, and a key under it that this trust root has not heard of at all.

    Perhaps the log rotated its key since: a newer trust root tells. A pinned key that signs wrongly, or outside its
    sizes, is another matter.
    """
    lines = [line for line in head.note.signatures if line.name == trust_root.origin]
    known = {key.vkey.key_id for key in trust_root.log_keys}
    own = head.checkpoint.origin == trust_root.origin
    return own and bool(lines) and not any(line.key_id in known for line in lines)


def _signature_problem(head: OpenHead, trust_root: TrustRoot) -> str:
    if head.checkpoint.origin != trust_root.origin:
        return Sentence("it is of another log")
    keys = [key.vkey for key in trust_root.log_keys if key.covers(head.size)]
    try:
        if any(note_signed_by(head.note, key) for key in keys):
            return ""
    except SignatureMismatch as error:
        return str(error)
    return Sentence("it bears no signature of a log key that counts for size {size}", size=head.size)
