"""What `certlog issuer` says, in Vietnamese and English: one closed table, and the errors that it knows by code."""

from typing import Final

from certlog.errors import CertlogError, InvalidInput, NotTrusted, Unavailable
from issuer.problems import Language, printable

WORDS: Final[dict[str, tuple[str, str]]] = {
    "key-made": ("Đã tạo khóa {path} cho {did}.", "Made the key {path} for {did}."),
    "send-public": (
        "Gửi {public} cho đơn vị vận hành sổ đăng ký. Không gửi {path} cho ai; cất bản sao và mật khẩu riêng nơi.",
        "Hand {public} to the registry's operator. Give {path} to no one; keep a copy, and the passphrase elsewhere.",
    ),
    "passphrase": ("Mật khẩu của khóa", "Passphrase of the key"),
    "passphrase-again": ("Nhập lại mật khẩu", "Passphrase again"),
    "sign": ("Ký", "Signing"),
    "print": ("Tạo PDF", "Printing"),
    "submit": ("Gửi", "Submitting"),
    "mistakes": (
        "{count} lỗi trong {file}; chưa cấp giấy nào. Sửa rồi chạy lại.",
        "{count} mistakes in {file}; nothing was issued. Correct them and run again.",
    ),
    "left-out": (
        "{count} lỗi; các hàng có lỗi không được cấp.",
        "{count} mistakes; the rows with mistakes were left out.",
    ),
    "errors-in": ("Danh sách lỗi: {path}", "List of the mistakes: {path}"),
    "issued": (
        "{count} giấy chứng nhận trong tệp, ký mới {signed}. PDF ở {folder}.",
        "{count} certificates in the file, {signed} newly signed. PDFs in {folder}.",
    ),
    "submitted": (
        "Sổ đăng ký đã ghi {logged} mục (và {existed} mục đã có từ trước).",
        "The registry logged {logged} entries (and had {existed} before).",
    ),
    "waiting": (
        "Chưa gửi. Gửi sau bằng: certlog issuer submit --resume --out {folder} --registry … --token-file …",
        "Not submitted. Send it later with: certlog issuer submit --resume --out {folder} --registry … --token-file …",
    ),
    "refused-item": (
        "Bị từ chối: {number} ({action}): {detail} [{code}]",
        "Refused: {number} ({action}): {detail} [{code}]",
    ),
    "supersede-hint": (
        "Phiên bản mới chưa làm bản cũ hết hiệu lực. Chạy: certlog issuer supersede {number} --out {folder} --key …",
        "A new version does not end the old one. Run: certlog issuer supersede {number} --out {folder} --key …",
    ),
    "changed": (
        "Đã ghi {action} cho {number} ở vị trí {index} của sổ.",
        "Logged {action} for {number} at position {index} of the log.",
    ),
    "kept": (
        "Đã giữ những gì đã ký. Chạy lại lệnh này sau, hoặc: certlog issuer submit --resume --out {folder} …",
        "What was signed is kept. Run this command again later, or: certlog issuer submit --resume --out {folder} …",
    ),
    "unavailable": ("Tạm thời không thực hiện được: {detail}", "Not possible at the moment: {detail}"),
    "error": ("Lỗi: {detail}", "Error: {detail}"),
}

# Errors that a person at the desk meets; others are shown with their English detail.
_ERRORS: Final[dict[str, str]] = {
    "wrong-passphrase": "Sai mật khẩu, hoặc tệp khóa bị hỏng.",
    "short-passphrase": "Mật khẩu cần ít nhất 8 ký tự.",
    "weak-key-file": "Tệp khóa được bảo vệ quá yếu (không phải scrypt). Tạo khóa mới bằng keygen.",
    "bad-key-file": "Tệp khóa không đúng dạng (cần PKCS#8 có mật khẩu) hoặc bị hỏng.",
    "foreign-public-part": "Tệp .pub.json không thuộc khóa này.",
    "token-refused": "Sổ đăng ký từ chối mã truy cập (sai, hết hạn hoặc đã bị thu). Xin mã mới từ đơn vị vận hành.",
    "not-its-issuer": "Giấy chứng nhận này do đơn vị khác cấp; khóa này không được đổi trạng thái.",
    "unknown-certificate": "Không tìm thấy giấy chứng nhận này trong sổ của thư mục.",
    "no-journal": "Thư mục này không có sổ. Dùng đúng thư mục --out của lệnh issue.",
    "no-effect": "Không có tác dụng với trạng thái hiện tại của giấy chứng nhận.",
    "already-revoked": "Giấy chứng nhận đã hết hiệu lực do bị thu hồi, chấm dứt hoặc thay thế; không đổi được nữa.",
    "no-terminal": "Không có bàn phím để hỏi mật khẩu. Dùng --passphrase-file.",
    "not-writable": "Không ghi được vào thư mục.",
    "not-readable": "Không đọc được tệp.",
    "exists": "Tệp đã có; không ghi đè.",
    "bad-address": "Địa chỉ sổ đăng ký không đúng (cần https://…).",
}


def say(language: Language, name: str, **values: object) -> str:
    """Return a sentence of the table."""
    vi, en = WORDS[name]
    shown = {key: printable(str(value)) for key, value in values.items()}
    return (vi if language == "vi" else en).format(**shown)


def error_text(language: Language, error: CertlogError) -> str:
    """Return one line about an error: in Vietnamese where its code is known, always with the English detail."""
    detail = printable(str(error))
    if isinstance(error, Unavailable):
        return say(language, "unavailable", detail=detail)
    known = _ERRORS.get(error.code) if isinstance(error, InvalidInput | NotTrusted) else None
    if language == "vi" and known:
        return f"{known} ({detail})"
    return say(language, "error", detail=detail)
