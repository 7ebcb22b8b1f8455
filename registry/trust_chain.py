"""Collects the trust statements that stand behind signatures: from a key up to the pinned operator.

For a key of a body: its enrolment and the entry that added the key. For a statement signed by a delegate: the
same of the delegate, and its delegations. For everything: the rotations of the operator's key before it. What is void,
since its signer's key was compromised by then, authorises nothing and is left out: a verifier would refuse it.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, select

from certlog.documents import Proof, SecuredDocument
from certlog.entry import StatementEntry, parse_entry
from certlog.errors import NotTrusted, Unavailable
from certlog.issuer_record import IssuerRecord, key_in_force
from certlog.operator_record import OperatorRecord
from certlog.sentences import Sentence
from certlog.trust import AddKey, Delegate, Enrol, RotateOperator, TrustStatement
from registry.tables import entries, statements


class TrustChain:
    """The statements needed so far, among those before `as_of`."""

    def __init__(
        self,
        connection: Connection,
        operator: OperatorRecord,
        records: Mapping[str, IssuerRecord],
        as_of: int,
    ) -> None:
        """Start with nothing; the records are those after entries 0 .. as_of-1."""
        self._connection = connection
        self._operator_did = operator.did
        self._operator = operator
        self._records = records
        self._as_of = as_of
        self._needed: set[int] = set()
        self._signers: dict[str, list[tuple[int, SecuredDocument, TrustStatement]]] = {}

    def need_key(self, proof: Proof) -> None:
        """Need what authorises the key that made a proof."""
        if proof.did == self._operator_did:
            return
        for index, document, statement in self._about(proof.did):
            change = statement.change
            adds = isinstance(change, AddKey) and change.key == proof.key
            wanted = isinstance(change, Enrol) or adds
            if wanted and index not in self._needed:
                self._need(index, document)

    def need_entries(self, indices: Iterable[int]) -> None:
        """Need these statements about bodies that are needed already (the grants of a claim)."""
        wanted = set(indices)
        for about in list(self._signers.values()):
            for index, document, _ in about:
                if index in wanted - self._needed:
                    self._need(index, document)

    def entries(self) -> tuple[int, ...]:
        """Return the positions of all needed statements, rotations of the operator included, in log order."""
        last = max(self._needed, default=-1)
        rotations = {
            index
            for index, _, statement in self._read(self._operator_did)
            if isinstance(statement.change, RotateOperator) and index < last
        }
        return tuple(sorted(self._needed | rotations))

    def signers(self) -> Sequence[str]:
        """Return the DIDs whose records are needed: the issuer first, then its delegates."""
        return tuple(self._signers)

    def _need(self, index: int, document: SecuredDocument) -> None:
        """Need a statement and, where a delegate signed it, the delegate's key and delegations."""
        self._needed.add(index)
        signer = document.proof
        if signer.did == self._operator_did:
            return
        self.need_key(signer)
        for position, delegation, statement in self._about(signer.did):
            if isinstance(statement.change, Delegate) and position < index and position not in self._needed:
                self._need(position, delegation)

    def _about(self, did: str) -> list[tuple[int, SecuredDocument, TrustStatement]]:
        if did not in self._signers:
            self._signers[did] = [found for found in self._read(did) if not self._is_void(*found[:2])]
        return self._signers[did]

    def _is_void(self, index: int, document: SecuredDocument) -> bool:
        signer = document.proof
        if signer.did == self._operator_did:
            known = self._operator.find(signer.key)
            since = None if known is None else known.compromised_since
            return since is not None and since <= index
        record = self._records.get(signer.did)
        if record is None:
            return True
        try:
            key_in_force(record, signer.key, index)
        except NotTrusted:
            return True
        return False

    def _read(self, subject: str) -> list[tuple[int, SecuredDocument, TrustStatement]]:
        rows = self._connection.execute(
            select(entries.c.leaf_index, entries.c.data)
            .join(statements, statements.c.leaf_index == entries.c.leaf_index)
            .where(statements.c.subject == subject, statements.c.leaf_index < self._as_of)
            .order_by(statements.c.leaf_index)
        )
        return [_statement(index, data) for index, data in rows]


def _statement(index: int, data: bytes) -> tuple[int, SecuredDocument, TrustStatement]:
    entry = parse_entry(data)
    if not isinstance(entry, StatementEntry):
        message = Sentence(
            "entry {index} is stored as a trust statement and is none; see registry check", index=index
        )
        raise Unavailable(message)
    return index, entry.document, TrustStatement.from_json(entry.document.content)
