"""Trust roots of the small world with other pins."""

from dataclasses import replace

from certlog.trust_root import LogId, TrustRoot
from tests.verifier.world import trust_root


def pin_log_ids(*log_ids: LogId) -> TrustRoot:
    """Return the trust root with other logs pinned on the contract."""
    root = trust_root()
    return replace(root, chains=(replace(root.chains[0], log_ids=log_ids),))
