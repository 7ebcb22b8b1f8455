"""What a profile of certificates is, and the rules on the members that all certificates share.

Shape is a JSON Schema of certlog/schemas; a profile adds what relates its members to each other, what it claims
and what of it may be shown to everyone. Nothing here looks at a signature or knows which profiles exist.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from jsonschema_rs import Draft202012Validator

from certlog.errors import InvalidInput
from certlog.schemas.parts import Schema
from certlog.sentences import Sentence
from certlog.slots import Slot
from certlog.status_list import credential_status
from certlog.strict_json import JSONObject, JSONValue, get_int, get_list, get_object, get_str
from certlog.timestamps import parse_date, parse_time

_STATUS_LIST: Final = re.compile(r"https://.{1,200}/status/revocation/(0|[1-9][0-9]{0,9})", re.ASCII)
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,5}", re.ASCII)


class ClaimedScope(NamedTuple):
    """What a certificate says its body was entitled to do; the trust list tells whether it was.

    Attributes:
        kind: "designation" (chỉ định) or "accreditation" (công nhận).
        authority: who designated or accredited, as the certificate writes it.
        topics: standards, or a laboratory's measurands.
        measured: True if the topics are measurands.
    """

    kind: str
    authority: str
    topics: tuple[str, ...]
    measured: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of certificate: its type, and the questions that differ from kind to kind.

    Each function takes a certificate without its proof; all but `validator` rely on its shape having been checked.

    Attributes:
        type: the second member of `type`, such as "ConformityCertificate".
        validator: the shape.
        rules: yields every problem between members, but for those of the shared envelope.
        claimed_scopes: what its body says it was entitled to; none is lawful where nothing is claimed.
        is_confidential: whether its content may never lie in clear in a registry (ISO/IEC 17025, 4.2).
        public_members: the same document with only what anyone may be shown without holding it.
    """

    type: str
    validator: Draft202012Validator
    rules: Callable[[JSONObject], Iterator[InvalidInput]]
    claimed_scopes: Callable[[JSONObject], tuple[ClaimedScope, ...]]
    is_confidential: Callable[[JSONObject], bool]
    public_members: Callable[[JSONObject], JSONObject]


def validator_of(schema: Schema) -> Draft202012Validator:
    """Return a validator that fetches nothing, and whose messages do not repeat the document."""
    return Draft202012Validator(schema, offline=True, mask="the value")


def slot_of(content: JSONObject) -> Slot:
    """Return the status slot that a certificate names in its credentialStatus."""
    for item in get_list(content, "credentialStatus"):
        entry = object_of(item, "/credentialStatus")
        if entry.get("statusPurpose") == "revocation":
            found = _STATUS_LIST.fullmatch(get_str(entry, "statusListCredential", "/credentialStatus"))
            index = get_str(entry, "statusListIndex", "/credentialStatus")
            if found and _INDEX.fullmatch(index):
                return Slot.of(int(found[1]), int(index), "/credentialStatus")
    message = Sentence("expected a revocation entry with a status list and an index in it")
    raise InvalidInput(message, place="/credentialStatus", code="bad-slot")


def number_of(content: JSONObject) -> str:
    """Return the certificate number."""
    return get_str(content, "certificateNumber")


def version_of(content: JSONObject) -> int:
    """Return the version: 1, and one more for each replacement under the same number."""
    return get_int(content, "version")


def issuer_of(content: JSONObject) -> str:
    """Return the issuer's DID."""
    return get_str(get_object(content, "issuer"), "id", "/issuer")


def validity(content: JSONObject) -> tuple[int, int | None]:
    """Return (validFrom, validUntil) in seconds since the epoch; a lot's certificate has no end."""
    valid_from = parse_time(get_str(content, "validFrom"), "/validFrom")
    if "validUntil" not in content:
        return valid_from, None
    return valid_from, parse_time(get_str(content, "validUntil"), "/validUntil")


def status_rules(content: JSONObject, origin: str) -> Iterator[InvalidInput]:
    """Yield a problem unless credentialStatus is exactly the two entries of one slot of this log."""
    try:
        slot = slot_of(content)
    except InvalidInput as error:
        yield error
        return
    if content["credentialStatus"] != credential_status(origin, slot):
        message = Sentence(
            "expected exactly the revocation and the suspension entry of slot {list}/{index} at {origin}",
            list=slot.list,
            index=slot.index,
            origin=origin,
        )
        yield InvalidInput(message, place="/credentialStatus", code="bad-slot")


def date_problems(dated: Iterable[tuple[JSONObject, str, str]]) -> Iterator[InvalidInput]:
    """Yield a problem for each date that no calendar has; `dated` holds (holder, its place, member)."""
    for holder, place, name in dated:
        if name in holder:
            yield from _problem_of(parse_date, get_str(holder, name, place), f"{place}/{name}")


def time_problems(content: JSONObject) -> Iterator[InvalidInput]:
    """Yield a problem for each of validFrom and validUntil that is no time."""
    for name in ("validFrom", "validUntil"):
        if name in content:
            yield from _problem_of(parse_time, get_str(content, name), f"/{name}")


def language_problems(texts: Iterable[tuple[str, JSONValue]]) -> Iterator[InvalidInput]:
    """Yield a problem for each text, given as (place, value), that has two values in one language."""
    for place, value in texts:
        tags = [object_of(item)["@language"] for item in value] if isinstance(value, list) else []
        if len(set(map(str, tags))) != len(tags):
            yield InvalidInput(Sentence("one language is given twice"), place=place, code="language")


def subject_problem(name: str, message: str, code: str) -> InvalidInput:
    """Return a problem of a member of credentialSubject."""
    return InvalidInput(message, place=f"/credentialSubject/{name}", code=code)


def subject_of(content: JSONObject) -> JSONObject:
    """Return credentialSubject."""
    return get_object(content, "credentialSubject")


def items_of(holder: JSONObject, name: str) -> list[JSONObject]:
    """Return a member that is a list of objects, or an empty list where it is absent."""
    return [object_of(item) for item in get_list(holder, name)] if name in holder else []


def object_of(value: JSONValue, place: str = "") -> JSONObject:
    """Return a value that must be an object."""
    if not isinstance(value, dict):
        raise InvalidInput(Sentence("expected an object"), place=place, code="not-object")
    return value


def _problem_of(parse: Callable[[str, str], object], text: str, place: str) -> Iterator[InvalidInput]:
    try:
        parse(text, place)
    except InvalidInput as error:
        yield error
