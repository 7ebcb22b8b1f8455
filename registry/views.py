"""Writes the derived rows of one entry, in the transaction that appends it; rebuild.py writes them again.

Every row here follows from entries alone. Whether an entry may be appended was decided before (admission.py).
"""

from collections.abc import Mapping

from sqlalchemy import Connection, insert, select

from certlog.digests import DocumentHash, LeafHash
from certlog.documents import SecuredDocument
from certlog.entry import CertificateEntry
from certlog.epoch import Epoch
from certlog.keys import PublicKey, verification_method
from certlog.status import CertificateStatus
from certlog.status_list import PURPOSES
from certlog.status_replay import replay_events
from certlog.trust import CompromiseKey, RotateOperator, TrustStatement
from certlog.trust_state import TrustState
from registry.slots import position_of
from registry.status_lists import current_bit
from registry.status_view import events_of
from registry.tables import bit_changes, certificates, epochs, issuer_records, statements, status_leaves
from registry.trust_ledger import OPERATOR_ROW, operator_as_of, record_as_of, records_as_of


def certificate_row(index: int, entry: CertificateEntry, identifier: str) -> dict[str, object]:
    """Return the row of a certificate entry, whose id is known already."""
    return {
        "leaf_index": index,
        "document_hash": entry.document_hash,
        "id": identifier,
        "issuer": entry.proof.did,
        "slot": position_of(entry.slot),
    }


def write_status(
    connection: Connection,
    index: int,
    document: SecuredDocument,
    certificate: DocumentHash,
    after: CertificateStatus,
) -> None:
    """Write a status statement and the bits that it turned."""
    row = _statement_row(index, "status", document) | {"certificate": certificate}
    connection.execute(insert(statements).values(row))
    _write_bits(connection, index, certificate, after)


def write_trust(
    connection: Connection,
    index: int,
    document: SecuredDocument,
    statement: TrustStatement,
    trust: TrustState,
) -> None:
    """Write a trust statement, the records that it changed, and the bits that a compromise turns back.

    Args:
        connection: the writing transaction.
        index: the statement's position.
        document: the signed statement.
        statement: its content.
        trust: the state after it.
    """
    row = _statement_row(index, "trust", document) | {"subject": statement.subject}
    connection.execute(insert(statements).values(row))
    change = statement.change
    compromises = isinstance(change, CompromiseKey)
    # A compromise may void what a signer stated about anybody; everything else changes its subject alone.
    names = [] if isinstance(change, RotateOperator) else [statement.subject]
    if compromises:
        names = sorted({*names, *records_as_of(connection, index), *(r.did for r in trust.records)})
    for name in names:
        _write_record(connection, index, name, trust)
    if compromises or isinstance(change, RotateOperator):
        _write_operator(connection, index, trust)
    if compromises:
        _void_events(connection, index, trust)


def _write_record(connection: Connection, index: int, did: str, trust: TrustState) -> None:
    """Write a record as it reads now, where that is new; an empty row ends one that became void."""
    before, after = record_as_of(connection, did, index), trust.record(did)
    if before != after:
        data = b"" if after is None else after.to_bytes()
        connection.execute(insert(issuer_records).values(did=did, leaf_index=index, data=data))


def _write_operator(connection: Connection, index: int, trust: TrustState) -> None:
    after = trust.operator_record
    if after != operator_as_of(connection, trust.operator, index):
        row = {"did": OPERATOR_ROW, "leaf_index": index, "data": after.to_bytes()}
        connection.execute(insert(issuer_records).values(row))


def write_epoch(connection: Connection, epoch: Epoch, changed: Mapping[int, LeafHash]) -> None:
    """Write an epoch and the leaves of the status tree that are new or changed since the one before."""
    connection.execute(insert(epochs).values(number=epoch.number, leaf_index=epoch.as_of, time=epoch.time))
    rows = [{"leaf": leaf, "epoch": epoch.number, "hash": digest} for leaf, digest in sorted(changed.items())]
    if rows:
        connection.execute(insert(status_leaves), rows)


def _statement_row(index: int, kind: str, document: SecuredDocument) -> dict[str, object]:
    return {
        "leaf_index": index,
        "document_hash": document.document_hash,
        "type": kind,
        "certificate": None,
        "subject": None,
        "signer": document.proof.verification_method,
    }


def _void_events(connection: Connection, index: int, trust: TrustState) -> None:
    """Replay every certificate about which a key whose standing changed with this entry has made a statement."""
    changed = connection.execute(
        select(issuer_records.c.did).where(
            issuer_records.c.leaf_index == index, issuer_records.c.did != OPERATOR_ROW
        )
    ).scalars()
    methods = [
        verification_method(did, key)
        for did in changed
        for key in _changed_keys(connection, index, did, trust)
    ]
    touched = connection.execute(
        select(statements.c.certificate)
        .where(statements.c.signer.in_(methods), statements.c.type == "status")
        .distinct()
    ).scalars()
    for certificate in sorted(DocumentHash(found) for found in touched):
        status = replay_events(events_of(connection, certificate, index), trust.record)
        _write_bits(connection, index, certificate, status)


def _changed_keys(connection: Connection, index: int, did: str, trust: TrustState) -> set[PublicKey]:
    """Return the keys of a body that are recorded otherwise than before this entry."""
    before, after = record_as_of(connection, did, index), trust.record(did)
    old = {key.key: key for key in ([] if before is None else before.keys)}
    new = {key.key: key for key in ([] if after is None else after.keys)}
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}


def _write_bits(
    connection: Connection, index: int, certificate: DocumentHash, after: CertificateStatus
) -> None:
    slot = connection.execute(
        select(certificates.c.slot).where(certificates.c.document_hash == certificate)
    ).scalar_one()
    for purpose, value in zip(PURPOSES, (after.revoked, after.suspended), strict=True):
        if current_bit(connection, slot, purpose) != value:
            row = {"purpose": PURPOSES.index(purpose), "slot": slot, "leaf_index": index, "value": int(value)}
            connection.execute(insert(bit_changes).values(row))
