"""The monitor's look at the contract, on a real chain: fresh, late, another history's, and a log that shows less."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pytest

from anchoring import contract
from certlog.digests import RootHash
from certlog.errors import Unavailable
from certlog.tile_reader import TileReader
from certlog.tree import MemoryTree, leaf_hash
from certlog.trust_root import Chain, LogId, TrustRoot
from tests.support.chain import CHAIN_ID, EMPTY, Head, LocalChain, head_of
from tests.support.controls import Control, require_failure
from tests.support.log_files import MemoryFiles, files_of
from tests.support.small_log import SmallLog
from verifier.monitor import AnchorAlarm
from verifier.monitor_alarm import Concern
from verifier.monitor_anchors import ContractLook, begin_look

DAY: Final = 86_400


class Anchored:
    """A log whose heads are anchored on a real contract."""

    def __init__(self, chain: LocalChain) -> None:
        self.chain = chain
        self.log = SmallLog()
        for _ in range(5):
            self.log.close()
        self.anchorer = chain.funded("anchorer")
        self.log_id = chain.open_log(chain.funded("owner"), self.anchorer, self.log.origin)

    def anchor(self, root: bytes | None = None) -> int:
        """Anchor the log's head, or another root of its size; return the block's time."""
        history = self.log.tree
        if root is None:
            return self.chain.extend(self.log_id, self.anchorer, history, self.log.size).block_time
        return self.chain.anchor(self.log_id, self.anchorer, EMPTY, Head(self.log.size, root), ()).block_time

    @property
    def trust_root(self) -> TrustRoot:
        code = bytes.fromhex(self.chain.rpc("eth_getCode", self.chain.address, "latest")[2:])
        pinned = Chain(
            id=CHAIN_ID,
            chain_class="local",
            contract=self.chain.address.lower(),
            code_hash="0x" + contract.keccak256(code).hex(),
            log_ids=(LogId("0x" + self.log_id.hex(), None),),
            endpoints=(f"http://127.0.0.1:{self.chain.node.port}",),
            quorum=1,
            finality=0,
        )
        return replace(self.log.trust_root(), chains=(pinned,))

    def look(
        self, *, later: int = 0, size: int | None = None, endpoints: Sequence[str] = ()
    ) -> list[AnchorAlarm]:
        now = int(self.chain.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + later
        size = self.log.size if size is None else size
        begun = begin_look(self.trust_root, endpoints, max_anchor_age=DAY, clock=lambda: now)
        files = MemoryFiles(files_of(self.log, size))
        return list(begun.alarms(TileReader(files, size, RootHash(self.log.tree.root(size))), now=now))


@pytest.fixture
def anchored(chain: LocalChain) -> Anchored:
    return Anchored(chain)


def test_a_fresh_anchor_of_this_log_is_no_alarm(anchored: Anchored) -> None:
    anchored.anchor()
    assert anchored.look() == []
    anchored.log.close()
    assert anchored.look() == []


def test_no_anchor_and_an_old_one_are_late(anchored: Anchored) -> None:
    assert [(a.concern, a.what) for a in anchored.look()] == [
        (Concern.LATE_ANCHOR, f"chain {CHAIN_ID} holds no anchor of this log")
    ]
    anchored.anchor()
    assert anchored.look(later=DAY) == []
    (late,) = anchored.look(later=DAY + 1)
    assert (late.concern, late.size) == (Concern.LATE_ANCHOR, anchored.log.size)


def test_an_anchor_of_another_history_is_an_alarm(anchored: Anchored) -> None:
    """As after the theft of the anchorer's key."""
    other = MemoryTree(leaf_hash(bytes([n])) for n in range(anchored.log.size))
    anchored.anchor(head_of(other, anchored.log.size).root)
    found = anchored.look()
    assert [alarm.concern for alarm in found] == [Concern.OTHER_ANCHOR]
    assert "with another root than the log's" in found[0].what


def test_a_log_that_shows_less_than_was_anchored_is_an_alarm(anchored: Anchored) -> None:
    anchored.anchor()
    (alarm,) = anchored.look(size=3)
    assert (alarm.concern, alarm.size) == (Concern.OTHER_ANCHOR, 5)


def test_a_node_that_is_down_is_no_alarm(anchored: Anchored) -> None:
    with pytest.raises(Unavailable):
        anchored.look(endpoints=["http://127.0.0.1:9"])


def test_a_look_that_believes_any_root_is_noticed(
    anchored: Anchored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with nothing asked about the root, an anchor of another history passes."""
    control = Control(
        ContractLook,
        "_chain",
        lambda *_: iter(()),
        lambda: test_an_anchor_of_another_history_is_an_alarm(anchored),
    )
    require_failure(control, monkeypatch)
