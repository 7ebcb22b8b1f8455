"""What the trust-root page lists, with the field's words; the file itself is what counts."""

from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _

from certlog.trust_root import Chain, LogKey, TrustRoot
from web.compare import Row

_HOUR: Final = 3600
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class ChainView:
    """One chain that counts."""

    id: int
    rows: tuple[Row, ...]


def trust_rows(trust_root: TrustRoot) -> tuple[Row, ...]:
    """Return the pins of the log and the operator."""
    operator = trust_root.operator
    rows = [
        Row(_("Origin of the log"), trust_root.origin, code=True),
        *(Row(_("Log key"), key.vkey.to_text(), code=True, note=_sizes(key)) for key in trust_root.log_keys),
        Row(_("Operator"), operator.did, code=True),
        Row(_("Operator's key"), operator.key.multibase, code=True),
        *(
            Row(
                _("Operator's key"),
                pin.key.multibase,
                code=True,
                note=_("after entry %(index)s", index=pin.index),
            )
            for pin in operator.rotations
        ),
        Row(_("Recovery key"), operator.recovery_key.multibase, code=True),
        Row(_("Key of the status lists"), trust_root.list_key.multibase, code=True),
        Row(_("Auditors"), _auditors(trust_root)),
        Row(_("A status is fresh for"), _duration(trust_root.max_status_age)),
        Row(_("An anchor is recent for"), _duration(trust_root.max_anchor_age)),
    ]
    return tuple(rows)


def chain_views(trust_root: TrustRoot) -> tuple[ChainView, ...]:
    """Return the pins of each chain."""
    return tuple(ChainView(chain.id, _chain_rows(chain)) for chain in trust_root.chains)


def _chain_rows(chain: Chain) -> tuple[Row, ...]:
    classes = {
        "public": _("public"),
        "consortium": _("consortium"),
        "local": _("local: for trials only"),
    }
    finality = _("the chain's own finalized block")
    if chain.finality is not None:
        finality = _("%(number)s blocks deep", number=chain.finality)
    return (
        Row(_("Class"), classes[chain.chain_class]),
        Row(_("Contract"), chain.contract, code=True),
        Row(_("Hash of its code"), chain.code_hash, code=True),
        *(Row(_("Log id"), log.log_id, code=True, note=_up_to(log.max_size)) for log in chain.log_ids),
        Row(_("Final when"), finality),
    )


def _sizes(key: LogKey) -> str:
    if key.to_size is None:
        return _("from size %(size)s on", size=key.from_size)
    return _("from size %(low)s to %(high)s", low=key.from_size, high=key.to_size - 1)


def _up_to(max_size: int | None) -> str:
    return "" if max_size is None else _("counts up to size %(size)s", size=max_size)


def _auditors(trust_root: TrustRoot) -> str:
    if not trust_root.auditors:
        return _("none named")
    names = ", ".join(auditor.name for auditor in trust_root.auditors)
    return _("%(quorum)s of: %(names)s", quorum=trust_root.auditor_quorum, names=names)


def _duration(seconds: int) -> str:
    if seconds % _DAY == 0 and seconds >= 2 * _DAY:
        return _("%(number)s days", number=seconds // _DAY)
    return _("%(number)s hours", number=seconds // _HOUR)
