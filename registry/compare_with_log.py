"""Compares a registry's database with a log that was audited: the entries one by one, then every table.

What differs is told with the entry at which it begins; who reads both decides which of them to believe.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from certlog.digests import same
from certlog.errors import InvalidInput, NotTrusted
from certlog.sentences import Sentence
from certlog.tree import leaf_hash
from certlog.trust_state import Operator
from registry.database import Database
from registry.last_signed_head import SigningHalted
from registry.rebuild import ViewsDiffer, check
from registry.tables import entries

_STREAMED: Final = {"yield_per": 1000}


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the database and the log part, and how."""

    index: int
    what: str


def differences(
    database: Database,
    scratch: Path,
    operator: Operator,
    origin: str,
    log: tuple[int, Callable[[int], bytes]],
) -> Iterator[Difference]:
    """Yield the first entry that differs, and the first table that is not what the entries say.

    Args:
        database: the registry's own; it is only read.
        scratch: a file that does not exist yet; the caller removes it.
        operator: the pinned operator.
        origin: the log's origin.
        log: its size, and the leaf hash of an entry below that.
    """
    with database.reading() as connection:
        found = _first_entry(connection, *log)
    if found is not None:
        yield found
        return
    try:
        check(database, scratch, operator, origin)
    except (ViewsDiffer, SigningHalted, InvalidInput, NotTrusted) as error:
        yield Difference(log[0], str(error))


def _first_entry(connection: Connection, size: int, leaf: Callable[[int], bytes]) -> Difference | None:
    query = (
        select(entries.c.leaf_index, entries.c.data)
        .where(entries.c.leaf_index < size)
        .order_by(entries.c.leaf_index)
    )
    expected = 0
    with connection.execute(query, execution_options=_STREAMED) as rows:
        for index, data in rows:
            if index != expected:
                break
            if not same(leaf(index), leaf_hash(data)):
                what = Sentence("the database holds another entry {index} than the log", index=index)
                return Difference(index, what)
            expected += 1
    if expected < size:
        return Difference(
            expected, Sentence("the database lacks entry {index}, which is in the log", index=expected)
        )
    return None
