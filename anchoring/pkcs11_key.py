"""A key in a PKCS#11 token or HSM: made there, never outside it, asked for one signature at a time.

The library of the maker is loaded into this process. The PIN is kept in memory, because a session that broke must be
opened again; it is shown nowhere. A wrong PIN is never tried twice: tokens lock themselves after a few.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from anchoring.digest_signer import DigestSigner, Form
from certlog.errors import InvalidInput, NotTrusted, Unavailable
from certlog.sentences import Sentence

SECP256K1: Final = bytes.fromhex("06052b8104000a")
"""The curve's name for a token: OID 1.3.132.0.10 in DER."""

_POINT: Final = b"\x04\x41"
_POINT_BYTES: Final = 65
"""An OCTET STRING of 65 bytes, as tokens give EC_POINT."""


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """Where a key is.

    Attributes:
        module: the maker's library, such as /usr/lib/softhsm/libsofthsm2.so.
        token: the token's label.
        key: the key's label.
    """

    module: Path
    token: str
    key: str


@dataclass(slots=True)
class TokenKey:
    """A DigestKey in a token."""

    place: TokenPlace
    public_key: bytes
    _pin: str = field(repr=False)
    _handle: Any = field(repr=False)

    @property
    def form(self) -> Form:
        """PKCS#11 writes r and s as they are."""
        return "raw"

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign in the token; a session that broke is opened again once at the next call.

        Raises:
            Unavailable: the token is gone or refuses.
            NotTrusted: another key stands under this label now, or the PIN was changed.
        """
        p11 = _library()
        if self._handle is None:
            self._handle = self._find_again()
        try:
            return bytes(self._handle.sign(digest, mechanism=p11.Mechanism.ECDSA))
        except p11.PKCS11Error as error:
            self._handle = None
            raise _unavailable(self.place, error) from error

    def _find_again(self) -> object:
        try:
            handle, point = _find(self.place, self._pin)
        except InvalidInput as error:
            # Not to be tried again by a worker in a loop: the third wrong PIN locks the token.
            raise NotTrusted(*error.args, code=error.code) from error
        if point != self.public_key:
            raise NotTrusted(
                Sentence(
                    "another key is named {key} in token {token} now",
                    key=self.place.key,
                    token=self.place.token,
                ),
                code="other-key",
            )
        return handle


def open_token(place: TokenPlace, pin: str) -> DigestSigner:
    """Open a key in a token.

    Raises:
        InvalidInput: no such library, token or key, not a secp256k1 key, or a wrong PIN.
        Unavailable: the token does not answer, or python-pkcs11 is not installed.
    """
    handle, point = _find(place, pin)
    return DigestSigner(TokenKey(place, point, pin, handle))


def create_token_key(place: TokenPlace, pin: str) -> DigestSigner:
    """Make a key in a token, sensitive and not extractable, and return its signer.

    Raises:
        InvalidInput: the label is taken, or as open_token.
        Unavailable: the token refuses: it may not know the curve.
    """
    p11 = _library()
    session = _session(place, pin, writable=True)
    wanted = {p11.Attribute.LABEL: place.key, p11.Attribute.CLASS: p11.ObjectClass.PRIVATE_KEY}
    try:
        if list(session.get_objects(wanted)):
            raise InvalidInput(
                Sentence(
                    "token {token} has a key {key} already; a key is never overwritten",
                    token=place.token,
                    key=place.key,
                ),
                code="key-exists",
            )
        parameters = session.create_domain_parameters(
            p11.KeyType.EC, {p11.Attribute.EC_PARAMS: SECP256K1}, local=True
        )
        private = {p11.Attribute.SENSITIVE: True, p11.Attribute.EXTRACTABLE: False}
        parameters.generate_keypair(
            store=True, label=place.key, id=place.key.encode(), private_template=private
        )
    except p11.PKCS11Error as error:
        raise _unavailable(place, error) from error
    return open_token(place, pin)


def _find(place: TokenPlace, pin: str) -> tuple[Any, bytes]:
    p11 = _library()
    session = _session(place, pin, writable=False)
    label = {p11.Attribute.LABEL: place.key, p11.Attribute.KEY_TYPE: p11.KeyType.EC}
    try:
        private = list(session.get_objects({**label, p11.Attribute.CLASS: p11.ObjectClass.PRIVATE_KEY}))
        public = list(session.get_objects({**label, p11.Attribute.CLASS: p11.ObjectClass.PUBLIC_KEY}))
        if len(private) != 1 or len(public) != 1:
            raise InvalidInput(
                Sentence(
                    "expected one key pair {key} in token {token}, found {private} private and {public} public; "
                    "make it with: certlog anchor keygen",
                    key=place.key,
                    token=place.token,
                    private=len(private),
                    public=len(public),
                ),
                code="no-key",
            )
        curve, point = bytes(public[0][p11.Attribute.EC_PARAMS]), bytes(public[0][p11.Attribute.EC_POINT])
    except p11.PKCS11Error as error:
        raise _unavailable(place, error) from error
    point = point.removeprefix(_POINT) if len(point) == _POINT_BYTES + len(_POINT) else point
    if curve != SECP256K1:
        raise InvalidInput(
            Sentence("the key {key} is not on secp256k1 (OID 1.3.132.0.10)", key=place.key), code="bad-key"
        )
    return private[0], point


def _session(place: TokenPlace, pin: str, *, writable: bool) -> Any:  # noqa: ANN401 - the library has no types
    p11 = _library()
    if not place.module.is_file():
        raise InvalidInput(
            Sentence("there is no PKCS#11 library at {module}", module=place.module), code="no-module"
        )
    try:
        token = p11.lib(str(place.module)).get_token(token_label=place.token)
        try:
            return token.open(rw=writable, user_pin=pin)
        except p11.UserAlreadyLoggedIn:  # by another line of this process: it holds for all sessions
            return token.open(rw=writable)
    except (p11.NoSuchToken, p11.MultipleTokensReturned) as error:
        raise InvalidInput(
            Sentence("expected one token {token}: {reason}", token=place.token, reason=_named(error)),
            code="no-token",
        ) from error
    except (p11.PinIncorrect, p11.PinLenRange, p11.PinInvalid, p11.PinLocked) as error:
        raise InvalidInput(
            Sentence(
                "token {token} refuses the PIN ({reason}); it was tried once: tokens lock after a few wrong ones",
                token=place.token,
                reason=_named(error),
            ),
            code="wrong-pin",
        ) from error
    except p11.PKCS11Error as error:
        raise _unavailable(place, error) from error


def _unavailable(place: TokenPlace, error: Exception) -> Unavailable:
    return Unavailable(
        Sentence(
            "token {token} does not answer: {reason}; see that it is plugged in, and its maker's programs",
            token=place.token,
            reason=_named(error),
        )
    )


def _named(error: Exception) -> str:
    """Say what the library says; most of its errors are a name only."""
    return Sentence(": ".join(filter(None, (type(error).__name__, str(error)))))


def _library() -> Any:  # noqa: ANN401 - as above
    try:
        import pkcs11  # noqa: PLC0415 - an optional part: only who has a token needs it
    except ImportError as error:
        raise Unavailable(
            "keys in tokens need python-pkcs11, which is not installed; install certlog[hsm]"
        ) from error
    return pkcs11
