"""Finds the rows whose text the printed page has no shape for, while they can still be mended: before signing.

It knows no fonts: whoever sets the page is asked. Where in a row a character stands is looked up in the file.
"""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from certlog.canonical import canonicalize
from issuer.problems import RowProblem
from issuer.rows import Draft
from issuer.table import Table

FindUnprintable: TypeAlias = Callable[[str], str]
"""Returns the characters of a text that the printed page cannot show; empty for nearly every text."""

_SHOWN: Final = 10


def unprintable_rows(
    drafts: Sequence[Draft], table: Table, find_unprintable: FindUnprintable
) -> Iterator[RowProblem]:
    """Yield a problem for each row that holds a character that cannot be printed.

    Args:
        drafts: certificates that are to be signed.
        table: the file that they came from.
        find_unprintable: asked once for the characters of all of them.
    """
    if not drafts:
        return
    texts = {draft.row: canonicalize(draft.content).decode() for draft in drafts}
    unprintable = find_unprintable("".join(sorted(set().union(*texts.values()))))
    for row, text in texts.items():
        found = "".join(character for character in unprintable if character in text)
        if found:
            place = table.place(row, _column_of(found[0], row, table))
            yield RowProblem(place, "unprintable", {"found": " ".join(found[:_SHOWN])})


def _column_of(character: str, row: int, table: Table) -> str:
    """Return the column that holds a character; "" if it came from elsewhere, such as body.toml."""
    cells = next((candidate.cells for candidate in table.rows if candidate.number == row), {})
    columns = (name for name, text in cells.items() if character in unicodedata.normalize("NFC", text))
    return next(columns, "")
