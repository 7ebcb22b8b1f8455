"""Asks the pinned contracts whether heads are anchored, over plain JSON-RPC, and returns what was read as data.

It needs no chain library. Chain id and contract code are compared with the pins before anything is believed; only the
state at a final block counts, and k of n endpoints must give the same answer. Every failure becomes a view with a
problem; nothing is ever invented. It does not decide a verdict.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from certlog.errors import CertlogError, Unavailable
from certlog.sentences import Sentence, joined
from certlog.trust_root import Chain, TrustRoot
from verifier.chain_view import AnchorReading, ChainView
from verifier.contract_calls import (
    Head,
    Header,
    anchored_at,
    questions,
    read_answers,
    read_block,
    require_code,
    require_earlier,
)
from verifier.json_rpc import Call, Endpoint, quantity

__all__ = ["DEFAULT_TIMEOUT", "Head", "read_chains"]

DEFAULT_TIMEOUT: Final = 4.0
"""Seconds for one exchange with one endpoint: a person is waiting."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one endpoint says of one final block; two endpoints agree when these are equal."""

    header: Header
    readings: tuple[AnchorReading, ...]


def read_chains(
    trust_root: TrustRoot,
    heads: Sequence[Head],
    *,
    now: Callable[[], int],
    endpoints: Sequence[str] = (),
    timeout: float = DEFAULT_TIMEOUT,
) -> ChainView:
    """Read every pinned chain.

    Args:
        trust_root: pins the chains, contracts, code hashes, logs and the quorum.
        heads: the heads to look for.
        now: the clock; says when it was read.
        endpoints: addresses to ask instead of the trust root's (a person's own node).
        timeout: seconds for one exchange with one endpoint.

    Returns:
        The readings; where a chain could not be read, the view's problem says why.
    """
    views = [_read_chain_or_problem(chain, heads, endpoints, timeout) for chain in trust_root.chains]
    good = [view for view in views if view.readings or not view.problem]
    return ChainView(
        readings=tuple(reading for view in views for reading in view.readings),
        read_at=now(),
        block_number=good[0].block_number if good else None,
        block_time=good[0].block_time if good else None,
        source=", ".join(view.source for view in good),
        problem="; ".join(view.problem for view in views if view.problem),
    )


def _read_chain_or_problem(
    chain: Chain, heads: Sequence[Head], endpoints: Sequence[str], timeout: float
) -> ChainView:
    opened: list[Endpoint] = []
    try:
        opened += [Endpoint(url, timeout=timeout) for url in endpoints or chain.endpoints]
        quorum = min(chain.quorum, len(endpoints)) if endpoints else chain.quorum
        return _read_chain(chain, heads, opened, quorum)
    except CertlogError as error:
        return ChainView(problem=Sentence("chain {expected}: {error}", expected=chain.id, error=error))
    finally:
        for endpoint in opened:
            endpoint.close()


def _read_chain(chain: Chain, heads: Sequence[Head], endpoints: Sequence[Endpoint], quorum: int) -> ChainView:
    """Read one chain.

    1. Ask every endpoint for its chain id and its last final block.
    2. Take the newest block that k of them hold final.
    3. Ask those for that block, the contract's code and every anchor, in its state.
    4. Believe what k of them say alike, if no other k say otherwise.
    5. Ask one of them for anchors that are seen but not final yet.
    """
    problems: list[str] = []
    final: list[tuple[int, Endpoint]] = []
    for endpoint in endpoints:  # 1
        try:
            final.append((final_block(endpoint, chain), endpoint))
        except Unavailable as error:
            problems.append(str(error))
    _require_quorum(len(final), quorum, problems)
    block = sorted((number for number, _ in final), reverse=True)[quorum - 1]  # 2
    answers: list[tuple[_Answer, Endpoint]] = []
    for number, endpoint in final:  # 3
        if number >= block:
            try:
                answers.append((_ask(endpoint, chain, heads, block), endpoint))
            except Unavailable as error:
                problems.append(str(error))
    answer = _agreed([answer for answer, _ in answers], quorum, problems)  # 4
    speakers = [endpoint for said, endpoint in answers if said == answer]
    return ChainView(
        readings=(*answer.readings, *_not_final(speakers[0], chain, heads, answer)),  # 5
        block_number=answer.header.number,
        block_time=answer.header.time,
        source=", ".join(endpoint.name for endpoint in speakers),
        problem=joined("; ", problems),
    )


