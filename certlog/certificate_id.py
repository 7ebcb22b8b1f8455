"""The 20-character certificate id: 95 bits of the document hash and a check character, in Crockford base 32.

The check is a weighted sum over GF(32) (x^5+x^2+1, α = 2): it catches every single substitution and every swap
of two characters, so that "mistyped" is told from "unknown". The id is a locator only; full hashes decide.
"""

from typing import Final

from certlog.digests import DocumentHash
from certlog.errors import MistypedId
from certlog.sentences import Sentence

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ID_LENGTH: Final = 20
HASH_BITS: Final = 95
_VALUE: Final = {character: value for value, character in enumerate(ALPHABET)}
_LOOKALIKES: Final = str.maketrans("OIL", "011", "- ")
_MAX_TYPED: Final = 64
_SHIFTS: Final = tuple(5 * (18 - i) for i in range(ID_LENGTH - 1))


def _powers() -> tuple[int, ...]:
    values = [1]
    for _ in range(30):
        doubled = values[-1] << 1
        values.append(doubled ^ 0b100101 if doubled & 32 else doubled)
    return tuple(values)


_EXP: Final = _powers()
_LOG: Final = {value: exponent for exponent, value in enumerate(_EXP)}
_TIMES: Final = tuple(
    tuple(_EXP[(_LOG[value] + i) % 31] if value else 0 for value in range(32)) for i in range(ID_LENGTH)
)
"""α^i·v, by i and v."""


def certificate_id(document_hash: DocumentHash) -> str:
    """Return the 20-character id of a document hash."""
    bits = int.from_bytes(document_hash, "big") >> (256 - HASH_BITS)
    values = [bits >> shift & 31 for shift in _SHIFTS]
    # v19 solves Σ α^i·v_i = 0: the partial sum divided by α^19 (subtraction is addition here).
    partial = _weighted_sum(values)
    check = _EXP[(_LOG[partial] - 19) % 31] if partial else 0
    return "".join([ALPHABET[value] for value in values]) + ALPHABET[check]


def format_id(identifier: str) -> str:
    """Return the id as people read it: four groups of five, joined by hyphens."""
    return "-".join(identifier[i : i + 5] for i in range(0, ID_LENGTH, 5))


def parse_id(text: str) -> str:
    """Return the 20 characters of a typed id.

    Lower case, hyphens and spaces are accepted; O is read as 0, I and L as 1.

    Raises:
        MistypedId: wrong length, a character outside the alphabet, or a wrong check character.
    """
    if len(text) > _MAX_TYPED:
        raise MistypedId(Sentence("expected {id_length} characters, found far more", id_length=ID_LENGTH))
    if not text.isascii():
        # Before upper-casing, which turns some other letters (long s, dotless i) into ours.
        raise MistypedId(
            Sentence("character {character!r} is not used in certificate ids", character=_first_foreign(text))
        )
    cleaned = text.strip().upper().translate(_LOOKALIKES)
    if len(cleaned) != ID_LENGTH:
        raise MistypedId(
            Sentence(
                "expected {id_length} characters, found {found}", id_length=ID_LENGTH, found=len(cleaned)
            )
        )
    unknown = [character for character in cleaned if character not in _VALUE]
    if unknown:
        raise MistypedId(Sentence("character {unknown!r} is not used in certificate ids", unknown=unknown[0]))
    if _weighted_sum([_VALUE[character] for character in cleaned]):
        raise MistypedId("the check character does not fit: one or more characters are mistyped")
    return cleaned


def id_prefix_matches(identifier: str, document_hash: DocumentHash) -> bool:
    """Tell whether an id locates this document hash."""
    return certificate_id(document_hash) == identifier


def _first_foreign(text: str) -> str:
    return next(character for character in text if not character.isascii())


def _weighted_sum(values: list[int]) -> int:
    total = 0
    for times, value in zip(_TIMES, values, strict=False):
        total ^= times[value]
    return total
