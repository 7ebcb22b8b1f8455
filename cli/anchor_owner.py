"""`certlog anchor`, an owner's commands: the contract, the log in it, its anchorer, its owner, its successor.

They are run where the owner's key is, which is not the registry machine. Each sends at most one transaction, waits
until it is final, and is harmless to repeat.
"""

from pathlib import Path
from typing import Unpack

import click

from anchoring.contract import ZERO_ADDRESS
from anchoring.deploy import deploy, open_log
from anchoring.settings import make_settings, require_writable, save_settings
from certlog.sentences import Sentence
from cli.anchor_options import (
    ChainOptions,
    chain_options,
    data_option,
    owner_of,
    read_address,
    read_finality,
)
from cli.anchor_signer import signer_options
from cli.anchoring import open_chain
from cli.database_option import database_option
from cli.language import Command, say


class _OpenLogOptions(ChainOptions):
    contract: str
    origin: str
    anchorer: str
    chain_class: str
    database: str | None


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
    owner, rule = owner_of(told), read_finality(told["finality"])
    contract = read_address(told["contract"], "--contract")
    anchorer = read_address(told["anchorer"], "--anchorer")
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
