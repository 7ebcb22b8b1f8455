"""The columns of an issuing file: name, Vietnamese heading, other accepted headings, what each means.

One table serves the reader, the error messages and the documentation. The same names are the members of a
JSON file.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

LIST_SEPARATOR: Final = "|"
"""Between several values in one cell; semicolons and commas occur inside names and standards."""

SHORT: Final = 200
ADDRESS: Final = 500
LONG: Final = 2000


class Holds(StrEnum):
    """What a column's cells mean, for cells that a workbook did not keep as text."""

    TEXT = "text"
    DATE = "date"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: English name, also the JSON member.
        vi: Vietnamese heading.
        help_vi: one line for the documentation.
        help_en: the same in English.
        required: the column must exist and every cell be filled.
        longest: most characters of one value.
        many: values are separated by `|`.
        aliases: other headings in use.
        holds: what a cell means; a measured value keeps its zeros.
    """

    name: str
    vi: str
    help_vi: str
    help_en: str
    required: bool = False
    longest: int = SHORT
    many: bool = False
    aliases: tuple[str, ...] = ()
    holds: Holds = Holds.TEXT


COLUMNS: Final = (
    Column(
        "number",
        "Số giấy chứng nhận",
        "Số do tổ chức chứng nhận đặt, không trùng, tối đa 60 ký tự",
        "The body's own number, unique, at most 60 characters",
        required=True,
        longest=60,
        aliases=("Số GCN", "Số chứng nhận", "certificate_number"),
    ),
    Column(
        "version",
        "Phiên bản",
        "1 nếu để trống; 2, 3… khi thay thế giấy cùng số",
        "1 if empty; 2, 3 … when it replaces one of the same number",
    ),
    Column(
        "kind",
        "Loại chứng nhận",
        "hợp quy, hợp chuẩn, hệ thống quản lý, lô, cá nhân, quá trình dịch vụ",
        "product_regulation, product_standard, management_system, batch, person, process_service",
        required=True,
        aliases=("Loại",),
    ),
    Column(
        "title",
        "Tên giấy chứng nhận",
        "Để trống thì lấy tên theo loại chứng nhận",
        "If empty, named after the kind",
    ),
    Column(
        "title_en", "Tên giấy chứng nhận (tiếng Anh)", "Chỉ dùng khi có tên tiếng Việt", "Only beside a title"
    ),
    Column(
        "client",
        "Khách hàng",
        "Tên tổ chức được chứng nhận",
        "Name of the certified organisation",
        required=True,
        aliases=("Tên khách hàng", "Doanh nghiệp"),
    ),
    Column("client_en", "Khách hàng (tiếng Anh)", "Tên tiếng Anh, nếu có", "English name, if any"),
    Column(
        "tax_code",
        "Mã số thuế",
        "Việt Nam: 10 số, 10-3 số hoặc 12 số",
        "Viet Nam: 10, 10-3 or 12 digits; elsewhere the local registration number",
        required=True,
        longest=60,
        aliases=("MST", "Mã số doanh nghiệp"),
    ),
    Column(
        "client_address",
        "Địa chỉ khách hàng",
        "Địa chỉ đăng ký",
        "Registered address",
        required=True,
        longest=ADDRESS,
        aliases=("Địa chỉ",),
    ),
    Column("country", "Quốc gia", "Mã ISO 3166 hai chữ; để trống là VN", "ISO 3166 alpha-2; VN if empty"),
    Column(
        "sites",
        "Địa điểm",
        "Các địa điểm: tên = địa chỉ; cách nhau bằng |",
        "Sites, each `name = address`, separated by |",
        longest=ADDRESS,
        many=True,
    ),
    Column(
        "scope",
        "Phạm vi chứng nhận",
        "Phạm vi bằng tiếng Việt",
        "Scope in Vietnamese",
        required=True,
        longest=LONG,
        aliases=("Phạm vi",),
    ),
    Column("scope_en", "Phạm vi (tiếng Anh)", "Phạm vi bằng tiếng Anh", "Scope in English", longest=LONG),
    Column(
        "sector_codes",
        "Mã ngành",
        "Ví dụ: IAF 19 | VSIC 2732",
        "IAF, NACE, VSIC or HS and the code, separated by |",
        many=True,
    ),
    Column(
        "product",
        "Sản phẩm",
        "Tên sản phẩm; một tên chung hoặc mỗi kiểu một tên, cách nhau bằng |",
        "Product name: one for all models, or one a model, separated by |",
        many=True,
        aliases=("Tên sản phẩm",),
    ),
    Column(
        "model",
        "Kiểu, ký hiệu",
        "Các kiểu, cách nhau bằng |",
        "Models, separated by |",
        many=True,
        aliases=("Kiểu loại", "Ký hiệu"),
    ),
    Column("brand", "Nhãn hiệu", "Một chung hoặc mỗi kiểu một", "One for all, or one a model", many=True),
    Column(
        "gtin",
        "Mã GTIN",
        "Mã GS1 8, 12, 13 hoặc 14 số, mỗi kiểu một; định dạng ô là văn bản",
        "GS1 GTIN of 8, 12, 13 or 14 digits, one a model; format the cells as text",
        many=True,
        aliases=("GTIN", "Mã vạch"),
    ),
    Column("hs_code", "Mã HS", "4 đến 10 số", "4 to 10 digits", many=True),
    Column(
        "ratings",
        "Thông số",
        "Thông số chung của các kiểu: tên = giá trị [đơn vị]; cách nhau bằng |",
        "Ratings common to the models: `name = value [unit]`, separated by |",
        many=True,
    ),
    Column("batch_no", "Số lô", "Bắt buộc cho loại lô", "Required for a lot", aliases=("Lô",)),
    Column("quantity", "Số lượng", "Bắt buộc cho loại lô", "Required for a lot"),
    Column("import_declaration", "Tờ khai nhập khẩu", "Của lô nhập khẩu", "Of an imported lot"),
    Column(
        "standards",
        "Quy chuẩn, tiêu chuẩn",
        "Ký hiệu đầy đủ có năm, cách nhau bằng |; sửa đổi để trong ngoặc đơn",
        "Full designations with the year, separated by |; an amendment in parentheses",
        required=True,
        longest=300,
        many=True,
        aliases=("Tiêu chuẩn", "Quy chuẩn", "Tiêu chuẩn áp dụng"),
    ),
    Column(
        "method",
        "Phương thức",
        "Phương thức đánh giá 1 đến 8; bắt buộc cho sản phẩm và lô",
        "Vietnamese assessment method 1 to 8; required for products and lots",
        aliases=("Phương thức đánh giá",),
    ),
    Column(
        "scheme_type",
        "Loại ISO/IEC 17067",
        "1a, 1b, 2, 3, 4, 5, 6; để trống thì theo phương thức",
        "ISO/IEC 17067 type; if empty, after the method",
    ),
    Column(
        "designation",
        "Quyết định chỉ định",
        "Số quyết định có trong body.toml; bắt buộc khi có QCVN",
        "A decision listed in body.toml; required with a QCVN",
    ),
    Column(
        "accreditation",
        "Mã công nhận",
        "Mã có trong body.toml; chỉ khi dùng dấu công nhận",
        "A code listed in body.toml; only where accreditation is claimed",
    ),
    Column(
        "decision_date",
        "Ngày quyết định",
        "Ngày/tháng/năm hoặc năm-tháng-ngày",
        "Day/month/year or YYYY-MM-DD",
        required=True,
        holds=Holds.DATE,
    ),
    Column("issue_date", "Ngày cấp", "Như trên", "As above", required=True, holds=Holds.DATE),
    Column(
        "effective_date", "Ngày hiệu lực", "Để trống là ngày cấp", "The issue date if empty", holds=Holds.DATE
    ),
    Column(
        "original_date",
        "Ngày cấp lần đầu",
        "Nếu khác ngày cấp",
        "If it differs from the issue date",
        holds=Holds.DATE,
    ),
    Column(
        "expiry_date",
        "Ngày hết hạn",
        "Bắt buộc, trừ loại lô (để trống)",
        "Required, but empty for a lot",
        aliases=("Hiệu lực đến",),
        holds=Holds.DATE,
    ),
    Column("test_report", "Số phiếu thử nghiệm", "Kèm phòng và ngày thử", "With its laboratory and date"),
    Column("test_lab", "Phòng thử nghiệm", "Tên phòng thử nghiệm", "The testing laboratory"),
    Column("test_lab_accreditation", "Mã công nhận phòng thử nghiệm", "Ví dụ: VILAS 000", "As VILAS 000"),
    Column("test_date", "Ngày thử nghiệm", "Ngày của phiếu", "Date of the report", holds=Holds.DATE),
    Column("mark", "Dấu", "CR, CS hoặc CB (dấu riêng)", "CR, CS or CB (the body's own)"),
    Column(
        "surveillance_months",
        "Chu kỳ giám sát (tháng)",
        "Số tháng, 1 đến 120",
        "Months between surveillances",
    ),
    Column(
        "next_surveillance",
        "Kỳ giám sát tới",
        "Ngày; cần có chu kỳ",
        "A date; needs the interval",
        holds=Holds.DATE,
    ),
    Column("signatory", "Người ký", "Để trống thì theo body.toml", "As body.toml if empty"),
    Column("signatory_title", "Chức danh người ký", "Để trống thì theo body.toml", "As body.toml if empty"),
    Column(
        "replace_reason",
        "Lý do thay thế",
        "đính chính, mở rộng phạm vi, thu hẹp phạm vi, gia hạn, cấp lại; bắt buộc từ phiên bản 2",
        "correction, scope_extended, scope_reduced, renewed, reissued; required from version 2",
    ),
    Column(
        "issued_earlier",
        "Ngày cấp trước khi đăng ký",
        "Cho giấy đã cấp trước khi có sổ đăng ký",
        "For certificates issued before they were registered",
        holds=Holds.DATE,
    ),
    Column("language", "Ngôn ngữ", "vi hoặc en; để trống là vi", "vi or en; vi if empty"),
    Column("soa_version", "Phiên bản SoA", "ISO/IEC 27001", "ISO/IEC 27001 statement of applicability"),
)

BY_NAME: Final = {column.name: column for column in COLUMNS}

PROBLEM_HEADING: Final = "Lỗi / Problem"
"""The column that tells what is wrong in a file of refused rows; it is passed over when such a file is read."""


def fold(text: str) -> str:
    """Return text for comparing headings and words: no case, accents, punctuation or repeated blanks."""
    plain = unicodedata.normalize("NFD", text.casefold()).replace("đ", "d")
    kept = (c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


@dataclass(frozen=True)
class Columns:
    """The columns that one kind of sheet has."""

    all: tuple[Column, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        """Columns by English name."""
        return {column.name: column for column in self.all}

    @cached_property
    def by_heading(self) -> Mapping[str, Column]:
        """Columns by every heading in use, as fold() leaves it."""
        return {fold(heading): column for column in self.all for heading in _headings(column)}

    @cached_property
    def written(self) -> frozenset[str]:
        """Every heading in use in lower case, with its accents."""
        return frozenset(heading.lower() for column in self.all for heading in _headings(column))


def _headings(column: Column) -> tuple[str, ...]:
    return (column.name, column.vi, *column.aliases)


CONFORMITY: Final = Columns(COLUMNS)
