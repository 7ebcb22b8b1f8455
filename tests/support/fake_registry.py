"""A registry in memory that works: it checks signatures, slots and status, appends, and answers as a real one.

It implements issuer.registry_port.Registry. Tests make it unreachable, or let it fail in the middle of a batch.
"""

from collections.abc import Callable, Sequence

from certlog.certificate_id import certificate_id
from certlog.credential import check_certificate, slot_of
from certlog.digests import DocumentHash
from certlog.documents import (
    STATUS_CHALLENGE,
    SecuredDocument,
    certificate_challenge,
    require_binding,
    verify_proof,
)
from certlog.encoding import b64url
from certlog.entry import CertificateEntry, StatementEntry, parse_entry
from certlog.errors import InvalidInput, Unavailable
from certlog.slots import Slot
from certlog.status import INITIAL, CertificateStatus, StatusStatement, step
from certlog.timestamps import parse_time
from issuer.registry_port import Item, Outcome, ReservedSlots, StatusView


class FakeRegistry:
    """A log of entries in memory, with slots and statuses."""

    def __init__(
        self, now: Callable[[], int], *, origin: str = "registry.example.vn", lifetime: int = 604_800
    ) -> None:
        self.now = now
        self.name = origin
        self.lifetime = lifetime
        self.entries: list[bytes] = []
        self.documents: dict[str, bytes] = {}
        self.statuses: dict[DocumentHash, CertificateStatus] = {}
        self.reserved: dict[Slot, int] = {}
        self.calls: list[str] = []
        self.reachable = True
        self.fail_after: int | None = None
        """Stop answering after this many items were appended: the answer to that batch is lost."""

    def origin(self) -> str:
        self._answer("origin")
        return self.name

    def reserve_slots(self, count: int) -> ReservedSlots:
        self._answer("reserve_slots")
        first, expires = len(self.reserved), self.now() + self.lifetime
        slots = tuple(Slot(0, first + i) for i in range(count))
        self.reserved |= dict.fromkeys(slots, expires)
        return ReservedSlots(slots, expires)

    def submit(self, items: Sequence[Item]) -> tuple[Outcome, ...]:
        self._answer("submit")
        outcomes = []
        for item in items:
            if self.fail_after is not None and len(self.entries) >= self.fail_after:
                raise Unavailable("the registry does not answer; try again later")
            outcomes.append(self._submit_one(item))
        return tuple(outcomes)

    def status(self, certificate: DocumentHash) -> StatusView:
        self._answer("status")
        if certificate not in self.statuses:
            raise InvalidInput("the registry refused: no such certificate", code="not-found")
        found = self.statuses[certificate]
        return StatusView(found.last, found.suspended, found.revoked)

    def document(self, identifier: str) -> bytes:
        self._answer("document")
        if identifier not in self.documents:
            raise InvalidInput("the registry refused: no such document", code="not-found")
        return self.documents[identifier]

    def _answer(self, call: str) -> None:
        if not self.reachable:
            raise Unavailable("the registry does not answer; try again later")
        self.calls.append(call)

    def _submit_one(self, item: Item) -> Outcome:
        entry = parse_entry(item.entry)
        leaf_hash = b64url(entry.leaf_hash)
        if item.entry in self.entries:
            return Outcome("exists", self.entries.index(item.entry), leaf_hash)
        try:
            self._admit(entry, item)
        except InvalidInput as error:
            return Outcome("refused", code=error.code, detail=str(error))
        self.entries.append(item.entry)
        return Outcome("logged", len(self.entries) - 1, leaf_hash)

    def _admit(self, entry: object, item: Item) -> None:
        match entry:
            case CertificateEntry():
                require_binding(entry.proof, domain=self.name, challenge=certificate_challenge(entry.slot))
                verify_proof(entry.document_hash, entry.proof, entry.proof.key)
                if self.reserved.get(entry.slot, 0) <= self.now():
                    raise InvalidInput("the slot expired", code="slot-expired")
                if item.document is not None:
                    document = SecuredDocument.parse(item.document)
                    check_certificate(document.content, origin=self.name)
                    if (document.document_hash, slot_of(document.content)) != (
                        entry.document_hash,
                        entry.slot,
                    ):
                        raise InvalidInput("another document", code="other-document")
                    self.documents[certificate_id(entry.document_hash)] = item.document
                self.statuses[entry.document_hash] = INITIAL
            case StatementEntry(document=document):
                require_binding(document.proof, domain=self.name, challenge=STATUS_CHALLENGE)
                verify_proof(document.document_hash, document.proof, document.proof.key)
                statement = StatusStatement.from_json(document.content)
                if statement.certificate not in self.statuses:
                    raise InvalidInput("submit the certificate first", code="unknown-certificate")
                if parse_time(statement.effective) > self.now():
                    raise InvalidInput("in the future", code="effective-in-future")
                before = self.statuses[statement.certificate]
                index = len(self.entries)
                self.statuses[statement.certificate] = step(
                    before, statement, document.document_hash, index=index
                )
            case _:
                raise InvalidInput("only the log appends epochs", code="epoch-submitted")
