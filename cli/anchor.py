"""`certlog anchor`: the anchoring key, the contract, the log in it, the worker and its batches.

Nothing here prints a key or a passphrase. A passphrase comes from a prompt or a file, never from the environment.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Unpack

import click
from rich.console import Console

from anchoring.keystore import create_keystore
from anchoring.lines import database_address, load_line
from anchoring.pkcs11_key import create_token_key
from anchoring.store import AnchorStore, BatchSummary, Poll
from certlog.clean_text import json_text
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from cli.anchor_dry_run import dry_run
from cli.anchor_follow import follow_successor_command
from cli.anchor_leave import leave_line
from cli.anchor_lines import read_secrets, start_lines
from cli.anchor_options import data_option, line_option, now
from cli.anchor_owner import OWNERS_COMMANDS
from cli.anchor_recover import recover
from cli.anchor_signer import SecretOptions, read_secret, secret_options, token_options, token_place
from cli.anchor_text import batch_table, poll_lines
from cli.language import Group, say
from cli.logs import log_option, voice
from storage.database import closed_at_end

_FILE: Final = click.Path(path_type=Path, dir_okay=False)


class _KeygenOptions(SecretOptions):
    path: Path | None
    pkcs11_module: Path | None
    pkcs11_token: str | None
    pkcs11_key: str | None


@click.group("anchor", cls=Group)
def anchor() -> None:
    """Anchor checkpoints on a chain: contract, log, worker, batches."""


for _command in (*OWNERS_COMMANDS, follow_successor_command, leave_line, recover, dry_run):
    anchor.add_command(_command)


@anchor.command("keygen")
@click.option("--out", "path", type=_FILE, help="The new keystore file (version 3, scrypt).")
@token_options
@secret_options
def keygen(**told: Unpack[_KeygenOptions]) -> None:
    """Make an account for anchoring or for owning a log, in a file or in a token; print its address."""
    path, place = told["path"], token_place(told["pkcs11_module"], told["pkcs11_token"], told["pkcs11_key"])
    if place is not None and path is None:
        signer = create_token_key(place, read_secret(told, token=True))
        click.echo(signer.address)
    elif path is not None and place is None:
        click.echo(create_keystore(path, read_secret(told, new=True), random_bytes=os.urandom).address)
    else:
        raise InvalidInput(
            "say where the key goes: --out FILE, or --pkcs11-module, --pkcs11-token and --pkcs11-key",
            code="no-key",
        )


@anchor.command("run")
@data_option
@log_option
@secret_options
def run(folder: Path, log_format: str, **told: Unpack[SecretOptions]) -> None:
    """Anchor in the foreground until Ctrl-C, for a registry whose pages are served elsewhere or not at all.

    `certlog registry serve` and `certlog registry worker` anchor by themselves; do not run this beside them.
    """
    from registry.data_folder import DataFolder  # noqa: PLC0415 - the registry is needed by this command only
    from registry.opening import Surroundings, open_publisher  # noqa: PLC0415 - as above

    publisher = open_publisher(DataFolder(folder), Surroundings(os.environ))
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    try:
        publisher.start()
        lines = start_lines(
            folder,
            publisher,
            read_secrets(folder, told),
            stop=stop,
            now=now,
            said=voice(log_format, steps=click.echo),
        )
        for line in lines:
            line.join()
    finally:
        publisher.database.close()


@anchor.command("now")
@data_option
def anchor_now(folder: Path) -> None:
    """Ask the running worker for a batch now, whatever its policy says."""
    with _store(folder) as store:
        store.request_batch()
    say(Sentence("asked; see: certlog anchor status"))


@anchor.command("status")
@data_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(folder: Path, as_json: bool) -> None:
    """Show what the worker last read, whether it is halted, and every batch."""
    with _store(folder) as store:
        polls = sorted(store.polls(), key=lambda poll: (poll.chain_id, poll.contract))
        batches = store.batches()
    if as_json:
        shown = {"lines": [_poll_json(poll) for poll in polls], "batches": [_batch_json(b) for b in batches]}
        click.echo(json_text(shown, indent=2))
        return
    for poll in polls:
        for line in poll_lines(poll):
            say(line)
    Console().print(batch_table(batches))


@anchor.command("resume")
@data_option
@line_option
@click.option("--because", required=True, help="Why the line may go on; kept in the database.")
def resume(folder: Path, line: str, because: str) -> None:
    """Let a halted line go on, after its cause was found; every check of the start-up is made again."""
    with _store(folder) as store:
        halt = store.leave_halt(load_line(folder, line).target(), because=because, at=now())
    say(Sentence("left: {reason} ({detail})", reason=Sentence(halt.reason), detail=halt.detail))


@contextmanager
def _store(folder: Path) -> Iterator[AnchorStore]:
    store = AnchorStore.open(database_address(folder))
    with closed_at_end(store.database):
        yield store


def _poll_json(poll: Poll) -> dict[str, object]:
    return {
        "chainId": poll.chain_id,
        "contract": poll.contract,
        "logId": "0x" + poll.log_id.hex(),
        "readAt": poll.read_at,
        "latestBlock": poll.latest_number,
        "finalizedBlock": poll.finalized_number,
        "headSize": poll.head_size,
        "problem": poll.problem or None,
        "halt": poll.halt and {"reason": poll.halt.reason, "detail": poll.halt.detail, "at": poll.halt.at},
    }


def _batch_json(batch: BatchSummary) -> dict[str, object]:
    return {
        "number": batch.number,
        "state": batch.state,
        "size": batch.size,
        "root": batch.root.hex(),
        "chainId": batch.chain_id,
        "txHash": None if batch.tx_hash is None else "0x" + batch.tx_hash.hex(),
        "blockNumber": batch.block_number,
        "blockTime": batch.block_time,
    }
