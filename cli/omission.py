"""`certlog omission`: make and check a proof that a registry's statement of a status contradicts its own log.

Exit status of `verify`: 0 the file shows that the registry stated something false; 2 it does not, or the command was
wrong.
"""

from pathlib import Path
from typing import Final

import click

from certlog.certificate_id import certificate_id, format_id
from certlog.clean_text import json_text
from certlog.encoding import b64url
from certlog.errors import InvalidInput
from certlog.evidence import Evidence
from certlog.omission_proof import MAX_OMISSION_PROOF_BYTES, OmissionProof
from certlog.sentences import Sentence
from certlog.status_proof import StatusProof, stated_in
from certlog.strict_json import JSONObject
from certlog.timestamps import format_time
from cli.files import read_as, replace_file
from cli.language import Group, in_words, say
from cli.log_view import open_log
from cli.pins import read_trust_root, trust_root_option
from verifier.check_log import open_head
from verifier.make_omission import make_omission
from verifier.verify_omission import Contradiction, Omission, verify_omission

_FILE: Final = click.Path(path_type=Path, dir_okay=False)

SHOWN: Final = {
    Contradiction.REVOCATION_OMITTED: Sentence(
        "The registry left out that the certificate was withdrawn, cancelled or replaced."
    ),
    Contradiction.REVOCATION_INVENTED: Sentence(
        "The registry stated that the certificate had ended, and no entry of its log says so."
    ),
    Contradiction.SUSPENSION_OMITTED: Sentence("The registry left out that the certificate was suspended."),
    Contradiction.SUSPENSION_INVENTED: Sentence(
        "The registry stated that the certificate was suspended, and by its log it was not."
    ),
}


@click.group("omission", cls=Group)
def omission() -> None:
    """Proofs that a registry's statement of a status contradicts its own log."""


@omission.command("make")
@click.argument("statement_path", metavar="STATEMENT", type=_FILE)
@click.option(
    "--log",
    "place",
    metavar="URL|FOLDER",
    required=True,
    help="Where the log is read: an address, or a mirror.",
)
@click.option(
    "--earlier",
    "earlier_path",
    type=_FILE,
    help="An older status proof of the same certificate: a smaller proof.",
)
@click.option("-o", "--output", type=_FILE, help="Where to write it  [default: CODE.omission.json]")
@trust_root_option
def make(
    *, statement_path: Path, place: str, earlier_path: Path | None, output: Path | None, trust_root_path: Path
) -> None:
    """Compare what a registry stated with its log, and write the proof where they contradict each other.

    STATEMENT is a dated status proof (`certlog status get`) or an evidence file of the certificate.
    """
    trust_root = read_trust_root(trust_root_path)
    statement = _statement(statement_path)
    earlier = None if earlier_path is None else _statement(earlier_path)
    log = open_log(place, open_head(statement.head).checkpoint)
    proof = make_omission(statement, log, trust_root, earlier=earlier)
    found = verify_omission(proof, trust_root)
    data = proof.to_bytes()
    path = output or Path(f"{certificate_id(found.document_hash)}.omission.json")
    replace_file(path, data)
    say(SHOWN[found.contradiction])
    say(Sentence("{path}: {size} bytes", path=path, size=len(data)))


@omission.command("verify")
@click.argument("path", metavar="FILE", type=_FILE)
@trust_root_option
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def verify(*, path: Path, trust_root_path: Path, as_json: bool) -> None:
    """Check an omission proof; nobody is asked, and no chain is needed."""
    kind = Sentence("an omission proof, such as `certlog omission make` writes")
    proof = read_as(kind, OmissionProof.parse, path, most=MAX_OMISSION_PROOF_BYTES)
    found = verify_omission(proof, read_trust_root(trust_root_path))
    if as_json:
        click.echo(json_text(omission_json(found), indent=2))
        return
    say(SHOWN[found.contradiction])
    lines: list[str] = [
        Sentence(
            "certificate {code}, entry {index}",
            code=format_id(certificate_id(found.document_hash)),
            index=found.index,
        ),
        Sentence(
            "stated by epoch {number} of {time}, at entry {as_of}",
            number=found.epoch.number,
            time=format_time(found.epoch.time),
            as_of=found.epoch.as_of,
        ),
    ]
    if found.event is not None:
        lines.append(Sentence("the event that counts is entry {event}", event=found.event))
    if found.base is not None:
        lines.append(
            Sentence(
                "epoch {number} of {time} stated otherwise, and nothing lies between",
                number=found.base.number,
                time=format_time(found.base.time),
            )
        )
    lines.append(Sentence("The log signed both. Hand this file to the auditors and to the operator."))
    for line in lines:
        click.echo(f"  {in_words(line)}")


def omission_json(found: Omission) -> JSONObject:
    """Return what was shown as JSON."""
    return {
        "contradiction": found.contradiction.value,
        "documentHash": b64url(found.document_hash),
        "id": certificate_id(found.document_hash),
        "index": found.index,
        "slot": found.slot.to_json(),
        "epoch": found.epoch.to_json(),
        "event": found.event,
        "base": None if found.base is None else found.base.to_json(),
    }


def _statement(path: Path) -> StatusProof:
    """Read a status proof, or take what an evidence file states."""
    kind = Sentence("a status proof (`certlog status get`) or an evidence file of the certificate")
    found = read_as(kind, _status_proof_or_evidence, path)
    if isinstance(found, StatusProof):
        return found
    statement = stated_in(found)
    if statement is None:
        message = Sentence(
            "{path} holds no certificate, or no record of its issuer: use a status proof", path=path
        )
        raise InvalidInput(message, code="no-certificate")
    return statement


def _status_proof_or_evidence(data: bytes) -> StatusProof | Evidence:
    return Evidence.parse(data) if b'"heads"' in data else StatusProof.parse(data)
