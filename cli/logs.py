"""What the worker's processes say, to people or to programs: one of two sets of words, chosen by --log."""

from collections.abc import Callable
from dataclasses import dataclass

import click

from anchoring.worker import Did, Step
from certlog.timestamps import format_time
from cli.anchor_text import step_reporter
from cli.language import in_words, say
from registry.opening import system_now
from web.logs import FORMATS, VARIABLE, json_logger

log_option = click.option(
    "--log",
    "log_format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to write what happens: for people, or a JSON object a line.",
)


@dataclass(frozen=True, slots=True)
class Voice:
    """Where a process says what happens.

    Attributes:
        tell: something that somebody should know: a problem, or that there is none any more.
        report: makes a line's report of its steps.
    """

    tell: Callable[[str], object]
    report: Callable[[str], Callable[[Step], object]]


def voice(log_format: str, *, steps: Callable[[str], object] | None = None) -> Voice:
    """Return the voice for a format; `steps` is where a person reads what lines do, standard error without it."""
    if log_format == "json":
        return _json_voice()
    return Voice(_tell, lambda line: step_reporter(steps or _say, line))


def in_environment(log_format: str) -> dict[str, str]:
    """Return what makes child processes write alike."""
    return {VARIABLE: log_format}


def _json_voice() -> Voice:
    logger = json_logger()

    def reporter(line: str) -> Callable[[Step], object]:
        last: list[Step] = []

        def report(step: Step) -> None:
            if (step.did is Did.WAITED and not step.detail) or last[:1] == [step]:
                return
            last[:] = [step]
            write = logger.error if step.did is Did.HALTED else logger.info
            if step.did in (Did.UNAVAILABLE, Did.OUTPACED, Did.WAITED):
                write = logger.warning
            write("anchoring", line=line or "main", did=str(step.did), detail=step.detail)

        return report

    return Voice(lambda text: logger.warning("registry", message=text), reporter)


def _tell(text: str) -> None:
    _say(f"{format_time(system_now())} {in_words(text)}")


def _say(text: str) -> None:
    say(text, err=True)
