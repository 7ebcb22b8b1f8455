r"""How the long-running processes write logs: lines of text, or a JSON object a line (CERTLOG_LOG=json).

Either way a line is one line: whatever could steer a terminal, end a line or turn text around is written as \uXXXX,
which JSON reads back unchanged. Nothing is logged whole: texts are cut, and what is named like a secret is left out.
JSON lines are in English: they are for programs.
"""

import logging
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Final, TextIO

import structlog
from flask.logging import default_handler

from certlog.clean_text import escaped, json_text

VARIABLE: Final = "CERTLOG_LOG"
FORMATS: Final = ("text", "json")
LONGEST: Final = 2_000
"""Characters of one value: an error in full, never a document."""
DEEPEST_TRACE: Final = 20_000

_SECRET: Final = re.compile(
    r"pass(phrase|word)|secret|token|\bpin\b|private|authorization|cookie", re.IGNORECASE
)
_LEFT_OUT: Final = "[not logged]"
Event = MutableMapping[str, Any]


def left_out(_logger: object, _method: str, event: Event) -> Event:
    """Leave out what is named like a secret."""
    return {name: _LEFT_OUT if _SECRET.search(name) else value for name, value in event.items()}


def cut(_logger: object, _method: str, event: Event) -> Event:
    """Cut long texts, and keep nothing but texts, numbers and truth values."""
    return {name: _plain(value) for name, value in event.items()}


def one_line(event: Mapping[str, Any], **_options: object) -> str:
    """Return a JSON object in one line."""
    return json_text(event)


def json_logger(file: TextIO | None = None) -> "structlog.BoundLogger":
    """Return a logger that writes a JSON object a line, to standard error unless told otherwise."""
    logger: structlog.BoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(file or sys.stderr),
        processors=[*_PROCESSORS, structlog.processors.JSONRenderer(serializer=one_line)],
        wrapper_class=structlog.BoundLogger,
    )
    return logger


class JsonFormatter(logging.Formatter):
    """Python's own log records, as the same lines."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        event: Event = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)[-DEEPEST_TRACE:]
        for processor in (structlog.processors.TimeStamper(fmt="iso", utc=True), left_out):
            event = processor(None, "", event)
        cut_event = cut(None, "", {k: v for k, v in event.items() if k != "exception"})
        return one_line({**cut_event, **({"exception": event["exception"]} if "exception" in event else {})})


class TextFormatter(logging.Formatter):
    """Python's own log records as text, each line of which is clean."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record; only the ends of lines of a trace stay what they are."""
        return "\n".join(map(escaped, super().format(record).split("\n")))


def clean_logs(environ: Mapping[str, str]) -> None:
    """Let gunicorn and Flask write such lines, in the form that CERTLOG_LOG names.

    Where that is JSON, whatever else logs or warns in this process does, too: no other line may stand between.
    """
    text = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    formatter = JsonFormatter() if environ.get(VARIABLE) == "json" else TextFormatter(text)
    if isinstance(formatter, JsonFormatter):
        others = logging.StreamHandler()
        others.setFormatter(formatter)
        logging.basicConfig(handlers=[others], level=logging.WARNING)
        logging.captureWarnings(capture=True)
    for handler in (*logging.getLogger("gunicorn.error").handlers, default_handler):
        handler.setFormatter(formatter)


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"


_PROCESSORS: Final[list[Callable[[Any, str, Event], Any]]] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    left_out,
    cut,
]
