"""Files that are certificates already, a DCC or a PDF in the body's own layout: checked, made into drafts, bound.

Reading touches nothing. What is bound is a file's exact bytes: as it came, or a PDF with the certificate's code on it.
A file that bears a signature is never rewritten.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from certlog.attested import related_resource
from certlog.certificate_id import ID_LENGTH, certificate_id
from certlog.digests import sha256
from certlog.documents import SecuredDocument
from certlog.encoding import b64url
from certlog.envelope import subject_of
from certlog.errors import InvalidInput
from certlog.schemas.attested import PDF, TYPE, XML
from certlog.schemas.envelope import CONTEXTS, types_of
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, JSONValue, get_object, get_str
from issuer.attested_pdf import MAX_PDF_BYTES, inspect_pdf
from issuer.attested_rows import ListedFile, file_member, names_of, read_list, read_listed
from issuer.body import Body
from issuer.dcc import Dcc, DccChecks
from issuer.drafts import Draft, Drafts, refusals
from issuer.problems import Place, RowProblem
from issuer.qr import certificate_address, code_text
from issuer.stamp import StampPlace, stamp

_LONGEST_KEY_TEXT: Final = "A" * 22
_SPECIMEN_ID: Final = "0" * ID_LENGTH


@dataclass(frozen=True, slots=True)
class DccSource:
    """A DCC file; its mistakes are told with its name."""

    name: str

    def place(self, name: str = "") -> Place:
        """Return the file as a whole."""
        return Place(0, name, self.name if name else "")

    def name_of(self, character: str) -> str:  # noqa: ARG002 # Source's signature
        """Return "": a DCC is printed by nobody here."""
        return ""


@dataclass(frozen=True, slots=True)
class AttestedFiles:
    """Gives out the final bytes of each file; implements MakePdf in its place.

    Attributes:
        paths: the body's own files by the hash that the certificates name.
        public_address: where codes lead.
        place: where a code is stamped.
    """

    paths: Mapping[str, Path]
    public_address: str
    place: StampPlace

    def __call__(self, secured: SecuredDocument, signed_at: int, key_text: str = "") -> bytes:  # noqa: ARG002 # MakePdf
        """Return the file as it came, or stamped; the same arguments give the same bytes.

        Raises:
            InvalidInput: the file is gone, or is no longer the one that was checked.
        """
        file = get_object(subject_of(secured.content), "file")
        wanted = get_str(file, "sourceDigest")
        if wanted not in self.paths:
            raise InvalidInput(
                Sentence("the file with hash {wanted} was not handed in", wanted=wanted), code="no-file"
            )
        path = self.paths[wanted]
        data = _read(path)
        if b64url(sha256(data)) != wanted:
            message = Sentence("it changed since it was checked; run the command again")
            raise InvalidInput(message, place=path.name, code="file-changed")
        if file["stamped"] is not True:
            return data
        facts = inspect_pdf(data, path.name)
        address = certificate_address(self.public_address, certificate_id(secured.document_hash))
        attach = secured.to_bytes() if facts.takes_attachment else None
        return stamp(data, code_text(address, key_text), self.place, path.name, attach=attach)

    def carries_certificate(self, content: JSONObject) -> bool:
        """Tell whether the final file holds the certificate itself, so that it can be checked without a second file."""
        file = get_object(subject_of(content), "file")
        path = self.paths[get_str(file, "sourceDigest")]
        return file["stamped"] is True and inspect_pdf(_read(path), path.name).takes_attachment

    def rehearse(self, data: bytes, name: str) -> None:
        """Stamp a specimen of the longest code, so that a page without room is found before anything is signed."""
        address = certificate_address(self.public_address, _SPECIMEN_ID)
        stamp(data, code_text(address, _LONGEST_KEY_TEXT), self.place, name, attach=None)


@dataclass(slots=True)
class AttestedReader:
    """Reads files and lists of files into drafts.

    Attributes:
        body: the certification body or laboratory.
        did: the DID that will sign.
        open_checks: opens PTB's schemas; asked only if there is a DCC.
        public_address: where codes lead.
        place: where a code is stamped; None: nothing is stamped.
    """

    body: Body
    did: str
    open_checks: Callable[[], DccChecks]
    public_address: str
    place: StampPlace | None = field(default_factory=StampPlace)
    _checks: DccChecks | None = None
    _paths: dict[str, Path] = field(default_factory=dict)
    _drafts: list[Draft] = field(default_factory=list)
    _problems: list[RowProblem] = field(default_factory=list)
    _advice: list[RowProblem] = field(default_factory=list)

    def read(self, paths: Iterable[Path]) -> Drafts:
        """Read DCC files (.xml), folders of them, and lists of PDFs, in this order and that of their names.

        Raises:
            InvalidInput: PTB's schemas are needed and not there; what is wrong with a file is in `problems`.
        """
        for path in paths:
            files = sorted(path.glob("*.[xX][mM][lL]")) if path.is_dir() else [path]
            if not files:
                self._tell(
                    path.name, Sentence("the folder holds no .xml file; a PDF needs a list (docs/dcc.md)")
                )
            for file in files:
                if file.suffix.lower() == ".xml":
                    self._read_dcc(file)
                else:
                    self._read_list(file)
        good, doubled = _without_doubles(self._drafts)
        return Drafts(tuple(good), (*self._problems, *doubled), tuple(self._advice))

    def files(self) -> AttestedFiles:
        """Return what gives out the files that were read."""
        return AttestedFiles(dict(self._paths), self.public_address, self.place or StampPlace())

    def _read_dcc(self, path: Path) -> None:
        self._checks = self._checks or self.open_checks()
        source = DccSource(path.name)
        try:
            dcc = self._checks.read(_read(path), path.name)
            content = self._content_of(dcc)
        except InvalidInput as error:
            self._tell(path.name, error.message)
            return
        wrong = list(refusals(content))
        for problem in wrong:
            self._tell(
                path.name, Sentence("{place}: {message}", place=problem.place, message=problem.message)
            )
        for finding in dcc.advice:
            text = Sentence("{name}: {text}", name=path.name, text=finding.text)
            self._advice.append(RowProblem(source.place(), "advice", {"found": text}))
        if not wrong:
            self._keep(Draft(source, dcc.header.number(), 1, content, None), dcc.digest, path)

    def _content_of(self, dcc: Dcc) -> JSONObject:
        header, dates = dcc.header, dcc.header.dates()
        day = dates.get("issueDate", dates["performedTo"])
        file: JSONObject = {"mediaType": XML, "sourceDigest": b64url(dcc.digest), "stamped": False}
        subject: JSONObject = {
            "attestedKind": "calibration",
            "visibility": "confidential",
            "body": header.laboratory(),
            "client": header.customer(),
            "items": header.items(),
            "authorisedBy": header.people(),
            "file": file | {"dccVersion": dcc.version},
            **dates,
        }
        location = header.performance_location()
        return {
            "@context": list(CONTEXTS),
            "type": list(types_of(TYPE)),
            "issuer": {"id": self.did, "name": self.body.name, "legalId": self.body.legal_id},
            "name": names_of("calibration"),
            "certificateNumber": header.number(),
            "version": 1,
            "language": header.language(),
            "validFrom": f"{day}T00:00:00{self.body.offset}",
            "relatedResource": [related_resource(XML, dcc.digest)],
            "credentialSubject": subject | ({"performanceLocation": location} if location else {}),
        }

    def _read_list(self, path: Path) -> None:
        table = read_list(path)
        self._problems += table.problems
        for row in table.rows:
            listed = read_listed(table, row, path.parent, self.body, self.did)
            if isinstance(listed, ListedFile):
                self._read_listed(listed)
            else:
                self._problems += listed

    def _read_listed(self, listed: ListedFile) -> None:
        name = listed.path.name
        try:
            data = _read(listed.path)
            self._require_usable(data, name)
        except InvalidInput as error:
            values = {"found": name, "reason": error.message}
            self._problems.append(RowProblem(listed.source.place("file"), "bad-file", values))
            return
        digest = sha256(data)
        stamped = self.place is not None
        related: list[JSONValue] = [] if stamped else [related_resource(PDF, digest)]
        draft = listed.draft(file_member(b64url(digest), stamped=stamped), related)
        if isinstance(draft, Draft):
            self._keep(draft, digest, listed.path)
        else:
            self._problems += draft

    def _require_usable(self, data: bytes, name: str) -> None:
        facts = inspect_pdf(data, name)
        if self.place is None:
            return
        if facts.signed:
            message = Sentence(
                "it bears a signature, which a code on the page would break: stamp first and sign "
                "afterwards, or bind it as it is with --no-stamp"
            )
            raise InvalidInput(message, place=name, code="pdf-signed")
        self.files().rehearse(data, name)

    def _keep(self, draft: Draft, digest: bytes, path: Path) -> None:
        known = self._paths.setdefault(b64url(digest), path)
        if known is not path:
            values = {"found": path.name, "reason": Sentence("the same file as {other}", other=known.name)}
            self._problems.append(RowProblem(draft.source.place("file"), "bad-file", values))
            return
        self._drafts.append(draft)

    def _tell(self, name: str, message: str) -> None:
        self._problems.append(RowProblem(Place(0), "bad-file", {"found": name, "reason": message}))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_PDF_BYTES + 1)
    except OSError as error:
        message = Sentence("cannot read {path}: {reason}", path=path, reason=error)
        raise InvalidInput(message, code="not-readable") from error
    if len(data) > MAX_PDF_BYTES:
        raise InvalidInput(Sentence("expected at most {most} bytes", most=MAX_PDF_BYTES), code="too-large")
    return data


def _without_doubles(drafts: list[Draft]) -> tuple[list[Draft], list[RowProblem]]:
    first: dict[tuple[str, int], Draft] = {}
    problems: list[RowProblem] = []
    for draft in drafts:
        kept = first.setdefault((draft.number, draft.version), draft)
        if kept is not draft:
            problems.append(_doubled(draft, kept))
    return list(first.values()), problems


def _doubled(draft: Draft, kept: Draft) -> RowProblem:
    if isinstance(draft.source, DccSource):
        reason = Sentence("another file has its number {number!r}", number=draft.number)
        return RowProblem(Place(0), "bad-file", {"found": draft.source.name, "reason": reason})
    values = {"found": draft.number, "version": str(draft.version), "first": str(kept.source.place().row)}
    return RowProblem(draft.source.place("number"), "duplicate-number", values)
