"""`certlog verify` and `certlog trust-root`: check a certificate on one's own machine, and pin what that rests on.

Exit status of `verify`: 0 valid, and only then; 1 the certificate must not be relied on as it stands; 2 the command or
its input was wrong; 3 there is no answer (pending, cannot check, unknown or mistyped id); 4 an OpenAttestation document
that is unaltered, issued and not revoked (open_attestation.py).
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import Final, TypedDict, Unpack

import click

from certlog.clean_text import json_text
from certlog.errors import InvalidInput
from certlog.sealed import key_from_text
from certlog.sentences import Sentence
from certlog.status_proof import MAX_STATUS_PROOF_BYTES, STATUS_PROOF_KIND, StatusProof
from certlog.timestamps import parse_time
from certlog.trust_root import TrustRoot
from cli.files import read_file, replace_file
from cli.language import Command, Group, language, say
from cli.open_attestation import EXIT_STATUS as EXIT_OF_FOREIGN
from cli.open_attestation import (
    Asked,
    check_open_attestation,
    read_if_open_attestation,
    render_open_attestation,
)
from cli.pins import read_seen, read_trust_root
from cli.status import check as check_status_proof
from cli.status import exit_status as status_exit
from cli.status import show as show_status
from cli.trust_root_changes import compare, pin_rotation, set_auditors, set_log_id
from cli.verdict_text import render
from cli.verify_target import Answer, Source, answer
from verifier.registry_client import RegistryAddress
from verifier.report import Verdict
from verifier.report_json import report_json
from verifier.seen_heads import add_seen, format_seen

EXIT_VALID: Final = 0
EXIT_BAD: Final = 1
EXIT_NO_ANSWER: Final = 3

_NO_ANSWER: Final = (Verdict.PENDING, Verdict.CANNOT_CHECK, Verdict.UNKNOWN, Verdict.MISTYPED)
_IS_STATUS_PROOF: Final = f'"kind":"{STATUS_PROOF_KIND}"'.encode()
_FILE: Final = click.Path(path_type=Path, dir_okay=False)


class _Options(TypedDict):
    trust_root_path: Path | None
    registry: str | None
    rpc: tuple[str, ...]
    offline: bool
    evidence_path: Path | None
    seen_path: Path | None
    at: str | None
    on: str | None
    key: str | None
    as_json: bool


@click.command(
    "verify",
    cls=Command,
    epilog="Exit status: 0 valid; 1 must not be relied on as it stands; 2 wrong command or input; 3 no answer "
    "(pending, cannot check, unknown or mistyped code); 4 an OpenAttestation document: unaltered, issued, not revoked.",
)
@click.argument("target")
@click.option(
    "--trust-root",
    "trust_root_path",
    type=_FILE,
    envvar="CERTLOG_TRUST_ROOT",
    show_envvar=True,
    help="What the verification pins; see `certlog trust-root`. Needed for everything but OpenAttestation.",
)
@click.option(
    "--registry", metavar="URL", help="The registry to ask for evidence  [default: https://<origin>]"
)
@click.option(
    "--rpc", metavar="URL", multiple=True, help="Ask this node instead of the trust root's; repeatable."
)
@click.option(
    "--key",
    metavar="KEY",
    help="Opens sealed content: the 22 characters after the # in the certificate's code.",
)
@click.option("--offline", is_flag=True, help="Contact nobody: neither registry nor chain.")
@click.option("--evidence", "evidence_path", type=_FILE, help="The evidence of a PDF or certificate.")
@click.option(
    "--seen",
    "seen_path",
    type=_FILE,
    help="Anchors that this device itself read: added to online, used offline.",
)
@click.option(
    "--at", metavar="TIME", help="Ask for this moment, such as 2026-11-22T10:00:00+07:00  [default: now]"
)
@click.option(
    "--on", metavar="TIME", help="Tell the state at this moment too, as far as the evidence proves it."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def verify(context: click.Context, target: str, **options: Unpack[_Options]) -> None:
    """Check a certificate and print the verdict, then each check.

    TARGET is an evidence file (.certlog.json), a dated status proof, a certificate (JSON), a PDF with a certificate
    attached, a certificate code, or the address of its page; with sealed content, the whole address that its QR code
    holds, the # included.

    An OpenAttestation document (version 2) is read too, in words of its own; --rpc names a node of its chain.
    """
    foreign = read_if_open_attestation(target)
    if foreign is not None:
        context.exit(_verify_foreign(foreign, options))
    path = options["trust_root_path"]
    if path is None:
        raise click.UsageError(
            Sentence("give --trust-root FILE, or set CERTLOG_TRUST_ROOT; see certlog trust-root")
        )
    trust_root = read_trust_root(path)
    source = Source(
        registry=RegistryAddress.of(options["registry"] or f"https://{trust_root.origin}"),
        endpoints=options["rpc"],
        offline=options["offline"],
        evidence_path=options["evidence_path"],
        seen=read_seen(options["seen_path"]),
        key=None if options["key"] is None else key_from_text(options["key"]),
    )
    at = parse_time(options["at"], "--at") if options["at"] else int(time.time())
    status_proof = _status_proof(Path(target))
    if status_proof is not None:
        report, view = check_status_proof(StatusProof.parse(status_proof), trust_root, source, at=at)
        show_status(report, view, trust_root, as_json=options["as_json"])
        context.exit(status_exit(report))
    on = parse_time(options["on"], "--on") if options["on"] else None
    found = answer(target, trust_root, replace(source, on=on), at=at, now=lambda: int(time.time()))
    _remember(options["seen_path"], source, found)
    if options["as_json"]:
        click.echo(json_text(report_json(found.report), indent=2))
    else:
        fingerprint = trust_root.fingerprint()
        click.echo(render(found.report, language(), fingerprint=fingerprint, view=found.view))
    context.exit(exit_status(found.report.verdict))


@click.group("trust-root", cls=Group)
def trust_root() -> None:
    """What a verifier pins: log, operator, contract. Compare its fingerprint over another channel."""


@trust_root.command("export")
@click.option("--registry", metavar="URL", help="Fetch it from this registry.")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="Copy it from this data folder."
)
@click.option("-o", "--output", type=_FILE, default=Path("trust-root.json"), show_default=True)
@click.option("--replace", "may_replace", is_flag=True, help="Replace a trust root with other pins.")
def export(registry: str | None, data: Path | None, output: Path, may_replace: bool) -> None:
    """Write a registry's trust root to a file and print its fingerprint.

    Whoever answers could have made it up: before relying on it, compare the fingerprint with the one that the operator
    publishes elsewhere (on paper, by telephone, in a gazette).
    """
    if (registry is None) == (data is None):
        raise click.UsageError("give --registry URL or --data DIR")
    if registry is not None:
        found = TrustRoot.parse(RegistryAddress.of(registry).fetch_trust_root())
    else:
        found = _published_in(data or Path())
    if output.is_file() and read_trust_root(output) != found and not may_replace:
        message = Sentence("{output} pins something else; compare both, then use --replace", output=output)
        raise InvalidInput(message, code="other-trust-root")
    replace_file(output, found.to_bytes())
    click.echo(f"{output}\n{found.fingerprint()}")


@trust_root.command("show")
@click.argument("path", type=_FILE)
def show(path: Path) -> None:
    """Print what a trust root pins, and the fingerprint to compare."""
    found = read_trust_root(path)
    click.echo(json_text(found.to_json(), indent=2))
    click.echo()
    say(Sentence("fingerprint: {fingerprint}", fingerprint=found.fingerprint()))
    say(Sentence("Compare it with the one that the operator publishes over another channel."))


def _status_proof(path: Path) -> bytes | None:
    """Return the bytes of a dated status proof, or None where the target is anything else."""
    if not path.is_file() or path.stat().st_size > MAX_STATUS_PROOF_BYTES:
        return None
    data = read_file(path)
    return data if _IS_STATUS_PROOF in data else None


def _verify_foreign(data: bytes, options: _Options) -> int:
    asked = Asked(options["rpc"], options["offline"])
    at = parse_time(options["at"], "--at") if options["at"] else int(time.time())
    report = check_open_attestation(data, asked, at=at)
    if options["as_json"]:
        click.echo(json_text(report.to_json(), indent=2))
    else:
        click.echo(render_open_attestation(report))
    return EXIT_OF_FOREIGN[report.finding]


for _command in (compare, pin_rotation, set_auditors, set_log_id):
    trust_root.add_command(_command)


def exit_status(verdict: Verdict) -> int:
    """Return the exit status of a verdict: 0 for valid only."""
    if verdict is Verdict.VALID:
        return EXIT_VALID
    return EXIT_NO_ANSWER if verdict in _NO_ANSWER else EXIT_BAD


def _published_in(folder: Path) -> TrustRoot:
    path = folder / "trust-root.json"
    if not path.is_file():
        message = Sentence(
            "{path} does not exist; make it with: certlog registry trust-root --data {folder}",
            path=path,
            folder=folder,
        )
        raise InvalidInput(message, code="no-trust-root")
    return read_trust_root(path)


def _remember(path: Path | None, source: Source, found: Answer) -> None:
    if path is None or source.offline:
        return
    seen = add_seen(source.seen, found.view.readings)
    if seen != source.seen:
        replace_file(path, format_seen(seen))
