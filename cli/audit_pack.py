"""`certlog audit pack`: the assessment pack of one body and period, as a folder of JSON, HTML and CSV."""

import csv
import io
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, TypedDict, Unpack

import click

from certlog.certificate_id import certificate_id, format_id
from certlog.clean_text import json_text
from certlog.documents import SecuredDocument
from certlog.encoding import b64url
from certlog.errors import InvalidInput, NotTrusted
from certlog.keys import check_did
from certlog.log_replay import ReplayedCertificate
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject
from certlog.tile_reader import MissingTile
from certlog.timestamps import format_time, parse_time
from cli.audit_text import audit_lines
from cli.language import Command, in_words, say, shown
from cli.pins import read_trust_root
from cli.report_page import ReportPage, Table, html_page
from cli.within import patient_source, within_option
from issuer.csv_file import RISKY
from issuer.journal import Journal, open_journal
from verifier.assessment import Assessed, Assessment, Content, Happened, Question, assess
from verifier.audit import audit
from verifier.audit_documents import document_path
from verifier.audit_record import Audit, AuditRequest
from verifier.mirror import Mirror
from web.translation import LANGUAGES, Language, said

_FOLDER: Final = click.Path(path_type=Path, file_okay=False)
_CERTIFICATES: Final = (
    "index", "id", "documentHash", "loggedBy", "status", "content", "number", "version", "kind", "customer",
    "validFrom", "validUntil", "issuedEarlier", "lateDays",
)  # fmt: skip
_EVENTS: Final = ("index", "loggedBy", "id", "action", "reason")
_SHOWN: Final = 2000


class _Options(TypedDict):
    trust_root_path: Path
    body: str
    start: str
    end: str
    out: Path
    journal: Path | None
    seed: str | None
    sample: int
    late_days: int
    jobs: int | None
    within: int | None


@click.command("pack", cls=Command)
@click.argument("source")
@click.option(
    "--trust-root",
    "trust_root_path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    envvar="CERTLOG_TRUST_ROOT",
    show_envvar=True,
    help="What the audit takes for granted; see `certlog trust-root`.",
)
@click.option("--body", metavar="DID", required=True, help="The body that is assessed.")
@click.option("--from", "start", metavar="TIME", required=True, help="Such as 2026-01-01T00:00:00+07:00.")
@click.option("--to", "end", metavar="TIME", required=True, help="The end of the period, itself not in it.")
@click.option("--out", type=_FOLDER, required=True, help="A new folder for the pack.")
@click.option(
    "--journal", type=_FOLDER, help="The body's own output folder: opens what it sealed or withheld."
)
@click.option("--seed", help="Makes the sample; published in the pack  [default: the log's root hash]")
@click.option(
    "--sample", type=click.IntRange(0, 10_000), default=20, show_default=True, help="Certificates to draw."
)
@click.option(
    "--late-days",
    type=click.IntRange(0),
    default=30,
    show_default=True,
    help="Registered later than so many days after it began to be valid is listed as late.",
)
@click.option(
    "--jobs", type=click.IntRange(1, 64), help="Processes that verify signatures  [default: all cores]"
)
@within_option
def pack(source: str, **options: Unpack[_Options]) -> None:
    """Write what an assessor of one body asks for: all certificates of a period, a sample, changes, late registrations.

    The log is audited first. The list is complete: what a body has registered it cannot leave out. With --journal the
    pack holds content that is not public: it is then for the assessor only.
    """
    check_did(options["body"], "--body")
    out = options["out"]
    if out.exists():
        raise InvalidInput(Sentence("{path} exists; choose a new folder", path=out), code="folder-used")
    with closing(patient_source(source, options["within"])) as found, _journal(options["journal"]) as journal:
        mirror = Mirror(found, None)
        audited = _audited(mirror, options)
        question = _question(options, audited)
        if audited.replay.trust.record(question.body) is None:
            message = Sentence(
                "no body with this DID was ever enrolled in the log of {origin}", origin=audited.origin
            )
            raise InvalidInput(message, place="--body", code="no-such-body")
        answer = assess(
            question,
            audited.replay,
            audited.epochs,
            lambda certificate: _content(mirror, journal, certificate),
        )
    out.mkdir(parents=True, mode=0o700)
    for name, data in pack_files(answer, audited).items():
        (out / name).write_bytes(data)
    say(
        Sentence(
            "{out}: {certificates} certificates, {sample} in the sample, {events} changes of status, {late} late",
            out=out,
            certificates=len(answer.certificates),
            sample=len(answer.sample),
            events=len(answer.events),
            late=len(answer.late),
        )
    )


