"""Issuing: from the rows of a file to signed, printed and logged certificates.

This is the issuer's main use case; read `issue` from top to bottom. A run may stop at any point, by a power cut
or a lost network, and be repeated: what was signed is never signed again, and nothing is submitted that the
journal does not hold.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from certlog.digests import DocumentHash
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.slots import Slot
from issuer.body import Body
from issuer.content_modes import ContentMode, mode_of
from issuer.csv_file import read_csv
from issuer.drafts import Draft, Drafts
from issuer.glyphs import FindUnprintable, unprintable_drafts
from issuer.journal import Journal, JournalRow
from issuer.json_drafts import read_json_drafts
from issuer.key_file import IssuerKey
from issuer.pdf import MakePdf
from issuer.print_files import Printing, remove_pdf
from issuer.problems import RowProblem
from issuer.registry_port import Registry
from issuer.rows import read_rows
from issuer.sign import Signing
from issuer.submit import NEEDS_NEW_SLOT, Progress, Submitted, submit_waiting
from issuer.table import MAX_FILE_BYTES

SLOT_MARGIN_SECONDS: Final = 300
"""A kept slot that expires sooner is left: signing, printing and submitting take a while."""


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
class Request:
    """What to issue.

    Attributes:
        drafts: what read_drafts made of a file.
        folder: where PDFs go.
        content: public, sealed or withheld; None: public, but sealed where the content is its customer's.
        partial: issue the good rows although others are wrong.
        submit: submit to the registry in this run.
    """

    drafts: Drafts
    folder: Path
    content: ContentMode | None = None
    partial: bool = False
    submit: bool = True


@dataclass(frozen=True, slots=True)
class Issued:
    """One certificate of the file after the run."""

    number: str
    version: int
    id: str
    document_hash: DocumentHash
    pdf: Path
    log_index: int | None


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
    """Issue the certificates of a file.

    1. Read the file and understand every row (read_drafts).
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
    for draft in request.drafts.good:
        mode_of(draft.content, request.content)  # refuses before anything is done
    origin = _origin(tools)
    _discard_unusable(request.folder, tools.journal)
    plan = _compare(request.drafts, tools)  # 2
    if plan.problems and not request.partial:  # 3
        raise RowsRefused(plan.problems)
    slots = _reserve(len(plan.new), tools)  # 4
    signing = Signing(tools.key, origin, tools.journal, request.content, tools.now, tools.random_bytes)
    signing.sign_all(plan.new, slots, tools.progress)  # 5
    rows = [_signed(draft, tools) for draft in plan.good]
    printing = Printing(tools.key, origin, tools.journal, request.folder, tools.make_pdf, tools.now)
    printing.print_all(rows, tools.progress)  # 6
    submitted = Submitted()
    if request.submit:
        submitted = submit_waiting(tools.journal, tools.registry, tools.progress)  # 7
    issued = tuple(_issued(row, request.folder, tools.journal) for row in rows)
    return IssueReport(issued, len(plan.new), plan.problems, submitted)


@dataclass(frozen=True, slots=True)
class _Plan:
    good: tuple[Draft, ...]
    new: tuple[Draft, ...]
    problems: tuple[RowProblem, ...]


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
    for item in journal.waiting():
        if item.action == "issue" and item.refused_code in NEEDS_NEW_SLOT:
            row = journal.certificate(item.certificate)
            if row is not None:
                remove_pdf(row, folder)
                journal.discard(item.certificate, item.refused_code)


def _compare(drafts: Drafts, tools: Tools) -> _Plan:
    problems = list(drafts.problems)
    good: list[Draft] = []
    new: list[Draft] = []
    in_file = {(draft.number, draft.version) for draft in drafts.good}
    for draft in drafts.good:
        found = tools.journal.find(tools.key.did, draft.number, draft.version)
        problem = _contradiction(draft, found) or _no_previous(draft, in_file, tools)
        if problem:
            problems.append(problem)
            continue
        good.append(draft)
        if found is None:
            new.append(draft)
    unprintable = {id(draft): problem for draft, problem in unprintable_drafts(new, tools.find_unprintable)}
    problems += unprintable.values()
    good = [draft for draft in good if id(draft) not in unprintable]
    new = [draft for draft in new if id(draft) not in unprintable]
    problems.sort(key=lambda item: item.place.order)
    new.sort(key=lambda draft: draft.version)  # a version names the hash of the one before
    return _Plan(tuple(good), tuple(new), tuple(problems))


def _contradiction(draft: Draft, found: JournalRow | None) -> RowProblem | None:
    if found is None or found.input_hash == draft.input_hash:
        return None
    values = {"found": draft.number, "version": str(draft.version)}
    return RowProblem(draft.source.place("number"), "changed-input", values)


def _no_previous(draft: Draft, in_file: set[tuple[str, int]], tools: Tools) -> RowProblem | None:
    before = (draft.number, draft.version - 1)
    if draft.version == 1 or before in in_file or tools.journal.find(tools.key.did, *before):
        return None
    values = {"found": str(draft.version), "expected": str(draft.version - 1)}
    return RowProblem(draft.source.place("version"), "no-previous", values)


def _reserve(count: int, tools: Tools) -> Sequence[Slot]:
    """Return slots that earlier runs reserved and did not use, and reserve the rest."""
    if not count:
        return ()
    slots = list(tools.journal.free_slots(usable_at=tools.now() + SLOT_MARGIN_SECONDS)[:count])
    if len(slots) < count:
        reserved = tools.registry.reserve_slots(count - len(slots))
        tools.journal.keep_slots(reserved.slots, reserved.expires)
        slots += reserved.slots
    return slots


def _signed(draft: Draft, tools: Tools) -> JournalRow:
    row = tools.journal.find(tools.key.did, draft.number, draft.version)
    if row is None:
        raise InvalidInput(
            Sentence("the journal lost {number!r}; restore it from a backup", number=draft.number),
            code="journal",
        )
    return row


def _issued(row: JournalRow, folder: Path, journal: Journal) -> Issued:
    kept = journal.certificate(row.document_hash) or row
    return Issued(
        number=row.number,
        version=row.version,
        id=row.id,
        document_hash=row.document_hash,
        pdf=folder / str(kept.pdf_name),
        log_index=journal.log_index(row.document_hash),
    )
