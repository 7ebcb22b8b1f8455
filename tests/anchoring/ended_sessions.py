"""A database server that ends a session at the n-th statement or commit of a process, as one that is killed does."""

import os
import signal
import time
from contextlib import suppress
from typing import Any

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import Engine


class Sessions:
    """Counts what this process sends to any PostgreSQL, and kills the server's process for the session at one."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.seen = 0

    def execute(self, connection: "sqlalchemy.Connection", *_statement: Any) -> None:
        """See sqlalchemy's before_cursor_execute."""
        self.commit(connection)

    def commit(self, connection: "sqlalchemy.Connection") -> None:
        """See sqlalchemy's commit, which is told before the server is."""
        self.seen += 1
        if self.seen == self.at:
            os.write(1, b"ended\n")
            _end(connection.connection.dbapi_connection.info.backend_pid)  # type: ignore[union-attr]


def end_at(number: int) -> None:
    """End the session that makes the n-th statement or commit from here."""
    sessions = Sessions(number)
    event.listen(Engine, "before_cursor_execute", sessions.execute)
    event.listen(Engine, "commit", sessions.commit)


def _end(backend: int) -> None:
    """Send what pg_terminate_backend sends, and wait until that process is gone."""
    with suppress(ProcessLookupError):
        os.kill(backend, signal.SIGTERM)
        while True:
            os.kill(backend, 0)
            time.sleep(0.002)
