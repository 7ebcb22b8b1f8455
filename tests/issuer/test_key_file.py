"""Key files: encrypted with scrypt, opened by the same passphrase however it was typed, never overwritten."""

import base64
import os
import stat
import traceback
import unicodedata
from pathlib import Path

import pytest
from Crypto.PublicKey import ECC

from certlog.errors import InvalidInput
from certlog.keys import KeyType, did_key, verify_signature
from issuer.key_file import IssuerKey, PublicPart, create_key_file, open_key_file, public_path

PASSPHRASE = unicodedata.normalize("NFC", "mật khẩu của tôi")


@pytest.fixture(scope="module")
def ed25519_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ed25519") / "issuer.pem"
    create_key_file(path, PASSPHRASE, random_bytes=os.urandom)
    return path


@pytest.fixture(scope="module")
def p256_key(tmp_path_factory: pytest.TempPathFactory) -> IssuerKey:
    path = tmp_path_factory.mktemp("p256") / "issuer.pem"
    did = "did:web:mau.example.vn"
    create_key_file(path, PASSPHRASE, key_type=KeyType.P256, did=did, random_bytes=os.urandom)
    return open_key_file(path, PASSPHRASE)


def _message_of(error: BaseException | None) -> str:
    parts = []
    while error is not None:
        parts.append(f"{error} {error.args!r} {error!r}")
        error = error.__cause__ or error.__context__
    return " ".join(parts)


def test_a_new_key_opens_and_signs(ed25519_path: Path) -> None:
    key = open_key_file(ed25519_path, PASSPHRASE)

    assert key.did == did_key(key.signer.public_key)
    verify_signature(key.signer.public_key, b"message", key.signer.sign(b"message"))


def test_a_passphrase_typed_in_decomposed_form_opens_the_file(ed25519_path: Path) -> None:
    typed = unicodedata.normalize("NFD", PASSPHRASE)

    assert typed != PASSPHRASE
    assert open_key_file(ed25519_path, typed).did.startswith("did:key:z6Mk")


def test_a_p256_key_signs_with_low_s_every_time(p256_key: IssuerKey) -> None:
    assert p256_key.did == "did:web:mau.example.vn"
    for i in range(40):  # half of all raw signatures have a high s
        message = bytes([i])
        verify_signature(p256_key.signer.public_key, message, p256_key.signer.sign(message))


def test_the_secret_file_is_for_its_owner_only_and_the_public_part_holds_no_secret(
    ed25519_path: Path,
) -> None:
    assert stat.S_IMODE(ed25519_path.stat().st_mode) == 0o600
    public = PublicPart.parse(public_path(ed25519_path).read_bytes())
    assert public.did == did_key(public.key)


def test_a_wrong_passphrase_is_refused_without_key_material(ed25519_path: Path) -> None:
    with pytest.raises(InvalidInput, match="the passphrase is wrong") as caught:
        open_key_file(ed25519_path, "not the passphrase")

    assert caught.value.code == "wrong-passphrase"
    assert caught.value.__cause__ is None
    assert "not the passphrase" not in _message_of(caught.value)


def test_an_existing_key_is_never_overwritten(ed25519_path: Path) -> None:
    before = ed25519_path.read_bytes()
    with pytest.raises(InvalidInput, match="never overwritten"):
        create_key_file(ed25519_path, PASSPHRASE, random_bytes=os.urandom)
    assert ed25519_path.read_bytes() == before


@pytest.mark.parametrize(
    "protection", ["PBKDF2WithHMAC-SHA512AndAES256-CBC", "PBKDF2WithHMAC-SHA1AndDES-EDE3-CBC"]
)
def test_a_pbkdf2_file_is_refused(tmp_path: Path, protection: str) -> None:
    pem = ECC.generate(curve="Ed25519").export_key(
        format="PEM", passphrase=PASSPHRASE.encode(), use_pkcs8=True, protection=protection
    )
    (tmp_path / "weak.pem").write_text(str(pem))
    with pytest.raises(InvalidInput, match="protected by scrypt with N between 131072"):
        open_key_file(tmp_path / "weak.pem", PASSPHRASE)


