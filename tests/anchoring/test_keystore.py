"""Keystore files and the signer: passphrases, modes, what is refused, and what is signed."""

import hashlib
import json
import os
import unicodedata
from pathlib import Path

import pytest

from anchoring.batch import Fees
from anchoring.keystore import AccountSigner, create_keystore, open_keystore
from anchoring.ports import UnsignedTransaction
from certlog.errors import InvalidInput, NotTrusted, Unavailable
from tests.anchoring.fake_chain import CONTRACT, decode

KEY = hashlib.sha256(b"certlog test key: keystore").digest()
PASSPHRASE = "mật khẩu của người neo"
QUICK = 2**12


def make(path: Path, passphrase: str = PASSPHRASE) -> AccountSigner:
    return create_keystore(path, passphrase, random_bytes=lambda count: KEY[:count], work_factor=QUICK)


def test_a_new_keystore_opens_to_the_same_account(tmp_path: Path) -> None:
    path = tmp_path / "anchorer.json"
    made = make(path)
    assert open_keystore(path, PASSPHRASE).address == made.address == AccountSigner(KEY).address


def test_a_keystore_is_for_its_owner_only_and_holds_no_plain_key(tmp_path: Path) -> None:
    path = tmp_path / "anchorer.json"
    make(path)
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert KEY.hex() not in text
    assert json.loads(text)["crypto"]["kdf"] == "scrypt"


def test_the_same_words_typed_on_another_system_open_the_file(tmp_path: Path) -> None:
    path = tmp_path / "anchorer.json"
    made = make(path, unicodedata.normalize("NFD", PASSPHRASE))
    assert open_keystore(path, unicodedata.normalize("NFC", PASSPHRASE)).address == made.address


def test_a_wrong_passphrase_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "anchorer.json"
    make(path)
    with pytest.raises(InvalidInput, match="wrong passphrase for"):
        open_keystore(path, PASSPHRASE + "!")


def test_a_short_passphrase_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="7 characters, at least 8"):
        make(tmp_path / "anchorer.json", "bảymươi")
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "anchorer.json"
    path.write_text("precious")
    with pytest.raises(InvalidInput, match="exists; a key is never overwritten"):
        make(path)
    assert path.read_text() == "precious"


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot write .*No such file"):
        make(tmp_path / "absent" / "anchorer.json")


def test_a_missing_keystore_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="certlog anchor keygen"):
        open_keystore(tmp_path / "anchorer.json", PASSPHRASE)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 1}', '{"version": 3}', "\x00"])
def test_a_file_that_is_no_keystore_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "anchorer.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(InvalidInput, match="is not a keystore of version 3"):
        open_keystore(path, PASSPHRASE)


def test_a_keystore_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "anchorer.json"
    make(path)
    path.chmod(0o644)
    with pytest.raises(NotTrusted, match=r"mode 644\); do: chmod 600"):
        open_keystore(path, PASSPHRASE)


@pytest.mark.parametrize("key", [b"", b"\x00" * 32, b"\xff" * 32, KEY[:31], KEY + b"\x00"])
def test_what_is_no_private_key_is_refused_without_being_quoted(key: bytes) -> None:
    with pytest.raises(InvalidInput, match="expected a secp256k1 private key of 32 bytes$"):
        AccountSigner(key)


@pytest.mark.parametrize("fees", [Fees(5, 2), Fees(5, None), Fees(0, None), Fees(0, 0)])
def test_what_is_signed_is_what_was_asked_and_is_signed_the_same_again(fees: Fees) -> None:
    signer = AccountSigner(KEY)
    unsigned = UnsignedTransaction(31337, 9, CONTRACT, b"\x01\x02", 400_000, fees)
    attempt = signer.sign(unsigned, 1)
    found = decode(attempt.raw)
    assert (found.sender, found.nonce, found.chain_id) == (signer.address, 9, 31337)
    assert (found.data, "0x" + found.to.hex()) == (b"\x01\x02", CONTRACT.lower())
    assert found.tx_hash == attempt.tx_hash
    assert signer.sign(unsigned, 1) == attempt
    assert (attempt.raw[0] == 2) is (fees.priority_fee is not None)


def test_real_randomness_makes_different_accounts(tmp_path: Path) -> None:
    made = [
        create_keystore(tmp_path / name, PASSPHRASE, random_bytes=os.urandom, work_factor=QUICK)
        for name in ("a", "b")
    ]
    assert made[0].address != made[1].address
