"""An attested file: the rules that relate its header's members, what it claims, and what anyone may see of it.

Its shape is schemas/attested.py. The file itself is never looked at here: its bytes are bound by their hash, in the
signed document where they are final when it is signed, and by the issuer's `bindFile` always.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from certlog.digests import DIGEST_BYTES, digest_from_text
from certlog.encoding import b64url
from certlog.envelope import (
    ClaimedScope,
    Profile,
    date_problems,
    items_of,
    language_problems,
    subject_of,
    subject_problem,
    time_problems,
    validator_of,
    validity,
)
from certlog.errors import InvalidInput
from certlog.schemas.attested import ATTESTED_FILE_CERTIFICATE, TYPE
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, get_object, get_str

_DATES: Final = ("issueDate", "expiryDate", "receiptDate", "performedFrom", "performedTo")
_PUBLIC: Final = (
    "@context", "id", "type", "issuer", "validFrom", "validUntil", "credentialStatus", "name",
    "certificateNumber", "version", "replaces", "issuedEarlier", "language",
)  # fmt: skip
_SERIAL_SHOWN: Final = 4
_SERIAL_LEAST: Final = 8
"""A shorter serial number could be guessed from its last characters."""
_SHA2_256: Final = b"\x12\x20"


def related_resource(media_type: str, digest: bytes) -> JSONObject:
    """Return the member of `relatedResource` (VCDM 2.0, 5.3) that binds a file: a name by hash, and a multihash.

    Args:
        media_type: of the file.
        digest: its SHA-256.
    """
    if len(digest) != DIGEST_BYTES:
        message = Sentence("expected {wanted} bytes, found {found}", wanted=DIGEST_BYTES, found=len(digest))
        raise InvalidInput(message, code="bad-digest")
    return {
        "id": f"ni:///sha-256;{b64url(digest)}",
        "mediaType": media_type,
        "digestMultibase": f"u{b64url(_SHA2_256 + digest)}",
    }


def file_media_type(content: JSONObject) -> str | None:
    """Return the media type of the file that a certificate attests; None for the other kinds of certificate."""
    types = content.get("type")
    if not isinstance(types, list) or TYPE not in types:
        return None
    return get_str(get_object(subject_of(content), "file"), "mediaType", "/credentialSubject/file")


def _claimed_scopes(content: JSONObject) -> tuple[ClaimedScope, ...]:
    """As for a certificate of conformity; of other kinds a header claims nothing."""
    subject = subject_of(content)
    criteria = items_of(subject, "criteria")
    claims: list[ClaimedScope] = []
    if "designation" in subject:
        numbers = (get_str(item, "number") for item in criteria)
        regulations = tuple(number for number in numbers if number.upper().startswith("QCVN"))
        authority = get_str(get_object(subject, "designation"), "authority")
        claims.append(ClaimedScope("designation", authority, regulations))
    if "accreditation" in subject:
        standards = tuple(get_str(item, "number") for item in criteria)
        body = get_str(get_object(subject, "accreditation"), "body")
        claims.append(ClaimedScope("accreditation", body, standards))
    return tuple(claims)


def _is_confidential(content: JSONObject) -> bool:
    return subject_of(content)["visibility"] == "confidential"


def _public_members(content: JSONObject) -> JSONObject:
    """Of a confidential file: who, which number, what kind of thing, when. Nobody's name, where it can be seen."""
    subject = subject_of(content)
    if not _is_confidential(content):
        return {
            **content,
            "credentialSubject": {name: value for name, value in subject.items() if name != "authorisedBy"},
        }
    shown: JSONObject = {name: subject[name] for name in ("attestedKind", "visibility", "body")}
    shown["items"] = [_public_item(item) for item in items_of(subject, "items")]
    if "issueDate" in subject:
        shown["issueDate"] = subject["issueDate"]
    return {name: content[name] for name in _PUBLIC if name in content} | {"credentialSubject": shown}


def _public_item(item: JSONObject) -> JSONObject:
    shown: JSONObject = {"name": item["name"]}
    serial = str(item.get("serial", ""))
    if len(serial) >= _SERIAL_LEAST:
        shown["serial"] = f"…{serial[-_SERIAL_SHOWN:]}"
    return shown


def _rules(content: JSONObject) -> Iterator[InvalidInput]:
    subject, place = subject_of(content), "/credentialSubject"
    dated: list[tuple[JSONObject, str, str]] = [(content, "", "issuedEarlier")]
    dated += [(subject, place, name) for name in _DATES]
    for name in ("designation", "accreditation"):
        if name in subject:
            dated.append((get_object(subject, name), f"{place}/{name}", "validUntil"))
    problems = [*date_problems(dated), *time_problems(content)]
    yield from problems
    if not problems:
        yield from _date_rules(content)
    yield from _file_rules(content)
    texts = [("/name", content["name"]), ("/description", content.get("description"))]
    names = ((f"{place}/items/{i}/name", item["name"]) for i, item in enumerate(items_of(subject, "items")))
    yield from language_problems([*texts, *names])


def _date_rules(content: JSONObject) -> Iterator[InvalidInput]:
    subject = subject_of(content)
    # ISO dates compare as text.
    in_order = [
        (name, str(subject[name]))
        for name in ("performedFrom", "performedTo", "issueDate")
        if name in subject
    ]
    for (before, earlier), (name, later) in pairwise(in_order):
        if later < earlier:
            message = Sentence(
                "expected {earlier} ({before}) or later, found {later}",
                earlier=earlier, before=before, later=later,
            )  # fmt: skip
            yield subject_problem(name, message, "date-order")
    received, begun = subject.get("receiptDate"), subject.get("performedFrom")
    if isinstance(received, str) and isinstance(begun, str) and begun < received:
        message = Sentence(
            "expected {earlier} ({before}) or later, found {later}",
            earlier=received, before="receiptDate", later=begun,
        )  # fmt: skip
        yield subject_problem("performedFrom", message, "date-order")
    valid_from, valid_until = validity(content)
    ends = None if valid_until is None else get_str(content, "validUntil")[:10]
    if valid_until is not None and valid_until <= valid_from:
        yield InvalidInput(
            Sentence("expected a time after validFrom"), place="/validUntil", code="date-order"
        )
    if subject.get("expiryDate") != ends:
        message = Sentence(
            "expected the date of validUntil, {ends}", ends=ends or Sentence("which is absent")
        )
        yield subject_problem("expiryDate", message, "date-order")


def _file_rules(content: JSONObject) -> Iterator[InvalidInput]:
    """A file that is given out as it is is bound by the document itself too; XML is never stamped."""
    file = get_object(subject_of(content), "file")
    media_type, digest = get_str(file, "mediaType"), get_str(file, "sourceDigest")
    is_xml = media_type == "application/xml"
    if is_xml and file["stamped"] is True:
        yield subject_problem("file/stamped", Sentence("only a PDF is stamped"), "file")
    if "dccVersion" in file and not is_xml:
        yield subject_problem("file/dccVersion", Sentence("only XML is a DCC"), "file")
    named = [item for item in items_of(content, "relatedResource") if item.get("mediaType") == media_type]
    wanted = [] if file["stamped"] is True else [related_resource(media_type, digest_from_text(digest))]
    if named != wanted:
        message = Sentence("expected the file's own hash, once, and only if it is not stamped")
        yield InvalidInput(message, place="/relatedResource", code="file")


ATTESTED: Final = Profile(
    type=TYPE,
    validator=validator_of(ATTESTED_FILE_CERTIFICATE),
    rules=_rules,
    claimed_scopes=_claimed_scopes,
    is_confidential=_is_confidential,
    public_members=_public_members,
)
