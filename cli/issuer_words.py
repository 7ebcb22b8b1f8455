"""What `certlog issuer` says, in Vietnamese and English: one closed table, and how it says an error."""

from typing import Final

from certlog.errors import CertlogError, Unavailable
from issuer.problems import Language, printable
from web.translation import said

WORDS: Final[dict[str, tuple[str, str]]] = {
    "key-made": ("Đã tạo khóa {path} cho {did}.", "Made the key {path} for {did}."),
    "send-public": (
        "Gửi {public} cho cơ quan vận hành sổ đăng ký. Không gửi {path} cho ai; cất bản sao và mật khẩu riêng nơi.",
        "Hand {public} to the registry's operator. Give {path} to no one; keep a copy, and the passphrase elsewhere.",
    ),
    "passphrase": ("Mật khẩu của khóa", "Passphrase of the key"),
    "passphrase-again": ("Nhập lại mật khẩu", "Passphrase again"),
    "sign": ("Ký", "Signing"),
    "print": ("Tạo PDF", "Printing"),
    "submit": ("Gửi", "Submitting"),
    "mistakes": (
        "{count} lỗi trong {file}; chưa cấp giấy nào. Sửa rồi chạy lại.",
        "Mistakes in {file}: {count}; nothing was issued. Correct the file and run again.",
    ),
    "left-out": (
        "{count} lỗi; các hàng có lỗi không được cấp.",
        "Mistakes: {count}; the rows with mistakes were left out.",
    ),
    "more-mistakes": (
        "… và {count} lỗi nữa; --errors ghi tất cả ra tệp, --json in tất cả.",
        "… and {count} more mistakes; --errors writes all to a file, --json prints all.",
    ),
    "refused-in": (
        "{count} hàng chưa cấp nằm trong {path}, có thêm cột “Lỗi / Problem”. Sửa ở đó rồi cấp chính tệp đó.",
        "{count} rows that were not issued are in {path}, with a column “Lỗi / Problem”. Correct and issue that file.",
    ),
    "template-made": (
        "Đã tạo {path}. Trang cuối giải thích từng cột.",
        "Made {path}. Its last sheet explains every column.",
    ),
    "check-more": ("… và {count} giấy nữa.", "… and {count} more."),
    "check-done": (
        "Chỉ kiểm tra, chưa ký hay gửi gì. Có thể cấp: {count}; lỗi: {problems}.",
        "A check only: nothing was signed or sent. Can be issued: {count}; mistakes: {problems}.",
    ),
    "errors-in": ("Danh sách lỗi: {path}", "List of the mistakes: {path}"),
    "issued": (
        "{count} giấy chứng nhận trong tệp, ký mới {signed}. Tệp ở {folder}.",
        "Certificates in the file: {count}, newly signed: {signed}. Files in {folder}.",
    ),
    "printed": ("Đã tạo {count} tệp PDF trong {folder}.", "Made {count} PDFs in {folder}."),
    "not-printed": (
        "Chưa tạo PDF. Tạo sau bằng: certlog issuer print --out {folder} --key … --registry …",
        "No PDFs were made. Make them later with: certlog issuer print --out {folder} --key … --registry …",
    ),
    "submitted": (
        "Sổ đăng ký đã ghi {logged} mục (và {existed} mục đã có từ trước).",
        "The registry logged {logged} entries (and had {existed} before).",
    ),
    "nothing-to-send": ("Không có gì mới để gửi.", "There is nothing new to send."),
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
        "Đã ghi việc {action} {number} ở vị trí {index} của sổ.",
        "Logged {action} for {number} at position {index} of the log.",
    ),
    "labels-made": ("{count} tem trong {path}.", "{count} labels in {path}."),
    "kept": (
        "Đã giữ những gì đã ký. Chạy lại lệnh này sau, hoặc: certlog issuer submit --resume --out {folder} …",
        "What was signed is kept. Run this command again later, or: certlog issuer submit --resume --out {folder} …",
    ),
    "unavailable": ("Tạm thời không thực hiện được: {detail}", "Not possible at the moment: {detail}"),
    "error": ("Lỗi: {detail}", "Error: {detail}"),
}


def say(language: Language, name: str, **values: object) -> str:
    """Return a sentence of the table."""
    vi, en = WORDS[name]
    shown = {key: printable(str(value)) for key, value in values.items()}
    return (vi if language == "vi" else en).format(**shown)


def error_text(language: Language, error: CertlogError) -> str:
    """Return one line about an error."""
    detail = printable(said(str(error), language))
    return say(language, "unavailable" if isinstance(error, Unavailable) else "error", detail=detail)
