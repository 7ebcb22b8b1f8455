"""`certlog trust-root compare`, `pin-rotation`, `set-auditors`, `set-log-id`: build a trust root from an older one.

Each writes a new file and says what it changes; nobody's trust root changes by itself.
"""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from certlog.errors import InvalidInput
from certlog.keys import PublicKey
from certlog.operator_record import PinnedRotation
from certlog.sentences import Sentence
from certlog.trust_root import Chain, LogId, TrustRoot
from certlog.trust_root_changes import changes
from cli.files import replace_file
from cli.language import Command, say
from cli.pins import read_trust_root

EXIT_DIFFERENT: Final = 1
_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_out: Final = click.option("-o", "--output", type=_FILE, required=True, help="The file to write.")


@click.command("compare", cls=Command)
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.pass_context
def compare(context: click.Context, old: Path, new: Path) -> None:
    """Say what NEW pins that OLD does not, and whether all that OLD proved still holds.

    Exit status: 0 where it does; 1 where something that OLD proved may not hold under NEW, or the other way round.
    """
    before, after = read_trust_root(old), read_trust_root(new)
    if not _tell(before, after):
        context.exit(EXIT_DIFFERENT)


@click.command("pin-rotation", cls=Command)
@click.argument("path", type=_FILE)
@click.option("--entry", type=click.IntRange(min=0), required=True, help="The log entry that rotated.")
@click.option("--operator-key", required=True, help="The operator's new key (multibase).")
@click.option(
    "--log",
    "target",
    metavar="URL|FOLDER",
    required=True,
    help="The log's web address, or a folder with its files: the entry is read there and compared.",
)
@_out
def pin_rotation(path: Path, entry: int, operator_key: str, target: str, output: Path) -> None:
    """Pin a rotation of the operator's key: below it, the old key states nothing more to those who pin it."""
    from cli.within import patient_source  # noqa: PLC0415 - an offline verification must start at once
    from verifier.logged_rotation import require_logged  # noqa: PLC0415 - an offline verification must start at once

    root = read_trust_root(path)
    rotation = PinnedRotation(entry, PublicKey.from_multibase(operator_key, "--operator-key"))
    with closing(patient_source(target)) as source:
        require_logged(source, root, rotation)
    pinned = tuple(sorted({*root.operator.rotations, rotation}, key=lambda one: one.index))
    _write(root, replace(root, operator=replace(root.operator, rotations=pinned)), output)


@click.command("set-auditors", cls=Command)
@click.argument("path", type=_FILE)
@click.option("--auditor", "auditors", multiple=True, metavar="VKEY", help="A cosigner's key; repeatable.")
@click.option("--quorum", type=click.IntRange(min=0), required=True, help="How many of them must agree.")
@_out
def set_auditors(path: Path, auditors: tuple[str, ...], quorum: int, output: Path) -> None:
    """Name the auditors whose agreement stands in for the chain; none of those named before stay by themselves."""
    root = read_trust_root(path)
    value = root.to_json() | {"auditors": {"keys": list(auditors), "quorum": quorum}}
    _write(root, TrustRoot.from_json(value), output)


@click.command("set-log-id", cls=Command)
@click.argument("path", type=_FILE)
@click.option("--contract", required=True, help="The contract (0x and 40 lower-case hex digits).")
@click.option("--log-id", required=True, help="The log on it (0x and 64 lower-case hex digits).")
@click.option(
    "--max-size", type=click.IntRange(min=0), help="The largest size that counts; without it, no limit."
)
@_out
def set_log_id(path: Path, contract: str, log_id: str, max_size: int | None, output: Path) -> None:
    """Name a log on a pinned contract and the largest size of it that counts: a successor, or one left behind."""
    root = read_trust_root(path)
    if contract not in {chain.contract for chain in root.chains}:
        message = Sentence("{path} pins no contract {contract}", path=path, contract=contract)
        raise InvalidInput(message, code="unknown-contract")
    named = LogId.from_json({"logId": log_id, "maxSize": max_size}, "--log-id")
    chains = tuple(_with_log(chain, named) if chain.contract == contract else chain for chain in root.chains)
    _write(root, replace(root, chains=chains), output)


def _with_log(chain: Chain, named: LogId) -> Chain:
    known = tuple(named if log.log_id == named.log_id else log for log in chain.log_ids)
    return replace(chain, log_ids=known if named in known else (*known, named))


def _write(old: TrustRoot, new: TrustRoot, output: Path) -> None:
    # Read back whole: what is written is a trust root by the rules of the format.
    replace_file(output, TrustRoot.parse(new.to_bytes()).to_bytes())
    _tell(old, new)


def _tell(old: TrustRoot, new: TrustRoot) -> bool:
    """Say every change and the fingerprints; return whether all that the old one proved still holds."""
    found = changes(old, new)
    for change in found:
        say(change.what if change.keeps else Sentence("! {change}", change=change.what))
    keeps = all(change.keeps for change in found)
    if not found:
        say(Sentence("they pin the same"))
    elif keeps:
        say(Sentence("all that the old one proved still holds"))
    else:
        say(
            Sentence(
                "what is marked with ! takes something from what the old one proved: ask the operator why"
            )
        )
    say(Sentence("old fingerprint: {fingerprint}", fingerprint=old.fingerprint()))
    say(Sentence("new fingerprint: {fingerprint}", fingerprint=new.fingerprint()))
    return keeps
