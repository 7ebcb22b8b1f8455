"""Two histories of one log: the contract takes one of them, and an auditor who knows of either names the other."""

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from certlog.slots import Slot
from registry.publisher import SealedHead
from tests.registry.conftest import Template, copied
from tests.support.certificates import conformity_content
from tests.support.chain import EMPTY, Head, LocalChain, Reverted
from tests.support.controls import nothing
from tests.support.deep import cases, tell
from tests.support.liar import ISSUER, Liar
from tests.support.postgres import Cluster
from tests.support.random_logs import random_log
from tests.support.registry import RegistryWorld, as_submission, open_world
from verifier import audit as audit_module
from verifier import audit_anchors
from verifier.audit_parts import AuditFault

SQLITE: Final = pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
REFUSALS: Final = {
    "HeadSizeMismatch",
    "HeadRootMismatch",
    "SizeNotLarger",
    "ConsistencyProofLengthWrong",
    "OldRootNotProven",
    "NewRootNotProven",
}
BY_THE_CHAIN: Final = {AuditFault.FOREIGN_HEAD, AuditFault.BEYOND_LOG}
BY_MEMORY: Final = {AuditFault.TWO_HISTORIES, AuditFault.ROLLED_BACK}


@dataclass
class Forked:
    """One registry that was copied whole, the file of the last signed head included, and its copy."""

    ours: RegistryWorld
    theirs: RegistryWorld


@contextmanager
def forked(with_body: Template, folder: Path, chance: random.Random) -> Iterator[Forked]:
    """Yield two registries that were one, up to a sealed head of batch 0, and live on apart."""
    with copied(with_body, folder / "one", None) as place:
        world = open_world(folder / "one", place)
        world.publisher.start()
        grow(world, chance)
        world.publisher.seal_batch(0)
        world.close()
        shutil.copytree(folder / "one", folder / "other")
        worlds = [open_world(folder / name) for name in ("one", "other")]
        for number, copy in enumerate(worlds):
            copy.clock.time += 60 + number
            copy.numbers = iter(range(1000 * (number + 1), 10**6))  # type: ignore[assignment] # counts on apart
        try:
            yield Forked(*worlds)
        finally:
            for copy in worlds:
                copy.close()


def grow(world: RegistryWorld, chance: random.Random, *, at_least: int = 0) -> None:
    """Log some certificates."""
    for _ in range(chance.randint(at_least, 4)):
        slot = world.slot()
        world.logged(as_submission(world.certificate(slot=slot), slot))


def head_of(sealed: SealedHead) -> Head:
    return Head(sealed.size, sealed.root)


def fork_and_anchor(with_body: Template, folder: Path, chain: LocalChain, chance: random.Random) -> None:
    """Anchor one history; the other is refused, from whatever head it claims to go on."""
    name = f"fork {folder.name}"
    anchorer = chain.funded(f"{name} anchorer")
    log_id = chain.open_log(chain.funded(f"{name} owner"), anchorer)
    with forked(with_body, folder, chance) as both:
        common = both.ours.publisher.seal_batch(0)
        assert common == both.theirs.publisher.seal_batch(0)
        heads = []
        for world in (both.ours, both.theirs):
            grow(world, chance, at_least=1)
            heads.append(world.publisher.seal_batch(1))
        ours, theirs = heads
        first = both.ours.publisher.consistency(0, common.size)
        chain.anchor(log_id, anchorer, EMPTY, head_of(common), first)
        chain.anchor(
            log_id,
            anchorer,
            head_of(common),
            head_of(ours),
            both.ours.publisher.consistency(common.size, ours.size),
        )
        for number in (2, 3):
            refuse(chain, log_id, anchorer, both.theirs, (common, ours, theirs))
            # The other history grows beyond the anchored one, and tries again.
            grow(both.theirs, chance, at_least=3)
            theirs = both.theirs.publisher.seal_batch(number)
        refuse(chain, log_id, anchorer, both.theirs, (common, ours, theirs))
        assert chain.head(log_id)[0] == ours.size
        assert chain.anchored_at(log_id, head_of(theirs)) is None


