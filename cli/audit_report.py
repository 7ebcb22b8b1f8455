"""The report of an audit: JSON for programs, HTML and PDF in both languages, and a note that signs them all.

`report.note` is a signed note (c2sp.org/signed-note): log, size, root, and the SHA-256 of every file of the report. So
whoever has the auditor's key can tell that these files, and no others, are what it found.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from certlog.clean_text import json_text
from certlog.digests import sha256
from certlog.encoding import b64
from certlog.errors import InvalidInput, SignatureMismatch, Unavailable
from certlog.note import NoteSigner, VerifierKey, note_signed_by, parse_note, sign_note
from certlog.sentences import Sentence
from certlog.timestamps import format_time
from cli.audit_text import RESULTS, STATES
from cli.report_page import ReportPage, Table, html_page, pdf_page
from verifier.audit_json import audit_json, result_of
from verifier.audit_parts import PART_NAMES
from verifier.audit_record import Audit
from web.translation import LANGUAGES, Language, said

NOTE_FILE: Final = "report.note"
HEADER: Final = "certlog.audit-report/v1"
_SHOWN: Final = 500
_HEAD_LINES: Final = 5
_MOODS: Final = {"clean": "good", "finding": "bad", "not checked": "plain"}


def report_files(found: Audit, *, pdf: bool) -> dict[str, bytes]:
    """Return the files of a report, by name.

    Args:
        found: the audit.
        pdf: make PDFs, too; needs certlog[pdf].

    Raises:
        Unavailable: PDFs cannot be made here.
    """
    files = {"report.json": json_text(audit_json(found), indent=2).encode() + b"\n"}
    for language in LANGUAGES:
        page = report_page(found, language)
        files[f"report.{language}.html"] = html_page(page)
        if pdf:
            files[f"report.{language}.pdf"] = pdf_page(page, found.finished)
    return files


def report_page(found: Audit, language: Language) -> ReportPage:
    """Return what the report says, in a language."""

    def say(text: str) -> str:
        return said(text, language)

    result = result_of(found)
    return ReportPage(
        language=language,
        title=say(Sentence("Audit of {origin}", origin=found.origin)),
        lead=say(RESULTS[result]),
        mood=_MOODS[result],
        facts=_facts(found, say),
        tables=(_findings(found, say), _parts(found, say), _anchors(found, say)),
        notes=(
            say(Sentence("A finding says that something is wrong, not who did it.")),
            say(Sentence("How to check this report: certlog audit check-report FOLDER --auditor VKEY")),
        ),
    )


def signed_note(found: Audit, files: Mapping[str, bytes], signer: NoteSigner) -> str:
    """Return the note that signs a report."""
    lines = [HEADER, found.origin, str(found.size), b64(found.root), result_of(found)]
    lines += [f"{name} {sha256(data).hex()}" for name, data in sorted(files.items())]
    return sign_note("".join(f"{line}\n" for line in lines), signer)


def check_report(folder: Path, key: VerifierKey) -> str:
    """Check the files of a report against its note; return the result that the auditor signed.

    Raises:
        InvalidInput: no such report, or a file is missing or is not the signed one.
        SignatureMismatch: another key signed it, or nobody.
        Unavailable: a file cannot be read.
    """
    note = parse_note(_read(folder / NOTE_FILE).decode(errors="replace"))
    if not note_signed_by(note, key):
        raise SignatureMismatch(Sentence("the report is not signed by {key}", key=key.to_text()))
    lines = note.text.split("\n")[:-1]
    if len(lines) <= _HEAD_LINES or lines[0] != HEADER:
        raise InvalidInput("the note signs something else than a report", code="bad-report")
    (_, origin, size, _, result), files = lines[:_HEAD_LINES], lines[_HEAD_LINES:]
    _require_no_other(folder, {line.partition(" ")[0] for line in files})
    for line in files:
        name, _, wanted = line.partition(" ")
        if Path(name).name != name or name.startswith("."):
            raise InvalidInput(Sentence("no file of a report: {name!r}", name=name[:80]), code="bad-report")
        if sha256(_read(folder / name)).hex() != wanted:
            raise InvalidInput(
                Sentence("{name} is not the file that was signed", name=name), code="other-file"
            )
    return Sentence(
        "{origin}, size {size}: {result}; {count} files as signed",
        origin=origin,
        size=size,
        result=RESULTS.get(result, result),
        count=len(files),
    )


def _require_no_other(folder: Path, signed: set[str]) -> None:
    """A report.vi.pdf that nobody signed, beside files that are as signed, would be read as the auditor's."""
    try:
        others = [path.name for path in folder.glob("report*") if path.name not in {*signed, NOTE_FILE}]
    except OSError as error:
        raise Unavailable(Sentence("cannot read {path}: {reason}", path=folder, reason=error)) from error
    if others:
        message = Sentence("{name} is not among the files that were signed", name=min(others))
        raise InvalidInput(message, code="other-file")


def _facts(found: Audit, say: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    return (
        (say(Sentence("log")), found.origin),
        (say(Sentence("read from")), found.source),
        (say(Sentence("entries")), str(found.size)),
        (say(Sentence("root hash")), found.root.hex()),
        (say(Sentence("trust root")), found.fingerprint),
        (say(Sentence("begun")), format_time(found.started)),
        (say(Sentence("ended")), format_time(found.finished)),
    )


def _findings(found: Audit, say: Callable[[str], str]) -> Table:
    rows = tuple((str(f.index), str(f.code), say(f.what)) for f in found.findings[:_SHOWN])
    title = Sentence("Findings: {count}", count=found.finding_count)
    columns = (say(Sentence("entry")), say(Sentence("code")), say(Sentence("what was found")))
    return Table(say(title), columns, rows, say(Sentence("None.")))


def _parts(found: Audit, say: Callable[[str], str]) -> Table:
    rows = tuple((say(PART_NAMES[p.part]), say(STATES[p.state]), say(p.what)) for p in found.parts)
    columns = (say(Sentence("part")), say(Sentence("result")), say(Sentence("what was looked at")))
    return Table(say(Sentence("What was looked at")), columns, rows)


def _anchors(found: Audit, say: Callable[[str], str]) -> Table:
    newest = found.anchors[-_SHOWN:]
    rows = tuple(
        (str(a.size), str(a.block_number), format_time(a.block_time or 0), a.root.hex()) for a in newest
    )
    columns = (
        say(Sentence("size")),
        say(Sentence("block")),
        say(Sentence("block time")),
        say(Sentence("root hash")),
    )
    return Table(say(Sentence("Anchors")), columns, rows, say(Sentence("None was looked at.")))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InvalidInput(Sentence("{path} is missing", path=path), code="no-file") from error
    except OSError as error:
        raise Unavailable(Sentence("cannot read {path}: {reason}", path=path, reason=error)) from error
