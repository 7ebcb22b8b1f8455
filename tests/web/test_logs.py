"""Log lines: one line each, whatever is in them, and nothing that should not be (threat C11)."""

import io
import json
import logging
import re
import threading
import unicodedata
from collections.abc import Callable
from contextlib import redirect_stderr

import pytest

from anchoring.worker import Did, Step
from certlog import clean_text
from certlog.clean_text import escaped
from certlog.errors import InvalidInput, Unavailable
from cli import logs as cli_logs
from tests.support.controls import Control, require_noticed
from web import logs
from web.logs import LONGEST, JsonFormatter, TextFormatter, clean_logs, json_logger

DANGEROUS = [
    chr(code)
    for code in range(0x110000)
    if unicodedata.category(chr(code)) in ("Cc", "Zl", "Zp", "Cs")
    or unicodedata.bidirectional(chr(code)) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
]
"""Every control character, line and paragraph separator, half of a pair, and what turns text around."""


def written(**fields: object) -> str:
    file = io.StringIO()
    json_logger(file).warning("registry", **fields)
    return file.getvalue()


def record(message: str, error: BaseException | None = None) -> logging.LogRecord:
    information = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord("gunicorn.error", logging.ERROR, "x.py", 1, message, None, information)


def each_formatter_writes_one_clean_line() -> None:
    for character in DANGEROUS:
        text = f"a{character}b"
        lines = [written(message=text), JsonFormatter().format(record(text)) + "\n"]
        for line in lines:
            assert line.count("\n") == 1
            assert not set(DANGEROUS) & set(line[:-1]), f"U+{ord(character):04X}"
        assert json.loads(lines[0])["message"] == text
        clean = TextFormatter("%(message)s").format(record(text)).replace("\n", "")
        assert not set(DANGEROUS) & set(clean), f"U+{ord(character):04X}"


def test_no_control_character_ends_a_line_or_steers_a_terminal() -> None:
    assert len(DANGEROUS) > 2_100
    each_formatter_writes_one_clean_line()


def test_vietnamese_text_stays_readable() -> None:
    assert "Trung tâm Chứng nhận Mẫu" in written(message="Trung tâm Chứng nhận Mẫu")


def test_a_line_says_when_how_bad_and_what() -> None:
    said = json.loads(written(message="x", count=3, halted=True))
    assert (said["event"], said["level"], said["count"], said["halted"]) == ("registry", "warning", 3, True)
    assert said["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    "name", ["passphrase", "token", "PIN", "pin", "private_key", "Authorization", "cookie"]
)
def test_what_is_named_like_a_secret_is_left_out(name: str) -> None:
    assert "hemmelig" not in written(**{name: "hemmelig"})


def test_nothing_is_logged_whole() -> None:
    document = "x" * 1_000_000
    assert len(written(message=document)) < LONGEST + 300
    assert len(JsonFormatter().format(record(document))) < LONGEST + 300


def test_an_exception_is_one_line_with_its_trace() -> None:
    error = ValueError("bad\x1b[31m\r\nfaked line")
    said = json.loads(JsonFormatter().format(record("failed", error)))
    text = TextFormatter("%(message)s").format(record("failed", error))
    assert "ValueError" in said["exception"]
    assert "\x1b" not in text
    assert "\r" not in text


def test_python_s_loggers_get_the_form_that_the_environment_names() -> None:
    logger, handler = logging.getLogger("gunicorn.error"), logging.StreamHandler()
    logger.addHandler(handler)
    try:
        clean_logs({"CERTLOG_LOG": "json"})
        assert isinstance(handler.formatter, JsonFormatter)
        clean_logs({})
        assert isinstance(handler.formatter, TextFormatter)
    finally:
        logger.removeHandler(handler)


def test_a_halt_is_an_error_and_what_repeats_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    report = cli_logs.voice("json").report("second")
    for step in (Step(Did.WAITED), Step(Did.SENT, "batch 1"), *[Step(Did.HALTED, "foreign-head: x")] * 3):
        report(step)
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(each["level"], each["line"], each["did"]) for each in said] == [
        ("info", "second", "sent"),
        ("error", "second", "halted"),
    ]


def reported(*steps: Step) -> list[tuple[str, str, str]]:
    """Return level, deed and detail of what is written of these steps."""
    file = io.StringIO()
    with redirect_stderr(file):
        report = cli_logs.voice("json").report("")
        for step in steps:
            report(step)
    said = map(json.loads, file.getvalue().splitlines())
    return [(each["level"], each["did"], each["detail"]) for each in said]


def away(text: str = "the node does not answer") -> Step:
    return Step(Did.UNAVAILABLE, text)


def test_the_end_of_trouble_is_said_once() -> None:
    quiet = Step(Did.WAITED)
    assert reported(quiet, away(), away(), quiet, quiet, Step(Did.SENT, "batch 1"), quiet, away()) == [
        ("warning", "unavailable", "the node does not answer"),
        ("info", "recovered", ""),
        ("info", "sent", "batch 1"),
        ("warning", "unavailable", "the node does not answer"),
    ]


def test_an_age_that_grows_is_not_said_with_every_look() -> None:
    ages = [Step(Did.WAITED, f"the node's newest block is {age} s old") for age in (901, 903, 1005)]
    assert reported(*ages, away("another")) == [
        ("warning", "waited", "the node's newest block is 901 s old"),
        ("warning", "unavailable", "another"),
    ]
    batches = [Step(Did.FINAL, f"batch {number}") for number in (1, 2)]
    assert len(reported(*batches)) == 2


def ended(log_format: str, error: Exception) -> tuple[object, str]:
    """Return the exit status and the last words of a process that cannot go on."""
    file = io.StringIO()
    with redirect_stderr(file), pytest.raises(BaseException) as found, cli_logs.ending(log_format):  # noqa: PT011 - whichever ends it, is told apart below
        raise error
    return found.value.code if isinstance(found.value, SystemExit) else found.value, file.getvalue()


def test_an_error_that_ends_a_process_is_a_json_line_with_its_exit_status() -> None:
    for error, status in ((InvalidInput("a"), 2), (Unavailable("b"), 3)):
        code, said = ended("json", error)
        assert (code, json.loads(said)["message"], json.loads(said)["level"]) == (status, str(error), "error")
        assert ended("text", error) == (error, "")


def test_a_defect_in_any_thread_is_a_record_with_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with cli_logs.ending("json"):
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    assert ended("json", ZeroDivisionError()) == (1, "")
    assert [(record.message, record.exc_info and record.exc_info[0]) for record in caplog.records] == [
        ("defect", ZeroDivisionError)
    ] * 2


DEFECTS: dict[str, Callable[[], Control]] = {
    "control characters as they are": lambda: Control(
        clean_text, "_UNSAFE", re.compile("(?!)"), each_formatter_writes_one_clean_line
    ),
    "secrets as they are": lambda: Control(
        logs, "_LEFT_OUT", "hemmelig", lambda: test_what_is_named_like_a_secret_is_left_out("token")
    ),
}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS.keys())
def test_a_defect_of_the_logs_is_noticed(
    defect: Callable[[], Control], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_noticed(defect(), monkeypatch)
    assert escaped("\x1b") == "\\u001b"
