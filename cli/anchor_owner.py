"""`certlog anchor`, an owner's commands: the contract, the log in it, its anchorer, its owner, its successor.

They are run where the owner's key is, which is not the registry machine. Each sends at most one transaction, waits
until it is final, and is harmless to repeat.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Unpack

import click

from anchoring.batch import Head
from anchoring.contract import ZERO_ADDRESS
from anchoring.deploy import deploy, open_log
from anchoring.lines import file_name, load_lines, require_fits
from anchoring.ownership import LogPlace, accept_log, offer_log, open_successor, seal_log, set_anchorer
from anchoring.settings import AnchoringSettings, make_settings, require_writable, save_settings
from certlog.digests import RootHash
from certlog.sentences import Sentence
from certlog.timestamps import format_time
from cli.anchor_options import (
    ChainOptions,
    LogOptions,
    chain_options,
    data_option,
    line_option,
    log_options,
    owner_of,
    read_address,
    read_digest,
    read_finality,
)
from cli.anchor_signer import signer_options
from cli.anchoring import open_chain
from cli.database_option import database_option
from cli.language import Command, say


class _OpenLogOptions(ChainOptions):
    line: str
    contract: str
    origin: str
    anchorer: str
    chain_class: str
    database: str | None


class _LogOptions(ChainOptions, LogOptions):
    pass


class _AnchorerOptions(_LogOptions):
    anchorer: str


class _OfferOptions(_LogOptions):
    new_owner: str


class _SuccessorOptions(_AnchorerOptions):
    size: int
    root: str


@click.command("deploy", cls=Command)
@chain_options
@signer_options("The account that pays; it gets no rights.")
def deploy_contract(**told: Unpack[ChainOptions]) -> None:
    """Deploy the contract CheckpointAnchor; print its address and code hash. One contract serves any log."""
    owner, rule = owner_of(told), read_finality(told["finality"])
    with open_chain(told["endpoint"], ZERO_ADDRESS, rule) as chain:
        deployed = deploy(chain, owner, chain.at, chain_id=told["chain_id"])
    say(Sentence("contract {address}", address=deployed.address))
    say(Sentence("code hash 0x{code_hash}", code_hash=deployed.code_hash.hex()))


@click.command("open-log", cls=Command)
@data_option
@line_option
@chain_options
@click.option("--contract", required=True, metavar="ADDRESS", help="What `certlog anchor deploy` printed.")
@click.option("--origin", required=True, help="The log's origin, such as registry.example.vn.")
@click.option("--anchorer", required=True, metavar="ADDRESS", help="The account that will append.")
@click.option(
    "--class",
    "chain_class",
    type=click.Choice(("public", "consortium", "local")),
    required=True,
    help="Who runs the chain; a local chain is shown as a test chain.",
)
@signer_options("The log's owner: keep it off this machine.")
@database_option
def open_log_command(folder: Path, **told: Unpack[_OpenLogOptions]) -> None:
    """Open the log in the contract, once, and write anchoring.toml; harmless to repeat."""
    require_writable(folder)
    rule, line, others = read_finality(told["finality"]), told["line"], load_lines(folder)
    contract = read_address(told["contract"], "--contract")
    anchorer = read_address(told["anchorer"], "--anchorer")
    draft = _settings(told, others, code_hash=bytes(32), log_id=bytes(32))
    require_fits(line, draft, others)
    owner = owner_of(told)
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
    path = save_settings(_settings(told, others, code_hash=code_hash, log_id=opened), folder, file_name(line))
    say(Sentence("log 0x{log_id}", log_id=opened.hex()))
    say(Sentence("wrote {path}", path=path))


_owner_key = signer_options("The log's owner.")
_anchorer = click.option("--anchorer", required=True, metavar="ADDRESS", help="The account that will append.")


@click.command("set-anchorer", cls=Command)
@chain_options
@log_options
@_anchorer
@_owner_key
def set_anchorer_command(**told: Unpack[_AnchorerOptions]) -> None:
    """Let another account append to a log, and the old one no more; harmless to repeat."""
    anchorer, place = read_address(told["anchorer"], "--anchorer"), _place(told)
    owner, rule = owner_of(told), read_finality(told["finality"])
    with open_chain(told["endpoint"], place.contract, rule) as chain:
        set_anchorer(chain, owner, place, anchorer)
    say(Sentence("{anchorer} appends now; set account in anchoring.toml, and its key", anchorer=anchorer))


@click.command("offer-log", cls=Command)
@chain_options
@log_options
@click.option("--new-owner", required=True, metavar="ADDRESS", help="Who shall own the log; must accept.")
@_owner_key
def offer_log_command(**told: Unpack[_OfferOptions]) -> None:
    """Offer a log to another owner, who takes it with accept-log; until then nothing changes."""
    new_owner, place = read_address(told["new_owner"], "--new-owner"), _place(told)
    owner, rule = owner_of(told), read_finality(told["finality"])
    with open_chain(told["endpoint"], place.contract, rule) as chain:
        offer_log(chain, owner, place, new_owner)
    say(Sentence("offered to {new_owner}, who takes it with: certlog anchor accept-log", new_owner=new_owner))


@click.command("accept-log", cls=Command)
@chain_options
@log_options
@signer_options("The new owner.")
def accept_log_command(**told: Unpack[_LogOptions]) -> None:
    """Take over a log that was offered to this key; harmless to repeat."""
    place, rule = _place(told), read_finality(told["finality"])
    owner = owner_of(told)
    with open_chain(told["endpoint"], place.contract, rule) as chain:
        accept_log(chain, owner, place)
    say(Sentence("the log belongs to {account}", account=owner.signer.address))


@click.command("seal-log", cls=Command)
@chain_options
@log_options
@_owner_key
def seal_log_command(**told: Unpack[_LogOptions]) -> None:
    """End a log for ever, such as against a thief with the anchorer's key; a successor can still be opened."""
    place, rule = _place(told), read_finality(told["finality"])
    owner = owner_of(told)
    with open_chain(told["endpoint"], place.contract, rule) as chain:
        seal_log(chain, owner, place)
    say(Sentence("sealed; go on with: certlog anchor open-successor"))


