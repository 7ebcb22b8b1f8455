"""The words of every verdict, check and reason, Vietnamese and English: one closed table.

For the pages and the command line. The wording is the profession's: "tra cứu" or "kiểm tra" for checking,
never "giả" (fake); a calibration certificate is never "còn hiệu lực" (in force). Nothing is decided here.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Literal, NamedTuple, TypeAlias

from certlog.strict_json import JSONObject, JSONValue
from verifier.report import Check, CheckName, Kind, Outcome, Page, Reason, Remark, Report, Verdict
from verifier.words_reasons import REASONS, REMARKS
from verifier.words_status import ACTIONS, STATUS_REASONS

Language: TypeAlias = Literal["vi", "en"]

LANGUAGES: tuple[Language, ...] = ("vi", "en")

# Viet Nam keeps UTC+7 the whole year, and people compare what they see with paper that was printed there.
VIET_NAM = timezone(timedelta(hours=7))


class Phrase(NamedTuple):
    """One meaning in both languages."""

    vi: str
    en: str

    def text(self, language: Language) -> str:
        """The phrase in that language."""
        return self.vi if language == "vi" else self.en


TITLES: dict[Verdict, Phrase] = {
    Verdict.ALTERED: Phrase("Nội dung không khớp bản đã đăng ký", "Does not match what was registered"),
    Verdict.CONTRADICTED: Phrase("Bằng chứng mâu thuẫn với chuỗi khối", "Contradicted by the blockchain"),
    Verdict.NOT_TRUSTED: Phrase(
        "Không tin cậy được: chưa rõ thẩm quyền cấp", "Not trusted: no authority to issue it"
    ),
    Verdict.WITHDRAWN: Phrase("Đã bị thu hồi", "Withdrawn"),
    Verdict.CANCELLED: Phrase("Đã chấm dứt theo yêu cầu", "Cancelled on request"),
    Verdict.SUPERSEDED: Phrase("Đã được thay thế", "Replaced by a newer certificate"),
    Verdict.SUSPENDED: Phrase("Đang bị tạm đình chỉ", "Suspended"),
    Verdict.NOT_YET_VALID: Phrase("Chưa có hiệu lực", "Not yet in force"),
    Verdict.EXPIRED: Phrase("Hết hiệu lực (hết hạn)", "Expired"),
    Verdict.PENDING: Phrase("Đã đăng ký, đang chờ neo lên chuỗi khối", "Registered, waiting for its anchor"),
    Verdict.VALID: Phrase("Còn hiệu lực", "In force"),
    Verdict.CANNOT_CHECK: Phrase("Chưa kiểm tra được", "Cannot be checked now"),
    Verdict.UNKNOWN: Phrase("Không có trong sổ đăng ký này", "Not in this registry"),
    Verdict.MISTYPED: Phrase("Mã bị gõ sai", "The code is mistyped"),
}

KIND_TITLES: dict[tuple[Verdict, Kind], Phrase] = {
    (Verdict.VALID, Kind.LOT): Phrase(
        "Có hiệu lực cho lô hàng ghi trên giấy", "In force for the lot that it names"
    ),
    (Verdict.VALID, Kind.CALIBRATION): Phrase(
        "Nguyên vẹn; chưa bị thu hồi hoặc thay thế",
        "Genuine and unaltered; not withdrawn or replaced",
    ),
    (Verdict.NOT_YET_VALID, Kind.CALIBRATION): Phrase(
        "Chưa đến ngày ghi trên giấy",
        "Dated later than today",
    ),
    (Verdict.EXPIRED, Kind.CALIBRATION): Phrase(
        "Đã qua ngày cuối ghi trên giấy",
        "Past the last date that it states",
    ),
}

PAGE_NOT_CHECKED_TITLE = Phrase(
    "Dữ liệu bên trong là thật; trang nhìn thấy chưa được kiểm tra",
    "The data inside is genuine; the visible page was not checked",
)

RECORD_TITLE = Phrase(
    "Đã đăng ký, chưa bị thu hồi; nội dung không công khai",
    "Registered and not withdrawn; content not public",
)

SENTENCES: dict[Verdict, Phrase] = {
    Verdict.ALTERED: Phrase(
        "Một giá trị băm, chữ ký hoặc liên kết với tệp không khớp; vì vậy nội dung không được hiển thị.",
        "A hash, a signature or the link to the file does not match; the content is therefore not shown.",
    ),
    Verdict.CONTRADICTED: Phrase(
        "Trạng thái đã chốt trên chuỗi khối không có bản neo mà bằng chứng này nêu, hoặc cho thời điểm "
        "khác. Hãy báo cho cơ quan vận hành sổ đăng ký và bên đối soát.",
        "The final state of the chain lacks the anchor that this evidence names, or gives another time. "
        "Tell the operator of the registry and its auditors.",
    ),
    Verdict.NOT_TRUSTED: Phrase(
        "Không chứng minh được rằng nơi cấp, khóa ký hoặc phạm vi nêu trong giấy được phép vào lúc đăng ký.",
        "It is not proven that its issuer, key or claimed scope was authorised when it was registered.",
    ),
    Verdict.WITHDRAWN: Phrase(
        "Nơi cấp đã thu hồi giấy chứng nhận này. Không sử dụng.",
        "The issuer has withdrawn this certificate. Do not rely on it.",
    ),
    Verdict.CANCELLED: Phrase(
        "Giấy chứng nhận này đã được nơi cấp chấm dứt theo yêu cầu của bên được chứng nhận.",
        "The issuer has ended this certificate at its holder's request.",
    ),
    Verdict.SUPERSEDED: Phrase(
        "Nơi cấp đã cấp giấy chứng nhận khác thay cho giấy này. Hãy xem bản thay thế.",
        "The issuer has issued another certificate in place of this one. See the replacement.",
    ),
    Verdict.SUSPENDED: Phrase(
        "Nơi cấp đang tạm đình chỉ hiệu lực của giấy này; sau đó giấy có thể được khôi phục hoặc bị thu hồi.",
        "The issuer has suspended this certificate for now; it may be reinstated or withdrawn later.",
    ),
    Verdict.NOT_YET_VALID: Phrase(
        "Giấy chứng nhận này là thật nhưng ngày hiệu lực ghi trên giấy chưa tới.",
        "This certificate is genuine, but the date from which it applies has not come.",
    ),
    Verdict.EXPIRED: Phrase(
        "Giấy chứng nhận này là thật nhưng đã qua ngày hết hạn ghi trên giấy.",
        "This certificate is genuine, but the expiry date that it states has passed.",
    ),
    Verdict.PENDING: Phrase(
        "Nội dung, chữ ký và việc ghi sổ đã được kiểm tra; bản neo lên chuỗi khối chưa có hoặc chưa "
        "chốt. Hãy so sánh các giá trị dưới đây và tra cứu lại sau.",
        "Content, signature and registration were checked; its anchor is missing or not yet final. "
        "Compare the values below and look it up again later.",
    ),
    Verdict.VALID: Phrase(
        "Còn hiệu lực theo phạm vi và thời hạn ghi trên giấy.",
        "In force for the scope and the dates that it states.",
    ),
    Verdict.CANNOT_CHECK: Phrase(
        "Có điều cần thiết không truy cập được hoặc đã quá cũ, nên không thể kết luận. Điều đó không có "
        "nghĩa là giấy chứng nhận có vấn đề, cũng không có nghĩa là giấy còn hiệu lực.",
        "Something that is needed was unreachable or too old, so there is no answer. That does not mean "
        "that something is wrong with the certificate, nor that it is in force.",
    ),
    Verdict.UNKNOWN: Phrase(
        "Sổ đăng ký này không có mã đó. Có thể giấy được đăng ký ở nơi khác, chưa được đăng ký, "
        "hoặc chưa từng được cấp: hãy hỏi nơi cấp ghi trên giấy.",
        "This registry has no such code. The certificate may be registered elsewhere, not registered yet, "
        "or never issued: ask the body named on it.",
    ),
    Verdict.MISTYPED: Phrase(
        "Mã không đủ 20 ký tự hoặc ký tự kiểm tra không khớp: hãy so lại với mã in trên giấy.",
        "It does not have 20 characters, or its check character does not fit: compare it with the printed code.",
    ),
}

KIND_SENTENCES: dict[tuple[Verdict, Kind], Phrase] = {
    (Verdict.SUSPENDED, Kind.CALIBRATION): Phrase(
        "Phòng hiệu chuẩn đang tạm đình chỉ giấy này; sau đó giấy có thể được khôi phục hoặc bị thu hồi.",
        "Its laboratory has suspended this certificate for now; it may be reinstated or withdrawn later.",
    ),
    (Verdict.CANNOT_CHECK, Kind.CALIBRATION): Phrase(
        "Có điều cần thiết không truy cập được hoặc đã quá cũ, nên không thể kết luận. Điều đó không có "
        "nghĩa là giấy chứng nhận có vấn đề, cũng không có nghĩa là giấy chưa bị thu hồi.",
        "Something that is needed was unreachable or too old, so there is no answer. That does not mean "
        "that something is wrong with the certificate, nor that it was not withdrawn.",
    ),
    (Verdict.VALID, Kind.PRODUCT): Phrase(
        "Còn hiệu lực đối với các kiểu, loại sản phẩm ghi trên giấy; không chứng minh rằng chính chiếc sản "
        "phẩm này là hàng thật.",
        "In force for these models; does not prove that this piece is genuine.",
    ),
    (Verdict.VALID, Kind.LOT): Phrase(
        "Chỉ có hiệu lực cho lô hàng ghi trên giấy; không chứng minh rằng sản phẩm này thuộc lô đó.",
        "Only for the lot that it names; does not prove that this piece belongs to that lot.",
    ),
    (Verdict.VALID, Kind.CALIBRATION): Phrase(
        "Giấy chứng nhận hiệu chuẩn này nguyên vẹn, chưa bị thu hồi hoặc thay thế; hiệu chuẩn ngày {date}.",
        "Genuine and unaltered; not withdrawn or replaced; calibrated on {date}.",
    ),
}

PAGE_NOT_CHECKED_SENTENCE = Phrase(
    "Dữ liệu đính kèm trong tệp là thật, nhưng không có bằng chứng rằng nơi cấp đã gắn chính tệp này với "
    "giấy chứng nhận. Hãy so sánh trang nhìn thấy với các giá trị dưới đây.",
    "The data attached to the file is genuine, but nothing proves that the issuer bound this file to it. "
    "Compare the page that you see with the values below.",
)

RECORD_SENTENCE = Phrase(
    "Nơi cấp, chữ ký, việc ghi sổ, bản neo và trạng thái đã được kiểm tra. Nơi cấp không công khai nội dung: "
    "hãy mở nội dung bằng mã trên giấy chứng nhận hoặc bằng tệp của người giữ giấy, rồi so sánh.",
    "Issuer, signature, registration, anchor and status were checked. The issuer did not make the content public: "
    "open it with the code on the certificate, or with its holder's file, and compare.",
)

RECORD_PENDING_SENTENCE = Phrase(
    "Chữ ký và việc ghi sổ đã được kiểm tra; bản neo lên chuỗi khối chưa có hoặc chưa chốt. Nơi cấp không công khai "
    "nội dung: hãy mở nội dung bằng mã trên giấy chứng nhận hoặc bằng tệp của người giữ giấy.",
    "Signature and registration were checked; its anchor is missing or not yet final. The issuer did not make the "
    "content public: open it with the code on the certificate, or with its holder's file.",
)

CHECK_NAMES: dict[CheckName, Phrase] = {
    CheckName.BYTES: Phrase("Dữ liệu và cấu trúc", "Bytes and schema"),
    CheckName.SIGNATURE: Phrase("Chữ ký số của nơi cấp", "Issuer's signature"),
    CheckName.ISSUER: Phrase("Thẩm quyền của nơi cấp và khóa ký", "Issuer and key authorised"),
    CheckName.SCOPE: Phrase("Phạm vi được chỉ định, công nhận", "Claimed scope"),
    CheckName.INCLUSION: Phrase("Có trong sổ đăng ký", "Included in the log"),
    CheckName.CHECKPOINT: Phrase("Sổ đăng ký đã ký xác nhận", "Checkpoint signed by the log"),
    CheckName.ANCHOR: Phrase("Đã neo lên chuỗi khối", "Anchored on the chain"),
    CheckName.STATUS: Phrase("Trạng thái", "Status"),
    CheckName.DATES: Phrase("Thời hạn", "Dates"),
    CheckName.FILE: Phrase("Tệp được gắn với giấy chứng nhận", "File bound to the certificate"),
}

OUTCOMES: dict[Outcome, Phrase] = {
    Outcome.PASSED: Phrase("đạt", "passed"),
    Outcome.FAILED: Phrase("không đạt", "failed"),
    Outcome.NOT_CHECKED: Phrase("chưa kiểm tra", "not checked"),
}

PAGES: dict[Page, Phrase] = {
    Page.NO_FILE: Phrase("Không có tệp nào được đưa vào", "No file was given"),
    Page.BOUND: Phrase(
        "Tệp này đúng từng byte như nơi cấp đã gắn", "This file is byte for byte what the issuer bound"
    ),
    Page.DIFFERENT: Phrase(
        "Tệp này khác tệp mà nơi cấp đã gắn", "This file differs from what the issuer bound"
    ),
    Page.NOT_CHECKED: Phrase("Trang nhìn thấy chưa được kiểm tra", "The visible page was not checked"),
}

KINDS: dict[Kind, Phrase] = {
    Kind.PRODUCT: Phrase("Giấy chứng nhận sản phẩm", "Product certificate"),
    Kind.LOT: Phrase("Giấy chứng nhận lô sản phẩm, hàng hóa", "Lot certificate"),
    Kind.OTHER_CONFORMITY: Phrase("Giấy chứng nhận", "Certificate"),
    Kind.CALIBRATION: Phrase("Giấy chứng nhận hiệu chuẩn", "Calibration certificate"),
    Kind.UNKNOWN: Phrase("Giấy chứng nhận", "Certificate"),
}

STATUS_REASONS_UNKNOWN = Phrase("lý do không có trong tệp này", "reason not in this file")

NOT_PROVEN: tuple[Phrase, ...] = (
    Phrase(
        "Việc neo lên chuỗi khối chỉ chứng minh sự tồn tại, thứ tự và thời gian; "
        "không chứng minh rằng công việc đánh giá hoặc đo đã được làm tốt.",
        "Anchoring proves existence, order and time; not that the work was done competently.",
    ),
    Phrase(
        "Mã hoặc đường dẫn trên giấy không chứng minh rằng tờ giấy là thật: "
        "hãy so sánh giấy với các giá trị hiển thị ở đây.",
        "A code or link on paper does not prove that it is genuine: compare it with what is shown here.",
    ),
    Phrase(
        "Trạng thái hiện tại và việc khóa ký không bị lộ là lời khẳng định có ghi ngày của sổ đăng ký; "
        "bất kỳ bên đối soát nào cũng có thể bác bỏ bằng dữ liệu công khai.",
        "Current status and the absence of a key compromise are the registry's dated statement, "
        "which any auditor can refute from public data.",
    ),
)

KIND_NOT_PROVEN: dict[Kind, Phrase] = {
    Kind.PRODUCT: Phrase(
        "Không chứng minh rằng chính chiếc sản phẩm này là hàng thật.",
        "It does not prove that this piece is genuine.",
    ),
    Kind.LOT: Phrase(
        "Không chứng minh rằng chính chiếc sản phẩm này thuộc lô đó.",
        "It does not prove that this piece belongs to that lot.",
    ),
    Kind.CALIBRATION: Phrase(
        "Chỉ nói về phương tiện đo vào ngày hiệu chuẩn; không nói gì về tình trạng của nó từ đó đến nay.",
        "It speaks of the instrument on the day of calibration only, not of its state since.",
    ),
}

ANSWERED_BY_REGISTRY = Phrase("Trả lời của sổ đăng ký", "The registry's answer")
CHECKED_HERE = Phrase("Tự kiểm tra trên thiết bị này", "Checked on this device")


def title(report: Report, language: Language) -> str:
    """The verdict in a few words."""
    if _page_is_what_is_missing(report):
        return PAGE_NOT_CHECKED_TITLE.text(language)
    if _only_content_is_missing(report):
        return RECORD_TITLE.text(language)
    phrase = KIND_TITLES.get((report.verdict, report.kind), TITLES[report.verdict])
    return phrase.text(language)


def sentence(report: Report, language: Language) -> str:
    """The verdict in a sentence or two: what it means and what to do."""
    if _page_is_what_is_missing(report):
        return PAGE_NOT_CHECKED_SENTENCE.text(language)
    if _only_content_is_missing(report):
        return RECORD_SENTENCE.text(language)
    if report.verdict is Verdict.PENDING and report.content is None:
        return RECORD_PENDING_SENTENCE.text(language)
    phrase = KIND_SENTENCES.get((report.verdict, report.kind), SENTENCES[report.verdict])
    return phrase.text(language).replace("{date}", calibration_date(report, language))


def reason_text(reason: Reason, language: Language) -> str:
    """Why a check ended as it did."""
    return REASONS[reason][LANGUAGES.index(language)]


def remark_text(remark: Remark, language: Language) -> str:
    """What must be said beside the verdict."""
    return REMARKS[remark][LANGUAGES.index(language)]


def remark_on(remark: Remark, report: Report, language: Language) -> str:
    """The same with what the report knows: by when a certificate was registered at the latest."""
    if remark is not Remark.REGISTERED_LATER or report.anchored_at is None:
        return remark_text(remark, language)
    time = show_time(report.anchored_at, language)
    if language == "vi":
        return f"Được đăng ký muộn hơn ngày cấp: chậm nhất lúc {time}; ngày trước đó là lời của nơi cấp."
    return f"Registered later, by {time} at the latest; the earlier date is the body's claim."


def check_line(check: Check, language: Language) -> str:
    """One check in a line: number, name, outcome, and the reason where there is one."""
    line = (
        f"{check.number}. {CHECK_NAMES[check.name].text(language)}: {OUTCOMES[check.outcome].text(language)}"
    )
    return line if check.reason is None else f"{line} ({reason_text(check.reason, language)})"


def status_text(report: Report, language: Language) -> str:
    """The last status event with its reason and date; empty where there was none."""
    change = report.status
    if change is None:
        return ""
    position = LANGUAGES.index(language)
    reason = STATUS_REASONS.get(change.reason)
    because = "" if reason is None else f" ({reason[position]})"
    return f"{ACTIONS[change.action][position]}{because}, {show_time(change.effective, language)}"


def not_proven(report: Report, language: Language) -> tuple[str, ...]:
    """What a green verdict does not say; shown on every page."""
    own = KIND_NOT_PROVEN.get(report.kind)
    phrases = NOT_PROVEN if own is None else (own, *NOT_PROVEN)
    return tuple(phrase.text(language) for phrase in phrases)


def show_time(seconds: int, language: Language) -> str:
    """A moment as people in Viet Nam read it, with the offset said."""
    moment = datetime.fromtimestamp(seconds, UTC).astimezone(VIET_NAM)
    return moment.strftime("%d/%m/%Y %H:%M (UTC+7)" if language == "vi" else "%d %B %Y, %H:%M (UTC+7)")


def show_age(seconds: int, language: Language) -> str:
    """A span of time in its two largest units; less than a minute is 0 minutes."""
    days, rest = divmod(max(0, seconds), 86_400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    names = ("ngày", "giờ", "phút") if language == "vi" else ("d", "h", "min")
    parts = [f"{count} {name}" for count, name in zip((days, hours, minutes), names, strict=True) if count]
    return " ".join(parts[:2]) or f"0 {names[2]}"


def show_date(text: str, language: Language) -> str:
    """A calendar date `YYYY-MM-DD...` as people write it; anything else is shown as it stands."""
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        return text
    return day.strftime("%d/%m/%Y" if language == "vi" else "%d %B %Y")


def calibration_date(report: Report, language: Language) -> str:
    """The last day of calibration; a dash where the certificate does not say."""
    subject = (report.content or {}).get("credentialSubject")
    day = subject.get("performedTo") if isinstance(subject, dict) else None
    return show_date(day, language) if isinstance(day, str) else "-"


def calibration_days(subject: JSONObject, language: Language) -> str:
    """The day of calibration, or its first and last."""
    first, last = (subject.get(name) for name in ("performedFrom", "performedTo"))
    days = dict.fromkeys(day for day in (first, last) if isinstance(day, str))
    return " – ".join(show_date(day, language) for day in days)


def text_in(value: JSONValue, language: Language) -> str:
    """A text in the reader's language where the document has it, else in the first that it has."""
    if isinstance(value, str):
        return value
    items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    texts = {str(item.get("@language")): str(item.get("@value")) for item in items}
    return texts.get(language) or next(iter(texts.values()), "")


def _page_is_what_is_missing(report: Report) -> bool:
    return report.verdict is Verdict.CANNOT_CHECK and report.reason is Reason.PAGE_NOT_BOUND


def _only_content_is_missing(report: Report) -> bool:
    """The record was checked and is in order; without it there is no document hash."""
    missing = report.verdict is Verdict.CANNOT_CHECK and report.reason is Reason.CONTENT_MISSING
    return missing and report.document_hash is not None
