"""Certificates to measure with: the example file's twenty, again and again under new numbers."""

import hashlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from certlog.credential import credential_status
from certlog.encoding import b64url
from certlog.keys import did_key
from certlog.slots import LIST_SIZE, Slot
from certlog.strict_json import JSONObject
from issuer.body import Body, read_body
from issuer.issue import read_drafts
from issuer.key_file import IssuerKey
from issuer.sign import urn_uuid
from issuer.signers import Ed25519Signer

ORIGIN: Final = "registry.example.vn/bench"
EXAMPLES: Final = Path(__file__).resolve().parent.parent / "examples"


def throw_away_key(label: str = "issuer") -> IssuerKey:
    """Return a key that every run derives again; nobody could mistake it for a real one."""
    signer = Ed25519Signer(hashlib.sha256(b"certlog bench key: " + label.encode()).digest())
    return IssuerKey(did_key(signer.public_key), signer)


def body() -> Body:
    """Return the example's certification body."""
    return read_body(EXAMPLES / "body.toml")


def contents(key: IssuerKey, slots: Iterator[Slot], *, first: int = 0) -> Iterator[JSONObject]:
    """Yield complete certificates for slots, without a proof; their numbers count from `first`."""
    data = (EXAMPLES / "conformity.csv").read_bytes()
    drafts = read_drafts(data, is_json=False, body=body(), did=key.did).good
    random_bytes = pseudo_random(first)
    for number, (draft, slot) in enumerate(zip(itertools.cycle(drafts), slots, strict=False), start=first):
        yield draft.content | {
            "certificateNumber": f"BENCH-{number:07}",
            "id": urn_uuid(random_bytes(16)),
            "salt": b64url(random_bytes(16)),
            "credentialStatus": credential_status(ORIGIN, slot),
        }


def slots(count: int) -> Iterator[Slot]:
    """Yield the first slots of a log."""
    return (Slot(i // LIST_SIZE, i % LIST_SIZE) for i in range(count))


def pseudo_random(seed: int = 0) -> Callable[[int], bytes]:
    """Return a cheap source of bytes that differ at each call: what is measured is not the system's."""
    counter = itertools.count()
    return lambda length: hashlib.sha256(b"%d/%d" % (seed, next(counter))).digest()[:length]
