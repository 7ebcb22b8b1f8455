"""Evidence of every certificate of a log: what they share is made once, and the rest is put together as bytes.

The bytes are those of registry.evidence, which makes the first of each kind; a test compares them. Memory holds one
block of the log, whatever its size.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection, Select, bindparam, select

from certlog.canonical import canonicalize
from certlog.certificate_id import certificate_id
from certlog.digests import DocumentHash
from certlog.documents import SecuredDocument
from certlog.encoding import b64url
from certlog.entry import CertificateEntry, parse_entry
from certlog.errors import Unavailable
from certlog.evidence import EVIDENCE_VERSION, Evidence
from certlog.operator_record import Operator
from certlog.sentences import Sentence
from certlog.tree import NodeReader, Prover
from registry.cosignatures import newest_audited_size
from registry.cosigners import NO_COSIGNERS, CosignerPolicy
from registry.evidence import AnchoredHead, EvidenceBuilder, Subject
from registry.tables import certificates, documents, entries, statements

BLOCK: Final = 1024
"""Leaves whose certificates are handled together: a complete subtree of the log."""
_LEVELS: Final = BLOCK.bit_length()
_UPPER_NODES: Final = 16_384

_CERTIFICATES: Final = (
    select(certificates.c.leaf_index, certificates.c.document_hash, entries.c.data, documents.c.data)
    .join(entries, entries.c.leaf_index == certificates.c.leaf_index)
    .outerjoin(documents, documents.c.document_hash == certificates.c.document_hash)
    .where(certificates.c.leaf_index.between(bindparam("first"), bindparam("last")))
    .order_by(certificates.c.leaf_index)
)
_EVENTS: Final = (
    select(statements.c.certificate, statements.c.leaf_index, entries.c.data)
    .join(entries, entries.c.leaf_index == statements.c.leaf_index)
    .join(certificates, certificates.c.document_hash == statements.c.certificate)
    .where(certificates.c.leaf_index.between(bindparam("first"), bindparam("last")))
    .where(statements.c.leaf_index < bindparam("as_of"))
    .order_by(statements.c.leaf_index)
)


class _Event(NamedTuple):
    at: int
    data: bytes
    method: str


@dataclass(frozen=True, slots=True)
class _Logged:
    """One certificate as the log and the documents' table hold it, and its status entries."""

    index: int
    document_hash: bytes
    data: bytes
    document: bytes | None
    events: Sequence[_Event]


@dataclass(frozen=True, slots=True)
class _Shared:
    """What certificates of one kind share, as canonical bytes."""

    sizes: tuple[int, ...]
    heads: tuple[bytes, ...]
    epoch: bytes
    rest: bytes

    @classmethod
    def of(cls, evidence: Evidence, sizes: Sequence[int]) -> "_Shared":
        """Take a finished piece of evidence apart."""
        value = evidence.to_json()
        heads = [canonicalize({n: m for n, m in h.to_json().items() if n != "path"}) for h in evidence.heads]
        names = ("lists", "operator", "records", "trust")
        shared = b",".join(b'"%b":%b' % (name.encode(), canonicalize(value[name])) for name in names)
        rest = b'%b,"v":%d}' % (shared, EVIDENCE_VERSION)
        return cls(tuple(sizes), tuple(heads), canonicalize(value["epoch"]), rest)


