"""Reads wrapped OpenAttestation v2 documents: salted data, the target hash over it, and the Merkle proof to the root.

Source: @govtechsg/open-attestation 6.9 (src/2.0: digest, verify; shared/merkle), which is a peer in the tests. Its
keccak-256 over sorted hashes and sorted pairs is another tree than ours (RFC 6962), and never evidence of ours. Pure.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NoReturn

from certlog.errors import InvalidInput
from certlog.nesting import bound_nesting
from certlog.sentences import Sentence

MAX_OPEN_ATTESTATION_BYTES: Final = 8 * 1024 * 1024
"""Such documents carry their logos and signatures as pictures in base64."""
MAX_VALUES: Final = 20_000
MAX_PATH: Final = 1_000
"""Characters of the names that lead to a value: each value is hashed with all of them."""
MAX_HIDDEN: Final = 20_000
MAX_PROOF: Final = 40
"""A batch of 2^40 documents."""
MAX_ISSUERS: Final = 8
_MAX_NAME: Final = 200
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_SALTED: Final = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:(string|number|boolean|null|undefined):", re.ASCII
)
_MARKS: Final = (b"openattestation", b"sha3merkleproof")
_VERSION_2: Final = "https://schema.openattestation.com/2.0/"
_VERSION_3: Final = "https://schema.openattestation.com/3.0/"
_SIGNATURE: Final = "SHA3MerkleProof"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who a document says issued it, and where that can be looked up.

    Attributes:
        name: as the document says.
        store: address of a DocumentStore (or the older CertificateStore) contract; "" where it names none.
        other: what it names instead ("tokenRegistry" or a DID), which is not read here; "" for a store.
        identity: kind of the identity proof ("DNS-TXT", ...); "" where there is none.
        location: where that proof should stand (a domain); "" where there is none.
    """

    name: str
    store: str
    other: str
    identity: str
    location: str


@dataclass(frozen=True, slots=True)
class OpenAttestation:
    """A wrapped document: what it says, and what its hashes come to.

    Attributes:
        name: what the document calls itself; "" where it does not.
        issuers: at least one.
        chain_id: the chain that it names, or None.
        values: how many salted values are there to be read.
        hidden: how many values were removed by whoever handed it on; their hashes remain.
        stated_target: the target hash in it, 32 bytes.
        target: the target hash of what is there, 32 bytes.
        path: the stated target, the root of each step, and at last the computed root of the batch.
        stated_root: the root in it, 32 bytes.
    """

    name: str
    issuers: tuple[Issuer, ...]
    chain_id: int | None
    values: int
    hidden: int
    stated_target: bytes
    target: bytes
    path: tuple[bytes, ...]
    stated_root: bytes


def looks_like_open_attestation(data: bytes) -> bool:
    """Tell whether bytes speak of OpenAttestation at all; cheap, and no promise that they can be read."""
    if data.lstrip()[:1] != b"{" or len(data) > MAX_OPEN_ATTESTATION_BYTES:
        return False
    lower = data.lower()
    return any(mark in lower for mark in _MARKS)


def parse_open_attestation(data: bytes) -> OpenAttestation:
    """Read a wrapped document, strictly: what two readers could understand differently is refused.

    Raises:
        InvalidInput: not such a document, another version, too large or too deep, or ambiguous; with its place.
    """
    document = _parse(data)
    _require_version_2(document)
    signature = _object(document, "signature", "")
    if signature.get("type") != _SIGNATURE:
        message = Sentence("expected type {expected}", expected=_SIGNATURE)
        raise InvalidInput(message, place="/signature/type", code="other-signature")
    content = _object(document, "data", "")
    leaves = tuple(_leaves(content))
    hidden = _hidden(document)
    proof = _hashes(signature.get("proof"), "/signature/proof", MAX_PROOF)
    stated_target = _hash(signature.get("targetHash"), "/signature/targetHash")
    return OpenAttestation(
        name=_text(content.get("name")),
        issuers=_issuers(content),
        chain_id=_chain_id(content),
        values=len(leaves),
        hidden=len(hidden),
        stated_target=stated_target,
        target=_target(leaves, hidden),
        path=tuple(_path(stated_target, proof)),
        stated_root=_hash(signature.get("merkleRoot"), "/signature/merkleRoot"),
    )


