"""`certlog registry rotate-log-key`: the log goes on under another key, from its next size on (docs/trust.md)."""

import os
from pathlib import Path

import click

from certlog.sentences import Sentence
from cli.language import Command, say
from registry.data_folder import DataFolder
from registry.opening import Surroundings, open_rotation
from storage.database import closed_at_end


@click.command("rotate-log-key", cls=Command)
@click.option(
    "--data",
    "path",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    envvar="CERTLOG_DATA",
    show_envvar=True,
    help="The registry's data folder.",
)
def rotate_log_key(path: Path) -> None:
    """Make a new log key that signs from the next size on; interrupted, run it again.

    Stop the registry before, start it after. Heads that are signed already stay good. Verifiers need the new trust
    root, which lists both keys with their sizes: publish its fingerprint as you did the first one's. Then take the old
    key file out of the data folder, and destroy it, or keep it where nothing signs.
    """
    rotation = open_rotation(DataFolder(path), Surroundings(os.environ))
    with closed_at_end(rotation.database):
        keys = rotation.rotate()
    old, new = keys[-2], keys[-1]
    say(Sentence("from size {size} on this key signs: {key}", size=new.from_size, key=new.vkey.to_text()))
    say(Sentence("the old key: {path}", path=rotation.folder.retired_log_key(new.from_size)))
    say(Sentence("it signed the sizes below {size}: {key}", size=new.from_size, key=old.vkey.to_text()))
    click.echo(f"{rotation.folder.trust_root}\n{rotation.published().fingerprint()}")
