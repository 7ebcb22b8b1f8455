"""A test's database on either kind: in its own folder or on the tests' own server; made, copied, damaged, put back."""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import make_url

from storage.database import Address
from tests.support.postgres import Cluster

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """Where one database is: a file, or a name on a server."""

    file: Path
    cluster: Cluster | None = None
    name: str = ""

    @property
    def url(self) -> str | None:
        """What the setting `database` says."""
        return None if self.cluster is None else self.cluster.url(self.name)

    @property
    def address(self) -> Address:
        """What a Database is opened with."""
        return self.file if self.url is None else make_url(self.url)

    def sql(self, statement: str) -> str:
        """Return a statement with its octets written as this kind of database writes them."""
        return statement if self.cluster is None else as_postgresql(statement)

    def choose(self, *, sqlite: T, postgresql: T) -> T:
        """Return what fits this kind of database."""
        return sqlite if self.cluster is None else postgresql

    def damage(self, statement: str) -> None:
        """Change rows behind the triggers' back: SQL as SQLite writes it."""
        if self.cluster is not None:
            self.cluster.damage(self.name, self.sql(statement))
            return
        with closing(sqlite3.connect(self.file)) as connection:
            triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for (name,) in connection.execute(triggers).fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(statement)
            connection.commit()

    def save(self) -> "Place":
        """Return a copy as it is now; nobody may be connected to a server's."""
        if self.cluster is not None:
            return Place(self.file, self.cluster, self.cluster.create(self.name))
        saved = self.file.with_suffix(".saved")
        with closing(sqlite3.connect(self.file)) as source, closing(sqlite3.connect(saved)) as copy:
            source.backup(copy)
        return Place(saved)

    def restore(self, saved: "Place") -> None:
        """Put a copy in its place; nobody may be connected."""
        if self.cluster is not None:
            self.cluster.drop(self.name)
            self.cluster.sql(f"CREATE DATABASE {self.name} TEMPLATE {saved.name}")
            self.cluster.drop(saved.name)
            return
        for leftover in self.file.parent.glob(f"{self.file.name}*"):
            leftover.unlink()
        shutil.copyfile(saved.file, self.file)


@contextmanager
def new_place(file: Path, cluster: Cluster | None, template: Place | None = None) -> Iterator[Place]:
    """Make a place: empty, or a copy of a closed template; a server's is dropped at the end."""
    if cluster is None:
        if template is not None:
            shutil.copyfile(template.file, file)
        yield Place(file)
        return
    name = cluster.create() if template is None else cluster.create(template.name)
    try:
        yield Place(file, cluster, name)
    finally:
        cluster.drop(name)


def as_postgresql(statement: str) -> str:
    """Return a statement with its octets written as PostgreSQL writes them."""
    statement = re.sub(r"x'([0-9A-Fa-f]*)'", r"decode('\1', 'hex')", statement)
    return re.sub(r"zeroblob\((\d+)\)", r"decode(repeat('00', \1), 'hex')", statement)
