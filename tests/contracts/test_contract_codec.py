"""anchoring.contract refuses what the contract never says, and names errors."""

import pytest

from anchoring import contract
from certlog.errors import InvalidInput

WORD = bytes(32)
ONE = bytes(31) + b"\1"
ADDRESS = bytes(12) + bytes(range(1, 21))


def test_never_anchored_is_none_and_not_zero() -> None:
    assert contract.read_anchored_at(WORD + WORD) is None
    assert contract.read_anchored_at(ONE + WORD) == (1, 0)


def test_a_head_is_read_with_its_checksummed_anchorer() -> None:
    found = contract.read_head(ONE + ADDRESS + ONE)
    assert found == (1, "0x0102030405060708090a0B0c0d0e0f1011121314", True)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        WORD * 2,
        WORD * 4,
        b"\1" + WORD[1:] + ADDRESS + WORD,
        WORD + b"\1" + ADDRESS[1:] + WORD,
        WORD + ADDRESS + bytes(31) + b"\2",
    ],
    ids=["nothing", "too short", "too long", "size above 64 bits", "no address", "neither true nor false"],
)
def test_what_is_no_head_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"expected .* from the contract, found"):
        contract.read_head(data)


@pytest.mark.parametrize("text", ["", "0x", "0x12", "0x" + "zz" * 20, "0x" + "00" * 21, "owner"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="expected an address of 0x and 40 hex digits"):
        contract.set_anchorer_call(WORD, text)


def test_hashes_and_sizes_of_another_length_are_refused() -> None:
    with pytest.raises(InvalidInput, match="expected 32 bytes, found 31"):
        contract.anchor_call(WORD, (0, WORD), (1, WORD), [WORD[1:]])
    with pytest.raises(InvalidInput, match="expected an unsigned number below 2"):
        contract.anchored_at_call(WORD, 2**64, WORD)
    with pytest.raises(InvalidInput, match="expected an unsigned number below 2"):
        contract.anchored_at_call(WORD, -1, WORD)


def test_a_named_error_is_read_with_its_values() -> None:
    selector = next(
        key for key, entry in contract.artifact().errors.items() if entry["name"] == "NotAnchorer"
    )
    revert = contract.read_revert(selector + ONE + ADDRESS + ADDRESS)
    who = "0x0102030405060708090a0B0c0d0e0f1011121314"
    assert revert == contract.Revert("NotAnchorer", {"logId": ONE, "caller": who, "anchorer": who})
    assert str(revert) == f"NotAnchorer(logId=0x{ONE.hex()}, caller={who}, anchorer={who})"


@pytest.mark.parametrize(
    "data", [b"", b"\1\2\3", b"\x08\xc3\x79\xa0" + WORD * 3], ids=["nothing", "3 bytes", "Error(string)"]
)
def test_other_revert_data_is_no_named_error(data: bytes) -> None:
    assert contract.read_revert(data) is None


def test_a_named_error_of_another_length_is_none() -> None:
    selector = next(key for key, entry in contract.artifact().errors.items() if entry["name"] == "LogNotOpen")
    assert contract.read_revert(selector + WORD) is not None
    assert contract.read_revert(selector + WORD * 2) is None


def test_addresses_are_checksummed_as_eip_55_says() -> None:
    """The examples of EIP-55 itself."""
    for text in (
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0xde709f2102306220921060314715629080e2fb77",
    ):
        assert contract.checksummed(bytes.fromhex(text[2:])) == text
