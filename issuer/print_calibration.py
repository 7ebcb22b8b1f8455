"""What a printed calibration certificate says (ISO/IEC 17025:2017, 7.8.2.1 and 7.8.4.1), from the signed content.

Tables of results and what is said of their uncertainty: issuer/print_results.py. No end of validity is printed,
for there is none (7.8.4.3); an agreed date of recalibration is called just that.
"""

from collections.abc import Mapping
from typing import Final

from certlog.strict_json import JSONObject, JSONValue, get_list, get_object, get_str
from issuer.print_numbers import printed_number
from issuer.print_parts import (
    Order,
    Words,
    cell,
    day,
    fields_section,
    items,
    table_section,
    text_section,
    unbroken,
)
from issuer.print_results import results_sections, table_names

_PLACES: Final[Mapping[str, Words]] = {
    "laboratory": Words("Tại phòng hiệu chuẩn", "At the laboratory"),
    "customer": Words("Tại cơ sở của khách hàng", "At the customer's premises"),
    "laboratoryBranch": Words("Tại chi nhánh của phòng hiệu chuẩn", "At a branch of the laboratory"),
    "customerBranch": Words("Tại chi nhánh của khách hàng", "At a branch of the customer"),
    "other": Words("Tại nơi khác", "At another place"),
}
_VERDICTS: Final[Mapping[str, Words]] = {
    "pass": Words("Đạt", "Pass"),
    "fail": Words("Không đạt", "Fail"),
    "conditionalPass": Words("Đạt có điều kiện", "Conditional pass"),
    "conditionalFail": Words("Không đạt có điều kiện", "Conditional fail"),
    "noPass": Words("Không kết luận là đạt", "No pass stated"),
    "noFail": Words("Không kết luận là không đạt", "No fail stated"),
}
_BASES: Final[Mapping[str, Words]] = {
    "customer_agreed": Words("theo thỏa thuận với khách hàng", "agreed with the customer"),
    "regulation": Words("theo quy định", "required by regulation"),
}
_GROUPS: Final[Mapping[JSONValue, Words]] = {
    1: Words("Nhóm 1", "Group 1"),
    2: Words("Nhóm 2", "Group 2"),
}
_ITEM: Final = (
    ("name", Words("Tên", "Name"), 15),
    ("manufacturer", Words("Nhà sản xuất", "Manufacturer"), 11),
    ("model", Words("Kiểu, ký hiệu", "Model"), 11),
    ("serial", Words("Số sê-ri", "Serial number"), 10),
    ("assetId", Words("Mã quản lý", "Asset number"), 10),
    ("range", Words("Phạm vi đo", "Range"), 11),
    ("resolution", Words("Độ phân giải", "Resolution"), 9),
    ("condition", Words("Tình trạng", "Condition"), 12),
    ("group", Words("Nhóm phương tiện đo", "Instrument group"), 9),
)
_STATEMENTS: Final[Mapping[str, Words]] = {
    "statementItemsOnly": Words(
        "Kết quả chỉ có giá trị đối với các phương tiện đo đã được hiệu chuẩn nêu trong giấy này.",
        "The results relate only to the items calibrated.",
    ),
    "reproductionStatement": Words(
        "Không được sao chụp một phần giấy này nếu không có sự đồng ý bằng văn bản của phòng hiệu chuẩn.",
        "This certificate shall not be reproduced except in full without the written approval of the laboratory.",
    ),
}
_UNCERTAINTY: Final = Words(
    "Độ không đảm bảo đo (ĐKĐBĐ) mở rộng U là độ không đảm bảo đo chuẩn nhân với hệ số phủ k.",
    "The expanded uncertainty U is the standard measurement uncertainty multiplied by the coverage factor k.",
)
_DECIMAL_SIGN: Final = Words(
    "Dấu thập phân trong các giá trị đo là dấu chấm.", "The decimal sign of measured values is the point."
)


def calibration_fields(content: JSONObject) -> JSONObject:
    """Return what is printed between the title and the signatures, and the head."""
    subject, order = get_object(content, "credentialSubject"), Order.of(content)
    people = items(subject, "authorisedBy")
    return {
        "head": _head(get_object(subject, "laboratory"), order),
        "title": order.texts(subject["title"]),
        "sections": [
            _customer(get_object(subject, "customer"), order),
            _items(items(subject, "items"), order),
            _work(subject, order),
            _traceability(subject, order),
            *results_sections(subject, order),
            *_conformity(subject, order),
            *_opinions(subject, order),
            _statements(subject, order),
        ],
        "dates": _dates(subject, order),
        "signatories": [[person["role"], person["name"]] for person in people],
    }


