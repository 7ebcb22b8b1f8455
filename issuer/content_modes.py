"""What the registry is given of a certificate's content: all of it, a sealed form, or nothing (formats, section 2.1).

Keys of sealed content are made here, kept in the journal and printed in the certificate's own code; they are never
sent anywhere.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from certlog.errors import InvalidInput
from certlog.profiles import is_confidential
from certlog.sealed import KEY_BYTES, NONCE_BYTES, key_text
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject

SECRET_BYTES: Final = 32


class ContentMode(StrEnum):
    """The issuer's choice for one certificate; the entry in the log is the same for all three."""

    PUBLIC = "public"
    SEALED = "sealed"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Sealing:
    """Key and nonce of one certificate; kept, so that sealing again gives the same bytes."""

    key: bytes = field(repr=False)
    nonce: bytes

    @classmethod
    def fresh(cls, random_bytes: Callable[[int], bytes]) -> "Sealing":
        """Return a key that no other certificate has."""
        return cls(random_bytes(KEY_BYTES), random_bytes(NONCE_BYTES))

    @property
    def text(self) -> str:
        """What stands after the # of the printed code."""
        return key_text(self.key)


def mode_of(content: JSONObject, asked: ContentMode | None) -> ContentMode:
    """Return how a certificate's content goes to the registry.

    Args:
        content: a certificate, complete or a draft.
        asked: what the person chose; None: public, but sealed where the content is its customer's.

    Raises:
        InvalidInput: confidential content was to be public.
    """
    confidential = is_confidential(content)
    if confidential and asked is ContentMode.PUBLIC:
        message = Sentence(
            "a calibration certificate belongs to its customer and is never public: "
            "use --content sealed, or --content withheld"
        )
        raise InvalidInput(message, code="confidential-content")
    return asked or (ContentMode.SEALED if confidential else ContentMode.PUBLIC)


def number_tag(secret: bytes, number: str, version: int) -> bytes:
    """Return what keeps a number unique in a registry that cannot read it.

    HMAC rather than a hash: numbers are few and guessable, and only the issuer holds the secret.
    """
    return hmac.digest(secret, number.encode() + b"\0" + str(version).encode(), hashlib.sha256)
