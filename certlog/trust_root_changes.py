"""What one trust root pins that another does not, in sentences, and whether all that the old one proved still holds."""

from collections.abc import Iterator
from dataclasses import dataclass

from certlog.sentences import Sentence
from certlog.trust_root import Chain, LogKey, TrustRoot


@dataclass(frozen=True, slots=True)
class TrustRootChange:
    """One difference.

    Attributes:
        what: said to people.
        keeps: whether everything that the old trust root proved is proven by the new one too, as far as this goes.
    """

    what: Sentence
    keeps: bool


def changes(old: TrustRoot, new: TrustRoot) -> tuple[TrustRootChange, ...]:
    """Return every difference between two trust roots, in the order of docs/formats.md, section 9."""
    return (
        *_values(old, new),
        *_log_keys(old.log_keys, new.log_keys),
        *_rotations(old, new),
        *_auditors(old, new),
        *_chains(old.chains, new.chains),
    )


def _values(old: TrustRoot, new: TrustRoot) -> Iterator[TrustRootChange]:
    for name, before, after, keeps in (
        (Sentence("origin"), old.origin, new.origin, False),
        (Sentence("operator"), old.operator.did, new.operator.did, False),
        (Sentence("operator's first key"), old.operator.key.multibase, new.operator.key.multibase, False),
        (
            Sentence("recovery key"),
            old.operator.recovery_key.multibase,
            new.operator.recovery_key.multibase,
            False,
        ),
        (Sentence("key of the status lists"), old.list_key.multibase, new.list_key.multibase, True),
        (Sentence("seconds that a status is fresh"), old.max_status_age, new.max_status_age, True),
        (Sentence("seconds that an anchor is recent"), old.max_anchor_age, new.max_anchor_age, True),
    ):
        if before != after:
            what = Sentence("{name}: {before} becomes {after}", name=name, before=before, after=after)
            yield TrustRootChange(what, keeps)


def _log_keys(old: tuple[LogKey, ...], new: tuple[LogKey, ...]) -> Iterator[TrustRootChange]:
    before, after = ({key.vkey: key for key in keys} for keys in (old, new))
    for vkey, key in before.items():
        if vkey not in after:
            yield TrustRootChange(Sentence("log key {key} is gone", key=vkey.to_text()), keeps=False)
        elif after[vkey] != key:
            what = Sentence("log key {key}: {sizes}", key=vkey.to_text(), sizes=_sizes(after[vkey]))
            # To end the range of a rotated key takes nothing from what it signed before.
            ends = after[vkey].from_size == key.from_size and key.to_size is None
            yield TrustRootChange(what, keeps=ends)
    for vkey, key in after.items():
        if vkey not in before:
            what = Sentence("new log key {key}: {sizes}", key=vkey.to_text(), sizes=_sizes(key))
            yield TrustRootChange(what, keeps=True)


def _rotations(old: TrustRoot, new: TrustRoot) -> Iterator[TrustRootChange]:
    before, after = old.operator.rotations, new.operator.rotations
    for rotation in after:
        if rotation not in before:
            what = Sentence(
                "the operator's key after entry {index} is pinned: {key}",
                index=rotation.index,
                key=rotation.key.multibase,
            )
            yield TrustRootChange(what, keeps=True)
    for rotation in before:
        if rotation not in after:
            what = Sentence(
                "the operator's rotation at entry {index} is pinned no more", index=rotation.index
            )
            yield TrustRootChange(what, keeps=False)


def _auditors(old: TrustRoot, new: TrustRoot) -> Iterator[TrustRootChange]:
    for auditor in new.auditors:
        if auditor not in old.auditors:
            yield TrustRootChange(Sentence("new auditor {key}", key=auditor.to_text()), keeps=True)
    for auditor in old.auditors:
        if auditor not in new.auditors:
            yield TrustRootChange(Sentence("auditor {key} is gone", key=auditor.to_text()), keeps=False)
    if old.auditor_quorum != new.auditor_quorum:
        what = Sentence(
            "auditors that must agree: {before} becomes {after}",
            before=old.auditor_quorum,
            after=new.auditor_quorum,
        )
        yield TrustRootChange(what, keeps=not old.auditor_quorum or new.auditor_quorum <= old.auditor_quorum)


def _chains(old: tuple[Chain, ...], new: tuple[Chain, ...]) -> Iterator[TrustRootChange]:
    before, after = ({(chain.id, chain.contract): chain for chain in chains} for chains in (old, new))
    for place, chain in after.items():
        if place not in before:
            what = Sentence("new chain {id}, contract {contract}", id=chain.id, contract=chain.contract)
            yield TrustRootChange(what, keeps=True)
        elif before[place] != chain:
            yield from _chain(before[place], chain)
    for place, chain in before.items():
        if place not in after:
            what = Sentence("chain {id}, contract {contract} is gone", id=chain.id, contract=chain.contract)
            yield TrustRootChange(what, keeps=False)


def _chain(old: Chain, new: Chain) -> Iterator[TrustRootChange]:
    known = {log.log_id: log.max_size for log in old.log_ids}
    for log in new.log_ids:
        size = Sentence("no limit") if log.max_size is None else str(log.max_size)
        if log.log_id not in known:
            what = Sentence("new log id {log_id}, largest size {size}", log_id=log.log_id, size=size)
            yield TrustRootChange(what, keeps=True)
        elif known[log.log_id] != log.max_size:
            what = Sentence("log id {log_id}: largest size {size}", log_id=log.log_id, size=size)
            # A smaller one leaves heads behind on purpose: junk of a stolen anchoring key.
            yield TrustRootChange(what, keeps=log.max_size is None)
    for log_id in known.keys() - {log.log_id for log in new.log_ids}:
        yield TrustRootChange(Sentence("log id {log_id} is gone", log_id=log_id), keeps=False)
    pins = [(c.chain_class, c.code_hash, c.endpoints, c.quorum, c.finality) for c in (old, new)]
    if pins[0] != pins[1]:
        what = Sentence("chain {id}: class, code, nodes, quorum or finality differ", id=new.id)
        same_contract = (old.chain_class, old.code_hash) == (new.chain_class, new.code_hash)
        yield TrustRootChange(what, keeps=same_contract)


def _sizes(key: LogKey) -> str:
    if key.to_size is None:
        return Sentence("from size {size} on", size=key.from_size)
    return Sentence("sizes {low} to {high}", low=key.from_size, high=key.to_size - 1)
