"""The one contract call that verification needs, and the strict reading of its answers (Solidity contract ABI).

The interface is contracts/ICheckpointAnchor.sol. Nothing here talks to a network.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from certlog.errors import Unavailable
from certlog.sentences import Sentence
from certlog.trust_root import Chain
from verifier.chain_view import AnchorReading
from verifier.json_rpc import Call, data, quantity

ANCHORED_AT: Final = bytes.fromhex("d05aafd3")
"""Selector of anchoredAt(bytes32,uint64,bytes32); a test derives it again."""

_WORD: Final = 32
_UINT64_END: Final = 2**64
_LAST_SECOND: Final = 253_402_300_799
"""9999-12-31T23:59:59Z: later times have no text form."""


class Head(NamedTuple):
    """A head to look for: the size and root of a checkpoint."""

    size: int
    root: bytes


class Question(NamedTuple):
    """Whether a log of the contract holds a head."""

    log_id: str
    head: Head


class Header(NamedTuple):
    """What identifies and dates a block."""

    number: int
    hash: bytes
    time: int


def questions(chain: Chain, heads: Iterable[Head]) -> list[Question]:
    """Return every question that counts: nothing is asked about a head above a log's maxSize."""
    return [Question(log.log_id, head) for head in heads for log in chain.log_ids if log.covers(head.size)]


def anchored_at(chain: Chain, question: Question, block: str) -> Call:
    """Return the call anchoredAt(logId, size, root) in the state of a block (hex number or tag)."""
    head = question.head
    arguments = bytes.fromhex(question.log_id[2:]) + head.size.to_bytes(_WORD, "big") + head.root
    return Call("eth_call", ({"to": chain.contract, "data": f"0x{(ANCHORED_AT + arguments).hex()}"}, block))


def read_answers(
    chain: Chain, asked: Sequence[Question], results: Sequence[object], name: str, *, block: int, final: bool
) -> tuple[AnchorReading, ...]:
    """Return the readings of some answers, in the order of the questions.

    Raises:
        Unavailable: an answer that the contract cannot have given.
    """
    readings = []
    for question, result in zip(asked, results, strict=True):
        block_time, block_number = _time_and_number(result, name)
        readings.append(
            AnchorReading(
                chain_id=chain.id,
                contract=chain.contract,
                log_id=question.log_id,
                size=question.head.size,
                root=question.head.root,
                block_time=block_time,
                block_number=block_number,
                final=final,
                read_block=block,
            )
        )
    return tuple(readings)


def read_block(value: object, name: str) -> Header:
    """Return number, hash and time of a block as eth_getBlockByNumber answers it.

    Raises:
        Unavailable: no block, or another form.
    """
    header = value if isinstance(value, dict) else {}
    time = quantity(header.get("timestamp"), Sentence("{name}: block time", name=name))
    if time > _LAST_SECOND:
        raise Unavailable(
            Sentence("{name}: block time {time} lies beyond the year 9999", name=name, time=time)
        )
    return Header(
        quantity(header.get("number"), Sentence("{name}: block number", name=name)),
        data(header.get("hash"), Sentence("{name}: block hash", name=name), length=_WORD),
        time,
    )


def require_earlier(readings: Iterable[AnchorReading], header: Header, name: str) -> None:
    """Require that no anchor is younger than the block in whose state it was read.

    Raises:
        Unavailable: one is: no contract can have said so.
    """
    for reading in readings:
        if (reading.block_time or 0) > header.time or (reading.block_number or 0) > header.number:
            found = Sentence(
                "{block_time} in block {block_number}",
                block_time=reading.block_time,
                block_number=reading.block_number,
            )
            raise Unavailable(
                Sentence(
                    "{name}: anchoredAt answered {found}, read in block {number}",
                    name=name,
                    found=found,
                    number=header.number,
                )
            )


def require_code(value: object, chain: Chain, name: str) -> None:
    """Require that the contract's runtime code is the pinned one (keccak-256).

    Raises:
        Unavailable: other code, or none: a wrong chain, or a node that lies.
    """
    from Crypto.Hash import keccak  # noqa: PLC0415 - a verification without a chain must start at once

    code = data(value, Sentence("{name}: eth_getCode", name=name))
    found = f"0x{keccak.new(digest_bits=256, data=code).hexdigest()}"
    if found != chain.code_hash:
        what = Sentence("{found} ({code_length} bytes)", found=found, code_length=len(code))
        raise Unavailable(
            Sentence(
                "{name}: expected code {code_hash} at {contract}, found {what}",
                name=name,
                code_hash=chain.code_hash,
                contract=chain.contract,
                what=what,
            )
        )


def _time_and_number(result: object, name: str) -> tuple[int | None, int | None]:
    """Read (uint64 blockTime, uint64 blockNumber); both 0 means never anchored."""
    words = data(result, Sentence("{name}: anchoredAt", name=name), length=2 * _WORD)
    time, number = int.from_bytes(words[:_WORD], "big"), int.from_bytes(words[_WORD:], "big")
    if time > _LAST_SECOND or number >= _UINT64_END or (time == 0) != (number == 0):
        raise Unavailable(
            Sentence("{name}: anchoredAt answered {time} and {number}", name=name, time=time, number=number)
        )
    return time or None, number or None
