"""`certlog registry reseed-head`: what was signed last, asked of those who hold it, not of this machine alone.

After a loss or a restore the database may have forgotten heads that verifiers hold. The highest head of the chain, of
mirrors and of cosigners decides; a database that lacks a part of it refuses to go on, and says which part.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from anchoring.lines import load_lines
from anchoring.settings import AnchoringSettings, load_settings
from certlog.digests import DIGEST_BYTES, RootHash, same
from certlog.encoding import b64_decode
from certlog.errors import InvalidInput, NotTrusted, Unavailable
from certlog.sentences import Sentence
from certlog.tree import root_at
from cli.language import Command, say
from registry.data_folder import DataFolder
from registry.database import Database
from registry.heads import newest_checkpoint
from registry.last_signed_head import LastSignedHeadFile, SignedHead
from registry.log_keys import log_keys, open_own
from registry.log_tree import node_reader, tree_size
from registry.opening import Surroundings, open_registry
from storage.database import closed_at_end
from verifier.registry_client import MAX_NOTE_BYTES, RegistryAddress

_FOLDER: Final = click.Path(path_type=Path, file_okay=False)
_HEX_DIGITS: Final = 64


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A head, and who holds it."""

    head: SignedHead
    holder: str


@click.command("reseed-head", cls=Command)
@click.option(
    "--data", "path", type=_FOLDER, required=True, envvar="CERTLOG_DATA", help="The registry's data folder."
)
@click.option("--chain", "ask_chain", is_flag=True, help="Ask the contract of anchoring.toml.")
@click.option(
    "--checkpoint",
    "notes",
    multiple=True,
    metavar="FILE|URL",
    help="A signed checkpoint that a mirror or cosigner holds.",
)
@click.option("--size", type=click.IntRange(min=0), help="Or a head that you found out otherwise: its size,")
@click.option("--root", help="and its root: 64 hex digits, or base64 as in a checkpoint.")
def reseed_head(
    path: Path, ask_chain: bool, notes: Sequence[str], size: int | None, root: str | None
) -> None:
    """Write the lost last-signed-head file, from the highest of chain head, cosigners and mirrors.

    Name everybody who may hold a head. This machine's own database or backup is not enough: it may be the one that
    forgot.
    """
    folder = DataFolder(path)
    if (size is None) != (root is None):
        raise InvalidInput("--size and --root belong together", code="half-a-head")
    registry = open_registry(folder, Surroundings(os.environ))
    with closed_at_end(registry.database) as database:
        held = list(_from_notes(notes, database))
        if ask_chain:
            held += _from_chain(path, database)
        if size is not None and root is not None:
            held.append(Witnessed(SignedHead(size, _root(root)), "--size"))
        highest = highest_head(database, held)
        LastSignedHeadFile(folder.last_signed_head, registry.origin).reseed(highest.head)
        say(
            Sentence(
                "{path}: size {size}, as {holder} holds it",
                path=folder.last_signed_head,
                size=highest.head.size,
                holder=highest.holder,
            )
        )
        require_all_of_it(database, highest)


def highest_head(database: Database, held: Sequence[Witnessed]) -> Witnessed:
    """Return the highest head that anyone holds, this database's own newest one included.

    Raises:
        InvalidInput: nobody but this database was asked.
        NotTrusted: two heads cannot belong to one history.
    """
    if not held:
        message = "name somebody who may hold a head: --chain, --checkpoint, or --size and --root"
        raise InvalidInput(message, code="nobody-asked")
    with database.reading() as connection:
        newest, read, size = newest_checkpoint(connection), node_reader(connection), tree_size(connection)
        own = [] if newest is None else [Witnessed(SignedHead(newest.size, newest.root), database.name)]
        highest = max((*held, *own), key=lambda found: found.head.size)
        for found in held:
            if found.head.size <= size:
                _require_same(found, root_at(found.head.size, read))
            elif found.head.size == highest.head.size:
                _require_same(found, highest.head.root)
    return highest


