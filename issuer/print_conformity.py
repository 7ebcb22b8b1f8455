"""What a printed certificate of conformity says (ISO/IEC 17065 7.7.1, ISO/IEC 17021-1 8.2.2), from the signed content.

Layout is the template's; the order of languages is issuer/print_parts.py's.
"""

from typing import Final

from certlog.strict_json import JSONObject, JSONValue, get_list, get_object, get_str
from issuer.print_parts import Order, cell, day, fields_section, items, table_section, unbroken

_FEW_SITES: Final = 2
"""More sites than this are a table."""

_COLUMNS: Final = (
    ("name", "Tên sản phẩm", "Product", {"share": 15}),
    ("model", "Kiểu, ký hiệu", "Model", {"share": 14}),
    ("brand", "Nhãn hiệu", "Brand", {"share": 10}),
    ("gtin", "GTIN", "GTIN", {"width": 285}),
    ("hsCode", "Mã HS", "HS code", {"width": 210}),
    ("ratings", "Thông số", "Ratings", {"share": 14}),
    ("batch", "Lô", "Lot", {"share": 12}),
)


def conformity_fields(content: JSONObject) -> JSONObject:
    """Return what is printed between the title and the signature, and the head."""
    subject, order = get_object(content, "credentialSubject"), Order.of(content)
    body, registration = get_object(subject, "certificationBody"), get_object(subject, "cbRegistration")
    signatory = get_object(subject, "authorisedBy")
    return {
        "title": order.texts(content["name"]),
        "head": {
            "name": body["name"],
            "address": body["address"],
            "lines": [
                [
                    *order.pair("Đăng ký hoạt động", "Registration"),
                    f"{registration['number']} – {registration['issuedBy']}{_until(registration, order)}",
                ]
            ],
        },
        "sections": [
            fields_section([*_who(subject, order), *_what(subject, order)]),
            *_many_sites(subject, order),
            *_products(subject, order),
        ],
        "dates": _dates(content, subject, order),
        "signatories": [[signatory["title"], signatory["name"]]],
    }


def _who(subject: JSONObject, order: Order) -> list[JSONObject]:
    client = get_object(subject, "client")
    names = [client["name"], client.get("nameEn")]
    first, second = reversed(names) if names[1] and order.language == "en" else names
    fields = [
        {**order.field("Chứng nhận", "Certified organisation", first, second), "strong": True},
        order.field("Mã số thuế", "Tax code", client["legalId"]),
        order.field("Địa chỉ", "Address", _with_country(client)),
    ]
    sites = items(subject, "sites")
    if 0 < len(sites) <= _FEW_SITES:
        fields.append(
            order.field(
                "Địa điểm",
                "Sites",
                "\n".join(f"{_site_name(site, order)}: {site['address']}" for site in sites),
            )
        )
    return fields


def _site_name(site: JSONObject, order: Order) -> str:
    return (
        f"{site['name']} ({_joined(order.texts(site['activities']))})"
        if "activities" in site
        else str(site["name"])
    )


def _many_sites(subject: JSONObject, order: Order) -> list[JSONObject]:
    sites = items(subject, "sites")
    if len(sites) <= _FEW_SITES:
        return []
    columns = [
        order.column("Địa điểm", "Site", share=12),
        order.column("Địa chỉ", "Address", share=18),
    ]
    rows: list[list[JSONValue]] = [[site["name"], site["address"]] for site in sites]
    if any("activities" in site for site in sites):
        columns.append(order.column("Hoạt động", "Activities", share=12))
        for row, site in zip(rows, sites, strict=True):
            row.append(cell(order.texts(site.get("activities", ""))))
    return [{**table_section(columns, list(rows)), "numbered": True}]


def _what(subject: JSONObject, order: Order) -> list[JSONObject]:
    scope = get_object(subject, "scope")
    fields = [
        order.field("Phạm vi", "Scope", *order.texts(scope["text"])),
        *_criteria(subject, order),
        *_scheme(subject, order),
        *_authority(subject, order),
    ]
    if "sectorCodes" in scope:
        codes = ", ".join(map(str, get_list(scope, "sectorCodes")))
        fields.append(order.field("Mã ngành", "Sector codes", codes))
    if "soaVersion" in subject:
        fields.append(order.field("Phiên bản SoA", "Statement of applicability", subject["soaVersion"]))
    if "mark" in subject:
        mark = get_object(subject, "mark")
        fields.append(order.field("Dấu", "Mark", mark["type"], mark.get("usageRef")))
    if "surveillance" in subject:
        fields.append(_surveillance(get_object(subject, "surveillance"), order))
    for evidence in items(subject, "evidence"):
        text = f"{evidence['testReportNo']}, {day(evidence['date'])} – {evidence['lab']}"
        fields.append(order.field("Thử nghiệm", "Test report", text, evidence.get("labAccreditation")))
    return fields


