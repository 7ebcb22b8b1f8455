"""`certlog registry`: make a registry, serve it, mend it. On the registry machine; it never sees an issuer's key.

Exit status: 0 done or stopped as asked; 2 wrong command, setting or input; 3 not possible now.
"""

import os
import signal
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict, Unpack

import click

from anchoring.database import migrate_database
from anchoring.lines import file_name, line_names, load_lines
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.trust_root import Chain, TrustRoot
from cli.database_option import database_option
from cli.language import VARIABLE, Group, language, say
from cli.log_key import rotate_log_key
from cli.logs import in_environment, log_option, voice
from cli.operator_options import FILE
from cli.registry_evidence import evidence
from cli.registry_receipt import receipt
from cli.registry_tiles import tiles
from cli.registry_tokens import token
from cli.reseed import reseed_head
from cli.serving import ServeOptions, serve
from issuer.key_file import PublicPart
from registry.data_folder import DataFolder
from registry.opening import (
    Surroundings,
    initialise,
    migrate,
    open_publisher,
    open_registry,
    open_rotation,
    system_now,
)
from registry.own_trust_root import update_trust_root
from registry.rebuild import check as check_views
from registry.settings import load_settings, make_settings
from storage.database import closed_at_end

_data = click.option(
    "--data",
    "path",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    envvar="CERTLOG_DATA",
    show_envvar=True,
    help="The registry's data folder.",
)


_metrics = click.option(
    "--metrics-port",
    type=click.IntRange(0, 65535),
    help="Serve /metrics for Prometheus on this port of 127.0.0.1; 0 takes a free one.",
)


class _InitOptions(TypedDict):
    origin: str
    public_url: str
    operator_part: Path
    recovery_part: Path
    epoch_interval: int
    database: str | None
    tiles: str | None
    tiles_endpoint: str | None


class _ServeOptions(TypedDict):
    host: str
    port: int
    workers: int
    threads: int
    passphrase_file: Path | None
    no_anchoring: bool
    metrics_port: int | None
    log_format: str


@click.group("registry", cls=Group)
def registry() -> None:
    """On the registry machine: create, serve, tokens."""


registry.add_command(token)
registry.add_command(evidence)
registry.add_command(receipt)
registry.add_command(reseed_head)
registry.add_command(tiles)
registry.add_command(rotate_log_key)


@registry.command("init")
@_data
@click.option("--origin", required=True, help="The log's name for ever, such as registry.example.vn.")
@click.option(
    "--public-url", required=True, help="Where people reach it, such as https://registry.example.vn."
)
@click.option(
    "--operator-key", "operator_part", type=FILE, required=True, help="The operator's .pub.json file."
)
@click.option(
    "--recovery-key", "recovery_part", type=FILE, required=True, help="The recovery key's .pub.json file."
)
@click.option("--epoch-interval", type=click.IntRange(1, 60), default=50, show_default=True, help="Seconds.")
@database_option
@click.option(
    "--tiles",
    metavar="s3://BUCKET/PREFIX|FOLDER",
    help="Where tiles are kept; in the data folder without it.",
)
@click.option("--tiles-endpoint", metavar="URL", help="The object storage's address, where not Amazon's.")
def init(path: Path, **options: Unpack[_InitOptions]) -> None:
    """Make a new registry: settings, keys, database and trust root. An existing one is never touched.

    The operator's and the recovery key are made elsewhere, by `certlog operator keygen`; only their public parts come
    here.
    """
    operator, recovery = _public(options["operator_part"]), _public(options["recovery_part"])
    if operator.key == recovery.key:
        raise InvalidInput("the recovery key is the operator's key: it must be another one", code="same-key")
    settings = make_settings(
        {
            "origin": options["origin"],
            "public_url": options["public_url"],
            "operator_did": operator.did,
            "operator_key": operator.key.multibase,
            "recovery_key": recovery.key.multibase,
            "epoch_interval": options["epoch_interval"],
            "database": options["database"],
            "tiles": options["tiles"],
            "tiles_endpoint": options["tiles_endpoint"],
        }
    )
    root = initialise(DataFolder(path), settings, Surroundings(os.environ))
    say(Sentence("made {path}", path=path))
    say(Sentence("log key {key}", key=root.log_keys[0].vkey.to_text()))