def require_all_of_it(database: Database, highest: Witnessed) -> None:
    """Require that the database holds every entry of a head.

    Raises:
        Unavailable: entries are missing; the message says which, and what to do.
    """
    with database.reading() as connection:
        size = tree_size(connection)
    if size < highest.head.size:
        message = Sentence(
            "{holder} holds {signed} entries, this database {size}: entries {size} to {last} are missing here, and "
            "nothing is signed until they are back. Restore a newer backup, or bring them from a mirror of the log; "
            "never begin a log of the same name again",
            holder=highest.holder,
            signed=highest.head.size,
            size=size,
            last=highest.head.size - 1,
        )
        raise Unavailable(message)


def _require_same(found: Witnessed, root: RootHash) -> None:
    if not same(found.head.root, root):
        message = Sentence(
            "{holder} holds size {size} with root {root}, here it is {expected}: two histories. Sign nothing; keep "
            "both and tell operator and auditors",
            holder=found.holder,
            size=found.head.size,
            root=found.head.root.hex(),
            expected=root.hex(),
        )
        raise NotTrusted(message, code="two-histories")


def _from_notes(notes: Iterable[str], database: Database) -> Iterator[Witnessed]:
    with database.reading() as connection:
        keys = log_keys(connection)
    for name in notes:
        try:
            found = open_own(_note(name), keys)
        except UnicodeDecodeError as error:
            raise InvalidInput("not a signed note", place=name, code="bad-note") from error
        except InvalidInput as error:
            raise InvalidInput(error.message, place=name, code=error.code) from error
        yield Witnessed(SignedHead(found.size, found.root), name)


def _note(name: str) -> str:
    if name.startswith(("http://", "https://")):
        return RegistryAddress.of(name).fetch_checkpoint().decode()
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_NOTE_BYTES).decode()
    except OSError as error:
        raise InvalidInput(Sentence("cannot read {path}: {reason}", path=name, reason=error)) from error


def _from_chain(path: Path, database: Database) -> list[Witnessed]:
    """Return the head of each line's contract.

    It tells the size; the root is ours if the contract knows (size, root).
    """
    load_settings(path)  # says what to do where there is none
    return [found for settings in load_lines(path).values() for found in _from_line(settings, database)]


def _from_line(settings: AnchoringSettings, database: Database) -> list[Witnessed]:
    from anchoring.batch import Head  # noqa: PLC0415 - only who asks the chain needs it
    from anchoring.deploy import require_chain  # noqa: PLC0415 - as above
    from cli.anchoring import open_settings_chain  # noqa: PLC0415 - as above

    with open_settings_chain(settings) as chain:
        require_chain(chain, settings.chain_id)
        if (found := "0x" + chain.code_hash().hex()) != settings.code_hash:
            message = Sentence(
                "expected code {wanted} at the contract, found {found}",
                wanted=settings.code_hash,
                found=found,
            )
            raise InvalidInput(message, code="wrong-code")
        log_id, block = bytes.fromhex(settings.log_id[2:]), chain.latest()
        size = chain.head(log_id, block).size
        if size == 0:
            return []
        holder = Sentence("the chain at block {number}", number=block.number)
        with database.reading() as connection:
            stored = tree_size(connection)
            root = root_at(size, node_reader(connection)) if size <= stored else None
        if root is None:
            require_all_of_it(database, Witnessed(SignedHead(size, RootHash(bytes(DIGEST_BYTES))), holder))
        elif chain.anchored_at(log_id, Head(size, root), block) is not None:
            return [Witnessed(SignedHead(size, root), holder)]
    message = Sentence(
        "the chain anchored another root for size {size} than this database has: two histories. Sign nothing; keep "
        "both and tell operator and auditors",
        size=size,
    )
    raise NotTrusted(message, code="two-histories")


def _root(text: str) -> RootHash:
    try:
        raw = bytes.fromhex(text) if len(text) == _HEX_DIGITS else b64_decode(text, DIGEST_BYTES)
    except ValueError as error:
        message = Sentence("expected 64 hex digits or base64, found {text!r}", text=text[:80])
        raise InvalidInput(message, place="--root") from error
    return RootHash(raw)
