"""`--within`: how long a command waits for a log's files, in all."""

from typing import Final

import click

from verifier.log_source import log_source
from verifier.patience import Patience, PatientSource

within_option: Final = click.option(
    "--within",
    type=click.IntRange(1),
    metavar="SECONDS",
    help="Wait for the log's files so long in all  [default: 5 minutes, and more for what has come]",
)


def patient_source(target: str, within: int | None) -> PatientSource:
    """Return the log at a web address or in a folder, which is waited for no longer than that."""
    return PatientSource(log_source(target), Patience.within(within))
