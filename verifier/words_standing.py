"""The words of a dated status proof, in both languages. Nothing is decided here."""

from typing import Final

from verifier.verify_status import Standing, StatusReport
from verifier.words import Language, Phrase, show_time

TITLES: Final[dict[Standing, Phrase]] = {
    Standing.CLEAR: Phrase("Chưa bị thu hồi, không bị tạm đình chỉ", "Neither withdrawn nor suspended"),
    Standing.SUSPENDED: Phrase("Bị tạm đình chỉ", "Suspended"),
    Standing.REVOKED: Phrase(
        "Đã mất hiệu lực vĩnh viễn (thu hồi, chấm dứt hoặc thay thế)",
        "Ended for good (withdrawn, cancelled or replaced)",
    ),
    Standing.REFUSED: Phrase("Tệp này không chứng minh được gì", "This file proves nothing"),
}

LIMITS: Final = (
    Phrase(
        "Đây là phát biểu của sổ đăng ký, có chữ ký và ngày; bên đối soát có thể bác bỏ bằng dữ liệu công khai.",
        "It is the registry's own statement, signed and dated, which any auditor can refute from public data.",
    ),
    Phrase(
        "Tệp này không nói nội dung của giấy, cũng không nói ai đã cho phép nơi cấp: xem tệp bằng chứng.",
        "It says neither what the certificate says nor who authorised its issuer: see the evidence file.",
    ),
    Phrase(
        "Tệp này không nói gì về thời gian sau thời điểm đã nêu.",
        "It says nothing of the time after the moment that it states.",
    ),
)

_STATED: Final = Phrase("Theo sổ đăng ký, vào lúc", "Stated by the registry, as of")
_AT_THE_LATEST: Final = Phrase(
    "Theo chuỗi khối, được nêu muộn nhất vào", "By the chain, stated at the latest on"
)
_NOT_DATED: Final = Phrase(
    "Chưa có giờ khối: ngày trên chỉ là lời của sổ đăng ký",
    "No block time is known: the date is the registry's word alone",
)


def standing_title(report: StatusReport, language: Language) -> str:
    """What the epoch states."""
    return TITLES[report.standing].text(language)


def dates_of(report: StatusReport, language: Language) -> tuple[str, ...]:
    """When it was stated: whose word each date is, is said."""
    if report.epoch is None:
        return ()
    stated = f"{_STATED.text(language)}: {show_time(report.epoch.time, language)}"
    if report.block_time is None:
        return stated, _NOT_DATED.text(language)
    return stated, f"{_AT_THE_LATEST.text(language)}: {show_time(report.block_time, language)}"
