"""What was read from the chain, as data: by whom, when, at which block, and whether that block was final.

The verdict never trusts anchor fields in an evidence file; it trusts these readings, and only those that
match the trust root's pins. Nothing here talks to a network.
"""

from dataclasses import dataclass

from certlog.sentences import Sentence


@dataclass(frozen=True, slots=True)
class AnchorReading:
    """The answer of `anchoredAt(log_id, size, root)` on one contract of one chain.

    `block_time` and `block_number` are None when the contract says that it was never anchored. `read_block`
    is the number of the block at whose state the question was asked (None: the view's own block). Contract
    and log id are lower-case hex with 0x, as the trust root writes them.
    """

    chain_id: int
    contract: str
    log_id: str
    size: int
    root: bytes
    block_time: int | None
    block_number: int | None
    final: bool
    read_block: int | None = None


@dataclass(frozen=True, slots=True)
class ChainView:
    """Everything that one reader learnt. Every failure to read becomes an empty view with a `problem`.

    `seen` holds heads which this device itself read, final, from the pinned contract on an earlier day.
    """

    readings: tuple[AnchorReading, ...] = ()
    read_at: int | None = None
    block_number: int | None = None
    block_time: int | None = None
    source: str = ""
    problem: str = ""
    seen: tuple[AnchorReading, ...] = ()


NOT_CONSULTED = ChainView(problem=Sentence("the chain was not consulted"))
