"""The chain reader and the verdict against the real contract on a real local node."""

from dataclasses import replace
from typing import Final

import pytest

from anchoring import contract
from certlog.entry import EpochEntry
from certlog.slots import Slot
from certlog.trust_root import LogId, TrustRoot
from tests.support.certificates import conformity_content
from tests.support.chain import CHAIN_ID, LocalChain
from tests.verifier import world as sample
from tests.verifier.world import Case, World, enrolled_world, sign_certificate
from verifier.chain_reader import Head, read_chains
from verifier.chain_view import ChainView
from verifier.report import Remark, Report, Verdict
from verifier.verify import verify

BLOCKS_TO_FINALITY: Final = 10


def pins(chain: LocalChain, *log_ids: LogId) -> TrustRoot:
    root = sample.trust_root()
    pinned = replace(
        root.chains[0],
        id=CHAIN_ID,
        chain_class="local",
        contract=chain.address.lower(),
        code_hash=f"0x{contract.artifact().code_hash.hex()}",
        log_ids=log_ids,
        endpoints=(f"http://127.0.0.1:{chain.node.port}",),
    )
    return replace(root, chains=(pinned,))


def now_of(chain: LocalChain) -> int:
    return int(chain.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)


def anchored_case(chain: LocalChain, log_id: bytes, anchorer: str) -> Case:
    """A certificate whose head is really anchored, and final."""
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    size = world.close_epoch(time=now_of(chain))
    mined = chain.extend(log_id, anchorer, world.tree, size)
    world.anchor(size, block_time=mined.block_time, block_number=mined.block_number)
    pointer = replace(world.anchored[size], chain_id=CHAIN_ID)
    world.anchored[size] = pointer
    chain.rpc("anvil_mine", hex(BLOCKS_TO_FINALITY))
    return Case(world, document, index, (size,), world.evidence(document, index, (size,)), ChainView())


def answer(case: Case, root: TrustRoot, at: int) -> Report:
    heads = [Head(size, case.world.root(size)) for size in case.sizes]
    view = read_chains(root, heads, now=lambda: at)
    assert view.problem == ""
    return verify(case.evidence, root, at, view)


@pytest.fixture
def anchorer(chain: LocalChain) -> str:
    return chain.funded("anchorer")


@pytest.fixture
def log_id(chain: LocalChain, anchorer: str) -> bytes:
    return chain.open_log(chain.funded("owner"), anchorer)


def hexed(digest: bytes) -> str:
    return f"0x{digest.hex()}"


def test_a_head_on_the_real_contract_makes_the_verdict_green(
    chain: LocalChain, log_id: bytes, anchorer: str
) -> None:
    case = anchored_case(chain, log_id, anchorer)
    report = answer(case, pins(chain, LogId(hexed(log_id), None)), now_of(chain))
    assert report.verdict is Verdict.VALID
    assert report.anchored_at == case.world.anchored[case.sizes[0]].block_time
    assert Remark.TEST_CHAIN in report.remarks


def test_before_it_is_final_the_same_head_is_pending(chain: LocalChain, log_id: bytes, anchorer: str) -> None:
    case = anchored_case(chain, log_id, anchorer)
    deep = pins(chain, LogId(hexed(log_id), None))
    deep = replace(deep, chains=(replace(deep.chains[0], finality=BLOCKS_TO_FINALITY + 1),))
    bare = replace(case.evidence, heads=(replace(case.evidence.heads[0], anchors=()),))
    report = answer(replace(case, evidence=bare), deep, now_of(chain))
    assert report.verdict is Verdict.PENDING


def test_a_log_id_that_is_not_the_heads_log_holds_nothing(
    chain: LocalChain, log_id: bytes, anchorer: str
) -> None:
    case = anchored_case(chain, log_id, anchorer)
    other = chain.open_log(chain.funded("another owner"), anchorer)
    report = answer(case, pins(chain, LogId(hexed(other), None)), now_of(chain))
    assert report.verdict is Verdict.CONTRADICTED


def test_a_variant_of_the_contract_is_never_believed(chain: LocalChain, log_id: bytes, anchorer: str) -> None:
    case = anchored_case(chain, log_id, anchorer)
    root = pins(chain, LogId(hexed(log_id), None))
    lying = replace(root.chains[0], code_hash="0x" + "00" * 32)
    heads = [Head(size, case.world.root(size)) for size in case.sizes]
    view = read_chains(replace(root, chains=(lying,)), heads, now=lambda: 0)
    assert view.readings == ()
    assert "expected code 0x0000" in view.problem


def junk_beyond(chain: LocalChain, log_id: bytes, anchorer: str, honest: Case) -> Case:
    """What thieves of the anchorer's key and of the log key would make: a clean epoch above the honest head."""
    world = World(list(honest.world.entries), honest.world.tree, honest.world.bits, honest.world.epochs)
    world.trust = honest.world.trust
    world.set_bit(1, Slot(0, 5), value=True)
    size = world.close_epoch(time=now_of(chain))
    assert isinstance(world.entries[-1], EpochEntry)
    mined = chain.extend(log_id, anchorer, world.tree, size)
    world.anchor(size, block_time=mined.block_time, block_number=mined.block_number)
    world.anchored[size] = replace(world.anchored[size], chain_id=CHAIN_ID)
    evidence = world.evidence(honest.document, honest.index, (size,))
    return Case(world, honest.document, honest.index, (size,), evidence, ChainView())


def test_a_stolen_anchorers_head_is_left_behind_by_the_successor(
    chain: LocalChain, log_id: bytes, anchorer: str
) -> None:
    honest = anchored_case(chain, log_id, anchorer)
    size = honest.sizes[0]
    root = honest.world.root(size)
    junk = junk_beyond(chain, log_id, anchorer, honest)
    call = contract.open_successor_call(log_id, size, root, chain.funded("new anchorer"))
    chain.send(call, sender=chain.funded("owner"))
    chain.rpc("anvil_mine", hex(BLOCKS_TO_FINALITY))
    successor = contract.successor_id(log_id, size, root)
    before = pins(chain, LogId(hexed(log_id), None))
    after = pins(chain, LogId(hexed(log_id), size), LogId(hexed(successor), None))
    at = now_of(chain)
    assert answer(junk, before, at).verdict is Verdict.VALID
    assert answer(junk, after, at).verdict is Verdict.CONTRADICTED
    assert answer(honest, after, at).verdict is Verdict.VALID
