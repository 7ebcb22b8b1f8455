"""`certlog backup` and `certlog restore`: one file with everything of a registry but its private keys.

The last-signed-head file is never in a backup and never restored: a restored registry signs nothing until it has been
told, from outside, the highest head that anyone holds (`certlog registry reseed-head`).
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import click

from anchoring import tables as anchoring_tables
from anchoring.database import NotMadeYet, migrate_database
from anchoring.database import open_database as open_anchoring
from anchoring.lines import LINES, SETTINGS_FILES, file_name, keystore, line_names, load_line, load_lines
from anchoring.settings import DATABASE_NAME as ANCHORING_DATABASE
from anchoring.settings import save_settings
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.timestamps import format_time
from cli.language import Command, say
from registry import schema, tables
from registry.data_folder import DataFolder
from registry.database import Database
from registry.keys import LogSigner, load_key
from registry.log_tree import tree_size
from registry.lookup import log_key
from registry.opening import Surroundings, open_registry
from registry.rebuild import check
from registry.settings import Settings, load_settings, with_database
from storage.archive import Contents, read_archive, write_archive
from storage.copying import copy_tables
from storage.database import Address, closed_at_end
from storage.postgres import parse_url

LOG: Final = "registry.db"
SETTINGS: Final = "settings.toml"
TRUST_ROOT: Final = "trust-root.json"
NAMES: Final = (LOG, SETTINGS, TRUST_ROOT, *SETTINGS_FILES, ANCHORING_DATABASE)
"""What may stand in a backup: no key, and never last-signed-head.json."""

_WAIT: Final = 10.0
_FOLDER: Final = click.Path(path_type=Path, file_okay=False)
_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_OWNER_ONLY: Final = 0o600


@click.command("backup", cls=Command)
@click.option(
    "--data", "path", type=_FOLDER, required=True, envvar="CERTLOG_DATA", help="The registry's data folder."
)
@click.argument("target", type=_FILE)
def backup(path: Path, target: Path) -> None:
    """Write everything of a registry but its private keys into the new file TARGET, while it goes on serving."""
    contents = back_up(DataFolder(path), target, Surroundings(os.environ))
    say(Sentence("wrote {path}: {size} entries", path=target, size=contents.size))
    say(
        Sentence(
            "the private keys are not in it: keep a copy of {keys} in another safe place",
            keys=path / "keys",
        ),
        err=True,
    )


@click.command("restore", cls=Command)
@click.argument("source", type=_FILE)
@click.option("--data", "path", type=_FOLDER, required=True, help="The new data folder.")
@click.option(
    "--keys",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    required=True,
    help="Your own copy of the folder `keys`: log.key, list.key and, where it anchors, anchorer.json.",
)
@click.option(
    "--database", metavar="URL", help="An empty PostgreSQL database; without it, SQLite in the folder."
)
def restore(source: Path, path: Path, keys: Path, database: str | None) -> None:
    """Make a registry in a new folder from the backup SOURCE, and recompute all of it; it does not sign yet."""
    contents = put_back(source, DataFolder(path), keys, database)
    say(
        Sentence(
            "restored {path}: {size} entries of {made}, all recomputed",
            path=path,
            size=contents.size,
            made=contents.made,
        )
    )
    say(
        Sentence(
            "It signs nothing yet: more may have been signed after this backup. Tell it the highest head that "
            "anyone holds: certlog registry reseed-head --data {path} --chain --checkpoint FILE-OR-URL",
            path=path,
        ),
        err=True,
    )


def back_up(folder: DataFolder, target: Path, surroundings: Surroundings) -> Contents:
    """Write a backup; readers and writers go on meanwhile.

    1. Anchoring's tables, in one snapshot.
    2. The log and its views, in a later one: it holds every head that the first snapshot speaks of.
    3. Settings and trust root, and the manifest over all of it.

    Raises:
        InvalidInput: the target exists, or the folder is no registry.
        Unavailable: something cannot be read, or the target cannot be written.
    """
    registry = open_registry(folder, surroundings)
    with closed_at_end(registry.database), _scratch(target.parent) as scratch:
        for settings in [*load_lines(folder.path).values()][:1]:  # all lines share one database
            with suppress(NotMadeYet):
                _copy_anchoring(settings.address(folder.path), scratch / ANCHORING_DATABASE)  # 1
        with closed_at_end(Database(scratch / LOG, busy_timeout=_WAIT)) as copy:
            size = _copy_log(registry.database, copy)  # 2
        lines = (folder.path / name for name in SETTINGS_FILES)
        for path in (folder.settings, folder.trust_root, *lines):
            if path.is_file():
                shutil.copyfile(path, scratch / path.name)
        files = {name: scratch / name for name in NAMES if (scratch / name).is_file()}
        made = format_time(surroundings.now())
        return write_archive(target, files, origin=registry.origin, made=made, size=size)  # 3


def put_back(source: Path, folder: DataFolder, keys: Path, database: str | None) -> Contents:
    """Make a registry from a backup.

    1. Unpack it beside the new folder; every file is complete and unaltered.
    2. The keys are those of this log.
    3. Everything is recomputed from the entries, before any of it is used.
    4. Fill the database and the folder; move the folder into place.

    Raises:
        InvalidInput: the folder is used, no backup, a damaged one, or keys of another log.
        Unavailable: its tables are not what its entries say, or something cannot be written.
    """
    folder.require_new()
    draft = folder.draft()
    try:
        with _scratch(folder.path.absolute().parent) as scratch:
            contents = read_archive(source, scratch, NAMES)  # 1
            text = with_database(scratch / SETTINGS, database)
            (scratch / SETTINGS).write_text(text, "utf-8")
            settings = load_settings(scratch / SETTINGS, {})
            with closed_at_end(Database(scratch / LOG, busy_timeout=_WAIT)) as copy:
                schema.upgrade(copy)
                _require_key(copy, keys, settings)  # 2
                size = check(copy, scratch / "scratch.db", settings.operator, settings.origin)  # 3
                if (size, settings.origin) != (contents.size, contents.origin):
                    raise InvalidInput(
                        "the backup holds another log than its manifest says", code="not-a-backup"
                    )
                draft.create()
                _fill(draft, scratch, keys)
                _fill_anchoring(draft, scratch, database)
                _fill_database(draft, settings, copy)  # 4
        draft.path.replace(folder.path)
    except OSError as error:
        message = Sentence("cannot restore to {path}: {reason}", path=folder.path, reason=error)
        raise Unavailable(message) from error
    finally:
        shutil.rmtree(draft.path, ignore_errors=True)
    return contents


def _copy_log(source: Database, target: Database) -> int:
    schema.upgrade(target)
    with source.reading() as from_, target.writing() as to:
        copy_tables(from_, to, tables.metadata.sorted_tables)
        return tree_size(to)


def _copy_anchoring(source: Address, target: Address) -> None:
    with closed_at_end(open_anchoring(source, create=False)) as found:
        found.check()
        with (
            closed_at_end(open_anchoring(target, create=True)) as copy,
            found.reading() as from_,
            copy.writing() as to,
        ):
            copy_tables(from_, to, anchoring_tables.metadata.sorted_tables)


def _fill(draft: DataFolder, scratch: Path, keys: Path) -> None:
    for name in (SETTINGS, TRUST_ROOT):
        if (scratch / name).is_file():
            shutil.copyfile(scratch / name, draft.path / name)
    anchorers = (keystore(line).name for line in LINES)
    for name in (draft.log_key.name, draft.list_key.name, *anchorers):
        if (keys / name).is_file():
            shutil.copyfile(keys / name, draft.log_key.parent / name)
            (draft.log_key.parent / name).chmod(_OWNER_ONLY)


def _fill_anchoring(draft: DataFolder, scratch: Path, database: str | None) -> None:
    for line in line_names(scratch):
        settings = load_line(scratch, line).model_copy(update={"database": database})
        save_settings(settings, draft.path, file_name(line))
    for settings in [*load_lines(draft.path).values()][:1]:
        if (scratch / ANCHORING_DATABASE).is_file():
            migrate_database(scratch / ANCHORING_DATABASE)  # of an older version, perhaps
            _copy_anchoring(scratch / ANCHORING_DATABASE, settings.address(draft.path))


def _fill_database(draft: DataFolder, settings: Settings, copy: Database) -> None:
    address = draft.database if settings.database is None else parse_url(settings.database)
    with closed_at_end(Database(address, busy_timeout=_WAIT)) as made:
        with made.reading() as connection:
            origin = schema.origin_of(connection)
        if origin is not None:
            message = Sentence(
                "the database {path} holds the log {origin!r} already; choose an empty one with --database",
                path=made.name,
                origin=origin,
            )
            raise InvalidInput(message, code="database-used")
        _copy_log(copy, made)


def _require_key(copy: Database, keys: Path, settings: Settings) -> None:
    found = LogSigner(settings.origin, load_key(keys / "log.key")).verifier_key.to_text()
    load_key(keys / "list.key")
    with copy.reading() as connection:
        made_with = log_key(connection)
    if found != made_with:
        message = Sentence(
            "{path} is {found}; the log in the backup was made with {made_with}: name the folder of its keys",
            path=keys / "log.key",
            found=found,
            made_with=made_with,
        )
        raise InvalidInput(message, code="other-log-key")


@contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    """Return a folder of our own on the file system of the target, with room for what becomes of it."""
    try:
        with tempfile.TemporaryDirectory(prefix=".certlog-", dir=parent) as name:
            yield Path(name)
    except FileNotFoundError as error:
        raise InvalidInput(
            Sentence("the folder {path} does not exist", path=parent), code="no-folder"
        ) from error
