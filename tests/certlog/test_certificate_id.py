"""Certificate ids: every single mistake in typing is caught, and told from an id that nobody issued."""

import hashlib
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlog.certificate_id import ALPHABET, certificate_id, format_id, id_prefix_matches, parse_id
from certlog.digests import DocumentHash
from certlog.errors import MistypedId

KNOWN: Final = "WERC8GMRZGE196QVYK49"


def document_hash(number: int) -> DocumentHash:
    return DocumentHash(hashlib.sha256(str(number).encode()).digest())


SOME_IDS: Final = [certificate_id(document_hash(number)) for number in range(40)]


def is_refused(text: str) -> bool:
    try:
        parse_id(text)
    except MistypedId:
        return True
    return False


def test_the_hash_of_nothing_has_the_published_id() -> None:
    assert certificate_id(DocumentHash(hashlib.sha256(b"").digest())) == KNOWN


def test_the_id_is_the_first_95_bits_and_a_check_character() -> None:
    digest = document_hash(1)
    value = int.from_bytes(digest, "big") >> 161
    wanted = ""
    for _ in range(19):
        value, letter = divmod(value, 32)
        wanted = ALPHABET[letter] + wanted
    assert certificate_id(digest)[:19] == wanted


def test_a_hash_of_zeros_has_a_check_character_of_zero() -> None:
    assert certificate_id(DocumentHash(bytes(32))) == "0" * 20


def test_every_single_substitution_is_caught() -> None:
    for identifier in SOME_IDS:
        for position, right in enumerate(identifier):
            for wrong in ALPHABET.replace(right, ""):
                assert is_refused(identifier[:position] + wrong + identifier[position + 1 :])


def test_every_swap_of_two_different_characters_is_caught() -> None:
    swaps = 0
    for identifier in SOME_IDS:
        for i in range(20):
            for j in range(i + 1, 20):
                typed = list(identifier)
                typed[i], typed[j] = typed[j], typed[i]
                if identifier[i] != identifier[j]:
                    assert is_refused("".join(typed)), (identifier, i, j)
                    swaps += 1
    assert swaps > 7000


def test_every_missing_or_doubled_character_is_caught() -> None:
    for identifier in SOME_IDS:
        for i in range(20):
            assert is_refused(identifier[:i] + identifier[i + 1 :])
            assert is_refused(identifier[:i] + identifier[i] + identifier[i:])


def test_a_plain_sum_would_miss_swaps() -> None:
    # Mutant control: without the powers of α a swap leaves the sum unchanged; with them it does not.
    weighted = [is_refused(KNOWN[:i] + KNOWN[i + 1] + KNOWN[i] + KNOWN[i + 2 :]) for i in range(19)]
    plain = sum(ALPHABET.index(c) for c in KNOWN)
    swapped = sum(ALPHABET.index(c) for c in KNOWN[1] + KNOWN[0] + KNOWN[2:])
    assert plain == swapped
    assert all(weighted)


@pytest.mark.parametrize(
    "typed",
    [
        KNOWN,
        "WERC8-GMRZG-E196Q-VYK49",
        "werc8-gmrzg-e196q-vyk49",
        "werc8 gmrzg e196q vyk49",
        "  WERC8GMRZGE196QVYK49\n",
        "WERC8GMRZGEI96QVYK49",
        "WERC8GMRZGEL96QVYK49",
        "werc8gmrzgel96qvyk49",
        "W-E-R-C-8-G-M-R-Z-G-E-1-9-6-Q-V-Y-K-4-9",
    ],
)
def test_what_people_type_for_one_id_is_read_as_that_id(typed: str) -> None:
    assert parse_id(typed) == KNOWN


def test_the_letter_o_is_read_as_zero() -> None:
    with_zero = next(identifier for identifier in SOME_IDS if "0" in identifier)
    assert parse_id(with_zero.replace("0", "O")) == parse_id(with_zero.replace("0", "o")) == with_zero


@pytest.mark.parametrize("typed", ["", "WERC8", KNOWN + "0", KNOWN[:-1]])
def test_another_number_of_characters_is_mistyped(typed: str) -> None:
    with pytest.raises(MistypedId, match="expected 20 characters, found "):
        parse_id(typed)


def test_a_long_text_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(MistypedId, match="expected 20 characters, found far more"):
        parse_id("-" * 65)


@pytest.mark.parametrize("letter", ["U", "u", "!", "_", "é", "\uff37", "\u017f", "\u0131", "\u2010"])
def test_a_character_that_ids_do_not_use_is_mistyped(letter: str) -> None:
    with pytest.raises(
        MistypedId, match=f"character '{letter.upper() if letter == 'u' else letter}' is not used"
    ):
        parse_id(letter + KNOWN[1:])


def test_a_wrong_check_character_is_mistyped_and_has_that_code() -> None:
    with pytest.raises(MistypedId, match="the check character does not fit") as refusal:
        parse_id(KNOWN[:-1] + "8")
    assert refusal.value.code == "mistyped-id"


def test_an_id_is_shown_in_four_groups_of_five() -> None:
    assert format_id(KNOWN) == "WERC8-GMRZG-E196Q-VYK49"


@given(st.binary(min_size=32, max_size=32).map(DocumentHash))
def test_every_id_is_read_back_and_locates_its_hash(digest: DocumentHash) -> None:
    identifier = certificate_id(digest)
    assert parse_id(format_id(identifier).lower()) == identifier
    assert id_prefix_matches(identifier, digest)
    assert not id_prefix_matches(identifier, document_hash(0))
