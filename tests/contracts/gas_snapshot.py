"""What each call costs in gas, measured on Anvil; contracts/gas-snapshot.json is this, committed.

Write it again after a change of the contract: python -m tests.contracts.gas_snapshot
"""

import json
from pathlib import Path
from typing import Final

from anchoring import contract
from anchoring.local_node import LocalNode
from tests.contracts.big_tree import BigTree
from tests.support.chain import CHAIN_ID, LocalChain, Mined, account, anchor_data

SNAPSHOT: Final = Path(__file__).resolve().parents[2] / "contracts" / "gas-snapshot.json"
MILLION: Final = 1_000_000
OLD_SIZES: Final = {
    "1 entry": MILLION - 1,
    "1,000 entries": MILLION - 1_000,
    "10,000 entries": MILLION - 10_000,
    # Of all old sizes from 500,000 to 999,999, these two take the most hashing: with 20 hashes, and with any number.
    "the dearest proof of 20": 524_286,
    "the dearest proof": 524_287,
}
HISTORY: Final = BigTree.around(1_000, 1_001, MILLION, *OLD_SIZES.values())


def measure(chain: LocalChain) -> dict[str, int]:
    """Return the gas of one transaction of each kind, the transaction's own 21,000 and its data included."""
    owner, anchorer = chain.funded("owner"), chain.funded("anchorer")
    gas = {"deploy": chain.send(contract.artifact().bytecode, sender=chain.funded("gas"), to=None).gas_used}
    gas["openLog"] = chain.send(contract.open_log_call("gas", anchorer), sender=owner).gas_used
    log_id = contract.log_id(owner, "gas")
    gas["anchor the first head, of 1,000 entries"] = _anchor(chain, log_id, 0, 1_000).gas_used
    gas["anchor 1 entry at 1,000"] = _anchor(chain, log_id, 1_000, 1_001).gas_used
    gas |= _at_a_million(chain, owner, anchorer)
    gas["setAnchorer"] = chain.send(contract.set_anchorer_call(log_id, owner), sender=owner).gas_used
    gas["offerLog"] = chain.send(contract.offer_log_call(log_id, anchorer), sender=owner).gas_used
    gas["acceptLog"] = chain.send(contract.accept_log_call(log_id), sender=anchorer).gas_used
    head = HISTORY.head(1_001)
    successor = contract.open_successor_call(log_id, head.size, head.root, owner)
    gas["openSuccessor"] = chain.send(successor, sender=anchorer).gas_used
    other = chain.open_log(owner, anchorer, "sealed")
    gas["seal"] = chain.send(contract.seal_call(other), sender=owner).gas_used
    return gas


def to_text(gas: dict[str, int]) -> str:
    """Return the snapshot's one spelling."""
    return json.dumps(gas, indent=2) + "\n"


def main() -> None:
    """Write the snapshot."""
    with LocalNode(chain_id=CHAIN_ID, block_time=None) as node:
        chain = LocalChain(node)
        chain.deploy()
        SNAPSHOT.write_text(to_text(measure(chain)), encoding="utf-8")
        chain.close()


def _at_a_million(chain: LocalChain, owner: str, anchorer: str) -> dict[str, int]:
    gas = {}
    for name, old in OLD_SIZES.items():
        log_id = chain.open_log(owner, anchorer, name)
        _anchor(chain, log_id, 0, old)
        hashes = len(HISTORY.consistency(old, MILLION))
        gas[f"anchor at 1,000,000: {name} ({hashes} hashes)"] = _anchor(chain, log_id, old, MILLION).gas_used
    return gas


def _anchor(chain: LocalChain, log_id: bytes, old: int, new: int) -> Mined:
    data = anchor_data(log_id, HISTORY.head(old), HISTORY.head(new), HISTORY.consistency(old, new))
    return chain.send(data, sender=account("anchorer"))


if __name__ == "__main__":
    main()
