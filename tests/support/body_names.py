"""A thousand names such as Vietnamese bodies, laboratories and authorities bear; made up, all distinct."""

from typing import Final

_PROVINCES: Final = (
    "An Giang", "Bà Rịa - Vũng Tàu", "Bạc Liêu", "Bắc Giang", "Bắc Kạn", "Bắc Ninh", "Bến Tre", "Bình Dương",
    "Bình Định", "Bình Phước", "Bình Thuận", "Cà Mau", "Cao Bằng", "Cần Thơ", "Đà Nẵng", "Đắk Lắk", "Đắk Nông",
    "Điện Biên", "Đồng Nai", "Đồng Tháp", "Gia Lai", "Hà Giang", "Hà Nam", "Hà Nội", "Hà Tĩnh", "Hải Dương",
    "Hải Phòng", "Hậu Giang", "Hòa Bình", "Hưng Yên", "Khánh Hòa", "Kiên Giang", "Kon Tum", "Lai Châu", "Lạng Sơn",
    "Lào Cai", "Lâm Đồng", "Long An", "Nam Định", "Nghệ An", "Ninh Bình", "Ninh Thuận", "Phú Thọ", "Phú Yên",
    "Quảng Bình", "Quảng Nam", "Quảng Ngãi", "Quảng Ninh", "Quảng Trị", "Sóc Trăng", "Sơn La", "Tây Ninh",
    "Thái Bình", "Thái Nguyên", "Thanh Hóa", "Thành phố Hồ Chí Minh", "Thừa Thiên Huế", "Tiền Giang", "Trà Vinh",
    "Tuyên Quang", "Vĩnh Long", "Vĩnh Phúc", "Yên Bái",
)  # fmt: skip
_OFFICES: Final = (
    "Chi cục Tiêu chuẩn Đo lường Chất lượng",
    "Trung tâm Kỹ thuật Tiêu chuẩn Đo lường Chất lượng",
    "Trung tâm Kiểm định và Hiệu chuẩn",
    "Phòng thử nghiệm Vật liệu xây dựng",
    "Trung tâm Quan trắc và Thử nghiệm Môi trường",
    "Trung tâm Chứng nhận Nông sản",
    "Trung tâm Kiểm nghiệm Thuốc, Mỹ phẩm, Thực phẩm",
)
_FIRST: Final = (
    "Hoàng Long", "Hồng Hà", "Tân Tiến", "Tân Tạo", "Đại Việt", "Đại Nam", "Minh Khang", "Minh Khai", "Sao Mai",
    "Sao Mộc", "Thăng Long", "Thành Long", "Phương Nam", "Phương Bắc", "Đông Á", "Đông Đô", "Tây Đô", "Kim Long",
    "Kim Liên", "An Phát", "An Phú", "An Khang", "Việt Đức", "Việt Nhật", "Việt Hàn", "Việt Pháp", "Nhất Tín",
    "Bách Khoa", "Bách Việt", "Toàn Cầu", "Quang Trung", "Quang Minh", "Hải Đăng", "Hải Long", "Bình Minh",
)  # fmt: skip
_COMPANIES: Final = (
    "Công ty TNHH Chứng nhận",
    "Công ty Cổ phần Giám định",
    "Công ty TNHH Đo lường và Hiệu chuẩn",
    "Công ty Cổ phần Thử nghiệm",
    "Viện Nghiên cứu và Chứng nhận",
    "Văn phòng Giám định",
)
_STATIONS: Final = ("Trung tâm Kỹ thuật {number}", "Trạm Kiểm định {number}", "Phòng Hiệu chuẩn VILAS {code}")


def body_names(count: int) -> list[str]:
    """Return the first `count` names, at most 1,000."""
    names = [f"{office} {province}" for province in _PROVINCES for office in _OFFICES]
    names += [f"{company} {first}" for first in _FIRST for company in _COMPANIES]
    names += [_STATIONS[i % 3].format(number=1 + i // 3, code=f"{101 + i // 3}") for i in range(1000)]
    return names[:count]
