"""Starts the anchoring of every line: a thread, a key and a secret each. One that ends leaves the others alone."""

import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from anchoring.lines import MAIN, load_line, load_lines
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from cli.anchor_signer import SecretOptions, ask_secret, secret_lines
from cli.anchoring import run_worker
from cli.logs import Voice
from cli.meters import Meters
from cli.registry_worker import anchoring_thread
from registry.publisher import Publisher


def read_secrets(folder: Path, told: SecretOptions) -> dict[str, str]:
    """Return each line's passphrase or PIN: from a file or descriptor, a line of text each, or asked for.

    Raises:
        InvalidInput: settings are wrong, or the file has another number of lines than the registry.
    """
    lines = load_lines(folder) or {MAIN: load_line(folder, MAIN)}
    given = secret_lines(told)
    if given is None:
        return {
            line: ask_secret(token=settings.pkcs11_key is not None, line=line if len(lines) > 1 else "")
            for line, settings in lines.items()
        }
    return shared_out(tuple(lines), given)


def read_secrets_from_stdin(folder: Path) -> dict[str, str]:
    """Return each line's secret as `certlog registry serve` hands them down."""
    lines = tuple(load_lines(folder))
    return shared_out(lines, sys.stdin.read().splitlines())


def shared_out(lines: Sequence[str], given: Sequence[str]) -> dict[str, str]:
    """Give each line its secret: in order, or one that opens all.

    Raises:
        InvalidInput: neither one nor as many as there are lines.
    """
    secrets = list(given) * len(lines) if len(given) == 1 else list(given[: len(lines)])
    if len(secrets) != len(lines) or not all(secrets):
        raise InvalidInput(
            Sentence(
                "expected one passphrase, or one on a line for each of {lines}; found {count}",
                lines=", ".join(lines),
                count=len(given),
            ),
            code="secrets-missing",
        )
    return dict(zip(lines, secrets, strict=True))


def start_lines(
    folder: Path,
    publisher: Publisher,
    secrets: Mapping[str, str],
    *,
    stop: threading.Event,
    now: Callable[[], int],
    said: Voice,
    meters: Meters | None = None,
) -> list[threading.Thread]:
    """Start a thread for each line that has a secret; return them.

    Args:
        folder: the data folder.
        publisher: the registry's, in this process.
        secrets: a passphrase or PIN for each line.
        stop: set to end; a step that has begun is finished.
        now: the clock.
        said: where steps are told, and that a line has ended by itself.
        meters: count what the lines do.
    """
    threads = []
    for line, secret in secrets.items():
        label = line if len(secrets) > 1 else ""
        run = partial(
            run_worker,
            folder,
            publisher,
            secret,
            line=line,
            stop=stop,
            now=now,
            report=said.report(label),
            meters=meters,
        )
        running = _ignore if meters is None else meters.running.labels(line).set
        threads.append(anchoring_thread(line, run, said.tell, running))
        threads[-1].start()
    return threads


def _ignore(_value: float) -> None:
    """Where nobody measures."""
