"""The profiles: every kind of certificate by its type. A new kind is a module with a Profile, and one line here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from certlog.attested import ATTESTED
from certlog.calibration import CALIBRATION
from certlog.conformity import CONFORMITY
from certlog.envelope import Profile
from certlog.errors import InvalidInput
from certlog.schemas.envelope import types_of
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {profile.type: profile for profile in (CONFORMITY, CALIBRATION, ATTESTED)}
)


def profile_of(content: JSONObject) -> Profile:
    """Return the profile of a certificate.

    Raises:
        InvalidInput: its `type` is that of no profile.
    """
    types = content.get("type")
    for name, profile in PROFILES.items():
        if types == list(types_of(name)):
            return profile
    message = Sentence(
        "expected the types VerifiableCredential and one of {names}", names=", ".join(PROFILES)
    )
    raise InvalidInput(message, place="/type", code="unknown-profile")


def is_confidential(content: JSONObject) -> bool:
    """Tell whether the content of a well-formed certificate may never lie in clear in a registry."""
    return profile_of(content).is_confidential(content)


def public_members(content: JSONObject) -> JSONObject:
    """Return a well-formed certificate with only the members that anyone may be shown without holding it."""
    return profile_of(content).public_members(content)
