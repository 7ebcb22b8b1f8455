"""The columns of calibration certificates in spreadsheets: a sheet of certificates, and one of their results.

Together they say what the plain form says (examples/README.md), for certificates of one instrument each.
"""

from typing import Final

from issuer.columns import ADDRESS, LONG, Column, Columns, Holds

_TRANSLATED: Final = ("Bản tiếng Anh", "The same in English")

CALIBRATION: Final = Columns(
    (
        Column(
            "number",
            "Số giấy chứng nhận",
            "Số do phòng hiệu chuẩn đặt, không trùng",
            "The laboratory's own number, unique",
            required=True,
            longest=60,
            aliases=("Số GCN", "Số giấy"),
        ),
        Column(
            "version",
            "Phiên bản",
            "1 nếu để trống; 2, 3… khi thay thế giấy cùng số",
            "1 if empty; 2, 3 … when it replaces one of the same number",
        ),
        Column(
            "item",
            "Phương tiện đo",
            "Tên phương tiện đo",
            "Name of the instrument",
            required=True,
            aliases=("Tên phương tiện đo", "Thiết bị"),
        ),
        Column("item_en", "Phương tiện đo (tiếng Anh)", *_TRANSLATED),
        Column("manufacturer", "Nhà sản xuất", "Hãng sản xuất", "Manufacturer", aliases=("Hãng sản xuất",)),
        Column(
            "model", "Kiểu", "Kiểu, ký hiệu", "Model or type", aliases=("Ký hiệu", "Kiểu, ký hiệu", "Model")
        ),
        Column(
            "serial",
            "Số sê-ri",
            "Số chế tạo; ô định dạng văn bản",
            "Serial number; format the cells as text",
            aliases=("Số chế tạo", "Số máy", "Serial"),
        ),
        Column(
            "asset_id",
            "Mã quản lý",
            "Mã của khách hàng, nếu không có số sê-ri",
            "The customer's own mark, where there is no serial number",
        ),
        Column("range", "Phạm vi đo của phương tiện", "Ví dụ: (0 … 220) g", "As (0 … 220) g"),
        Column("resolution", "Độ phân giải", "Ví dụ: 0.1 mg", "As 0.1 mg"),
        Column("condition", "Tình trạng", "Tình trạng khi nhận", "Condition on receipt"),
        Column("condition_en", "Tình trạng (tiếng Anh)", *_TRANSLATED),
        Column("group", "Nhóm phương tiện đo", "1 hoặc 2", "1 or 2 (Law on Measurement)"),
        Column(
            "customer",
            "Khách hàng",
            "Tên khách hàng; được giữ kín",
            "Name of the customer; confidential",
            required=True,
            aliases=("Tên khách hàng", "Cơ sở sử dụng"),
        ),
        Column(
            "customer_address",
            "Địa chỉ khách hàng",
            "Được giữ kín",
            "Confidential",
            required=True,
            longest=ADDRESS,
            aliases=("Địa chỉ",),
        ),
        Column("customer_contact", "Người liên hệ", "Nếu cần", "If wanted"),
        Column(
            "place",
            "Nơi hiệu chuẩn",
            "phòng hiệu chuẩn (nếu để trống), khách hàng, …",
            "laboratory (if empty), customer, laboratory_branch, customer_branch, other",
        ),
        Column(
            "place_address",
            "Địa chỉ nơi hiệu chuẩn",
            "Khi không phải tại phòng",
            "Where it was not at the laboratory",
            longest=ADDRESS,
        ),
        Column("receipt_date", "Ngày nhận", "Ngày/tháng/năm", "Day/month/year", holds=Holds.DATE),
        Column(
            "performed_from",
            "Ngày hiệu chuẩn",
            "Ngày hoặc ngày bắt đầu",
            "The day, or the first day",
            required=True,
            holds=Holds.DATE,
            aliases=("Ngày hiệu chuẩn từ",),
        ),
        Column(
            "performed_to",
            "Đến ngày",
            "Để trống là cùng ngày",
            "The same day if empty",
            holds=Holds.DATE,
            aliases=("Ngày hiệu chuẩn đến",),
        ),
        Column("issue_date", "Ngày cấp", "Ngày/tháng/năm", "Day/month/year", required=True, holds=Holds.DATE),
        Column(
            "methods",
            "Phương pháp",
            "Ví dụ: ĐLVN 284:2015; nhiều thì cách nhau bằng |",
            "As ĐLVN 284:2015; separated by |",
            required=True,
            many=True,
            aliases=("Phương pháp hiệu chuẩn", "Quy trình"),
        ),
        Column(
            "environment",
            "Điều kiện môi trường",
            "Nhiệt độ = 22.4 … 23.1 [°C] | Độ ẩm = 55 ± 5 [%RH]",
            "`quantity = min … max [unit]` or `quantity = value ± U [unit]`, separated by |",
            longest=LONG,
            many=True,
        ),
        Column(
            "standard",
            "Chuẩn sử dụng",
            "Nhiều chuẩn thì cách nhau bằng |",
            "Measurement standards, separated by |",
            required=True,
            many=True,
            aliases=("Chuẩn",),
        ),
        Column("standard_serial", "Số sê-ri của chuẩn", "Mỗi chuẩn một", "One a standard", many=True),
        Column(
            "standard_certificate",
            "Số giấy của chuẩn",
            "Mỗi chuẩn một",
            "Its certificate's number, one a standard",
            required=True,
            many=True,
        ),
        Column(
            "standard_issuer",
            "Nơi cấp giấy của chuẩn",
            "Một chung hoặc mỗi chuẩn một",
            "Who issued that: one for all, or one a standard",
            required=True,
            many=True,
        ),
        Column(
            "standard_valid_until",
            "Hạn của chuẩn",
            "Ngày; một chung hoặc mỗi chuẩn một",
            "A date: one for all, or one a standard",
            many=True,
            holds=Holds.DATE,
        ),
        Column(
            "traceability",
            "Liên kết chuẩn",
            "Câu về tính liên kết chuẩn đo lường",
            "Statement of metrological traceability",
            longest=LONG,
        ),
        Column(
            "adjusted",
            "Có hiệu chỉnh",
            "có hoặc không; nếu có, bảng kết quả ghi trước / sau",
            "yes or no; if yes, results say before or after",
            aliases=("Hiệu chỉnh",),
        ),
        Column(
            "accreditation",
            "Mã công nhận",
            "Mã có trong laboratory.toml, khi dùng dấu công nhận",
            "A code of laboratory.toml, where accreditation is claimed",
        ),
        Column(
            "specification",
            "Yêu cầu kỹ thuật",
            "Để công bố phù hợp: cùng kết luận và quy tắc ra quyết định",
            "For a statement of conformity; with verdict and decision rule",
            longest=LONG,
        ),
        Column(
            "verdict",
            "Kết luận",
            "đạt, không đạt, …",
            "pass, fail, conditional_pass, conditional_fail, no_pass, no_fail",
        ),
        Column(
            "decision_rule",
            "Quy tắc ra quyết định",
            "Ví dụ: đạt khi |sai số| + U ≤ giới hạn",
            "As: pass if |error| + U ≤ limit",
            longest=LONG,
        ),
        Column(
            "recalibration_due",
            "Đến hạn hiệu chuẩn lại",
            "Chỉ khi khách hàng thoả thuận hoặc quy định yêu cầu",
            "Only as agreed with the customer or required",
            holds=Holds.DATE,
        ),
        Column(
            "recalibration_basis",
            "Căn cứ hạn hiệu chuẩn lại",
            "thoả thuận hoặc quy định",
            "customer_agreed or regulation",
        ),
        Column(
            "opinions", "Ý kiến, diễn giải", "Nếu có", "Opinions and interpretations, if any", longest=LONG
        ),
        Column("signatory", "Người ký", "Để trống thì theo laboratory.toml", "As laboratory.toml if empty"),
        Column(
            "signatory_role",
            "Chức danh người ký",
            "Để trống thì theo laboratory.toml",
            "As laboratory.toml if empty",
        ),
        Column(
            "replace_reason",
            "Lý do thay thế",
            "Bắt buộc từ phiên bản 2",
            "correction, renewed, reissued …; required from version 2",
        ),
        Column(
            "issued_earlier",
            "Ngày cấp trước khi đăng ký",
            "Cho giấy đã cấp trước khi có sổ đăng ký",
            "For certificates issued before they were registered",
            holds=Holds.DATE,
        ),
        Column("language", "Ngôn ngữ", "vi hoặc en; để trống là vi", "vi or en; vi if empty"),
    )
)
