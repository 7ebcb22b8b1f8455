"""What a printed certificate says, whatever its profile: the common frame, and the profile's own part inside it.

Values come only from the signed document, so that the paper says what was signed. The template sets the result
and adds no words of its own.
"""

from collections.abc import Callable, Mapping
from typing import Final

from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, JSONValue, get_list, get_object, get_str
from issuer.print_calibration import calibration_fields
from issuer.print_conformity import conformity_fields
from issuer.print_parts import Order, Words, day, shortened

_PROFILES: Final[Mapping[str, Callable[[JSONObject], JSONObject]]] = {
    "ConformityCertificate": conformity_fields,
    "CalibrationCertificate": calibration_fields,
}

_REASONS: Final[Mapping[str, Words]] = {
    "correction": Words("đính chính", "correction"),
    "scope_extended": Words("mở rộng phạm vi", "scope extended"),
    "scope_reduced": Words("thu hẹp phạm vi", "scope reduced"),
    "renewed": Words("gia hạn", "renewed"),
    "reissued": Words("cấp lại", "reissued"),
}

_SCAN: Final = Words(
    "Quét mã QR để xem tình trạng hiện tại và so sánh với bản này. Bản in tự nó không chứng minh điều gì về "
    "tình trạng đó. Dữ liệu đã ký được đính kèm trong tệp PDF (certificate.json).",
    "Scan the code for the current status and compare. Paper alone proves nothing about that status. The signed "
    "data is attached to the PDF file (certificate.json).",
)
_SCAN_SEALED: Final = Words(
    "Mã QR chứa khóa của nội dung đã niêm phong: ai có bản này đọc được nội dung trên trang tra cứu.",
    "The code holds the key of the sealed content: who has this paper can read the content on the look-up page.",
)


def print_fields(content: JSONObject, *, sealed: bool = False) -> JSONObject:
    """Return everything that the template prints but the code and the id.

    Args:
        content: a certificate without its proof.
        sealed: the printed code holds the key of the content.

    Raises:
        InvalidInput: no page is known for this kind of certificate.
    """
    profile = str(get_list(content, "type")[-1])
    if profile not in _PROFILES:
        message = Sentence("no printed page is known for a certificate of type {found}", found=profile)
        raise InvalidInput(message, code="no-pdf")
    order, issuer = Order.of(content), get_object(content, "issuer")
    own = _PROFILES[profile](content)
    head, title = get_object(own, "head"), get_list(own, "title")
    legal = [*order.pair("Mã số thuế", "Tax code"), issuer["legalId"]]
    return {
        **own,
        "running": [shortened(head["name"]), shortened(title[0])],
        "head": {**head, "lines": [legal, *get_list(head, "lines")]},
        "language": order.language,
        "number": content["certificateNumber"],
        "remarks": _remarks(content, order),
        "words": {
            "number": order.pair("Số", "No."),
            "page": order.pair("Trang", "Page"),
            "end": order.pair("Hết giấy chứng nhận", "End of certificate"),
            "scan": [order.words(_SCAN), *([order.words(_SCAN_SEALED)] if sealed else [])],
        },
    }


def _remarks(content: JSONObject, order: Order) -> list[JSONValue]:
    """Return what stands under the number: version, what it replaces, an earlier date, a description."""
    remarks: list[JSONValue] = []
    if "replaces" in content:
        reason = _REASONS[get_str(get_object(content, "replaces"), "reason")]
        version = content["version"]
        remarks.append(
            order.pair(
                f"Phiên bản {version}, thay thế phiên bản trước: {reason.vi}",
                f"Version {version}, replaces the one before: {reason.en}",
            )
        )
    if "issuedEarlier" in content:
        date = day(content["issuedEarlier"])
        remarks.append(
            order.pair(f"Đã cấp trước khi đăng ký, ngày {date}", f"Issued before registration, on {date}")
        )
    if "description" in content:
        remarks.append(order.texts(content["description"]))
    return remarks