def _head(laboratory: JSONObject, order: Order) -> JSONObject:
    said: list[JSONValue] = []
    if "code" in laboratory:
        said.append([*order.pair("Mã phòng", "Laboratory code"), laboratory["code"]])
    if "accreditation" in laboratory:
        accreditation = get_object(laboratory, "accreditation")
        until = unbroken(f"({order.pair('đến', 'until')[0]} {day(accreditation['validUntil'])})")
        standard = unbroken(accreditation["standard"])
        text = f"{accreditation['code']}, {standard} – {accreditation['body']} {until}"
        said.append([*order.pair("Công nhận", "Accreditation"), text])
        if "measurands" in accreditation:
            measurands = ", ".join(map(str, get_list(accreditation, "measurands")))
            said.append([*order.pair("Đại lượng được công nhận", "Accredited quantities"), measurands])
    return {"name": laboratory["name"], "address": laboratory["address"], "lines": said}


def _customer(customer: JSONObject, order: Order) -> JSONObject:
    fields = [
        {**order.field("Khách hàng", "Customer", customer["name"]), "strong": True},
        order.field("Địa chỉ", "Address", customer["address"]),
    ]
    if "contact" in customer:
        fields.append(order.field("Liên hệ", "Contact", customer["contact"]))
    return fields_section(fields)


def _items(instruments: list[JSONObject], order: Order) -> JSONObject:
    """Return one instrument as labelled values, several as a table of what at least one of them has."""
    title = order.pair("Phương tiện đo được hiệu chuẩn", "Item calibrated")
    used = [row for row in _ITEM if any(row[0] in instrument for instrument in instruments)]
    if len(instruments) == 1:
        only = instruments[0]
        fields = [order.field(words.vi, words.en, *_item_texts(only, name, order)) for name, words, _ in used]
        return fields_section(fields, title)
    columns = [order.column(words.vi, words.en, share=share) for _, words, share in used]
    rows: list[JSONValue] = [
        [cell(_item_texts(instrument, name, order)) for name, *_ in used] for instrument in instruments
    ]
    return {**table_section(columns, rows, title), "numbered": True}


def _item_texts(instrument: JSONObject, name: str, order: Order) -> list[JSONValue]:
    if name not in instrument:
        return ["", ""]
    if name == "group":
        return order.words(_GROUPS[instrument[name]])
    return order.texts(instrument[name])


def _work(subject: JSONObject, order: Order) -> JSONObject:
    """Return how, where, when and under which conditions the calibration was done."""
    place = get_object(subject, "performanceLocation")
    kind, other = order.words(_PLACES[get_str(place, "kind")])
    address = f"; {place['address']}" if "address" in place else ""
    fields = [
        *(field for method in items(subject, "methods") for field in _method(method, order)),
        order.field("Nơi hiệu chuẩn", "Place of calibration", f"{kind}{address}", other),
    ]
    if "receiptDate" in subject:
        fields.append(order.field("Ngày nhận", "Date of receipt", day(subject["receiptDate"])))
    fields.append(order.field("Ngày hiệu chuẩn", "Date of calibration", _period(subject)))
    for condition in items(subject, "environment"):
        name, other = order.texts(condition["quantity"])
        fields.append(
            {
                **order.field(
                    "Điều kiện môi trường", "Environmental conditions", f"{name}: {_range(condition)}"
                ),
                "beside": other,
            }
        )
    if "sampling" in subject:
        sampling = get_object(subject, "sampling")
        text, other = order.texts(sampling["description"])
        details = [day(sampling["date"])] if "date" in sampling else []
        details += [get_str(sampling, "location")] if "location" in sampling else []
        fields.append(order.field("Lấy mẫu", "Sampling", "; ".join([str(text), *details]), other))
    fields.extend(_provider(subject, order))
    return fields_section(_labelled_once(fields), order.pair("Thực hiện", "Performance"))


def _method(method: JSONObject, order: Order) -> list[JSONObject]:
    title, other = order.texts(method.get("title", ""))
    text = f"{method['number']} – {title}" if title else str(method["number"])
    fields = [order.field("Phương pháp", "Method", text, other)]
    if "deviations" in method:
        fields.append(
            order.field("Sai khác so với phương pháp", "Deviations", *order.texts(method["deviations"]))
        )
    return fields


def _provider(subject: JSONObject, order: Order) -> list[JSONObject]:
    """Return whose the results are that the laboratory did not make itself (7.8.2.1 p)."""
    if "externalProvider" not in subject:
        return []
    provider = get_object(subject, "externalProvider")
    text, other = order.texts(provider.get("text", ""))
    tables = ", ".join(table_names(subject, get_list(provider, "resultRefs"), order))
    value = f"{provider['name']}: {tables}" + (f"\n{text}" if text else "")
    return [order.field("Nhà cung cấp bên ngoài", "External provider", value, other)]


