"""Reading anchors from nodes that are honest, wrong, slow, behind, or lying in any field."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from Crypto.Hash import keccak

from certlog.errors import InvalidInput
from certlog.trust_root import Chain, TrustRoot
from tests.verifier.fake_node import FakeNode, NodeError, chain_of, serving
from tests.verifier.world import CONTRACT, LOG_ID, NOW, ask, honest_case, trust_root
from verifier.chain_reader import Head, read_chains
from verifier.chain_view import ChainView
from verifier.contract_calls import ANCHORED_AT
from verifier.json_rpc import Endpoint
from verifier.report import Verdict

CASE: Final = honest_case()
HEADS: Final = tuple(Head(size, CASE.world.root(size)) for size in CASE.sizes)
ANCHORED: Final[dict[tuple[str, int, bytes], tuple[int, int]]] = {
    (LOG_ID, size, CASE.world.root(size)): (pointer.block_time, pointer.block_number)
    for size, pointer in CASE.world.anchored.items()
}


@pytest.fixture
def start() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def node(start: ExitStack, fake: FakeNode | None = None) -> FakeNode:
    fake = fake or FakeNode()
    fake.anchored = fake.anchored or dict(ANCHORED)
    return start.enter_context(serving(fake))


def pinning(chain: Chain) -> TrustRoot:
    return replace(trust_root(), chains=(chain,))


def read(chain: Chain, *, endpoints: tuple[str, ...] = (), timeout: float = 2) -> ChainView:
    return read_chains(pinning(chain), HEADS, now=lambda: NOW, endpoints=endpoints, timeout=timeout)


def believed(view: ChainView) -> list[int]:
    """Return the sizes for which the view holds a final anchor."""
    return [reading.size for reading in view.readings if reading.final and reading.block_time is not None]


def test_an_honest_node_gives_what_the_contract_holds(start: ExitStack) -> None:
    view = read(chain_of(node(start)))
    assert believed(view) == list(CASE.sizes)
    assert (view.problem, view.read_at, view.block_number, view.block_time) == ("", NOW, 500, NOW - 60)
    assert [reading.block_time for reading in view.readings] == [
        CASE.world.anchored[size].block_time for size in CASE.sizes
    ]


def test_what_an_honest_node_says_makes_the_verdict_green(start: ExitStack) -> None:
    chain = chain_of(node(start))
    assert ask(CASE, root=pinning(chain), view=read(chain)).verdict is Verdict.VALID


def test_finality_may_be_a_depth(start: ExitStack) -> None:
    fake = node(start)
    view = read(chain_of(fake, finality=12))
    assert (believed(view), view.block_number) == (list(CASE.sizes), 490)
    assert read(chain_of(fake, finality=400)).block_number == 102
    assert believed(read(chain_of(fake, finality=400))) == [CASE.sizes[0]]


def test_a_chain_shorter_than_the_depth_has_nothing_final(start: ExitStack) -> None:
    view = read(chain_of(node(start), finality=503))
    assert believed(view) == []
    assert "no block at depth 503" in view.problem


def test_an_anchor_above_the_final_block_is_seen_but_not_final(start: ExitStack) -> None:
    fake = node(start, FakeNode(finalized=150))
    view = read(chain_of(fake))
    assert believed(view) == [CASE.sizes[0]]
    later = [reading for reading in view.readings if not reading.final]
    assert [reading.size for reading in later] == [CASE.sizes[1]]


def test_an_anchor_that_was_never_made_is_read_as_absent(start: ExitStack) -> None:
    fake = node(start, FakeNode(anchored={("0x" + "00" * 32, 1, bytes(32)): (1, 1)}))
    view = read(chain_of(fake))
    assert [(reading.final, reading.block_time) for reading in view.readings] == [(True, None)] * 2
    assert all(reading.read_block == 500 for reading in view.readings)


def test_heads_above_the_largest_trusted_size_are_not_asked_for(start: ExitStack) -> None:
    fake = node(start)
    view = read(chain_of(fake, max_size=CASE.sizes[0]))
    assert [reading.size for reading in view.readings] == [CASE.sizes[0]]


LIES = {
    "another chain id": ("eth_chainId", lambda _: "0x1"),
    "chain id as a number": ("eth_chainId", lambda _: 31337),
    "chain id with a leading zero": ("eth_chainId", lambda _: "0x07a69"),
    "no final block": ("eth_getBlockByNumber", lambda _: None),
    "an error for the final block": ("eth_getBlockByNumber", lambda _: NodeError("unknown block tag")),
    "a block without a hash": ("eth_getBlockByNumber", lambda block: {**block, "hash": None}),
    "a block with a short hash": ("eth_getBlockByNumber", lambda block: {**block, "hash": "0xab"}),
    "a block with a negative time": ("eth_getBlockByNumber", lambda block: {**block, "timestamp": "-0x1"}),
    "a block with a huge number": (
        "eth_getBlockByNumber",
        lambda block: {**block, "number": "0x" + "f" * 17},
    ),
    "no code": ("eth_getCode", lambda _: "0x"),
    "other code": ("eth_getCode", lambda code: code + "00"),
    "code that is no hex": ("eth_getCode", lambda _: "0xzz"),
    "an empty answer": ("eth_call", lambda _: "0x"),
    "one word": ("eth_call", lambda words: words[:66]),
    "three words": ("eth_call", lambda words: words + "00" * 32),
    "a time without a block": ("eth_call", lambda words: words[:66] + "00" * 32),
    "a block without a time": ("eth_call", lambda words: "0x" + "00" * 32 + words[66:]),
    "more than 64 bits": ("eth_call", lambda words: "0x" + "ff" * 32 + words[66:]),
    "a time without text form": (
        "eth_call",
        lambda words: "0x" + (2**60).to_bytes(32, "big").hex() + words[66:],
    ),
    "an anchor younger than the block": (
        "eth_call",
        lambda words: "0x" + NOW.to_bytes(32, "big").hex() + words[66:],
    ),
    "an anchor in a later block": ("eth_call", lambda words: words[:66] + (501).to_bytes(32, "big").hex()),
    "a block of no year": ("eth_getBlockByNumber", lambda block: {**block, "timestamp": hex(2**60)}),
    "a number": ("eth_call", lambda _: 7),
    "a reverted call": ("eth_call", lambda _: NodeError("execution reverted")),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_lie_in_any_field_is_a_problem_and_never_an_anchor(
    lie: tuple[str, object], start: ExitStack
) -> None:
    method, change = lie
    chain = chain_of(node(start, FakeNode(lies={method: change})))  # type: ignore[dict-item]
    view = read(chain)
    assert believed(view) == []
    assert view.problem
    assert ask(CASE, root=pinning(chain), view=view).verdict is Verdict.CANNOT_CHECK


ANSWERS = {
    "nothing": lambda _: b"",
    "no JSON": lambda _: b"<html>rate limited</html>",
    "not UTF-8": lambda _: b"\xff\xfe",
    "nested too deeply": lambda _: b"[" * 100_000,
    "an object": lambda _: b'{"jsonrpc":"2.0","id":0,"result":"0x7a69"}',
    "an empty batch": lambda _: b"[]",
    "one answer too few": lambda body: json.dumps(json.loads(body)[:-1]).encode(),
    "one answer twice": lambda body: json.dumps([json.loads(body)[0]] * len(json.loads(body))).encode(),
    "ids as text": lambda body: body.replace(b'"id": 0', b'"id": "0"'),
    "id true for 1": lambda body: body.replace(b'"id": 1', b'"id": true'),
    "answers that are no objects": lambda body: json.dumps([1] * len(json.loads(body))).encode(),
    "too much": lambda body: body + b" " * (3 * 1024 * 1024),
}


@pytest.mark.parametrize("raw", ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_of_another_form_is_a_problem(raw: object, start: ExitStack) -> None:
    view = read(chain_of(node(start, FakeNode(raw=raw))))  # type: ignore[arg-type]
    assert believed(view) == []
    assert view.problem


@pytest.mark.parametrize("status", [302, 404, 429, 500])
def test_a_status_other_than_200_is_a_problem_and_no_redirect_is_followed(
    status: int, start: ExitStack
) -> None:
    fake = node(start, FakeNode(status=status))
    view = read(chain_of(fake))
    assert f"expected status 200, found {status}" in view.problem
    assert len(fake.asked) == 2


def test_answers_in_another_order_are_matched_by_their_ids(start: ExitStack) -> None:
    fake = FakeNode(raw=lambda body: json.dumps(json.loads(body)[::-1]).encode())
    assert believed(read(chain_of(node(start, fake)))) == list(CASE.sizes)


def test_a_slow_node_is_a_problem_within_the_time_limit(start: ExitStack) -> None:
    view = read(chain_of(node(start, FakeNode(delay=30))), timeout=0.2)
    assert believed(view) == []
    assert "timed out" in view.problem


def test_a_closed_port_is_a_problem() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    view = read(replace(chain_of(), endpoints=(f"http://127.0.0.1:{port}",)))
    assert "Connection refused" in view.problem


def test_without_endpoints_the_view_says_so() -> None:
    assert "0 endpoints answered, 1 are needed" in read(chain_of()).problem


def test_a_persons_own_node_is_asked_instead_of_the_pinned_ones(start: ExitStack) -> None:
    pinned, own = node(start), node(start)
    view = read(chain_of(pinned, pinned, quorum=2), endpoints=(own.url,))
    assert believed(view) == list(CASE.sizes)
    assert pinned.asked == []


def test_two_of_three_agree_against_one_that_lies(start: ExitStack) -> None:
    shifted = {key: (time + 1, number) for key, (time, number) in ANCHORED.items()}
    nodes = [node(start, FakeNode(anchored=shifted)), node(start), node(start)]
    view = read(chain_of(*nodes, quorum=2))
    assert [reading.block_time for reading in view.readings] == [time for time, _ in ANCHORED.values()]


def test_two_that_disagree_are_believed_in_nothing(start: ExitStack) -> None:
    shifted = {key: (time + 1, number) for key, (time, number) in ANCHORED.items()}
    nodes = [node(start, FakeNode(anchored=shifted)), node(start)]
    for quorum in (1, 2):
        view = read(chain_of(*nodes, quorum=quorum))
        assert view.readings == ()
        assert "contradict each other" in view.problem


def test_one_answer_is_not_a_quorum_of_two(start: ExitStack) -> None:
    broken = node(start, FakeNode(status=500))
    view = read(chain_of(node(start), broken, quorum=2))
    assert view.readings == ()
    assert "1 endpoints answered, 2 are needed" in view.problem
    assert "found 500" in view.problem


def test_one_broken_node_beside_an_honest_one_is_told_but_does_not_stop_the_reading(start: ExitStack) -> None:
    view = read(chain_of(node(start, FakeNode(status=500)), node(start)))
    assert believed(view) == list(CASE.sizes)
    assert "found 500" in view.problem


def test_nodes_are_compared_at_the_newest_block_that_enough_hold_final(start: ExitStack) -> None:
    behind = node(start, FakeNode(finalized=250, latest=260))
    assert read(chain_of(behind, node(start), quorum=2)).block_number == 250
    assert read(chain_of(behind, node(start), quorum=1)).block_number == 500


def test_two_chains_are_read_and_a_problem_of_one_leaves_the_other(start: ExitStack) -> None:
    good = chain_of(node(start))
    other = replace(good, id=1)
    root = replace(trust_root(), chains=(other, good))
    view = read_chains(root, HEADS, now=lambda: NOW)
    assert believed(view) == list(CASE.sizes)
    assert "chain 1: " in view.problem
    assert view.block_number == 500


def test_access_keys_in_addresses_are_not_shown(start: ExitStack) -> None:
    fake = node(start, FakeNode(status=500))
    secret = f"{fake.url}/v3/secret-key?token=secret-token"
    view = read(replace(chain_of(), endpoints=(secret,)))
    assert "secret" not in view.problem
    honest = read(replace(chain_of(), endpoints=(f"{node(start).url}/v3/secret-key",)))
    assert honest.source
    assert "secret" not in honest.source


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1", "127.0.0.1:8545", "http://", "http://user:pw@127.0.0.1", ""]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="http or https URL"):
        Endpoint(url, timeout=1)


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://[::1", "http://127.0.0.1:x"])
def test_an_address_that_cannot_be_parsed_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="http or https URL"):
        Endpoint(url, timeout=1)


def test_the_selector_is_that_of_the_contracts_interface() -> None:
    digest = keccak.new(digest_bits=256, data=b"anchoredAt(bytes32,uint64,bytes32)").digest()
    assert digest[:4] == ANCHORED_AT
    interface = Path("contracts/ICheckpointAnchor.sol").read_text("utf-8")
    assert "function anchoredAt(bytes32 logId, uint64 size, bytes32 root)" in " ".join(interface.split())
    assert CONTRACT.startswith("0x")
