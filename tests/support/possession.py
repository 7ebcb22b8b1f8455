"""Trust statements that register a key, with the proof that its holder made."""

from certlog.keys import PublicKey, Signer
from certlog.possession import prove_possession
from certlog.trust import AddKey, RotateOperator
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN
from tests.support.signing import holder_of

_CREATED = "2026-11-20T08:00:00+07:00"


def added_key(key: PublicKey, did: str = SAMPLE_DID, *, origin: str = SAMPLE_ORIGIN) -> AddKey:
    """Return the addKey of a key that a test signer holds."""
    return key_added_by(holder_of(key), did, origin=origin)


def key_added_by(signer: Signer, did: str = SAMPLE_DID, *, origin: str = SAMPLE_ORIGIN) -> AddKey:
    """Return the addKey of any signer's key."""
    return AddKey(signer.public_key, prove_possession(signer, did, origin=origin, created=_CREATED))


def rotation_to(
    old: PublicKey, new: PublicKey, did: str = f"did:web:{SAMPLE_ORIGIN}", *, origin: str = SAMPLE_ORIGIN
) -> RotateOperator:
    """Return the rotateOperator to a key that a test signer holds."""
    return RotateOperator(old, new, prove_possession(holder_of(new), did, origin=origin, created=_CREATED))
