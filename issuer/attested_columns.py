"""The columns of a list of files in the body's own layout, and the words that its cells may use."""

from typing import Final

from issuer.columns import ADDRESS, BY_NAME, Column, Columns, Holds

ATTESTED_COLUMNS: Final = Columns(
    (
        BY_NAME["number"],
        BY_NAME["version"],
        BY_NAME["replace_reason"],
        Column(
            "kind",
            "Loại giấy",
            "chứng nhận, hiệu chuẩn, kiểm định, thử nghiệm, giám định",
            "conformity, calibration, verification, test, inspection",
            required=True,
            aliases=("Loại", "attested_kind"),
        ),
        Column(
            "file",
            "Tệp",
            "Tên tệp PDF, nằm cùng thư mục với danh sách",
            "Name of the PDF, in the folder of the list",
            required=True,
            aliases=("Tên tệp", "pdf"),
        ),
        Column(
            "visibility",
            "Công khai",
            "công khai hoặc bảo mật; để trống: hiệu chuẩn và thử nghiệm là bảo mật",
            "public or confidential; if empty, calibrations and tests are confidential",
        ),
        Column("title", "Tên giấy", "Để trống thì lấy tên theo loại", "If empty, named after the kind"),
        Column("language", "Ngôn ngữ", "vi hoặc en; để trống: vi", "vi or en; vi if empty"),
        Column(
            "item",
            "Đối tượng",
            "Sản phẩm, phương tiện đo, mẫu…; nhiều đối tượng cách nhau bằng |",
            "Product, instrument, sample …; several separated by |",
            required=True,
            many=True,
            aliases=("Tên sản phẩm", "Phương tiện đo", "Mẫu thử"),
        ),
        Column("manufacturer", "Nhà sản xuất", "Chỉ khi có một đối tượng", "Only with one item"),
        Column("model", "Kiểu", "Chỉ khi có một đối tượng", "Only with one item", aliases=("Ký hiệu",)),
        Column(
            "serial",
            "Số chế tạo",
            "Chỉ khi có một đối tượng",
            "Only with one item",
            longest=100,
            aliases=("Số sê-ri", "serial_number"),
        ),
        Column("client", "Khách hàng", "Tổ chức, cá nhân được cấp", "Whom it was issued to"),
        Column("client_address", "Địa chỉ khách hàng", "", "", longest=ADDRESS, aliases=("Địa chỉ",)),
        Column("tax_code", "Mã số thuế", "Của khách hàng", "The client's", aliases=("MST",), longest=60),
        Column(
            "standards",
            "Tiêu chuẩn, quy trình",
            "Có năm, cách nhau bằng |",
            "With their year, separated by |",
            many=True,
            aliases=("Tiêu chuẩn", "criteria"),
        ),
        Column("designation", "Quyết định chỉ định", "Số quyết định trong body.toml", "As in body.toml"),
        Column("accreditation", "Công nhận", "Mã trong body.toml", "As in body.toml"),
        Column("issue_date", "Ngày cấp", "", "", required=True, holds=Holds.DATE),
        Column(
            "expiry_date", "Ngày hết hạn", "Không có với hiệu chuẩn", "None for calibration", holds=Holds.DATE
        ),
        Column("received_date", "Ngày nhận", "", "", holds=Holds.DATE),
        Column(
            "performed_from",
            "Ngày bắt đầu",
            "Ngày bắt đầu đo, thử",
            "First day of the work",
            holds=Holds.DATE,
        ),
        Column(
            "performed_to",
            "Ngày kết thúc",
            "Ngày đo, thử xong; bắt buộc với hiệu chuẩn",
            "Last day of the work; required for calibration",
            holds=Holds.DATE,
            aliases=("Ngày hiệu chuẩn",),
        ),
        Column("signatory", "Người ký", "Để trống thì lấy trong body.toml", "If empty, that of body.toml"),
        Column("signatory_title", "Chức danh người ký", "", ""),
        Column(
            "issued_earlier",
            "Cấp trước ngày đăng ký",
            "Ngày cấp, nếu giấy có trước khi đăng ký",
            "Date, if it was issued before it is registered",
            holds=Holds.DATE,
        ),
    )
)

KIND_WORDS: Final = {
    "chứng nhận": "conformity",
    "hiệu chuẩn": "calibration",
    "kiểm định": "verification",
    "thử nghiệm": "test",
    "giám định": "inspection",
    "conformity": "conformity",
    "calibration": "calibration",
    "verification": "verification",
    "test": "test",
    "inspection": "inspection",
}
VISIBILITY_WORDS: Final = {
    "công khai": "public",
    "bảo mật": "confidential",
    "public": "public",
    "confidential": "confidential",
}
CONFIDENTIAL_KINDS: Final = ("calibration", "test")
"""ISO/IEC 17025, 4.2: what a laboratory finds out for a customer is the customer's."""

TITLES: Final = {
    "conformity": ("Giấy chứng nhận phù hợp", "Certificate of conformity"),
    "calibration": ("Giấy chứng nhận hiệu chuẩn", "Calibration certificate"),
    "verification": ("Giấy chứng nhận kiểm định", "Verification certificate"),
    "test": ("Phiếu kết quả thử nghiệm", "Test report"),
    "inspection": ("Chứng thư giám định", "Inspection certificate"),
}
