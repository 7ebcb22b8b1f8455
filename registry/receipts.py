"""COSE receipts of what the log has signed already, for SCITT programs (ADR 0032). An export; nothing here is evidence.

It uses the log key, so it runs where that key is: at a command on the registry machine, never in a web worker. No
new root is ever signed: the head is a stored checkpoint that this very key signed after all of its checks.
"""

from dataclasses import dataclass

from certlog.checkpoint import Checkpoint
from certlog.cose_receipt import LogKey, consistency_receipt, inclusion_receipt
from certlog.digests import DocumentHash
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.tree import consistency_proof, inclusion_proof
from registry import lookup
from registry.database import Database
from registry.head_tiles import HeadTiles
from registry.heads import newest_checkpoint
from registry.log_keys import key_at, log_keys, open_own


@dataclass(frozen=True, slots=True)
class Receipts:
    """Makes receipts to the newest signed head, from the published tiles."""

    database: Database
    tiles: HeadTiles
    key: LogKey

    def of_certificate(self, document_hash: DocumentHash) -> bytes:
        """Return the receipt that a certificate's entry is in the log.

        Raises:
            InvalidInput: it is not logged, or the log has fewer than 2 entries.
            Unavailable: no signed head contains it yet.
        """
        with self.database.reading() as connection:
            row = lookup.find(connection, lookup.Key("document_hash", document_hash))
        if row is None:
            message = Sentence(
                "no certificate with hash {document_hash} is logged", document_hash=document_hash.hex()
            )
            raise InvalidInput(message, code="unknown-certificate")
        return self.of_entry(row.index)

    def of_entry(self, index: int) -> bytes:
        """Return the receipt that an entry stands at its index; raises as of_certificate."""
        head = self._head()
        if not 0 <= index < head.size:
            message = Sentence("no entry {index}: the log has {size}", index=index, size=head.size)
            raise InvalidInput(message, code="no-entry")
        with self.database.reading() as connection:
            path = inclusion_proof(index, head.size, self.tiles.nodes(connection))
        return inclusion_receipt(head, index, path, self.key)

    def of_growth(self, old_size: int) -> bytes:
        """Return the receipt that the newest head extends the tree of an older size.

        Raises:
            InvalidInput: not 1 <= old_size < the newest size.
        """
        head = self._head()
        with self.database.reading() as connection:
            path = (
                consistency_proof(old_size, head.size, self.tiles.nodes(connection))
                if 0 < old_size < head.size
                else ()
            )
        return consistency_receipt(old_size, head, path, self.key)

    def _head(self) -> Checkpoint:
        """Return the newest head, which this very key has signed: its note is opened with the key of its size."""
        with self.database.reading() as connection:
            newest, keys = newest_checkpoint(connection), log_keys(connection)
        if newest is None:
            message = "no checkpoint is signed yet; is the worker running? Try again in a second"
            raise Unavailable(message)
        head = open_own(newest.note, keys)
        if key_at(keys, head.size) != self.key.verifier_key:
            rotated = Sentence(
                "the newest head, of size {size}, was signed by the log key before the rotation; the present key makes "
                "receipts once it has signed a head: try again after the next one",
                size=head.size,
            )
            raise Unavailable(rotated)
        return head