def refuse(
    chain: LocalChain,
    log_id: bytes,
    anchorer: str,
    theirs: RegistryWorld,
    heads: tuple[SealedHead, SealedHead, SealedHead],
) -> None:
    """Require that the second history's head reverts, from where they part and from the anchored head."""
    common, ours, new = heads
    for old in (common, ours):
        size = min(old.size, new.size)
        proof = theirs.publisher.consistency(size, new.size)
        with pytest.raises(Reverted) as caught:
            chain.anchor(log_id, anchorer, head_of(old), head_of(new), proof)
        assert caught.value.revert is not None
        assert caught.value.revert.name in REFUSALS


def fork_and_audit(folder: Path, seed: int) -> Counter[str]:
    """Audit the second of two histories: by the chain that holds the first, and by the memory of the first."""
    chance = random.Random(seed)
    size = chance.randint(9, 40)
    ours, theirs = (Liar(random_log(random.Random(seed), size)[0]) for _ in range(2))
    for number, liar in enumerate((ours, theirs)):
        for position in range(chance.randint(1, 5)):
            content = conformity_content(
                slot=Slot(3, 10 * number + position), number=f"MAU-{number}-{position}"
            )
            liar.log.certify(ISSUER, content)
        liar.close()
    state = ours.audit(folder / "ours").new_state()
    assert state is not None
    theirs.anchors = ours.anchors
    by_the_chain = set(theirs.found(folder / "theirs")) & BY_THE_CHAIN
    theirs.anchors, theirs.state = {}, state
    by_memory = set(theirs.found(folder / "theirs")) & BY_MEMORY
    assert by_the_chain, f"seed {seed}: the chain holds another history, and no audit says so"
    assert by_memory, f"seed {seed}: another history was audited before, and no audit says so"
    return Counter([*by_the_chain, *by_memory])


@SQLITE
def test_of_two_copies_of_a_registry_only_one_is_anchored(
    with_body: Template, tmp_path: Path, chain: LocalChain, cluster: Cluster | None
) -> None:
    assert cluster is None
    fork_and_anchor(with_body, tmp_path / "fork", chain, random.Random(1))


@SQLITE
@pytest.mark.deep
def test_of_a_hundred_copied_registries_only_one_history_is_anchored(
    with_body: Template,
    tmp_path: Path,
    chain: LocalChain,
    cluster: Cluster | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cluster is None
    forks = cases(100)
    for seed in range(forks):
        fork_and_anchor(with_body, tmp_path / str(seed), chain, random.Random(seed))
    tell(capsys, f"{forks} registries copied and lived on apart: the second history reverted every time")


def test_an_audit_names_a_fork_by_the_chain_and_by_what_it_saw_before(tmp_path: Path) -> None:
    forks_and_audits(tmp_path, 6)


@pytest.mark.deep
def test_an_audit_names_a_thousand_forks_of_a_thousand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forks, named = cases(1000), Counter[str]()
    for seed in range(forks):
        named += fork_and_audit(tmp_path / str(seed), seed)
        shutil.rmtree(tmp_path / str(seed))
    tell(capsys, f"{forks} forks, each named by the chain and by memory: {dict(named)}")


def forks_and_audits(folder: Path, forks: int) -> None:
    """Audit some forks."""
    for seed in range(forks):
        fork_and_audit(folder / str(seed), seed)


@pytest.mark.parametrize(
    ("defect", "words"),
    [
        ((audit_anchors, "_foreign", nothing), "the chain holds another history"),
        ((audit_module, "same", lambda *_: True), "another history was audited before"),
    ],
)
def test_an_audit_that_compares_nothing_is_noticed(
    tmp_path: Path, defect: tuple[object, str, object], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*defect)
    with pytest.raises(AssertionError, match=words):
        forks_and_audits(tmp_path, 20)
