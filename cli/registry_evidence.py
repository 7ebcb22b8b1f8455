"""`certlog registry evidence`: the evidence of every certificate as files, to hand out or to serve without a server."""

import os
from pathlib import Path
from typing import Final

import click

from anchoring.lines import database_address
from certlog.errors import Unavailable
from certlog.sentences import Sentence
from cli.language import Command, say
from registry.data_folder import DataFolder
from registry.evidence_export import EvidenceExport
from registry.opening import Surroundings, open_registry
from web.anchors import StoredAnchors

_PATH: Final = click.Path(path_type=Path, file_okay=False)
_FOLDER_LETTERS: Final = 2
"""Files are spread over folders by their first characters: a million in one folder is slow to list anywhere."""


@click.command("evidence", cls=Command)
@click.option("--data", "path", type=_PATH, required=True, envvar="CERTLOG_DATA", help="The data folder.")
@click.option(
    "--out", "folder", type=_PATH, required=True, help="Files go to FOLDER/<2 letters>/<id>.certlog.json"
)
def evidence(path: Path, folder: Path) -> None:
    """Write the evidence of every certificate that a signed epoch contains; files that are the same stay as they are.

    Certificates logged since the newest epoch are left for the next time.
    """
    data = DataFolder(path)
    registry = open_registry(data, Surroundings(os.environ))
    anchors = StoredAnchors(database_address(data.path))
    try:
        with registry.database.reading() as connection:
            export = EvidenceExport(
                connection,
                registry.tiles.nodes(connection),
                registry.settings.operator,
                lambda index: anchors.about(index).heads,
                registry.settings.cosigners,
            )
            count = written = 0
            for identifier, content in export.certificates():
                count += 1
                written += write_file(folder, identifier, content)
    finally:
        registry.database.close()
    say(
        Sentence(
            "{count} certificates, {written} files written in {folder}",
            count=count,
            written=written,
            folder=folder,
        )
    )


def write_file(folder: Path, identifier: str, content: bytes) -> bool:
    """Write one file whole; return False where it was there already, the same.

    Raises:
        Unavailable: the folder cannot be written.
    """
    path = folder / identifier[:_FOLDER_LETTERS] / f"{identifier}.certlog.json"
    temporary = path.with_suffix(".part")
    try:
        if path.is_file() and path.read_bytes() == content:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        message = Sentence("cannot write {path}: {reason}", path=path, reason=error)
        raise Unavailable(message) from error
    return True
