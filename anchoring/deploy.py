"""What an owner does once, by hand: deploy the contract, and open a log in it.

A person watches these two transactions, so they are not stored: their nonce is the chain's own count. The worker's
transactions never go this way. Each function waits until its transaction is final.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from anchoring.contract import artifact, log_id, open_log_call
from anchoring.fees import FeePolicy, fees_now
from anchoring.ports import Chain, Receipt, TransactionSigner, UnsignedTransaction
from certlog.errors import InvalidInput, NotTrusted, Unavailable
from certlog.sentences import Sentence

DEPLOY_GAS: Final = 5_000_000
OPEN_LOG_GAS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployed contract."""

    address: str
    code_hash: bytes
    block_number: int


@dataclass(frozen=True, slots=True)
class Owner:
    """The key that pays for such a transaction, and how to wait for it."""

    signer: TransactionSigner
    fees: FeePolicy
    now: Callable[[], int]
    sleep: Callable[[float], object]
    report: Callable[[str], object]
    """Told what is being waited for, so that an interrupted command can be understood."""
    patience: int = 1800
    """Seconds to wait for a block, and again for finality."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a transaction of an owner does; without `to` it makes a contract."""

    to: str | None
    data: bytes
    gas: int


def deploy(chain: Chain, owner: Owner, chain_at: Callable[[str], Chain], *, chain_id: int) -> Deployment:
    """Deploy CheckpointAnchor and check what stands at its address.

    Args:
        chain: any port to the chain; its contract does not matter.
        owner: who pays.
        chain_at: makes a port for a contract's address.
        chain_id: the chain that is meant.

    Raises:
        InvalidInput: the node is on another chain.
        NotTrusted: the transaction was refused, or other code stands there.
        Unavailable: the node does not answer, or time ran out.
    """
    require_chain(chain, chain_id)
    receipt = perform(chain, owner, chain_id, Call(None, artifact().bytecode, DEPLOY_GAS))
    if receipt.contract is None:
        raise NotTrusted("the deployment made no contract")
    found = chain_at(receipt.contract).code_hash()
    if found != artifact().code_hash:
        expected = artifact().code_hash.hex()
        raise NotTrusted(
            Sentence(
                "expected code hash {expected} at {contract}, found {found}",
                expected=expected,
                contract=receipt.contract,
                found=found.hex(),
            )
        )
    return Deployment(receipt.contract, found, receipt.block_number)


def open_log(
    chain: Chain, owner: Owner, *, chain_id: int, contract: str, origin: str, anchorer: str
) -> bytes:
    """Open the owner's log for an origin, or find it open already; return its id.

    Raises:
        InvalidInput: the node is on another chain, or there is no CheckpointAnchor at the address.
        NotTrusted: the log is open with another anchorer, or the contract refused.
        Unavailable: the node does not answer, or time ran out.
    """
    require_chain(chain, chain_id)
    require_contract(chain, contract)
    opened = log_id(owner.signer.address, origin)
    if chain.head(opened, chain.latest()).anchorer is None:
        call = Call(contract, open_log_call(origin, anchorer), OPEN_LOG_GAS)
        perform(chain, owner, chain_id, call)
    found = chain.head(opened, chain.latest()).anchorer
    if found != anchorer:
        raise NotTrusted(
            Sentence(
                "log {opened} is open with anchorer {found}, not {anchorer}",
                opened=opened.hex(),
                found=found,
                anchorer=anchorer,
            )
        )
    return opened


def require_chain(chain: Chain, chain_id: int) -> None:
    """Require that the node is on the chain that is meant.

    Raises:
        InvalidInput: it states another chain id.
    """
    found = chain.chain_id()
    if found != chain_id:
        message = Sentence(
            "expected chain id {chain_id}, the node states {found}; correct --chain-id or --endpoint",
            chain_id=chain_id,
            found=found,
        )
        raise InvalidInput(message, code="wrong-chain")


def require_contract(chain: Chain, contract: str) -> None:
    """Require that the pinned build of CheckpointAnchor stands at the address.

    Raises:
        InvalidInput: other code, or none.
    """
    expected, found = artifact().code_hash, chain.code_hash()
    if found != expected:
        message = Sentence(
            "expected CheckpointAnchor (code hash {expected}) at {contract}, found {found}",
            expected=expected.hex(),
            contract=contract,
            found=found.hex(),
        )
        raise InvalidInput(message, code="wrong-code")


def perform(chain: Chain, owner: Owner, chain_id: int, call: Call) -> Receipt:
    """Sign, send and wait until the transaction is final.

    Raises:
        NotTrusted: the node or the contract refused it.
        Unavailable: the node or the key does not answer, or time ran out.
    """
    latest = chain.latest()
    fees = fees_now(owner.fees, latest.base_fee, chain.gas_price)
    nonce = chain.transaction_count(owner.signer.address, latest)
    unsigned = UnsignedTransaction(chain_id, nonce, call.to, call.data, call.gas, fees)
    attempt = owner.signer.sign(unsigned, owner.now())
    answer = chain.send_raw(attempt.raw)
    if not answer.accepted:
        raise NotTrusted(
            Sentence(
                "the node refused the transaction of {address}: {answer}",
                address=owner.signer.address,
                answer=answer.message,
            )
        )
    owner.report(
        Sentence(
            "sent 0x{tx_hash}; waiting for a block, then until it is final", tx_hash=attempt.tx_hash.hex()
        )
    )
    receipt = _wait(owner, lambda: chain.receipt(attempt.tx_hash), Sentence("the transaction is in no block"))
    if not receipt.succeeded:
        raise NotTrusted(
            Sentence(
                "transaction 0x{tx_hash} was refused by the contract or ran out of gas",
                tx_hash=attempt.tx_hash.hex(),
            )
        )
    _wait(
        owner,
        lambda: receipt if chain.finalized().number >= receipt.block_number else None,
        Sentence("block {block_number} is not final", block_number=receipt.block_number),
    )
    return receipt


def _wait(owner: Owner, look: Callable[[], Receipt | None], problem: str) -> Receipt:
    deadline = owner.now() + owner.patience
    while (found := look()) is None:
        if owner.now() >= deadline:
            raise Unavailable(
                Sentence(
                    "{problem} after {patience} s; look again later, it may still come",
                    problem=problem,
                    patience=owner.patience,
                )
            )
        owner.sleep(0.5)
    return found
