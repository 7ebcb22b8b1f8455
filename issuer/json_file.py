"""The same rows as JSON: one object, or a list of objects, whose members are the English column names.

Values are texts; integers and, where a column takes several values, lists of texts are accepted too. It is read
by the strict parser: duplicate members, floats and text outside NFC are refused.
"""

import difflib
from collections.abc import Sequence
from typing import Final

from certlog.errors import InvalidInput
from certlog.strict_json import JSONObject, JSONValue, parse
from issuer.columns import BY_NAME, COLUMNS, LIST_SEPARATOR
from issuer.problems import Place, RowProblem
from issuer.table import MAX_ROWS, Row, Table

MAX_JSON_BYTES: Final = 64 * 1024 * 1024
"""It is held in memory as a whole, unlike a spreadsheet."""
_NAMES: Final = tuple(BY_NAME)


def read_items(data: bytes) -> tuple[list[tuple[int, JSONObject]], list[RowProblem]]:
    """Read the bytes of a JSON file into its objects, numbered from 1, and what is wrong with its form."""
    try:
        value = parse(data, max_bytes=MAX_JSON_BYTES)
    except InvalidInput as error:
        return [], [RowProblem(Place(0), "bad-json", {"found": str(error)})]
    items = value if isinstance(value, list) else [value]
    if not items:
        return [], [RowProblem(Place(0), "no-rows")]
    if len(items) > MAX_ROWS:
        return [], [RowProblem(Place(0), "too-many-rows", {"expected": str(MAX_ROWS)})]
    numbered = list(enumerate(items, start=1))
    problems = [RowProblem(Place(i), "not-text") for i, item in numbered if not isinstance(item, dict)]
    return [(i, item) for i, item in numbered if isinstance(item, dict)], problems


def read_json(data: bytes) -> Table:
    """Read the bytes of a JSON file of certificates of conformity."""
    items, problems = read_items(data)
    return table_of(items, problems)


def table_of(items: Sequence[tuple[int, JSONObject]], problems: Sequence[RowProblem] = ()) -> Table:
    """Return objects whose members are the English column names as the rows of a table."""
    found = list(problems)
    rows = tuple(Row(number, _cells(item, number, found)) for number, item in items)
    return Table({}, rows, tuple(found))


def _cells(item: JSONObject, number: int, problems: list[RowProblem]) -> dict[str, str]:
    cells: dict[str, str] = {}
    for name, value in item.items():
        place = Place(number, name)
        text = _text(name, value)
        if name not in BY_NAME:
            near = difflib.get_close_matches(name, _NAMES, n=1, cutoff=0.5)
            values = {"found": name, "near": near[0] if near else COLUMNS[0].name}
            problems.append(RowProblem(place, "unknown-column", values))
        elif text is None:
            problems.append(RowProblem(place, "not-text"))
        else:
            cells[name] = text
    return cells


def _text(name: str, value: JSONValue) -> str | None:
    match value:
        case str():
            return value
        case bool():
            return None
        case int():
            return str(value)
        case list() if name in BY_NAME and BY_NAME[name].many:
            texts = [item for item in value if isinstance(item, str) and LIST_SEPARATOR not in item]
            return f" {LIST_SEPARATOR} ".join(texts) if len(texts) == len(value) else None
        case _:
            return None
