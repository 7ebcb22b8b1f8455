"""The chain as a port, through web3's HTTP provider: the only file that imports web3.

JSON-RPC answers are read here one by one and strictly. web3's own formatters are not used: they refuse the headers of
proof-of-authority chains and turn a malformed answer into a dozen kinds of exception. Whatever is not a usable answer
becomes Unavailable, once. Nothing is retried and no connection outlives its short time-out.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from web3 import HTTPProvider
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint, RPCResponse

from anchoring.batch import Head
from anchoring.contract import (
    ZERO_ADDRESS,
    anchored_at_call,
    checksummed,
    head_call,
    keccak256,
    ownership_call,
    read_anchored_at,
    read_head,
    read_log_id,
    read_ownership,
    successor_of_call,
)
from anchoring.ports import Anchor, Block, ContractHead, Finality, Receipt, SendAnswer
from certlog.errors import InvalidInput, Unavailable
from certlog.nesting import bound_nesting
from certlog.sentences import Sentence

TIMEOUT: Final = 5.0
"""Seconds. web3's default is 30 s and five tries, sending included: it re-sent and reported "already known"."""

MAX_ANSWER: Final = 16 * 1024 * 1024
"""Bytes; the largest answer that is needed, the contract's code, has 20 thousand."""

_T = TypeVar("_T")
Observe = Callable[[str, str, float, str], object]