def test_a_cheap_scrypt_file_is_refused(tmp_path: Path) -> None:
    pem = ECC.generate(curve="Ed25519").export_key(
        format="PEM",
        passphrase=PASSPHRASE.encode(),
        use_pkcs8=True,
        protection="scryptAndAES256-CBC",
        prot_params={"iteration_count": 2**14},
    )
    (tmp_path / "weak.pem").write_text(str(pem))
    with pytest.raises(InvalidInput, match="protected by scrypt with N between 131072"):
        open_key_file(tmp_path / "weak.pem", PASSPHRASE)


@pytest.mark.parametrize(("block_size", "parallel"), [(1, 1), (16, 1), (8, 2)])
def test_scrypt_is_bounded_in_each_of_its_costs(tmp_path: Path, block_size: int, parallel: int) -> None:
    # r 1 is an eighth of the work to guess; a large r or p would ask for all memory or for hours.
    pem = ECC.generate(curve="Ed25519").export_key(
        format="PEM",
        passphrase=PASSPHRASE.encode(),
        use_pkcs8=True,
        protection="scryptAndAES256-CBC",
        prot_params={"iteration_count": 2**17, "block_size": block_size, "parallelization": parallel},
    )
    (tmp_path / "odd.pem").write_text(str(pem))
    with pytest.raises(InvalidInput, match="N between 131072 and 1048576, r 8 and p 1"):
        open_key_file(tmp_path / "odd.pem", PASSPHRASE)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_is_not_an_encrypted_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.pem").write_bytes(content)
    with pytest.raises(InvalidInput, match="expected one encrypted PKCS#8 key"):
        open_key_file(tmp_path / "key.pem", PASSPHRASE)


def test_a_truncated_key_file_is_refused(tmp_path: Path, ed25519_path: Path) -> None:
    lines = ed25519_path.read_text().splitlines()
    (tmp_path / "key.pem").write_text("\n".join([lines[0], lines[1], lines[-1]]))
    with pytest.raises(InvalidInput, match="the key file is damaged"):
        open_key_file(tmp_path / "key.pem", PASSPHRASE)


def test_a_public_part_of_another_key_is_refused(
    tmp_path: Path, ed25519_path: Path, p256_key: IssuerKey
) -> None:
    (tmp_path / "issuer.pem").write_bytes(ed25519_path.read_bytes())
    foreign = PublicPart(p256_key.did, p256_key.signer.public_key)
    (tmp_path / "issuer.pub.json").write_bytes(foreign.to_bytes())
    with pytest.raises(InvalidInput, match="belongs to another key"):
        open_key_file(tmp_path / "issuer.pem", PASSPHRASE)


def test_a_short_passphrase_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="at least 8 characters"):
        create_key_file(tmp_path / "issuer.pem", "ngắn", random_bytes=os.urandom)
    assert list(tmp_path.iterdir()) == []


def test_a_chosen_did_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="expected a did:web"):
        create_key_file(tmp_path / "a.pem", PASSPHRASE, did="did:key:z6Mk", random_bytes=os.urandom)
    assert list(tmp_path.iterdir()) == []


def test_neither_signer_shows_its_key(ed25519_path: Path, p256_key: IssuerKey) -> None:
    signer = open_key_file(ed25519_path, PASSPHRASE).signer
    assert "SigningKey" not in repr(signer)
    assert repr(p256_key).count("object at") == 1


def test_no_file_repr_or_error_holds_the_secret(tmp_path: Path) -> None:
    seed = bytes(range(101, 133))
    path = tmp_path / "issuer.pem"
    create_key_file(path, PASSPHRASE, random_bytes=lambda _: seed)
    shown = [path.read_bytes(), public_path(path).read_bytes()]
    key = open_key_file(path, PASSPHRASE)
    shown.append(repr([key, key.signer, vars(key.signer)]).encode())
    for wrong in ("", PASSPHRASE + " "):
        with pytest.raises(InvalidInput, match="the passphrase is wrong") as caught:
            open_key_file(path, wrong)
        shown.append("".join(traceback.format_exception(caught.value)).encode())

    for form in (seed, seed.hex().encode(), base64.b64encode(seed), repr(seed).encode(), PASSPHRASE.encode()):
        assert not any(form in text for text in shown)
