"""Title and scope of one row: Vietnamese, with English beside it where it is given."""

import re
from typing import Final

from certlog.schemas.conformity import SECTOR_CODE
from certlog.strict_json import JSONObject, JSONValue
from issuer.cells import CellReader
from issuer.words import TITLES

_SHOWN: Final = 60


def read_title(cells: CellReader, kind: str | None) -> JSONValue:
    """Return the certificate's name: the row's own, or that of its kind."""
    title, title_en = cells.text("title"), cells.text("title_en")
    if title:
        return _by_language(title, title_en)
    if title_en:
        cells.report("title_en", "needs-column", expected=cells.heading("title"))
    return _by_language(*TITLES[kind]) if kind else None


def read_scope(cells: CellReader) -> "JSONObject | None":
    """Return the scope with its sector codes."""
    scope, scope_en = cells.text("scope"), cells.text("scope_en")
    codes: list[JSONValue] = [code.upper() for code in cells.texts("sector_codes")]
    for code in codes:
        if not re.fullmatch(SECTOR_CODE, str(code), re.ASCII):
            cells.report("sector_codes", "bad-sector-code", found=str(code)[:_SHOWN])
    if scope is None:
        return None
    result: JSONObject = {"text": _by_language(scope, scope_en)}
    return {**result, "sectorCodes": codes} if codes else result


def _by_language(vi: str, en: str | None) -> JSONValue:
    values: list[JSONValue] = [{"@language": "vi", "@value": vi}]
    return [*values, {"@language": "en", "@value": en}] if en else values
