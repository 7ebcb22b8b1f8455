"""`certlog verify` with an OpenAttestation v2 document: reads it, asks its contract, and says what was not checked.

Exit status: 1 altered, revoked or not issued; 3 unaltered, but its contract was not asked; 4 unaltered, issued and not
revoked, by an issuer whom nobody here knows. Never 0: that is for certificates of a registry that is pinned.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from cli.language import in_words, shown
from verifier.document_store import StoreState, read_store
from verifier.open_attestation import (
    MAX_OPEN_ATTESTATION_BYTES,
    OpenAttestation,
    looks_like_open_attestation,
    parse_open_attestation,
)
from verifier.open_attestation_report import (
    HEADLINES,
    Finding,
    OpenReport,
    report_open_attestation,
)
from verifier.report import Outcome

EXIT_STATUS: Final = {
    Finding.ALTERED: 1,
    Finding.REVOKED: 1,
    Finding.NOT_ISSUED: 1,
    Finding.UNALTERED: 3,
    Finding.ISSUED: 4,
}
TIMEOUT: Final = 8.0
_COLOURS: Final = {
    Finding.ALTERED: "red",
    Finding.REVOKED: "red",
    Finding.NOT_ISSUED: "red",
    Finding.UNALTERED: "blue",
    Finding.ISSUED: "blue",
}
_MARKS: Final = {Outcome.PASSED: "+", Outcome.FAILED: "x", Outcome.NOT_CHECKED: "-"}
_NAMES: Final = {
    "target": Sentence("the values are those that were wrapped"),
    "batch": Sentence("it belongs to its batch"),
    "issued": Sentence("its contract has issued it"),
    "revoked": Sentence("its contract has not revoked it"),
    "identity": Sentence("who the issuer is"),
    "hidden": Sentence("nothing was removed"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Who may be asked: the nodes that were named, or nobody."""

    endpoints: tuple[str, ...]
    offline: bool


def read_if_open_attestation(target: str) -> bytes | None:
    """Return the bytes of a file that speaks of OpenAttestation; None for anything else."""
    path = Path(target)
    try:
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            data = stream.read(MAX_OPEN_ATTESTATION_BYTES + 1)
    except OSError:
        return None  # the verification of our own files says what is wrong with it
    return data if looks_like_open_attestation(data) else None


def check_open_attestation(data: bytes, asked: Asked, *, at: int) -> OpenReport:
    """Read a document and ask its contracts; trouble with a node is said in the report.

    Raises:
        InvalidInput: it cannot be read, or is of another version.
    """
    document = parse_open_attestation(data)
    states, problem = _states(document, asked)
    return report_open_attestation(document, states, problem, at=at)


def render_open_attestation(report: OpenReport) -> str:
    """Return the whole text in the language of this process, styled for a terminal."""
    return "\n".join(_lines(report))


def _states(document: OpenAttestation, asked: Asked) -> tuple[tuple[StoreState, ...], str]:
    other = next((issuer.other for issuer in document.issuers if not issuer.store), None)
    if other is not None:
        what = other or Sentence("no contract")
        return (), Sentence("its issuer names {what}, which is not read here", what=what)
    if asked.offline:
        return (), Sentence("offline: its contract was not asked")
    if not asked.endpoints:
        return (), Sentence("name a node of its chain with --rpc to ask its contract")
    stores = dict.fromkeys(issuer.store for issuer in document.issuers)
    try:
        return tuple(read_store(document, store, asked.endpoints, timeout=TIMEOUT) for store in stores), ""
    except (Unavailable, InvalidInput) as error:
        return (), str(error)


def _lines(report: OpenReport) -> Iterator[str]:
    yield click.style(in_words(HEADLINES[report.finding]), fg=_COLOURS[report.finding], bold=True)
    yield in_words(
        Sentence(
            "This is not a certificate of the registry, and none of the registry's promises hold for it."
        )
    )
    if report.finding is not Finding.ALTERED:
        yield ""
        if report.document.name:
            yield shown(in_words(Sentence("it calls itself: {name}", name=report.document.name)))
        for issuer in report.document.issuers:
            yield shown(in_words(Sentence("it says that it comes from: {name}", name=issuer.name or "?")))
    yield ""
    for number, check in enumerate(report.checks, start=1):
        yield f"{_MARKS[check.outcome]} {number} {in_words(_NAMES[check.name])}"
        yield f"    {shown(in_words(check.text))}"
