"""A chain that those who run it set back beyond finality, on a real node, by the commands of docs/anchoring.md."""

import pytest

from anchoring.batch import HaltReason
from anchoring.store import AnchorStore
from anchoring.worker import Did
from certlog.errors import InvalidInput
from tests.anchoring.anvil import SIGNER
from tests.anchoring.test_stolen_key import NEW_SIGNER, Drill, drill, stranger
from verifier.report import Verdict
from web.anchors import TAKEN_BACK, StoredAnchors

__all__ = ["drill"]


def test_a_log_goes_on_in_a_successor_on_a_chain_that_was_set_back(drill: Drill) -> None:
    before, held = drill.issue(), drill.final()
    node = drill.made.node
    snapshot = node.rpc("evm_snapshot")
    drill.made.anchor()
    gone = drill.final()
    assert held.size < gone.size
    # 1. Those who run the chain put an old copy back; it grows again, and the worker stops by itself.
    assert node.rpc("evm_revert", snapshot)
    node.rpc("anvil_mine", hex(20))
    halted = drill.run(SIGNER, Did.FINAL)
    assert (halted.did, halted.detail.partition(":")[0]) == (Did.HALTED, HaltReason.FINALITY_VIOLATION)
    assert StoredAnchors(drill.data / "anchoring.db").about(0).chain_view.problem == TAKEN_BACK
    # 2. The registry is asked what there is to do; it says from which head the successor begins.
    with pytest.raises(InvalidInput, match=f"open-successor --size {held.size} --root {held.root.hex()}"):
        drill.command("recover", "--data", drill.data, "--because", "looked", "--yes")
    # 3. The owner opens the successor for a new anchorer, and the registry follows.
    told = ("--size", held.size, "--root", held.root.hex(), "--anchorer", NEW_SIGNER.address)
    drill.owners("open-successor", *told)
    root = drill.follow()
    shown = drill.opened(AnchorStore.batches)
    assert [batch.size for batch in shown if batch.size > held.size] == []
    # 4. The worker goes on there; strangers with the new trust root verify what came before and after.
    after = drill.issue()
    drill.opened(AnchorStore.request_batch)
    assert drill.run(NEW_SIGNER, Did.FINAL).did is Did.FINAL
    drill.opened(AnchorStore.request_batch)
    assert drill.run(NEW_SIGNER, Did.FINAL).did is Did.FINAL
    for document in (before, after):
        assert stranger(drill.evidence(document), root) is Verdict.VALID