@registry.command("serve")
@_data
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback unless you say otherwise.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one."
)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Web processes.")
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True, help="Threads in each.")
@click.option("--passphrase-file", type=FILE, help="Opens the anchoring key; asked for without it.")
@click.option(
    "--no-anchoring", is_flag=True, help="Serve and sign without anchoring, for instance for repairs."
)
@_metrics
@log_option
def serve_command(path: Path, **options: Unpack[_ServeOptions]) -> None:
    """Serve pages and API, sign heads and anchor them, until Ctrl-C."""
    said = voice(options["log_format"])
    _check_before_serving(DataFolder(path))
    anchoring = bool(load_lines(path)) and not options["no_anchoring"]
    if options["no_anchoring"]:
        said.note(Sentence("not anchoring, as --no-anchoring says: certificates stay pending"))
    elif not anchoring:
        said.note(Sentence("not anchoring: see certlog anchor deploy and certlog anchor open-log"))
    told = ServeOptions(
        folder=path.resolve(),
        host=options["host"],
        port=options["port"],
        workers=options["workers"],
        threads=options["threads"],
        metrics_port=options["metrics_port"],
        log_format=options["log_format"],
        passphrases=_passphrases(path, options["passphrase_file"]) if anchoring else None,
    )
    serve(
        told,
        {**os.environ, VARIABLE: language(), **in_environment(options["log_format"])},
        _stop_on_signals(),
        said.note,
    )


@registry.command("worker")
@_data
@click.option(
    "--passphrase-file", type=FILE, help="Opens the anchoring key; without a passphrase nothing is anchored."
)
@click.option("--passphrase-stdin", is_flag=True, help="Read it from standard input instead.")
@_metrics
@log_option
def worker(
    path: Path,
    passphrase_file: Path | None,
    passphrase_stdin: bool,
    metrics_port: int | None,
    log_format: str,
) -> None:
    """Sign heads, append epochs and anchor, without web pages. `serve` starts this itself; run one at most."""
    from cli.anchor_lines import start_lines  # noqa: PLC0415 - what anchoring needs is loaded in this process only
    from cli.cosigning import start_cosigning  # noqa: PLC0415 - as above
    from cli.metrics import serving_metrics  # noqa: PLC0415 - as above
    from cli.registry_worker import check_thread, publish, start  # noqa: PLC0415 - as above

    folder, surroundings, stop = DataFolder(path), Surroundings(os.environ), _stop_on_signals()
    said = voice(log_format)
    secrets = _worker_secrets(path, passphrase_file, from_stdin=passphrase_stdin)
    publisher = open_publisher(folder, surroundings)
    settings = load_settings(folder.settings, os.environ)
    with serving_metrics(metrics_port, publisher.database, path, system_now) as served:
        meters = None
        halting: Callable[[float], object] = _ignore
        if served is not None:
            meters, halting = served[0], served[0].signing_halted.set
            said.note(Sentence("metrics at http://127.0.0.1:{port}/metrics", port=served[1]))
        start(publisher, settings.publish_interval, stop, tell=said.tell, now=system_now)
        check_thread(publisher, stop, said.tell, system_now).start()
        start_lines(path, publisher, secrets, stop=stop, now=system_now, said=said, meters=meters)
        start_cosigning(
            publisher.database,
            publisher.tiles,
            settings.cosigners.witnesses,
            settings.witness_interval,
            stop,
            tell=said.tell,
            now=system_now,
        )
        interval = settings.publish_interval
        publish(publisher, interval, stop, tell=said.tell, now=system_now, halting=halting)


