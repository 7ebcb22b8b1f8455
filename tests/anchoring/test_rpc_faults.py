"""Fourteen kinds of bad answers to every method, between the real worker and its node: nothing is lost or doubled.

The node is a real Anvil; the bulk goes to a stand-in that is asked without a network, and answers as Anvil does. After
each batch chain and database must agree; at the end every pair of kind and method has been tried.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from anchoring import chain
from anchoring.batch import Head, State, Transaction
from anchoring.chain import EvmChain, JsonRpc
from anchoring.local_node import LocalNode
from anchoring.ports import UnsignedTransaction
from anchoring.worker import AnchorWorker, Did
from certlog.errors import Unavailable
from tests.anchoring.anvil import CHAIN_ID, SIGNER, AnvilWorld, make_anvil_world, now
from tests.anchoring.fake_chain import CONTRACT
from tests.anchoring.stand_in_node import StandInNode
from tests.support.deep import cases, tell
from tests.support.rpc_proxy import Ask, Bad, FaultProxy, RandomPlan, faulty, node_at

METHODS: Final = (
    "eth_chainId",
    "eth_getCode",
    "eth_getBlockByNumber",
    "eth_call",
    "eth_getTransactionCount",
    "eth_getTransactionReceipt",
    "eth_gasPrice",
    "eth_sendRawTransaction",
)
"""Everything that the worker asks; eth_gasPrice with legacy transactions only."""
RARE: Final = ("eth_gasPrice", "eth_sendRawTransaction", "eth_getTransactionReceipt")
"""A batch needs them a few times only: they get bad answers oftener."""
TIMEOUT: Final = 0.25
STAND_IN_TIMEOUT: Final = 0.05
SHARES: Final = (0.1, 0.2, 0.3)
"""How many of the requests get a bad answer: little trouble lets a batch get far, much of it never lets it breathe."""
STEPS: Final = 160
ON_ANVIL: Final = 2_000
IN_BULK: Final = 2_000
"""In each part of the bulk, which has a seed and a chain of its own; CERTLOG_DEEP says how many of 13 parts."""
ALL_PAIRS: Final = len(METHODS) * len(Bad)


class Campaign:
    """One line behind a faulty proxy, batch after batch."""

    def __init__(
        self, world: AnvilWorld, plan: RandomPlan, proxy: FaultProxy, honest: FaultProxy, timeout: float
    ) -> None:
        self.world = world
        self.plan = plan
        world.rpc.close()
        world.rpc = JsonRpc(proxy.url, timeout=timeout)
        self.direct = JsonRpc(honest.url)

    def close(self) -> None:
        self.direct.close()

    def one_batch(self) -> None:
        """Anchor one more batch through whatever trouble comes, from a new worker as after a crash."""
        world = self.world
        world.log.append(1)
        world.store.request_batch()
        worker = world.worker()
        for step_number in range(STEPS):
            step = worker.step()
            assert step.did is not Did.HALTED, f"halted although the chain is honest: {step.detail}"
            if step.did is Did.FINAL:
                return
            world.node.rpc("evm_mine")
            # Long enough under fire: what was disturbed may now recover.
            self.plan.calm = step_number > STEPS // 2
        raise AssertionError(f"no batch became final in {STEPS} steps")

    def check(self, *, newest: bool = False) -> None:
        """Compare database and chain through the honest door: every batch, or the newest one."""
        honest = EvmChain(self.direct, self.world.settings.contract, "tag")
        final = honest.finalized()
        batches = self.world.store.batches()
        for batch in batches[:1] if newest else batches:
            assert batch.state is State.FINAL
            head = Head(batch.size, batch.root)
            assert honest.anchored_at(batch.log_id, head, final), f"batch {batch.number} is falsely final"
        sent = honest.transaction_count(SIGNER.address, honest.latest()) - self.before
        assert sent == len(batches) + 1, f"{sent} transactions for {len(batches)} batches and an opening"

    @property
    def before(self) -> int:
        """The account's nonce before this line; the account serves the whole session's tests."""
        return self._before

    def begin(self) -> None:
        self._before = self.world.nonce()


@contextmanager
def behind_a_proxy(world: AnvilWorld, ask: Ask, timeout: float, seed: int = 7) -> Iterator[Campaign]:
    """Put a faulty proxy between a line's worker and its node, and an honest one for the test."""
    plan = RandomPlan(random.Random(seed), RARE)
    with faulty(ask, plan) as proxy, faulty(ask, lambda _method: None) as honest:
        made = Campaign(world, plan, proxy, honest, timeout)
        made.begin()
        yield made
        made.close()
        world.close()


@pytest.fixture
def campaign(
    tmp_path: Path, anvil_node: LocalNode, anvil_contract: str, request: pytest.FixtureRequest
) -> Iterator[Campaign]:
    origin = f"registry.example.vn/{request.node.originalname[:60].replace('_', '-')}"
    world = make_anvil_world(tmp_path, anvil_node, anvil_contract, origin, transactions="legacy")
    with behind_a_proxy(world, node_at(anvil_node.port), TIMEOUT) as made:
        yield made


