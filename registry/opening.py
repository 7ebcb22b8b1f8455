"""Opens a registry or its publisher from a data folder: the one place where their real parts are joined.

`initialise` makes the folder; after it, every opening checks that folder, database and settings belong together.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import insert, select

from certlog.errors import InvalidInput, Unavailable
from certlog.note import VerifierKey
from certlog.tree import EMPTY_ROOT
from registry import lookup, schema
from registry.append import LogWriter
from registry.data_folder import DataFolder
from registry.database import Database
from registry.heads import HeadSigner
from registry.keys import LogSigner, create_key, load_key
from registry.last_signed_head import LastSignedHeadFile, SignedHead
from registry.publisher import Publisher
from registry.service import Registry
from registry.settings import Settings, load_settings
from registry.tables import log_identity
from registry.trust_ledger import TrustLedger


def system_now() -> int:
    """Return the system clock in whole seconds."""
    return int(time.time())


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process gives a registry: its environment, a clock and a source of randomness."""

    environ: Mapping[str, str]
    now: Callable[[], int] = system_now
    random_bytes: Callable[[int], bytes] = os.urandom


def initialise(folder: DataFolder, settings: Settings, surroundings: Surroundings) -> VerifierKey:
    """Make keys, database and last-signed-head file in a folder; return the log's verifier key.

    Raises:
        InvalidInput: there is a registry in the folder already.
        Unavailable: the folder cannot be written.
    """
    folder.create()
    folder.require_writable()
    if folder.database.exists() or folder.last_signed_head.exists():
        message = f"{folder.path} holds a registry already; nothing was changed"
        raise InvalidInput(message, code="folder-used")
    log_key = LogSigner(settings.origin, create_key(folder.log_key, surroundings.random_bytes(32)))
    create_key(folder.list_key, surroundings.random_bytes(32))
    database = Database(folder.database, busy_timeout=settings.busy_timeout)
    try:
        schema.upgrade(database)
        row = {"id": 1, "origin": settings.origin, "log_key": log_key.verifier_key.to_text()}
        with database.writing() as connection:
            connection.execute(insert(log_identity).values(row | {"created_at": surroundings.now()}))
    finally:
        database.close()
    LastSignedHeadFile(folder.last_signed_head, settings.origin).create(SignedHead(0, EMPTY_ROOT))
    return log_key.verifier_key


def migrate(folder: DataFolder, surroundings: Surroundings) -> None:
    """Bring the folder's database to the newest schema; only the parent of all workers does this."""
    folder.require_ready()
    settings = load_settings(folder.settings, surroundings.environ)
    database = Database(folder.database, busy_timeout=settings.busy_timeout)
    try:
        schema.upgrade(database)
    finally:
        database.close()


def open_registry(folder: DataFolder, surroundings: Surroundings) -> Registry:
    """Open the registry for reading and appending, after fork.

    Raises:
        InvalidInput: settings or keys are missing or wrong.
        Unavailable: the database is of another log or schema, or cannot be used.
    """
    settings, database = _open_database(folder, surroundings)
    signer = load_key(folder.list_key)
    return Registry(database, settings, signer, surroundings.now, surroundings.random_bytes)


def open_publisher(folder: DataFolder, surroundings: Surroundings) -> Publisher:
    """Open the publisher: the one process that holds the log key.

    Raises:
        InvalidInput: settings or keys are missing or wrong.
        Unavailable: the database is of another log, key or schema, or cannot be used.
    """
    settings, database = _open_database(folder, surroundings)
    log_key = LogSigner(settings.origin, load_key(folder.log_key))
    with database.reading() as connection:
        made_with = lookup.log_key(connection)
    if made_with != log_key.verifier_key.to_text():
        message = f"{folder.log_key} is {log_key.verifier_key.to_text()}; the log was made with {made_with}"
        raise Unavailable(message)
    head_file = LastSignedHeadFile(folder.last_signed_head, settings.origin)
    return Publisher(
        database,
        LogWriter(database, TrustLedger(settings.operator, settings.origin), surroundings.now),
        HeadSigner(database, log_key, head_file, surroundings.now),
        surroundings.now,
        origin=settings.origin,
        epoch_interval=settings.epoch_interval,
        heartbeat=settings.heartbeat,
    )


def _open_database(folder: DataFolder, surroundings: Surroundings) -> tuple[Settings, Database]:
    folder.require_ready()
    settings = load_settings(folder.settings, surroundings.environ)
    if not folder.database.is_file():
        message = (
            f"{folder.database} does not exist; restore it, or start a new log with certlog registry init"
        )
        raise Unavailable(message)
    database = Database(folder.database, busy_timeout=settings.busy_timeout)
    schema.require_newest(database)
    with database.reading() as connection:
        origin = connection.execute(select(log_identity.c.origin)).scalar_one()
    if origin != settings.origin:
        message = f"the database is of the log {origin!r}, the settings say {settings.origin!r}"
        raise Unavailable(message)
    return settings, database
