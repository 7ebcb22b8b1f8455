"""`certlog registry tiles`: compare the log's public files with the database and with what was signed; mend them.

Exit status: 0 all is as it was signed; 3 something is not, and which side.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from certlog.errors import Unavailable
from certlog.sentences import Sentence
from cli.language import Group, say
from registry.data_folder import DataFolder
from registry.database import Database
from registry.full_check import FullCheck
from registry.last_signed_head import LastSignedHeadFile, SignedHead
from registry.opening import Surroundings, open_registry, open_tiles, system_now
from registry.tile_check import Damage, examine, mend, mendable
from registry.tile_store import TileStore
from storage.database import closed_at_end

_DATA: Final = click.option(
    "--data",
    "path",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    envvar="CERTLOG_DATA",
    show_envvar=True,
    help="The registry's data folder.",
)
_TOLD: Final = 50
"""Places that are named; of the others the number is told."""
_SIDES: Final = {
    "tiles": Sentence("tiles"),
    "database": Sentence("database"),
    "unknown": Sentence("tiles or database"),
}


@dataclass(frozen=True, slots=True)
class _Log:
    """A log with the three things that are compared."""

    database: Database
    store: TileStore
    head: SignedHead
    checks: FullCheck


@click.group("tiles", cls=Group)
def tiles() -> None:
    """The log as static files: check them, write damaged ones anew."""


@tiles.command("check")
@_DATA
def check(path: Path) -> None:
    """Hash every entry and read every tile up to the last signed head; tell what is wrong, and on which side."""
    with _opened(path) as log:
        found = _examined(log)
        _tell(found)
        if found:
            _refuse(found)
        log.checks.note(log.head)
        say(
            Sentence(
                "{size} entries: database and {store} are what was signed",
                size=log.head.size,
                store=log.store.name,
            )
        )


@tiles.command("repair")
@_DATA
def repair(path: Path) -> None:
    """Write missing and damaged tiles anew from the database, where all of its entries are those that were signed."""
    with _opened(path) as log:
        found = _examined(log)
        _tell(found)
        if not mendable(found):
            _refuse(found)
        with log.database.reading() as connection:
            count = mend(connection, log.store, found)
        if left := _examined(log):
            _refuse(left)
        log.checks.note(log.head)
        say(Sentence("{count} files written in {store}", count=count, store=log.store.name))


def _examined(log: _Log) -> tuple[Damage, ...]:
    with log.database.reading() as connection:
        return examine(connection, log.head, log.store)


def _tell(found: Sequence[Damage]) -> None:
    for damage in found[:_TOLD]:
        say(
            Sentence(
                "{side}: {place}: {problem}",
                side=_SIDES[damage.side],
                place=damage.place,
                problem=damage.problem,
            ),
            err=True,
        )
    if len(found) > _TOLD:
        say(Sentence("and {count} more", count=len(found) - _TOLD), err=True)


def _refuse(found: Sequence[Damage]) -> None:
    if mendable(found):
        message = Sentence(
            "{count} files are not what was signed, the database is: run certlog registry tiles repair",
            count=len(found),
        )
    else:
        message = Sentence(
            "{count} places are not what was signed, some of them in the database: stop the registry and restore a "
            "backup; the signed bytes of an entry also stand in its bundle (docs/operations.md)",
            count=len(found),
        )
    raise Unavailable(message)


@contextmanager
def _opened(path: Path) -> Iterator[_Log]:
    folder = DataFolder(path)
    registry = open_registry(folder, Surroundings(os.environ))
    with closed_at_end(registry.database) as database:
        store = open_tiles(folder, registry.settings)
        head = LastSignedHeadFile(folder.last_signed_head, registry.origin).read()
        yield _Log(database, store, head, FullCheck(folder.last_full_check, database, store, system_now))
