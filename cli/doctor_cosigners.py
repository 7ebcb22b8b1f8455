"""The doctor's look at cosignatures: whether the wanted witnesses and auditors have signed the heads of late."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, select

from certlog.sentences import Sentence
from cli.doctor_findings import Finding, good, warning
from registry.cosignatures import last_cosigned_size, newest_audited_size
from registry.cosigners import CosignerPolicy
from registry.own_trust_root import MAX_STATUS_AGE
from registry.tables import checkpoints, epochs

WITNESS_LATE: Final = 900
"""Seconds after which a head should have its witnesses: longer than the longest pause after a failure."""


def look_at_cosigners(connection: Connection, policy: CosignerPolicy, now: int) -> Iterator[Finding]:
    """Yield what is missing; nothing where no cosigner is wanted."""
    if not policy.keys:
        return
    due = connection.execute(
        select(checkpoints.c.size)
        .join(epochs, epochs.c.leaf_index == checkpoints.c.size - 1)
        .where(checkpoints.c.signed_at <= now - WITNESS_LATE)
        .order_by(checkpoints.c.size.desc())
        .limit(1)
    ).scalar_one_or_none()
    sizes = {key: last_cosigned_size(connection, key) for key in policy.keys}
    witnesses, _ = policy.missing([key for key, size in sizes.items() if due is None or size >= due])
    if witnesses:
        text = Sentence(
            "{count} wanted witnesses have not signed the head of size {size}", count=witnesses, size=due
        )
        yield warning("cosigners", text, _REMEDY)
    if policy.auditors and _audited_at(connection, policy) < now - MAX_STATUS_AGE:
        text = Sentence(
            "the auditors' quorum of {quorum} has signed no head for a day", quorum=policy.auditor_quorum
        )
        yield warning("cosigners", text, _REMEDY)
    elif not witnesses:
        newest = max(sizes.values())
        names = ", ".join(key.name for key, size in sizes.items() if size == newest > 0) or Sentence(
            "nobody yet"
        )
        text = Sentence("the newest cosigned head has size {size}, by {names}", names=names, size=newest)
        yield good("cosigners", text)


_REMEDY: Final = Sentence("the worker's own words say why; see docs/witnesses.md")


def _audited_at(connection: Connection, policy: CosignerPolicy) -> int:
    size = newest_audited_size(connection, policy, 0)
    query = select(checkpoints.c.signed_at).where(checkpoints.c.size == size)
    return int(connection.execute(query).scalar_one_or_none() or 0)