@registry.command("trust-root")
@_data
@click.option("--replace", is_flag=True, help="Although verifiers may rely on what it says now.")
def trust_root(path: Path, replace: bool) -> None:
    """Write the registry's own trust root anew, with the chain of `certlog anchor open-log`; print its fingerprint."""
    folder = DataFolder(path)
    folder.require_ready()
    rotation = open_rotation(folder, Surroundings(os.environ))
    with closed_at_end(rotation.database):
        root = update_trust_root(
            folder, rotation.settings, own_chains(path), replace=replace, log_keys=rotation.keys()
        )
    click.echo(f"{folder.trust_root}\n{root.fingerprint()}")


@registry.command("check")
@_data
def check(path: Path) -> None:
    """Hash every entry again, derive every table again from the entries, and name the first difference."""
    opened = open_registry(DataFolder(path), Surroundings(os.environ))
    try:
        with tempfile.TemporaryDirectory(prefix="certlog-check-") as scratch:
            size = check_views(
                opened.database, Path(scratch) / "scratch.db", opened.settings.operator, opened.origin
            )
    finally:
        opened.database.close()
    say(Sentence("{size} entries: tree and tables are what the entries say", size=size))


def own_chains(path: Path) -> tuple[Chain, ...]:
    """Return the chain of each line."""
    return tuple(settings.trust_root_chain() for settings in load_lines(path).values())


def _check_before_serving(folder: DataFolder) -> None:
    """Find what is wrong before any process starts: settings, keys, schema, the last signed head, the trust root."""
    migrate(folder, Surroundings(os.environ))
    for settings in [*load_lines(folder.path).values()][:1]:  # all lines share one database
        migrate_database(settings.address(folder.path))
    publisher = open_publisher(folder, Surroundings(os.environ))
    try:
        publisher.require_intact_head()
    finally:
        publisher.database.close()
    if not folder.trust_root.is_file():
        message = Sentence(
            "{trust_root} does not exist; make it with: certlog registry trust-root --data {path}",
            trust_root=folder.trust_root,
            path=folder.path,
        )
        raise InvalidInput(message, code="no-trust-root")
    pinned = TrustRoot.parse(folder.trust_root.read_bytes())
    if not set(own_chains(folder.path)) <= set(pinned.chains):
        remedy = Sentence("certlog registry trust-root --data {path}", path=folder.path)
        message = Sentence(
            "{trust_root} lacks the chain of {file_name}; run: {remedy}",
            trust_root=folder.trust_root,
            file_name=", ".join(map(file_name, line_names(folder.path))),
            remedy=remedy,
        )
        raise InvalidInput(message, code="old-trust-root")


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    return stop


def _passphrases(path: Path, file: Path | None) -> tuple[str, ...]:
    from cli.anchor_lines import read_secrets  # noqa: PLC0415 - the parent of all loads no more than it must

    return tuple(read_secrets(path, {"passphrase_file": file, "passphrase_fd": None}).values())


def _worker_secrets(path: Path, file: Path | None, *, from_stdin: bool) -> dict[str, str]:
    """Return each line's secret; none, and nothing is anchored, where nobody said where they are."""
    from cli.anchor_lines import read_secrets, read_secrets_from_stdin  # noqa: PLC0415 - as above

    if from_stdin:
        return read_secrets_from_stdin(path)
    return {} if file is None else read_secrets(path, {"passphrase_file": file, "passphrase_fd": None})


def _ignore(_value: float) -> None:
    """Where nobody measures."""


def _public(path: Path) -> PublicPart:
    try:
        return PublicPart.parse(path.read_bytes())
    except OSError as error:
        message = Sentence("cannot read {path}: {reason}", path=path, reason=error)
        raise InvalidInput(message, code="not-readable") from error
    except InvalidInput as error:
        message = Sentence("{path}: expected the .pub.json of a key; {reason}", path=path, reason=error)
        raise InvalidInput(message, code=error.code) from error
