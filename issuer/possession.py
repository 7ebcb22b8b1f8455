"""Adds to a key's public part the proof that its holder agrees to be registered in one log.

The operator needs it before it can register the key (docs/formats.md, section 1.3): nobody can have another's key
registered as his own. The private key signs here and stays here.
"""

import os
from dataclasses import replace
from pathlib import Path

from certlog.documents import Proof
from certlog.errors import InvalidInput
from certlog.possession import prove_possession, verify_possession
from certlog.sentences import Sentence
from issuer.key_file import PublicPart, open_key_file, public_path


def prove_key(path: Path, passphrase: str, origin: str, now: int, *, did: str | None = None) -> PublicPart:
    """Sign with a key file that its key may be registered in the log of an origin; write and return its public part.

    A proof for another log stays; one for the same log is replaced.

    Args:
        path: the key file; its public part lies beside it.
        passphrase: opens it.
        origin: the log's origin.
        now: seconds since the epoch.
        did: whose key it becomes, where that is not the key file's own DID.

    Raises:
        InvalidInput: the key file cannot be opened, or the public part not written.
    """
    key = open_key_file(path, passphrase)
    place = public_path(path)
    proof = prove_possession(key.signer, did or key.did, origin=origin, created=now)
    public = PublicPart.parse(place.read_bytes())
    others = tuple(known for known in public.possession if known.domain != origin)
    public = replace(public, possession=(*others, proof))
    beside = place.with_name(f".{place.name}.new")
    try:
        with beside.open("wb") as file:
            file.write(public.to_bytes())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
    except OSError as error:
        message = Sentence("cannot write {path}: {reason}", path=place, reason=error)
        raise InvalidInput(message, code="not-writable") from error
    return public


def possession_for(public: PublicPart, origin: str, did: str | None = None) -> Proof:
    """Return the proof in a public part that was made for a log, verified.

    Args:
        public: the public part that the key's holder handed over.
        origin: the log's origin.
        did: whose key it becomes, where that is not the DID of the public part.

    Raises:
        InvalidInput: there is none for this log, or it does not hold; the message says what the holder does.
    """
    found = next((proof for proof in public.possession if proof.domain == origin), None)
    if found is None:
        message = Sentence(
            "the public part holds no proof for {origin} that its sender has the private key; the sender makes one "
            "with: certlog issuer prove-key --key KEY --origin {origin}",
            origin=origin,
        )
        raise InvalidInput(message, code="no-possession")
    verify_possession(found, public.did if did is None else did, public.key, origin=origin)
    return found
