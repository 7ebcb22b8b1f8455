"""From what a person typed to a report: finds the evidence, reads the chain, and asks the verifier.

The order is that of `certlog verify`; who may be contacted is in `Source`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from certlog.certificate_id import certificate_id, id_prefix_matches, parse_id
from certlog.documents import SecuredDocument
from certlog.entry import CertificateEntry, parse_entry
from certlog.errors import InvalidInput, MistypedId, Unavailable
from certlog.evidence import Evidence
from certlog.sealed import key_from_text, open_sealed
from certlog.sentences import Sentence
from certlog.trust_root import TrustRoot
from verifier.chain_view import NOT_CONSULTED, AnchorReading, ChainView
from verifier.check_log import OpenHead, open_heads
from verifier.inputs import looks_like_path, read_path
from verifier.registry_client import RegistryAddress
from verifier.report import Reason, Report, Verdict
from verifier.unproven import as_unknown, mistyped, nothing_checked, unknown
from verifier.verify import verify


@dataclass(frozen=True, slots=True)
class Source:
    """Where evidence and anchors may be looked for.

    Attributes:
        registry: the one registry that may be asked.
        endpoints: nodes to ask instead of the trust root's.
        offline: contact nobody.
        evidence_path: the evidence file that goes with a PDF or certificate.
        seen: anchors that this device read before.
        key: what opens sealed content; it is sent to nobody.
        on: a moment for whose state is asked too.
    """

    registry: RegistryAddress
    endpoints: tuple[str, ...] = ()
    offline: bool = False
    evidence_path: Path | None = None
    seen: tuple[AnchorReading, ...] = ()
    key: bytes | None = field(default=None, repr=False)
    on: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The report, and the view of the chain that it rests on."""

    report: Report
    view: ChainView = NOT_CONSULTED


def answer(target: str, trust_root: TrustRoot, source: Source, *, at: int, now: Callable[[], int]) -> Answer:
    """Verify what a person named: a file, a certificate code, or a page's address.

    Raises:
        InvalidInput: a file or address that is none of these.
        Unavailable: a file that cannot be read.
    """
    path = Path(target)
    if not path.is_file():
        target, source = _without_key(target, source)
    if not target.lower().startswith(("http://", "https://")) and (path.is_file() or looks_like_path(target)):
        return _answer_for_file(path, trust_root, source, at=at, now=now)
    try:
        is_page = looks_like_path(target)
        identifier = source.registry.id_in_page(target) if is_page else parse_id(target)
    except MistypedId as error:
        return Answer(mistyped(error, at=at))
    return _answer_for_id(identifier, trust_root, source, at=at, now=now)


def _answer_for_file(
    path: Path, trust_root: TrustRoot, source: Source, *, at: int, now: Callable[[], int]
) -> Answer:
    handed_in = read_path(path, evidence_path=source.evidence_path)
    document, is_unknown, problem = handed_in.document, False, ""
    identifier = certificate_id(document.document_hash) if document is not None else handed_in.named
    if handed_in.evidence is None and identifier and not source.offline:
        evidence, problem = _fetch(identifier, source)
        is_unknown = evidence is None and not problem
        handed_in = replace(handed_in, evidence=evidence)
    view = _look_at_chain(handed_in.evidence, trust_root, source, now)
    view = replace(view, problem=problem) if problem else view
    entry = None if document is not None or source.offline else _fetch_entry(handed_in.evidence, source)[0]
    report = verify(
        handed_in.evidence,
        trust_root,
        at,
        view,
        file=handed_in.file,
        certificate=handed_in.certificate,
        entry=entry,
        on=source.on,
    )
    return Answer(as_unknown(report) if is_unknown else report, view)


