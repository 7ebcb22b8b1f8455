"""The monitor's look at the contract: is the newest anchor fresh, and is it a head of this log.

The newest size is asked for before the log's checkpoint is read, so that an honest log's checkpoint covers it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from certlog.digests import RootHash
from certlog.errors import Unavailable
from certlog.sentences import Sentence, joined
from certlog.tile_reader import TileReader
from certlog.timestamps import format_time
from certlog.tree import root_at
from certlog.trust_root import Chain, TrustRoot
from verifier.anchor_log import newest_sizes
from verifier.chain_reader import DEFAULT_TIMEOUT, read_chains
from verifier.contract_calls import Head
from verifier.json_rpc import Endpoint
from verifier.monitor import AnchorAlarm
from verifier.monitor_alarm import Concern


@dataclass(frozen=True, slots=True)
class ContractLook:
    """What the contracts named as newest, and how to ask about it (monitor.ChainLook).

    Attributes:
        trust_root: pins chains and logs.
        endpoints: nodes to ask instead of the trust root's.
        claimed: chain id -> the newest final size that each node names, the largest first.
        quorums: chain id -> how many nodes must say the same.
        max_anchor_age: seconds after which the newest anchor is late.
        clock: the time.
    """

    trust_root: TrustRoot
    endpoints: tuple[str, ...]
    claimed: Mapping[int, tuple[int, ...]]
    quorums: Mapping[int, int]
    max_anchor_age: int
    clock: Callable[[], int]

    def alarms(self, tree: TileReader, *, now: int) -> Iterator[AnchorAlarm]:
        """Compare what the contracts hold with the tree of a signed head.

        Raises:
            Unavailable: a chain or the tiles could not be read, or nodes contradict each other.
        """
        for chain in self.trust_root.chains:
            yield from self._chain(chain, tree, now)

    def _chain(self, chain: Chain, tree: TileReader, now: int) -> Iterator[AnchorAlarm]:
        claimed = self.claimed[chain.id]
        size = claimed[
            self.quorums[chain.id] - 1
        ]  # so many nodes, and one that lies is not enough, say at least this
        about = {"chain": chain.id, "size": size}
        if not any(claimed):
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
        heads = [
            Head(said, RootHash(root_at(said, tree.read))) for said in set(claimed) if 0 < said <= tree.size
        ]
        only = replace(self.trust_root, chains=(chain,))
        view = read_chains(only, heads, now=self.clock, endpoints=self.endpoints)
        anchored = {r.size: r.block_time for r in view.readings if r.final and r.block_time is not None}
        if view.block_number is None:
            raise Unavailable(view.problem or Sentence("chain {chain} gave no answer", chain=chain.id))
        if size and size not in anchored:
            what = Sentence(
                "chain {chain} holds a head of size {size} with another root than the log's: ask the operator",
                **about,
            )
            yield AnchorAlarm(Concern.OTHER_ANCHOR, size, what)
        elif not anchored:
            raise Unavailable(Sentence("chain {chain} gave no answer", chain=chain.id))
        elif now - max(anchored.values()) > self.max_anchor_age:
            newest = max(anchored, key=lambda held: (anchored[held], held))
            what = Sentence(
                "the newest anchor on chain {chain}, of size {size}, is of {time}",
                time=format_time(anchored[newest]),
                **{**about, "size": newest},
            )
            yield AnchorAlarm(Concern.LATE_ANCHOR, newest, what)


def begin_look(
    trust_root: TrustRoot,
    endpoints: Sequence[str],
    *,
    max_anchor_age: int,
    clock: Callable[[], int],
    timeout: float = DEFAULT_TIMEOUT,
) -> ContractLook:
    """Ask every node for the newest final sizes; one that does not answer is no obstacle while a quorum does.

    Raises:
        InvalidInput: an endpoint that is no address.
        Unavailable: of a chain, fewer nodes answer than its quorum.
    """
    claimed: dict[int, tuple[int, ...]] = {}
    quorums: dict[int, int] = {}
    for chain in trust_root.chains:
        urls = endpoints or chain.endpoints
        quorums[chain.id] = max(1, min(chain.quorum, len(urls)) if endpoints else chain.quorum)
        claimed[chain.id] = _claims(chain, urls, quorums[chain.id], timeout)
    return ContractLook(trust_root, tuple(endpoints), claimed, quorums, max_anchor_age, clock)


def _claims(chain: Chain, urls: Sequence[str], quorum: int, timeout: float) -> tuple[int, ...]:
    found, problems = [], []
    for url in urls:
        endpoint = Endpoint(url, timeout=timeout)
        try:
            found.append(max(newest_sizes(endpoint, chain).values(), default=0))
        except Unavailable as error:
            problems.append(str(error))
        finally:
            endpoint.close()
    if len(found) < quorum:
        raise Unavailable(joined("; ", problems))
    return tuple(sorted(found, reverse=True))
