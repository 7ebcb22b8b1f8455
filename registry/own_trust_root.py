"""The trust root that a registry publishes about itself: a starting point, to be compared over another channel.

It is written when the registry is made and when a chain is added, never by itself: verifiers pin what it says.
"""

from collections.abc import Sequence
from typing import Final

from certlog.errors import InvalidInput
from certlog.keys import PublicKey
from certlog.sentences import Sentence
from certlog.trust_root import Chain, LogKey, TrustRoot
from registry.data_folder import DataFolder
from registry.keys import LogSigner, load_key
from registry.settings import Settings

MAX_STATUS_AGE: Final = 24 * 3600
MAX_ANCHOR_AGE: Final = 7 * 24 * 3600


def own_trust_root(
    settings: Settings, log_keys: Sequence[LogKey], list_key: PublicKey, chains: Sequence[Chain]
) -> TrustRoot:
    """Return what a verifier of this log should pin."""
    return TrustRoot(
        origin=settings.origin,
        log_keys=tuple(log_keys),
        operator=settings.operator,
        list_key=list_key,
        auditors=settings.cosigners.auditors,
        auditor_quorum=settings.auditor_quorum,
        chains=tuple(chains),
        max_status_age=MAX_STATUS_AGE,
        max_anchor_age=MAX_ANCHOR_AGE,
    )


def update_trust_root(
    folder: DataFolder,
    settings: Settings,
    chains: Sequence[Chain],
    *,
    replace: bool,
    log_keys: Sequence[LogKey] = (),
) -> TrustRoot:
    """Write the trust root anew with these chains, and return it.

    Args:
        folder: the data folder.
        settings: the registry's settings.
        chains: where the log is anchored.
        replace: although it changes what is pinned already.
        log_keys: the log's keys, where rotations brought more than the one in the folder.

    Raises:
        InvalidInput: it would change what is pinned already, and `replace` is not said.
    """
    only = LogKey(LogSigner(settings.origin, load_key(folder.log_key)).verifier_key, 0, None)
    new = own_trust_root(settings, log_keys or (only,), load_key(folder.list_key).public_key, chains)
    old = TrustRoot.parse(folder.trust_root.read_bytes()) if folder.trust_root.is_file() else None
    if old is not None and not replace and not _extends(new, old):
        message = Sentence(
            "{trust_root} pins something else, which verifiers may rely on; use --replace to change it",
            trust_root=folder.trust_root,
        )
        raise InvalidInput(message, code="other-trust-root")
    write_trust_root(folder, new)
    return new


def write_trust_root(folder: DataFolder, root: TrustRoot) -> None:
    """Write the trust root whole or not at all."""
    draft = folder.trust_root.with_suffix(".new")
    draft.write_bytes(root.to_bytes())
    draft.replace(folder.trust_root)


def _extends(new: TrustRoot, old: TrustRoot) -> bool:
    """Tell whether everything that the old root pins is pinned by the new one too."""
    keys = (old.origin, old.operator, old.list_key) == (new.origin, new.operator, new.list_key)
    same_auditors = (old.auditors, old.auditor_quorum) == (new.auditors, new.auditor_quorum)
    pins = set(old.log_keys) <= set(new.log_keys) and set(old.chains) <= set(new.chains)
    return keys and pins and same_auditors
