"""What the worker's processes say, to people or to programs: one of two sets of words, chosen by --log.

With --log json every line on standard error is a JSON object, also the last words of a process that cannot go on.
"""

import functools
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import click

from anchoring.worker import Did, Step
from certlog.errors import CertlogError
from certlog.timestamps import format_time
from cli.anchor_text import TROUBLE, News, is_over, step_reporter
from cli.endings import exit_status
from cli.language import in_words, say
from registry.opening import system_now
from web.logs import FORMATS, VARIABLE, clean_logs, json_logger

Command = TypeVar("Command", bound=Callable[..., Any])
EXIT_DEFECT: Final = 1
RECOVERED: Final = "recovered"
"""What a JSON line says was done when trouble is over."""

_log_option: Final = click.option(
    "--log",
    "log_format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to write what happens: for people, or a JSON object a line.",
)


def log_option(command: Command) -> Command:
    """Add --log; the command ends in the form that it names."""

    @functools.wraps(command)
    def wrapped(*told: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever click passes
        with ending(named["log_format"]):
            return command(*told, **named)

    return cast("Command", _log_option(wrapped))


@dataclass(frozen=True, slots=True)
class Voice:
    """Where a process says what happens.

    Attributes:
        tell: something that somebody should know: a problem, or that there is none any more.
        note: something that is as it should be, such as the address that is served.
        report: makes a line's report of its steps.
    """

    tell: Callable[[str], object]
    note: Callable[[str], object]
    report: Callable[[str], Callable[[Step], object]]


def voice(log_format: str, *, steps: Callable[[str], object] | None = None) -> Voice:
    """Return the voice for a format; `steps` is where a person reads what lines do, standard error without it."""
    if log_format == "json":
        return _json_voice()
    return Voice(_tell, _say, lambda line: step_reporter(steps or _say, line))


def in_environment(log_format: str) -> dict[str, str]:
    """Return what makes child processes write alike."""
    return {VARIABLE: log_format}


@contextmanager
def ending(log_format: str) -> Iterator[None]:
    """Where JSON is written, let errors, warnings and the traces of defects be JSON, too, in every thread.

    Raises:
        SystemExit: instead of an error, which has been written then.
    """
    if log_format != "json":
        yield
        return
    clean_logs(in_environment(log_format))
    defects = logging.getLogger("certlog")
    before, threading.excepthook = (
        threading.excepthook,
        lambda found: defects.critical(
            "defect", exc_info=(found.exc_type, found.exc_value or found.exc_type(), found.exc_traceback)
        ),
    )
    try:
        yield
    except CertlogError as error:
        json_logger().error("registry", message=str(error))
        sys.exit(exit_status(error))
    except Exception:  # noqa: BLE001 - the outermost edge, and its trace is written
        defects.critical("defect", exc_info=True)
        sys.exit(EXIT_DEFECT)
    finally:
        threading.excepthook = before


def _json_voice() -> Voice:
    logger = json_logger()

    def reporter(line: str) -> Callable[[Step], object]:
        news = News()

        def report(step: Step) -> None:
            if not news.is_news(step):
                return
            write = logger.error if step.did is Did.HALTED else logger.info
            if step.did in TROUBLE and not is_over(step):
                write = logger.warning
            did = RECOVERED if is_over(step) else str(step.did)
            write("anchoring", line=line or "main", did=did, detail=step.detail)

        return report

    return Voice(
        lambda text: logger.warning("registry", message=text),
        lambda text: logger.info("registry", message=text),
        reporter,
    )


def _tell(text: str) -> None:
    _say(f"{format_time(system_now())} {in_words(text)}")


def _say(text: str) -> None:
    say(text, err=True)
