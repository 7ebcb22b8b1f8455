"""Several nodes as one chain: k must agree, who lies is outvoted and named, and nothing is ever falsely final."""

import random
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from anchoring.batch import Head
from anchoring.fees import FeePolicy
from anchoring.line import ProblemKind
from anchoring.ports import Anchor, Block, ContractHead, Disagreement, Receipt, SendAnswer
from anchoring.quorum import QuorumChain
from anchoring.worker import AnchorWorker, Did
from certlog.errors import InvalidInput, Unavailable
from tests.anchoring.fake_chain import BASE_FEE, FakeChain
from tests.anchoring.world import World
from tests.support.controls import Control, require_noticed
from tests.support.deep import cases

SQLITE = pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
"""What nodes say is the same whatever the database."""
pytestmark = SQLITE

LIES: dict[str, Callable[[FakeChain, Any], Any]] = {
    "chain_id": lambda _chain, _true: 1,
    "code_hash": lambda _chain, _true: b"\x00" * 32,
    "latest": lambda _chain, true: replace(true, hash=b"\x66" * 32),
    "finalized": lambda chain, _true: chain.blocks[-1].header,
    "block": lambda _chain, true: replace(true, hash=b"\x66" * 32),
    "head": lambda _chain, true: replace(true, size=true.size + 1),
    "anchored_at": lambda chain, true: None if true else Anchor(len(chain.blocks) - 1, chain.clock.now),
    "transaction_count": lambda _chain, true: true + 1,
    "send_raw": lambda _chain, _true: SendAnswer(accepted=True, message="0x00"),
    "receipt": lambda chain, true: None if true else Receipt(len(chain.blocks) - 1, False, None, 399_999),
}


class Node:
    """One node's view of the honest chain; `lie` changes what it answers."""

    def __init__(self, chain: FakeChain, lie: Callable[[str], bool] = lambda _method: False) -> None:
        self._chain = chain
        self._lie = lie
        self.down = False
        self.behind = 0
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._chain, name)

        def call(*args: Any) -> Any:
            self.asked.append(name)
            if self.down:
                raise Unavailable("connection refused")
            answer = method(*args)
            if self.behind and name in {"latest", "finalized"}:
                answer = self._chain.blocks[max(0, answer.number - self.behind)].header
            return LIES[name](self._chain, answer) if self._lie(name) else answer

        return call


def nodes(world: World, *more: Node) -> QuorumChain:
    named = {f"http://node{i}": node for i, node in enumerate((*more, Node(world.chain), Node(world.chain)))}
    return QuorumChain(named, 2)


def problem_kind(world: World) -> str:
    poll = world.store.last_poll()
    assert poll is not None
    return poll.problem_kind


def run_beside(world: World, node: Node) -> AnchorWorker:
    worker = world.worker(chain=nodes(world, node))
    return world.anchor_one(worker)


@pytest.mark.parametrize("method", LIES)
def test_two_of_three_outvote_a_node_that_lies_in_one_field(world: World, method: str) -> None:
    run_beside(world, Node(world.chain, lambda asked: asked == method))
    world.check_all_final(at_least=1)


@pytest.mark.parametrize("method", ["chain_id", "code_hash", "block", "head", "anchored_at"])
def test_who_lies_is_named(world: World, method: str) -> None:
    worker = run_beside(world, Node(world.chain, lambda asked: asked == method))
    worker.step()
    poll = world.store.last_poll()
    assert poll is not None
    assert poll.problem_kind == ProblemKind.DISAGREEMENT
    assert "http://node0 says otherwise" in poll.problem


@pytest.mark.parametrize("method", ["chain_id", "code_hash", "block", "head", "anchored_at"])
def test_two_that_disagree_decide_nothing(world: World, method: str) -> None:
    liar = Node(world.chain, lambda asked: asked == method)
    two = QuorumChain({"a": liar, "b": Node(world.chain)}, 2)
    worker = world.worker(chain=two)
    for _ in range(40):
        assert worker.step().did is not Did.FINAL
        world.chain.mine()
    assert problem_kind(world) == ProblemKind.DISAGREEMENT
    world.check()


def test_a_receipt_that_one_node_alone_shows_counts_for_nothing(world: World) -> None:
    """It would hold a batch back as refused, or use up the day's gas."""
    failed = Receipt(1, succeeded=False, contract=None, gas_used=10**12)

    class Showing(Node):
        def receipt(self, _: bytes) -> Receipt | None:
            return failed

    one = QuorumChain({"a": Showing(world.chain), "b": Node(world.chain), "c": Node(world.chain)}, 2)
    assert one.receipt(bytes(32)) is None
    two = QuorumChain({"a": Showing(world.chain), "b": Node(world.chain), "c": Showing(world.chain)}, 2)
    assert two.receipt(bytes(32)) == failed
    alone = QuorumChain({"a": Showing(world.chain)}, 1)
    assert alone.receipt(bytes(32)) == failed


