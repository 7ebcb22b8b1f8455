"""SHA-256 digests and the one way to compare them.

Hashes with different meanings have different types, so that a leaf hash is never passed for a root.
"""

import hashlib
from typing import Final, NewType

from certlog.encoding import b64url_decode

DIGEST_BYTES: Final = 32

DocumentHash = NewType("DocumentHash", bytes)
"""SHA-256 of a document's canonical bytes without its proof: what identifies the document."""
LeafHash = NewType("LeafHash", bytes)
"""SHA-256(0x00 ‖ leaf data), RFC 9162 2.1.1."""
RootHash = NewType("RootHash", bytes)
"""Merkle tree hash of a tree of a stated size, RFC 9162 2.1.1."""


def sha256(data: bytes) -> bytes:
    """Return the 32-byte SHA-256 of data (FIPS 180-4)."""
    return hashlib.sha256(data).digest()


def same(left: bytes, right: bytes) -> bool:
    """Tell whether two digests are equal: both exactly 32 bytes, and the same ones.

    An empty or short value equals nothing, not even itself: a missing hash must never match.
    """
    return len(left) == DIGEST_BYTES and left == right


def digest_from_text(text: str) -> bytes:
    """Decode a digest from base64url; refuse any other length than 32 bytes."""
    return b64url_decode(text, DIGEST_BYTES)
