"""anchoring.toml: written and read back, every mistake named, and what follows from it."""

from dataclasses import replace
from pathlib import Path

import pytest

from anchoring.batch import Fees
from anchoring.contract import checksummed, log_id
from anchoring.fees import FREE_GAS, FeePolicy, dynamic_fees, fees_now, legacy_fees
from anchoring.settings import AnchoringSettings, load_settings, make_settings, save_settings
from certlog.errors import InvalidInput, Unavailable

ACCOUNT = checksummed(b"\xac" * 20)
VALUES: dict[str, object] = {
    "origin": "registry.example.vn",
    "endpoints": ["http://127.0.0.1:8545"],
    "chain_id": 31337,
    "chain_class": "local",
    "contract": checksummed(b"\xc0" * 20),
    "code_hash": "0x" + "c1" * 32,
    "log_id": "0x" + "c2" * 32,
    "account": ACCOUNT,
}


def settings(**changes: object) -> AnchoringSettings:
    return make_settings(VALUES | changes, "test")


@pytest.mark.parametrize("finality", ["tag", 1, 64])
def test_what_is_written_is_read_back(tmp_path: Path, finality: object) -> None:
    made = settings(finality=finality, transactions="legacy", max_delay=5, poll=0.5, priority_fee=0)
    save_settings(made, tmp_path)
    assert load_settings(tmp_path) == made
    assert [path.name for path in tmp_path.iterdir()] == ["anchoring.toml"]


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="certlog anchor open-log"):
        load_settings(tmp_path)


def test_a_file_that_is_not_toml_is_said(tmp_path: Path) -> None:
    (tmp_path / "anchoring.toml").write_text("origin =")
    with pytest.raises(InvalidInput, match="is not TOML"):
        load_settings(tmp_path)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot write"):
        save_settings(settings(), tmp_path / "absent")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"chain_id": 0}, "setting 'chain_id'"),
        ({"chain_id": "31337"}, "setting 'chain_id'"),
        ({"chain_id": True}, "setting 'chain_id'"),
        ({"chain_class": "mainnet"}, "'public', 'consortium' or 'local'"),
        ({"endpoints": ["127.0.0.1:8545"]}, "setting 'endpoints'"),
        ({"endpoints": []}, "setting 'endpoints'"),
        ({"endpoints": ["http://a", "http://a"]}, "named twice"),
        ({"quorum": 2}, "a quorum of 2 needs as many endpoints, found 1"),
        ({"contract": "0xc0"}, "0x and 40 hex digits"),
        ({"contract": "nowhere"}, "setting 'contract'"),
        ({"contract": ACCOUNT.swapcase().replace("0X", "0x")}, "is mistyped"),
        ({"code_hash": "0x12"}, "0x and 64 hex digits"),
        ({"finality": 0}, "setting 'finality'"),
        ({"finality": "depth"}, "setting 'finality'"),
        ({"max_fee": -1}, "setting 'max_fee'"),
        ({"max_delai": 5}, "setting 'max_delai'.*known: origin, endpoints"),
    ],
)
def test_a_wrong_setting_is_named(changes: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        settings(**changes)


@pytest.mark.parametrize("missing", VALUES)
def test_a_missing_setting_is_named(missing: str) -> None:
    with pytest.raises(InvalidInput, match=f"setting '{missing}': Field required"):
        make_settings({name: value for name, value in VALUES.items() if name != missing}, "test")


def test_addresses_are_kept_with_their_checksum() -> None:
    assert settings(account=ACCOUNT.lower()).account == ACCOUNT


def test_a_log_belongs_to_the_account_that_opened_it() -> None:
    own = "0x" + log_id(ACCOUNT, "registry.example.vn").hex()
    assert settings(log_id=own).pins().owns_log
    assert not settings().pins().owns_log


def test_a_file_of_an_earlier_version_names_one_endpoint() -> None:
    old = {name: value for name, value in VALUES.items() if name != "endpoints"}
    made = make_settings(old | {"endpoint": "http://127.0.0.1:8545"}, "test")
    assert made == settings()
    assert made.needed() == 1


def test_the_trust_root_gets_every_endpoint_and_the_quorum() -> None:
    three = ["http://a", "http://b", "http://c"]
    for quorum, needed in ((None, 2), (1, 1), (3, 3)):
        chain = settings(endpoints=three, quorum=quorum).trust_root_chain()
        assert (chain.endpoints, chain.quorum) == (tuple(three), needed)


def test_the_trust_root_pins_what_the_worker_pins() -> None:
    chain = settings(finality=12).trust_root_chain()
    assert (chain.id, chain.chain_class, chain.finality) == (31337, "local", 12)
    assert chain.contract == "0x" + "c0" * 20
    assert chain.log_ids[0].log_id == "0x" + "c2" * 32
    assert settings().trust_root_chain().finality is None


def test_fees_leave_room_for_the_base_fee_to_double() -> None:
    assert dynamic_fees(100, FeePolicy(priority_fee=7, max_fee=1000)) == Fees(207, 7)


def test_fees_never_exceed_the_limit() -> None:
    assert dynamic_fees(100, FeePolicy(priority_fee=7, max_fee=150)) == Fees(150, 7)
    with pytest.raises(Unavailable, match="gas costs 107 wei now, the limit is 106"):
        dynamic_fees(100, FeePolicy(priority_fee=7, max_fee=106))


def test_a_gas_price_beyond_the_limit_waits_whoever_named_it() -> None:
    assert legacy_fees(106, FeePolicy(legacy=True, max_fee=106)) == Fees(106, None)
    for own in (None, 107):
        with pytest.raises(Unavailable, match="gas costs 107 wei now, the limit is 106"):
            fees_now(FeePolicy(legacy=True, max_fee=106, gas_price=own), None, lambda: 107)


def test_a_chain_without_base_fee_needs_the_legacy_setting() -> None:
    with pytest.raises(Unavailable, match='transactions = "legacy"'):
        dynamic_fees(None, FeePolicy())


def test_a_price_of_our_own_is_offered_without_asking_the_node() -> None:
    def suggested() -> int:
        raise AssertionError("the node was asked")

    assert fees_now(replace(FREE_GAS, legacy=True), None, suggested) == Fees(0, None)
    assert fees_now(FREE_GAS, 0, suggested) == Fees(0, 0)
    assert fees_now(FeePolicy(legacy=True), None, lambda: 12) == Fees(12, None)


def test_a_price_of_our_own_survives_the_settings_file(tmp_path: Path) -> None:
    saved = settings(transactions="legacy", gas_price=0)
    save_settings(saved, tmp_path)
    assert load_settings(tmp_path) == saved
    assert saved.fees() == FeePolicy(legacy=True, gas_price=0)


def test_free_gas_is_a_price_like_any_other() -> None:
    assert legacy_fees(0, FeePolicy(legacy=True, max_fee=0)) == Fees(0, None)
    assert dynamic_fees(0, FeePolicy(priority_fee=0, max_fee=0)) == Fees(0, 0)
    with pytest.raises(Unavailable, match="gas costs 1 wei now"):
        legacy_fees(1, FeePolicy(legacy=True, max_fee=0))
