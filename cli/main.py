"""The `certlog` command and its groups, each imported only when it is used (a verify must start at once).

Errors that Certlog raises on purpose become one line on stderr and an exit status; anything else is a defect and
keeps its traceback.
"""

import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import click

from certlog.errors import CertlogError
from certlog.sentences import Sentence
from cli.endings import exit_status
from cli.language import Group, in_words, shown

COMMANDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "demo": (
        "cli.demo",
        "demo",
        Sentence("Run the whole journey on this machine, from spreadsheet to verdict page."),
    ),
    "verify": (
        "cli.verify",
        "verify",
        Sentence("Check a certificate: evidence file, PDF, document, id or page address."),
    ),
    "evidence": ("cli.evidence", "evidence", Sentence("Evidence files: make them fresher.")),
    "status": (
        "cli.status",
        "status",
        Sentence("Get and check dated proofs that a certificate was not withdrawn."),
    ),
    "omission": (
        "cli.omission",
        "omission",
        Sentence("Prove that a registry's statement of a status contradicts its own log."),
    ),
    "trust-root": (
        "cli.verify",
        "trust_root",
        Sentence("Export and show the trust root that verification pins."),
    ),
    "audit": (
        "cli.audit",
        "audit",
        Sentence("Check a whole log: every entry, epoch, anchor and list; mirror it, cosign it."),
    ),
    "monitor": (
        "cli.monitor",
        "monitor",
        Sentence("Watch a log: forks, stale heads, late anchors, entries in my name that I did not make."),
    ),
    "issuer": (
        "cli.issuer",
        "issuer",
        Sentence("At the issuing body: keys, issuing, submitting, status changes."),
    ),
    "operator": (
        "cli.operator",
        "operator",
        Sentence("At the operator's desk: enrol bodies, keys and scopes."),
    ),
    "authority": (
        "cli.authority",
        "authority",
        Sentence("At an authority's desk: what the operator delegated to it."),
    ),
    "registry": ("cli.serve", "registry", Sentence("On the registry machine: create, serve, tokens.")),
    "anchor": ("cli.anchor", "anchor", Sentence("Anchoring: contract, log, worker, batches.")),
    "doctor": ("cli.doctor", "doctor", Sentence("Look at everything that must be right; say what is not.")),
    "rebuild": (
        "cli.rebuild",
        "rebuild_command",
        Sentence("A registry's database made again from the log alone."),
    ),
    "backup": ("cli.backup", "backup", Sentence("Everything of a registry but its keys in one file.")),
    "restore": ("cli.backup", "restore", Sentence("A registry from a backup, in a new folder.")),
}


class _LazyGroup(Group):
    """Lists every command, imports one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of a certificate's journey."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}.{attribute} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the list without importing anything."""
        with formatter.section(in_words("Commands")):
            formatter.write_dl([(name, in_words(COMMANDS[name][2])) for name in self.list_commands(ctx)])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="certlog", message="%(prog)s %(version)s")
def certlog() -> None:
    """Certlog: certificates that anyone can check, in an append-only log anchored on a chain."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; the console script's entry point."""
    try:
        certlog.main(args=arguments, prog_name="certlog", standalone_mode=True)
    except CertlogError as error:
        click.echo(f"certlog: {shown(in_words(str(error)))}", err=True)
        sys.exit(exit_status(error))


if __name__ == "__main__":
    main()