def _labelled_once(fields: list[JSONObject]) -> list[JSONObject]:
    """Leave out a label that the field above has too: several methods, several conditions."""
    before = [None, *(field["label"] for field in fields)]
    return [
        {**field, "label": ["", ""]} if field["label"] == label else field
        for field, label in zip(fields, before, strict=False)
    ]


def _period(subject: JSONObject) -> str:
    first, last = day(subject["performedFrom"]), day(subject["performedTo"])
    return first if first == last else f"{first} – {last}"


def _range(condition: JSONObject) -> str:
    unit = condition["displayUnit"]
    if "min" in condition:
        least, most = (printed_number(get_str(condition, name)) for name in ("min", "max"))
        return f"({least} … {most}) {unit}"
    value = printed_number(get_str(condition, "value"))
    if "uncertainty" not in condition:
        return f"{value} {unit}"
    return f"({value} ± {printed_number(get_str(condition, 'uncertainty'))}) {unit}"


def _traceability(subject: JSONObject, order: Order) -> JSONObject:
    standards = items(subject, "traceability")
    columns = [
        order.column("Chuẩn", "Standard", share=17),
        order.column("Số sê-ri", "Serial number", share=9),
        order.column("Số giấy chứng nhận", "Certificate No.", share=11),
        order.column("Nơi cấp", "Issued by", share=13),
        order.column("Hạn dùng", "Valid until", width=200),
    ]
    rows: list[JSONValue] = [
        [
            _standard(standard, order),
            str(standard.get("serial", "")),
            standard["certificateNo"],
            standard["certificateIssuer"],
            day(standard["validUntil"]) if "validUntil" in standard else "",
        ]
        for standard in standards
    ]
    return table_section(
        columns, rows, order.pair("Chuẩn sử dụng và tính liên kết chuẩn", "Standards used and traceability")
    )


def _standard(standard: JSONObject, order: Order) -> JSONValue:
    names, said = order.texts(standard["standardName"]), order.texts(standard.get("statement", ""))
    first, second = (
        "\n".join(str(text) for text in texts if text) for texts in zip(names, said, strict=True)
    )
    return cell([first, second])


def _conformity(subject: JSONObject, order: Order) -> list[JSONObject]:
    """Return each statement of conformity with what it is about and its decision rule (7.8.6.2)."""
    statements = items(subject, "conformityStatements")
    columns = [
        order.column("Kết quả", "Results", share=8),
        order.column("Yêu cầu", "Specification", share=16),
        order.column("Quy tắc ra quyết định", "Decision rule", share=18),
        order.column("Kết luận", "Statement", share=10),
    ]
    rows: list[JSONValue] = [
        [
            ", ".join(table_names(subject, get_list(statement, "resultRefs"), order)),
            cell(order.texts(statement["specification"])),
            cell(order.texts(statement["decisionRule"])),
            cell(order.words(_VERDICTS[get_str(statement, "verdict")])),
        ]
        for statement in statements
    ]
    title = order.pair("Tuyên bố về sự phù hợp", "Statements of conformity")
    return [table_section(columns, rows, title)] if rows else []


def _opinions(subject: JSONObject, order: Order) -> list[JSONObject]:
    if "opinions" not in subject:
        return []
    title = order.pair("Ý kiến và diễn giải", "Opinions and interpretations")
    return [text_section([order.texts(subject["opinions"])], title)]


def _statements(subject: JSONObject, order: Order) -> JSONObject:
    said = [order.words(words) for name, words in _STATEMENTS.items() if name in subject]
    said += [order.words(_UNCERTAINTY), order.words(_DECIMAL_SIGN)]
    return {**text_section(said, order.pair("Ghi chú", "Notes")), "small": True}


def _dates(subject: JSONObject, order: Order) -> list[JSONValue]:
    dates: list[JSONValue] = [
        [*order.pair("Ngày hiệu chuẩn", "Date of calibration"), _period(subject)],
        [*order.pair("Ngày cấp", "Date of issue"), day(subject["issueDate"])],
    ]
    if "recalibrationDue" in subject:
        due = get_object(subject, "recalibrationDue")
        basis = _BASES[get_str(due, "basis")]
        said = order.pair("Đến hạn hiệu chuẩn lại", "Recalibration due")
        dates.append([*said, day(due["date"]), order.inline(basis)])
    return dates
