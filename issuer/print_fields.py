"""What a printed certificate says, as labelled texts in Vietnamese and English, taken from the signed content.

Layout is the template's. Values come only from the document, so that the paper says what was signed; dates are
written day first.
"""

from typing import Final

from certlog.strict_json import JSONObject, JSONValue, get_list, get_object, get_str
from certlog.timestamps import parse_date

_COLUMNS: Final = (
    ("name", "Tên sản phẩm", "Product"),
    ("model", "Kiểu, ký hiệu", "Model"),
    ("brand", "Nhãn hiệu", "Brand"),
    ("gtin", "GTIN", "GTIN"),
    ("hsCode", "Mã HS", "HS code"),
    ("ratings", "Thông số", "Ratings"),
    ("batch", "Lô", "Lot"),
)


def print_fields(content: JSONObject) -> JSONObject:
    """Return everything that the template prints but the code and the id."""
    subject = get_object(content, "credentialSubject")
    body = get_object(subject, "certificationBody")
    signatory = get_object(subject, "authorisedBy")
    title = _languages(content["name"])
    return {
        "language": content["language"],
        "body": {"name": body["name"], "address": body["address"]},
        "registration": _registration(get_object(subject, "cbRegistration")),
        "title": list(title),
        "number": content["certificateNumber"],
        "version": content["version"],
        "fields": [*_who(subject), *_what(subject)],
        "products": _products(subject),
        "dates": _dates(content, subject),
        "signatory": {"name": signatory["name"], "title": signatory["title"]},
    }


def _registration(registration: JSONObject) -> str:
    return f"{registration['number']} – {registration['issuedBy']}"


def _who(subject: JSONObject) -> list[JSONValue]:
    client = get_object(subject, "client")
    fields = [
        _field("Chứng nhận", "Certified organisation", client["name"], client.get("nameEn")),
        _field("Mã số thuế", "Tax code", client["legalId"]),
        _field("Địa chỉ", "Address", _with_country(client)),
    ]
    sites = [f"{site['name']}: {site['address']}" for site in _items(subject, "sites")]
    return [*fields, _field("Địa điểm", "Sites", "\n".join(sites))] if sites else fields


def _what(subject: JSONObject) -> list[JSONValue]:
    scope = get_object(subject, "scope")
    fields = [
        _field("Phạm vi", "Scope", *_languages(scope["text"])),
        _field("Phù hợp với", "Conforms to", "\n".join(map(_criterion, _items(subject, "criteria")))),
    ]
    if "scheme" in subject:
        scheme = get_object(subject, "scheme")
        types = f"ISO/IEC 17067: {scheme['iso17067Type']}"
        fields.append(_field("Phương thức", "Scheme", f"Phương thức {scheme['vnMethod']}", types))
    if "designation" in subject:
        designation = get_object(subject, "designation")
        text = f"{designation['decisionNo']} – {designation['authority']}"
        fields.append(_field("Chỉ định", "Designation", text))
    if "accreditation" in subject:
        accreditation = get_object(subject, "accreditation")
        text = f"{accreditation['code']} – {accreditation['body']}"
        fields.append(_field("Công nhận", "Accreditation", text, accreditation["standard"]))
    if "sectorCodes" in scope:
        codes = ", ".join(map(str, get_list(scope, "sectorCodes")))
        fields.append(_field("Mã ngành", "Sector codes", codes))
    if "soaVersion" in subject:
        fields.append(_field("Phiên bản SoA", "Statement of applicability", subject["soaVersion"]))
    for evidence in _items(subject, "evidence"):
        text = f"{evidence['testReportNo']}, {_day(evidence['date'])} – {evidence['lab']}"
        fields.append(_field("Thử nghiệm", "Test report", text, evidence.get("labAccreditation")))
    return fields


def _products(subject: JSONObject) -> JSONObject:
    products = _items(subject, "products")
    used = [column for column in _COLUMNS if any(column[0] in product for product in products)]
    rows: list[JSONValue] = [[_cell(product, name) for name, _, _ in used] for product in products]
    heads: list[JSONValue] = [[vi, en] for _, vi, en in used]
    return {"heads": heads, "names": [name for name, _, _ in used], "rows": rows}


def _cell(product: JSONObject, name: str) -> str:
    match name:
        case "ratings":
            return "\n".join(map(_rating, _items(product, name)))
        case "batch" if name in product:
            batch = get_object(product, name)
            declaration = f"\n{batch['importDecl']}" if "importDecl" in batch else ""
            return f"{batch['no']}\n{batch['qty']}{declaration}"
        case _:
            return str(product.get(name, ""))


def _dates(content: JSONObject, subject: JSONObject) -> list[JSONValue]:
    dates = [
        _date("Ngày quyết định", "Decision", subject["decisionDate"]),
        _date("Ngày cấp", "Issued", subject["issueDate"]),
        _date("Có hiệu lực từ", "Valid from", get_str(content, "validFrom")[:10]),
    ]
    if "originalIssueDate" in subject:
        dates.insert(0, _date("Cấp lần đầu", "First issued", subject["originalIssueDate"]))
    if "expiryDate" in subject:
        dates.append(_date("Hết hạn", "Valid until", subject["expiryDate"]))
    else:
        dates.append(["Hiệu lực", "Validity", "Chỉ cho lô này / This lot only"])
    return dates


def _criterion(item: JSONObject) -> str:
    return f"{item['number']} ({item['amendment']})" if "amendment" in item else str(item["number"])


def _rating(item: JSONObject) -> str:
    return f"{item['name']}: {item['value']}" + (f" {item['unit']}" if "unit" in item else "")


def _with_country(client: JSONObject) -> str:
    return f"{client['address']}" + ("" if client["country"] == "VN" else f", {client['country']}")


def _field(vi: str, en: str, value: JSONValue, value_en: JSONValue = None) -> JSONValue:
    return {"vi": vi, "en": en, "value": value, "valueEn": value_en or ""}


def _date(vi: str, en: str, value: JSONValue) -> JSONValue:
    return [vi, en, _day(value)]


def _day(value: JSONValue) -> str:
    return parse_date(str(value)).strftime("%d/%m/%Y")


def _items(holder: JSONObject, name: str) -> list[JSONObject]:
    found = holder.get(name, [])
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _languages(value: JSONValue) -> tuple[str, str]:
    """Return the Vietnamese and the English text; one text alone stands for both languages' first place."""
    if not isinstance(value, list):
        return str(value), ""
    texts = {item["@language"]: str(item["@value"]) for item in value if isinstance(item, dict)}
    vi, en = texts.get("vi", ""), texts.get("en", "")
    return (vi, en) if vi else (en, "")
