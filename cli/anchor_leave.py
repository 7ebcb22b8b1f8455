"""`certlog anchor leave-line`: on the registry machine, where a chain or contract is left and nothing succeeds it."""

from pathlib import Path

import click

from anchoring.database import open_database
from anchoring.lines import file_name, load_line, lock_name
from anchoring.lock import leader_lock
from anchoring.store import AnchorStore
from certlog.errors import Unavailable
from certlog.sentences import Sentence
from cli.anchor_options import data_option, line_option, now
from cli.language import Command, in_words, say
from storage.database import closed_at_end


@click.command("leave-line", cls=Command)
@data_option
@line_option
@click.option("--because", required=True, help="Why the line is left; kept in the database.")
@click.option("--yes", is_flag=True, help="Do not ask: for those who have read what the command would do.")
def leave_line(folder: Path, line: str, because: str, *, yes: bool) -> None:
    """End a line for good: its chain or contract is gone, or is not wanted any more, and it has no successor.

    The registry must be stopped. What was anchored there is no longer shown or handed out; rows and reason are kept,
    and its settings file gets another name.
    """
    settings, at = load_line(folder, line), now()
    if not yes:
        say(
            Sentence(
                "This line ends for good: chain {chain_id}, contract {contract}. What was anchored there is no longer "
                "shown or handed out, and nothing undoes it.",
                chain_id=settings.chain_id,
                contract=settings.contract,
            )
        )
        click.confirm(in_words(Sentence("Do it?")), abort=True)
    with closed_at_end(open_database(settings.address(folder), create=True)) as database:
        lock = leader_lock(database, folder / lock_name(line))
        lock.acquire()
        try:
            AnchorStore(database).leave_line(settings.target(), because=because, at=at)
            kept = _moved(folder / file_name(line), at)
        finally:
            lock.release()
    say(Sentence("left for good; its settings are kept in {path}", path=kept))
    say(Sentence("now: certlog registry trust-root --replace, and hand the new trust root to verifiers"))


def _moved(path: Path, at: int) -> Path:
    kept = path.with_name(f"{path.name}.left-{at}")
    try:
        return path.rename(kept)
    except OSError as error:
        raise Unavailable(Sentence("cannot write {path}: {reason}", path=kept, reason=error)) from error
