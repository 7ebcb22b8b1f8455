"""Issuing: from the rows of a file to signed, printed and logged certificates.

This is the issuer's main use case; read `issue` from top to bottom. A run may stop at any point, by a power cut
or a lost network, and be repeated: what was signed is never signed again, and nothing is submitted that the
journal does not hold.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from certlog.digests import DocumentHash
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.slots import Slot
from issuer.body import Body
from issuer.compare import Comparing, chunks
from issuer.content_modes import ContentMode
from issuer.csv_file import read_csv
from issuer.draft_stream import DraftStream, KeptDrafts
from issuer.drafts import Drafts
from issuer.glyphs import FindUnprintable
from issuer.journal import KEYS_AT_ONCE, Journal, JournalRow
from issuer.json_drafts import read_json_drafts
from issuer.key_file import IssuerKey
from issuer.pdf import MakePdf
from issuer.print_files import Printing, pdf_name, remove_pdf
from issuer.problems import RowProblem
from issuer.registry_port import Registry
from issuer.rows import read_rows
from issuer.sign import Signing
from issuer.spool import Spool
from issuer.submit import NEEDS_NEW_SLOT, Progress, Submitted, submit_waiting
from issuer.table import MAX_FILE_BYTES

SLOT_MARGIN_SECONDS: Final = 300
"""A kept slot that expires sooner is left: signing, printing and submitting take a while."""
RESERVED_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything outside that issuing needs."""

    key: IssuerKey
    journal: Journal
    registry: Registry
    make_pdf: MakePdf
    find_unprintable: FindUnprintable
    now: Callable[[], int]
    random_bytes: Callable[[int], bytes]
    progress: Progress


@dataclass(frozen=True, slots=True)
class PrintTools:
    """Everything outside that printing alone needs."""

    key: IssuerKey
    journal: Journal
    make_pdf: MakePdf
    now: Callable[[], int]
    progress: Progress


@dataclass(frozen=True, slots=True)
class Request:
    """What to issue.

    Attributes:
        drafts: what read_drafts made of a small file, or a stream over a large one.
        folder: where PDFs go.
        content: public, sealed or withheld; None: public, but sealed where the content is its customer's.
        partial: issue the good rows although others are wrong.
        submit: submit to the registry in this run.
        pdf: make PDFs in this run; without them, `certlog issuer print` does later.
    """

    drafts: Drafts | DraftStream
    folder: Path
    content: ContentMode | None = None
    partial: bool = False
    submit: bool = True
    pdf: bool = True

    @property
    def stream(self) -> DraftStream:
        """The drafts as they come."""
        return KeptDrafts(self.drafts) if isinstance(self.drafts, Drafts) else self.drafts


@dataclass(frozen=True, slots=True)
class Issued:
    """One certificate of the file after the run: a hundred thousand of them are held at its end."""

    number: str
    version: int
    id: str
    document_hash: DocumentHash
    folder: Path
    pdf_name: str
    log_index: int | None

    @property
    def pdf(self) -> Path:
        """Where its PDF is, or will be once it is printed."""
        return self.folder / self.pdf_name


@dataclass(frozen=True, slots=True)
class IssueReport:
    """What a run did: certificates in the order of the file, problems of rows left out, what was submitted."""

    issued: tuple[Issued, ...]
    signed: int
    problems: tuple[RowProblem, ...]
    submitted: Submitted


class RowsRefused(InvalidInput):
    """The file has mistakes; nothing was signed, reserved or written.

    Args:
        problems: all of them, in the order of the file.
    """

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        """Keep the problems, which carry their own texts."""
        super().__init__(
            Sentence(
                "{problems_count} mistakes in the file; nothing was issued", problems_count=len(problems)
            ),
            code="rows-refused",
        )
        self.problems = tuple(problems)


def read_drafts(data: bytes, *, is_json: bool, body: Body, did: str) -> Drafts:
    """Read a file and understand every row: step 1 of issuing, which touches nothing.

    Args:
        data: the bytes of a CSV or JSON file.
        is_json: which of the two.
        body: the certification body.
        did: the DID that will sign.
    """
    if len(data) > MAX_FILE_BYTES:
        raise InvalidInput(
            Sentence(
                "expected at most {max_file_bytes} bytes, found {found}",
                max_file_bytes=MAX_FILE_BYTES,
                found=len(data),
            ),
            code="too-large",
        )
    return read_json_drafts(data, body, did) if is_json else read_rows(read_csv(data), body, did)


