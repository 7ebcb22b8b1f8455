"""Keeps the translations with the texts they translate: `python tools/catalogues.py`, or `--check` to compare only.

Two catalogues, as GNU gettext files in web/translations: `messages`, what the pages' templates say, and `sentences`,
what Python code and the command line say. Both are compiled here; the files change only when a text does.
"""

import io
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

from tools.sentences import OF_JSON, OF_THE_SYSTEM, click_texts, sentences_of

ROOT: Final = Path(__file__).resolve().parent.parent
WEB: Final = ROOT / "web"
LOCALES: Final = ("vi",)
METHODS: Final = [("**.py", "python"), ("templates/**.html", "jinja2")]
NO_DATE: Final = datetime(2000, 1, 1, tzinfo=UTC)
KEYWORDS: Final = {"_": None, "gettext": None}


def catalogue_paths(locale: str, domain: str) -> tuple[Path, Path]:
    """Return where a locale's .po and .mo are."""
    folder = WEB / "translations" / locale / "LC_MESSAGES"
    return folder / f"{domain}.po", folder / f"{domain}.mo"


def messages() -> Catalog:
    """Return every message that the pages use, sorted, so that moving a text changes nothing."""
    catalog = Catalog(project="Certlog", version="1", charset="utf-8")
    found = extract_from_dir(str(WEB), METHODS, keywords=KEYWORDS)
    for filename, _line, message, _comments, context in sorted(
        found, key=lambda item: (str(item[2]), item[0])
    ):
        catalog.add(message, None, [(f"web/{filename}", None)], context=context)  # type: ignore[list-item]
    return catalog


def sentences() -> Catalog:
    """Return every text that Python code says to people, click's among them."""
    catalog = Catalog(project="Certlog", version="1", charset="utf-8")
    for text, filename in sorted(sentences_of(ROOT)):
        catalog.add(text, None, [(filename, None)])  # type: ignore[list-item] # no line: moving a text changes nothing
    for text in (*OF_THE_SYSTEM, *OF_JSON):
        catalog.add(text, None, [("what others say", None)])  # type: ignore[list-item] # as above
    for text_or_plural in sorted(click_texts(), key=str):
        catalog.add(text_or_plural, None, [("click", None)])  # type: ignore[list-item] # as above
    return catalog


EXTRACTED: Final[Mapping[str, Callable[[], Catalog]]] = {"messages": messages, "sentences": sentences}


def updated(locale: str, domain: str) -> Catalog:
    """Return a locale's catalogue with exactly the messages that are used, translated as far as it is."""
    po, _mo = catalogue_paths(locale, domain)
    old = read_po(io.BytesIO(po.read_bytes()), locale=locale) if po.exists() else Catalog()
    catalog = Catalog(locale=locale, project="Certlog", version="1", charset="utf-8", fuzzy=False)
    for message in EXTRACTED[domain]():
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
        return {_key(message): _said(message) for message in read_mo(file) if message.id}


def problems(locale: str, domain: str) -> list[str]:
    """Return what is wrong with a locale's committed files; nothing when they are complete and up to date."""
    po, mo = catalogue_paths(locale, domain)
    catalog = updated(locale, domain)
    wanted = po_bytes(catalog)
    told = [
        f"{locale}: not translated: {message.id!r}"
        for message in catalog
        if message.id and not any(_strings(message.string))
    ]
    if domain == "sentences":
        told += [
            f"{locale}: other values than {message.id!r}" for message in catalog if not _same_values(message)
        ]
    for message in catalog:
        told += [f"{locale}: {message.id!r}: {error}" for error in message.check(catalog) if message.string]
    if not po.exists() or po.read_bytes() != wanted:
        told.append(f"{po.relative_to(ROOT)} is not up to date: run tools/catalogues.py")
    if compiled_texts(mo) != {_key(message): _said(message) for message in catalog if message.id}:
        told.append(f"{mo.relative_to(ROOT)} is not up to date: run tools/catalogues.py")
    return told


def _strings(said: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """Return a text, or each plural form of one."""
    return (said or "",) if isinstance(said, str | None) else tuple(said)


def _key(message: Message) -> str:
    return _strings(message.id)[0]


def _said(message: Message) -> str:
    return _strings(message.string)[0]


def _same_values(message: Message) -> bool:
    """Tell whether a translation names the values of its template, each with the same form, and no others."""
    if not message.id or not _said(message):
        return True
    wanted = {value for text in _strings(message.id) for value in _values(text)}
    return all(set(_values(text)) <= wanted for text in _strings(message.string)) and (
        message.pluralizable or set(_values(_said(message))) == wanted
    )


def _values(text: str) -> Iterator[tuple[str, str, str]]:
    try:
        parts = list(Formatter().parse(text))
    except ValueError:  # a text that is no template
        return
    yield from (
        (name, spec or "", conversion or "") for _, name, spec, conversion in parts if name is not None
    )


def main(arguments: list[str]) -> int:
    """Write the catalogues, or with --check only compare."""
    both = [(locale, domain) for locale in LOCALES for domain in EXTRACTED]
    if arguments == ["--check"]:
        told = [problem for locale, domain in both for problem in problems(locale, domain)]
        print("\n".join(told))
        return 1 if told else 0
    for locale, domain in both:
        po, mo = catalogue_paths(locale, domain)
        po.parent.mkdir(parents=True, exist_ok=True)
        wanted = po_bytes(updated(locale, domain))
        po.write_bytes(wanted)
        mo.write_bytes(mo_bytes(wanted, locale))
        print("\n".join(problems(locale, domain)) or f"{locale} {domain}: complete")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
