"""`certlog anchor`: the anchoring key, the contract, the log in it, the worker and its batches.

Nothing here prints a key or a passphrase. A passphrase comes from a prompt or a file, never from the environment.
"""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, TypedDict, Unpack

import click
from rich.console import Console

from anchoring.contract import ZERO_ADDRESS
from anchoring.deploy import Owner, deploy, open_log
from anchoring.fees import FREE_GAS, FeePolicy
from anchoring.keystore import create_keystore, open_keystore
from anchoring.ports import Finality
from anchoring.settings import (
    database_address,
    load_settings,
    make_settings,
    parse_address,
    require_writable,
    save_settings,
)
from anchoring.store import AnchorStore, BatchSummary, Poll
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from cli.anchor_text import batch_table, poll_lines, step_reporter
from cli.anchoring import open_chain, run_worker
from cli.database_option import database_option
from cli.language import Group, say
from cli.passphrase import ask_passphrase
from storage.database import closed_at_end

_FOLDER: Final = click.Path(path_type=Path, file_okay=False)
_FILE: Final = click.Path(path_type=Path, dir_okay=False)

_data = click.option(
    "--data", "folder", type=_FOLDER, required=True, envvar="CERTLOG_DATA", help="The registry's data folder."
)
_passphrase = click.option(
    "--passphrase-file",
    type=_FILE,
    help="Read the key's passphrase from the first line of this file instead of asking.",
)
_endpoint = click.option("--endpoint", required=True, metavar="URL", help="The node's JSON-RPC address.")
_chain_id = click.option("--chain-id", type=click.IntRange(min=1), required=True, help="The chain meant.")
_finality = click.option(
    "--finality",
    default="tag",
    show_default=True,
    metavar="tag|DEPTH",
    help="How blocks become final: the chain's `finalized` tag, or so many blocks on top.",
)
_legacy = click.option("--legacy", is_flag=True, help="Type 0 transactions, for chains without EIP-1559.")
_free_gas = click.option(
    "--free-gas", is_flag=True, help="Offer nothing for gas: for chains on which it is free."
)


class _OpenLogOptions(TypedDict):
    endpoint: str
    chain_id: int
    contract: str
    origin: str
    anchorer: str
    keystore: Path
    passphrase_file: Path | None
    chain_class: str
    finality: str
    legacy: bool
    free_gas: bool
    database: str | None


@click.group("anchor", cls=Group)
def anchor() -> None:
    """Anchor checkpoints on a chain: contract, log, worker, batches."""


@anchor.command("keygen")
@click.option("--out", "path", type=_FILE, required=True, help="The new keystore file (version 3, scrypt).")
@_passphrase
def keygen(path: Path, passphrase_file: Path | None) -> None:
    """Make an account for anchoring or for owning a log; print its address."""
    signer = create_keystore(path, _passphrase_from(passphrase_file, new=True), random_bytes=os.urandom)
    click.echo(signer.address)


@anchor.command("deploy")
@_endpoint
@_chain_id
@click.option("--keystore", type=_FILE, required=True, help="The account that pays; it gets no rights.")
@_passphrase
@_finality
@_legacy
@_free_gas
def deploy_contract(
    *,
    endpoint: str,
    chain_id: int,
    keystore: Path,
    passphrase_file: Path | None,
    finality: str,
    legacy: bool,
    free_gas: bool,
) -> None:
    """Deploy the contract CheckpointAnchor; print its address and code hash. One contract serves any log."""
    owner = _owner(keystore, passphrase_file, legacy=legacy, free_gas=free_gas)
    rule = _parse_finality(finality)
    with open_chain(endpoint, ZERO_ADDRESS, rule) as chain:
        deployed = deploy(chain, owner, chain.at, chain_id=chain_id)
    say(Sentence("contract {address}", address=deployed.address))
    say(Sentence("code hash 0x{code_hash}", code_hash=deployed.code_hash.hex()))


