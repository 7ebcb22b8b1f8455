"""A chain in memory that works: accounts, a mempool, blocks, finality, reorganisations, and the contract's rules.

It keeps the Chain port and executes the real raw transactions. It is strict where a real chain is: nonces in order,
signatures recovered, consistency proofs checked, state read at the block that was asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from eth_account import Account

from anchoring.batch import Head
from anchoring.contract import artifact, checksummed, keccak256, log_id
from anchoring.ports import Anchor, Block, ContractHead, Receipt, SendAnswer
from certlog.digests import RootHash
from certlog.errors import InvalidProof, Unavailable
from certlog.tree import EMPTY_ROOT, verify_consistency

CHAIN_ID: Final = 31337
CONTRACT: Final = checksummed(bytes.fromhex("c0" * 20))
CODE_HASH: Final = keccak256(b"the contract's code")
BLOCK_TIME: Final = 2
BASE_FEE: Final = 1_000_000_000
GAS_USED: Final = 78_845

_EIP1559: Final = 2


@dataclass(frozen=True, slots=True)
class Tx:
    """A transaction as the chain decodes it."""

    tx_hash: bytes
    sender: str
    nonce: int
    to: bytes
    data: bytes
    chain_id: int
    raw: bytes
    max_fee: int
    tip: int
    gas: int


@dataclass(frozen=True, slots=True)
class FakeLogState:
    anchorer: str
    size: int = 0
    root: RootHash = EMPTY_ROOT
    is_sealed: bool = False


@dataclass(frozen=True, slots=True)
class ChainState:
    """Everything that a block leaves behind; never changed, only replaced."""

    nonces: dict[str, int] = field(default_factory=dict)
    logs: dict[bytes, FakeLogState] = field(default_factory=dict)
    anchors: dict[tuple[bytes, int, bytes], tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FakeBlock:
    header: Block
    transactions: tuple[tuple[Tx, bool], ...]
    """With each, whether it succeeded."""
    state: ChainState


class Clock:
    """Time that moves only when it is told to."""

    def __init__(self, now: int = 1_795_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class FakeChain:
    """One honest node of a chain whose blocks are final `finality` blocks below the newest."""

    def __init__(self, clock: Clock, *, finality: int = 2) -> None:
        self.clock = clock
        self.finality = finality
        self.id = CHAIN_ID
        self.code = CODE_HASH
        self.mempool: dict[tuple[str, int], Tx] = {}
        self.refusal = ""
        """When set, every transaction is refused with these words."""
        self.reverts = False
        """When set, every transaction is mined and refused."""
        self.gas_needed = GAS_USED
        """A transaction whose limit is lower runs out of gas."""
        self.base_fee = BASE_FEE
        """Of the next blocks; a transaction that offers less is not included."""
        self._gas_used: dict[bytes, int] = {}
        self._forks = 0
        self.known: dict[bytes, Tx] = {}
        genesis = Block(0, self._hash(0), clock.now, BASE_FEE)
        self.blocks = [FakeBlock(genesis, (), ChainState())]
        for _ in range(finality + 1):
            self.mine()

    # What the world does

    def mine(self) -> None:
        """Make a block of everything in the mempool that can be executed."""
        number = len(self.blocks)
        self.clock.now += BLOCK_TIME
        header = Block(number, self._hash(number), self.clock.now, self.base_fee)
        state, done = self.blocks[-1].state, []
        for key in sorted(self.mempool):
            tx = self.mempool[key]
            if tx.nonce == state.nonces.get(tx.sender, 0) and _pays(tx, self.base_fee):
                state, succeeded = self._execute(state, tx, header)
                done.append((tx, succeeded))
        self.blocks.append(FakeBlock(header, tuple(done), state))
        self.mempool = {
            key: tx for key, tx in self.mempool.items() if tx.nonce >= state.nonces.get(tx.sender, 0)
        }

    def reorganise(self, depth: int, *, forget: bool = True, beyond_finality: bool = False) -> None:
        """Replace the newest `depth` blocks by empty ones; `forget` their transactions as most nodes do."""
        if not beyond_finality and depth > self.finality:
            raise ValueError(f"a reorganisation of {depth} would cross the finality border")
        gone = self.blocks[len(self.blocks) - depth :]
        del self.blocks[len(self.blocks) - depth :]
        self._forks += 1
        waiting, self.mempool = self.mempool, {}
        for _ in range(depth):
            self.mine()
        self.mempool = waiting
        if not forget:
            for block in gone:
                self.mempool |= {(tx.sender, tx.nonce): tx for tx, _ in block.transactions}

    def evict(self) -> None:
        """Forget every waiting transaction."""
        self.mempool.clear()

    def executed(self, account: str) -> list[tuple[Tx, bool]]:
        """Return the account's transactions in the canonical chain, in order."""
        return [(tx, ok) for block in self.blocks for tx, ok in block.transactions if tx.sender == account]

    def change_state(self, change: Callable[[ChainState], ChainState]) -> None:
        """Let somebody else's doing appear in a new block."""
        self.mine()
        self.blocks[-1] = replace(self.blocks[-1], state=change(self.blocks[-1].state))

    # The Chain port

    def chain_id(self) -> int:
        return self.id

    def code_hash(self) -> bytes:
        return self.code

    def latest(self) -> Block:
        return self.blocks[-1].header

    def finalized(self) -> Block:
        return self.blocks[max(0, len(self.blocks) - 1 - self.finality)].header

    def block(self, number: int) -> Block:
        if number >= len(self.blocks):
            raise Unavailable(f"no block {number}")
        return self.blocks[number].header

    def remark(self) -> None:
        pass

    def head(self, log_id: bytes, at: Block) -> ContractHead:
        found = self._state(at).logs.get(log_id)
        if found is None:
            return ContractHead(0, None, sealed=False)
        return ContractHead(found.size, found.anchorer, found.is_sealed)

    def anchored_at(self, log_id: bytes, head: Head, at: Block) -> Anchor | None:
        found = self._state(at).anchors.get((log_id, head.size, head.root))
        return Anchor(block_number=found[1], block_time=found[0]) if found else None

    def transaction_count(self, account: str, at: Block) -> int:
        return self._state(at).nonces.get(account, 0)

    def balance(self, account: str, at: Block) -> int:
        del account, at
        return 10**18

    def gas_price(self) -> int:
        return 0

    def estimate_gas(self, account: str, data: bytes) -> int:
        del account, data
        return self.gas_needed

    def send_raw(self, raw: bytes) -> SendAnswer:
        tx = self.known.get(raw) or self.known.setdefault(raw, decode(raw))
        known = self.mempool.get((tx.sender, tx.nonce))
        if self.refusal:
            return SendAnswer(accepted=False, message=self.refusal)
        if tx.chain_id != self.id:
            return SendAnswer(accepted=False, message="invalid chain id for signer")
        if tx.nonce < self.blocks[-1].state.nonces.get(tx.sender, 0):
            return SendAnswer(accepted=False, message="nonce too low")
        if known is not None and known.tx_hash == tx.tx_hash:
            return SendAnswer(accepted=False, message="already known")
        if known is not None and not _replaces(tx, known):
            return SendAnswer(accepted=False, message="replacement transaction underpriced")
        self.mempool[tx.sender, tx.nonce] = tx
        return SendAnswer(accepted=True, message="0x" + tx.tx_hash.hex())

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        for block in reversed(self.blocks):
            for tx, succeeded in block.transactions:
                if tx.tx_hash == tx_hash:
                    used, price = self._gas_used[tx_hash], block.header.base_fee
                    return Receipt(block.header.number, succeeded, None, used, price)
        return None

    def _state(self, at: Block) -> ChainState:
        if at.number >= len(self.blocks):
            raise Unavailable(f"header for block {at.number} not found")
        return self.blocks[at.number].state

    def _hash(self, number: int) -> bytes:
        return keccak256(f"block {number} of fork {self._forks}".encode())

    def _execute(self, state: ChainState, tx: Tx, header: Block) -> tuple[ChainState, bool]:
        spent = replace(state, nonces=state.nonces | {tx.sender: tx.nonce + 1})
        self._gas_used[tx.tx_hash] = min(self.gas_needed, tx.gas)
        if self.reverts or tx.gas < self.gas_needed:
            return spent, False
        try:
            return _call_contract(spent, tx, header), True
        except (RevertError, InvalidProof):
            return spent, False


