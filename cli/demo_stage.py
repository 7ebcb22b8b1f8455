"""The demo's stage: runs `certlog` commands as a person would type them, shows each, and checks its exit status.

Every part of the demo goes through the same command line as real use: nothing is wired behind the scenes.
"""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from certlog.errors import Unavailable
from certlog.sentences import Sentence
from cli.language import VARIABLE, in_words, language
from verifier.report import Verdict
from verifier.words import TITLES

COMMAND_SECONDS: Final = 180
_SHOWN_LINES: Final = 12


def shown(found: object) -> str:
    """Return a result as a person reads it: a verdict by its title, yes or no, and how many there are of something."""
    match found:
        case bool():
            return Sentence("yes") if found else Sentence("no")
        case list() if not found:
            return Sentence("none")
        case str() if found in set(Verdict):
            return TITLES[Verdict(found)].text(language())
        case _:
            return str(found)


@dataclass
class Stage:
    """Says what happens, step by step, and runs commands.

    Attributes:
        console: where it is said.
        folder: the demo's own folder.
        failures: what was not as it should be; the demo fails if this is not empty.
    """

    console: Console
    folder: Path
    failures: list[str] = field(default_factory=list)
    _step: int = 0

    def title(self, text: str) -> None:
        """Print what comes first."""
        self.console.print(f"[bold]{in_words(text)}[/]")

    def step(self, text: str) -> None:
        """Announce the next step."""
        self._step += 1
        self.console.print(f"\n[bold]{self._step}. {in_words(text)}[/]")

    def say(self, text: str) -> None:
        """Print one indented line."""
        self.console.print(f"   {in_words(text)}", highlight=False, soft_wrap=True)

    def run(self, *words: str | Path, expect: int = 0, quiet: bool = False) -> str:
        """Run `certlog` with these words; return what it printed.

        Args:
            words: the command's words.
            expect: the exit status that is right here.
            quiet: do not show the command (one of many alike).

        Raises:
            Unavailable: another exit status, or no end in three minutes.
        """
        shown = " ".join(self._shown(word) for word in words)
        if not quiet:
            self.console.print(f"   [cyan]$ certlog {shown}[/]", highlight=False, soft_wrap=True)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "cli.main", *map(str, words)],
                capture_output=True,
                text=True,
                timeout=COMMAND_SECONDS,
                check=False,
                stdin=subprocess.DEVNULL,
                env=os.environ | {"NO_COLOR": "1", VARIABLE: language()},
            )
        except subprocess.TimeoutExpired as error:
            raise Unavailable(
                Sentence(
                    "certlog {shown} did not end in {command_seconds} seconds",
                    shown=shown,
                    command_seconds=COMMAND_SECONDS,
                )
            ) from error
        if done.returncode != expect:
            said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_SHOWN_LINES:])
            raise Unavailable(
                Sentence(
                    "certlog {shown}\nexpected exit status {expect}, found {returncode}:\n{said}",
                    shown=shown,
                    expect=expect,
                    returncode=done.returncode,
                    said=said,
                )
            )
        return done.stdout

    def verdict(self, *words: str | Path) -> str:
        """Run `certlog verify … --json`; return its verdict. Exit status and verdict must fit."""
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", "verify", *map(str, words), "--json"],
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        try:
            report: dict[str, Any] = json.loads(done.stdout)
        except json.JSONDecodeError as error:
            raise Unavailable(
                Sentence("certlog verify gave no report: {stderr}", stderr=done.stderr.strip()[-400:])
            ) from error
        verdict = str(report["verdict"])
        if (done.returncode == 0) != (verdict == "valid"):
            self.failures.append(
                Sentence(
                    "verify ended with {status} for the verdict {verdict}",
                    status=done.returncode,
                    verdict=verdict,
                )
            )
        return verdict

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Show a result beside what it should be; remember a difference."""
        good = found == wanted
        mark = "[green]✓[/]" if good else "[red]✗[/]"
        difference = Sentence(
            "{what}: expected {wanted}, found {found}", what=what, wanted=shown(wanted), found=shown(found)
        )
        self.say(
            f"{mark} {in_words(what)}: {in_words(shown(found))}"
            if good
            else f"{mark} [red]{in_words(difference)}[/]"
        )
        if not good:
            self.failures.append(difference)

    def wait(
        self, what: str, ready: Callable[[], bool], *, seconds: float, alive: Sequence[Callable[[], bool]]
    ) -> None:
        """Wait, with a spinner, until something is so.

        Raises:
            Unavailable: it took too long, or something that must run has ended.
        """
        start = time.monotonic()
        with self.console.status(f"   {in_words(what)} …"):
            while not ready():
                if not all(check() for check in alive):
                    raise Unavailable(
                        Sentence(
                            "while waiting ({what}) a part of the demo ended; see the logs in {folder}",
                            what=what,
                            folder=self.folder,
                        )
                    )
                if time.monotonic() - start > seconds:
                    raise Unavailable(
                        Sentence(
                            "{what}: not so after {seconds:.0f} seconds; see the logs in {folder}",
                            what=what,
                            seconds=seconds,
                            folder=self.folder,
                        )
                    )
                time.sleep(0.2)
        self.say(f"{in_words(what)}: {time.monotonic() - start:.1f} s")

    def _shown(self, word: str | Path) -> str:
        if isinstance(word, Path) and word.is_relative_to(Path.cwd()):
            word = word.relative_to(Path.cwd())
        return shlex.quote(str(word))
