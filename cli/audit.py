"""`certlog audit`: check a whole log on one's own machine, mirror it, cosign it.

Exit status of an audit: 0 clean; 1 a finding; 2 the command or its input was wrong; 3 nothing was found, but something
could not be checked.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Unpack

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from certlog.clean_text import json_text
from certlog.errors import InvalidInput, NotTrusted, Unavailable
from certlog.note import VerifierKey
from certlog.sentences import Sentence
from certlog.trust_root import TrustRoot
from cli.audit_database import with_database
from cli.audit_hand_in import hand_in
from cli.audit_keys import keygen, open_auditor_key
from cli.audit_pack import pack
from cli.audit_proofs import write_proofs
from cli.audit_report import NOTE_FILE, check_report, report_files, signed_note
from cli.audit_text import audit_lines
from cli.files import read_file
from cli.issuer_options import PassphraseOptions, passphrase_options, read_passphrase, speaking
from cli.language import Command, Group, in_words, say, shown
from cli.pins import read_trust_root
from cli.within import patient_source, within_option
from verifier.audit import audit as run_audit
from verifier.audit_anchors import AnchorPolicy
from verifier.audit_json import audit_json, result_of
from verifier.audit_record import Audit, AuditRequest
from verifier.audit_state import FRAME, AuditState
from verifier.cosigner import AuditorKey, ReportSigner, cosigned
from verifier.log_source import LogSource
from verifier.mirror import Mirror
from verifier.registry_client import RegistryAddress

EXIT_STATUS: Final = {"clean": 0, "finding": 1, "not checked": 3}
_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_FOLDER: Final = click.Path(path_type=Path, file_okay=False)
_WAIT: Final = 150
"""Seconds to wait for an epoch to cosign: a log appends one within a minute of any entry."""


class _RunByDefault(Group):
    """`certlog audit TARGET` is `certlog audit run TARGET`; a folder named like a command is written ./NAME."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put in `run` where no command is named."""
        words = [
            word for word in args if word not in ("--lang", "vi", "en") and not word.startswith("--lang=")
        ]
        if words and words[0] not in (*self.commands, "-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


class _Options(PassphraseOptions):
    trust_root_path: Path
    mirror: Path | None
    rpc: tuple[str, ...]
    offline: bool
    documents: bool
    jobs: int | None
    within: int | None
    max_lateness: int | None
    max_gap: int | None
    cosign_key: Path | None
    cosigned_path: Path
    hand_in: bool
    data: Path | None
    proofs: Path | None
    report: Path | None
    pdf: bool
    sign_key: Path | None


@click.group("audit", cls=_RunByDefault)
def audit() -> None:
    """Check a whole log: every entry, epoch, anchor and list, from its files and the chain.

    certlog audit URL|FOLDER --trust-root FILE
    """


audit.add_command(keygen)
audit.add_command(pack)


@audit.command(
    "run",
    cls=Command,
    epilog="Exit status: 0 clean; 1 a finding; 2 wrong command or input; 3 nothing found, but something could not be "
    "checked.",
)
@click.argument("target")
@click.option(
    "--trust-root",
    "trust_root_path",
    type=_FILE,
    required=True,
    envvar="CERTLOG_TRUST_ROOT",
    show_envvar=True,
    help="What the audit takes for granted; see `certlog trust-root`.",
)
@click.option(
    "--mirror",
    type=_FOLDER,
    help="Keep what was verified in this folder: the next audit goes on from there, and it can be served.",
)
@click.option(
    "--rpc", metavar="URL", multiple=True, help="Ask this node instead of the trust root's; repeatable."
)
@click.option("--offline", is_flag=True, help="Ask no chain: anchors are then not checked.")
@click.option("--documents", is_flag=True, help="Read every published certificate and check what it claims.")
@click.option(
    "--jobs", type=click.IntRange(1, 64), help="Processes that verify signatures  [default: all cores]"
)
@within_option
@click.option(
    "--max-lateness",
    type=click.IntRange(0),
    metavar="SECONDS",
    help="From an epoch to its anchor  [default: the trust root's maxStatusAge]",
)
@click.option(
    "--max-gap",
    type=click.IntRange(0),
    metavar="SECONDS",
    help="From one anchor to the next  [default: the trust root's maxAnchorAge]",
)
@click.option(
    "--cosign",
    "cosign_key",
    type=_FILE,
    metavar="KEYFILE",
    help="Cosign the checkpoint with this auditor's key, if it ends in an epoch and nothing was found.",
)
@click.option(
    "--cosigned",
    "cosigned_path",
    type=_FILE,
    default=Path("checkpoint.cosigned"),
    show_default=True,
    help="Where the cosigned checkpoint is written.",
)
@click.option("--hand-in", is_flag=True, help="Bring the cosigned checkpoint to the log at TARGET, too.")
@click.option(
    "--data", type=_FOLDER, help="Compare the database of this registry's data folder with the log."
)
@click.option(
    "--proofs",
    type=_FOLDER,
    metavar="DIR",
    help="Write omission proofs here, for statuses that the log stated wrongly, and each wrong list as it was served.",
)
@click.option(
    "--report", type=_FOLDER, help="Write a report for people here: HTML in both languages, and JSON."
)
@click.option("--pdf", is_flag=True, help="Add PDFs to the report; needs certlog[pdf].")
@click.option(
    "--sign", "sign_key", type=_FILE, metavar="KEYFILE", help="Sign the report with this auditor's key."
)
@passphrase_options
@speaking
@click.pass_context
def run(context: click.Context, target: str, **options: Unpack[_Options]) -> None:
    """Audit a log.

    TARGET is the log's web address, or a folder with the same files: a mirror, or a registry's tiles.
    """
    trust_root = read_trust_root(options["trust_root_path"])
    source = patient_source(target, options["within"])
    keys = _keys(options, is_web=source.is_the_log)
    try:
        with _progress(quiet=options["as_json"]) as progress:
            request = _request(source, trust_root, options, progress)
            found = run_audit(request)
        state = found.new_state()
        if options["data"] is not None:
            found = with_database(found, request.mirror, options["data"])
        if options["proofs"] is not None:
            write_proofs(found, request.mirror, trust_root, options["proofs"])
    finally:
        source.close()
    _remember(options["mirror"], state)
    if options["as_json"]:
        click.echo(json_text(audit_json(found), indent=2))
    else:
        for line in audit_lines(found):
            click.echo(shown(in_words(line)))
    if options["report"] is not None:
        _write_report(found, options["report"], keys.get(options["sign_key"]), pdf=options["pdf"])
    status = EXIT_STATUS[result_of(found)]
    key = keys.get(options["cosign_key"])
    if key is not None:
        note = _cosign(found, key, options["cosigned_path"])
        if note is None or (options["hand_in"] and not _hand_in(target, note, key, found.size)):
            status = status or EXIT_STATUS["not checked"]
    context.exit(status)


@audit.command("check-report", cls=Command)
@click.argument("folder", type=_FOLDER)
@click.option("--auditor", "vkey", required=True, metavar="VKEY", help="The auditor's key for reports.")
def check_report_command(folder: Path, vkey: str) -> None:
    """Check that a report's files are those that an auditor signed."""
    say(check_report(folder, _auditor(vkey)))


def _auditor(vkey: str) -> VerifierKey:
    try:
        return VerifierKey.from_text(vkey)
    except InvalidInput as error:
        message = Sentence(
            "{error}: expected the key for reports that `certlog audit keygen` printed", error=error
        )
        raise InvalidInput(message, place="--auditor", code=error.code) from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        Unavailable: it cannot be written.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        raise Unavailable(Sentence("cannot write {path}: {reason}", path=path, reason=error)) from error


def _keys(options: _Options, *, is_web: bool) -> dict[Path | None, AuditorKey]:
    """Open the keys that were asked for, before anything takes time; one passphrase opens them."""
    if options["sign_key"] is not None and options["report"] is None:
        raise click.UsageError("give --report FOLDER: --sign signs a report")
    if options["hand_in"] and options["cosign_key"] is None:
        raise click.UsageError("give --cosign KEYFILE: --hand-in brings the cosigned checkpoint to the log")
    if options["hand_in"] and not is_web:
        raise click.UsageError("give the log's web address as TARGET: --hand-in brings the checkpoint there")
    wanted = {path for path in (options["cosign_key"], options["sign_key"]) if path is not None}
    passphrase = read_passphrase(options) if wanted else ""
    return {path: open_auditor_key(path, passphrase) for path in wanted}


def _write_report(found: Audit, folder: Path, key: AuditorKey | None, *, pdf: bool) -> None:
    files = report_files(found, pdf=pdf)
    for name, data in files.items():
        write_whole(folder / name, data)
    if key is not None:
        write_whole(folder / NOTE_FILE, signed_note(found, files, ReportSigner(key)).encode())
    say(Sentence("report: {folder}", folder=folder), err=True)


def _cosign(found: Audit, key: AuditorKey, path: Path) -> str | None:
    try:
        note = cosigned(found, key, at=int(time.time()))
    except NotTrusted as error:
        say(str(error), err=True)
        return None
    write_whole(path, note.encode())
    say(Sentence("cosigned: {path}", path=path), err=True)
    return note


def _hand_in(target: str, note: str, key: AuditorKey, size: int) -> bool:
    """Bring a note to the log; whatever it answers, the note is kept and the audit stands."""
    try:
        say(hand_in(RegistryAddress.of(target), note, key.cosigner_key, size), err=True)
    except (InvalidInput, Unavailable) as error:
        say(str(error), err=True)
        return False
    return True


def _request(
    source: LogSource,
    trust_root: TrustRoot,
    options: _Options,
    progress: Callable[[int, int], object],
) -> AuditRequest:
    lateness, gap = options["max_lateness"], options["max_gap"]
    return AuditRequest(
        trust_root=trust_root,
        mirror=Mirror(source, options["mirror"]),
        now=lambda: int(time.time()),
        sleep=time.sleep,
        state=_state(options["mirror"], trust_root),
        policy=AnchorPolicy(
            trust_root.max_status_age if lateness is None else lateness,
            trust_root.max_anchor_age if gap is None else gap,
        ),
        jobs=options["jobs"] or os.cpu_count() or 1,
        endpoints=options["rpc"],
        offline=options["offline"],
        documents=options["documents"],
        wait_for_epoch=_WAIT if options["cosign_key"] is not None and source.is_the_log else 0,
        progress=progress,
    )


def _state(mirror: Path | None, trust_root: TrustRoot) -> AuditState | None:
    if mirror is None or not (mirror / FRAME.name).exists():
        return None
    state = AuditState.parse(read_file(mirror / FRAME.name, FRAME.max_bytes))
    FRAME.require_of(state, trust_root.origin, trust_root.fingerprint())
    return state


def _remember(mirror: Path | None, state: AuditState | None) -> None:
    if mirror is not None and state is not None:
        write_whole(mirror / FRAME.name, state.to_bytes())


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[int, int], object]]:
    """Show a bar to a person at a terminal, and nothing otherwise."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _done, _total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bars:
        task = bars.add_task(in_words(Sentence("entries")), total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
