"""Status lists: two bitstrings of 131,072 bits per list number, and the Merkle tree over them.

Source: W3C Bitstring Status List 1.0 (bit 0 is the leftmost; GZIP, multibase `u`). The status tree hashes the
uncompressed bytes, since GZIP output differs between programs.
"""

import gzip
import zlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from certlog import cryptosuites
from certlog.digests import DocumentHash, LeafHash
from certlog.encoding import b64url, b64url_decode
from certlog.errors import InvalidInput
from certlog.keys import Signer, did_key, verification_method
from certlog.sentences import Sentence
from certlog.slots import LIST_SIZE, Slot
from certlog.strict_json import JSONObject, JSONValue
from certlog.timestamps import format_time
from certlog.tree import MemoryTree, leaf_hash

LIST_BYTES: Final = LIST_SIZE // 8
_MAX_ENCODED: Final = 32 * 1024
_GZIP_WINDOW: Final = 31

StatusPurpose: TypeAlias = Literal["revocation", "suspension"]
PURPOSES: Final[tuple[StatusPurpose, StatusPurpose]] = ("revocation", "suspension")


def empty_list() -> bytes:
    """Return a list in which no bit is set."""
    return bytes(LIST_BYTES)


def get_bit(bits: bytes, index: int) -> bool:
    """Return bit `index`: byte index>>3, mask 0x80>>(index&7). Requires 0 <= index < 131,072."""
    _require(bits, index)
    return bool(bits[index >> 3] & 0x80 >> (index & 7))


def set_bit(bits: bytes, index: int, value: bool) -> bytes:  # noqa: FBT001 - the bit's value is the point
    """Return a copy of the list with one bit set or cleared."""
    _require(bits, index)
    changed = bytearray(bits)
    mask = 0x80 >> (index & 7)
    changed[index >> 3] = changed[index >> 3] | mask if value else changed[index >> 3] & ~mask
    return bytes(changed)


def encode_list(bits: bytes) -> str:
    """Return the W3C encodedList: `u` + base64url of the GZIP of the bits."""
    _require(bits, 0)
    return _deflated(bits)


@lru_cache(maxsize=16)
def _deflated(bits: bytes) -> str:
    return "u" + b64url(gzip.compress(bits, mtime=0))


def decode_list(text: str, place: str = "") -> bytes:
    """Return the 16,384 bytes of an encodedList; inflation stops at that size.

    Raises:
        InvalidInput: another encoding or size.
    """
    if not text.startswith("u") or len(text) > _MAX_ENCODED:
        raise InvalidInput("expected an encodedList in multibase base64url", place=place, code="bad-list")
    try:
        bits = _inflated(text)
    except zlib.error as error:
        raise InvalidInput("the encodedList is not GZIP", place=place, code="bad-list") from error
    if bits is None:
        raise InvalidInput(
            Sentence("expected a list of {list_bytes} bytes", list_bytes=LIST_BYTES),
            place=place,
            code="bad-list",
        )
    return bits


@lru_cache(maxsize=16)
def _inflated(text: str) -> bytes | None:
    # Kept, since the certificates of one list all carry the same two.
    inflate = zlib.decompressobj(_GZIP_WINDOW)
    bits = inflate.decompress(b64url_decode(text[1:]), LIST_BYTES + 1)
    whole = len(bits) == LIST_BYTES and inflate.eof and not inflate.unused_data
    return bits if whole else None


def status_leaf(bits: bytes) -> LeafHash:
    """Return the status tree's leaf: SHA-256(0x00 ‖ exactly 16,384 bytes)."""
    _require(bits, 0)
    return _hashed(bits)


@lru_cache(maxsize=16)
def _hashed(bits: bytes) -> LeafHash:
    # Kept beside the inflated lists, for the same certificates.
    return leaf_hash(bits)


def status_tree(pairs: Iterable[tuple[bytes, bytes]]) -> MemoryTree:
    """Return the tree over (revocation, suspension) pairs: leaf 2k is revocation list k, 2k+1 suspension list k."""
    return MemoryTree(status_leaf(bits) for pair in pairs for bits in pair)


def status_leaf_index(number: int, purpose: StatusPurpose) -> int:
    """Return the position in the status tree of one list."""
    return 2 * number + PURPOSES.index(purpose)


def list_url(origin: str, purpose: StatusPurpose, number: int) -> str:
    """Return the address at which a list credential is served."""
    return f"https://{origin}/status/{purpose}/{number}"


def credential_status(origin: str, slot: Slot) -> list[JSONValue]:
    """Return the credentialStatus of a certificate: one entry for each purpose, both with the slot's index."""
    return [
        {
            "id": f"{list_url(origin, purpose, slot.list)}#{slot.index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": purpose,
            "statusListIndex": str(slot.index),
            "statusListCredential": list_url(origin, purpose, slot.list),
        }
        for purpose in PURPOSES
    ]


def list_credential(
    bits: bytes, *, origin: str, purpose: StatusPurpose, number: int, signer: Signer, now: int
) -> JSONObject:
    """Return a signed BitstringStatusListCredential, for W3C verifiers only: it is never evidence.

    Args:
        bits: the list.
        origin: the log's origin, in whose space the list lives.
        purpose: which of the two lists.
        number: the list's number.
        signer: holds the listKey of the trust root.
        now: seconds since the epoch; becomes validFrom and the proof's created.
    """
    url, issuer = list_url(origin, purpose, number), did_key(signer.public_key)
    content: JSONObject = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": format_time(now),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": encode_list(bits),
        },
    }
    proof: JSONObject = {
        "@context": content["@context"],
        "type": "DataIntegrityProof",
        "cryptosuite": cryptosuites.SUITE_OF[signer.public_key.type],
        "created": format_time(now),
        "verificationMethod": verification_method(issuer, signer.public_key),
        "proofPurpose": "assertionMethod",
    }
    document_hash: DocumentHash = cryptosuites.hash_data(content, proof)[0]
    proof["proofValue"] = cryptosuites.sign(document_hash, proof, signer)
    return content | {"proof": proof}


def _require(bits: bytes, index: int) -> None:
    if len(bits) != LIST_BYTES or not 0 <= index < LIST_SIZE:
        raise InvalidInput(
            Sentence(
                "a status list has {list_bytes} bytes and indices below {list_size}",
                list_bytes=LIST_BYTES,
                list_size=LIST_SIZE,
            )
        )
