"""`certlog rebuild`: an empty database made from the log alone, equal to the one that was lost."""

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypedDict, Unpack

import click
from sqlalchemy import select

from anchoring.database import NotMadeYet
from anchoring.database import open_database as open_anchoring
from anchoring.lines import database_address
from anchoring.tables import batches
from certlog.checkpoint import read_checkpoint
from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput, NotTrusted
from certlog.log_replay import LogReplay
from certlog.sentences import Sentence
from certlog.tile_reader import MissingTile, TileReader
from certlog.trust_root import TrustRoot
from cli.audit_text import audit_lines
from cli.language import Command, in_words, say, shown
from cli.pins import read_trust_root
from cli.within import patient_source, within_option
from registry.data_folder import DataFolder
from registry.database import Database
from registry.entries_source import EntriesSource
from registry.opening import Surroundings, open_to_rebuild
from registry.rebuild_from_log import LogToRebuild, rebuild
from storage.database import closed_at_end
from storage.postgres import parse_url
from verifier.audit import audit
from verifier.audit_documents import document_path
from verifier.audit_entries import BundleReader
from verifier.audit_parts import Findings
from verifier.audit_record import Audit, AuditRequest
from verifier.log_source import LogSource
from verifier.mirror import Mirror

_BUSY_TIMEOUT = 10


class _Options(TypedDict):
    data: Path
    trust_root_path: Path | None
    from_database: bool
    documents: bool
    jobs: int | None
    within: int | None


@click.command("rebuild", cls=Command)
@click.argument("source")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    envvar="CERTLOG_DATA",
    show_envvar=True,
    help="The registry's data folder with its settings and keys; its database must be empty or absent.",
)
@click.option(
    "--trust-root",
    "trust_root_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What the log is audited by first  [default: the one in the data folder]",
)
@click.option(
    "--from-database",
    is_flag=True,
    help="SOURCE is a database of this log, perhaps broken: an SQLite file or a PostgreSQL address.",
)
@click.option(
    "--documents/--no-documents",
    default=True,
    show_default=True,
    help="Take published certificates from the source, too.",
)
@click.option(
    "--jobs", type=click.IntRange(1, 64), help="Processes that verify signatures  [default: all cores]"
)
@within_option
def rebuild_command(source: str, **options: Unpack[_Options]) -> None:
    """Make the registry's database again from the log alone.

    SOURCE is the log's web address, or a folder with its files: a mirror, or the registry's tiles. The log is audited
    first; nothing is written unless it is right. Tables are then what the entries say, equal to those that were lost.

    What cannot come from the log: content that was withheld or sealed, API tokens, reserved slots that no certificate
    uses yet (a new reservation begins after the highest used slot).
    """
    folder = DataFolder(options["data"])
    trust_root = read_trust_root(options["trust_root_path"] or folder.trust_root)
    settings, database, log_key = open_to_rebuild(folder, Surroundings(os.environ))
    with (
        closed_at_end(database),
        _source(source, options["within"], from_database=options["from_database"]) as found,
    ):
        _require_key(log_key, trust_root)
        mirror = Mirror(found, None)
        audited = _audited(mirror, trust_root, options["jobs"] or os.cpu_count() or 1)
        tree = TileReader(mirror, audited.size, audited.root)
        documents = _documents(mirror, audited.replay) if options["documents"] else iter(())
        entries = BundleReader(mirror, tree, Findings()).entries()
        log = LogToRebuild(trust_root.log_keys, audited.note, entries, documents, _sealed(folder.path))
        written = rebuild(database, settings, log, now=int(time.time()))
    say(
        Sentence(
            "{entries} entries and {documents} documents written to {path}; next: certlog registry check --data "
            "{folder}, then reseed-head if the last signed head is lost",
            entries=written.entries,
            documents=written.documents,
            path=database.name,
            folder=folder.path,
        )
    )


@contextmanager
def _source(name: str, within: int | None, *, from_database: bool) -> Iterator[LogSource]:
    if not from_database:
        with closing(patient_source(name, within)) as found:
            yield found
        return
    is_server = name.startswith("postgresql")
    if not is_server and not Path(name).is_file():
        raise InvalidInput(Sentence("{path} is no database file", path=name), code="no-file")
    with (
        closed_at_end(
            Database(parse_url(name) if is_server else Path(name), busy_timeout=_BUSY_TIMEOUT)
        ) as old,
        old.reading() as connection,
    ):
        yield EntriesSource(connection, old.name)


def _sealed(folder: Path) -> tuple[tuple[int, str], ...]:
    """Return number and note of every batch that the anchoring database knows; nothing where there is none."""
    try:
        database = open_anchoring(database_address(folder), create=False)
    except NotMadeYet:
        return ()
    with closed_at_end(database), database.reading() as connection:
        rows = connection.execute(select(batches.c.number, batches.c.note))
        # Lines share what was sealed: each number has one head.
        return tuple({int(row.number): str(row.note) for row in rows}.items())


def _require_key(log_key: str, trust_root: TrustRoot) -> None:
    """Require that the folder holds the key that signs from now on: the one whose sizes have no end."""
    present = [key.vkey.to_text() for key in trust_root.log_keys if key.to_size is None]
    if log_key not in present:
        message = Sentence(
            "the data folder's log key is {found}; the trust root says that this one signs from now on: {expected}; "
            "use the newest trust root, and the key that belongs to it",
            found=log_key,
            expected=", ".join(present) or Sentence("none"),
        )
        raise NotTrusted(message, code="other-log-key")


def _audited(mirror: Mirror, trust_root: TrustRoot, jobs: int) -> Audit:
    request = AuditRequest(
        trust_root, mirror, now=lambda: int(time.time()), sleep=time.sleep, jobs=jobs, offline=True
    )
    found = audit(request)
    if not found.log_is_right or read_checkpoint(found.note).size != found.size:
        for line in audit_lines(found):
            click.echo(shown(in_words(line)), err=True)
        message = "nothing was written: the source is not a whole log that is right"
        raise NotTrusted(message, code="not-right")
    return found


def _documents(mirror: Mirror, replay: LogReplay) -> Iterator[SecuredDocument]:
    """Yield what is published of every certificate: its own document, by its hash, or none."""
    logged = sorted(replay.certificates(), key=lambda certificate: certificate.index)
    answers = mirror.read_ahead(document_path(certificate) for certificate in logged)
    for certificate, (_, data) in zip(logged, answers, strict=True):
        if isinstance(data, MissingTile):
            continue
        if not isinstance(data, bytes):
            raise data
        document = SecuredDocument.parse(data)
        if document.document_hash != certificate.document_hash:
            message = Sentence(
                "the published document is not the one that entry {index} logs", index=certificate.index
            )
            raise InvalidInput(message, code="other-document")
        yield document