def keccak256(data: bytes) -> bytes:
    """Return Ethereum's keccak-256, 32 bytes."""
    from Crypto.Hash import keccak  # noqa: PLC0415 - a verification of our own documents must start at once

    return keccak.new(digest_bits=256, data=data).digest()


def _target(leaves: Iterable[tuple[str, object]], hidden: Iterable[bytes]) -> bytes:
    """Hash the sorted hashes: of each {path: value}, and of what was removed."""
    hashes = [keccak256(_stringify({path: value})).hex() for path, value in leaves]
    return keccak256(_stringify(sorted([*hashes, *(digest.hex() for digest in hidden)])))


def _path(target: bytes, proof: Iterable[bytes]) -> Iterator[bytes]:
    found = target
    yield found
    for sibling in proof:
        found = _parent(found, sibling)
        yield found


def _parent(one: bytes, other: bytes) -> bytes:
    """Hash a pair in the order of its bytes: this tree does not know left from right."""
    return keccak256(min(one, other) + max(one, other))


def _stringify(value: object) -> bytes:
    """Return JSON as JavaScript's JSON.stringify writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _leaves(content: dict[str, object]) -> Iterator[tuple[str, object]]:
    """Yield each path (names and positions joined by dots) and its salted text, or {} and [] where they are empty.

    A name with a dot, or none at all, would let two documents have the same hash.
    """
    waiting: list[tuple[str, object]] = [("", content)]
    count = 0
    while waiting:
        path, value = waiting.pop()
        items: Iterable[tuple[str, object]]
        match value:
            case dict() if value:
                items = value.items()
            case list() if value:
                items = ((str(position), item) for position, item in enumerate(value))
            case str() | dict() | list() if path:
                count += 1
                if count > MAX_VALUES:
                    raise _too_many()
                yield path, value
                continue
            case _:
                raise InvalidInput("expected salted texts only", place=_place(path), code="not-salted")
        for name, item in items:
            if not name or "." in name:
                message = Sentence("a name is empty or has a dot in it: {name!r}", name=name[:40])
                raise InvalidInput(message, place=_place(path), code="ambiguous-name")
            below = f"{path}.{name}" if path else name
            if len(below) > MAX_PATH or len(waiting) > MAX_VALUES:
                raise _too_many()
            waiting.append((below, item))


def _too_many() -> InvalidInput:
    message = Sentence(
        "more than {most} values, or names of more than {longest} characters",
        most=MAX_VALUES,
        longest=MAX_PATH,
    )
    return InvalidInput(message, place="/data", code="too-many")


def _hidden(document: dict[str, object]) -> tuple[bytes, ...]:
    privacy = document.get("privacy", {})
    if not isinstance(privacy, dict):
        raise InvalidInput("expected an object", place="/privacy", code="wrong-type")
    return _hashes(privacy.get("obfuscatedData", []), "/privacy/obfuscatedData", MAX_HIDDEN)


def _issuers(content: dict[str, object]) -> tuple[Issuer, ...]:
    listed = content.get("issuers")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_ISSUERS:
        message = Sentence("expected 1 to {most} issuers", most=MAX_ISSUERS)
        raise InvalidInput(message, place="/data/issuers", code="bad-issuers")
    return tuple(_issuer(value, f"/data/issuers/{position}") for position, value in enumerate(listed))


def _issuer(value: object, place: str) -> Issuer:
    if not isinstance(value, dict):
        raise InvalidInput("expected an object", place=place, code="wrong-type")
    store = _text(value.get("documentStore")) or _text(value.get("certificateStore"))
    if store and not _ADDRESS.fullmatch(store):
        message = Sentence("expected the address of a contract, found {found!r}", found=store[:60])
        raise InvalidInput(message, place=place, code="bad-address")
    registry, did = _text(value.get("tokenRegistry")), _text(value.get("id"))
    other = "tokenRegistry" if registry else "DID" if did.startswith("did:") and not store else ""
    proof = value.get("identityProof")
    proof = proof if isinstance(proof, dict) else {}
    return Issuer(
        name=_text(value.get("name")),
        store=store.lower(),
        other=other,
        identity=_text(proof.get("type")),
        location=_text(proof.get("location")),
    )


def _chain_id(content: dict[str, object]) -> int | None:
    network = content.get("network")
    text = _text(network.get("chainId")) if isinstance(network, dict) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(2**53)) else None


def _text(value: object) -> str:
    """Return a value without its salt and kind, as far as it may be shown; "" for anything else."""
    if not isinstance(value, str):
        return ""
    found = _SALTED.match(value)
    return (value[found.end() :] if found else value)[:_MAX_NAME]


def _require_version_2(document: dict[str, object]) -> None:
    """Refuse other versions by name, so that nobody takes "not read" for "false"."""
    version = document.get("version")
    version = version if isinstance(version, str) else ""
    if version.startswith(_VERSION_2) or (not version and _is_wrapped(document)):
        return
    proof = document.get("proof")
    kind = proof.get("type") if isinstance(proof, dict) else None
    if version.startswith(_VERSION_3):
        found = Sentence("version 3")
    elif version:
        found = Sentence("version {version}", version=version[:80])
    elif isinstance(kind, str):
        found = Sentence("a proof of type {kind}", kind=kind[:80])
    else:
        found = Sentence("none of its marks")
    message = Sentence(
        "of OpenAttestation only wrapped documents of version 2 are read, found {found}: this says nothing about the "
        "document; use a verifier of that version",
        found=found,
    )
    raise InvalidInput(message, code="other-version")


def _is_wrapped(document: dict[str, object]) -> bool:
    signature = document.get("signature")
    return isinstance(signature, dict) and signature.get("type") == _SIGNATURE


def _parse(data: bytes) -> dict[str, object]:
    if len(data) > MAX_OPEN_ATTESTATION_BYTES:
        message = Sentence("expected at most {most} bytes", most=MAX_OPEN_ATTESTATION_BYTES)
        raise InvalidInput(message, code="too-large")
    try:
        text = data.decode()
        bound_nesting(text)
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
        text.encode()
        _stringify(value)
    except (UnicodeError, ValueError, RecursionError) as error:
        raise InvalidInput(Sentence("this is not JSON: {error}", error=error), code="not-json") from error
    if not isinstance(value, dict):
        raise InvalidInput("expected an object", code="not-object")
    return value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidInput("a name appears twice in one object", code="duplicate-member")
    return found


def _no_constant(text: str) -> NoReturn:
    raise InvalidInput(Sentence("{text} is not JSON", text=text), code="not-json")


def _object(value: dict[str, object], name: str, place: str) -> dict[str, object]:
    found = value.get(name)
    if not isinstance(found, dict):
        raise InvalidInput("expected an object", place=f"{place}/{name}", code="wrong-type")
    return found


def _hashes(value: object, place: str, most: int) -> tuple[bytes, ...]:
    if not isinstance(value, list) or len(value) > most:
        message = Sentence("expected at most {most} hashes", most=most)
        raise InvalidInput(message, place=place, code="bad-hashes")
    return tuple(_hash(item, f"{place}/{position}") for position, item in enumerate(value))


def _hash(value: object, place: str) -> bytes:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise InvalidInput("expected 64 lower-case hex digits", place=place, code="bad-hash")
    return bytes.fromhex(value)


def _place(path: str) -> str:
    return "/".join(["/data", *path.split(".")]) if path else "/data"