class RevertError(Exception):
    """The contract refused."""


def decode(raw: bytes) -> Tx:
    """Decode a signed transaction of type 0 or 2 and recover its sender, as a node does."""
    sender = str(Account.recover_transaction(raw))
    if raw[0] == _EIP1559:
        chain, nonce, tip, fee, gas, to, _value, data = _rlp_items(raw[1:])[:8]
        chain_id = int.from_bytes(chain)
    else:
        nonce, fee, gas, to, _value, data, v = _rlp_items(raw)[:7]
        tip, chain_id = fee, (int.from_bytes(v) - 35) // 2
    numbers = [int.from_bytes(item) for item in (nonce, fee, tip, gas)]
    return Tx(keccak256(raw), sender, numbers[0], to, data, chain_id, raw, *numbers[1:])


def _pays(tx: Tx, base_fee: int) -> bool:
    """Tell whether a block may hold it; what is free is taken whatever the others pay."""
    return tx.max_fee >= base_fee or tx.max_fee == 0


def _replaces(tx: Tx, known: Tx) -> bool:
    """Follow geth: both fees must rise, and by a tenth at least."""
    pairs = ((tx.max_fee, known.max_fee), (tx.tip, known.tip))
    return all(new > old and new * 10 >= old * 11 for new, old in pairs)