class EvidenceExport:
    """Yields the evidence of every certificate that a signed epoch contains, from one consistent snapshot."""

    def __init__(
        self,
        connection: Connection,
        nodes: NodeReader,
        operator: Operator,
        anchored: Callable[[int], Sequence[AnchoredHead]],
        cosigners: CosignerPolicy = NO_COSIGNERS,
    ) -> None:
        """Take the snapshot, the nodes of its newest head, the operator, who tells of final heads, and the auditors."""
        self._connection = connection
        self._builder = EvidenceBuilder(connection, nodes, operator, cosigners)
        self._anchored = anchored
        self._nodes = nodes
        self._stored = lru_cache(maxsize=_UPPER_NODES)(nodes)
        self._block: Mapping[tuple[int, int], bytes] = {}
        self._provers: dict[int, Prover] = {}
        self._shared: dict[object, _Shared] = {}
        # The newest head with the auditors' quorum; an entry after it has none.
        self._audited = newest_audited_size(connection, cosigners, 0)

    def certificates(self) -> Iterator[tuple[str, bytes]]:
        """Yield each certificate's id and evidence file, in the order of the log.

        Raises:
            Unavailable: no epoch is signed yet, or the stored log is damaged.
        """
        newest = self._builder.newest_head(0)
        heads: Sequence[AnchoredHead] = ()
        known_up_to = -1
        for first in range(0, newest.size, BLOCK):
            self._load(first, newest.size)
            events = self._events(first, newest.size - 1)
            for row in self._rows(_CERTIFICATES, first):
                index, document_hash, data, document = row
                if index >= newest.size:
                    return
                if index > known_up_to:
                    heads = self._anchored(index)
                    known_up_to = min((head.size for head in heads), default=newest.size) - 1
                logged = _Logged(index, document_hash, data, document, events.get(document_hash, ()))
                yield certificate_id(DocumentHash(document_hash)), self._one(logged, heads)

    def _one(self, logged: _Logged, heads: Sequence[AnchoredHead]) -> bytes:
        entry = orjson.loads(logged.data)
        if entry.get("documentHash") != b64url(logged.document_hash):
            message = Sentence(
                "entry {index} is listed as this certificate's and is not; see registry check",
                index=logged.index,
            )
            raise Unavailable(message)
        signers = (entry["proof"]["verificationMethod"], *sorted({event.method for event in logged.events}))
        content = None if logged.document is None else orjson.loads(logged.document)
        claims = self._builder.grants_of(signers[0], content, logged.index)
        audited = None if self._audited is None or self._audited <= logged.index else self._audited
        kind = (tuple(head.size for head in heads), audited, signers, entry["slot"][0], claims)
        shared = self._shared.get(kind)
        if shared is None:
            shared = self._shared[kind] = self._first(logged, heads)
        return self._joined(shared, logged)

    def _first(self, logged: _Logged, heads: Sequence[AnchoredHead]) -> _Shared:
        entry = parse_entry(logged.data)
        if not isinstance(entry, CertificateEntry):
            message = Sentence("entry {index} is no certificate; see registry check", index=logged.index)
            raise Unavailable(message)
        secured = None if logged.document is None else SecuredDocument.parse(logged.document)
        evidence = self._builder.build(Subject(logged.index, entry, secured), heads)
        return _Shared.of(replace(evidence, certificate=None), self._builder.head_sizes(logged.index, heads))

    def _joined(self, shared: _Shared, logged: _Logged) -> bytes:
        """Put the members together in the order of their names, as canonical bytes have them."""
        heads = [
            head[:-1] + b',"path":' + self._path(logged.index, size) + b"}"
            for head, size in zip(shared.heads, shared.sizes, strict=True)
        ]
        last = shared.sizes[-1]
        told = [
            b'{"entry":%b,"index":%d,"path":%b}' % (event.data, event.at, self._path(event.at, last))
            for event in logged.events
        ]
        certificate = b"" if logged.document is None else b'"certificate":' + logged.document + b","
        return b'{%b"epoch":%b,"events":[%b],"heads":[%b],"index":%d,%b' % (
            certificate, shared.epoch, b",".join(told), b",".join(heads), logged.index, shared.rest,
        )  # fmt: skip

    def _path(self, index: int, size: int) -> bytes:
        prover = self._provers.get(size)
        if prover is None:
            prover = self._provers[size] = Prover(size, self._node)
        path = prover.inclusion(index)
        return b"[" + b",".join([b'"' + b64url(digest).encode() + b'"' for digest in path]) + b"]"

    def _node(self, level: int, position: int) -> bytes:
        found = self._block.get((level, position))
        return self._stored(level, position) if found is None else found

    def _load(self, first: int, size: int) -> None:
        """Read the nodes below one complete subtree, or as much of it as there is."""
        end = min(first + BLOCK, size)
        self._block = {
            (level, position): self._nodes(level, position)
            for level in range(_LEVELS)
            for position in range(first >> level, end >> level)
        }

    def _events(self, first: int, as_of: int) -> dict[bytes, list[_Event]]:
        found: dict[bytes, list[_Event]] = {}
        for certificate, index, data in self._rows(_EVENTS, first, as_of=as_of):
            method = str(orjson.loads(data)["proof"]["verificationMethod"])
            found.setdefault(certificate, []).append(_Event(index, data, method))
        return found

    def _rows(self, query: Select[Any], first: int, **values: int) -> Iterator[Any]:
        return iter(self._connection.execute(query, {"first": first, "last": first + BLOCK - 1, **values}))
