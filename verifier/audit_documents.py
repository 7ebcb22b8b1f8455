"""Checks every document that a log publishes: it is the one that was logged, and what it claims was granted.

A document that is withheld or sealed is not the log's to show; the audit says how many those are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from certlog.certificate_id import certificate_id
from certlog.claims import covers, stands, valid_from_day
from certlog.credential import (
    check_certificate,
    claimed_scopes,
    issuer_of,
    number_of,
    slot_of,
    version_of,
)
from certlog.digests import LeafHash, same
from certlog.documents import MAX_DOCUMENT_BYTES, SecuredDocument
from certlog.entry import certificate_entry
from certlog.errors import InvalidInput, NotTrusted, Unavailable
from certlog.findings import Finding
from certlog.log_replay import LogReplay, ReplayedCertificate
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject
from certlog.tile_reader import MissingTile
from certlog.tree import NodeReader
from verifier.audit_parts import AuditFault, Findings, Part
from verifier.mirror import Mirror

MAX_DOCUMENT: Final = MAX_DOCUMENT_BYTES


@dataclass(slots=True)
class DocumentCounts:
    """How many documents were read, and how many certificates have none that is public."""

    read: int = 0
    absent: int = 0


def document_path(certificate: ReplayedCertificate) -> str:
    """Return where a certificate's document is served, below the log's address."""
    return f"api/v1/certificates/{certificate_id(certificate.document_hash)}/document"


def check_documents(
    mirror: Mirror, replay: LogReplay, read: NodeReader, origin: str, findings: Findings
) -> DocumentCounts:
    """Check every published document.

    Args:
        mirror: where they are read, and kept once they are verified.
        replay: the whole log, replayed.
        read: the tree's nodes: level 0 holds the leaf hashes.
        origin: the log's origin.
        findings: where findings go.
    """
    counts, numbers = DocumentCounts(), dict[tuple[str, str, int], int]()
    logged = sorted(replay.certificates(), key=lambda found: found.index)
    answers = mirror.read_ahead(document_path(certificate) for certificate in logged)
    for certificate, (path, answer) in zip(logged, answers, strict=True):
        found = answer
        if isinstance(found, MissingTile):
            counts.absent += 1
            continue
        if isinstance(found, Unavailable):
            findings.could_not(Part.DOCUMENTS, str(found))
            continue
        counts.read += 1
        leaf = LeafHash(read(0, certificate.index))
        problems = list(_problems(found, certificate, leaf, replay, origin, numbers))
        if problems and mirror.discard(path):
            found = mirror.read(path)
            problems = list(_problems(found, certificate, leaf, replay, origin, numbers))
        findings.add(problems)
        if not problems and not mirror.holds(path):
            mirror.keep(path, found)
    return counts


def _problems(  # noqa: PLR0917 - the parts of one question
    data: bytes,
    certificate: ReplayedCertificate,
    leaf: LeafHash,
    replay: LogReplay,
    origin: str,
    numbers: dict[tuple[str, str, int], int],
) -> Iterator[Finding]:
    """Yield what is wrong with one document.

    1. It is a certificate of this log, well formed.
    2. Hash, proof and slot are those of its entry: made from the document, the entry has the logged leaf hash.
    3. Its issuer is the signer; its number and version are used once.
    4. Every scope that it claims was granted and in force at its index.
    """
    index = certificate.index
    try:
        document = SecuredDocument.parse(data, max_bytes=MAX_DOCUMENT)
        check_certificate(document.content, origin=origin)  # 1
        slot = slot_of(document.content)
    except InvalidInput as error:
        yield Finding(AuditFault.BAD_DOCUMENT, index, str(error))
        return
    found = certificate_entry(document, slot).leaf_hash
    if not same(found, leaf) or issuer_of(document.content) != certificate.issuer:  # 2, 3
        what = Sentence("the published document is not the one that entry {index} logs", index=index)
        yield Finding(AuditFault.OTHER_DOCUMENT, index, what, leaf.hex(), found.hex())
        return
    key = (certificate.issuer, number_of(document.content), version_of(document.content))
    holder = numbers.setdefault(key, index)
    if holder != index:
        what = Sentence(
            "number {number!r} version {version} is used at entry {holder} already",
            number=key[1],
            version=key[2],
            holder=holder,
        )
        yield Finding(AuditFault.REPEATED_NUMBER, index, what)
    yield from _scope_problems(document.content, certificate, replay)  # 4


def _scope_problems(
    content: JSONObject, certificate: ReplayedCertificate, replay: LogReplay
) -> Iterator[Finding]:
    try:
        record = replay.trust.require_record(certificate.issuer)
    except NotTrusted as error:
        yield Finding(AuditFault.NO_SCOPE, certificate.index, str(error))
        return
    day = valid_from_day(content)
    for claim in claimed_scopes(content):
        granted = (grant for grant in record.scopes if covers(grant.scope, claim))
        if not any(stands(grant, index=certificate.index, day=day) for grant in granted):
            what = Sentence(
                "it claims {kind} by {authority} for {topics}, which was not in force at entry {index} on {day}",
                kind=claim.kind,
                authority=claim.authority,
                topics=", ".join(claim.topics),
                index=certificate.index,
                day=day,
            )
            yield Finding(AuditFault.NO_SCOPE, certificate.index, what)
