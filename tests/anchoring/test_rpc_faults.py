"""Fourteen kinds of bad answers to every method, between the real worker and a real Anvil: nothing is lost or doubled.

After each batch chain and database must agree; at the end every pair of kind and method has been tried.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
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
from tests.anchoring.anvil import SIGNER, AnvilWorld, make_anvil_world
from tests.support.deep import cases
from tests.support.rpc_proxy import Bad, FaultProxy, RandomPlan, faulty

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
TIMEOUT: Final = 0.25
STEPS: Final = 160
ALL_PAIRS: Final = len(METHODS) * len(Bad)


class Campaign:
    """One line behind a faulty proxy, batch after batch."""

    def __init__(self, world: AnvilWorld, plan: RandomPlan, proxy: FaultProxy) -> None:
        self.world = world
        self.plan = plan
        world.rpc.close()
        world.rpc = JsonRpc(proxy.url, timeout=TIMEOUT)
        self.direct = JsonRpc(world.node.url)

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

    def check(self) -> None:
        """Compare database and chain through the honest door."""
        honest = EvmChain(self.direct, self.world.settings.contract, "tag")
        final = honest.finalized()
        batches = self.world.store.batches()
        for batch in batches:
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


@pytest.fixture
def campaign(
    tmp_path: Path, anvil_node: LocalNode, anvil_contract: str, request: pytest.FixtureRequest
) -> Iterator[Campaign]:
    origin = f"registry.example.vn/{request.node.originalname[:60].replace('_', '-')}"
    world = make_anvil_world(tmp_path, anvil_node, anvil_contract, origin, transactions="legacy")
    plan = RandomPlan(random.Random(7), ("eth_gasPrice", "eth_sendRawTransaction"))
    with faulty(anvil_node.port, plan) as proxy:
        made = Campaign(world, plan, proxy)
        made.begin()
        yield made
        made.close()
        world.close()


def run(campaign: Campaign, injections: int) -> int:
    """Anchor batches until so many faults were injected; return how many batches it took."""
    batches = 0
    while campaign.plan.done.total() < injections:
        campaign.one_batch()
        batches += 1
        campaign.plan.calm = False
    campaign.check()
    return batches


def test_forty_bad_answers_lose_double_and_falsely_finish_nothing(campaign: Campaign) -> None:
    assert run(campaign, 40) > 0


@pytest.mark.deep
@pytest.mark.timeout(0)
def test_bad_answers_of_every_kind_to_every_method_lose_nothing(campaign: Campaign) -> None:
    wanted = max(1_000, cases(25_000))
    batches = run(campaign, wanted)
    done = campaign.plan.done
    print(f"\n{done.total()} bad answers, {len(done)} pairs of kind and method, {batches} batches")  # noqa: T201 - the campaign's result
    assert len(done) == ALL_PAIRS


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
    campaign: Campaign, defect: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    defect(monkeypatch)
    with pytest.raises(AssertionError):
        run(campaign, 1_000)
