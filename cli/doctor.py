"""`certlog doctor`: looks at everything that must be right, changes nothing, and says what to do about what is not.

Checks are small generators of findings (doctor_registry, doctor_anchoring, doctor_desk); one that cannot be made is a
finding itself, so the list is always complete.
"""

import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from certlog.clean_text import json_text
from certlog.sentences import Sentence
from cli.doctor_findings import Check, Finding, Level, bad, examine, good, warning
from cli.language import Command, in_words, say

EXIT_TROUBLE: Final = 1
_BUILT: Final = 2026
MINIMUM_FREE: Final = 1024**3
COMFORTABLE_FREE: Final = 10 * 1024**3

_FOLDER: Final = click.Path(path_type=Path, file_okay=False, exists=True)
_SIGNS: Final = {Level.GOOD: ("✓", "green"), Level.WARNING: ("!", "yellow"), Level.BAD: ("✗", "red")}


@click.command("doctor", cls=Command)
@click.option("--data", type=_FOLDER, envvar="CERTLOG_DATA", help="A registry's data folder.")
@click.option("--desk", type=_FOLDER, help="An issuer's folder: the one that is given to issue as --out.")
@click.option("--registry", metavar="URL", help="The registry that the desk submits to.")
@click.option("--json", "as_json", is_flag=True, help="For programs: a JSON list of findings.")
def doctor(data: Path | None, desk: Path | None, registry: str | None, as_json: bool) -> None:
    """Look at this machine, a registry and an issuer's desk, and say what is wrong and what to do."""
    found: list[Finding] = []
    for finding in findings(data, desk, registry):
        found.append(finding)
        if not as_json:
            show(finding)
    if as_json:
        click.echo(json_text([finding.to_json() for finding in found], indent=1))
    worst = [sum(finding.level is level for finding in found) for level in (Level.BAD, Level.WARNING)]
    if not as_json:
        say(
            Sentence(
                "{bad} wrong, {warnings} to look at, {all} checked",
                bad=worst[0],
                warnings=worst[1],
                all=len(found),
            )
        )
    sys.exit(EXIT_TROUBLE if worst[0] else 0)


def findings(data: Path | None, desk: Path | None, registry: str | None) -> Iterator[Finding]:
    """Make every check that there is something for."""
    checks: list[Check] = [Check("machine", _machine)]
    if data is not None:
        from cli.doctor_anchoring import anchoring_checks  # noqa: PLC0415 - a desk has no database
        from cli.doctor_registry import registry_checks  # noqa: PLC0415 - as above

        checks += [Check("disk", lambda: _disk(data)), *registry_checks(data, os.environ, _now)]
        checks += anchoring_checks(data, _now)
    if desk is not None or registry is not None:
        from cli.doctor_desk import desk_checks  # noqa: PLC0415 - a registry sets no type

        checks += [
            *([] if desk is None else [Check("disk", lambda: _disk(desk))]),
            *desk_checks(desk, registry),
        ]
    for check in checks:
        yield from examine(check)


def show(finding: Finding) -> None:
    """Print a finding, and what to do about it."""
    sign, colour = _SIGNS[finding.level]
    click.echo(f"{click.style(sign, fg=colour)} {in_words(finding.subject)}: {in_words(finding.text)}")
    if finding.remedy:
        click.echo(f"    → {in_words(finding.remedy)}")


def _machine() -> Iterator[Finding]:
    version = sys.version_info
    found = Sentence("Python {version}", version=f"{version.major}.{version.minor}.{version.micro}")
    yield good("machine", found)
    encoding = sys.getfilesystemencoding().lower()
    if encoding != "utf-8":
        text = Sentence("file names are in {encoding}", encoding=encoding)
        yield warning("machine", text, Sentence("use a UTF-8 locale, such as LANG=vi_VN.UTF-8"))
    year = time.gmtime().tm_year
    if year < _BUILT:
        text = Sentence("the clock says it is the year {year}", year=year)
        yield bad("machine", text, Sentence("set the clock; times are signed"))


def _disk(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    text = Sentence("{free:.1f} GiB free for {folder}", free=free / 1024**3, folder=folder)
    if free < MINIMUM_FREE:
        yield bad("disk", text, Sentence("make room now: a full disk refuses every entry"))
    elif free < COMFORTABLE_FREE:
        yield warning("disk", text, Sentence("a million entries take about 3 GiB"))
    else:
        yield good("disk", text)


def _now() -> int:
    return int(time.time())
