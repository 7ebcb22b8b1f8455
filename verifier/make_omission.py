"""Makes an omission proof from what a log stated and from the log itself; what it makes, it verifies first.

Whoever holds a false statement (a status proof) and can read the log can make one: the log need not help. The log comes
in through a port; it must be the very tree that the statement's head names, or the proof does not verify.
"""

from collections.abc import Iterator
from typing import Protocol

from certlog.entry import CertificateEntry, Entry, parse_entry
from certlog.errors import InvalidInput
from certlog.evidence import ProvenEntry
from certlog.omission_proof import MAX_TAIL, Base, OmissionProof, Tail
from certlog.sentences import Sentence
from certlog.status import StatusStatement
from certlog.status_proof import StatusProof
from certlog.tail import peaks_of
from certlog.tree import inclusion_proof
from certlog.trust_root import TrustRoot
from verifier.check_log import open_head
from verifier.verify_omission import event_of, verify_omission


class LogView(Protocol):
    """Reads one tree of a log: the entries and nodes of the first `size` leaves."""

    def entry(self, index: int) -> bytes:
        """Return the leaf data at an index below the tree's size.

        Raises:
            Unavailable: it cannot be read.
        """
        ...

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree: the tree's NodeReader."""
        ...


def make_omission(
    statement: StatusProof, log: LogView, trust_root: TrustRoot, *, earlier: StatusProof | None = None
) -> OmissionProof:
    """Return the proof that a statement contradicts its own log, as small as it can be.

    1. Where an earlier statement of the same certificate differs and nothing happened in between: from that one on.
    2. Else the certificate's events, and, unless the last of them is final, every entry after it.

    Args:
        statement: what the log stated.
        log: the tree of the statement's head.
        trust_root: what the verification of the result pins.
        earlier: an older statement of the log about the same certificate.

    Raises:
        InvalidInput: there is no contradiction, or the proof would be too large.
        Unavailable: the log cannot be read.
    """
    size = open_head(statement.head).size
    problem = InvalidInput("nothing was tried")
    for proof in _attempts(statement, earlier, log, size, trust_root.origin):
        try:
            verify_omission(proof, trust_root)
        except InvalidInput as error:
            problem = error
        else:
            return proof
    raise problem


def _attempts(
    statement: StatusProof, earlier: StatusProof | None, log: LogView, size: int, origin: str
) -> Iterator[OmissionProof]:
    """Yield what might show a contradiction, the smallest first."""
    if earlier is not None and earlier.epoch.index < size:
        yield _from_base(statement, earlier, log, size)
    found = list(_events(statement, log, size, origin))
    events = tuple(proven for proven, _ in found)
    replacements = _replacements([said for _, said in found], log, size)
    last = events[-1].index if events else statement.index
    yield OmissionProof(statement, events, replacements)
    yield OmissionProof(statement, events, replacements, _tail(log, last + 1, size))
    # The log holds what it should have refused, so that its events are not linked: then every entry is needed.
    yield OmissionProof(statement, events, replacements, _tail(log, statement.index + 1, size))


def _from_base(statement: StatusProof, earlier: StatusProof, log: LogView, size: int) -> OmissionProof:
    index = earlier.epoch.index
    epoch = ProvenEntry(index, earlier.epoch.entry, inclusion_proof(index, size, log.node))
    return OmissionProof(statement, tail=_tail(log, index + 1, size), base=Base(epoch, earlier.lists))


def _events(
    statement: StatusProof, log: LogView, size: int, origin: str
) -> Iterator[tuple[ProvenEntry, StatusStatement]]:
    for index, entry in _entries(log, statement.index + 1, size):
        said = event_of(entry, statement.entry, origin)
        if said is not None:
            yield ProvenEntry(index, entry, inclusion_proof(index, size, log.node)), said


def _replacements(statements: list[StatusStatement], log: LogView, size: int) -> tuple[ProvenEntry, ...]:
    wanted = {said.replaced_by for said in statements if said.replaced_by is not None}
    if not wanted:
        return ()
    return tuple(
        ProvenEntry(index, entry, inclusion_proof(index, size, log.node))
        for index, entry in _entries(log, 0, size)
        if isinstance(entry, CertificateEntry) and entry.document_hash in wanted
    )


def _tail(log: LogView, start: int, size: int) -> Tail:
    if size - start > MAX_TAIL:
        message = Sentence(
            "the proof would take {count} entries, {most} at most: hand in an earlier status proof to start from",
            count=size - start,
            most=MAX_TAIL,
        )
        raise InvalidInput(message, code="too-large")
    entries = tuple(log.entry(index) for index in range(start, size))
    return Tail(start, peaks_of(start, log.node), entries)


def _entries(log: LogView, start: int, size: int) -> Iterator[tuple[int, Entry]]:
    """Yield what can be read; a leaf that is no entry is nobody's word."""
    for index in range(start, size):
        try:
            entry = parse_entry(log.entry(index))
        except InvalidInput:
            continue
        yield index, entry
