"""`certlog status`: get and check a dated proof of what a certificate's status was.

Exit status of `verify`: 0 neither withdrawn nor suspended as of the stated time; 1 withdrawn, suspended, or the file
proves nothing; 2 the command or its input was wrong; 3 no answer.
"""

import time
from pathlib import Path
from typing import Final

import click

from certlog.certificate_id import certificate_id, format_id, parse_id
from certlog.clean_text import json_text
from certlog.digests import DocumentHash
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.status_proof import StatusProof
from certlog.timestamps import parse_time
from certlog.trust_root import TrustRoot
from cli.files import read_as, replace_file
from cli.language import Group, language, say
from cli.pins import read_seen, read_trust_root, trust_root_option
from cli.status_text import render_status
from cli.verify_target import Source, look_at_heads
from verifier.chain_view import ChainView
from verifier.check_log import open_head
from verifier.inputs import read_path
from verifier.registry_client import RegistryAddress
from verifier.report_json import status_report_json
from verifier.verify_status import Standing, StatusReport, verify_status

EXIT_CLEAR: Final = 0
EXIT_NOT_CLEAR: Final = 1
A_STATUS_PROOF: Final = Sentence("a status proof, such as `certlog status get` writes")
SUFFIX: Final = ".status.json"
_FILE: Final = click.Path(path_type=Path, dir_okay=False)


@click.group("status", cls=Group)
def status() -> None:
    """Dated proofs that a certificate was neither withdrawn nor suspended."""


@status.command("get")
@click.argument("identifier", metavar="CODE")
@click.option(
    "--registry", "url", metavar="URL", required=True, help="The registry that logged the certificate."
)
@click.option(
    "--on",
    "moment",
    metavar="TIME",
    help="Of the last epoch not after this moment, such as 2026-11-22T10:00:00+07:00  [default: the newest]",
)
@click.option(
    "--anchored", is_flag=True, help="Only of an epoch whose head is anchored: its date is the chain's."
)
@click.option("-o", "--output", type=_FILE, help="Where to write it  [default: CODE.status.json]")
def get(identifier: str, url: str, moment: str | None, anchored: bool, output: Path | None) -> None:
    """Fetch a dated status proof and write it to a file to keep.

    What is fetched is not believed: check it with `certlog status verify`.
    """
    known = parse_id(identifier)
    on = None if moment is None else parse_time(moment, "--on")
    try:
        data = RegistryAddress.of(url).fetch_status_proof(known, on=on, needs_anchor=anchored)
    except Unavailable as error:
        if on is None and not anchored:
            raise
        message = Sentence(
            "{error}; perhaps no epoch of the registry is that old, or none is anchored yet", error=error
        )
        raise Unavailable(message) from error
    if data is None:
        raise InvalidInput(Sentence("{url}: no certificate has this code", url=url), code="no-such-id")
    proof = StatusProof.parse(data)
    found = certificate_id(proof.entry.document_hash)
    if found != known:
        raise InvalidInput(
            Sentence("{url} answered with {identifier}", url=url, identifier=format_id(found)),
            code="another-document",
        )
    path = output or Path(f"{known}{SUFFIX}")
    replace_file(path, data)
    say(Sentence("{path}: {size} bytes", path=path, size=len(data)))


@status.command("verify")
@click.argument("path", metavar="FILE", type=_FILE)
@trust_root_option
@click.option("--certificate", "certificate_path", type=_FILE, help="The certificate that it must be about.")
@click.option(
    "--rpc", metavar="URL", multiple=True, help="Ask this node instead of the trust root's; repeatable."
)
@click.option("--offline", is_flag=True, help="Contact nobody.")
@click.option("--seen", "seen_path", type=_FILE, help="Anchors that this device itself read.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def verify(
    context: click.Context,
    *,
    path: Path,
    trust_root_path: Path,
    certificate_path: Path | None,
    rpc: tuple[str, ...],
    seen_path: Path | None,
    offline: bool,
    as_json: bool,
) -> None:
    """Check a dated status proof: what was stated, when, and whose word the date is."""
    trust_root = read_trust_root(trust_root_path)
    source = Source(
        registry=RegistryAddress.of(f"https://{trust_root.origin}"),
        endpoints=rpc,
        offline=offline,
        seen=read_seen(seen_path),
    )
    certificate = None if certificate_path is None else _hash_of(certificate_path)
    proof = read_as(A_STATUS_PROOF, StatusProof.parse, path)
    report, view = check(proof, trust_root, source, at=int(time.time()), certificate=certificate)
    show(report, view, trust_root, as_json=as_json)
    context.exit(exit_status(report))


def check(
    proof: StatusProof,
    trust_root: TrustRoot,
    source: Source,
    *,
    at: int,
    certificate: DocumentHash | None = None,
) -> tuple[StatusReport, ChainView]:
    """Check a status proof; return the report and the view of the chain that it rests on."""
    try:
        heads = [open_head(proof.head)]
    except InvalidInput:
        heads = []  # the check of the checkpoint says so
    view = look_at_heads(heads, trust_root, source, now=lambda: at)
    return verify_status(proof, trust_root, at, view, certificate=certificate), view


def show(report: StatusReport, view: ChainView, trust_root: TrustRoot, *, as_json: bool) -> None:
    """Print a report for people or programs."""
    if as_json:
        click.echo(json_text(status_report_json(report), indent=2))
    else:
        click.echo(render_status(report, language(), fingerprint=trust_root.fingerprint(), view=view))


def exit_status(report: StatusReport) -> int:
    """Return 0 only where it is stated to be neither withdrawn nor suspended."""
    return EXIT_CLEAR if report.standing is Standing.CLEAR else EXIT_NOT_CLEAR


def _hash_of(path: Path) -> DocumentHash:
    document = read_path(path).document
    if document is None:
        raise Unavailable(Sentence("{path}: there is no certificate in it", path=path))
    return document.document_hash
