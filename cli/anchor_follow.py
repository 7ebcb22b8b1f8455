"""`certlog anchor follow-successor`: on the registry machine, after the owner opened a successor of the log."""

from pathlib import Path

import click

from anchoring.database import open_database
from anchoring.lines import file_name, load_line, lock_name
from anchoring.lock import leader_lock
from anchoring.settings import make_settings, save_settings
from anchoring.succession import find_successor, follow
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from cli.anchor_options import data_option, line_option, now, read_address
from cli.anchoring import open_chain
from cli.language import Command, say
from storage.database import closed_at_end


@click.command("follow-successor", cls=Command)
@data_option
@line_option
@click.option(
    "--account", metavar="ADDRESS", help="The new anchorer, where it is another account than before."
)
def follow_successor_command(folder: Path, line: str, account: str | None) -> None:
    """Go on in the successor that the owner opened: check it on the chain, write settings, leave the old log behind.

    The registry must be stopped. What was anchored in the old log up to the successor's first head keeps counting.
    """
    settings = load_line(folder, line)
    expected = settings.account if account is None else read_address(account, "--account")
    with closed_at_end(open_database(settings.address(folder), create=True)) as database:
        lock = leader_lock(database, folder / lock_name(line))
        lock.acquire()
        try:
            with open_chain(settings.endpoints[0], settings.contract, settings.finality) as chain:
                found = find_successor(chain, settings, database)
            if found.anchorer != expected:
                message = Sentence(
                    "the successor's anchorer is {anchorer}, not {expected}; if its key is yours: --account {anchorer}",
                    anchorer=found.anchorer,
                    expected=expected,
                )
                raise InvalidInput(message, place="--account", code="other-account")
            follow(database, settings.target(), found, at=now())
            left = f"{settings.log_id}:{found.batch.new.size}"
            changed = {
                "log_id": "0x" + found.target.log_id.hex(),
                "account": found.anchorer,
                "earlier_logs": (*settings.earlier_logs, left),
            }
            values = settings.model_dump(exclude_none=True) | changed
            path = save_settings(make_settings(values, file_name(line)), folder, file_name(line))
        finally:
            lock.release()
    say(Sentence("wrote {path}", path=path))
    say(Sentence("log 0x{log_id}", log_id=found.target.log_id.hex()))
    say(Sentence("now: certlog registry trust-root --replace, and hand the new trust root to verifiers"))