@anchor.command("open-log")
@_data
@_endpoint
@_chain_id
@click.option("--contract", required=True, metavar="ADDRESS", help="What `certlog anchor deploy` printed.")
@click.option("--origin", required=True, help="The log's origin, such as registry.example.vn.")
@click.option("--anchorer", required=True, metavar="ADDRESS", help="The account that will append.")
@click.option("--keystore", type=_FILE, required=True, help="The log's owner: keep it off this machine.")
@_passphrase
@click.option(
    "--class",
    "chain_class",
    type=click.Choice(("public", "consortium", "local")),
    required=True,
    help="Who runs the chain; a local chain is shown as a test chain.",
)
@_finality
@_legacy
@_free_gas
@database_option
def open_log_command(folder: Path, **told: Unpack[_OpenLogOptions]) -> None:
    """Open the log in the contract, once, and write anchoring.toml; harmless to repeat."""
    require_writable(folder)
    owner = _owner(
        told["keystore"], told["passphrase_file"], legacy=told["legacy"], free_gas=told["free_gas"]
    )
    rule = _parse_finality(told["finality"])
    contract = _address(told["contract"], "--contract")
    anchorer = _address(told["anchorer"], "--anchorer")
    with open_chain(told["endpoint"], contract, rule) as chain:
        opened = open_log(
            chain,
            owner,
            chain_id=told["chain_id"],
            contract=contract,
            origin=told["origin"],
            anchorer=anchorer,
        )
        code_hash = chain.code_hash()
    settings = make_settings(
        {
            "origin": told["origin"],
            "endpoint": told["endpoint"],
            "chain_id": told["chain_id"],
            "chain_class": told["chain_class"],
            "contract": contract,
            "code_hash": "0x" + code_hash.hex(),
            "log_id": "0x" + opened.hex(),
            "account": anchorer,
            "finality": rule,
            "transactions": "legacy" if told["legacy"] else "eip1559",
            "database": told["database"],
        }
        | ({"priority_fee": 0, "gas_price": 0} if told["free_gas"] else {}),
        "certlog anchor open-log",
    )
    path = save_settings(settings, folder)
    say(Sentence("log 0x{log_id}", log_id=opened.hex()))
    say(Sentence("wrote {path}", path=path))


@anchor.command("run")
@_data
@_passphrase
def run(folder: Path, passphrase_file: Path | None) -> None:
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
        run_worker(
            folder,
            publisher,
            _passphrase_from(passphrase_file),
            stop=stop,
            now=_now,
            report=step_reporter(click.echo),
        )
    finally:
        publisher.database.close()


@anchor.command("now")
@_data
def anchor_now(folder: Path) -> None:
    """Ask the running worker for a batch now, whatever its policy says."""
    with _store(folder) as store:
        store.request_batch()
    say(Sentence("asked; see: certlog anchor status"))


@anchor.command("status")
@_data
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(folder: Path, as_json: bool) -> None:
    """Show what the worker last read, whether it is halted, and every batch."""
    with _store(folder) as store:
        polls, batches = store.polls(), store.batches()
    if as_json:
        shown = {"lines": [_poll_json(poll) for poll in polls], "batches": [_batch_json(b) for b in batches]}
        click.echo(json.dumps(shown, indent=2))
        return
    for poll in polls:
        for line in poll_lines(poll):
            say(line)
    Console().print(batch_table(batches))


@anchor.command("resume")
@_data
@click.option("--because", required=True, help="Why the line may go on; kept in the database.")
def resume(folder: Path, because: str) -> None:
    """Let a halted line go on, after its cause was found; every check of the start-up is made again."""
    with _store(folder) as store:
        halt = store.leave_halt(load_settings(folder).target(), because=because, at=_now())
    say(Sentence("left: {reason} ({detail})", reason=Sentence(halt.reason), detail=halt.detail))


def _now() -> int:
    return int(time.time())


@contextmanager
def _store(folder: Path) -> Iterator[AnchorStore]:
    store = AnchorStore.open(database_address(folder))
    with closed_at_end(store.database):
        yield store


def _owner(keystore: Path, passphrase_file: Path | None, *, legacy: bool, free_gas: bool) -> Owner:
    return Owner(
        signer=open_keystore(keystore, _passphrase_from(passphrase_file)),
        fees=replace(FREE_GAS if free_gas else FeePolicy(), legacy=legacy),
        now=_now,
        sleep=time.sleep,
        report=lambda text: say(text, err=True),
    )


def _passphrase_from(path: Path | None, *, new: bool = False) -> str:
    if path is None:
        return ask_passphrase(again=new)
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            Sentence("cannot read the passphrase file {path}: {error}", path=path, error=error)
        ) from error
    if not lines:
        raise InvalidInput(Sentence("the passphrase file {path} is empty", path=path))
    return lines[0]


def _parse_finality(text: str) -> Finality:
    if text == "tag":
        return "tag"
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise InvalidInput(
        Sentence("expected tag or a number of blocks, found {text!r}", text=text), place="--finality"
    )


def _address(text: str, place: str) -> str:
    try:
        return parse_address(text)
    except ValueError as error:
        raise InvalidInput(str(error), place=place) from error


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