@pytest.fixture
def bulk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Campaign]:
    """Return a campaign against the stand-in; its seed is the test's parameter."""
    node, folder = StandInNode(CHAIN_ID, finality=2, now=now()), tmp_path / "bulk"
    folder.mkdir()
    world = make_anvil_world(folder, node, CONTRACT, "registry.example.vn/bulk", transactions="legacy")
    seed = getattr(request, "param", 0)
    with behind_a_proxy(world, node.ask, STAND_IN_TIMEOUT, seed) as made:
        yield made


def run(campaign: Campaign, injections: int, pairs: int = 0) -> int:
    """Anchor batches until so many faults of so many pairs were injected; return how many batches it took."""
    batches, done = 0, campaign.plan.done
    while done.total() < injections or len(done) < pairs:
        campaign.plan.share = SHARES[batches % len(SHARES)]
        campaign.one_batch()
        campaign.check(newest=True)
        batches += 1
        campaign.plan.calm = False
    campaign.check()
    return batches


def test_forty_bad_answers_lose_double_and_falsely_finish_nothing(campaign: Campaign) -> None:
    assert run(campaign, 40) > 0


def test_the_stand_in_answers_as_anvil_does(campaign: Campaign, bulk: Campaign) -> None:
    """The same line on both: what the worker reads in the end is the same, and so are the refusals."""
    for each in (campaign, bulk):
        each.plan.calm = True
        worker = each.world.worker()
        each.world.store.request_batch()
        each.world.run_to(worker, Did.FINAL)
    assert read_back(campaign) == read_back(bulk)


def read_back(campaign: Campaign) -> list[object]:
    """Return what a finished line reads, without what differs from chain to chain: hashes, heights and times."""
    world, target = campaign.world, campaign.world.settings.target()
    chain_read = EvmChain(campaign.direct, world.settings.contract, "tag")
    at, (batch, *_) = chain_read.finalized(), world.store.batches()
    assert batch.tx_hash is not None
    anchor = chain_read.anchored_at(target.log_id, Head(batch.size, batch.root), at)
    assert anchor is not None
    receipt = chain_read.receipt(batch.tx_hash)
    assert receipt is not None
    return [
        chain_read.chain_id(),
        chain_read.code_hash(),
        chain_read.head(target.log_id, at),
        chain_read.anchored_at(target.log_id, Head(batch.size + 1, batch.root), at),
        (anchor.block_number, anchor.block_time) == (batch.block_number, batch.block_time),
        (receipt.succeeded, receipt.contract, receipt.block_number == batch.block_number),
        chain_read.receipt(bytes(32)),
        chain_read.transaction_count(SIGNER.address, chain_read.latest()) - campaign.before,
        chain_read.latest().number - at.number,
        len(at.hash),
        at.base_fee is None,
    ]


@pytest.mark.deep
@pytest.mark.timeout(0)
def test_bad_answers_of_every_kind_to_every_method_lose_nothing(
    campaign: Campaign, capsys: pytest.CaptureFixture[str]
) -> None:
    batches = run(campaign, cases(ON_ANVIL))
    say(campaign, batches, "Anvil", capsys)


@pytest.mark.deep
@pytest.mark.timeout(0)
@pytest.mark.parametrize("bulk", range(cases(13)), indirect=True)
def test_bad_answers_in_bulk_lose_nothing(bulk: Campaign, capsys: pytest.CaptureFixture[str]) -> None:
    batches = run(bulk, IN_BULK, pairs=ALL_PAIRS)
    say(bulk, batches, "the stand-in", capsys)


def say(campaign: Campaign, batches: int, node: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = campaign.plan.done
    tell(
        capsys,
        f"{node}: {done.total()} bad answers, {len(done)} pairs of kind and method, {batches} batches",
    )


def zero_for_nonsense(value: object, method: str) -> int:
    """Planted defect: trouble answered with a plausible value."""
    return int(value, 16) if isinstance(value, str) and value.startswith("0x") and method else 0


real_send: Final = AnchorWorker._send


def new_nonce_on_error(self: AnchorWorker, transaction: Transaction) -> str:
    """Planted defect: what got no answer is sent again as a new transaction."""
    answer = real_send(self, transaction)
    if "no answer" in answer:
        contract = self._plan.pins.target.contract
        again = UnsignedTransaction(
            transaction.chain_id,
            transaction.nonce + 1,
            contract,
            transaction.calldata,
            transaction.gas,
            transaction.newest.fees,
        )
        with suppress(Unavailable):
            self._chain.send_raw(self._signer.sign(again, self._now()).raw)
    return answer


DEFECTS: Final[dict[str, Callable[[pytest.MonkeyPatch], None]]] = {
    "nonsense is zero": lambda patch: patch.setattr(chain, "_number", zero_for_nonsense),
    "a new nonce on error": lambda patch: patch.setattr(AnchorWorker, "_send", new_nonce_on_error),
}


@pytest.mark.deep
@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS.keys())
def test_a_planted_defect_is_found(
    bulk: Campaign, defect: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    defect(monkeypatch)
    with pytest.raises(AssertionError):
        run(bulk, 1_000)
