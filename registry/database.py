"""The registry's database: storage.database.Database, proven to let one writer in at a time.

A constraint that refuses a row of the log is a defect of this program, not of what was sent: it is not translated.
"""

from storage.database import Address, closed_if_it_fails
from storage.database import Database as StoredDatabase


class Database(StoredDatabase):
    """One log's database. Thread-safe; open it after fork, not before."""

    def __init__(self, address: Address, *, busy_timeout: float) -> None:
        """Open it for reading and writing, as storage.database.Database says.

        Raises:
            Unavailable: it cannot be opened, or does not keep what the log rests on.
        """
        super().__init__(address, busy_timeout=busy_timeout)
        with closed_if_it_fails(self):
            self.require_one_writer()
