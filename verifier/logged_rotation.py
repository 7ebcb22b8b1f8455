"""Finds a rotation of the operator's key in the log before a trust root pins it: a wrong pin accuses an honest log."""

from certlog.checkpoint import Checkpoint
from certlog.entry import CertificateEntry, Entry, EpochEntry, parse_entry
from certlog.errors import InvalidInput, NotTrusted
from certlog.findings import Finding
from certlog.logged_entry import examine
from certlog.operator_record import PinnedRotation
from certlog.sentences import Sentence
from certlog.tile_reader import TileReader, TileSource, read_bundle, require_leaves
from certlog.tiles import FULL, Tile, tile_at
from certlog.trust import RotateOperator, TrustStatement
from certlog.trust_root import TrustRoot
from verifier.audit_checkpoint import signed_checkpoint


def require_logged(files: TileSource, root: TrustRoot, rotation: PinnedRotation) -> None:
    """Require that an entry rotates the operator's key, as a trust root is to pin it.

    1. The log's checkpoint is signed by a key of this trust root.
    2. The entry leads to it, and its signature verifies.
    3. It rotates this operator's key to the key that is to be pinned.
    4. The key that it replaces is the one that the trust root has just before.

    Whether its signer had the right to rotate is for an audit by the new trust root to say.

    Raises:
        NotTrusted: 1 or 4 does not hold: it is not the trust root for this entry; or 2 does not.
        InvalidInput: the log has no such entry, or 3 does not hold; the message says what the entry is instead.
        Unavailable: the log could not be read.
    """
    checkpoint = _checkpoint(files, root)  # 1
    data = _entry(files, checkpoint, rotation.index)  # 2
    examined, entry = examine(data, root.origin), parse_entry(data)
    change = _rotation_of(entry, root.operator.did)
    if change is None:  # 3
        message = Sentence(
            "entry {index} is no rotation of the operator's key but {what}; give the entry that certlog operator "
            "rotate printed",
            index=rotation.index,
            what=_what(entry),
        )
        raise InvalidInput(message, place="--entry", code="no-rotation")
    if examined.problem is not None:
        raise NotTrusted(
            Sentence("entry {index}: {what}", index=rotation.index, what=examined.problem.what),
            code="bad-rotation",
        )
    if change.new != rotation.key:
        message = Sentence(
            "entry {index} rotates the operator's key to {found}, not to {expected}",
            index=rotation.index,
            found=change.new.multibase,
            expected=rotation.key.multibase,
        )
        raise InvalidInput(message, place="--operator-key", code="other-key")
    before = [known.key for known in root.operator.rotations if known.index < rotation.index]
    present = before[-1] if before else root.operator.key
    if change.old != present:  # 4
        message = Sentence(
            "entry {index} replaces the operator's key {found}; just before it, this trust root has {expected}: pin "
            "the rotation to {found} first, or take the newest trust root",
            index=rotation.index,
            found=change.old.multibase,
            expected=present.multibase,
        )
        raise NotTrusted(message, code="rotation-left-out")


def _checkpoint(files: TileSource, root: TrustRoot) -> Checkpoint:
    found = signed_checkpoint(files.read("checkpoint").decode(errors="replace"), root)
    if isinstance(found, Finding):
        message = Sentence(
            "this trust root is not of the log that was read, or older than its log key: {what}",
            what=found.what,
        )
        raise NotTrusted(message, code="other-log")
    return found


def _entry(files: TileSource, checkpoint: Checkpoint, index: int) -> bytes:
    if index >= checkpoint.size:
        message = Sentence(
            "the log has no entry {index} yet: it has {size} entries, the first of which is 0",
            index=index,
            size=checkpoint.size,
        )
        raise InvalidInput(message, place="--entry", code="no-entry")
    tile = tile_at(checkpoint.size, None, index // FULL)
    tree = TileReader(files, checkpoint.size, checkpoint.root)
    entries = read_bundle(files, tile)
    require_leaves(tile, entries, tree.hashes(Tile(0, tile.index, tile.width)))
    return entries[index - tile.start]


def _rotation_of(entry: Entry, operator: str) -> RotateOperator | None:
    """Return the rotation that an entry states about this operator, or None."""
    if isinstance(entry, CertificateEntry | EpochEntry) or entry.type != "trust":
        return None
    statement = TrustStatement.from_json(entry.document.content, "/document")
    is_ours = statement.subject == operator
    return statement.change if is_ours and isinstance(statement.change, RotateOperator) else None


def _what(entry: Entry) -> Sentence:
    match entry:
        case CertificateEntry(proof=proof):
            return Sentence("a certificate of {did}", did=proof.did)
        case EpochEntry(epoch=epoch):
            return Sentence("epoch {number}", number=epoch.number)
        case _ if entry.type == "status":
            return Sentence(
                "a statement of {did} on the status of a certificate", did=entry.document.proof.did
            )
        case _:
            statement = TrustStatement.from_json(entry.document.content, "/document")
            return Sentence(
                "the statement {action} about {did}", action=str(statement.action), did=statement.subject
            )
