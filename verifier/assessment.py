"""What an assessor of one body asks a log for: every certificate of a period, a sample, what happened, what came late.

The list is complete because the log is: a body cannot leave out a certificate that it has registered. When an entry was
logged is known to within its next epoch, whose time stands for it.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from certlog.certificate_id import certificate_id
from certlog.credential import number_of, validity, version_of
from certlog.digests import DocumentHash, sha256
from certlog.documents import SecuredDocument
from certlog.epoch import Epoch
from certlog.log_replay import LogReplay, ReplayedCertificate
from certlog.status import CertificateStatus, StatusStatement
from certlog.strict_json import JSONObject, get_str
from certlog.timestamps import parse_date

DAY: Final = 86_400
_STATES: Final = {"withdraw": "withdrawn", "cancel": "cancelled", "supersede": "superseded"}


@dataclass(frozen=True, slots=True)
class Question:
    """What is assessed.

    Attributes:
        body: DID.
        start: first second of the period.
        end: the second after it.
        seed: makes the sample; published, so that anyone draws the same.
        sample: how many certificates to draw.
        late_days: registered later than this after it began to be valid counts as late.
    """

    body: str
    start: int
    end: int
    seed: str
    sample: int
    late_days: int


@dataclass(frozen=True, slots=True)
class Assessed:
    """One certificate of the period.

    Attributes:
        index: its entry.
        id: its 20 characters.
        document_hash: what identifies it.
        logged_by: time of the epoch after it.
        status: in force (as far as the log says), suspended, withdrawn, cancelled or superseded.
        content: "public", "opened" by the body, "sealed" or "withheld".
        number: its number, where the content is known; so are all that follow.
        version: its version.
        kind: its profile.
        customer: for whom.
        valid_from: seconds since the epoch.
        valid_until: or None.
        issued_earlier: the date before the registry, as the body claims it.
        late_days: whole days between the start of validity and the registration; None where unknown.
    """

    index: int
    id: str
    document_hash: DocumentHash
    logged_by: int
    status: str
    content: str
    number: str = ""
    version: int | None = None
    kind: str = ""
    customer: str = ""
    valid_from: int | None = None
    valid_until: int | None = None
    issued_earlier: str = ""
    late_days: int | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """One status statement of the body in the period."""

    index: int
    logged_by: int
    id: str
    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """The answer: everything, the sample, what happened, and what was registered late."""

    question: Question
    certificates: tuple[Assessed, ...]
    sample: tuple[Assessed, ...]
    events: tuple[Happened, ...]
    late: tuple[Assessed, ...]


Content = tuple[str, SecuredDocument | None]
"""How the content is known ("public", "opened", "sealed", "withheld"), and the document where it is."""


def assess(
    question: Question,
    replay: LogReplay,
    epochs: Sequence[Epoch],
    content_of: Callable[[ReplayedCertificate], Content],
) -> Assessment:
    """Answer for one body and period.

    Args:
        question: what is asked.
        replay: the whole log, audited.
        epochs: every epoch, in order.
        content_of: how the content of a certificate is known; a document must be the one that was logged.
    """
    dated = _Dates(epochs)
    own = sorted((c for c in replay.certificates() if c.issuer == question.body), key=lambda c: c.index)
    certificates = tuple(
        _assessed(certificate, time, replay.status(certificate.document_hash), content_of(certificate))
        for certificate in own
        if question.start <= (time := dated.of(certificate.index)) < question.end
    )
    return Assessment(
        question,
        certificates,
        draw(certificates, question.seed, question.sample),
        tuple(_events(question, own, replay, dated)),
        tuple(found for found in certificates if _is_late(found, question.late_days)),
    )


def draw(certificates: Sequence[Assessed], seed: str, count: int) -> tuple[Assessed, ...]:
    """Return a sample that anyone can draw again: the smallest SHA-256(seed ‖ document hash), `count` of them."""
    ranked = sorted(certificates, key=lambda found: sha256(seed.encode() + found.document_hash))
    return tuple(sorted(ranked[:count], key=lambda found: found.index))


class _Dates:
    """When entries were logged, at the latest."""

    def __init__(self, epochs: Sequence[Epoch]) -> None:
        self._ends = [epoch.as_of for epoch in epochs]
        self._times = [epoch.time for epoch in epochs]

    def of(self, index: int) -> int:
        """Return the time of the first epoch after an entry; of the last one, where none has followed yet."""
        at = bisect_right(self._ends, index)
        return self._times[min(at, len(self._times) - 1)] if self._times else 0


def _assessed(
    certificate: ReplayedCertificate, time: int, status: CertificateStatus, content: Content
) -> Assessed:
    how, document = content
    digest = certificate.document_hash
    plain = Assessed(certificate.index, certificate_id(digest), digest, time, _state(status), how)
    if document is None:
        return plain
    said = document.content
    valid_from, valid_until = validity(said)
    return Assessed(
        plain.index,
        plain.id,
        plain.document_hash,
        plain.logged_by,
        plain.status,
        plain.content,
        number=number_of(said),
        version=version_of(said),
        kind=_kind(said),
        customer=_customer(said),
        valid_from=valid_from,
        valid_until=valid_until,
        issued_earlier=get_str(said, "issuedEarlier") if "issuedEarlier" in said else "",
        late_days=max(0, (time - valid_from) // DAY),
    )


def _state(status: CertificateStatus) -> str:
    if status.revoked and status.action is not None:
        return _STATES.get(status.action.value, "withdrawn")
    return "suspended" if status.suspended else "in force"


def _is_late(found: Assessed, days: int) -> bool:
    if found.issued_earlier:
        parse_date(found.issued_earlier)
        return True
    return found.late_days is not None and found.late_days > days


def _kind(content: JSONObject) -> str:
    types = content.get("type")
    return str(types[-1]) if isinstance(types, list) and types else ""


def _customer(content: JSONObject) -> str:
    subject = content.get("credentialSubject")
    for name in ("client", "customer"):
        party = subject.get(name) if isinstance(subject, dict) else None
        if isinstance(party, dict) and isinstance(party.get("name"), str):
            return str(party["name"])
    return ""


def _events(
    question: Question, own: Sequence[ReplayedCertificate], replay: LogReplay, dated: _Dates
) -> Iterator[Happened]:
    found = []
    for certificate in own:
        for event in replay.events(certificate.document_hash):
            time = dated.of(event.index)
            if question.start <= time < question.end:
                statement = StatusStatement.from_json(event.document.content)
                identifier = certificate_id(certificate.document_hash)
                found.append(
                    Happened(event.index, time, identifier, statement.action.value, statement.reason or "")
                )
    yield from sorted(found, key=lambda happened: happened.index)