_HASH_BYTES: Final = 32
_PIECE: Final = 64 * 1024
_FAILURES: Final = (requests.RequestException, HTTPError, Web3Exception, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class RpcError:
    """A node's refusal: it answered, and the answer is an error."""

    message: str


class _Provider(HTTPProvider):
    """web3's provider with one time-out for a whole answer and a limit to its size, and without a second try."""

    def __init__(self, endpoint: str, session: requests.Session, timeout: float) -> None:
        super().__init__(endpoint, session=session, exception_retry_configuration=None)
        self._endpoint = endpoint
        self._session = session
        self._timeout = timeout

    def make_request(self, method: RPCEndpoint, params: object) -> RPCResponse:
        """Send one request and read its answer. A node that drips is given up like one that hangs."""
        deadline = time.monotonic() + self._timeout
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        body = self.encode_rpc_request(method, params)
        with self._session.post(
            self._endpoint,
            data=body,
            headers=headers,
            timeout=self._timeout,
            allow_redirects=False,
            stream=True,
        ) as response:
            response.raise_for_status()
            answer = b""
            while piece := response.raw.read1(_PIECE):
                answer += piece
                if time.monotonic() > deadline:
                    raise requests.Timeout("the answer was not complete in time: timed out")
                if len(answer) > MAX_ANSWER:
                    raise requests.RequestException(f"the answer is larger than {MAX_ANSWER} bytes")
        try:
            # Before web3 recurses into it: its imports lift the interpreter's own limit.
            bound_nesting(answer.decode())
        except (InvalidInput, UnicodeDecodeError) as error:
            raise requests.RequestException(f"the answer is not JSON: {error}") from error
        return self.decode_rpc_response(answer)


class JsonRpc:
    """One JSON-RPC endpoint over HTTP, one session, one thread."""

    def __init__(
        self, endpoint: str, *, timeout: float = TIMEOUT, observe: Observe = lambda *_exchange: None
    ) -> None:
        """Name the endpoint; nothing is opened yet.

        Args:
            endpoint: an http or https URL.
            timeout: seconds that connecting, and then one answer, may take.
            observe: told of each exchange: endpoint, method, seconds and answered, refused or failed.
        """
        self._observe: Final = observe
        self.endpoint: Final = endpoint
        self._session: Final = requests.Session()
        # Without proxies and credentials from the environment: the endpoint is where the operator said.
        self._session.trust_env = False
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
        self._provider: Final = _Provider(endpoint, self._session, timeout)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def ask(self, method: str, *parameters: object) -> object:
        """Return the `result` of a call, which may be None.

        Raises:
            Unavailable: no answer, or an error.
        """
        answer = self.try_ask(method, *parameters)
        if isinstance(answer, RpcError):
            raise Unavailable(
                Sentence(
                    "{endpoint} refused {method}: {answer}",
                    endpoint=self.endpoint,
                    method=method,
                    answer=answer.message,
                )
            )
        return answer

    def try_ask(self, method: str, *parameters: object) -> object:
        """As `ask`, but a node's error is an RpcError and not raised."""
        started, outcome = time.monotonic(), "failed"
        try:
            answer = self._exchange(method, parameters)
            outcome = "refused" if isinstance(answer, RpcError) else "answered"
            return answer
        finally:
            self._observe(self.endpoint, method, time.monotonic() - started, outcome)

    def _exchange(self, method: str, parameters: tuple[object, ...]) -> object:
        try:
            response: object = self._provider.make_request(RPCEndpoint(method), parameters)
        except _FAILURES as error:
            raise Unavailable(
                Sentence(
                    "{endpoint} did not answer {method}: {cause}",
                    endpoint=self.endpoint,
                    method=method,
                    cause=_cause(error),
                )
            ) from error
        if not isinstance(response, dict):
            raise Unavailable(
                Sentence(
                    "{endpoint} answered {method} with something that is not JSON-RPC",
                    endpoint=self.endpoint,
                    method=method,
                )
            )
        refusal = response.get("error")
        if refusal is not None:
            return RpcError(str(refusal.get("message") if isinstance(refusal, dict) else refusal))
        if "result" not in response:
            raise Unavailable(
                Sentence(
                    "{endpoint} answered {method} without a result", endpoint=self.endpoint, method=method
                )
            )
        return response["result"]


class EvmChain:
    """The Chain port for one contract, over one endpoint."""

    def __init__(self, rpc: JsonRpc, contract: str, finality: Finality) -> None:
        """Join an endpoint, a contract's address and the chain's rule of finality.

        Args:
            rpc: where to ask.
            contract: checksummed address.
            finality: "tag", or the depth at which a block counts as final.
        """
        self._rpc: Final = rpc
        self._contract: Final = contract
        self._finality: Final = finality

    def at(self, contract: str) -> "EvmChain":
        """Return the same chain with another contract."""
        return EvmChain(self._rpc, contract, self._finality)

    def chain_id(self) -> int:
        """See Chain."""
        return _number(self._rpc.ask("eth_chainId"), "eth_chainId")

    def code_hash(self) -> bytes:
        """See Chain."""
        return keccak256(_data(self._rpc.ask("eth_getCode", self._contract, "latest"), "eth_getCode"))

    def latest(self) -> Block:
        """See Chain."""
        return self._block("latest")

    def finalized(self) -> Block:
        """See Chain."""
        if self._finality == "tag":
            return self._block("finalized")
        return self._block(hex(max(0, self.latest().number - self._finality)))

    def block(self, number: int) -> Block:
        """See Chain."""
        return self._block(hex(number))

    def head(self, log_id: bytes, at: Block) -> ContractHead:
        """See Chain."""
        size, anchorer, is_sealed = self._read(head_call(log_id), read_head, "head()", at)
        return ContractHead(size, None if anchorer == ZERO_ADDRESS else anchorer, is_sealed)

    def anchored_at(self, log_id: bytes, head: Head, at: Block) -> Anchor | None:
        """See Chain."""
        data = anchored_at_call(log_id, head.size, head.root)
        found = self._read(data, read_anchored_at, "anchoredAt()", at)
        return Anchor(block_number=found[1], block_time=found[0]) if found else None

    def ownership(self, log_id: bytes, at: Block) -> tuple[str, str]:
        """See OwnedChain."""
        return self._read(ownership_call(log_id), read_ownership, "ownership()", at)

    def successor_of(self, log_id: bytes, at: Block) -> bytes | None:
        """See OwnedChain."""
        found = self._read(successor_of_call(log_id), read_log_id, "successorOf()", at)
        return found if any(found) else None

    def transaction_count(self, account: str, at: Block) -> int:
        """See Chain."""
        method = "eth_getTransactionCount"
        return _number(self._rpc.ask(method, account, hex(at.number)), method)

    def balance(self, account: str, at: Block) -> int:
        """See Chain."""
        return _number(self._rpc.ask("eth_getBalance", account, hex(at.number)), "eth_getBalance")

    def gas_price(self) -> int:
        """See Chain."""
        return _number(self._rpc.ask("eth_gasPrice"), "eth_gasPrice")

    def estimate_gas(self, account: str, data: bytes) -> int:
        """See Chain."""
        call = {"from": account, "to": self._contract, "data": "0x" + data.hex()}
        return _number(self._rpc.ask("eth_estimateGas", call), "eth_estimateGas")

    def send_raw(self, raw: bytes) -> SendAnswer:
        """See Chain."""
        answer = self._rpc.try_ask("eth_sendRawTransaction", "0x" + raw.hex())
        if isinstance(answer, RpcError):
            return SendAnswer(accepted=False, message=answer.message)
        return SendAnswer(accepted=True, message=str(answer))

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """See Chain."""
        method = "eth_getTransactionReceipt"
        fields = self._rpc.ask(method, "0x" + tx_hash.hex())
        if fields is None:
            return None
        if not isinstance(fields, dict):
            raise Unavailable(
                Sentence(
                    "{method}: expected an object or null, found {kind}",
                    method=method,
                    kind=type(fields).__name__,
                )
            )
        contract, price = fields.get("contractAddress"), fields.get("effectiveGasPrice")
        return Receipt(
            block_number=_number(fields.get("blockNumber"), method),
            succeeded=_number(fields.get("status"), method) == 1,
            contract=None if contract is None else checksummed(_data(contract, method)),
            gas_used=_number(fields.get("gasUsed"), method),
            gas_price=None if price is None else _number(price, method),
        )

    def remark(self) -> None:
        """See Chain: one node contradicts nobody, and its silence is an error."""

    def _block(self, which: str) -> Block:
        method = "eth_getBlockByNumber"
        fields = self._rpc.ask(method, which, False)  # noqa: FBT003 - "headers only", as JSON-RPC has it
        if not isinstance(fields, dict):
            raise Unavailable(
                Sentence("{endpoint} has no block {which!r}", endpoint=self._rpc.endpoint, which=which)
            )
        block_hash = _data(fields.get("hash"), method)
        if len(block_hash) != _HASH_BYTES:
            raise Unavailable(
                Sentence(
                    "{method}: expected a hash of {hash_bytes} bytes, found {found}",
                    method=method,
                    hash_bytes=_HASH_BYTES,
                    found=len(block_hash),
                )
            )
        base_fee = fields.get("baseFeePerGas")
        return Block(
            number=_number(fields.get("number"), method),
            hash=block_hash,
            time=_number(fields.get("timestamp"), method),
            base_fee=None if base_fee is None else _number(base_fee, method),
        )

    def _read(self, data: bytes, read: Callable[[bytes], _T], what: str, at: Block) -> _T:
        try:
            return read(self._call(data, at))
        except InvalidInput as error:
            raise Unavailable(
                Sentence(
                    "{endpoint} answered {what} with: {error}",
                    endpoint=self._rpc.endpoint,
                    what=what,
                    error=error,
                )
            ) from error

    def _call(self, data: bytes, at: Block) -> bytes:
        call = {"to": self._contract, "data": "0x" + data.hex()}
        answer = _data(self._rpc.ask("eth_call", call, hex(at.number)), "eth_call")
        if not answer:
            raise Unavailable(
                Sentence(
                    "there is no contract at {contract} in block {number}: wait until its deployment "
                    "is final",
                    contract=self._contract,
                    number=at.number,
                )
            )
        return answer


def _number(value: object, method: str) -> int:
    """Read a JSON-RPC quantity."""
    try:
        if isinstance(value, str) and value.startswith("0x"):
            return int(value, 16)
    except ValueError:
        pass
    raise Unavailable(
        Sentence(
            "{method}: expected a number such as 0x1f, found {value!r}", method=method, value=str(value)[:80]
        )
    )


def _data(value: object, method: str) -> bytes:
    """Read JSON-RPC data."""
    try:
        if isinstance(value, str) and value.startswith("0x"):
            return bytes.fromhex(value[2:])
    except ValueError:
        pass
    raise Unavailable(
        Sentence(
            "{method}: expected data such as 0x1f2e, found {value!r}", method=method, value=str(value)[:80]
        )
    )


def _cause(error: Exception) -> str:
    """Name the innermost reason: `Connection refused` says more than three layers of retry wrappers."""
    innermost: BaseException = error
    while (inner := innermost.__cause__ or innermost.__context__) is not None:
        innermost = inner
    return Sentence(getattr(innermost, "strerror", None) or str(innermost) or type(innermost).__name__)
