"""Keeps the replay of trust statements up to date in one process, and reads records as of any position.

The replay itself is certlog.trust_state; it is never trusted from a table: a process replays the entries, with
every signature, and then only follows what is appended.
"""

from typing import Final

from sqlalchemy import Connection, select

from certlog.entry import StatementEntry, parse_entry
from certlog.errors import Unavailable
from certlog.issuer_record import IssuerRecord
from certlog.operator_record import OperatorRecord
from certlog.sentences import Sentence
from certlog.strict_json import parse_object
from certlog.trust_state import Operator, TrustState
from registry.tables import entries, issuer_records

_MAX_RECORD_BYTES = 16 * 1024 * 1024


class TrustLedger:
    """The trust state at the end of the log. Used only inside writing transactions, hence one thread at a time."""

    def __init__(self, operator: Operator, origin: str) -> None:
        """Start before the first entry."""
        self._operator = operator
        self._origin = origin
        self._state = TrustState(operator, origin)
        self._next = 0

    def at_end(self, connection: Connection) -> TrustState:
        """Return the state after every entry that this writing transaction sees.

        The caller may apply statements to it that it appends itself; if the transaction then fails it must
        call `forget`.
        """
        rows = connection.execute(
            select(entries.c.leaf_index, entries.c.data)
            .where(entries.c.type == "trust", entries.c.leaf_index >= self._next)
            .order_by(entries.c.leaf_index)
        )
        for index, data in rows:
            entry = parse_entry(data)
            if not isinstance(entry, StatementEntry):
                message = Sentence(
                    "entry {index} is stored as a trust statement and is none; see registry check",
                    index=index,
                )
                raise Unavailable(message)
            self._state.apply(index, entry.document)
            self._next = index + 1
        return self._state

    def appended(self, index: int) -> None:
        """Note that the statement at `index` has been applied by the caller."""
        self._next = index + 1

    def forget(self) -> None:
        """Drop the state: the next use replays from the first entry."""
        self._state = TrustState(self._operator, self._origin)
        self._next = 0


OPERATOR_ROW: Final = "operator"
"""Under this name, which is no DID, the operator's record stands among the issuers'."""


def operator_as_of(connection: Connection, operator: Operator, as_of: int) -> OperatorRecord:
    """Return the operator's record after entries 0 .. as_of-1."""
    data = _newest(connection, OPERATOR_ROW, as_of)
    if data is None:
        return OperatorRecord.first(operator)
    return OperatorRecord.from_json(parse_object(data, max_bytes=_MAX_RECORD_BYTES))


def records_as_of(connection: Connection, as_of: int) -> dict[str, IssuerRecord]:
    """Return every issuer record after entries 0 .. as_of-1, by DID, in the order of the trust tree."""
    rows = connection.execute(
        select(issuer_records.c.did, issuer_records.c.data)
        .where(issuer_records.c.leaf_index < as_of, issuer_records.c.did != OPERATOR_ROW)
        .order_by(issuer_records.c.leaf_index)
    )
    newest = {row.did: row.data for row in rows}
    # An empty row ends a record whose enrolment became void.
    newest = {did: data for did, data in newest.items() if data}
    return {did: _parse(newest[did]) for did in sorted(newest, key=str.encode)}


def record_as_of(connection: Connection, did: str, as_of: int) -> IssuerRecord | None:
    """Return one issuer record after entries 0 .. as_of-1."""
    data = _newest(connection, did, as_of)
    return _parse(data) if data else None


def _newest(connection: Connection, name: str, as_of: int) -> bytes | None:
    return connection.execute(
        select(issuer_records.c.data)
        .where(issuer_records.c.did == name, issuer_records.c.leaf_index < as_of)
        .order_by(issuer_records.c.leaf_index.desc())
        .limit(1)
    ).scalar_one_or_none()


def _parse(data: bytes) -> IssuerRecord:
    return IssuerRecord.from_json(parse_object(data, max_bytes=_MAX_RECORD_BYTES))
