"""A report for people as HTML and PDF: facts and tables, in one language, every text escaped and none of it markup.

HTML needs no script, no network and no other file; PDF is set by typst where it is installed (certlog[pdf]).
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Final

from certlog.canonical import canonicalize
from issuer.print_typesetter import typeset

_TEMPLATE: Final = "report.typ"
_STYLE: Final = (
    "body{font:16px/1.5 'Be Vietnam Pro','Noto Sans',system-ui,sans-serif;max-width:62rem;margin:2rem auto;"
    "padding:0 1rem;color:#1a1a1a;background:#fff;overflow-wrap:anywhere}"
    "h1{font-size:1.6rem;line-height:1.25}h2{font-size:1.15rem;margin-top:2rem}.lead{font-size:1.15rem;"
    "font-weight:600;border-left:.4rem solid #555;padding:.4rem .8rem}.good{border-color:#1b7f3b}"
    ".bad{border-color:#b3261e}dl{display:grid;grid-template-columns:minmax(8rem,auto) 1fr;gap:.2rem 1rem}"
    "dt{color:#555}dd{margin:0}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #ccc}"
    "th{white-space:nowrap}td:not(:last-child){overflow-wrap:normal}"
    "@media(max-width:40rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}"
    "table,tbody,tr,td{display:block}thead{display:none}td{border:0;padding:.1rem 0}"
    "tr{border-bottom:1px solid #ccc;padding:.4rem 0}td[data-of]::before{content:attr(data-of) ': ';color:#555}}"
)
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its title, the names of its columns, and its rows; nothing is shown of an empty one but the title."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = ""


@dataclass(frozen=True, slots=True)
class ReportPage:
    """What a report says, in one language.

    Attributes:
        language: vi or en.
        title: of the document.
        lead: its result, in a sentence.
        mood: good, bad or plain: how the lead looks.
        facts: (name, value).
        tables: in order.
        notes: sentences at the end.
    """

    language: str
    title: str
    lead: str
    mood: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()


def html_page(page: ReportPage) -> bytes:
    """Return the report as one HTML file."""
    return "\n".join(_html(page)).encode()


def pdf_page(page: ReportPage, timestamp: int) -> bytes:
    """Return the report as PDF/A, byte for byte the same from the same texts.

    Raises:
        Unavailable: typst is not installed.
        InvalidInput: a text cannot be set.
    """
    texts = {"report": canonicalize(_plain(asdict(page))).decode()}
    return typeset(_TEMPLATE, texts, timestamp, about=page.title)


def _html(page: ReportPage) -> Iterator[str]:
    yield f'<!doctype html>\n<html lang="{escape(page.language)}"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(page.title)}</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>{escape(page.title)}</h1>"
    yield f'<p class="lead {escape(page.mood)}">{escape(page.lead)}</p><dl>'
    yield from (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in page.facts)
    yield "</dl>"
    for table in page.tables:
        yield from _html_table(table)
    yield from (f"<p>{escape(note)}</p>" for note in page.notes)
    yield "</body></html>\n"


def _html_table(table: Table) -> Iterator[str]:
    yield f"<h2>{escape(table.title)}</h2>"
    if not table.rows:
        yield f"<p>{escape(table.empty)}</p>"
        return
    heads = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
    yield f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>'
    yield from (f"<tr>{_cells(table.columns, row)}</tr>" for row in table.rows)
    yield "</tbody></table></div>"


def _cells(columns: Sequence[str], row: Sequence[str]) -> str:
    """Return a row's cells; each bears its column's name, for screens too narrow for a table."""
    pairs = zip(columns, row, strict=True)
    return "".join(f'<td data-of="{escape(name)}">{escape(text)}</td>' for name, text in pairs)


def _plain(value: object) -> object:
    """Return a value whose texts are plain: a Sentence is no JSON."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
