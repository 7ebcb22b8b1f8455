"""The log that a command reads: a web address or a folder that is there, and how long its files are waited for."""

from pathlib import Path
from typing import Final

import click

from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from verifier.log_source import log_source
from verifier.patience import Patience, PatientSource

within_option: Final = click.option(
    "--within",
    type=click.IntRange(1),
    metavar="SECONDS",
    help="Wait for the log's files so long in all  [default: 5 minutes, and more for what has come]",
)


def patient_source(target: str, within: int | None = None, *, must_exist: bool = True) -> PatientSource:
    """Return the log at a web address or in a folder, which is waited for no longer than that.

    Args:
        target: what a person named.
        within: seconds; None for the usual patience.
        must_exist: refuse a folder that is not there: a slip of the pen, and not a log that cannot be read now.

    Raises:
        InvalidInput: there is no such folder, or the web address has another form.
    """
    source = log_source(target)
    if must_exist and not source.is_the_log and not Path(target).is_dir():
        message = Sentence(
            "there is no folder {path}; name the folder that holds the log's files (checkpoint, tile), such as a "
            "mirror or DATA/tiles, or the log's address: https://HOST",
            path=target,
        )
        raise InvalidInput(message, code="no-folder")
    return PatientSource(source, Patience.within(within))
