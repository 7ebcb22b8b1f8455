"""What a log's owner does with it, by hand: another anchorer, another owner, a successor.

As in deploy.py a person watches: each waits until it is final, and finds what is done already. The contract decides who
may; what it would refuse is said before anything is spent.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from anchoring.batch import Head
from anchoring.contract import (
    ZERO_ADDRESS,
    accept_log_call,
    offer_log_call,
    open_successor_call,
    seal_call,
    set_anchorer_call,
    successor_id,
)
from anchoring.deploy import Call, Owner, perform, require_chain, require_contract
from anchoring.ports import Block, Chain, ContractHead
from certlog.errors import InvalidInput, NotTrusted
from certlog.sentences import Sentence

GAS: Final = 300_000


class OwnedChain(Chain, Protocol):
    """A Chain that also tells who rules a log; errors as there."""

    def ownership(self, log_id: bytes, at: Block) -> tuple[str, str]:
        """Return (owner, offered to) in the state after block `at`; zero addresses for nobody."""
        ...

    def successor_of(self, log_id: bytes, at: Block) -> bytes | None:
        """Return the id of the log's successor in the state after block `at`; None when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class LogPlace:
    """One log in one contract on one chain."""

    chain_id: int
    contract: str
    log_id: bytes


def set_anchorer(chain: OwnedChain, owner: Owner, place: LogPlace, anchorer: str) -> None:
    """Let another account append from now on, and the old one no more.

    Raises:
        InvalidInput: another chain, contract, or a log that is not open.
        NotTrusted: the key is not the owner's, the log is sealed, or the contract refused.
        Unavailable: the node does not answer, or time ran out.
    """
    head = _require_owned(chain, owner, place)
    if head.sealed:
        raise NotTrusted(Sentence("log {log_id} is sealed for good", log_id=place.log_id.hex()))
    if head.anchorer != anchorer:
        _do(chain, owner, place, set_anchorer_call(place.log_id, anchorer))


def offer_log(chain: OwnedChain, owner: Owner, place: LogPlace, new_owner: str) -> None:
    """Offer the log to another account, which must accept; nothing changes before that. Errors as set_anchorer."""
    _require_owned(chain, owner, place)
    if chain.ownership(place.log_id, chain.latest())[1] != new_owner:
        _do(chain, owner, place, offer_log_call(place.log_id, new_owner))


def accept_log(chain: OwnedChain, owner: Owner, place: LogPlace) -> None:
    """Take over a log that was offered to this key. Errors as set_anchorer."""
    _require_open(chain, place)
    holder, offered = chain.ownership(place.log_id, chain.latest())
    account = owner.signer.address
    if holder == account:
        return
    if offered != account:
        raise NotTrusted(
            Sentence(
                "log {log_id} is offered to {offered}, not to {account}",
                log_id=place.log_id.hex(),
                offered=Sentence("nobody") if offered == ZERO_ADDRESS else offered,
                account=account,
            )
        )
    _do(chain, owner, place, accept_log_call(place.log_id))


def seal_log(chain: OwnedChain, owner: Owner, place: LogPlace) -> None:
    """End the log for ever, at once: a thief appends no more. Errors as set_anchorer."""
    if not _require_owned(chain, owner, place).sealed:
        _do(chain, owner, place, seal_call(place.log_id))


def open_successor(
    chain: OwnedChain, owner: Owner, place: LogPlace, head: Head, anchorer: str
) -> tuple[bytes, int]:
    """Continue the log from one of its anchored heads, once for ever, and seal it; return id and anchor's time.

    Args:
        chain: where the log is.
        owner: the old log's owner.
        place: the old log.
        head: the last honest head; what the old log holds above it is left behind.
        anchorer: who appends to the successor: another account than the one that was stolen.

    Raises:
        InvalidInput: this head was never anchored there, or as set_anchorer.
        NotTrusted: another successor is open already, or as set_anchorer.
        Unavailable: the node does not answer, or time ran out.
    """
    _require_owned(chain, owner, place)
    latest = chain.latest()
    anchored = chain.anchored_at(place.log_id, head, latest)
    if anchored is None:
        message = Sentence(
            "size {size} with root {root} was never anchored in log {log_id}: take both from "
            "certlog anchor status --json",
            size=head.size,
            root=head.root.hex(),
            log_id=place.log_id.hex(),
        )
        raise InvalidInput(message, code="never-anchored")
    expected = successor_id(place.log_id, head.size, head.root)
    found = chain.successor_of(place.log_id, latest)
    if found is None:
        _do(chain, owner, place, open_successor_call(place.log_id, head.size, head.root, anchorer))
        found = chain.successor_of(place.log_id, chain.latest())
    if found != expected:
        raise NotTrusted(
            Sentence(
                "log {log_id} has the successor {found} already, which begins with another head",
                log_id=place.log_id.hex(),
                found=None if found is None else found.hex(),
            )
        )
    return expected, anchored.block_time


def _require_open(chain: OwnedChain, place: LogPlace) -> ContractHead:
    require_chain(chain, place.chain_id)
    require_contract(chain, place.contract)
    head = chain.head(place.log_id, chain.latest())
    if head.anchorer is None:
        raise InvalidInput(
            Sentence(
                "log {log_id} is not open in {contract}", log_id=place.log_id.hex(), contract=place.contract
            ),
            code="not-open",
        )
    return head


def _require_owned(chain: OwnedChain, owner: Owner, place: LogPlace) -> ContractHead:
    head = _require_open(chain, place)
    holder = chain.ownership(place.log_id, chain.latest())[0]
    if holder != owner.signer.address:
        raise NotTrusted(
            Sentence(
                "log {log_id} belongs to {holder}, the key is that of {account}",
                log_id=place.log_id.hex(),
                holder=holder,
                account=owner.signer.address,
            )
        )
    return head


def _do(chain: OwnedChain, owner: Owner, place: LogPlace, data: bytes) -> None:
    perform(chain, owner, place.chain_id, Call(place.contract, data, GAS))
