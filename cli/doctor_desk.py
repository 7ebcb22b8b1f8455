"""The doctor's looks at an issuer's desk: its journal, printing, what can be read, and the registry it submits to."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from certlog.sentences import Sentence
from cli.doctor_findings import Check, Finding, bad, good, warning
from issuer.http_registry import HttpRegistry, RegistryAddress
from issuer.journal import open_journal
from issuer.pdf import find_unprintable

SPECIMEN: Final = "ẪỖẬữợđĐ ΩμΦ"
# Module, what it is for, the extra that brings it.
_EXTRAS: Final = (
    ("python_calamine", Sentence("spreadsheets (XLSX, ODS)"), "xlsx"),
    ("lxml", Sentence("PTB DCC files (XML)"), "dcc"),
)


def desk_checks(folder: Path | None, registry: str | None) -> list[Check]:
    """Return the looks at a desk."""
    checks = [Check("printing", _printing), Check("reading", _reading)]
    if folder is not None:
        checks.append(Check("journal", lambda: _journal(folder)))
    if registry is not None:
        checks.append(Check("registry", lambda: _registry(registry, folder)))
    return checks


def _printing() -> Iterator[Finding]:
    missing = find_unprintable(SPECIMEN)
    if missing:
        yield bad("printing", Sentence("no font has {letters}", letters=missing))
    else:
        yield good("printing", Sentence("PDFs can be made, with every Vietnamese letter"))


def _reading() -> Iterator[Finding]:
    for module, purpose, extra in _EXTRAS:
        if importlib.util.find_spec(module) is None:
            text = Sentence("{purpose} cannot be read", purpose=purpose)
            yield warning("reading", text, Sentence("pip install 'certlog[{extra}]'", extra=extra))
        else:
            yield good("reading", Sentence("{purpose} can be read", purpose=purpose))


def _journal(folder: Path) -> Iterator[Finding]:
    with open_journal(folder, create=False) as journal:
        waiting = journal.waiting_count()
    if waiting:
        text = Sentence("{count} signed entries are not known to be logged", count=waiting)
        yield warning("journal", text, Sentence("certlog issuer submit --out {path}", path=folder))
    else:
        yield good("journal", Sentence("everything signed is logged"))


def _registry(address: str, folder: Path | None) -> Iterator[Finding]:
    origin = HttpRegistry(RegistryAddress.from_text(address)).origin()
    yield good(
        "registry",
        Sentence("{address} answers for the log {origin}", address=address, origin=origin),
    )
    if folder is None:
        return
    with open_journal(folder, create=False) as journal:
        pinned = journal.pinned("origin")
    if pinned not in (None, origin):
        text = Sentence("this desk's journal belongs to the log {pinned}", pinned=pinned)
        yield bad("registry", text, Sentence("use another folder for {origin}", origin=origin))