def _criteria(subject: JSONObject, order: Order) -> list[JSONObject]:
    """Return the standards in one field; one that carries its title has the title beneath."""
    lines = []
    for item in items(subject, "criteria"):
        number = f"{item['number']} ({item['amendment']})" if "amendment" in item else str(item["number"])
        title = f" – {_joined(order.texts(item['title']))}" if "title" in item else ""
        lines.append(number + title)
    return [order.field("Phù hợp với", "Conforms to", "\n".join(lines))]


def _scheme(subject: JSONObject, order: Order) -> list[JSONObject]:
    if "scheme" not in subject:
        return []
    scheme = get_object(subject, "scheme")
    method = f"{order.pair('Phương thức', 'Method')[0]} {scheme['vnMethod']}"
    name = f" – {scheme['name']}" if "name" in scheme else ""
    return [order.field("Phương thức", "Scheme", method + name, f"ISO/IEC 17067: {scheme['iso17067Type']}")]


def _authority(subject: JSONObject, order: Order) -> list[JSONObject]:
    fields = []
    if "designation" in subject:
        designation = get_object(subject, "designation")
        text = f"{designation['decisionNo']} – {designation['authority']}{_until(designation, order)}"
        fields.append(order.field("Chỉ định", "Designation", text, designation["scope"]))
    if "accreditation" in subject:
        accreditation = get_object(subject, "accreditation")
        text = f"{accreditation['code']} – {accreditation['body']}{_until(accreditation, order)}"
        fields.append(order.field("Công nhận", "Accreditation", text, accreditation["standard"]))
    return fields


def _surveillance(surveillance: JSONObject, order: Order) -> JSONObject:
    months = surveillance["intervalMonths"]
    text = str(order.pair(f"{months} tháng một lần", f"every {months} months")[0])
    if "nextDue" in surveillance:
        text += f"; {order.pair('kỳ tới', 'next')[0]} {day(surveillance['nextDue'])}"
    return order.field("Giám sát", "Surveillance", text)


def _products(subject: JSONObject, order: Order) -> list[JSONObject]:
    products = items(subject, "products")
    used = [column for column in _COLUMNS if any(column[0] in product for product in products)]
    rows: list[JSONValue] = [[_cell(product, name) for name, *_ in used] for product in products]
    columns = [order.column(vi, en, **size) for _, vi, en, size in used]
    return [{**table_section(columns, rows), "numbered": True}] if rows else []


def _cell(product: JSONObject, name: str) -> str:
    match name:
        case "ratings":
            return "\n".join(map(_rating, items(product, name)))
        case "batch" if name in product:
            batch = get_object(product, name)
            declaration = f"\n{batch['importDecl']}" if "importDecl" in batch else ""
            return f"{batch['no']}\n{batch['qty']}{declaration}"
        case _:
            return str(product.get(name, ""))


def _dates(content: JSONObject, subject: JSONObject, order: Order) -> list[JSONValue]:
    dates: list[JSONValue] = [
        [*order.pair("Ngày quyết định", "Decision"), day(subject["decisionDate"])],
        [*order.pair("Ngày cấp", "Issued"), day(subject["issueDate"])],
        [*order.pair("Có hiệu lực từ", "Valid from"), day(get_str(content, "validFrom"))],
    ]
    if "originalIssueDate" in subject:
        dates.insert(0, [*order.pair("Cấp lần đầu", "First issued"), day(subject["originalIssueDate"])])
    if "expiryDate" in subject:
        dates.append([*order.pair("Hết hạn", "Valid until"), day(subject["expiryDate"])])
    else:
        lot = " / ".join(map(str, order.pair("Chỉ cho lô này", "This lot only")))
        dates.append([*order.pair("Hiệu lực", "Validity"), lot])
    return dates


def _rating(item: JSONObject) -> str:
    return f"{item['name']}: {item['value']}" + (f" {item['unit']}" if "unit" in item else "")


def _with_country(client: JSONObject) -> str:
    return f"{client['address']}" + ("" if client["country"] == "VN" else f", {client['country']}")


def _until(holder: JSONObject, order: Order) -> str:
    return " " + unbroken(f"({order.pair('đến', 'until')[0]} {day(holder['validUntil'])})")


def _joined(texts: list[JSONValue]) -> str:
    return " / ".join(str(text) for text in texts if text)
