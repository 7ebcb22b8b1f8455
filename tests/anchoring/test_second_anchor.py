"""A registry with two anchors on two real nodes: one chain dies for good, and everything stays verifiable."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from anchoring.batch import HaltReason
from anchoring.contract import artifact, log_id
from anchoring.database import open_database
from anchoring.keystore import AccountSigner
from anchoring.lines import file_name
from anchoring.local_node import LocalNode
from anchoring.settings import AnchoringSettings, make_settings, save_settings
from anchoring.store import AnchorStore
from anchoring.tables import halts, lines
from anchoring.worker import Did
from certlog.documents import SecuredDocument
from certlog.evidence import Evidence
from certlog.trust_root import TrustRoot
from cli.anchoring import open_worker
from cli.serve import own_chains
from registry.own_trust_root import update_trust_root
from tests.anchoring.anvil import CHAIN_ID, ETHER, SIGNER, deploy_contract, fund, now
from tests.support.registry import RegistryWorld, as_submission, make_world
from tests.web.real import id_of
from verifier.chain_reader import Head, read_chains
from verifier.check_log import open_heads
from verifier.report import Report, Verdict
from verifier.verify import verify
from web.anchors import StoredAnchors
from web.app import create_app
from web.wiring import open_services

SECOND_SIGNER = AccountSigner(b"\x07" * 32)
SECOND_CHAIN = CHAIN_ID + 1


@dataclass
class TwoAnchors:
    """A registry with two lines, each on a node of its own."""

    world: RegistryWorld
    nodes: dict[str, LocalNode]
    root: TrustRoot

    def issue(self) -> SecuredDocument:
        slot = self.world.slot()
        document = self.world.certificate(slot=slot)
        self.world.clock.time = now()
        self.world.logged(as_submission(document, slot))
        self.world.publisher.tick()
        return document

    def anchor(self, *lines: str) -> None:
        store = AnchorStore.open(self.world.folder.path / "anchoring.db", create=True)
        store.request_batch()
        store.database.close()
        for line in lines:
            self.run(line)

    def run(self, line: str) -> None:
        signer = SIGNER if line == "main" else SECOND_SIGNER
        with open_worker(self.world.folder.path, self.world.publisher, signer, now, line) as (worker, _):
            for _step in range(60):
                if worker.step().did is Did.FINAL:
                    return
                self.nodes[line].rpc("evm_mine")
        raise AssertionError(line)

    def evidence(self, document: SecuredDocument) -> Evidence:
        view = self.world.registry.certificate(document.document_hash)
        assert view is not None
        anchors = StoredAnchors(self.world.folder.path / "anchoring.db")
        heads = anchors.about(view.index).heads
        return self.world.registry.evidence(document.document_hash, heads)

    def stranger(self, evidence: Evidence) -> Report:
        """Verify as somebody who has the file, the trust root and the nodes' addresses, and nothing else."""
        read = Evidence.parse(evidence.to_bytes())
        heads = [Head(head.size, head.checkpoint.root) for head in open_heads(read)]
        view = read_chains(self.root, heads, now=now, timeout=2.0)
        return verify(read, self.root, now(), view)


def line_settings(node: LocalNode, contract: str, origin: str, signer: AccountSigner) -> AnchoringSettings:
    """Return settings whose account opens the log by itself."""
    return make_settings(
        {
            "origin": origin,
            "endpoint": node.url,
            "chain_id": node.chain_id,
            "chain_class": "local",
            "contract": contract,
            "code_hash": "0x" + artifact().code_hash.hex(),
            "log_id": "0x" + log_id(signer.address, origin).hex(),
            "account": signer.address,
        },
        "test",
    )


@pytest.fixture
def two(tmp_path: Path) -> Iterator[TwoAnchors]:
    """Return a registry whose log is open on two nodes, with its trust root written."""
    with (
        LocalNode(chain_id=CHAIN_ID, block_time=None) as first,
        LocalNode(chain_id=SECOND_CHAIN, block_time=None) as second,
    ):
        world = make_world(tmp_path / "data", origin="registry.example.vn/two")
        world.clock.time = now()
        nodes = {"main": first, "second": second}
        for (line, node), signer in zip(nodes.items(), (SIGNER, SECOND_SIGNER), strict=True):
            fund(node)
            node.fund(signer.address, ETHER)
            contract = deploy_contract(node, chain_id=node.chain_id)
            settings = line_settings(node, contract, world.origin, signer)
            save_settings(settings, world.folder.path, file_name(line))
        chains = own_chains(world.folder.path)
        root = update_trust_root(world.folder, world.settings, chains, replace=False)
        world.publisher.start()
        world.enrol()
        yield TwoAnchors(world, nodes, root)
        world.close()