def pack_files(answer: Assessment, audited: Audit) -> dict[str, bytes]:
    """Return the files of a pack, by name."""
    files = {
        "pack.json": json_text(_json(answer, audited), indent=2).encode() + b"\n",
        "certificates.csv": csv_bytes(_CERTIFICATES, [_row(found) for found in answer.certificates]),
        "sample.csv": csv_bytes(_CERTIFICATES, [_row(found) for found in answer.sample]),
        "late.csv": csv_bytes(_CERTIFICATES, [_row(found) for found in answer.late]),
        "events.csv": csv_bytes(_EVENTS, [_event_row(found) for found in answer.events]),
    }
    for language in LANGUAGES:
        files[f"pack.{language}.html"] = html_page(_page(answer, audited, language))
    return files


def csv_bytes(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """Return a CSV file for spreadsheets: UTF-8 with its mark; no cell of it can start a formula."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(columns)
    writer.writerows([f"'{cell}" if cell.startswith(RISKY) else cell for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + target.getvalue().encode()


def _audited(mirror: Mirror, options: _Options) -> Audit:
    request = AuditRequest(
        read_trust_root(options["trust_root_path"]),
        mirror,
        now=lambda: int(time.time()),
        sleep=time.sleep,
        jobs=options["jobs"] or os.cpu_count() or 1,
        offline=True,
    )
    found = audit(request)
    if not found.log_is_right:
        for line in audit_lines(found):
            click.echo(shown(in_words(line)), err=True)
        message = "no pack was made: the log is not right, or could not be read as a whole"
        raise NotTrusted(message, code="not-right")
    return found


def _question(options: _Options, audited: Audit) -> Question:
    start, end = parse_time(options["start"], "--from"), parse_time(options["end"], "--to")
    if end <= start:
        raise InvalidInput("the period ends before it begins", place="--to", code="bad-period")
    seed = options["seed"] or audited.root.hex()
    return Question(options["body"], start, end, seed, options["sample"], options["late_days"])


@contextmanager
def _journal(folder: Path | None) -> Iterator[Journal | None]:
    if folder is None:
        yield None
        return
    with open_journal(folder, create=False) as journal:
        yield journal


def _content(mirror: Mirror, journal: Journal | None, certificate: ReplayedCertificate) -> Content:
    try:
        return "public", _own(SecuredDocument.parse(mirror.read(document_path(certificate))), certificate)
    except MissingTile:
        pass
    row = None if journal is None else journal.certificate(certificate.document_hash)
    if row is not None:
        return "opened", _own(row.secured(), certificate)
    try:
        mirror.read(f"api/v1/certificates/{certificate_id(certificate.document_hash)}/sealed")
    except MissingTile:
        return "withheld", None
    return "sealed", None


def _own(document: SecuredDocument, certificate: ReplayedCertificate) -> SecuredDocument:
    if document.document_hash != certificate.document_hash:
        message = Sentence(
            "the document found is not the one that entry {index} logs", index=certificate.index
        )
        raise InvalidInput(message, code="other-document")
    return document


def _row(found: Assessed) -> tuple[str, ...]:
    times = [format_time(t) if t is not None else "" for t in (found.valid_from, found.valid_until)]
    numbers = [str(n) if n is not None else "" for n in (found.version, found.late_days)]
    return (
        str(found.index), format_id(found.id), b64url(found.document_hash), format_time(found.logged_by), found.status,
        found.content, found.number, numbers[0], found.kind, found.customer, *times, found.issued_earlier, numbers[1],
    )  # fmt: skip


def _event_row(found: Happened) -> tuple[str, ...]:
    return (
        str(found.index),
        format_time(found.logged_by),
        format_id(found.id),
        found.action,
        found.reason,
    )


def _json(answer: Assessment, audited: Audit) -> JSONObject:
    asked = answer.question
    return {
        "v": 1,
        "origin": audited.origin,
        "size": audited.size,
        "root": b64url(audited.root),
        "checkpoint": [*audited.note.split("\n")[:-1]],
        "trustRoot": audited.fingerprint,
        "body": asked.body,
        "from": format_time(asked.start),
        "to": format_time(asked.end),
        "seed": asked.seed,
        "sampleRule": "smallest SHA-256(seed ‖ documentHash)",
        "lateDays": asked.late_days,
        "certificates": [dict(zip(_CERTIFICATES, _row(c), strict=True)) for c in answer.certificates],
        "sample": [found.index for found in answer.sample],
        "late": [found.index for found in answer.late],
        "events": [dict(zip(_EVENTS, _event_row(event), strict=True)) for event in answer.events],
    }


def _page(answer: Assessment, audited: Audit, language: Language) -> ReportPage:
    def words(text: str) -> str:
        return said(text, language)

    asked = answer.question
    record = audited.replay.trust.record(asked.body)
    name = "" if record is None else record.names.vi
    lead = Sentence(
        "{certificates} certificates, {events} changes of status, {late} registered late",
        certificates=len(answer.certificates),
        events=len(answer.events),
        late=len(answer.late),
    )
    return ReportPage(
        language=language,
        title=words(Sentence("Assessment pack: {name}", name=name or asked.body)),
        lead=words(lead),
        mood="plain",
        facts=(
            (words(Sentence("body")), asked.body),
            (words(Sentence("period")), f"{format_time(asked.start)} – {format_time(asked.end)}"),
            (words(Sentence("log")), audited.origin),
            (words(Sentence("entries")), str(audited.size)),
            (words(Sentence("root hash")), audited.root.hex()),
            (words(Sentence("seed of the sample")), asked.seed),
        ),
        tables=(
            _table(Sentence("Sample"), answer.sample, words),
            _table(Sentence("Registered late"), answer.late, words),
            _timeline(answer.events, words),
            _table(Sentence("All certificates"), answer.certificates, words),
        ),
        notes=(
            words(
                Sentence("An entry was logged at the latest at the time of its next epoch, which is shown.")
            ),
            words(
                Sentence(
                    "The sample is drawn by the smallest SHA-256 of seed and document hash: anyone can draw it again."
                )
            ),
        ),
    )


def _table(title: Sentence, rows: Sequence[Assessed], words: Callable[[str], str]) -> Table:
    columns = (
        Sentence("entry"), Sentence("code"), Sentence("number"), Sentence("logged"), Sentence("status"),
        Sentence("content"), Sentence("customer"),
    )  # fmt: skip
    cells = tuple(
        (
            str(found.index),
            format_id(found.id),
            found.number,
            format_time(found.logged_by),
            words(STATES[found.status]),
            words(CONTENTS[found.content]),
            found.customer,
        )
        for found in rows[:_SHOWN]
    )
    return Table(words(title), tuple(map(words, columns)), cells, words(Sentence("None.")))


def _timeline(events: Sequence[Happened], words: Callable[[str], str]) -> Table:
    columns = (
        Sentence("entry"),
        Sentence("logged"),
        Sentence("code"),
        Sentence("action"),
        Sentence("reason"),
    )
    rows = tuple(_event_row(event) for event in events[:_SHOWN])
    return Table(words(Sentence("Timeline")), tuple(map(words, columns)), rows, words(Sentence("None.")))


STATES: Final = {
    "in force": Sentence("not withdrawn or suspended"),
    "suspended": Sentence("suspended"),
    "withdrawn": Sentence("withdrawn"),
    "cancelled": Sentence("cancelled"),
    "superseded": Sentence("superseded"),
}
CONTENTS: Final = {
    "public": Sentence("public"),
    "opened": Sentence("opened by the body"),
    "sealed": Sentence("sealed content"),
    "withheld": Sentence("withheld"),
}
