"""What can be measured of the log, from one read of the registry's database."""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.database import Database
from registry.epoch_append import last_epoch
from registry.heads import newest_checkpoint
from registry.log_tree import read_entry, tree_size


@dataclass(frozen=True, slots=True)
class LogMeasures:
    """The log's state; times are seconds since 1970, None is "not yet"."""

    entries: int
    """Durable entries."""
    published: int
    """Entries under the newest signed checkpoint."""
    epoch_time: int | None
    logged_at: tuple[int | None, ...]
    """When the entry at each asked index was logged; None beyond the end."""


def measure_log(database: Database, indexes: Sequence[int] = ()) -> LogMeasures:
    """Return the state of the log, and when the entries at these indexes were logged."""
    with database.reading() as connection:
        newest, epoch = newest_checkpoint(connection), last_epoch(connection)
        entries = [read_entry(connection, index) for index in indexes]
        return LogMeasures(
            entries=tree_size(connection),
            published=newest.size if newest else 0,
            epoch_time=epoch.time if epoch else None,
            logged_at=tuple(entry.logged_at if entry else None for entry in entries),
        )
