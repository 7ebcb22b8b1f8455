"""Joins the anchoring worker to a registry, a key and a chain: for `certlog anchor run` and `certlog registry serve`.

web3 is imported when a chain is opened, not before: every other command starts without it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from anchoring.database import open_database
from anchoring.line import Plan
from anchoring.line_store import LineStore
from anchoring.lines import MAIN, keystore, load_line, lock_name
from anchoring.lock import leader_lock
from anchoring.ports import Chain, Finality, SealedHead, TransactionSigner
from anchoring.quorum import QuorumChain
from anchoring.settings import AnchoringSettings
from anchoring.worker import AnchorWorker, Step
from cli.anchor_signer import signer_of_settings
from cli.meters import Meters
from registry.publisher import Publisher

if TYPE_CHECKING:
    from anchoring.chain import EvmChain


Observe = Callable[[str, str, float, str], object]
"""Told of each exchange with a node: endpoint, method, seconds, and answered, refused or failed."""


def ignore(*_exchange: object) -> None:
    """Observe nothing."""


class PublisherSource:
    """The registry's publisher as anchoring's CheckpointSource."""

    def __init__(self, publisher: Publisher) -> None:
        """Ask this publisher."""
        self._publisher: Final = publisher

    def seal(self, batch_number: int) -> SealedHead:
        """See CheckpointSource."""
        sealed = self._publisher.seal_batch(batch_number)
        return SealedHead(sealed.origin, sealed.size, sealed.root, sealed.note)

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """See CheckpointSource."""
        return self._publisher.consistency(old, new)

    def latest_size(self) -> int:
        """See CheckpointSource."""
        return self._publisher.latest_size()


@contextmanager
def open_chain(
    endpoint: str, contract: str, finality: Finality, observe: Observe = ignore
) -> "Iterator[EvmChain]":
    """Open a port to one contract through one node, whose exchanges are told to `observe`; closed at the end."""
    from anchoring.chain import EvmChain, JsonRpc  # noqa: PLC0415 - web3 costs over a second to import

    rpc = JsonRpc(endpoint, observe=observe)
    try:
        yield EvmChain(rpc, contract, finality)
    finally:
        rpc.close()


@contextmanager
def open_settings_chain(settings: AnchoringSettings, observe: Observe = ignore) -> Iterator[Chain]:
    """Open a port to the contract through every endpoint that the settings name; closed at the end."""
    with ExitStack() as stack:
        nodes: dict[str, Chain] = {
            endpoint: stack.enter_context(open_chain(endpoint, settings.contract, settings.finality, observe))
            for endpoint in settings.endpoints
        }
        # One node alone is read directly: there is nobody whom it could contradict.
        one = nodes[settings.endpoints[0]]
        yield one if len(nodes) == 1 else QuorumChain(nodes, settings.needed())


@contextmanager
def open_worker(
    folder: Path,
    publisher: Publisher,
    signer: TransactionSigner,
    now: Callable[[], int],
    line: str = MAIN,
    *,
    observe: Observe = ignore,
) -> Iterator[tuple[AnchorWorker, AnchoringSettings]]:
    """Join everything for a line of batches; nothing is sent yet.

    Args:
        folder: the data folder.
        publisher: the registry's, in this process.
        signer: the anchorer's opened key.
        now: the clock.
        line: the line's name.
        observe: told of each exchange with a node.

    Raises:
        InvalidInput: settings are missing or wrong, or the key is another account's.
        Unavailable: the database cannot be used.
    """
    settings = load_line(folder, line)
    database = open_database(settings.address(folder), create=True)
    lock = leader_lock(database, folder / lock_name(line))
    try:
        with open_settings_chain(settings, observe) as chain:
            store = LineStore(database, settings.target(), settings.account, now=now())
            plan = Plan(settings.pins(), settings.policy(), settings.fees())
            worker = AnchorWorker(
                store,
                plan,
                chain=chain,
                source=PublisherSource(publisher),
                signer=signer,
                lock=lock,
                now=now,
            )
            yield worker, settings
    finally:
        lock.release()
        database.close()


def run_worker(
    folder: Path,
    publisher: Publisher,
    passphrase: str,
    *,
    line: str = MAIN,
    stop: threading.Event,
    now: Callable[[], int],
    report: Callable[[Step], object],
    meters: Meters | None = None,
) -> None:
    """Anchor until `stop` is set. For a thread of the worker process, beside the publisher's ticks.

    Args:
        folder: the data folder, with the line's settings, and its key unless a token has it.
        publisher: the registry's, in this process.
        passphrase: opens the key's file; the PIN, where a token has the key.
        line: the line's name.
        stop: set to end; a step that has begun is finished.
        now: the clock.
        report: told of every step.
        meters: count calls to nodes, and look at the account.

    Raises:
        CertlogError: as the key's opening and open_worker say, before the first step.
        NotTrusted: anchoring's database contradicts itself.
    """
    signer = signer_of_settings(load_line(folder, line), folder / keystore(line), passphrase)
    observe = ignore if meters is None else meters.of_line(line)
    with ExitStack() as stack:
        opened = open_worker(folder, publisher, signer, now, line, observe=observe)
        worker, settings = stack.enter_context(opened)
        if meters is not None:
            account = meters.account(line, settings.pins(), settings.fees(), now)
            chain = stack.enter_context(
                open_chain(settings.endpoints[0], settings.contract, settings.finality, observe)
            )
            report = _both(report, lambda _step: account.look(chain))
        worker.run(stop, stop.wait, poll=settings.poll, report=report)


def _both(first: Callable[[Step], object], second: Callable[[Step], object]) -> Callable[[Step], object]:
    def told(step: Step) -> None:
        first(step)
        second(step)

    return told
