"""`certlog anchor recover`: looks at chain and log, explains the one repair that is safe, asks, and keeps why."""

import os
from pathlib import Path
from typing import Final

import click

from anchoring.batch import SealedHead
from anchoring.database import open_database
from anchoring.line_store import LineStore
from anchoring.lines import load_line, lock_name
from anchoring.lock import leader_lock
from anchoring.ports import LockHeld
from anchoring.recovery import explain, find_repair
from anchoring.repairs import Repairs, gather
from certlog.digests import RootHash
from certlog.errors import Unavailable
from certlog.sentences import Sentence
from certlog.tree import consistency_proof, root_at
from cli.anchor_options import data_option, line_option, now
from cli.anchoring import open_settings_chain
from cli.language import Command, in_words, say
from registry.database import Database
from registry.log_tree import node_reader, tree_size
from registry.seals import stored_seals
from storage.database import closed_at_end


class StoredLog:
    """A registry's database as anchoring's SealedBatches; the log's key is not needed."""

    def __init__(self, database: Database, origin: str) -> None:
        """Read from an opened database."""
        self._database: Final = database
        self._origin: Final = origin

    def sealed_batches(self) -> tuple[tuple[int, SealedHead], ...]:
        """See SealedBatches."""
        stored = stored_seals(self._database, self._origin)
        return tuple(
            (head.number, SealedHead(head.origin, head.size, head.root, head.note)) for head in stored
        )

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """See SealedBatches."""
        with self._database.reading() as connection:
            return consistency_proof(old, new, node_reader(connection))

    def latest_size(self) -> int:
        """See SealedBatches."""
        with self._database.reading() as connection:
            return tree_size(connection)

    def root(self, size: int) -> RootHash:
        """See SealedBatches."""
        with self._database.reading() as connection:
            return root_at(size, node_reader(connection))


@click.command("recover", cls=Command)
@data_option
@line_option
@click.option("--because", required=True, help="Why the line may be repaired; kept in the database.")
@click.option("--yes", is_flag=True, help="Do not ask: for those who have read what the command would do.")
def recover(folder: Path, line: str, because: str, *, yes: bool) -> None:
    """Repair a halted line, where that is safe: a spent nonce, or rows that a lost or restored database lacks.

    Stop the worker first. The command looks at the finalized chain and at the log, says what it would do and why
    that doubles and loses nothing, and asks. What it does not repair is for people: docs/anchoring.md.
    """
    from registry.data_folder import DataFolder  # noqa: PLC0415 - the registry is needed by this command only
    from registry.opening import Surroundings, open_registry  # noqa: PLC0415 - as above

    settings = load_line(folder, line)
    registry = open_registry(DataFolder(folder), Surroundings(os.environ))
    with (
        closed_at_end(registry.database),
        closed_at_end(open_database(settings.address(folder), create=True)) as database,
        open_settings_chain(settings) as chain,
    ):
        lock = leader_lock(database, folder / lock_name(line))
        try:
            lock.acquire()
        except LockHeld as error:
            raise Unavailable(Sentence("stop the anchoring worker first: {error}", error=error)) from error
        try:
            store, pins = LineStore(database, settings.target(), settings.account, now=now()), settings.pins()
            store.take_lead()
            known = store.line()
            log = StoredLog(registry.database, settings.origin)
            facts = gather(chain, log, known, pins, store.finals())
            repair = find_repair(known, facts, pins, now())
            what = explain(repair)
            say(what)
            if not yes:
                click.confirm(in_words(Sentence("Do it?")), abort=True)
            Repairs(store, pins).perform(repair, what=what, because=because, at=now())
        finally:
            lock.release()
    say(Sentence("repaired; start the worker again: it repeats every check of its start-up"))
