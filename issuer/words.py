"""The closed lists of words that an issuing file may use, in Vietnamese and English, and what they stand for."""

import re
from typing import Final

KIND_WORDS: Final = {
    "hợp quy": "product_regulation",
    "hợp chuẩn": "product_standard",
    "hệ thống quản lý": "management_system",
    "lô": "batch",
    "cá nhân": "person",
    "quá trình dịch vụ": "process_service",
    "product_regulation": "product_regulation",
    "product_standard": "product_standard",
    "management_system": "management_system",
    "batch": "batch",
    "person": "person",
    "process_service": "process_service",
}

TITLES: Final = {
    "product_regulation": (
        "Giấy chứng nhận hợp quy",
        "Certificate of conformity to technical regulation",
    ),
    "product_standard": ("Giấy chứng nhận hợp chuẩn", "Certificate of conformity to standard"),
    "management_system": ("Giấy chứng nhận hệ thống quản lý", "Management system certificate"),
    "batch": (
        "Giấy chứng nhận lô sản phẩm, hàng hóa",
        "Certificate of conformity for a lot",
    ),
    "person": ("Giấy chứng nhận năng lực cá nhân", "Certificate of a person's competence"),
    "process_service": ("Giấy chứng nhận quá trình, dịch vụ", "Process and service certificate"),
}

REASON_WORDS: Final = {
    "đính chính": "correction",
    "mở rộng phạm vi": "scope_extended",
    "thu hẹp phạm vi": "scope_reduced",
    "gia hạn": "renewed",
    "cấp lại": "reissued",
    "correction": "correction",
    "scope_extended": "scope_extended",
    "scope_reduced": "scope_reduced",
    "renewed": "renewed",
    "reissued": "reissued",
}

MARK_WORDS: Final = {"CR": "CR", "CS": "CS", "CB": "CB"}
LANGUAGE_WORDS: Final = {"vi": "vi", "en": "en", "tiếng Việt": "vi", "tiếng Anh": "en"}
SCHEME_WORDS: Final = {word: word for word in ("1a", "1b", "2", "3", "4", "5", "6")}

SCHEME_OF_METHOD: Final = {1: "1a", 2: "2", 3: "3", 4: "4", 5: "5", 6: "6", 7: "1b"}
"""ISO/IEC 17067 type that a Vietnamese method is nearest to; 100 % inspection (8) has none."""

_METHOD: Final = re.compile(r"(?:phuong thuc |method )?([1-8])", re.ASCII)
_STANDARD: Final = re.compile(
    r"(?P<number>(?P<kind>QCVN|TCVN|ISO|IEC|TCCS)[ /][^();,]{1,90}?)(?: ?\((?P<amendment>[^()]{1,100})\))?"
)
_JOINED: Final = re.compile(r" (?:và|and|&) ")
_YEAR: Final = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")


def parse_method(folded: str) -> int | None:
    """Return the Vietnamese assessment method of a folded text: `5` or `phuong thuc 5`."""
    found = _METHOD.fullmatch(folded)
    return int(found[1]) if found else None


def parse_standard(text: str) -> tuple[str, str, int, str | None] | None:
    """Split a standard's designation into (kind, number, year, amendment); None if it has another form.

    The number keeps the whole designation, which is what scopes are granted for. The year is the last one in it.
    Two designations in one text ("…; …", "… và …") are refused: no scope is granted for such a standard.
    """
    found = _STANDARD.fullmatch(text)
    years = _YEAR.findall(found["number"]) if found else []
    if not found or not years or _JOINED.search(found["number"]):
        return None
    return found["kind"], found["number"].strip(), int(years[-1]), found["amendment"]
