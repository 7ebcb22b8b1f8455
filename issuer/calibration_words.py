"""The closed lists of words of a calibration certificate's plain form, and what they stand for in the certificate."""

from typing import Final

CALIBRATION_WORDS: Final = ("calibration", "hiệu chuẩn")
"""The `kind` of an object that is a calibration certificate."""

PLACE_WORDS: Final = {
    "phòng hiệu chuẩn": "laboratory",
    "khách hàng": "customer",
    "laboratory": "laboratory",
    "customer": "customer",
    "laboratory_branch": "laboratoryBranch",
    "customer_branch": "customerBranch",
    "other": "other",
}
STAGE_WORDS: Final = {
    "trước": "beforeAdjustment",
    "sau": "afterAdjustment",
    "before": "beforeAdjustment",
    "after": "afterAdjustment",
}
VERDICT_WORDS: Final = {
    "đạt": "pass",
    "không đạt": "fail",
    "pass": "pass",
    "fail": "fail",
    "conditional_pass": "conditionalPass",
    "conditional_fail": "conditionalFail",
    "no_pass": "noPass",
    "no_fail": "noFail",
}
DISTRIBUTION_WORDS: Final = {
    "chuẩn": "normal",
    "normal": "normal",
    "student_t": "studentT",
    "rectangular": "rectangular",
    "triangular": "triangular",
    "other": "other",
}
BASIS_WORDS: Final = {
    "thoả thuận": "customer_agreed",
    "thỏa thuận": "customer_agreed",
    "quy định": "regulation",
    "customer_agreed": "customer_agreed",
    "regulation": "regulation",
}
UNCERTAINTY_COLUMN: Final = "uncertainty"
COLUMN_WORDS: Final = {
    "giá trị danh nghĩa": "nominalValue",
    "giá trị chuẩn": "referenceValue",
    "giá trị quy chiếu": "referenceValue",
    "số chỉ": "measuredValue",
    "giá trị đo được": "measuredValue",
    "sai số": "measurementError",
    "số hiệu chính": "correction",
    "độ lặp lại": "repeatability",
    "sai số cho phép": "maximumPermissibleError",
    "điều kiện": "condition",
    "phạm vi đo": "measuringRange",
    "thang đo": "measuringRange",
    "vị trí": "position",
    "ghi chú": "remark",
    "đkđbđ": UNCERTAINTY_COLUMN,
    "độ không đảm bảo đo": UNCERTAINTY_COLUMN,
    "nominal_value": "nominalValue",
    "reference_value": "referenceValue",
    "measured_value": "measuredValue",
    "measurement_error": "measurementError",
    "correction": "correction",
    "repeatability": "repeatability",
    "maximum_permissible_error": "maximumPermissibleError",
    "condition": "condition",
    "measuring_range": "measuringRange",
    "position": "position",
    "remark": "remark",
    UNCERTAINTY_COLUMN: UNCERTAINTY_COLUMN,
}