def _rlp_items(data: bytes) -> list[bytes]:
    """Return the items of one RLP list; nested lists come back as their bytes."""
    start, end = _rlp_span(data, 0)
    items = []
    while start < end:
        item_start, item_end = _rlp_span(data, start)
        items.append(data[item_start:item_end])
        start = item_end
    return items


def _rlp_span(data: bytes, at: int) -> tuple[int, int]:
    first = data[at]
    if first < 0x80:
        return at, at + 1
    base, is_long = (0xC0, first >= 0xF8) if first >= 0xC0 else (0x80, first >= 0xB8)
    if not is_long:
        return at + 1, at + 1 + first - base
    size_bytes = first - base - 55
    start = at + 1 + size_bytes
    return start, start + int.from_bytes(data[at + 1 : start])


def _call_contract(state: ChainState, tx: Tx, header: Block) -> ChainState:
    """Do what contracts/CheckpointAnchor.sol does for openLog and anchor."""
    words = [tx.data[i : i + 32] for i in range(4, len(tx.data), 32)]
    functions = artifact().functions
    if tx.data[:4] == functions["openLog"]:
        return _open_log(state, tx, words)
    if tx.data[:4] == functions["anchor"]:
        return _anchor(state, tx, words, header)
    raise RevertError("no such function")


def _open_log(state: ChainState, tx: Tx, words: list[bytes]) -> ChainState:
    opened = keccak256(bytes.fromhex(tx.sender[2:]).rjust(32, b"\0") + words[0])
    if opened in state.logs:
        raise RevertError("LogAlreadyOpen")
    return replace(state, logs=state.logs | {opened: FakeLogState(checksummed(words[1][12:]))})


def _anchor(state: ChainState, tx: Tx, words: list[bytes], header: Block) -> ChainState:
    log, old_size, old_root = words[0], int.from_bytes(words[1]), RootHash(words[2])
    new_size, new_root, proof = int.from_bytes(words[3]), RootHash(words[4]), words[7:]
    current = state.logs.get(log)
    if current is None or current.is_sealed or current.anchorer != tx.sender:
        raise RevertError("LogNotOpen, LogIsSealed or NotAnchorer")
    if (current.size, current.root) != (old_size, old_root) or old_size >= new_size:
        raise RevertError("HeadSizeMismatch, HeadRootMismatch or SizeNotLarger")
    verify_consistency(old_size, old_root, new_size, new_root, proof)
    anchors = state.anchors | {(log, new_size, new_root): (header.time, header.number)}
    return replace(
        state, anchors=anchors, logs=state.logs | {log: replace(current, size=new_size, root=new_root)}
    )


def with_head(state: ChainState, log: bytes, head: Head) -> ChainState:
    """Return a state in which somebody else anchored this head."""
    logs = state.logs | {log: replace(state.logs[log], size=head.size, root=head.root)}
    return replace(state, logs=logs, anchors=state.anchors | {(log, head.size, head.root): (1, 1)})


def own_log_id(account: str, origin: str) -> bytes:
    """Return the id of the log that the account opens itself."""
    return log_id(account, origin)
