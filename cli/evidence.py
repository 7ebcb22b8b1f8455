"""`certlog evidence`: keep evidence fresh: pending becomes anchored, anchored fresher; nothing proven is lost."""

import time
from pathlib import Path
from typing import Final

import click

from certlog.certificate_id import ID_LENGTH, certificate_id, id_prefix_matches, parse_id
from certlog.entry import CertificateEntry, StatementEntry, parse_entry
from certlog.errors import InvalidInput, Unavailable
from certlog.evidence import Evidence
from certlog.sentences import Sentence
from cli.files import read_file, replace_file
from cli.language import Group, language, say
from cli.pins import read_trust_root, trust_root_option
from verifier.inputs import HandedIn, read_path
from verifier.pdf_attachments import EVIDENCE_SUFFIX, with_evidence
from verifier.registry_client import RegistryAddress
from verifier.report import Report
from verifier.upgrade import Subject, upgraded
from verifier.words import show_time

_FILE: Final = click.Path(path_type=Path, dir_okay=False)


@click.group("evidence", cls=Group)
def evidence() -> None:
    """Evidence files: make them fresher."""


@evidence.command("upgrade")
@click.argument("path", metavar="FILE", type=_FILE)
@click.option(
    "--registry", "url", metavar="URL", help="The registry to ask for evidence  [default: https://<origin>]"
)
@trust_root_option
@click.option("--evidence", "evidence_path", type=_FILE, help="The evidence of a PDF or certificate.")
def upgrade(*, path: Path, url: str | None, trust_root_path: Path, evidence_path: Path | None) -> None:
    """Put what the registry proves now in place of older evidence, and lose nothing that was proven.

    FILE is an evidence file, or a certificate or PDF, whose evidence is written beside it. A PDF that carries evidence
    gets the new one inside, unless the issuer bound its bytes or it is sealed: such a file is never rewritten.
    """
    trust_root = read_trust_root(trust_root_path)
    address = RegistryAddress.of(url or f"https://{trust_root.origin}")
    handed_in = read_path(path, evidence_path=evidence_path)
    new = _fetched(address, _code_of(path, handed_in))
    merged, report = upgraded(
        handed_in.evidence,
        new,
        _subject(address, new, handed_in),
        trust_root,
        at=int(time.time()),
        consistency=address.fetch_consistency,
    )
    if handed_in.evidence == merged:
        say(Sentence("nothing newer: {path} stays as it is", path=path))
    else:
        written = _write(path, evidence_path, handed_in, merged)
        say(Sentence("{path}: evidence upgraded", path=written))
    _tell(report, merged)


def _tell(report: Report, merged: Evidence) -> None:
    anchored = sum(bool(head.anchors) for head in merged.heads)
    say(
        Sentence(
            "  heads: {heads}, of which {anchored} name an anchor", heads=len(merged.heads), anchored=anchored
        )
    )
    if report.status_as_of is not None:
        say(Sentence("  status as of {time}", time=show_time(report.status_as_of, language())))


def _code_of(path: Path, handed_in: HandedIn) -> str:
    if handed_in.document is not None:
        return certificate_id(handed_in.document.document_hash)
    if handed_in.named:
        return handed_in.named
    try:
        return parse_id(path.name[:ID_LENGTH])
    except InvalidInput as error:
        message = Sentence(
            "{path} does not hold its certificate: hand in the certificate's own file with --evidence",
            path=path,
        )
        raise InvalidInput(message, code="no-certificate") from error


def _fetched(address: RegistryAddress, identifier: str) -> Evidence:
    data = address.fetch_evidence(identifier)
    if data is None:
        raise InvalidInput(
            Sentence("{url}: no certificate has this code", url=address.url), code="no-such-id"
        )
    return Evidence.parse(data)


def _subject(address: RegistryAddress, new: Evidence, handed_in: HandedIn) -> Subject:
    """Return the certificate in hand; of one whose content is nowhere, its entry, which must fit what was asked."""
    if handed_in.document is not None:
        return Subject(handed_in.document)
    if new.certificate is not None:
        return Subject(None)
    data = address.fetch_entry(new.index)
    entry = None if data is None else parse_entry(data)
    if not isinstance(entry, CertificateEntry):
        raise Unavailable(Sentence("entry {index} is not served", index=new.index))
    if handed_in.named and not id_prefix_matches(handed_in.named, entry.document_hash):
        message = Sentence(
            "{url} answered with {identifier}",
            url=address.url,
            identifier=certificate_id(entry.document_hash),
        )
        raise InvalidInput(message, code="another-document")
    return Subject(None, entry)


def _write(path: Path, evidence_path: Path | None, handed_in: HandedIn, merged: Evidence) -> Path:
    """Write the evidence where it came from, or beside the file; return where."""
    data = merged.to_bytes()
    beside = path.with_suffix(EVIDENCE_SUFFIX)
    if evidence_path is not None:
        replace_file(evidence_path, data)
        return evidence_path
    if path.name.endswith(EVIDENCE_SUFFIX) and handed_in.file is None:
        replace_file(path, data)
        return path
    if handed_in.file is not None and not beside.exists() and not _is_bound(merged):
        rewritten = with_evidence(read_file(path), data)
        if rewritten is not None:
            replace_file(path, rewritten)
            return path
    replace_file(beside, data)
    return beside


def _is_bound(found: Evidence) -> bool:
    """Whether the issuer bound any file: then no file of this certificate is ever rewritten."""
    return any(
        isinstance(event.entry, StatementEntry) and event.entry.document.content.get("action") == "bindFile"
        for event in found.events
    )
