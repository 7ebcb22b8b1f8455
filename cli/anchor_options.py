"""What the commands that send an owner's transaction need to be told: the node, the chain, the fees, the key."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypedDict, TypeVar

import click

from anchoring.deploy import Owner
from anchoring.fees import FREE_GAS, FeePolicy
from anchoring.lines import LINES, MAIN
from anchoring.ports import Finality
from anchoring.settings import parse_address, parse_digest
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from cli.anchor_signer import SignerOptions, signer_of
from cli.language import say

Command = TypeVar("Command", bound=Callable[..., Any])

data_option = click.option(
    "--data",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    envvar="CERTLOG_DATA",
    help="The registry's data folder.",
)


line_option = click.option(
    "--line",
    type=click.Choice(LINES),
    default=MAIN,
    show_default=True,
    help="Which anchor: a registry may have a second and a third, each on a chain of its own.",
)


class ChainOptions(SignerOptions):
    """The options of `chain_options` and `signer_options`, as click passes them."""

    endpoint: str
    chain_id: int
    finality: str
    legacy: bool
    free_gas: bool


class LogOptions(TypedDict):
    """The options of `log_options`, as click passes them."""

    contract: str
    log_id: str


_CHAIN: Final = (
    click.option("--free-gas", is_flag=True, help="Offer nothing for gas: for chains on which it is free."),
    click.option("--legacy", is_flag=True, help="Type 0 transactions, for chains without EIP-1559."),
    click.option(
        "--finality",
        default="tag",
        show_default=True,
        metavar="tag|DEPTH",
        help="How blocks become final: the chain's `finalized` tag, or so many blocks on top.",
    ),
    click.option("--chain-id", type=click.IntRange(min=1), required=True, help="The chain meant."),
    click.option("--endpoint", required=True, metavar="URL", help="The node's JSON-RPC address."),
)
_LOG: Final = (
    click.option("--log-id", required=True, metavar="HEX", help="The log, as in anchoring.toml."),
    click.option("--contract", required=True, metavar="ADDRESS", help="The contract, as in anchoring.toml."),
)


def chain_options(command: Command) -> Command:
    """Add the node, the chain and the fees."""
    for option in _CHAIN:
        command = option(command)
    return command


def log_options(command: Command) -> Command:
    """Add which log is meant."""
    for option in _LOG:
        command = option(command)
    return command


def owner_of(told: ChainOptions) -> Owner:
    """Open the key and return who signs and pays."""
    return Owner(
        signer=signer_of(told),
        fees=replace(FREE_GAS if told["free_gas"] else FeePolicy(), legacy=told["legacy"]),
        now=now,
        sleep=time.sleep,
        report=lambda text: say(text, err=True),
    )


def read_finality(text: str) -> Finality:
    """Return the rule that an option states."""
    if text == "tag":
        return "tag"
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise InvalidInput(
        Sentence("expected tag or a number of blocks, found {text!r}", text=text), place="--finality"
    )


def read_address(text: str, place: str) -> str:
    """Return an address with its checksum; `place` is the option."""
    try:
        return parse_address(text)
    except ValueError as error:
        raise InvalidInput(str(error), place=place) from error


def read_digest(text: str, place: str) -> bytes:
    """Return 32 bytes of hex; `place` is the option."""
    try:
        return bytes.fromhex(parse_digest(text).removeprefix("0x"))
    except ValueError as error:
        raise InvalidInput(str(error), place=place) from error


def now() -> int:
    """Return the system clock in whole seconds."""
    return int(time.time())
