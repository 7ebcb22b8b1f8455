"""Checks 1, 2 and 9: the certificate itself, its issuer's signature, and its dates.

They need nothing but the document and the log's origin, and so work with no network and no evidence file.
"""

from certlog.credential import check_certificate, issuer_of, slot_of, validity
from certlog.documents import SecuredDocument, certificate_challenge, require_binding, verify_proof
from certlog.entry import CertificateEntry, certificate_entry
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, JSONValue
from certlog.timestamps import format_time
from verifier.report import Check, CheckName, Reason, failed, not_checked, passed

_SHOWN_DIFFERENCES = 5

_SIGNATURE_REASONS = {"wrong-domain": Reason.WRONG_DOMAIN, "wrong-challenge": Reason.WRONG_CHALLENGE}


def check_bytes(document: SecuredDocument, registered: SecuredDocument | None, origin: str) -> Check:
    """Check 1: the certificate is well formed, and is the one that the evidence is about.

    Args:
        document: the certificate in hand.
        registered: the certificate that the evidence carries, if it carries one.
        origin: the log's origin.
    """
    if registered is not None and registered.document_hash != document.document_hash:
        return failed(
            CheckName.BYTES,
            Reason.ANOTHER_DOCUMENT,
            expected=registered.document_hash.hex(),
            found=document.document_hash.hex(),
            why=Sentence(
                "differs at {differences}",
                differences=", ".join(differences(registered.content, document.content)),
            ),
        )
    try:
        check_certificate(document.content, origin=origin)
    except InvalidInput as error:
        return failed(CheckName.BYTES, Reason.MALFORMED, why=str(error))
    return passed(CheckName.BYTES, document.document_hash.hex())


def check_signature(document: SecuredDocument, origin: str) -> Check:
    """Check 2: the named key signed this content, for this log and this slot, in its issuer's name."""
    try:
        issuer, slot = issuer_of(document.content), slot_of(document.content)
    except InvalidInput as error:
        return _bad_signature(error)
    if issuer != document.proof.did:
        return failed(CheckName.SIGNATURE, Reason.WRONG_ISSUER, expected=issuer, found=document.proof.did)
    return check_entry_signature(certificate_entry(document, slot), origin)


def check_entry_signature(entry: CertificateEntry, origin: str) -> Check:
    """Check 2 where only the record is known: the named key signed this hash, for this log and this slot."""
    proof = entry.proof
    try:
        require_binding(proof, domain=origin, challenge=certificate_challenge(entry.slot))
        verify_proof(entry.document_hash, proof, proof.key)
    except InvalidInput as error:
        return _bad_signature(error)
    return passed(CheckName.SIGNATURE, proof.verification_method)


def _bad_signature(error: InvalidInput) -> Check:
    reason = _SIGNATURE_REASONS.get(error.code, Reason.BAD_SIGNATURE)
    return failed(CheckName.SIGNATURE, reason, why=str(error))


def check_dates(content: JSONObject, at: int) -> Check:
    """Check 9: validFrom <= at <= validUntil; lots and calibrations have no end."""
    try:
        valid_from, valid_until = validity(content)
    except InvalidInput as error:
        return not_checked(CheckName.DATES, Reason.EARLIER_CHECK, why=str(error))
    if at < valid_from:
        expected = Sentence("{valid_from} or later", valid_from=format_time(valid_from))
        return failed(CheckName.DATES, Reason.NOT_YET_VALID, expected=expected, found=format_time(at))
    if valid_until is None:
        return passed(
            CheckName.DATES,
            Sentence("since {valid_from}", valid_from=format_time(valid_from)),
            reason=Reason.NO_END_DATE,
        )
    if at > valid_until:
        expected = Sentence("{valid_until} or earlier", valid_until=format_time(valid_until))
        return failed(CheckName.DATES, Reason.EXPIRED, expected=expected, found=format_time(at))
    return passed(
        CheckName.DATES,
        Sentence(
            "{valid_from} to {valid_until}",
            valid_from=format_time(valid_from),
            valid_until=format_time(valid_until),
        ),
    )


def differences(registered: JSONValue, found: JSONValue) -> list[str]:
    """Return the first places (JSON pointers) at which two JSON values differ."""
    places: list[str] = []
    _collect_differences(registered, found, "", places)
    return places[:_SHOWN_DIFFERENCES]


def _collect_differences(left: JSONValue, right: JSONValue, place: str, places: list[str]) -> None:
    match left, right:
        case dict(), dict():
            for name in sorted(left.keys() | right.keys()):
                if name in left and name in right:
                    _collect_differences(left[name], right[name], f"{place}/{name}", places)
                else:
                    places.append(f"{place}/{name}")
        case list(), list() if len(left) == len(right):
            for position, (one, other) in enumerate(zip(left, right, strict=True)):
                _collect_differences(one, other, f"{place}/{position}", places)
        case _:
            # True == 1 in Python, never in JSON.
            if left != right or isinstance(left, bool) != isinstance(right, bool):
                places.append(place or "/")
