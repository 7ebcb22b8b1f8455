"""`certlog anchor dry-run`: asks the node what the next anchor would cost. It seals, signs and sends nothing."""

import os
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from anchoring.batch import Head
from anchoring.contract import anchor_call
from anchoring.cost import TYPICAL_GAS, cost_lines, estimate
from anchoring.fees import fees_now
from anchoring.lines import load_line
from anchoring.ports import Chain
from anchoring.settings import AnchoringSettings
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.tree import consistency_proof, root_at
from cli.anchor_options import data_option, line_option
from cli.anchoring import open_settings_chain
from cli.language import Command, say
from registry.database import Database
from registry.heads import newest_checkpoint
from registry.log_tree import node_reader
from storage.database import closed_at_end


@click.command("dry-run", cls=Command)
@data_option
@line_option
@click.option("--price", metavar="NUMBER", help="Money for one coin of the chain, such as 65000000.")
@click.option("--currency", default="VND", show_default=True, help="What the money is called.")
def dry_run(folder: Path, line: str, price: str | None, currency: str) -> None:
    """Show what the next anchor and a day cost, in gas, in coin and in money; nothing is sealed, signed or sent."""
    from registry.data_folder import DataFolder  # noqa: PLC0415 - the registry is needed by this command only
    from registry.opening import Surroundings, open_registry  # noqa: PLC0415 - as above

    money = None if price is None else _price(price)
    settings = load_line(folder, line)
    registry = open_registry(DataFolder(folder), Surroundings(os.environ))
    with closed_at_end(registry.database) as database, open_settings_chain(settings) as chain:
        chain.chain_id()  # begins a round of questions
        latest = chain.latest()
        fees = fees_now(settings.fees(), latest.base_fee, chain.gas_price)
        gas = _gas(chain, database, settings)
    cost = estimate(gas or TYPICAL_GAS, latest.base_fee, fees, settings.max_fee, settings.policy())
    if gas is None:
        say(Sentence("nothing new is signed yet: {gas} gas is what an anchor usually needs", gas=TYPICAL_GAS))
    for text in cost_lines(cost, money, currency):
        say(text)


def _gas(chain: Chain, database: Database, settings: AnchoringSettings) -> int | None:
    """Ask the node for the anchor from the contract's head to the newest signed checkpoint, with its real proof."""
    log_id, account = settings.target().log_id, settings.account
    size = chain.head(log_id, chain.latest()).size
    with database.reading() as connection:
        newest = newest_checkpoint(connection)
        if newest is None or newest.size <= size:
            return None
        reader = node_reader(connection)
        old = Head(size, root_at(size, reader))
        proof = consistency_proof(size, newest.size, reader)
    calldata = anchor_call(log_id, (old.size, old.root), (newest.size, newest.root), proof)
    try:
        return chain.estimate_gas(account, calldata)
    except Unavailable as error:
        raise Unavailable(
            Sentence("the node would not anchor now: {error}; see certlog anchor status", error=error)
        ) from error


def _price(text: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation as error:
        raise InvalidInput(
            Sentence("expected a number such as 65000000, found {text!r}", text=text), place="--price"
        ) from error
    if not price.is_finite() or price < 0:
        raise InvalidInput(
            Sentence("expected a number such as 65000000, found {text!r}", text=text), place="--price"
        )
    return price
