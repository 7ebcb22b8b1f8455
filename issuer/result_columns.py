"""The columns of the results of calibrations in spreadsheets: a row for each row of a table of results."""

from typing import Final

from issuer.columns import Column, Columns, Holds

_TRANSLATED: Final = ("Bản tiếng Anh", "The same in English")
_VALUE: Final = (
    "Ghi đủ số 0 ở cuối: ô văn bản, hoặc số với số thập phân cố định",
    "With its zeros: text, or a number with fixed decimals",
)

VALUE_COLUMNS: Final = (
    Column("measuring_range", "Thang đo", "Thang đo của dòng này", "Range of the instrument for this row"),
    Column("position", "Vị trí", "Ví dụ: giữa, trước trái", "As centre, front left"),
    Column(
        "condition",
        "Điều kiện đo",
        "Ví dụ tần số; tên và đơn vị ở hai cột sau",
        "Such as a frequency; its name and unit in the next two",
        holds=Holds.MEASURED,
    ),
    Column("nominal_value", "Giá trị danh nghĩa", *_VALUE, holds=Holds.MEASURED),
    Column("reference_value", "Giá trị chuẩn", *_VALUE, holds=Holds.MEASURED, aliases=("Giá trị quy chiếu",)),
    Column("measured_value", "Số chỉ", *_VALUE, holds=Holds.MEASURED, aliases=("Giá trị đo được",)),
    Column("measurement_error", "Sai số", *_VALUE, holds=Holds.MEASURED),
    Column("correction", "Số hiệu chính", *_VALUE, holds=Holds.MEASURED),
    Column("repeatability", "Độ lặp lại", *_VALUE, holds=Holds.MEASURED),
    Column("maximum_permissible_error", "Sai số cho phép", *_VALUE, holds=Holds.MEASURED),
    Column("remark", "Ghi chú", "Nếu có", "If any"),
)
"""The columns of a table of results, in the order that it has on the page."""

RESULTS: Final = Columns(
    (
        Column(
            "number",
            "Số giấy chứng nhận",
            "Như ở trang giấy chứng nhận",
            "As on the sheet of certificates",
            required=True,
            longest=60,
            aliases=("Số GCN", "Số giấy"),
        ),
        Column(
            "result",
            "Tên kết quả",
            "Tên bảng; các dòng cùng tên là một bảng",
            "Title of the table; rows of one name are one table",
            required=True,
            aliases=("Bảng",),
        ),
        Column("result_en", "Tên kết quả (tiếng Anh)", *_TRANSLATED),
        Column(
            "quantity",
            "Đại lượng",
            "Viết như trong phạm vi công nhận; ghi ở dòng đầu của bảng",
            "As the scope of accreditation has it; in the first row of a table",
            required=False,
        ),
        Column(
            "unit",
            "Đơn vị",
            "°C, g, mV, kΩ, %…; ghi ở dòng đầu của bảng",
            "°C, g, mV, kΩ, % …; in the first row of a table",
        ),
        Column(
            "stage",
            "Trước / sau hiệu chỉnh",
            "trước hoặc sau, khi có hiệu chỉnh",
            "before or after, where adjusted",
        ),
        Column("condition_label", "Tên điều kiện đo", "Ví dụ: Tần số", "As Frequency"),
        Column("condition_label_en", "Tên điều kiện đo (tiếng Anh)", *_TRANSLATED),
        Column("condition_unit", "Đơn vị điều kiện đo", "Ví dụ: Hz", "As Hz"),
        *VALUE_COLUMNS,
        Column(
            "uncertainty",
            "Độ không đảm bảo đo",
            "U mở rộng: mỗi dòng một giá trị, hoặc một giá trị ở dòng đầu cho cả bảng",
            "Expanded U: one a row, or one in the first row for all",
            holds=Holds.MEASURED,
            aliases=("ĐKĐBĐ", "U"),
        ),
        Column(
            "uncertainty_unit",
            "Đơn vị của U",
            "Khi khác đơn vị của kết quả, ví dụ %",
            "Where it differs from the result's, such as %",
        ),
        Column("k", "Hệ số phủ k", "Ví dụ: 2", "As 2", holds=Holds.MEASURED, aliases=("k",)),
        Column(
            "p", "Xác suất phủ p", "0.95 nếu để trống", "0.95 if empty", holds=Holds.MEASURED, aliases=("p",)
        ),
        Column(
            "distribution",
            "Phân bố",
            "chuẩn (nếu để trống), …",
            "normal (if empty), student_t, rectangular, triangular, other",
        ),
    )
)
