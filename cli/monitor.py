"""`certlog monitor`: watches a log for what somebody should know, once or for ever, and tells people and programs.

Exit status: 0 nothing that needs anyone; 1 there is an alarm; 2 wrong command or input; 3 something could not be looked
at or delivered, and there is no alarm.
"""

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypedDict, Unpack

import click

from certlog.digests import DocumentHash
from certlog.encoding import b64url_decode
from certlog.errors import InvalidInput, Unavailable
from certlog.keys import check_did
from certlog.sentences import Sentence
from certlog.trust_root import TrustRoot
from cli.files import read_file
from cli.language import Command, say
from cli.mail import Mailbox
from cli.monitor_run import Anchors, Channels, Run, holding
from cli.monitor_text import Told
from cli.operator_options import first_line
from cli.pins import read_trust_root
from cli.webhook import Webhook, read_secret
from cli.within import patient_source, within_option
from issuer.key_file import PublicPart
from issuer.made import made_documents
from verifier.monitor import Watch
from verifier.monitor_mine import Mine
from verifier.monitor_state import FRAME

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_FOLDER: Final = click.Path(path_type=Path, file_okay=False)
_MAX_LIST: Final = 256 * 1024 * 1024
_SMTP_PORT: Final = 587


class _Options(TypedDict):
    trust_root_path: Path
    folder: Path
    issuers: tuple[str, ...]
    journals: tuple[Path, ...]
    made: Path | None
    key_parts: tuple[Path, ...]
    rpc: tuple[str, ...]
    no_chain: bool
    max_head_age: int
    max_anchor_age: int
    within: int | None
    every: int | None
    as_json: bool
    webhook: str | None
    webhook_secret: Path | None
    inner_hosts: tuple[str, ...]
    mail_to: tuple[str, ...]
    mail_from: str | None
    smtp: str
    smtp_user: str
    smtp_password: Path | None
    smtp_authority: Path | None


@click.command(
    "monitor",
    cls=Command,
    epilog="Exit status: 0 nothing that needs anyone; 1 an alarm; 2 wrong command or input; 3 something could not be "
    "looked at or delivered.",
)
@click.argument("target")
@click.option(
    "--trust-root",
    "trust_root_path",
    type=_FILE,
    required=True,
    envvar="CERTLOG_TRUST_ROOT",
    show_envvar=True,
    help="What the monitor pins; see `certlog trust-root`.",
)
@click.option(
    "--folder",
    type=_FOLDER,
    required=True,
    help="Where the monitor remembers: state, copies of entries, evidence, waiting messages.",
)
@click.option("--issuer", "issuers", metavar="DID", multiple=True, help="A body to watch over; repeatable.")
@click.option(
    "--journal",
    "journals",
    type=_FOLDER,
    multiple=True,
    help="The --out folder of `certlog issuer`: what the body made; repeatable.",
)
@click.option(
    "--made",
    type=_FILE,
    help="Instead of a journal: hashes of what the body made, one a line, base64url or hex.",
)
@click.option(
    "--key",
    "key_parts",
    type=_FILE,
    multiple=True,
    help="The .pub.json of a key of the body; any other key in its name is an alarm; repeatable.",
)
@click.option(
    "--rpc", metavar="URL", multiple=True, help="Ask this node instead of the trust root's; repeatable."
)
@click.option("--no-chain", is_flag=True, help="Do not look at the anchors.")
@click.option(
    "--max-head-age",
    type=click.IntRange(60),
    default=7200,
    show_default=True,
    help="Seconds after which the newest epoch is stale.",
)
@click.option(
    "--max-anchor-age",
    type=click.IntRange(60),
    default=86_400,
    show_default=True,
    help="Seconds after which the newest anchor is late.",
)
@within_option
@click.option(
    "--every",
    metavar="SECONDS",
    type=click.IntRange(1, 86_400),
    help="Look again and again, until Ctrl-C  [default: once]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--webhook", metavar="URL", help="Post what is said to this address, signed.")
