"""What every signer must do, whichever key it has: a file's, a token's (SoftHSM), a key service's over HTTP."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import rlp
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from eth_account import Account

from anchoring import digest_signer
from anchoring.batch import Fees
from anchoring.contract import artifact, keccak256
from anchoring.digest_signer import CURVE_ORDER, DigestSigner, Form, account_of, recoverable
from anchoring.keystore import AccountSigner
from anchoring.local_node import LocalNode
from anchoring.pkcs11_key import TokenPlace, create_token_key, open_token
from anchoring.ports import TransactionSigner, UnsignedTransaction
from certlog.errors import InvalidInput, NotTrusted, Unavailable
from tests.anchoring.anvil import CHAIN_ID, ETHER
from tests.anchoring.fake_chain import CONTRACT, decode
from tests.anchoring.fake_kms import KeyService, serving
from tests.support.controls import Control, require_noticed
from tests.support.softhsm import LABEL, PIN

KEY = hashlib.sha256(b"certlog test key: signers").digest()
CALL = UnsignedTransaction(CHAIN_ID, 7, CONTRACT, b"\x12\x34" * 40, 400_000, Fees(30 * 10**9, 10**9))
KINDS = {
    "type 2": CALL,
    "type 0": replace(CALL, fees=Fees(10**9, None)),
    "type 2, free": replace(CALL, fees=Fees(0, 0)),
    "type 0, free": replace(CALL, fees=Fees(0, None)),
    "nonce 0": replace(CALL, nonce=0),
    "makes a contract": replace(CALL, to=None, data=artifact().bytecode, gas=5_000_000),
    "makes a contract, type 0": replace(CALL, to=None, data=artifact().bytecode, fees=Fees(1, None)),
    "no data": replace(CALL, data=b""),
    "a large chain id": replace(CALL, chain_id=2**53 - 1, fees=Fees(1, None)),
}


@pytest.fixture(scope="module", params=["keystore", "token", "key service"])
def signer(request: pytest.FixtureRequest) -> Iterator[TransactionSigner]:
    if request.param == "keystore":
        yield AccountSigner(KEY)
    elif request.param == "token":
        module: Path = request.getfixturevalue("token_module")
        yield create_token_key(TokenPlace(module, LABEL, "conformance"), PIN)
    else:
        with serving(KeyService()) as key:
            yield DigestSigner(key)


@pytest.mark.parametrize("unsigned", KINDS.values(), ids=KINDS.keys())
def test_a_node_recovers_the_signers_account_from_every_kind_of_transaction(
    signer: TransactionSigner, unsigned: UnsignedTransaction
) -> None:
    for _ in range(4):  # a key service gives s in either half
        attempt = signer.sign(unsigned, 1_795_000_000)
        read = decode(attempt.raw)
        assert read.sender == signer.address
        assert (read.nonce, read.data, read.chain_id) == (unsigned.nonce, unsigned.data, unsigned.chain_id)
        assert attempt.tx_hash == keccak256(attempt.raw)
        assert (attempt.fees, attempt.created_at) == (unsigned.fees, 1_795_000_000)


def test_the_same_signature_encodes_as_in_the_reference_library() -> None:
    @dataclass
    class Fixed:
        """Gives the very signature that eth-account made."""

        signature: bytes
        public_key: bytes
        form: Form = "raw"

        def sign_digest(self, digest: bytes) -> bytes:
            assert len(digest) == 32
            return self.signature

    public = bytes.fromhex("04") + Account.from_key(KEY)._key_obj.public_key.to_bytes()
    for unsigned in KINDS.values():
        expected = AccountSigner(KEY).sign(unsigned, 0)
        tail = rlp.decode(expected.raw.removeprefix(b"\x02"))[-2:]
        signature = b"".join(part.rjust(32, b"\0") for part in tail)
        assert DigestSigner(Fixed(signature, public)).sign(unsigned, 0) == expected


def test_a_real_node_takes_both_types_from_every_signer(
    signer: TransactionSigner, anvil_node: LocalNode
) -> None:
    anvil_node.fund(signer.address, ETHER)
    nonce = int(anvil_node.rpc("eth_getTransactionCount", signer.address, "latest"), 16)
    for fees in (Fees(30 * 10**9, 10**9), Fees(30 * 10**9, None)):
        attempt = signer.sign(replace(CALL, nonce=nonce, fees=fees, data=b""), 0)
        assert (
            anvil_node.rpc("eth_sendRawTransaction", f"0x{attempt.raw.hex()}") == f"0x{attempt.tx_hash.hex()}"
        )
        anvil_node.rpc("evm_mine")
        receipt = anvil_node.rpc("eth_getTransactionReceipt", f"0x{attempt.tx_hash.hex()}")
        assert receipt["from"] == signer.address.lower()
        nonce += 1


DIGEST = hashlib.sha256(b"a digest").digest()
SCALAR = 0xB0B


def signed(digest: bytes, form: Form, *, high: bool) -> tuple[bytes, str]:
    """Sign with a plain key; return the signature in a form, and the account."""
    from eth_keys.datatypes import PrivateKey  # noqa: PLC0415 - the reference for this function only

    key = PrivateKey(SCALAR.to_bytes(32))
    signature = key.sign_msg_hash(digest)
    s = CURVE_ORDER - signature.s if high else signature.s
    written = (
        signature.r.to_bytes(32) + s.to_bytes(32) if form == "raw" else encode_dss_signature(signature.r, s)
    )
    return written, key.public_key.to_checksum_address()


@pytest.mark.parametrize("form", ["raw", "der"])
def test_s_comes_out_in_the_lower_half_whatever_the_key_gave(form: Form) -> None:
    for number in range(50):
        digest = hashlib.sha256(number.to_bytes(2)).digest()
        found = {recoverable(*_given(digest, form, high=high)) for high in (False, True)}
        assert len(found) == 1
        assert found.pop().s <= CURVE_ORDER // 2


def _given(digest: bytes, form: Form, *, high: bool) -> tuple[bytes, Form, bytes, str]:
    signature, address = signed(digest, form, high=high)
    return signature, form, digest, address


@pytest.mark.parametrize("form", ["raw", "der"])
def test_what_is_no_signature_of_this_key_is_refused(form: Form) -> None:
    good, address = signed(DIGEST, form, high=False)
    wrong = [b"", good[:-1], good + b"\0", bytes(len(good)), bytes([good[0] ^ 1]) + good[1:]]
    wrong += [good[:-1] + bytes([good[-1] ^ 1])]
    for signature in wrong:
        with pytest.raises(NotTrusted, match="gave a signature that is not its own"):
            recoverable(signature, form, DIGEST, address)
    for digest, account in ((bytes(32), address), (DIGEST, AccountSigner(KEY).address)):
        with pytest.raises(NotTrusted, match="not its own"):
            recoverable(good, form, digest, account)


def test_a_key_on_another_curve_is_no_account() -> None:
    with pytest.raises(NotTrusted, match="expected a public key on secp256k1"):
        account_of(b"\x04" + bytes(64))


def test_a_key_service_that_does_not_answer_is_unavailable_and_comes_back() -> None:
    service = KeyService()
    with serving(service) as key:
        signer = DigestSigner(key)
        service.broken = True
        with pytest.raises(Unavailable, match="did not sign"):
            signer.sign(CALL, 0)
        service.broken = False
        assert decode(signer.sign(CALL, 0).raw).sender == signer.address


def test_a_token_is_opened_by_its_pin_and_names_what_is_missing(token_module: Path, tmp_path: Path) -> None:
    place = TokenPlace(token_module, LABEL, "opened")
    made = create_token_key(place, PIN)
    assert open_token(place, PIN).address == made.address
    with pytest.raises(InvalidInput, match="has a key opened already; a key is never overwritten"):
        create_token_key(place, PIN)
    for wrong, words in (
        (replace(place, key="absent"), "found 0 private and 0 public"),
        (replace(place, token="absent"), "expected one token absent"),
        (replace(place, module=tmp_path / "none.so"), "no PKCS#11 library"),
    ):
        with pytest.raises(InvalidInput, match=words):
            open_token(wrong, PIN)


def test_a_session_that_broke_is_opened_again_by_the_next_signature(token_module: Path) -> None:
    signer = create_token_key(TokenPlace(token_module, LABEL, "broken"), PIN)
    key = signer._key
    key._handle.session.close()  # type: ignore[attr-defined]
    with pytest.raises(Unavailable, match=f"token {LABEL} does not answer"):
        signer.sign(CALL, 0)
    assert decode(signer.sign(CALL, 0).raw).sender == signer.address


def test_the_pin_is_in_no_text_of_a_signer(token_module: Path) -> None:
    place = TokenPlace(token_module, LABEL, "shown")
    signer = create_token_key(place, PIN)
    assert PIN not in f"{signer!r} {signer._key!r} {vars(signer)}"


DEFECTS: dict[str, Callable[[], Control]] = {
    "s as the key gave it": lambda: Control(
        digest_signer,
        "_lower",
        lambda s: s,
        lambda: test_s_comes_out_in_the_lower_half_whatever_the_key_gave("der"),
    ),
    "any signature is its own": lambda: Control(
        digest_signer,
        "_recovers",
        lambda *_: signed(DIGEST, "raw", high=False)[1],
        lambda: test_what_is_no_signature_of_this_key_is_refused("raw"),
    ),
}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS.keys())
def test_a_defect_of_the_signer_is_noticed(
    defect: Callable[[], Control], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_noticed(defect(), monkeypatch)
