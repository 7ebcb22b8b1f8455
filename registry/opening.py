"""Opens a registry or its publisher from a data folder: the one place where their real parts are joined.

`initialise` makes the folder; after it, every opening checks that folder, database and settings belong together.
"""

import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, insert

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.tree import EMPTY_ROOT
from certlog.trust_root import LogKey, TrustRoot
from registry import lookup, schema
from registry.append import LogWriter
from registry.data_folder import DataFolder
from registry.database import Database
from registry.full_check import FullCheck
from registry.head_tiles import HeadTiles
from registry.heads import HeadSigner
from registry.keys import LogSigner, create_key, load_key
from registry.last_signed_head import LastSignedHeadFile, SignedHead
from registry.log_key_rotation import LogKeyRotation
from registry.own_trust_root import own_trust_root
from registry.publisher import Publisher
from registry.service import Registry
from registry.settings import Settings, load_settings
from registry.tables import log_identity
from registry.tile_store import TileStore
from registry.tile_writer import TileWriter
from registry.trust_ledger import TrustLedger
from storage.database import closed_at_end, closed_if_it_fails
from storage.postgres import parse_url
from storage.tile_bucket import open_bucket
from storage.tile_folder import TileFolder


def system_now() -> int:
    """Return the system clock in whole seconds."""
    return int(time.time())


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process gives a registry: its environment, a clock and a source of randomness."""

    environ: Mapping[str, str]
    now: Callable[[], int] = system_now
    random_bytes: Callable[[int], bytes] = os.urandom


def initialise(folder: DataFolder, settings: Settings, surroundings: Surroundings) -> TrustRoot:
    """Make a registry: settings, keys, database, last-signed-head file and its own trust root, still without a chain.

    Everything is made beside the folder and moved into place at the end: it is there whole or not at all. Of a database
    on a server the tables are made last, in one transaction.

    Raises:
        InvalidInput: the folder exists and is not empty, or the database holds a log.
        Unavailable: the folder cannot be written, or the database cannot be used.
    """
    folder.require_new()
    draft = folder.draft()
    try:
        draft.create()
        root = _fill(draft, settings, surroundings)
        draft.path.replace(folder.path)
    except OSError as error:
        message = Sentence(
            "cannot make the data folder {path}: {reason}; choose another with --data",
            path=folder.path,
            reason=error,
        )
        raise Unavailable(message) from error
    finally:
        shutil.rmtree(draft.path, ignore_errors=True)
    return root


def migrate(folder: DataFolder, surroundings: Surroundings) -> None:
    """Bring this log's database to the newest schema; only the parent of all workers does this.

    Raises:
        InvalidInput: settings are missing or wrong.
        Unavailable: the database holds no log, another log, or tables of a newer version.
    """
    folder.require_ready()
    settings = load_settings(folder.settings, surroundings.environ)
    with closed_at_end(_database_of(folder, settings)) as database:
        with database.reading() as connection:
            # First, so that no table is ever made or changed in a database that is not this log's.
            _require_own(connection, settings, database)
        if schema.upgrade(database):
            # The whole log is read again at the next start (Oak 2022: a migration lost rows).
            folder.last_full_check.unlink(missing_ok=True)


def open_registry(folder: DataFolder, surroundings: Surroundings) -> Registry:
    """Open the registry for reading and appending, after fork.

    Raises:
        InvalidInput: settings or keys are missing or wrong.
        Unavailable: the database is of another log or schema, or cannot be used.
    """
    settings, database = _open_database(folder, surroundings)
    with closed_if_it_fails(database):
        signer = load_key(folder.list_key)
        tiles = HeadTiles(open_tiles(folder, settings), surroundings.now)
        return Registry(database, settings, signer, surroundings.now, surroundings.random_bytes, tiles=tiles)


def open_publisher(folder: DataFolder, surroundings: Surroundings) -> Publisher:
    """Open the publisher: the one process that holds the log key.

    Raises:
        InvalidInput: settings or keys are missing or wrong.
        Unavailable: the database is of another log, key or schema, or cannot be used.
    """
    settings, database = _open_database(folder, surroundings)
    with closed_if_it_fails(database):
        log_key = LogSigner(settings.origin, load_key(folder.log_key))
        _require_log_key(database, log_key, folder)
        store = open_tiles(folder, settings)
    head_file = LastSignedHeadFile(folder.last_signed_head, settings.origin)
    return Publisher(
        database,
        LogWriter(database, TrustLedger(settings.operator, settings.origin), surroundings.now),
        HeadSigner(database, log_key, head_file, TileWriter(store), surroundings.now),
        FullCheck(folder.last_full_check, database, store, surroundings.now),
        surroundings.now,
        origin=settings.origin,
        epoch_interval=settings.epoch_interval,
        heartbeat=settings.heartbeat,
    )


def open_to_rebuild(folder: DataFolder, surroundings: Surroundings) -> tuple[Settings, Database, str]:
    """Open the database that the settings name, made if it is not there; return settings, database and the log's vkey.

    Raises:
        InvalidInput: settings or keys are missing or wrong.
        Unavailable: the database cannot be used.
    """
    folder.require_ready()
    settings = load_settings(folder.settings, surroundings.environ)
    log_key = LogSigner(settings.origin, load_key(folder.log_key))
    return settings, _database_of(folder, settings, create=True), log_key.verifier_key.to_text()


def open_tiles(folder: DataFolder, settings: Settings) -> TileStore:
    """Return the store of the tiles that the settings name, or the one in the data folder; nothing is asked yet.

    Raises:
        Unavailable: what object storage needs is not installed or set.
    """
    if settings.tiles is None or settings.tiles.startswith("/"):
        return TileFolder(folder.tiles if settings.tiles is None else Path(settings.tiles))
    return open_bucket(settings.tiles, settings.tiles_endpoint)


def open_rotation(folder: DataFolder, surroundings: Surroundings) -> LogKeyRotation:
    """Open what a rotation of the log key works on; the caller closes its database.

    Raises:
        InvalidInput: settings are missing or wrong.
        Unavailable: the database is of another log or schema, or cannot be used.
    """
    settings, database = _open_database(folder, surroundings)
    return LogKeyRotation(folder, settings, database, surroundings.now, surroundings.random_bytes)


def _fill(folder: DataFolder, settings: Settings, surroundings: Surroundings) -> TrustRoot:
    folder.settings.write_text(settings.to_toml(), "utf-8")
    log_key = LogSigner(settings.origin, create_key(folder.log_key, surroundings.random_bytes(32)))
    list_key = create_key(folder.list_key, surroundings.random_bytes(32))
    LastSignedHeadFile(folder.last_signed_head, settings.origin).create(SignedHead(0, EMPTY_ROOT))
    root = own_trust_root(settings, [LogKey(log_key.verifier_key, 0, None)], list_key.public_key, ())
    folder.trust_root.write_bytes(root.to_bytes())
    with closed_at_end(_database_of(folder, settings, create=True)) as database:
        row = {"id": 1, "origin": settings.origin, "log_key": log_key.verifier_key.to_text()}
        with database.writing() as connection:
            _require_empty(connection, database)
            schema.MIGRATIONS.upgrade(connection)
            connection.execute(insert(log_identity).values(row | {"created_at": surroundings.now()}))
    return root


def _open_database(folder: DataFolder, surroundings: Surroundings) -> tuple[Settings, Database]:
    folder.require_ready()
    settings = load_settings(folder.settings, surroundings.environ)
    database = _database_of(folder, settings)
    with closed_if_it_fails(database):
        schema.require_newest(database)
        with database.reading() as connection:
            _require_own(connection, settings, database)
    return settings, database


def _database_of(folder: DataFolder, settings: Settings, *, create: bool = False) -> Database:
    """Open the database that the settings name, or the file in the folder."""
    if settings.database is not None:
        return Database(parse_url(settings.database), busy_timeout=settings.busy_timeout)
    if not create and not folder.database.is_file():
        message = Sentence(
            "{database} does not exist; restore it, or start a new log with certlog registry init",
            database=folder.database,
        )
        raise Unavailable(message)
    return Database(folder.database, busy_timeout=settings.busy_timeout)


def _require_empty(connection: Connection, database: Database) -> None:
    origin = schema.origin_of(connection)
    if origin is not None:
        message = Sentence(
            "the database {path} holds the log {origin!r} already; nothing was changed: choose another database, or "
            "another schema in it, with --database",
            path=database.name,
            origin=origin,
        )
        raise InvalidInput(message, code="database-used")


def _require_own(connection: Connection, settings: Settings, database: Database) -> None:
    origin = schema.origin_of(connection)
    if origin is None:
        message = Sentence(
            "the database {path} holds no log; restore it, or start a new log with certlog registry init",
            path=database.name,
        )
        raise Unavailable(message)
    if origin != settings.origin:
        message = Sentence(
            "the database is of the log {origin!r}, the settings say {expected!r}",
            origin=origin,
            expected=settings.origin,
        )
        raise Unavailable(message)


def _require_log_key(database: Database, log_key: LogSigner, folder: DataFolder) -> None:
    with database.reading() as connection:
        made_with = lookup.log_key(connection)
    if made_with != log_key.verifier_key.to_text():
        message = Sentence(
            "{log_key} is {verifier_key}; the log's key is {made_with}. Was a rotation interrupted? Then run again: "
            "certlog registry rotate-log-key",
            log_key=folder.log_key,
            verifier_key=log_key.verifier_key.to_text(),
            made_with=made_with,
        )
        raise Unavailable(message)
