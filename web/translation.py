"""Says a sentence in the reader's language, for pages, API and the command line: GNU gettext catalogues, as files.

English is the language of the message ids, so it needs no catalogue. `certlog` itself reads no file and knows no
language; here its sentences and those files meet (docs/adr/0017-…).
"""

import gettext
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

from certlog.sentences import Translate, translated

Language: TypeAlias = Literal["vi", "en"]

LANGUAGES: Final[tuple[Language, ...]] = ("vi", "en")
FOLDER: Final = Path(__file__).resolve().parent / "translations"
DOMAIN: Final = "sentences"
"""The catalogue of everything that Python code says; the pages' own texts are in `messages`."""


def said(text: str, language: Language) -> str:
    """Return a sentence, or a plain text, in a language; what has no translation stays English."""
    return translated(text, translator(language))


@cache
def translator(language: Language) -> Translate:
    """Return the catalogue of a language as a function."""
    if language == "en":
        return _as_it_is
    catalogue = gettext.translation(DOMAIN, FOLDER, languages=[language])

    def translate(template: str) -> str:
        # The empty message id is the catalogue's own header.
        return catalogue.gettext(template) if template else template

    return translate


def _as_it_is(template: str) -> str:
    return template
