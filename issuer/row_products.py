"""The products of one row: models, with what is common to them or one value for each; scheme and lot."""

import re
from typing import Final

from certlog.credential import check_gtin
from certlog.schemas.conformity import GTIN, HS_CODE, PRODUCT_KINDS
from certlog.strict_json import JSONObject, JSONValue
from issuer.cells import CellReader, is_scientific
from issuer.columns import fold
from issuer.words import SCHEME_OF_METHOD, SCHEME_WORDS, parse_method

_RATING: Final = re.compile(r"([^=]+)=([^=\[\]]+)(?:\[([^\[\]]+)\])?")
_LOT_METHODS: Final = (7, 8)
_SHOWN: Final = 60


def read_products(cells: CellReader, kind: str | None) -> list[JSONValue]:
    """Read the products; each model gives one."""
    models = cells.texts("model")
    _need_for_products(cells, kind, "product", "model")
    names = _for_each(cells, "product", len(models))
    if not models and names:
        cells.report("product", "needs-column", expected=cells.heading("model"))
    brands = _for_each(cells, "brand", len(models))
    gtins = _for_each(cells, "gtin", len(models))
    hs_codes = _for_each(cells, "hs_code", len(models))
    _check_gtins(cells, gtins)
    for code in dict.fromkeys(hs_codes):
        if code and is_scientific(code):
            cells.report("hs_code", "scientific", found=code[:_SHOWN])
        elif code and not re.fullmatch(HS_CODE, code, re.ASCII):
            cells.report("hs_code", "bad-hs-code", found=code[:_SHOWN])
    ratings, batch = _ratings(cells), _batch(cells, kind)
    products: list[JSONValue] = []
    for i, model in enumerate(models):
        common: JSONObject = {"ratings": ratings or None, "batch": batch}
        own: JSONObject = {"brand": brands[i], "gtin": gtins[i], "hsCode": hs_codes[i]}
        product: JSONObject = {"name": names[i], "model": model, **own, **common}
        products.append({name: value for name, value in product.items() if value is not None})
    return products


def read_scheme(cells: CellReader, kind: str | None) -> "JSONObject | None":
    """Read the Vietnamese method (1 to 8) and the ISO/IEC 17067 type that goes with it."""
    _need_for_products(cells, kind, "method")
    text, chosen = cells.text("method"), cells.word("scheme_type", SCHEME_WORDS)
    if text is None:
        return None
    method = parse_method(fold(text))
    if method is None:
        cells.report("method", "bad-method", found=text[:_SHOWN])
        return None
    if kind and (method not in _LOT_METHODS if kind == "batch" else method == _LOT_METHODS[0]):
        cells.report("method", "method-for-kind", found=str(method), kind=cells.text("kind") or "")
    scheme_type = chosen or SCHEME_OF_METHOD.get(method)
    if scheme_type is None and "scheme_type" not in cells.failed:
        cells.report("scheme_type", "no-scheme-type")
    return {"vnMethod": method, "iso17067Type": scheme_type}


def _need_for_products(cells: CellReader, kind: str | None, *columns: str) -> None:
    for column in columns:
        if kind in PRODUCT_KINDS and cells.text(column) is None and column not in cells.failed:
            cells.report(column, "empty-for-kind", kind=cells.text("kind") or "")


def _for_each(cells: CellReader, column: str, models: int) -> list[str | None]:
    """Return one value for each model: a single one is common to all."""
    values = cells.texts(column)
    if len(values) in (0, 1):
        return [values[0] if values else None] * models
    if models and len(values) != models and "model" not in cells.failed:
        cells.report(column, "item-count", found=str(len(values)), expected=str(models))
    return list((*values, *[None] * models)[:models])


def _check_gtins(cells: CellReader, gtins: list[str | None]) -> None:
    for gtin in dict.fromkeys(gtins):
        if gtin is None:
            continue
        if is_scientific(gtin):
            cells.report("gtin", "scientific", found=gtin[:_SHOWN])
        elif not re.fullmatch(GTIN, gtin, re.ASCII):
            cells.report("gtin", "bad-gtin", found=gtin[:_SHOWN])
        elif not check_gtin(gtin):
            right = next(digit for digit in "0123456789" if check_gtin(gtin[:-1] + digit))
            cells.report("gtin", "gtin-check", found=gtin, expected=right)


def _ratings(cells: CellReader) -> list[JSONValue]:
    ratings: list[JSONValue] = []
    for text in cells.texts("ratings"):
        found = _RATING.fullmatch(text)
        if not found or not found[1].strip() or not found[2].strip():
            cells.report("ratings", "bad-pair", found=text[:_SHOWN])
            continue
        rating: JSONObject = {"name": found[1].strip(), "value": found[2].strip()}
        ratings.append({**rating, "unit": found[3].strip()} if found[3] else rating)
    return ratings


def _batch(cells: CellReader, kind: str | None) -> "JSONObject | None":
    columns = ("batch_no", "quantity", "import_declaration")
    number, quantity, declaration = (cells.text(column) for column in columns)
    for column in columns[:2]:
        if kind == "batch" and cells.text(column) is None and column not in cells.failed:
            cells.report(column, "empty-for-kind", kind=cells.text("kind") or "")
    if kind != "batch":
        for column in columns:
            if kind and cells.text(column) is not None:
                cells.report(column, "needless-for-kind", kind=cells.text("kind") or "")
        return None
    batch: JSONObject = {"no": number, "qty": quantity}
    return batch if declaration is None else {**batch, "importDecl": declaration}
