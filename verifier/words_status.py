"""What a status event did and why, in both languages: one line for each code of certlog.status."""

from typing import Final

ACTIONS: Final[dict[str, tuple[str, str]]] = {
    "suspend": ("tạm đình chỉ", "suspended"),
    "reinstate": ("khôi phục hiệu lực", "reinstated"),
    "withdraw": ("thu hồi", "withdrawn"),
    "cancel": ("chấm dứt theo yêu cầu", "cancelled on request"),
    "supersede": ("thay thế", "replaced"),
    "bindFile": ("gắn tệp", "file bound"),
}

STATUS_REASONS: Final[dict[str, tuple[str, str]]] = {
    "nonconformity": ("không phù hợp yêu cầu chứng nhận", "the requirements are not met"),
    "surveillance_overdue": ("quá hạn đánh giá giám sát", "surveillance is overdue"),
    "misuse_of_mark": ("sử dụng sai dấu chứng nhận", "the mark was misused"),
    "fee_unpaid": ("chưa thanh toán phí", "the fee is unpaid"),
    "client_request": ("theo yêu cầu của bên được chứng nhận", "at its holder's request"),
    "investigation": ("đang xác minh", "under investigation"),
    "corrected": ("đã khắc phục", "the cause was corrected"),
    "suspended_in_error": ("đã đình chỉ nhầm", "it was suspended in error"),
    "suspension_expired": ("hết thời hạn đình chỉ mà chưa khắc phục", "the suspension ran out uncorrected"),
    "invalid": ("cấp sai", "it was issued in error"),
    "key_compromise": ("khóa ký bị lộ", "the signing key was compromised"),
    "production_ended": ("ngừng sản xuất", "production has ended"),
    "correction": ("sửa lỗi nội dung", "its content was corrected"),
    "scope_extended": ("mở rộng phạm vi", "its scope was extended"),
    "scope_reduced": ("thu hẹp phạm vi", "its scope was reduced"),
    "renewed": ("cấp mới khi hết hạn", "it was renewed"),
    "reissued": ("cấp lại", "it was reissued"),
}
