"""Why a check ended as it did, and the remarks beside a verdict: (Vietnamese, English) for each code."""

from verifier.report import Reason, Remark

REASONS: dict[Reason, tuple[str, str]] = {
    Reason.NOTHING_CLAIMED: (
        "giấy không nêu phạm vi chỉ định hay công nhận nào",
        "it claims no accredited scope",
    ),
    Reason.SEEN_HEAD: (
        "dựa trên bản neo mà chính thiết bị này đã đọc trước đây",
        "rests on an anchor that this device itself read before",
    ),
    Reason.AUDITORS: (
        "dựa trên chữ ký đồng xác nhận của các bên đối soát",
        "rests on the auditors' cosignatures",
    ),
    Reason.NO_END_DATE: ("giấy này không có ngày hết hạn", "it has no end date"),
    Reason.NO_FILE: ("không có tệp nào được đưa vào", "no file was given"),
    Reason.EARLIER_CHECK: ("một bước trước đó không đạt", "an earlier check did not pass"),
    Reason.REGISTRY_ANSWER: ("theo trả lời của sổ đăng ký", "by the registry's answer only"),
    Reason.RECORD_ONLY: (
        "chỉ theo hồ sơ của sổ đăng ký; văn bản cho phép khóa này nằm trong tệp bằng chứng",
        "by the registry's record only; the statements behind the key are in the evidence file",
    ),
    Reason.CONTENT_MISSING: (
        "không có nội dung giấy chứng nhận để kiểm tra",
        "there is no certificate content to check",
    ),
    Reason.MALFORMED: ("dữ liệu không đúng cấu trúc quy định", "the data does not follow the schema"),
    Reason.ANOTHER_DOCUMENT: ("bằng chứng là của một nội dung khác", "the evidence belongs to other content"),
    Reason.BAD_SIGNATURE: ("chữ ký không khớp với nội dung", "the signature does not fit the content"),
    Reason.WRONG_DOMAIN: ("được ký cho một sổ đăng ký khác", "it was signed for another log"),
    Reason.WRONG_CHALLENGE: (
        "được ký cho một vị trí hoặc loại khác",
        "it was signed for another slot or kind",
    ),
    Reason.WRONG_ISSUER: (
        "khóa ký không thuộc nơi cấp ghi trên giấy",
        "the key is not that of the issuer it names",
    ),
    Reason.PROOF_MISMATCH: ("một bằng chứng Merkle không khớp", "a Merkle proof does not fit"),
    Reason.NOT_ENROLLED: (
        "không có văn bản ghi danh nơi cấp do cơ quan vận hành ký",
        "there is no enrolment of this issuer signed by the operator",
    ),
    Reason.KEY_NOT_ADDED: (
        "không có văn bản do cơ quan vận hành ký cho phép khóa này vào lúc đăng ký",
        "no statement signed by the operator had added this key when it was registered",
    ),
    Reason.SIGNER_NOT_ALLOWED: (
        "một văn bản tin cậy do người không có thẩm quyền ký",
        "a trust statement was signed by someone without that right",
    ),
    Reason.RECORD_MISSING: (
        "không có hồ sơ nơi cấp đã chứng minh",
        "there is no proven record of the issuer",
    ),
    Reason.KEY_NOT_IN_FORCE: (
        "khóa ký đã ngừng dùng hoặc bị lộ vào lúc đăng ký",
        "the key had been retired or compromised when it was registered",
    ),
    Reason.SCOPE_NOT_GRANTED: (
        "phạm vi nêu trong giấy không được cấp cho nơi cấp này",
        "the scope that it claims was not granted to this issuer",
    ),
    Reason.SCOPE_NOT_IN_FORCE: (
        "phạm vi nêu trong giấy không còn hoặc chưa có giá trị vào lúc đăng ký",
        "the scope that it claims was not in force when it was registered",
    ),
    Reason.NOT_INCLUDED: (
        "không chứng minh được là có trong sổ đăng ký",
        "it is not proven to be in the log",
    ),
    Reason.HEADS_NOT_RISING: (
        "các mốc của sổ không theo thứ tự tăng dần",
        "the log's heads do not rise in size",
    ),
    Reason.UNKNOWN_LOG_KEY: (
        "mốc được ký bằng khóa mà gốc tin cậy này không ghim: hãy lấy gốc tin cậy mới và so vân tay của nó",
        "the checkpoint's key is not one that this trust root pins: get a newer one, and compare its fingerprint",
    ),
    Reason.NOT_SIGNED_BY_LOG: (
        "mốc của sổ không do sổ đăng ký này ký",
        "the checkpoint was not signed by this log",
    ),
    Reason.ABSENT_FROM_CHAIN: (
        "trạng thái đã chốt trên chuỗi khối không có bản neo này",
        "the final state of the chain lacks this anchor",
    ),
    Reason.OTHER_BLOCK_TIME: (
        "chuỗi khối cho thời điểm khác với bằng chứng",
        "the chain gives another time than the evidence",
    ),
    Reason.NOT_ANCHORED_YET: ("chưa có bản neo nào", "it has no anchor yet"),
    Reason.NOT_FINAL_YET: (
        "bản neo chưa chốt trên chuỗi khối",
        "the anchor is not yet final on the chain",
    ),
    Reason.CHAIN_NOT_CONSULTED: ("chưa đọc được chuỗi khối", "the chain could not be read"),
    Reason.CHAIN_VIEW_TOO_OLD: (
        "dữ liệu đọc từ chuỗi khối cũ hơn bản neo",
        "what was read from the chain is older than the anchor",
    ),
    Reason.FOREIGN_CHAIN: (
        "bản neo nằm trên chuỗi không được tin cậy ở đây",
        "it is anchored on a chain not trusted here",
    ),
    Reason.ABOVE_MAX_SIZE: (
        "bản neo vượt quá kích thước cuối cùng được tin cậy của sổ",
        "the anchor lies above the last size at which this log is trusted",
    ),
    Reason.WITHDRAWN: ("nơi cấp đã thu hồi", "the issuer withdrew it"),
    Reason.CANCELLED: ("đã chấm dứt theo yêu cầu", "it was cancelled on request"),
    Reason.SUPERSEDED: ("đã được thay thế", "it was replaced"),
    Reason.SUSPENDED: ("đang bị tạm đình chỉ", "it is suspended"),
    Reason.REVOKED_REASON_NOT_IN_FILE: (
        "đã mất hiệu lực vĩnh viễn; lý do không có trong tệp này",
        "it was ended for good; reason not in this file",
    ),
    Reason.SUSPENDED_REASON_NOT_IN_FILE: (
        "đang bị tạm đình chỉ; lý do không có trong tệp này",
        "it is suspended; reason not in this file",
    ),
    Reason.EPOCH_NOT_LAST: (
        "bản trạng thái không phải mục cuối của mốc",
        "the epoch is not the head's last leaf",
    ),
    Reason.EPOCH_FROM_THE_FUTURE: (
        "bản trạng thái ghi thời điểm ở tương lai: hãy kiểm tra đồng hồ",
        "the epoch states a time in the future: check the clock",
    ),
    Reason.STATUS_NOT_PROVEN: ("trạng thái không được chứng minh", "the status is not proven"),
    Reason.STATUS_DISAGREES: (
        "các sự kiện và danh sách trạng thái mâu thuẫn nhau",
        "the events and the status list contradict each other",
    ),
    Reason.STATUS_TOO_OLD: ("trạng thái trong tệp đã quá cũ", "the status in this file is too old"),
    Reason.NOT_YET_VALID: ("chưa tới ngày hiệu lực", "its first day has not come"),
    Reason.EXPIRED: ("đã quá ngày hết hạn", "its last day has passed"),
    Reason.FILE_DIFFERS: (
        "tệp khác với tệp mà nơi cấp đã gắn",
        "the file differs from what the issuer bound",
    ),
    Reason.PAGE_NOT_BOUND: (
        "không có bằng chứng rằng nơi cấp đã gắn tệp này; hãy so sánh",
        "nothing proves that the issuer bound this file; compare",
    ),
    Reason.NO_EVIDENCE: ("không có tệp bằng chứng", "there is no evidence file"),
    Reason.NO_SUCH_ID: ("không có mã này", "there is no such code"),
    Reason.MISTYPED_ID: ("đây không thể là mã của giấy nào", "this cannot be the code of a certificate"),
}

