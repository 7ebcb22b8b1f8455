"""Makes old evidence fresher with what a registry answers now, and loses nothing that the old one proved.

Pure. Heads of both are kept by docs/formats.md, section 8: first proven, newest proven, newest signed. A registry that
shows another history than the one in the file is refused, and so is an older answer.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from certlog.digests import same
from certlog.documents import SecuredDocument
from certlog.entry import CertificateEntry
from certlog.errors import InvalidInput, InvalidProof
from certlog.evidence import MAX_ANCHORS, Evidence, Head
from certlog.sentences import Sentence
from certlog.tree import verify_consistency
from certlog.trust_root import TrustRoot
from verifier.chain_view import NOT_CONSULTED
from verifier.check_anchor import check_anchor
from verifier.check_log import OpenHead, open_head, open_heads
from verifier.report import Outcome, Reason, Report, Verdict
from verifier.verify import verify

Consistency = Callable[[int, int], tuple[bytes, ...]]
"""Returns the consistency proof between two sizes of the log, unverified."""

_REFUSED: Final = (Verdict.ALTERED, Verdict.CONTRADICTED, Verdict.NOT_TRUSTED)


@dataclass(frozen=True, slots=True)
class Subject:
    """The certificate that evidence is about: the document where it is in hand, else its entry."""

    certificate: SecuredDocument | None
    entry: CertificateEntry | None = None


def upgraded(
    old: Evidence | None,
    new: Evidence,
    subject: Subject,
    trust_root: TrustRoot,
    *,
    at: int,
    consistency: Consistency,
) -> tuple[Evidence, Report]:
    """Return the fresher evidence, and what it proves offline.

    1. The new evidence is about the same certificate, and verifies as far as that goes without a chain.
    2. Its newest head is not older than the old one's, and every old head is a beginning of it.
    3. Heads: the first proven of both, the newest proven of both, the newest signed. The rest is the new one's.

    Args:
        old: what is in hand, if anything is.
        new: the registry's answer.
        subject: the certificate.
        trust_root: what a verification pins.
        at: seconds since the epoch.
        consistency: asks for a proof between two sizes.

    Raises:
        InvalidInput: another certificate, an older answer ("older"), or evidence that does not verify.
        InvalidProof: the registry shows another history ("two-histories").
    """
    if new.certificate is None and old is not None and old.certificate is not None:
        new = replace(new, certificate=old.certificate)
    _require_genuine(_report(new, subject, trust_root, at))  # 1
    if old is None:
        return new, _report(new, subject, trust_root, at)
    if old.index != new.index:
        message = Sentence("expected entry {expected}, found {found}", expected=old.index, found=new.index)
        raise InvalidInput(message, place="/index", code="another-document")
    _require_continued(open_heads(old), open_heads(new)[-1], consistency)  # 2
    merged = replace(new, heads=_heads(old.heads, new.heads, trust_root))  # 3
    report = _report(merged, subject, trust_root, at)
    _require_genuine(report)
    return merged, report


def _report(evidence: Evidence, subject: Subject, trust_root: TrustRoot, at: int) -> Report:
    return verify(
        evidence, trust_root, at, NOT_CONSULTED, certificate=subject.certificate, entry=subject.entry
    )


def _require_genuine(report: Report) -> None:
    if report.verdict not in _REFUSED:
        return
    code = "another-document" if report.reason is Reason.ANOTHER_DOCUMENT else "not-genuine"
    why = next((check.why for check in report.checks if check.reason is report.reason), "")
    raise InvalidInput(
        Sentence(
            "what the registry answers does not verify ({verdict}): {why}",
            verdict=report.verdict.value,
            why=why,
        ),
        code=code,
    )


def _require_continued(old: Iterable[OpenHead], newest: OpenHead, consistency: Consistency) -> None:
    for head in old:
        if head.size > newest.size:
            message = Sentence(
                "the registry's newest epoch is of size {found}, the file's of size {expected}: the file is fresher",
                found=newest.size,
                expected=head.size,
            )
            raise InvalidInput(message, code="older")
        path = () if head.size == newest.size else consistency(head.size, newest.size)
        try:
            verify_consistency(head.size, head.checkpoint.root, newest.size, newest.checkpoint.root, path)
        except InvalidProof as error:
            message = Sentence(
                "two histories: the head of size {size} in the file is no beginning of the registry's log ({error}); "
                "keep both files and tell the auditors",
                size=head.size,
                error=error,
            )
            raise InvalidProof(message, code="two-histories") from error


def _heads(old: Iterable[Head], new: tuple[Head, ...], trust_root: TrustRoot) -> tuple[Head, ...]:
    by_size: dict[int, Head] = {}
    for head in (*old, *new):
        size = open_head(head).size
        known = by_size.get(size)
        by_size[size] = head if known is None else _joined(known, head)
    proven = sorted(size for size, head in by_size.items() if _is_proven(head, trust_root))
    sizes = sorted({*proven[:1], *proven[-1:], max(by_size)})
    return tuple(by_size[size] for size in sizes)


def _joined(old: Head, new: Head) -> Head:
    """Return one head with the pointers of both; the newer note, unless only the older bears more signatures."""
    if not same(open_head(old).checkpoint.root, open_head(new).checkpoint.root):
        raise InvalidProof("two histories: one size, two roots", code="two-histories")
    anchors = tuple(dict.fromkeys((*old.anchors, *new.anchors)))[:MAX_ANCHORS]
    note = max(new.checkpoint, old.checkpoint, key=lambda text: text.count("\n"))
    return replace(new, checkpoint=note, anchors=anchors)


def _is_proven(head: Head, trust_root: TrustRoot) -> bool:
    """Whether a head has somewhere to be looked up, or the auditors' quorum under it."""
    if head.anchors:
        return True
    check, _ = check_anchor((open_head(head),), trust_root, NOT_CONSULTED)
    return check.outcome is Outcome.PASSED