@click.option("--webhook-secret", type=_FILE, help="The secret's file; it is made where it is missing.")
@click.option(
    "--allow-inner-host",
    "inner_hosts",
    metavar="HOST",
    multiple=True,
    help="Let exactly this host of a webhook have an inner address, and plain http; repeatable.",
)
@click.option(
    "--mail-to", metavar="ADDRESS", multiple=True, help="Send what is said to this address; repeatable."
)
@click.option("--mail-from", metavar="ADDRESS", help="The address that mail comes from.")
@click.option(
    "--smtp",
    metavar="HOST[:PORT]",
    default="localhost:25",
    show_default=True,
    help="The mail server; STARTTLS, or TLS at once on port 465.",
)
@click.option("--smtp-user", default="", help="Who logs in at the mail server.")
@click.option("--smtp-password-file", "smtp_password", type=_FILE, help="Their password, in a file.")
@click.option(
    "--smtp-ca",
    "smtp_authority",
    type=_FILE,
    help="Who vouches for the mail server, PEM  [default: the system's]",
)
@click.pass_context
def monitor(context: click.Context, target: str, **options: Unpack[_Options]) -> None:
    """Watch a log: fork, old or stale heads, late anchors, invalid entries, and what is said in a body's name.

    TARGET is a registry's address, or a folder with its tiles. Every entry is recomputed and nothing is taken over. Run
    it from the system's scheduler, or let it run with --every. Nothing is lost when it is killed.
    """
    trust_root = read_trust_root(options["trust_root_path"])
    with holding(options["folder"]):
        run = _open(target, trust_root, options)
        status = run.once()
        if options["every"] is not None:
            stop = _stop_on_signals()
            while not stop.wait(options["every"]):
                try:
                    run.once()
                except Unavailable as error:  # a full disk, for one: the next look begins again
                    say(error.args[0], err=True)
            return
    context.exit(status)


def _open(target: str, trust_root: TrustRoot, options: _Options) -> Run:
    endpoints = None if options["no_chain"] or not trust_root.chains else options["rpc"]
    _mine(options)  # what cannot be read is said before anything is made
    return Run.open(
        # What was watched before and is gone is a log that cannot be read: that is told, and lasts.
        patient_source(target, options["within"], must_exist=not (options["folder"] / FRAME.name).exists()),
        options["folder"],
        trust_root,
        lambda files: Watch(files, trust_root, lambda: _mine(options), options["max_head_age"]),
        channels=_channels(options, trust_root.origin),
        anchors=Anchors(endpoints, options["max_anchor_age"]),
        now=lambda: int(time.time()),
        told=Told(as_json=options["as_json"]),
    )


def _mine(options: _Options) -> tuple[Mine, ...]:
    """Put together whom to watch over, and what they say they made."""
    made: dict[str, frozenset[DocumentHash]] = dict(made_documents(options["journals"]))
    parts = [PublicPart.parse(read_file(path)) for path in options["key_parts"]]
    dids = dict.fromkeys(
        [*(check_did(did) for did in options["issuers"]), *made, *(part.did for part in parts)]
    )
    if options["made"] is not None:
        listed = _hashes(options["made"])
        made = {did: made.get(did, frozenset()) | listed for did in dids}
    keys = {did: tuple(part.key.multibase for part in parts if part.did == did) for did in dids}
    return tuple(Mine(did, made.get(did), keys[did]) for did in dids)


def _hashes(path: Path) -> frozenset[DocumentHash]:
    found = set()
    for number, line in enumerate(read_file(path, _MAX_LIST).decode(errors="replace").split("\n"), start=1):
        text = line.strip()
        if not text:
            continue
        try:
            digest = bytes.fromhex(text) if len(text) == 64 else b64url_decode(text, 32)  # noqa: PLR2004 - hex digits
        except (ValueError, InvalidInput) as error:
            message = Sentence(
                "expected a hash of 32 bytes, base64url or hex, found {text!r}", text=text[:60]
            )
            raise InvalidInput(message, place=f"{path}:{number}", code="bad-hash") from error
        found.add(DocumentHash(digest))
    return frozenset(found)


def _channels(options: _Options, origin: str) -> Channels:
    webhook = mailbox = None
    if options["webhook"] is not None:
        if options["webhook_secret"] is None:
            raise click.UsageError(Sentence("--webhook needs --webhook-secret FILE"))
        secret = read_secret(options["webhook_secret"])
        webhook = Webhook(
            options["webhook"], secret, frozenset(host.lower() for host in options["inner_hosts"])
        )
    if options["mail_to"]:
        if options["mail_from"] is None:
            raise click.UsageError(Sentence("--mail-to needs --mail-from ADDRESS"))
        host, port = _host_and_port(options["smtp"])
        password = options["smtp_password"]
        mailbox = Mailbox(
            host,
            port,
            options["mail_from"],
            options["mail_to"],
            options["smtp_user"],
            "" if password is None else first_line(password),
            options["smtp_authority"],
        )
    return Channels(origin, webhook, mailbox)


def _host_and_port(text: str) -> tuple[str, int]:
    host, mark, port = text.rpartition(":")
    if not mark:
        return text, _SMTP_PORT
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 2**16:
        raise click.UsageError(Sentence("expected --smtp HOST[:PORT]"))
    return host.strip("[]"), int(port)


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    handler: Callable[..., None] = lambda *_: stop.set()  # noqa: E731 - one line for two signals
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, handler)
    return stop
