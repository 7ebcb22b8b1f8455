"""`certlog demo`: twenty certificates from a spreadsheet to verdict pages, on this machine, with real parts.

A real chain node, a real log, real PDFs; what each command does is what it does in earnest. All keys are made at run
time, are for this demo only, and stay in its folder.
"""

import shutil
import signal
from pathlib import Path
from typing import Final

import click
import segno
from rich.console import Console

from certlog.errors import CertlogError, InvalidInput
from certlog.sentences import Sentence
from cli.demo_acts import Acts
from cli.demo_settings import Settings
from cli.demo_stage import Stage
from cli.language import Command, in_words

MARKER: Final = "demo.json"
DEFAULT_FOLDER: Final = Path(".certlog-demo")
DEFAULT_PORT: Final = 8080


@click.command("demo", cls=Command)
@click.option(
    "--once", is_flag=True, help="End with a summary instead of serving; fail if anything is amiss."
)
@click.option(
    "--data",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_FOLDER,
    show_default=True,
    help="The demo's folder: keys, chain, log, PDFs. Kept between runs.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Port of the pages, first run only  [default: 8080]",
)
@click.option("--fresh", is_flag=True, help="Throw the folder's earlier demo away and begin again.")
def demo(*, once: bool, folder: Path, port: int | None, fresh: bool) -> None:
    """Run the whole journey: issue, log, anchor, verify, cheat, suspend, withdraw; then serve the pages."""
    console = Console(highlight=False, emoji=False)
    stage = Stage(console, folder)
    stage.title(Sentence("Certlog: a demonstration"))
    console.print(in_words(Sentence("All keys are made now, for this demo only.")))
    settings = _settings(folder, port, fresh=fresh, stage=stage)
    acts = Acts(stage, settings)
    # Asked to end by the system: stop in order, as for Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with acts:
            if settings.done:
                acts.come_back()
            else:
                acts.play()
            _summary(stage, acts)
            if not once and not stage.failures:
                acts.serve_until_interrupted()
    except KeyboardInterrupt:
        console.print("\n" + in_words(Sentence("Stopped.")))
    except CertlogError as error:
        console.print(f"\n[red]✗[/] {in_words(str(error))}", soft_wrap=True)
        raise SystemExit(1) from error
    if stage.failures:
        raise SystemExit(1)


def _settings(folder: Path, port: int | None, *, fresh: bool, stage: Stage) -> Settings:
    """Read what an earlier run left, or begin: an unfinished demo is thrown away, a finished one is kept."""
    marker = folder / MARKER
    if folder.exists() and any(folder.iterdir()) and not marker.is_file():
        raise InvalidInput(
            Sentence("{folder} holds other files than a demo's; choose another with --data", folder=folder)
        )
    if marker.is_file():
        found = Settings.read(marker)
        if found.done and not fresh:
            if port not in (None, found.port):
                message = Sentence(
                    "this demo's addresses use port {port}; use it, or begin again with --fresh",
                    port=found.port,
                )
                raise InvalidInput(message, place="--port")
            stage.say(Sentence("Going on from {folder} (--fresh begins again).", folder=folder))
            return found
        stage.say(Sentence("Beginning again in {folder}.", folder=folder))
        shutil.rmtree(folder)
    return Settings.new(folder, port or DEFAULT_PORT)


def _summary(stage: Stage, acts: Acts) -> None:
    console = stage.console
    if stage.failures:
        console.print(f"\n[bold red]{in_words(Sentence('Something is not as it should be:'))}[/]")
        for failure in stage.failures:
            console.print(f"  [red]✗[/] {in_words(failure)}")
        return
    console.print(f"\n[bold green]{in_words(Sentence('Everything is as it should be.'))}[/]")
    for label, address in acts.addresses():
        console.print(f"  {in_words(label):<46} {address}", soft_wrap=True)
    console.print(f"  {in_words(Sentence('Folder')):<46} {stage.folder}")
    segno.make(acts.qr_text(), error="q").terminal(compact=True)
