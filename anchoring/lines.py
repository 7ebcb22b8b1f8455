"""The lines of a registry: each anchors the log's heads on a chain or contract of its own, and stops for itself alone.

A line has its settings file, account, key, lock, rows in anchoring's database and halts; nothing of one waits for
another. Most registries have one; a second is recommended where the first chain is run by one party.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from anchoring.settings import DATABASE_NAME, FILE_NAME, AnchoringSettings, load_settings
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from storage.database import Address

MAIN: Final = "main"
LINES: Final = (MAIN, "second", "third")
"""Every name that a line may have."""


def file_name(line: str) -> str:
    """Return the name of a line's settings file in the data folder."""
    return FILE_NAME if line == MAIN else f"anchoring-{line}.toml"


SETTINGS_FILES: Final = tuple(file_name(line) for line in LINES)


def keystore(line: str) -> Path:
    """Return where a line's key is, under the data folder, unless a token has it."""
    return Path("keys") / ("anchorer.json" if line == MAIN else f"anchorer-{line}.json")


def lock_name(line: str) -> str:
    """Return the name of a line's lock file in the data folder."""
    return "anchoring.lock" if line == MAIN else f"anchoring-{line}.lock"


def line_names(folder: Path) -> tuple[str, ...]:
    """Return the lines that a data folder has settings of."""
    return tuple(line for line in LINES if (folder / file_name(line)).is_file())


def load_line(folder: Path, line: str) -> AnchoringSettings:
    """Read one line's settings. Errors as load_settings."""
    return load_settings(folder, file_name(line))


def load_lines(folder: Path) -> Mapping[str, AnchoringSettings]:
    """Read every line's settings, and require that they fit together.

    Raises:
        InvalidInput: a missing or wrong setting, or two lines that are not independent.
        Unavailable: a file cannot be read.
    """
    found: dict[str, AnchoringSettings] = {}
    for line in line_names(folder):
        settings = load_line(folder, line)
        require_fits(line, settings, found)
        found[line] = settings
    return found


def require_fits(line: str, settings: AnchoringSettings, others: Mapping[str, AnchoringSettings]) -> None:
    """Require that a line anchors the same log as the others, in the same database, and shares nothing else.

    Raises:
        InvalidInput: it does not; the message names both lines and the setting.
    """
    for name, other in others.items():
        if name == line:
            continue
        shared = {"origin": (settings.origin, other.origin), "database": (settings.database, other.database)}
        for setting, (ours, theirs) in shared.items():
            if ours != theirs:
                raise InvalidInput(
                    Sentence(
                        "the lines {line} and {other} need the same {setting}, found {ours!r} and {theirs!r}",
                        line=line,
                        other=name,
                        setting=setting,
                        ours=ours,
                        theirs=theirs,
                    ),
                    place=file_name(line),
                    code="lines-differ",
                )
        if settings.chain_id != other.chain_id:
            continue
        for setting in ("contract", "account"):
            if getattr(settings, setting) == getattr(other, setting):
                raise InvalidInput(
                    Sentence(
                        "the lines {line} and {other} have the same {setting} on chain {chain_id}: each needs its own",
                        line=line,
                        other=name,
                        setting=setting,
                        chain_id=settings.chain_id,
                    ),
                    place=file_name(line),
                    code="lines-alike",
                )


def database_address(folder: Path) -> Address:
    """Return where anchoring's tables are, also before there are settings.

    Raises:
        InvalidInput: a wrong setting.
        Unavailable: the settings cannot be read.
    """
    for settings in load_lines(folder).values():
        return settings.address(folder)
    return folder / DATABASE_NAME
