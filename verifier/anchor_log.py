"""Every anchor that the pinned contracts hold of a log: found by their events, or by asking for the log's own epochs.

Events only say where to look: what counts is the contract's state, read with the quorum of chain_reader. Where nodes no
longer give out old events, the heads that the log itself could have anchored are asked for, and the contract's newest
size tells whether anything else was anchored.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence, joined
from certlog.trust_root import Chain, TrustRoot
from verifier.chain_reader import DEFAULT_TIMEOUT, final_block, read_chains
from verifier.chain_view import AnchorReading, ChainView
from verifier.contract_calls import Head
from verifier.json_rpc import Call, Endpoint, data, quantity

CHECKPOINT_ANCHORED: Final = "0x3583cdb91e784f2f9d3e4f21f733e36b507963e72ea63f4dad0930e3d3155264"
"""Topic of CheckpointAnchored(bytes32 indexed logId, uint64 indexed size, bytes32 root); a test derives it again."""
HEAD: Final = "0xf339e3b2"
"""Selector of head(bytes32); a test derives it again."""

MAX_ANCHORS: Final = 200_000
MAX_SECONDS: Final = 600
"""For the events of one node, which else could hold an audit for as long as it likes; state tells what is missing."""
_WORD: Final = 32
_SMALLEST_RANGE: Final = 1024
"""Blocks: an endpoint that refuses even so few has no events for us."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What nodes say of a log's anchors, before anything is believed.

    Attributes:
        heads: the heads that the contract's events name.
        newest: (chain id, log id) -> size of the newest anchored head, where a quorum of nodes says the same.
        has_events: whether every node gave out its events: else a foreign head is known by its size only.
        problem: why a node could not be read.
    """

    heads: frozenset[Head]
    newest: Mapping[tuple[int, str], int]
    has_events: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AnchorLog:
    """The anchors of a log.

    Attributes:
        readings: every head that is anchored, final, by chain and rising size.
        waiting: heads that are anchored and not final yet.
        announced: what nodes said before.
        unread: why a chain could not be read at all; "" where the quorum of every chain has answered.
        unread_chains: the ids of these chains.
    """

    readings: tuple[AnchorReading, ...]
    waiting: tuple[AnchorReading, ...]
    announced: Announced
    unread: str = ""
    unread_chains: frozenset[int] = frozenset()


def announced_anchors(
    trust_root: TrustRoot, *, endpoints: Sequence[str] = (), timeout: float = DEFAULT_TIMEOUT
) -> Announced:
    """Ask every node for the events and the newest sizes; before the log's checkpoint is read, so that it covers them.

    Args:
        trust_root: pins chains, contracts and logs.
        endpoints: nodes to ask instead of the trust root's.
        timeout: seconds for one exchange.
    """
    heads: set[Head] = set()
    newest: dict[tuple[int, str], int] = {}
    problems: list[str] = []
    for chain in trust_root.chains:
        said: Counter[tuple[str, int]] = Counter()
        for url in endpoints or chain.endpoints:
            opened: list[Endpoint] = []
            try:
                opened.append(Endpoint(url, timeout=timeout))
                said.update(newest_sizes(opened[0], chain).items())
                heads |= _events(opened[0], chain)
            except (InvalidInput, Unavailable) as error:
                problems.append(str(error))
            finally:
                for endpoint in opened:
                    endpoint.close()
        quorum = min(chain.quorum, len(endpoints)) if endpoints else chain.quorum
        newest |= {(chain.id, log): size for log, size in _agreed(said, quorum)}
    return Announced(frozenset(heads), newest, not problems, joined("; ", problems))


def read_anchor_log(
    trust_root: TrustRoot,
    announced: Announced,
    own_heads: Iterable[Head],
    *,
    now: Callable[[], int],
    endpoints: Sequence[str] = (),
    timeout: float = DEFAULT_TIMEOUT,
) -> AnchorLog:
    """Read, final and by quorum, which heads are anchored.

    Args:
        trust_root: pins chains, contracts and logs.
        announced: where to look.
        own_heads: the heads that the log could have anchored, looked for where events were not given out.
        now: the clock.
        endpoints: nodes to ask instead of the trust root's.
        timeout: seconds for one exchange.
    """
    heads = sorted(announced.heads if announced.has_events else announced.heads | set(own_heads))
    views = [
        read_chains(
            replace(trust_root, chains=(chain,)), heads, now=now, endpoints=endpoints, timeout=timeout
        )
        for chain in trust_root.chains
    ]
    anchored = [r for view in views for r in view.readings if r.block_time is not None]
    return AnchorLog(
        tuple(sorted((r for r in anchored if r.final), key=lambda r: (r.chain_id, r.size))),
        tuple(r for r in anchored if not r.final),
        announced,
        joined("; ", [view.problem for view in views if _is_unread(view)]),
        frozenset(chain.id for chain, view in zip(trust_root.chains, views, strict=True) if _is_unread(view)),
    )


def _is_unread(view: ChainView) -> bool:
    """Tell whether a chain's quorum has not answered: a single node's trouble is no obstacle."""
    return view.block_number is None and bool(view.problem)


def _agreed(said: Counter[tuple[str, int]], quorum: int) -> list[tuple[str, int]]:
    """Return what a quorum of nodes says: one node alone accuses nobody."""
    return [answer for answer, count in said.items() if count >= quorum]


def _events(endpoint: Endpoint, chain: Chain) -> set[Head]:
    deadline = time.monotonic() + MAX_SECONDS
    found: set[Head] = set()
    (latest,) = endpoint.batch([Call("eth_blockNumber", ())])
    last = quantity(latest, Sentence("{name}: eth_blockNumber", name=endpoint.name))
    for log in chain.log_ids:
        for item in _logs(endpoint, chain, log.log_id, last, deadline):
            found.add(_head_of(item, endpoint.name))
            if len(found) > MAX_ANCHORS:
                raise Unavailable(Sentence("{name}: too many anchors", name=endpoint.name))
    return found


def _logs(endpoint: Endpoint, chain: Chain, log_id: str, last: int, deadline: float) -> Iterator[object]:
    """Yield the events of blocks 0 .. last; a range that an endpoint refuses is halved."""
    waiting = [(0, last)]
    while waiting:
        if time.monotonic() > deadline:
            message = Sentence(
                "{name}: its events take more than {most} s", name=endpoint.name, most=MAX_SECONDS
            )
            raise Unavailable(message)
        first, end = waiting.pop()
        asked: dict[str, object] = {
            "address": chain.contract,
            "topics": [CHECKPOINT_ANCHORED, log_id],
            "fromBlock": hex(first),
            "toBlock": hex(end),
        }
        try:
            (answer,) = endpoint.batch([Call("eth_getLogs", (asked,))])
        except Unavailable:
            if end - first < _SMALLEST_RANGE:
                raise
            middle = (first + end) // 2
            waiting += [(middle + 1, end), (first, middle)]
            continue
        if not isinstance(answer, list):
            raise Unavailable(Sentence("{name}: eth_getLogs: expected a list", name=endpoint.name))
        yield from answer


def _head_of(item: object, name: str) -> Head:
    event = item if isinstance(item, dict) else {}
    topics = event.get("topics")
    size = topics[2] if isinstance(topics, list) and len(topics) == 3 else None  # noqa: PLR2004 - two indexed
    what = Sentence("{name}: an event of the contract", name=name)
    number = int.from_bytes(data(size, what, length=_WORD), "big")
    return Head(number, data(event.get("data"), what, length=_WORD))


def newest_sizes(endpoint: Endpoint, chain: Chain) -> dict[str, int]:
    """Return the newest anchored size of each log of the contract, as the endpoint's last final block holds it.

    Of the newest state nobody is accused: what is not final yet, some nodes know and others do not.

    Raises:
        Unavailable: no answer, another chain, or an answer of another form.
    """
    block = hex(final_block(endpoint, chain))
    calls = [
        Call("eth_call", ({"to": chain.contract, "data": f"{HEAD}{log.log_id[2:]}"}, block))
        for log in chain.log_ids
    ]
    sizes = {}
    for log, answer in zip(chain.log_ids, endpoint.batch(calls), strict=True):
        words = data(answer, Sentence("{name}: head", name=endpoint.name), length=3 * _WORD)
        size = int.from_bytes(words[:_WORD], "big")
        if log.covers(size):  # a log that was left behind may have gone on; that counts for nobody
            sizes[log.log_id] = size
    return sizes