def _require_quorum(found: int, quorum: int, problems: Sequence[str]) -> None:
    if found < quorum or not found:
        why = Sentence(": {problems}", problems=joined("; ", problems)) if problems else ""
        raise Unavailable(
            Sentence(
                "{found} endpoints answered, {quorum} are needed{why}",
                found=found,
                quorum=max(quorum, 1),
                why=why,
            )
        )


def _agreed(answers: Sequence[_Answer], quorum: int, problems: Sequence[str]) -> _Answer:
    _require_quorum(len(answers), quorum, problems)
    held = [answer for answer in dict.fromkeys(answers) if answers.count(answer) >= quorum]
    if len(held) != 1:
        raise Unavailable(
            Sentence(
                "the endpoints contradict each other about final block {number}",
                number=answers[0].header.number,
            )
        )
    return held[0]


def final_block(endpoint: Endpoint, chain: Chain) -> int:
    """Return the number of the endpoint's last final block, after comparing the chain id with the pin."""
    newest = Call("eth_blockNumber", ())
    if chain.finality is None:
        newest = Call("eth_getBlockByNumber", ("finalized", False))
    chain_id, block = endpoint.batch([Call("eth_chainId", ()), newest])
    found = quantity(chain_id, Sentence("{name}: eth_chainId", name=endpoint.name))
    if found != chain.id:
        raise Unavailable(
            Sentence(
                "{name}: expected chain {expected}, found chain {found}",
                name=endpoint.name,
                expected=chain.id,
                found=found,
            )
        )
    if chain.finality is None:
        return read_block(block, endpoint.name).number
    final = quantity(block, Sentence("{name}: eth_blockNumber", name=endpoint.name)) - chain.finality
    if final < 0:
        raise Unavailable(
            Sentence(
                "{name}: the chain has no block at depth {finality} yet",
                name=endpoint.name,
                finality=chain.finality,
            )
        )
    return final


def _ask(endpoint: Endpoint, chain: Chain, heads: Sequence[Head], block: int) -> _Answer:
    asked = questions(chain, heads)
    calls = [anchored_at(chain, question, hex(block)) for question in asked]
    first = [
        Call("eth_getBlockByNumber", (hex(block), False)),
        Call("eth_getCode", (chain.contract, hex(block))),
    ]
    value, code, *results = endpoint.batch([*first, *calls])
    header = read_block(value, endpoint.name)
    if header.number != block:
        raise Unavailable(
            Sentence(
                "{name}: expected block {block}, found block {number}",
                name=endpoint.name,
                block=block,
                number=header.number,
            )
        )
    require_code(code, chain, endpoint.name)
    readings = read_answers(chain, asked, results, endpoint.name, block=block, final=True)
    require_earlier(readings, header, endpoint.name)
    return _Answer(header, readings)


def _not_final(
    endpoint: Endpoint, chain: Chain, heads: Sequence[Head], answer: _Answer
) -> tuple[AnchorReading, ...]:
    """Return readings of the latest state for heads that no final reading holds: they can only say "pending"."""
    held = {reading.size for reading in answer.readings if reading.block_time is not None}
    asked = questions(chain, [head for head in heads if head.size not in held])
    if not asked:
        return ()
    try:
        results = endpoint.batch([anchored_at(chain, question, "latest") for question in asked])
        block = answer.header.number
        readings = read_answers(chain, asked, results, endpoint.name, block=block, final=False)
    except Unavailable:
        return ()  # it would only have told "not final yet" from "not anchored yet"
    return tuple(reading for reading in readings if reading.block_time is not None)