def _answer_for_id(
    identifier: str, trust_root: TrustRoot, source: Source, *, at: int, now: Callable[[], int]
) -> Answer:
    if source.offline:
        message = "a certificate code needs the registry; offline, hand in the evidence file (.certlog.json)"
        raise InvalidInput(message, code="offline")
    evidence, problem = _fetch(identifier, source)
    if problem:
        return Answer(nothing_checked(Verdict.CANNOT_CHECK, Reason.NO_EVIDENCE, at=at, why=problem))
    if evidence is None:
        return Answer(unknown(at=at, registry=source.registry.url))
    document, entry, problem = evidence.certificate, None, ""
    if document is None:
        entry, problem = _fetch_entry(evidence, source)
    named = document or entry
    if named is None:
        return Answer(nothing_checked(Verdict.CANNOT_CHECK, Reason.NO_EVIDENCE, at=at, why=problem))
    # The id is a locator: evidence of some other certificate, however good, is no answer.
    if not id_prefix_matches(identifier, named.document_hash):
        why = Sentence(
            "{url} answered with {identifier}",
            url=source.registry.url,
            identifier=certificate_id(named.document_hash),
        )
        return Answer(nothing_checked(Verdict.CANNOT_CHECK, Reason.ANOTHER_DOCUMENT, at=at, why=why))
    view = _look_at_chain(evidence, trust_root, source, now)
    opened = None if entry is None or source.key is None else _open(identifier, entry, source.key, source)
    return Answer(verify(evidence, trust_root, at, view, certificate=opened, entry=entry, on=source.on), view)


def _without_key(target: str, source: Source) -> tuple[str, Source]:
    """Take the key off what was typed or scanned: `https://HOST/c/ID#KEY` or `ID#KEY`."""
    place, mark, text = target.partition("#")
    if not mark:
        return target, source
    key = key_from_text(text)
    if source.key not in (None, key):
        message = Sentence("expected one key, found two that differ: leave out --key or what follows the #")
        raise InvalidInput(message, code="two-keys")
    return place, replace(source, key=key)


def _open(identifier: str, entry: CertificateEntry, key: bytes, source: Source) -> SecuredDocument:
    blob = source.registry.fetch_sealed(identifier)
    if blob is None:
        message = Sentence(
            "{url} holds no sealed content of this certificate; ask its holder for the file",
            url=source.registry.url,
        )
        raise InvalidInput(message, code="no-sealed-content")
    return open_sealed(blob, key, entry.document_hash)


def _fetch_entry(evidence: Evidence | None, source: Source) -> tuple[CertificateEntry | None, str]:
    """Return the certificate's entry, which says who signed which hash, or the problem of getting it."""
    if evidence is None:
        return None, ""
    try:
        data = source.registry.fetch_entry(evidence.index)
        entry = None if data is None else parse_entry(data)
    except (Unavailable, InvalidInput) as error:
        return None, str(error)
    if isinstance(entry, CertificateEntry):
        return entry, ""
    return None, Sentence(
        "{url}: entry {index} is no certificate", url=source.registry.url, index=evidence.index
    )


def _fetch(identifier: str, source: Source) -> tuple[Evidence | None, str]:
    """Return the registry's evidence (None: it has no such id), or the problem of getting it."""
    try:
        data = source.registry.fetch_evidence(identifier)
        return (None if data is None else Evidence.parse(data)), ""
    except Unavailable as error:
        return None, str(error)
    except InvalidInput as error:
        return None, Sentence(
            "{url}: the answer is no evidence: {error}", url=source.registry.url, error=error
        )


def _look_at_chain(
    evidence: Evidence | None, trust_root: TrustRoot, source: Source, now: Callable[[], int]
) -> ChainView:
    if source.offline or evidence is None:
        return replace(NOT_CONSULTED, seen=source.seen)
    try:
        heads = open_heads(evidence)
    except InvalidInput as error:
        return replace(NOT_CONSULTED, seen=source.seen, problem=str(error))
    return look_at_heads(heads, trust_root, source, now)


def look_at_heads(
    heads: Sequence[OpenHead], trust_root: TrustRoot, source: Source, now: Callable[[], int]
) -> ChainView:
    """Ask the pinned chains for these heads, unless nobody may be asked."""
    if source.offline or not heads:
        return replace(NOT_CONSULTED, seen=source.seen)
    from verifier.chain_reader import Head, read_chains  # noqa: PLC0415 - offline must start at once

    asked = [Head(head.size, head.checkpoint.root) for head in heads]
    return replace(read_chains(trust_root, asked, now=now, endpoints=source.endpoints), seen=source.seen)
