"""API tokens: 256 random bits, stored as SHA-256, found by a prefix and compared in constant time.

A token is shown once, belongs to one DID (an issuer or the operator) and expires. It only lets its holder submit;
what is submitted must be signed by that DID all the same.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import insert, select, update

from certlog.digests import sha256
from certlog.encoding import b64url
from certlog.errors import InvalidInput, NotTrusted
from certlog.keys import check_did
from certlog.sentences import Sentence
from registry.database import Database
from registry.tables import api_tokens

MAX_DAYS: Final = 400
_SCHEME: Final = "certlog"
_PREFIX_BYTES: Final = 8
_SECRET_BYTES: Final = 32
_MAX_LENGTH: Final = 128
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token at the one moment when it can be read."""

    text: str
    did: str
    expires_at: int

    def __repr__(self) -> str:
        """Name the owner, never the secret."""
        return f"NewToken(did={self.did!r}, expires_at={self.expires_at})"


class Tokens:
    """The tokens of one registry."""

    def __init__(
        self, database: Database, now: Callable[[], int], random_bytes: Callable[[int], bytes]
    ) -> None:
        """Take the database, the clock and the source of randomness."""
        self._database = database
        self._now = now
        self._random_bytes = random_bytes

    def create(self, did: str, days: int) -> NewToken:
        """Make a token for a DID that is valid for some days (1 <= days <= 400).

        Raises:
            InvalidInput: not a DID, or another number of days.
        """
        check_did(did)
        if not 1 <= days <= MAX_DAYS:
            message = Sentence(
                "a token lives 1 to {max_days} days, found {days}", max_days=MAX_DAYS, days=days
            )
            raise InvalidInput(message, code="bad-days")
        prefix = self._random_bytes(_PREFIX_BYTES).hex()
        text = f"{_SCHEME}_{prefix}_{b64url(self._random_bytes(_SECRET_BYTES))}"
        created_at = self._now()
        token = NewToken(text, did, created_at + days * _DAY)
        row = {"prefix": prefix, "hash": sha256(text.encode()), "did": did, "created_at": created_at}
        with self._database.writing() as connection:
            connection.execute(insert(api_tokens).values(row | {"expires_at": token.expires_at}))
        return token

    def authenticate(self, text: str) -> str:
        """Return the DID that a token belongs to.

        Raises:
            NotTrusted: unknown, expired or revoked; one message for all, which helps nobody to guess.
        """
        prefix = _prefix_of(text)
        with self._database.reading() as connection:
            row = connection.execute(select(api_tokens).where(api_tokens.c.prefix == prefix)).one_or_none()
        # An unknown prefix costs the same comparison as a known one.
        stored = bytes(32) if row is None else row.hash
        genuine = hmac.compare_digest(stored, sha256(text.encode()))
        if row is None or not genuine or row.revoked_at is not None or self._now() >= row.expires_at:
            message = (
                "the API token is unknown, expired or revoked; ask the registry's operator for a new one"
            )
            raise NotTrusted(message, code="bad-token")
        return str(row.did)

    def revoke(self, prefix: str) -> None:
        """End a token at once; `prefix` is the part between the two underscores.

        Raises:
            InvalidInput: no such token.
        """
        change = update(api_tokens).where(api_tokens.c.prefix == prefix, api_tokens.c.revoked_at.is_(None))
        with self._database.writing() as connection:
            if connection.execute(change.values(revoked_at=self._now())).rowcount != 1:
                message = Sentence("no token in force has the prefix {prefix!r}", prefix=prefix[:20])
                raise InvalidInput(message, code="no-token")


def _prefix_of(text: str) -> str:
    scheme, _, rest = text.partition("_")
    prefix, _, _ = rest.partition("_")
    well_formed = len(text) <= _MAX_LENGTH and scheme == _SCHEME and len(prefix) == 2 * _PREFIX_BYTES
    return prefix if well_formed else ""
