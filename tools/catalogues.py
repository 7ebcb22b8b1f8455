"""Keeps the translation catalogues of the web pages: extract, merge, compile; `--check` only tells whether they are so.

    .venv/bin/python tools/catalogues.py            after a text changed; then translate what is empty in the .po file
    .venv/bin/python tools/catalogues.py --check    exits 1 and says what to do when something is missing or stale

English is the language of the message ids and has no catalogue. No date and no line number is written, so that the
files change only when a text does.
"""

import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parent.parent
WEB: Final = ROOT / "web"
LOCALES: Final = ("vi",)
METHODS: Final = [("**.py", "python"), ("templates/**.html", "jinja2")]
NO_DATE: Final = datetime(2000, 1, 1, tzinfo=UTC)
KEYWORDS: Final = {"_": None, "gettext": None}


def catalogue_paths(locale: str) -> tuple[Path, Path]:
    """Return where a locale's .po and .mo are."""
    folder = WEB / "translations" / locale / "LC_MESSAGES"
    return folder / "messages.po", folder / "messages.mo"


def extracted() -> Catalog:
    """Return every message that the pages use, sorted, so that moving a text changes nothing."""
    catalog = Catalog(project="Certlog", version="1", charset="utf-8")
    found = extract_from_dir(str(WEB), METHODS, keywords=KEYWORDS)
    for filename, _line, message, _comments, context in sorted(
        found, key=lambda item: (str(item[2]), item[0])
    ):
        catalog.add(message, None, [(f"web/{filename}", None)], context=context)  # type: ignore[list-item]
    return catalog


def updated(locale: str) -> Catalog:
    """Return a locale's catalogue with exactly the messages that are used, translated as far as it is."""
    po, _mo = catalogue_paths(locale)
    old = read_po(io.BytesIO(po.read_bytes()), locale=locale) if po.exists() else Catalog()
    catalog = Catalog(locale=locale, project="Certlog", version="1", charset="utf-8", fuzzy=False)
    for message in extracted():
        if message.id:
            known = old.get(message.id)
            catalog.add(message.id, known.string if known else "", message.locations, message.flags)
    return catalog


def po_bytes(catalog: Catalog) -> bytes:
    """Return the .po file, without anything that changes by itself."""
    target = io.BytesIO()
    write_po(target, catalog, width=110, omit_header=True, include_lineno=False)
    header = (
        f'msgid ""\nmsgstr ""\n"Language: {catalog.locale}\\n"\n"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n\n'
    )
    return header.encode() + target.getvalue()


def mo_bytes(po: bytes, locale: str) -> bytes:
    """Return the compiled catalogue of a .po file; its header bears no date of today."""
    catalog = read_po(io.BytesIO(po), locale=locale)
    catalog.creation_date = catalog.revision_date = NO_DATE
    target = io.BytesIO()
    write_mo(target, catalog)
    return target.getvalue()


def compiled_texts(path: Path) -> dict[str, str]:
    """Return what a compiled catalogue says, without its header, which names the version of Babel."""
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_mo(file) if message.id}


def problems(locale: str) -> list[str]:
    """Return what is wrong with a locale's committed files; nothing when they are complete and up to date."""
    po, mo = catalogue_paths(locale)
    catalog = updated(locale)
    wanted = po_bytes(catalog)
    told = [
        f"{locale}: not translated: {message.id!r}"
        for message in catalog
        if message.id and not message.string
    ]
    for message in catalog:
        told += [f"{locale}: {message.id!r}: {error}" for error in message.check(catalog) if message.string]
    if not po.exists() or po.read_bytes() != wanted:
        told.append(f"{po.relative_to(ROOT)} is not up to date: run tools/catalogues.py")
    if compiled_texts(mo) != {str(message.id): str(message.string) for message in catalog if message.id}:
        told.append(f"{mo.relative_to(ROOT)} is not up to date: run tools/catalogues.py")
    return told


def main(arguments: list[str]) -> int:
    """Write the catalogues, or with --check only compare."""
    if arguments == ["--check"]:
        told = [problem for locale in LOCALES for problem in problems(locale)]
        print("\n".join(told))
        return 1 if told else 0
    for locale in LOCALES:
        po, mo = catalogue_paths(locale)
        po.parent.mkdir(parents=True, exist_ok=True)
        wanted = po_bytes(updated(locale))
        po.write_bytes(wanted)
        mo.write_bytes(mo_bytes(wanted, locale))
        print("\n".join(problems(locale)) or f"{locale}: complete")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
