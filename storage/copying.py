"""Copies rows from one database to another, whichever kinds they are: for backups, restores and moves to PostgreSQL.

Rows are streamed in the order in which tables depend on each other. It decides nothing about what may be copied.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import BigInteger, Connection, Integer, Table, func, insert, select, text

BATCH: Final = 1000
"""Rows held in memory at a time; the largest, sealed documents, have 256 KiB."""


def copy_tables(source: Connection, target: Connection, tables: Sequence[Table]) -> int:
    """Copy every row of every table; return how many there were.

    Args:
        source: a snapshot.
        target: a writing transaction of a database in which these tables are empty.
        tables: in the order of their foreign keys (MetaData.sorted_tables).
    """
    total = 0
    for table in tables:
        rows = source.execution_options(yield_per=BATCH).execute(
            select(table).order_by(*table.primary_key.columns)
        )
        for part in rows.mappings().partitions(BATCH):
            target.execute(insert(table), [dict(row) for row in part])
            total += len(part)
        _continue_counting(target, table)
    return total


def _continue_counting(connection: Connection, table: Table) -> None:
    """Have PostgreSQL number its next row after the copied ones; SQLite does so by itself."""
    column = table.autoincrement_column
    if connection.dialect.name != "postgresql" or column is None:
        return
    if not isinstance(column.type, BigInteger | Integer):
        return
    last = connection.execute(select(func.max(column))).scalar()
    if last is not None:
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence(:name, :column), :last)"),
            {"name": table.name, "column": column.name, "last": last},
        )
