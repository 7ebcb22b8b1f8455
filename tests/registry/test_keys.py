"""Key files: private to their owner, never overwritten, never printed."""

from pathlib import Path

import pytest

from certlog.errors import InvalidInput
from certlog.keys import verify_signature
from registry.keys import LogSigner, create_key, load_key

SEED = bytes(range(32))


def test_a_key_file_is_private_and_gives_the_same_key_back(tmp_path: Path) -> None:
    made = create_key(tmp_path / "log.key", SEED)
    assert (tmp_path / "log.key").stat().st_mode & 0o777 == 0o600
    loaded = load_key(tmp_path / "log.key")
    assert loaded.public_key == made.public_key
    verify_signature(made.public_key, b"text", loaded.sign(b"text"))


def test_an_existing_key_is_never_overwritten(tmp_path: Path) -> None:
    create_key(tmp_path / "log.key", SEED)
    before = (tmp_path / "log.key").read_bytes()
    with pytest.raises(InvalidInput, match="exists and is not overwritten"):
        create_key(tmp_path / "log.key", bytes(32))
    assert (tmp_path / "log.key").read_bytes() == before


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    create_key(tmp_path / "log.key", SEED)
    (tmp_path / "log.key").chmod(0o640)
    with pytest.raises(InvalidInput, match=r"can be read by others; make it private: chmod 600"):
        load_key(tmp_path / "log.key")


def test_a_lost_or_damaged_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="does not exist"):
        load_key(tmp_path / "log.key")
    (tmp_path / "log.key").write_text("not a key")
    (tmp_path / "log.key").chmod(0o600)
    with pytest.raises(InvalidInput, match="is not an unencrypted PKCS#8 PEM key"):
        load_key(tmp_path / "log.key")


def test_the_printed_form_of_a_signer_shows_no_secret(tmp_path: Path) -> None:
    signer = LogSigner("registry.example.vn", create_key(tmp_path / "log.key", SEED))
    assert SEED.hex() not in repr(signer)
    assert repr(SEED)[2:-1] not in repr(signer)