def test_the_death_of_one_chain_ends_no_verification(two: TwoAnchors) -> None:
    assert [chain.id for chain in two.root.chains] == [CHAIN_ID, SECOND_CHAIN]
    early = two.issue()
    two.anchor("main", "second")
    kept = two.evidence(early)
    on = {pointer.chain_id for head in kept.heads for pointer in head.anchors}
    assert on == {CHAIN_ID, SECOND_CHAIN}
    assert two.stranger(kept).verdict is Verdict.VALID
    two.nodes["main"].stop()
    assert two.stranger(kept).verdict is Verdict.VALID
    late = two.issue()
    two.anchor("second")
    for document in (early, late):
        assert two.stranger(two.evidence(document)).verdict is Verdict.VALID
    shown = open_services(two.world.folder, two.world.surroundings).answers
    assert shown.by_id(id_of(late)).report.verdict is Verdict.VALID


def test_a_certificate_that_only_the_second_chain_holds_is_in_evidence_with_it(two: TwoAnchors) -> None:
    """The first chain's heads are many, and the one on the second is carried all the same."""
    document = two.issue()
    two.anchor("main")
    two.issue()
    two.anchor("main", "second")
    two.issue()
    two.anchor("main")
    evidence = two.evidence(document)
    assert {pointer.chain_id for head in evidence.heads for pointer in head.anchors} == {
        CHAIN_ID,
        SECOND_CHAIN,
    }
    two.nodes["main"].stop()
    assert two.stranger(evidence).verdict is Verdict.VALID


def test_with_one_chain_its_death_would_end_verification(two: TwoAnchors) -> None:
    document = two.issue()
    two.anchor("main", "second")
    evidence = two.evidence(document)
    two.root = replace(two.root, chains=two.root.chains[:1])
    assert two.stranger(evidence).verdict is Verdict.VALID
    two.nodes["main"].stop()
    assert two.stranger(evidence).verdict is not Verdict.VALID


def test_a_chain_that_takes_back_its_word_leaves_the_other_one_good(two: TwoAnchors) -> None:
    document = two.issue()
    two.anchor("main", "second")
    database = open_database(two.world.folder.path / "anchoring.db", create=False)
    with database.writing() as connection:
        line = connection.execute(select(lines.c.id).where(lines.c.chain_id == CHAIN_ID)).scalar_one()
        reason = str(HaltReason.FINALITY_VIOLATION)
        connection.execute(insert(halts).values(line_id=line, reason=reason, detail="taken back", at=now()))
    database.close()
    shown = open_services(two.world.folder, two.world.surroundings)
    assert shown.answers.by_id(id_of(document)).report.verdict is Verdict.VALID
    assert [bool(poll.halted) for poll in shown.anchors.polls()] == [True, False]
    page = shown_log(two)
    rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)[1:]
    assert {chain for row in rows for chain in re.findall(r"chain (\d+)", row)} == {
        str(CHAIN_ID),
        str(SECOND_CHAIN),
    }
    assert "Anchoring on chain" in page
    # The operator leaves that chain: its halt says nothing of the log any more, and it is read no longer.
    (two.world.folder.path / "anchoring.toml").unlink()
    assert [
        poll.chain_id for poll in open_services(two.world.folder, two.world.surroundings).anchors.polls()
    ] == [SECOND_CHAIN]
    assert "Anchoring on chain" not in shown_log(two)


def shown_log(two: TwoAnchors) -> str:
    """Return the page /log, in English."""
    client = create_app(open_services(two.world.folder, two.world.surroundings)).test_client()
    return client.get("/log", headers={"Accept": "text/html", "Accept-Language": "en"}).get_data(as_text=True)
