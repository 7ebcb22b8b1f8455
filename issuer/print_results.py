"""Tables of calibration results for the printed page, and what is said of their uncertainty (ILAC-P14:09/2020, 5).

Each table has a number of its own, so that statements of conformity can point at it. The uncertainty stands in a
column where it differs by row, else under the table; always with its coverage factor and confidence level.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from certlog.schemas.calibration import NUMBER_COLUMNS
from certlog.strict_json import JSONObject, JSONValue, get_list, get_object, get_str
from issuer.print_numbers import aligned, printed_number, widest
from issuer.print_parts import Order, Words, items, table_section, text_section

_COLUMNS: Final[Mapping[str, Words]] = {
    "nominalValue": Words("Giá trị danh nghĩa", "Nominal value"),
    "referenceValue": Words("Giá trị chuẩn", "Reference value"),
    "measuredValue": Words("Giá trị đo được", "Measured value"),
    "measurementError": Words("Sai số", "Error"),
    "correction": Words("Số hiệu chính", "Correction"),
    "repeatability": Words("Độ lặp lại", "Repeatability"),
    "maximumPermissibleError": Words("Sai số cho phép lớn nhất", "Maximum permissible error"),
    "condition": Words("Điều kiện đo", "Condition"),
    "measuringRange": Words("Phạm vi đo", "Measuring range"),
    "position": Words("Vị trí", "Position"),
    "remark": Words("Ghi chú", "Remark"),
}
_STAGES: Final[Mapping[str, Words]] = {
    "beforeAdjustment": Words("trước hiệu chỉnh", "before adjustment"),
    "afterAdjustment": Words("sau hiệu chỉnh", "after adjustment"),
}
_ADJUSTMENTS: Final[Mapping[str, Words]] = {
    "none": Words("Không hiệu chỉnh phương tiện đo.", "The instrument was not adjusted."),
    "performed": Words("Đã hiệu chỉnh phương tiện đo.", "The instrument was adjusted."),
}
_DISTRIBUTIONS: Final[Mapping[str, Words]] = {
    "normal": Words("phân bố chuẩn", "normal distribution"),
    "studentT": Words("phân bố t", "t-distribution"),
    "rectangular": Words("phân bố chữ nhật", "rectangular distribution"),
    "triangular": Words("phân bố tam giác", "triangular distribution"),
    "other": Words("phân bố khác", "another distribution"),
}
_OUTSIDE: Final = Words(
    "Kết quả của bảng này nằm ngoài phạm vi công nhận.",
    "The results of this table are outside the scope of accreditation.",
)
_NO_UNIT: Final = "1"
_LEAST_WIDTH: Final = 9
_NORMAL_LINE: Final = 76
_DENSE_LINE: Final = 92
"""Characters of a row that fit in the usual and in the small size; more are set as text that may break."""


def results_sections(subject: JSONObject, order: Order) -> list[JSONObject]:
    """Return the tables of results; each has its uncertainty at its foot, on every page that it runs over."""
    said = order.words(_ADJUSTMENTS[get_str(subject, "adjustment")])
    title = order.pair("Kết quả hiệu chuẩn", "Calibration results")
    sections = [{**text_section([said], title), "sticky": True}]
    for number, result in enumerate(items(subject, "results"), start=1):
        foot: list[JSONValue] = list(_uncertainty(result, order))
        if _is_outside(result, subject):
            outside = order.words(_OUTSIDE)
            foot = [f"{said} {more}" for said, more in zip(foot, outside, strict=True)]
        sections.append({**_table(number, result, order), "foot": foot})
    return sections


def table_names(subject: JSONObject, refs: Sequence[JSONValue], order: Order) -> list[str]:
    """Return what the tables with these references are called on the page: `Bảng 1`."""
    word = order.pair("Bảng", "Table")[0]
    numbers = {result["ref"]: number for number, result in enumerate(items(subject, "results"), start=1)}
    return [f"{word}\N{NO-BREAK SPACE}{numbers[ref]}" for ref in refs]


def _table(number: int, result: JSONObject, order: Order) -> JSONObject:
    columns = [_column(column, result, order) for column in items(result, "columns")]
    rows = [list(map(str, row)) for row in get_list(result, "rows") if isinstance(row, list)]
    if _differs_by_row(result):
        uncertainty = get_object(result, "uncertainty")
        unit = _unit(uncertainty if "displayUnit" in uncertainty else result)
        columns.append(
            {
                **order.column(
                    "ĐKĐBĐ mở rộng\N{NO-BREAK SPACE}U",
                    "Expanded uncertainty\N{NO-BREAK SPACE}U",
                    share=_LEAST_WIDTH,
                ),
                **unit,
                "numeric": True,
            }
        )
        rows = [[*row, str(value)] for row, value in zip(rows, get_list(uncertainty, "values"), strict=True)]
    cells = [
        aligned(texts) if column.get("numeric") else list(texts)
        for column, texts in zip(columns, zip(*rows, strict=True), strict=True)
    ]
    widths = [max(widest(column), _LEAST_WIDTH) for column in cells]
    section = {"minor": True, "dense": sum(widths) > _NORMAL_LINE}
    if sum(widths) > _DENSE_LINE:  # no room to align: numbers may then be broken like words
        cells, widths = [list(texts) for texts in zip(*rows, strict=True)], [_LEAST_WIDTH] * len(columns)
    sized = [{**column, "share": width} for column, width in zip(columns, widths, strict=True)]
    by_row: list[JSONValue] = [list(row) for row in zip(*cells, strict=True)]
    return {**table_section(sized, by_row, _title(number, result, order)), **section}


def _title(number: int, result: JSONObject, order: Order) -> list[JSONValue]:
    names = order.texts(result["name"])
    tables = order.pair(f"Bảng {number}", f"Table {number}")
    stages = order.words(_STAGES[get_str(result, "stage")]) if "stage" in result else ["", ""]
    quantity = get_str(result, "quantity")
    said = "" if any(quantity.lower() in str(name).lower() for name in names) else f" ({quantity})"
    first, second = (
        f"{table}. {name or names[0]}{said}{f' – {stage}' if stage else ''}"
        for table, name, stage in zip(tables, names, stages, strict=True)
    )
    return [first, second]


def _column(column: JSONObject, result: JSONObject, order: Order) -> JSONObject:
    kind = get_str(column, "kind")
    label = order.texts(column["label"]) if "label" in column else order.words(_COLUMNS[kind])
    made: JSONObject = {"label": label, "width": 0, "share": _LEAST_WIDTH}
    if kind not in NUMBER_COLUMNS:
        return made
    return {**made, **_unit(column if "displayUnit" in column else result), "numeric": True}


def _unit(holder: JSONObject) -> JSONObject:
    unit = get_str(holder, "displayUnit")
    return {} if unit == _NO_UNIT else {"unit": unit}


def _is_outside(result: JSONObject, subject: JSONObject) -> bool:
    """Results outside a claimed accreditation must be told apart (ILAC-P8); where nothing is claimed, all are."""
    accreditation = get_object(subject, "laboratory").get("accreditation")
    if not isinstance(accreditation, dict):
        return False
    return result["quantity"] not in get_list(accreditation, "measurands")


def _differs_by_row(result: JSONObject) -> bool:
    return len(get_list(get_object(result, "uncertainty"), "values")) > 1


def _uncertainty(result: JSONObject, order: Order) -> list[JSONValue]:
    uncertainty = get_object(result, "uncertainty")
    holder = uncertainty if "displayUnit" in uncertainty else result
    value = ""
    if not _differs_by_row(result):
        unit = _unit(holder).get("unit", "")
        value = f" = {printed_number(str(get_list(uncertainty, 'values')[0]))} {unit}".rstrip()
    factor, level = printed_number(get_str(uncertainty, "k")), _percent(get_str(uncertainty, "p"))
    shape = _DISTRIBUTIONS[get_str(uncertainty, "distribution")]
    return order.pair(
        f"Độ không đảm bảo đo mở rộng U{value or ' như trong bảng'}; hệ số phủ k = {factor}, "
        f"mức tin cậy xấp xỉ {level} %, {shape.vi}.",
        f"Expanded uncertainty U{value or ' as in the table'}; coverage factor k = {factor}, "
        f"coverage probability approximately {level} %, {shape.en}.",
    )


def _percent(probability: str) -> str:
    return f"{(Decimal(probability) * 100).normalize():f}"