def issue(request: Request, tools: Tools) -> IssueReport:
    """Issue the certificates of a file, in memory that does not grow with its rows.

    1. Read the file and understand every row (read_drafts, or a stream).
    2. Compare with the journal: what was signed before is kept, a changed input is refused. What is new must
       be printable.
    3. Stop if any row is wrong, unless the good ones were asked for.
    4. Reserve a status slot for each new certificate.
    5. Sign, and keep every signed byte in the journal.
    6. Print, keep the PDF's hash, and sign the statement that binds it.
    7. Submit certificates and bindings; each answer is kept.

    Raises:
        RowsRefused: at step 3, before anything was done.
        Unavailable: the registry could not be reached; what was signed waits in the journal.
    """
    origin = _origin(tools)
    _discard_unusable(request.folder, tools.journal)
    with Spool(request.folder) as spool:
        comparing = Comparing(tools.journal, tools.key.did, tools.find_unprintable, request.content)
        problems = comparing.compare(request.stream, spool)  # 1, 2
        if problems and not request.partial:  # 3
            raise RowsRefused(problems)
        signing = Signing(tools.key, origin, tools.journal, request.content, tools.now, tools.random_bytes)
        count = spool.new_count
        signing.sign_all(spool.to_sign(), _slots(count, tools), count, tools.progress)  # 4, 5
        if request.pdf:
            printing = Printing(tools.key, origin, tools.journal, request.folder, tools.make_pdf, tools.now)
            printing.print_all(_rows(spool, tools), len(spool), tools.progress)  # 6
        submitted = Submitted()
        if request.submit:
            submitted = submit_waiting(tools.journal, tools.registry, tools.progress)  # 7
        issued = tuple(_issued(spool, request.folder, tools))
    return IssueReport(issued, count, problems, submitted)


def print_waiting(folder: Path, tools: PrintTools) -> int:
    """Make the PDFs that earlier runs left out, and sign their bindings; return how many were made.

    Raises:
        InvalidInput: the journal has no origin yet, since nothing was issued, or the folder cannot be written.
    """
    origin = tools.journal.pinned("origin")
    if origin is None:
        message = Sentence("nothing was issued in {folder} yet", folder=folder)
        raise InvalidInput(message, code="no-journal")
    total = tools.journal.unprinted_count(tools.key.did)
    printing = Printing(tools.key, origin, tools.journal, folder, tools.make_pdf, tools.now)
    printing.print_all(tools.journal.iter_unprinted(tools.key.did), total, tools.progress)
    return total


def _origin(tools: Tools) -> str:
    """Return the origin that this journal belongs to; the registry is asked the first time, or must agree."""
    pinned = tools.journal.pinned("origin")
    try:
        origin = tools.registry.origin()
    except Unavailable:
        if pinned is None:
            raise
        return pinned
    tools.journal.pin("origin", origin)
    return origin


def _discard_unusable(folder: Path, journal: Journal) -> None:
    """Put away certificates whose slot ran out before they could be logged: they are signed anew."""
    for certificate, reason in journal.refused_certificates(NEEDS_NEW_SLOT):
        row = journal.certificate(certificate)
        if row is not None:
            remove_pdf(row, folder)
            journal.discard(certificate, reason)


def _slots(count: int, tools: Tools) -> Iterator[Slot]:
    """Yield slots that earlier runs reserved and did not use, then new ones, reserved as they are needed."""
    if not count:
        return
    free = tools.journal.free_slots(usable_at=tools.now() + SLOT_MARGIN_SECONDS)[:count]
    yield from free
    left = count - len(free)
    while left:
        reserved = tools.registry.reserve_slots(min(left, RESERVED_AT_ONCE))
        tools.journal.keep_slots(reserved.slots, reserved.expires)
        yield from reserved.slots
        left -= len(reserved.slots)


def _rows(spool: Spool, tools: Tools) -> Iterator[JournalRow]:
    for keys in chunks(spool.keys(), KEYS_AT_ONCE):
        yield from tools.journal.rows_of(tools.key.did, keys)


def _issued(spool: Spool, folder: Path, tools: Tools) -> Iterator[Issued]:
    for keys in chunks(spool.keys(), KEYS_AT_ONCE):
        rows = tools.journal.rows_of(tools.key.did, keys)
        indices = tools.journal.log_indices([row.document_hash for row in rows])
        for row in rows:
            yield Issued(
                number=row.number,
                version=row.version,
                id=row.id,
                document_hash=row.document_hash,
                folder=folder,
                pdf_name=row.pdf_name or pdf_name(row),
                log_index=indices.get(row.document_hash),
            )