@click.command("open-successor", cls=Command)
@chain_options
@log_options
@click.option("--size", type=click.IntRange(min=1), required=True, help="Entries of the last honest head.")
@click.option("--root", required=True, metavar="HEX", help="Root of the last honest head.")
@_anchorer
@_owner_key
def open_successor_command(**told: Unpack[_SuccessorOptions]) -> None:
    """Go on from the last honest head of a log under a new id, once for ever; the old log is sealed."""
    anchorer, place = read_address(told["anchorer"], "--anchorer"), _place(told)
    head = Head(told["size"], RootHash(read_digest(told["root"], "--root")))
    owner, rule = owner_of(told), read_finality(told["finality"])
    with open_chain(told["endpoint"], place.contract, rule) as chain:
        opened, block_time = open_successor(chain, owner, place, head, anchorer)
    say(Sentence("that head was anchored {time}", time=format_time(block_time)))
    say(Sentence("log 0x{log_id}", log_id=opened.hex()))
    say(Sentence("on the registry machine: certlog anchor follow-successor"))


def _settings(
    told: _OpenLogOptions, others: Mapping[str, AnchoringSettings], *, code_hash: bytes, log_id: bytes
) -> AnchoringSettings:
    """Return the settings of a line; all lines of a registry share one database."""
    database = told["database"] or next((other.database for other in others.values()), None)
    values: dict[str, object] = {
        "origin": told["origin"],
        "endpoints": [told["endpoint"]],
        "chain_id": told["chain_id"],
        "chain_class": told["chain_class"],
        "contract": read_address(told["contract"], "--contract"),
        "code_hash": "0x" + code_hash.hex(),
        "log_id": "0x" + log_id.hex(),
        "account": read_address(told["anchorer"], "--anchorer"),
        "finality": read_finality(told["finality"]),
        "transactions": "legacy" if told["legacy"] else "eip1559",
        "database": database,
    }
    free: dict[str, object] = {"priority_fee": 0, "gas_price": 0} if told["free_gas"] else {}
    return make_settings(values | free, "certlog anchor open-log")


def _place(told: _LogOptions) -> LogPlace:
    contract = read_address(told["contract"], "--contract")
    return LogPlace(told["chain_id"], contract, read_digest(told["log_id"], "--log-id"))


OWNERS_COMMANDS: Final = (
    deploy_contract,
    open_log_command,
    set_anchorer_command,
    offer_log_command,
    accept_log_command,
    seal_log_command,
    open_successor_command,
)
