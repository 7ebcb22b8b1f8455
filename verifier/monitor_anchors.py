"""The monitor's look at the contract: is the newest anchor fresh, and is it a head of this log.

The newest size is asked for before the log's checkpoint is read, so that an honest log's checkpoint covers it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from certlog.digests import RootHash
from certlog.errors import Unavailable
from certlog.sentences import Sentence
from certlog.tile_reader import TileReader
from certlog.timestamps import format_time
from certlog.tree import root_at
from certlog.trust_root import Chain, TrustRoot
from verifier.chain_reader import DEFAULT_TIMEOUT, read_chains
from verifier.contract_calls import Head
from verifier.json_rpc import Call, Endpoint, data
from verifier.monitor import AnchorAlarm
from verifier.monitor_alarm import Concern

HEAD: Final = bytes.fromhex("f339e3b2")
"""Selector of head(bytes32); a test derives it again."""
_WORD: Final = 32


@dataclass(frozen=True, slots=True)
class ContractLook:
    """What the contracts named as newest, and how to ask about it (monitor.ChainLook).

    Attributes:
        trust_root: pins chains and logs.
        endpoints: nodes to ask instead of the trust root's.
        newest: (chain id, log id) -> size of the newest anchored head.
        max_anchor_age: seconds after which the newest anchor is late.
        clock: the time.
    """

    trust_root: TrustRoot
    endpoints: tuple[str, ...]
    newest: Mapping[tuple[int, str], int]
    max_anchor_age: int
    clock: Callable[[], int]

    def alarms(self, tree: TileReader, *, now: int) -> Iterator[AnchorAlarm]:
        """Compare what the contracts hold with the tree of a signed head.

        Raises:
            Unavailable: a chain or the tiles could not be read.
        """
        for chain in self.trust_root.chains:
            sizes = [self.newest.get((chain.id, log.log_id), 0) for log in chain.log_ids]
            yield from self._chain(chain, max(sizes, default=0), tree, now)

    def _chain(self, chain: Chain, size: int, tree: TileReader, now: int) -> Iterator[AnchorAlarm]:
        about = {"chain": chain.id, "size": size}
        if size == 0:
            what = Sentence("chain {chain} holds no anchor of this log", chain=chain.id)
            yield AnchorAlarm(Concern.LATE_ANCHOR, 0, what)
            return
        if size > tree.size:
            what = Sentence(
                "chain {chain} holds a head of size {size}, the log shows {shown} entries only",
                shown=tree.size,
                **about,
            )
            yield AnchorAlarm(Concern.OTHER_ANCHOR, size, what)
            return
        root = RootHash(root_at(size, tree.read))
        view = read_chains(self.trust_root, [Head(size, root)], now=self.clock, endpoints=self.endpoints)
        mine = [reading for reading in view.readings if reading.chain_id == chain.id]
        if not mine:
            raise Unavailable(view.problem or Sentence("chain {chain} gave no answer", chain=chain.id))
        times = [reading.block_time for reading in mine if reading.block_time is not None]
        if not times:
            what = Sentence(
                "chain {chain} holds a head of size {size} with another root than the log's: ask the operator",
                **about,
            )
            yield AnchorAlarm(Concern.OTHER_ANCHOR, size, what)
        elif now - max(times) > self.max_anchor_age:
            what = Sentence(
                "the newest anchor on chain {chain}, of size {size}, is of {time}",
                time=format_time(max(times)),
                **about,
            )
            yield AnchorAlarm(Concern.LATE_ANCHOR, size, what)


def begin_look(
    trust_root: TrustRoot,
    endpoints: Sequence[str],
    *,
    max_anchor_age: int,
    clock: Callable[[], int],
    timeout: float = DEFAULT_TIMEOUT,
) -> ContractLook:
    """Ask every node for the newest sizes; the largest of each log counts.

    Raises:
        InvalidInput: an endpoint that is no address.
        Unavailable: no node of a chain answers.
    """
    newest: dict[tuple[int, str], int] = {}
    for chain in trust_root.chains:
        answers = [_sizes(chain, url, timeout) for url in endpoints or chain.endpoints]
        for log, size in (item for answer in answers for item in answer.items()):
            newest[chain.id, log] = max(size, newest.get((chain.id, log), 0))
    return ContractLook(trust_root, tuple(endpoints), newest, max_anchor_age, clock)


def _sizes(chain: Chain, url: str, timeout: float) -> dict[str, int]:
    endpoint = Endpoint(url, timeout=timeout)
    try:
        calls = [
            Call("eth_call", ({"to": chain.contract, "data": f"0x{HEAD.hex()}{log.log_id[2:]}"}, "latest"))
            for log in chain.log_ids
        ]
        sizes = {}
        for log, answer in zip(chain.log_ids, endpoint.batch(calls), strict=True):
            words = data(answer, Sentence("{name}: head", name=endpoint.name), length=3 * _WORD)
            size = int.from_bytes(words[:_WORD], "big")
            if log.covers(size):  # what a log that was left behind has gone on to counts for nobody
                sizes[log.log_id] = size
        return sizes
    finally:
        endpoint.close()
