"""Pieces of the printed page: labelled texts in two languages, dates day first, and tables, as data for the template.

A certificate in Vietnamese puts Vietnamese first and English beside it; one in English the other way round. What
the page says of a certificate comes from the signed content only; the labels are ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from certlog.strict_json import JSONObject, JSONValue, get_str
from certlog.timestamps import parse_date

LONGEST_SHORT: Final = 90


@dataclass(frozen=True, slots=True)
class Words:
    """One thing said in both languages."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Order:
    """Which language comes first on a page.

    Attributes:
        language: the certificate's own: vi or en.
    """

    language: str

    @classmethod
    def of(cls, content: JSONObject) -> "Order":
        """Return the order of a certificate."""
        return cls(get_str(content, "language"))

    def pair(self, vi: str, en: str) -> list[JSONValue]:
        """Return a text of ours, the page's own language first."""
        return [vi, en] if self.language == "vi" else [en, vi]

    def words(self, words: Words) -> list[JSONValue]:
        """Return `pair` of words from a table."""
        return self.pair(words.vi, words.en)

    def inline(self, words: Words) -> str:
        """Return words for the middle of a line: `Đạt / Pass`."""
        return " / ".join(map(str, self.words(words)))

    def texts(self, value: JSONValue) -> list[JSONValue]:
        """Return a text of the certificate: its languages in order, or the one that it has and nothing beside."""
        if not isinstance(value, list):
            return [str(value), ""]
        said = {item["@language"]: str(item["@value"]) for item in value if isinstance(item, dict)}
        first, second = ("vi", "en") if self.language == "vi" else ("en", "vi")
        found: list[JSONValue] = [said[name] for name in (first, second) if name in said]
        return [*found, ""][:2]

    def field(self, vi: str, en: str, value: JSONValue, beside: JSONValue = None) -> JSONObject:
        """Return a labelled value; `beside` is what it is called in the other language, or a detail of it."""
        return {"label": self.pair(vi, en), "value": str(value), "beside": str(beside or "")}

    def column(self, vi: str, en: str, *, width: int = 0, share: int = 0) -> JSONObject:
        """Return a table's column: `width` in tenths of a millimetre, or a `share` of what is left."""
        return {"label": self.pair(vi, en), "width": width, "share": share}


def fields_section(fields: Sequence[JSONObject], title: JSONValue = None) -> JSONObject:
    """Return labelled values under each other."""
    return {"kind": "fields", "title": title, "fields": list(fields)}


def table_section(
    columns: Sequence[JSONObject], rows: Sequence[JSONValue], title: JSONValue = None
) -> JSONObject:
    """Return a table whose headings are repeated on every page that it runs over."""
    return {"kind": "table", "title": title, "columns": list(columns), "rows": list(rows)}


def text_section(paragraphs: Sequence[JSONValue], title: JSONValue = None) -> JSONObject:
    """Return paragraphs; each is a pair, the second text being smaller."""
    return {"kind": "text", "title": title, "paragraphs": list(paragraphs)}


def day(value: JSONValue) -> str:
    """Return a date as it is written in Viet Nam: 24/11/2026."""
    return parse_date(str(value)[:10]).strftime("%d/%m/%Y")


def shortened(name: JSONValue) -> str:
    """Return a name that fits where the whole one stands elsewhere; dots say that something was left out."""
    text = str(name)
    return text if len(text) <= LONGEST_SHORT else text[: LONGEST_SHORT - 1].rstrip() + "…"


def items(holder: JSONObject, name: str) -> list[JSONObject]:
    """Return the objects of a list member; none if it is absent."""
    found = holder.get(name, [])
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def cell(texts: Sequence[JSONValue]) -> JSONValue:
    """Return a table's cell of a text and, smaller, what it is in the other language."""
    return list(texts) if texts[1] else texts[0]


def unbroken(text: JSONValue) -> str:
    """Return a short name that is not to be broken at the end of a line: `ISO/IEC 17025:2017`."""
    return str(text).replace(" ", "\N{NO-BREAK SPACE}")