def test_a_quorum_that_believes_any_receipt_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def any_receipt(self: QuorumChain, tx_hash: bytes) -> Receipt | None:
        answers = self._ask(self._all, lambda node: node.receipt(tx_hash), enough=1)
        return next((receipt for receipt in answers.values() if receipt is not None), None)

    control = Control(
        QuorumChain,
        "receipt",
        any_receipt,
        lambda: test_a_receipt_that_one_node_alone_shows_counts_for_nothing(world),
    )
    require_noticed(control, monkeypatch)


class Asking(Node):
    """A node with a price of its own."""

    def __init__(self, chain: FakeChain, price: int) -> None:
        super().__init__(chain)
        self.price = price

    def gas_price(self) -> int:
        return self.price


class Down(Asking):
    """One that does not answer."""

    def gas_price(self) -> int:
        raise Unavailable("connection refused")


def asking(world: World, prices: tuple[int, ...], quorum: int) -> QuorumChain:
    return QuorumChain({str(i): Asking(world.chain, price) for i, price in enumerate(prices)}, quorum)


@pytest.mark.parametrize(
    ("prices", "quorum", "taken"),
    [
        ((7,), 1, 7),
        ((30, 0), 1, 30),
        ((30, 10**15, 0), 1, 30),
        ((8, 9, 7), 2, 8),
        ((10**15, 7, 9), 2, 9),
        ((0, 9, 7), 2, 7),
        ((0, 10**15, 7, 8, 9), 3, 8),
        ((10**15, 10**15, 7, 8, 9), 3, 9),
    ],
)
def test_no_minority_moves_the_price_of_gas_beyond_what_honest_nodes_suggest(
    world: World, prices: tuple[int, ...], quorum: int, taken: int
) -> None:
    assert asking(world, prices, quorum).gas_price() == taken


def test_a_price_needs_as_many_nodes_as_everything_else(world: World) -> None:
    silent = Node(world.chain)
    silent.down = True
    assert nodes(world, silent).gas_price() == 0
    with pytest.raises(Unavailable, match="1 of 2 nodes answer"):
        QuorumChain({"a": silent, "b": Node(world.chain)}, 2).gas_price()


def test_where_one_node_is_enough_the_next_names_the_price_when_the_first_is_down(world: World) -> None:
    first = Asking(world.chain, 30)
    chain = QuorumChain({"a": Down(world.chain, 30), "b": first, "c": Asking(world.chain, 0)}, 1)
    assert chain.gas_price() == first.price


@pytest.mark.parametrize("lie", [10**18, 0])
def test_a_node_that_lies_about_the_price_neither_costs_more_nor_holds_anything_up(
    world: World, lie: int
) -> None:
    world.fees = FeePolicy(legacy=True)
    honest = 2 * BASE_FEE
    world.anchor_one(world.worker(chain=asking(world, (lie, honest, honest), 2)))
    assert {tx.max_fee for tx, _ in world.chain.executed(world.signer.address)} == {honest}


def test_a_quorum_that_believes_the_first_price_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first_price(self: QuorumChain) -> int:
        return next(iter(self._ask(self._all, lambda node: node.gas_price()).values()))

    control = Control(
        QuorumChain,
        "gas_price",
        first_price,
        lambda: test_no_minority_moves_the_price_of_gas_beyond_what_honest_nodes_suggest(
            world, (10**15, 7, 9), 2, 9
        ),
    )
    require_noticed(control, monkeypatch)


@pytest.mark.parametrize("lie", [{"base_fee": 400 * BASE_FEE}, {"base_fee": 0}, {"time": 1}])
def test_a_node_that_lies_about_a_blocks_fee_or_time_alone_is_outvoted_and_named(
    world: World, lie: dict[str, int]
) -> None:
    """It would have us pay up to the limit, or wait for blocks that are there."""

    class Lying(Node):
        def block(self, number: int) -> Block:
            return replace(self._chain.block(number), **lie)  # type: ignore[arg-type]  # numbers both

    worker = run_beside(world, Lying(world.chain))
    offered = {tx.max_fee for tx, _ in world.chain.executed(world.signer.address)}
    assert offered == {2 * BASE_FEE + FeePolicy().priority_fee}
    worker.step()
    poll = world.store.last_poll()
    assert poll is not None
    assert "http://node0 says otherwise" in poll.problem


def test_an_endpoint_on_another_chain_is_not_asked_for_anything_else(world: World) -> None:
    stranger = Node(world.chain, lambda asked: asked == "chain_id")
    run_beside(world, stranger)
    assert set(stranger.asked) == {"chain_id"}


def test_a_node_that_is_down_costs_one_time_out_in_a_round_and_is_named(world: World) -> None:
    dead = Node(world.chain)
    dead.down = True
    worker = run_beside(world, dead)
    dead.asked.clear()
    worker.step()
    assert dead.asked == ["chain_id"]
    assert problem_kind(world) == ProblemKind.UNAVAILABLE
    dead.down = False
    worker.step()
    assert problem_kind(world) == ""


