"""The doctor's looks at a registry's data folder: settings, keys, database, the last signed head, the worker."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from certlog.errors import Unavailable
from certlog.sentences import Sentence
from certlog.trust_root import TrustRoot
from cli.doctor_cosigners import look_at_cosigners
from cli.doctor_findings import Check, Finding, bad, good, warning
from registry.data_folder import DataFolder
from registry.epoch_append import last_epoch
from registry.heads import newest_checkpoint, waiting_entries
from registry.keys import load_key
from registry.last_signed_head import SignedHead, SigningHalted
from registry.log_tree import tree_size
from registry.opening import Surroundings, open_publisher, open_registry, open_tiles
from registry.settings import load_settings
from registry.tile_writer import TileWriter
from storage.database import closed_at_end

CLOCK_TOLERANCE: Final = 300
LATE: Final = 120
"""Seconds after which a missing signature or heartbeat means that no worker runs."""

_OTHERS: Final = 0o077


def registry_checks(path: Path, environ: Mapping[str, str], now: Callable[[], int]) -> list[Check]:
    """Return the looks at a data folder, in the order in which later ones rely on earlier ones."""
    folder, surroundings = DataFolder(path), Surroundings(environ, now)
    return [
        Check("settings", lambda: _settings(folder, environ)),
        Check("keys", lambda: _keys(folder)),
        Check("database", lambda: _database(folder, surroundings)),
        Check("last-signed-head", lambda: _last_signed_head(folder, surroundings)),
        Check("worker", lambda: _worker(folder, surroundings)),
        Check("tiles", lambda: _tiles(folder, surroundings)),
        Check("cosigners", lambda: _cosigners(folder, surroundings)),
        Check("trust-root", lambda: _trust_root(folder)),
    ]


def _settings(folder: DataFolder, environ: Mapping[str, str]) -> Iterator[Finding]:
    folder.require_ready()
    settings = load_settings(folder.settings, environ)
    yield good("settings", Sentence("log {origin}", origin=settings.origin))
    if settings.public_url.startswith("http://"):
        text = Sentence("people reach it at {url}, without encryption", url=settings.public_url)
        yield warning("settings", text, Sentence("put a web server with a certificate in front of it"))


def _keys(folder: DataFolder) -> Iterator[Finding]:
    for path in (folder.log_key, folder.list_key):
        load_key(path)
    yield good("keys", Sentence("log key and list key are there, for their owner only"))
    if folder.path.stat().st_mode & _OTHERS:
        text = Sentence("others may look into {path}", path=folder.path)
        yield warning("keys", text, Sentence("chmod 700 {path}", path=folder.path))


def _database(folder: DataFolder, surroundings: Surroundings) -> Iterator[Finding]:
    registry = open_registry(folder, surroundings)
    with closed_at_end(registry.database) as database, database.reading() as connection:
        damage = database.kind.damage(connection)
        size = tree_size(connection)
    if damage:
        remedy = Sentence("stop the registry; see docs/operations.md on restoring a backup")
        yield bad(
            "database",
            Sentence("{path} is damaged: {damage}", path=database.name, damage=damage),
            remedy,
        )
    else:
        yield good("database", Sentence("{path}: {size} entries", path=database.name, size=size))


def _last_signed_head(folder: DataFolder, surroundings: Surroundings) -> Iterator[Finding]:
    publisher = open_publisher(folder, surroundings)
    with closed_at_end(publisher.database):
        publisher.require_intact_head()
    yield good("last-signed-head", Sentence("what was signed last is what the database holds"))


def _tiles(folder: DataFolder, surroundings: Surroundings) -> Iterator[Finding]:
    registry = open_registry(folder, surroundings)
    store = open_tiles(folder, registry.settings)
    with closed_at_end(registry.database) as database, database.reading() as connection:
        newest = newest_checkpoint(connection)
    if newest is None:
        return  # said under "worker"
    try:
        TileWriter(store).require_edge(SignedHead(newest.size, newest.root))
    except SigningHalted as halted:
        yield bad(
            "tiles", str(halted), Sentence("certlog registry tiles check --data {path}", path=folder.path)
        )
    except Unavailable as error:
        remedy = Sentence("entries are logged meanwhile, and no head is signed until it answers again")
        yield bad("tiles", str(error), remedy)
    else:
        text = Sentence(
            "{store}: the right edge of size {size} is as it was signed", store=store.name, size=newest.size
        )
        yield good("tiles", text)


def _worker(folder: DataFolder, surroundings: Surroundings) -> Iterator[Finding]:
    registry = open_registry(folder, surroundings)
    with closed_at_end(registry.database) as database, database.reading() as connection:
        epoch, newest, size = last_epoch(connection), newest_checkpoint(connection), tree_size(connection)
        waiting = waiting_entries(connection)
    now = surroundings.now()
    if epoch is None or newest is None:
        yield warning("worker", Sentence("nothing is signed yet"), _START)
        return
    if epoch.time > now + CLOCK_TOLERANCE:
        text = Sentence("the clock is {seconds} s behind the last epoch", seconds=epoch.time - now)
        yield bad("worker", text, Sentence("set the machine's clock right; nothing is signed meanwhile"))
    late = now - epoch.time - registry.settings.heartbeat
    if late > LATE:
        text = Sentence("the last epoch is {minutes} minutes old", minutes=(now - epoch.time) // 60)
        yield bad("worker", text, _START)
    elif waiting.since is not None and now - waiting.since > registry.settings.epoch_interval + LATE:
        yield bad("worker", Sentence("{count} entries wait for a signed head", count=waiting.count), _START)
    elif waiting.count:
        text = Sentence(
            "{signed} of {size} entries are signed, the others are new", signed=newest.size, size=size
        )
        yield good("worker", text)
    else:
        yield good("worker", Sentence("all {size} entries are signed", size=newest.size))


def _cosigners(folder: DataFolder, surroundings: Surroundings) -> Iterator[Finding]:
    registry = open_registry(folder, surroundings)
    with closed_at_end(registry.database) as database, database.reading() as connection:
        yield from look_at_cosigners(connection, registry.settings.cosigners, surroundings.now())


_START: Final = Sentence(
    "start it: certlog registry serve, or certlog registry worker; its own words say more"
)


def _trust_root(folder: DataFolder) -> Iterator[Finding]:
    if not folder.trust_root.is_file():
        remedy = Sentence("certlog registry trust-root --data {path}", path=folder.path)
        yield bad("trust-root", Sentence("{path} is missing", path=folder.trust_root), remedy)
        return
    root = TrustRoot.parse(folder.trust_root.read_bytes())
    text = Sentence("fingerprint {fingerprint}", fingerprint=root.fingerprint())
    yield good("trust-root", text)
    if not root.chains:
        text = Sentence("it names no chain: certificates stay pending")
        yield warning("trust-root", text, Sentence("see docs/anchoring.md"))
