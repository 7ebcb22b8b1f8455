"""The drill for a stolen anchorer's key, on a real node, by the commands that an operator and an owner would use.

docs/anchoring.md, "The anchorer's key is stolen", tells the same steps.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner

from anchoring import store
from anchoring.batch import Fees, HaltReason
from anchoring.contract import anchor_call, successor_id
from anchoring.keystore import AccountSigner, create_keystore
from anchoring.local_node import LocalNode
from anchoring.lock import FileLock
from anchoring.ports import LockHeld, UnsignedTransaction
from anchoring.settings import load_settings, save_settings
from anchoring.store import AnchorStore, BatchSummary
from anchoring.worker import Did, Step
from certlog.digests import LeafHash
from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput, NotTrusted
from certlog.evidence import Evidence
from certlog.tree import MemoryTree
from certlog.trust_root import LogId, TrustRoot
from cli.anchor import anchor
from cli.anchoring import open_worker
from cli.serve import registry as registry_command
from tests.anchoring.anchored import Anchored, anchored_registry
from tests.anchoring.anvil import CHAIN_ID, ETHER, SIGNER, now
from tests.anchoring.world import KEY
from tests.support.controls import Control, require_failure
from tests.support.registry import as_submission
from verifier.chain_reader import Head, read_chains
from verifier.check_log import open_heads
from verifier.report import Verdict
from verifier.verify import verify
from web.anchors import StoredAnchors

PASSPHRASE = "throw-away passphrase"
T = TypeVar("T")
NEW_KEY = b"\x0b" * 32
NEW_SIGNER = AccountSigner(NEW_KEY)


@dataclass
class Drill:
    """A registry whose anchorer (here also the log's owner) anchored twice; the keys' files beside it."""

    made: Anchored
    folder: Path

    @property
    def data(self) -> Path:
        return self.made.folder.path

    def final(self) -> BatchSummary:
        found = self.opened(AnchorStore.latest_final)
        assert found is not None
        return found

    def opened(self, read: Callable[[AnchorStore], T]) -> T:
        opened = AnchorStore.open(self.data / "anchoring.db", create=True)
        try:
            return read(opened)
        finally:
            opened.database.close()

    def command(self, *arguments: object) -> str:
        words = [str(each) for each in arguments]
        return CliRunner().invoke(anchor, words, catch_exceptions=False).stdout

    def owners(self, command: str, *more: object) -> str:
        settings = load_settings(self.data)
        return self.command(
            *(command, "--endpoint", self.made.node.url, "--chain-id", CHAIN_ID),
            *("--contract", settings.contract, "--log-id", settings.log_id),
            *("--keystore", self.folder / "owner.json", "--passphrase-file", self.folder / "pass", *more),
        )

    def steal(self) -> int:
        """Append junk with the stolen key: a consistent proof to leaves that nobody logged. Return its size."""
        settings, final = load_settings(self.data), self.final()
        size = final.size + 5
        tree = MemoryTree(leaves(self.made, final.size))
        tree_after = MemoryTree(
            [*leaves(self.made, final.size), *(LeafHash(bytes([n]) * 32) for n in range(5))]
        )
        assert tree.root() == final.root
        data = anchor_call(
            bytes.fromhex(settings.log_id[2:]),
            (final.size, final.root),
            (size, tree_after.root()),
            tree_after.consistency(final.size),
        )
        node = self.made.node
        nonce = int(node.rpc("eth_getTransactionCount", SIGNER.address, "latest"), 16)
        call = UnsignedTransaction(CHAIN_ID, nonce, settings.contract, data, 400_000, Fees(10**11, 10**9))
        node.rpc("eth_sendRawTransaction", "0x" + SIGNER.sign(call, 0).raw.hex())
        node.rpc("evm_mine")
        return size

    def run(self, signer: AccountSigner, wanted: Did) -> Step:
        with open_worker(self.data, self.made.world.publisher, signer, now) as (worker, _):
            for _step in range(60):
                step = worker.step()
                if step.did in (wanted, Did.HALTED):
                    return step
                self.made.node.rpc("evm_mine")
        raise AssertionError(wanted)

    def issue(self) -> SecuredDocument:
        slot = self.made.world.slot()
        document = self.made.world.certificate(slot=slot)
        self.made.world.logged(as_submission(document, slot))
        self.made.world.publisher.tick()
        return document

    def evidence(self, document: SecuredDocument) -> Evidence:
        view = self.made.world.registry.certificate(document.document_hash)
        assert view is not None
        heads = StoredAnchors(self.data / "anchoring.db").about(view.index).heads
        return self.made.world.registry.evidence(document.document_hash, heads)

    def follow(self) -> TrustRoot:
        self.command("follow-successor", "--data", self.data, "--account", NEW_SIGNER.address)
        told = ["trust-root", "--data", str(self.data), "--replace"]
        CliRunner().invoke(registry_command, told, catch_exceptions=False)
        return TrustRoot.parse((self.data / "trust-root.json").read_bytes())


def leaves(made: Anchored, size: int) -> list[LeafHash]:
    from registry.log_tree import read_entry  # noqa: PLC0415 - of this function only

    with made.world.registry.database.reading() as connection:
        found = [read_entry(connection, index) for index in range(size)]
    return [entry.leaf_hash for entry in found if entry is not None]


@pytest.fixture
def drill(
    tmp_path: Path,
    anvil_node: LocalNode,
    anvil_contract: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Drill]:
    monkeypatch.setattr("cli.anchor_options.time.sleep", lambda _seconds: anvil_node.rpc("evm_mine"))
    anvil_node.fund(NEW_SIGNER.address, ETHER)
    (tmp_path / "pass").write_text(PASSPHRASE + "\n")
    path = tmp_path / "owner.json"
    create_keystore(path, PASSPHRASE, random_bytes=partial(bytes.ljust, KEY), work_factor=2**12)
    name = request.node.originalname
    with anchored_registry(tmp_path / "data", anvil_node, anvil_contract, name) as made:
        settings = load_settings(made.folder.path)
        save_settings(settings.model_copy(update={"max_head_age": 10**6}), made.folder.path)
        yield Drill(made, tmp_path)


def test_a_stolen_key_stops_the_line_and_the_log_goes_on_in_a_successor(drill: Drill) -> None:
    before = drill.issue()
    drill.made.anchor()
    honest, old = drill.final(), load_settings(drill.data)
    junk = drill.steal()
    # 1. The worker stops by itself, and says why.
    halted = drill.run(SIGNER, Did.FINAL)
    assert (halted.did, halted.detail.partition(":")[0]) == (Did.HALTED, HaltReason.FOREIGN_HEAD)
    # 2. The owner seals the log at once, and opens its successor from the last honest head, for a new key.
    drill.owners("seal-log")
    told = ("--size", honest.size, "--root", honest.root.hex(), "--anchorer", NEW_SIGNER.address)
    drill.owners("open-successor", *told)
    # 3. The registry follows, and its trust root says up to where the old log counts.
    root = drill.follow()
    settings = load_settings(drill.data)
    successor = "0x" + successor_id(bytes.fromhex(old.log_id[2:]), honest.size, honest.root).hex()
    assert settings.log_id == successor
    assert root.chains[0].log_ids == (LogId(old.log_id, honest.size), LogId(successor, None))
    # 4. The worker goes on there, with the new key; nothing is halted any more.
    after = drill.issue()
    drill.opened(AnchorStore.request_batch)
    assert drill.run(NEW_SIGNER, Did.FINAL).did is Did.FINAL
    assert drill.final().log_id.hex() == successor[2:]
    assert [poll.halt for poll in drill.opened(AnchorStore.polls)] == [None]
    # 5. A stranger with the new trust root verifies what came before and after, and refuses the junk.
    for document in (before, after):
        assert stranger(drill.evidence(document), root) is Verdict.VALID
    assert not root.chains[0].log_ids[0].covers(junk)


def test_an_anchor_above_the_old_logs_last_honest_head_is_refused(drill: Drill) -> None:
    """What was anchored after the chosen head, even by ourselves, counts only where the successor holds it."""
    early = drill.final()
    document = drill.issue()
    drill.made.anchor()
    evidence, late = drill.evidence(document), drill.final()
    old = TrustRoot.parse(update(drill).to_bytes())
    assert stranger(evidence, old) is Verdict.VALID
    told = ("--size", early.size, "--root", early.root.hex(), "--anchorer", NEW_SIGNER.address)
    drill.owners("open-successor", *told)
    new = drill.follow()
    assert early.size < late.size
    only_late = replace(evidence, heads=evidence.heads[-1:])
    assert stranger(only_late, new) is not Verdict.VALID
    # The registry itself no longer hands that anchor out, and anchors the entry again in the successor.
    assert drill.opened(lambda opened: opened.final_heads(late.size)) == ()
    drill.opened(AnchorStore.request_batch)
    assert drill.run(NEW_SIGNER, Did.FINAL).did is Did.FINAL
    assert stranger(drill.evidence(document), new) is Verdict.VALID


def test_a_registry_follows_only_a_final_successor_that_begins_with_its_own_head(drill: Drill) -> None:
    with pytest.raises(InvalidInput, match="has no successor at finalized block"):
        drill.follow()
    final = drill.final()
    junk = drill.steal()
    data = drill.data / "anchoring.toml"
    before = data.read_bytes()
    told = ("--size", final.size, "--root", final.root.hex(), "--anchorer", NEW_SIGNER.address)
    drill.owners("open-successor", *told)
    with pytest.raises(
        InvalidInput, match=f"the successor's anchorer is {NEW_SIGNER.address}, not {SIGNER.address}"
    ):
        drill.command("follow-successor", "--data", drill.data)
    lock = FileLock(drill.data / "anchoring.lock")
    lock.acquire()
    with pytest.raises(LockHeld):
        drill.follow()
    lock.release()
    assert data.read_bytes() == before
    forget(drill)
    with pytest.raises(NotTrusted, match="does not begin with a head of this database"):
        drill.follow()
    assert junk > final.size


def test_a_reader_that_forgets_the_limit_would_hand_out_what_no_longer_counts(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import true  # noqa: PLC0415 - of this control only

    def drilled() -> None:
        test_an_anchor_above_the_old_logs_last_honest_head_is_refused(drill)

    require_failure(Control(store, "_counts", true, drilled), monkeypatch)


def stranger(evidence: Evidence, root: TrustRoot) -> Verdict:
    read = Evidence.parse(evidence.to_bytes())
    return verify(read, root, now(), read_chains(root, asked(read), now=now)).verdict


def asked(evidence: Evidence) -> list[Head]:
    return [Head(head.size, head.checkpoint.root) for head in open_heads(evidence)]


def update(drill: Drill) -> TrustRoot:
    told = ["trust-root", "--data", str(drill.data), "--replace"]
    CliRunner().invoke(registry_command, told, catch_exceptions=False)
    return TrustRoot.parse((drill.data / "trust-root.json").read_bytes())


def forget(drill: Drill) -> None:
    """Change the batches' roots, as if this were another database."""
    from sqlalchemy import text  # noqa: PLC0415 - of this function only

    def change(opened: AnchorStore) -> None:
        with opened.database.writing() as connection:
            connection.execute(text("UPDATE batches SET root = zeroblob(32)"))

    drill.opened(change)