def test_below_the_quorum_nothing_is_decided_and_the_line_goes_on_afterwards(world: World) -> None:
    first, second = Node(world.chain), Node(world.chain)
    worker = world.worker(chain=QuorumChain({"a": first, "b": second}, 2))
    world.run(worker, lambda step: step.did is Did.SENT)
    second.down = True
    step = worker.step()
    assert (step.did, "1 of 2 nodes answer, 2 are needed" in step.detail) == (Did.UNAVAILABLE, True)
    second.down = False
    world.run(worker, lambda step: step.did is Did.FINAL)
    world.check_all_final(at_least=1)


def test_a_node_that_lags_holds_the_others_back_only_where_it_is_needed(world: World) -> None:
    slow = Node(world.chain)
    slow.behind = 3
    run_beside(world, slow)
    two = QuorumChain({"a": slow, "b": Node(world.chain)}, 2)
    two.chain_id()
    assert two.latest() == world.chain.blocks[-4].header
    assert two.finalized().number == world.chain.finalized().number - 3


def test_a_transaction_goes_to_every_endpoint_once(world: World) -> None:
    asked = [Node(world.chain) for _ in range(3)]
    chain = QuorumChain({str(i): node for i, node in enumerate(asked)}, 2)
    worker = world.worker(chain=chain)
    world.run(worker, lambda step: step.did is Did.PREPARED)
    for node in asked:
        node.asked.clear()
    assert worker.step().did is Did.SENT
    assert [node.asked.count("send_raw") for node in asked] == [1, 1, 1]


def test_a_fork_at_the_tip_is_waited_out_and_one_below_finality_stops(world: World) -> None:
    world.chain.mine()
    forked = FakeChain(world.clock)
    forked.blocks = list(world.chain.blocks)
    forked.reorganise(1)
    two = QuorumChain({"a": forked, "b": world.chain}, 2)
    two.chain_id()
    assert two.latest() == world.chain.blocks[-2].header
    forked.reorganise(4, beyond_finality=True)
    two.chain_id()
    with pytest.raises(Disagreement, match="nodes disagree, 2 must say the same: a: final block"):
        two.finalized()


@pytest.mark.parametrize("quorum", [0, 3])
def test_an_impossible_quorum_is_refused(world: World, quorum: int) -> None:
    with pytest.raises(InvalidInput, match="expected a quorum of 1 to 2"):
        QuorumChain({"a": world.chain, "b": world.chain}, quorum)


def test_state_is_asked_of_those_who_hold_the_block(world: World) -> None:
    """A node on a fork answers for its own history: it is not asked, so that nothing looks like a lie."""
    forked = FakeChain(world.clock)
    forked.blocks = list(world.chain.blocks)
    forked.reorganise(1)
    chain = QuorumChain({"a": forked, "b": world.chain, "c": world.chain}, 2)
    chain.chain_id()
    block: Block = chain.latest()
    answer: ContractHead = chain.head(world.pins.target.log_id, block)
    assert answer.anchorer is None
    assert chain.anchored_at(world.pins.target.log_id, Head(1, world.log.root(1)), block) is None


def lie_at_random(world: World, seed: int) -> int:
    """Run a line beside a node that lies in any field at any time; return how often it lied."""
    chance, lies = random.Random(seed), [0]

    def lie(_method: str) -> bool:
        lied = chance.random() < 0.3
        lies[0] += lied
        return lied

    worker = world.worker(chain=nodes(world, Node(world.chain, lie)))
    for _ in range(60):
        assert worker.step().did is not Did.HALTED
        world.chain.mine()
        if chance.random() < 0.1:
            world.chain.reorganise(chance.randint(1, world.chain.finality))
        if chance.random() < 0.1:
            world.store.request_batch()
        world.check()
    assert world.store.latest_final() is not None
    world.die()
    return lies[0]


@pytest.mark.parametrize(
    "wanted", [100, pytest.param(cases(10_000), marks=[pytest.mark.deep, pytest.mark.timeout(3600)])]
)
def test_a_node_that_lies_at_random_makes_nothing_falsely_final(world: World, wanted: int) -> None:
    lies = seed = 0
    while lies < wanted:
        lies += lie_at_random(world, seed)
        seed += 1
    sys.stdout.write(f"quorum: {lies} lies in {seed} lives, 0 falsely final\n")


class Believed(QuorumChain):
    """Planted defect: the first answer is taken for everybody's."""

    def _agreed(self, what: str, answers: dict[str, Any], **_: Any) -> Any:
        del what
        return next(iter(answers.values()))


def test_without_the_comparison_a_liar_would_be_noticed_by_these_tests(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuorumChain, "_agreed", Believed._agreed)
    with pytest.raises(AssertionError):
        test_two_that_disagree_decide_nothing(world, "anchored_at")
