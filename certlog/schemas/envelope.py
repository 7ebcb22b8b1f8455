"""What every kind of certificate shares: a W3C Verifiable Credential 2.0 with our status, number and version.

A profile adds its type, the schema of its subject and its own rules; nothing here knows which profiles exist.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from certlog.schemas.parts import (
    BASE,
    DATE,
    DIALECT,
    DID,
    DIGEST,
    LOCAL_TEXT,
    MAX_LONG_TEXT,
    SALT,
    TIME,
    URN_UUID,
    Schema,
    array,
    choice,
    closed,
    pattern,
    text,
)

CONTEXTS: Final = (
    "https://www.w3.org/ns/credentials/v2",
    "https://registry.example.vn/contexts/certlog/v1",
)
REPLACE_REASONS: Final = ("correction", "scope_extended", "scope_reduced", "renewed", "reissued")

MAX_NUMBER: Final = 60
"""Longest certificate number: the limit of IAF CertSearch."""

_STATUS_ENTRY = closed(
    {
        "id": text(500),
        "type": {"const": "BitstringStatusListEntry"},
        "statusPurpose": choice("revocation", "suspension"),
        "statusListIndex": pattern("^(0|[1-9][0-9]{0,5})$"),
        "statusListCredential": text(500),
    }
)

_REPLACES_FROM_VERSION_2: Final[Schema] = {
    "if": {"properties": {"version": {"minimum": 2}}, "required": ["version"]},
    "then": {"required": ["replaces"]},
}


def types_of(profile: str) -> tuple[str, str]:
    """Return the `type` member of a profile's certificates."""
    return ("VerifiableCredential", profile)


def certificate_schema(
    name: str, title: str, profile: str, subject: Mapping[str, object], rules: Sequence[Schema] = ()
) -> Schema:
    """Return the schema of a profile's certificates, without their proof.

    Args:
        name: the schema's short name, as in its address.
        title: what people call it.
        profile: the profile's type.
        subject: the schema of credentialSubject.
        rules: what must hold besides, as members of `allOf`; a profile without end forbids validUntil here.
    """
    return {
        "$schema": DIALECT,
        "$id": f"{BASE}{name}/v1",
        "title": title,
        **closed(
            {
                "@context": {"const": list(CONTEXTS)},
                "id": URN_UUID,
                "type": {"const": list(types_of(profile))},
                "issuer": closed({"id": DID, "name": text(), "legalId": text(60)}),
                "validFrom": TIME,
                "credentialStatus": array(_STATUS_ENTRY, least=2, most=2),
                "name": LOCAL_TEXT,
                "certificateNumber": text(MAX_NUMBER),
                "version": {"type": "integer", "minimum": 1, "maximum": 9999},
                "salt": SALT,
                "language": choice("vi", "en"),
                "credentialSubject": subject,
            },
            {
                "validUntil": TIME,
                "description": LOCAL_TEXT,
                "replaces": closed({"id": URN_UUID, "digest": DIGEST, "reason": choice(*REPLACE_REASONS)}),
                "relatedResource": array(
                    closed({"id": text(MAX_LONG_TEXT), "mediaType": text(), "digestMultibase": text()}),
                    most=20,
                ),
                "issuedEarlier": DATE,
            },
        ),
        "allOf": [*rules, _REPLACES_FROM_VERSION_2],
    }