REMARKS: dict[Remark, tuple[str, str]] = {
    Remark.TEST_CHAIN: (
        "Chuỗi thử nghiệm: bản neo nằm trên chuỗi cục bộ, chỉ để thử.",
        "Test chain: the anchor is on a local chain, for trials only.",
    ),
    Remark.CHAIN_NOT_CONSULTED: (
        "Lần này không đọc chuỗi khối.",
        "The chain was not consulted this time.",
    ),
    Remark.ANCHOR_OLD: (
        "Bản neo mới nhất đã quá cũ so với mức cho phép; cơ quan vận hành cần được báo.",
        "The newest anchor is older than it should be; the operator should be told.",
    ),
    Remark.NOT_ACCREDITED: (
        "Không được công nhận: giấy không nêu phạm vi nào; chứng nhận tự nguyện như vậy là hợp pháp.",
        "Not accredited: it claims no scope; such voluntary certificates are lawful.",
    ),
    Remark.PAGE_NOT_CHECKED: (
        "Trang nhìn thấy chưa được kiểm tra: hãy so sánh với các giá trị ở đây.",
        "The visible page was not checked: compare it with the values here.",
    ),
    Remark.REGISTERED_LATER: (
        "Được đăng ký muộn hơn ngày cấp; ngày trước đó là lời của nơi cấp.",
        "Registered later; the earlier date is the body's claim.",
    ),
    Remark.SCOPE_TRANSCRIBED: (
        "Phạm vi do cơ quan vận hành chép lại từ quyết định của cơ quan có thẩm quyền, cơ quan đó không ký.",
        "The operator transcribed the scope from the authority's decision; the authority did not sign it.",
    ),
    Remark.SCOPE_BY_AUTHORITY: (
        "Phạm vi do chính cơ quan có thẩm quyền ký cấp vào sổ.",
        "The authority itself signed the grant of the scope in the log.",
    ),
    Remark.ISSUER_NAME_DIFFERS: (
        "Tên hoặc mã số của nơi cấp ghi trên giấy khác với tên đã ghi danh.",
        "The issuer's name or legal number on the certificate differs from the enrolled one.",
    ),
    Remark.REGISTRY_OMITS_EVENT: (
        "Danh sách trạng thái của sổ đăng ký bỏ sót một sự kiện đã ghi sổ: hãy báo cho bên đối soát.",
        "The registry's status list leaves out an event that it logged: tell the auditors.",
    ),
    Remark.PARTLY_ACCREDITED: (
        "Chỉ một phần kết quả nằm trong phạm vi công nhận được nêu; các kết quả của đại lượng khác ở ngoài phạm vi đó.",
        "Only some results are within the accreditation that it claims; those of other quantities are outside it.",
    ),
    Remark.RECALIBRATION_DUE: (
        "Đến hạn hiệu chuẩn lại theo ngày ghi trên giấy. Đây là thông tin, không làm thay đổi kết luận trên.",
        "Recalibration is due by the date that it states. This is information and changes nothing above.",
    ),
}
