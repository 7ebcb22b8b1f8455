"""The content of a certificate of any profile: whether it is well formed, and what it claims.

Shape is a JSON Schema; a profile (certlog/profiles.py) adds the rules that relate two members. This module looks
neither at the signature nor at whether a claimed scope was granted: verifier and trust list do.
"""

from collections.abc import Iterator
from typing import Final

from jsonschema_rs import ValidationError

from certlog.conformity import check_gtin
from certlog.envelope import (
    ClaimedScope,
    Profile,
    issuer_of,
    number_of,
    slot_of,
    status_rules,
    validity,
    version_of,
)
from certlog.errors import InvalidInput
from certlog.profiles import profile_of
from certlog.schemas.conformity import TYPE
from certlog.schemas.envelope import CONTEXTS, types_of
from certlog.sentences import Sentence
from certlog.status_list import credential_status
from certlog.strict_json import JSONObject, check_value

__all__ = [
    "CONTEXTS",
    "TYPES",
    "ClaimedScope",
    "check_certificate",
    "check_gtin",
    "claimed_scopes",
    "credential_status",
    "find_problems",
    "issuer_of",
    "number_of",
    "slot_of",
    "validity",
    "version_of",
]

TYPES: Final = types_of(TYPE)
_SHOWN: Final = 60


def check_certificate(content: JSONObject, *, origin: str) -> None:
    """Require a well-formed certificate, without its proof.

    Args:
        content: the document without `proof`.
        origin: the log's origin, which its status entries must name.

    Raises:
        InvalidInput: the first problem; its place is a JSON pointer.
    """
    check_value(content)
    profile = profile_of(content)
    try:
        # Only the first problem: to list the hundred thousand of a stranger's document costs seconds.
        profile.validator.validate(content)
    except ValidationError as error:
        raise _from_schema(error) from None
    for problem in _problems_between_members(profile, content, origin):
        raise problem


def find_problems(content: JSONObject, *, origin: str) -> Iterator[InvalidInput]:
    """Yield every problem of a certificate: text rules first, then shape, then the rules between members.

    A later kind is looked for only where the earlier ones found nothing, since it relies on them.
    """
    try:
        check_value(content)
        profile = profile_of(content)
    except InvalidInput as error:
        yield error
        return
    shape = [_from_schema(error) for error in profile.validator.iter_errors(content)]
    yield from shape
    if not shape:
        yield from _problems_between_members(profile, content, origin)


def claimed_scopes(content: JSONObject) -> tuple[ClaimedScope, ...]:
    """Return the scopes that a checked certificate claims; none is lawful for voluntary certificates."""
    return profile_of(content).claimed_scopes(content)


def _problems_between_members(profile: Profile, content: JSONObject, origin: str) -> Iterator[InvalidInput]:
    yield from profile.rules(content)
    yield from status_rules(content, origin)


def _from_schema(error: ValidationError) -> InvalidInput:
    place = "".join(f"/{step}" for step in error.instance_path)
    found = error.instance
    shown = isinstance(found, str | int) and len(repr(found)) <= _SHOWN
    message = (
        Sentence("{message}, found {found!r}", message=error.message, found=found) if shown else error.message
    )
    return InvalidInput(message, place=place, code=f"schema-{error.kind.name}")
