"""What a chain holds of a registry under test, as data: no node is asked."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from certlog.trust_root import Chain, LogId, TrustRoot
from registry.data_folder import DataFolder
from verifier.chain_view import AnchorReading, ChainView

CHAIN_ID: Final = 31337
CONTRACT: Final = "0x" + "c0" * 20
LOG_ID: Final = "0x" + "1d" * 32


def with_chain(folder: DataFolder) -> TrustRoot:
    """Return a registry's own trust root, which pins one chain more."""
    pinned = TrustRoot.parse(folder.trust_root.read_bytes())
    chain = Chain(
        id=CHAIN_ID,
        chain_class="public",
        contract=CONTRACT,
        code_hash="0x" + "0c" * 32,
        log_ids=(LogId(LOG_ID, None),),
        endpoints=(),
        quorum=1,
        finality=None,
    )
    return replace(pinned, chains=(chain,))


def anchored_view(heads: Iterable[tuple[int, bytes, int]], now: int) -> ChainView:
    """Return the reading of heads (size, root, block time) that are anchored, final."""
    readings = tuple(
        AnchorReading(
            chain_id=CHAIN_ID,
            contract=CONTRACT,
            log_id=LOG_ID,
            size=size,
            root=root,
            block_time=block_time,
            block_number=100 + number,
            final=True,
        )
        for number, (size, root, block_time) in enumerate(heads)
    )
    return ChainView(readings, read_at=now, block_number=1000, block_time=now, source="test")
