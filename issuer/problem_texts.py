"""What can be wrong in an issuing file, in Vietnamese and English: the finding, then the remedy.

The texts are data, by the code of the problem, so that none is missing in one language; issuer.problems fills them in.
"""

from typing import Final

_DATE_REMEDY_VI = "Ghi ngày/tháng/năm (31/12/2026) hoặc 2026-12-31."
_DATE_REMEDY_EN = "Write day/month/year (31/12/2026) or 2026-12-31."

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "not-utf8": (
        (
            "không đọc được bảng mã (từ byte {found}): không phải UTF-8, UTF-16 có BOM hay Windows-1258."
            " Đổi chữ TCVN3, VNI, VISCII sang Unicode trước; rồi lưu lại bằng “CSV UTF-8” hoặc .xlsx."
        ),
        (
            "its encoding is not known (from byte {found} on): not UTF-8, UTF-16 with its mark, or Windows-1258."
            " Convert TCVN3, VNI or VISCII letters to Unicode first; then save it as “CSV UTF-8” or .xlsx."
        ),
    ),
    "guessed-encoding": (
        (
            "không ghi bảng mã; đọc như Windows-1258 vì tiêu đề. Chữ này có đúng không: “{found}”?"
            " Nếu sai, lưu lại bằng “CSV UTF-8”."
        ),
        (
            "does not say its encoding; read as Windows-1258, because of its headings. Is this right: “{found}”?"
            " If not, save it again as “CSV UTF-8”."
        ),
    ),
    "letters-lost": (
        "các chữ có dấu đã thành dấu hỏi khi lưu. Mở lại tệp gốc và lưu bằng “CSV UTF-8” hoặc .xlsx.",
        "letters became question marks when it was saved. Open the original and save it as “CSV UTF-8” or .xlsx.",
    ),
    "bad-workbook": (
        "không đọc được bảng tính ({found}). Mở bằng Excel hoặc LibreOffice và lưu lại thành .xlsx mới.",
        "cannot be read as a workbook ({found}). Open it in Excel or LibreOffice and save it as a new .xlsx file.",
    ),
    "workbook-too-large": (
        "bảng tính quá lớn khi mở ra ({found}). Chép dữ liệu sang bảng tính mới, chia nhỏ, hoặc lưu thành CSV UTF-8.",
        (
            "the workbook is too large when opened ({found})."
            " Copy the data into a new workbook, split it, or save it as CSV UTF-8."
        ),
    ),
    "other-workbook": (
        "là tệp .xls, .xlsb hoặc bảng tính có mật khẩu. Bỏ mật khẩu và lưu lại thành .xlsx hoặc .ods.",
        "is an .xls or .xlsb file, or a workbook with a password. Remove the password and save it as .xlsx or .ods.",
    ),
    "no-such-sheet": (
        "không có trang tính “{found}” (có: {expected}).",
        "there is no sheet “{found}” (there are: {expected}).",
    ),
    "no-sheet": (
        "không trang tính nào có tiêu đề quen thuộc ở hàng đầu (đã xem: {found}). Hàng đầu phải là tiêu đề cột.",
        "no sheet has known headings in its first row (looked at: {found}). The first row must hold the headings.",
    ),
    "hidden-column": (
        "cột đang bị ẩn. Hiện cột lên và xem lại, hoặc xoá cột.",
        "the column is hidden. Unhide it and look at it again, or delete it.",
    ),
    "hidden-row": (
        "hàng đang bị ẩn (bộ lọc?). Hiện hàng lên và xem lại, hoặc xoá hàng.",
        "the row is hidden (a filter?). Unhide it and look at it again, or delete it.",
    ),
    "merged-cell": (
        "nằm trong ô gộp {found}. Bỏ gộp ô và điền từng ô.",
        "is part of the merged cells {found}. Unmerge them and fill each.",
    ),
    "formula-cell": (
        "là công thức ({found}); giá trị lưu trong tệp có thể đã cũ. Chép ô và dán dưới dạng giá trị.",
        "is a formula ({found}); the value kept in the file may be old. Copy the cell and paste it as a value.",
    ),
    "boolean-cell": (
        "là giá trị logic {found}. Định dạng ô là văn bản và ghi lại.",
        "is the truth value {found}. Format the cell as text and write it again.",
    ),
    "date-cell": (
        "bảng tính đã đổi thành ngày giờ ({found}). Định dạng cột là văn bản và nhập lại.",
        "the spreadsheet made it a date or time ({found}). Format the column as text and enter it again.",
    ),
    "number-cell": (
        "là số lẻ ({found}), mỗi máy hiện một cách. Định dạng ô là văn bản và ghi đúng như sẽ in.",
        (
            "is a number with a fraction ({found}), shown in another way on each computer."
            " Format the cell as text and write it as it is to be printed."
        ),
    ),
    "number-format": (
        "là số {found} nhưng định dạng của ô hiện ra khác. Định dạng ô là văn bản và ghi đúng như sẽ in.",
        (
            "is the number {found}, but its format shows something else."
            " Format the cell as text and write it as it is to be printed."
        ),
    ),
    "loose-number": (
        (
            "là số {found} không cố định số chữ số thập phân, nên số 0 ở cuối bị mất."
            " Định dạng ô là văn bản hoặc số với số chữ số thập phân cố định."
        ),
        (
            "is the number {found} without a fixed number of decimals, so that zeros at its end are lost."
            " Format the cell as text, or as a number with fixed decimals."
        ),
    ),
    "hidden-digits": (
        "hiện {found} nhưng ô chứa {expected}. Làm tròn giá trị trong ô, hoặc hiện đủ chữ số.",
        "shows {found}, but the cell holds {expected}. Round the value in the cell, or show all digits.",
    ),
    "ambiguous-comma": (
        "“{found}” có thể đọc là phần thập phân hoặc hàng nghìn. Ghi dấu chấm thập phân.",
        "“{found}” may be read with a decimal or a thousands comma. Write a decimal point.",
    ),
    "differs-in-result": (
        "“{found}” khác dòng đầu của bảng (“{expected}”). Ghi như dòng đầu hoặc để trống.",
        "“{found}” differs from the table's first row (“{expected}”). Write the same, or leave it empty.",
    ),
    "no-certificate": (
        "giấy “{found}” không có ở trang giấy chứng nhận. Sửa số, hoặc thêm giấy.",
        "there is no certificate “{found}” on the sheet of certificates. Correct the number, or add it.",
    ),
    "no-results": (
        "không có trang kết quả nào. Thêm trang tính kết quả, hoặc chỉ tệp CSV bằng --results.",
        "there is no sheet of results. Add one, or name a CSV file with --results.",
    ),
    "bad-environment": (
        "“{found}” không đúng dạng. Ghi “Nhiệt độ = 22.4 … 23.1 [°C]” hoặc “Nhiệt độ = 23.0 ± 0.5 [°C]”.",
        "“{found}” has another form. Write “Nhiệt độ = 22.4 … 23.1 [°C]” or “Nhiệt độ = 23.0 ± 0.5 [°C]”.",
    ),
    "too-many-problems": (
        "có hơn {found} lỗi; dừng đọc ở hàng {row}. Có đúng tệp này không?",
        "more than {found} mistakes; reading stopped at row {row}. Is this the right file?",
    ),
    "bad-csv": (
        "không đọc được CSV từ dòng {line} ({found}). Kiểm tra dấu nháy kép: dấu ở trong ô phải viết đôi.",
        "cannot be read as CSV from line {line} on ({found}). A double quote inside a cell is written twice.",
    ),
    "bad-json": ("không đọc được JSON: {found}.", "cannot be read as JSON: {found}."),
    "no-rows": (
        "không có hàng dữ liệu nào. Thêm ít nhất một hàng dưới hàng tiêu đề.",
        "there is no row of data. Add at least one below the headings.",
    ),
    "too-many-rows": (
        "có hơn {expected} hàng. Chia thành nhiều tệp.",
        "more than {expected} rows. Split the file.",
    ),
    "unknown-column": (
        "không có cột tên “{found}”. Sửa tên (có phải “{near}”?) hoặc xoá cột.",
        "there is no column “{found}”. Correct the name (did you mean “{near}”?) or delete the column.",
    ),
    "no-headings": (
        "không có tên cột nào quen thuộc. Hàng đầu phải là tiêu đề cột; xoá hàng nằm trên nó (tên bảng).",
        "has no known heading. The first row must hold the headings; delete what stands above them, such as a title.",
    ),
    "empty-heading": (
        "có dữ liệu nhưng không có tiêu đề (ô gộp?). Ghi tên cột hoặc xoá cột.",
        "has no heading (merged cells?). Name the column or delete it.",
    ),
    "missing-column": (
        "thiếu cột bắt buộc “{expected}”. Thêm cột này.",
        "the required column “{expected}” is missing. Add it.",
    ),
    "duplicate-column": (
        "cột “{found}” có hai lần. Giữ lại một cột.",
        "the column “{found}” is there twice. Keep one of them.",
    ),
    "too-many-fields": (
        "có {found} ô, tiêu đề chỉ có {expected}. Đặt giá trị có dấu phẩy trong dấu nháy kép.",
        "{found} cells under {expected} headings. Put a value that contains a comma in double quotes.",
    ),
    "too-few-fields": (
        "chỉ có {found} ô, tiêu đề có {expected}. Điền đủ các ô hoặc kiểm tra dấu nháy kép.",
        "only {found} cells under {expected} headings. Fill the row, or check the double quotes.",
    ),
    "not-text": (
        "kiểu giá trị không đúng. Ghi văn bản, số nguyên hoặc danh sách văn bản.",
        "wrong type of value. Write a text, an integer or a list of texts.",
    ),
    "empty": ("để trống. Điền giá trị.", "is empty. Fill it in."),
    "empty-for-kind": (
        "để trống, nhưng bắt buộc với loại “{kind}”. Điền giá trị.",
        "is empty, but required for the kind “{kind}”. Fill it in.",
    ),
    "needless-for-kind": (
        "phải để trống với loại “{kind}”. Xoá giá trị.",
        "must be empty for the kind “{kind}”. Delete the value.",
    ),
    "empty-item": (
        "có mục trống giữa các dấu |. Xoá dấu | thừa.",
        "there is an empty item between the | signs. Delete the surplus |.",
    ),
    "too-long": (
        "dài {found} ký tự, tối đa {expected}. Rút ngắn.",
        "{found} characters long, at most {expected} are allowed. Shorten it.",
    ),
    "hidden-character": (
        "có ký tự ẩn hoặc điều khiển {found} ở vị trí {position}. Xoá ô và gõ lại.",
        "contains the hidden or control character {found} at position {position}. Clear the cell and type it again.",
    ),
    "unprintable": (
        "có chữ mà phông chữ của giấy in không có: {found}. Ghi bằng chữ Latinh; phiên âm tên Trung, Nhật, Hàn.",
        "contains what the printed page has no shape for: {found}. Write it in Latin letters; transcribe such a name.",
    ),
    "formula": (
        "là công thức chưa được tính ({found}). Dán dưới dạng giá trị.",
        "is a formula that was not calculated ({found}). Paste it as a value.",
    ),
    "spreadsheet-error": (
        "là lỗi của bảng tính ({found}). Sửa công thức nguồn.",
        "is a spreadsheet error ({found}). Mend the formula that it comes from.",
    ),
    "scientific": (
        "bảng tính đã đổi thành số mũ ({found}). Định dạng cột là văn bản rồi nhập lại đủ chữ số.",
        "the spreadsheet wrote it with an exponent ({found}). Format the column as text and enter all digits again.",
    ),
    "unknown-word": (
        "“{found}” không có trong danh sách: {expected}.",
        "“{found}” is not one of: {expected}.",
    ),
    "not-a-number": (
        "“{found}” không phải số nguyên từ {low} đến {high}. Sửa lại.",
        "“{found}” is not an integer from {low} to {high}. Correct it.",
    ),
    "bad-date": (
        f"“{{found}}” không đúng dạng ngày. {_DATE_REMEDY_VI}",
        f"“{{found}}” does not have the form of a date. {_DATE_REMEDY_EN}",
    ),
    "no-such-date": (
        f"“{{found}}” không phải ngày có thật (ngày trước, tháng sau). {_DATE_REMEDY_VI}",
        f"“{{found}}” is not a date that exists (the day comes first). {_DATE_REMEDY_EN}",
    ),
    "date-before": (
        "{found} sớm hơn {other} {expected}. Sửa một trong hai ngày.",
        "{found} is before the {other} {expected}. Correct one of the two dates.",
    ),
    "date-after": (
        "{found} muộn hơn {other} {expected}. Sửa một trong hai ngày.",
        "{found} is after the {other} {expected}. Correct one of the two dates.",
    ),
    "duplicate-number": (
        "số “{found}” phiên bản {version} đã có ở hàng {first}. Sửa số hoặc phiên bản.",
        "number “{found}”, version {version} is already in row {first}. Correct the number or the version.",
    ),
    "bad-tax-code": (
        "“{found}” không phải mã số thuế (10 số, 10-3 số hoặc 12 số). Kiểm tra số 0 ở đầu bị mất.",
        "“{found}” is not a tax code (10, 10-3 or 12 digits). Check whether a leading zero was lost.",
    ),
    "bad-gtin": (
        "“{found}” không phải GTIN (8, 12, 13 hoặc 14 chữ số). Nhập đủ, kể cả số 0 ở đầu; nhiều mã cách nhau bằng |.",
        "“{found}” is not a GTIN (8, 12, 13 or 14 digits). Enter all digits, leading zeros too; separate several by |.",
    ),
    "gtin-check": (
        "số kiểm tra của GTIN “{found}” sai, phải là {expected}. So lại với mã vạch.",
        "the check digit of GTIN “{found}” is wrong, expected {expected}. Compare with the bar code.",
    ),
    "bad-hs-code": (
        "“{found}” không phải mã HS (4 đến 10 số). Sửa lại.",
        "“{found}” is not an HS code (4 to 10 digits). Correct it.",
    ),
    "bad-sector-code": (
        "“{found}” không đúng dạng. Ghi IAF, NACE, VSIC hoặc HS rồi đến mã, ví dụ “IAF 19”.",
        "“{found}” has another form. Write IAF, NACE, VSIC or HS and the code, as “IAF 19”.",
    ),
    "bad-pair": (
        "“{found}” không đúng dạng “tên = giá trị”. Thêm dấu =.",
        "“{found}” does not have the form “name = value”. Add the = sign.",
    ),
    "bad-country": (
        "“{found}” không phải mã quốc gia ISO 3166. Ghi hai chữ cái, ví dụ VN.",
        "“{found}” is not an ISO 3166 country code. Write two letters, as VN.",
    ),
    "bad-standard": (
        "“{found}” không đọc được. Ghi ký hiệu đủ cả năm, ví dụ “QCVN 4:2009/BKHCN”; nhiều ký hiệu cách nhau bằng |.",
        "“{found}” is not understood. Write it in full with the year, as “QCVN 4:2009/BKHCN”; separate several by |.",
    ),
    "duplicate-standard": ("“{found}” có hai lần. Xoá một.", "“{found}” is there twice. Delete one."),
    "no-regulation": (
        "chứng nhận hợp quy cần ít nhất một QCVN. Thêm quy chuẩn hoặc chọn “hợp chuẩn”.",
        "a certificate of conformity to regulation needs a QCVN. Add it, or choose “product_standard”.",
    ),
    "missing-designation": (
        "để trống, nhưng {found} cần quyết định chỉ định. Ghi số quyết định có trong body.toml.",
        "is empty, but {found} needs a designation. Enter the number of a decision listed in body.toml.",
    ),
    "needless-designation": (
        "có quyết định chỉ định nhưng không có QCVN nào. Xoá, hoặc thêm quy chuẩn.",
        "names a designation, but there is no QCVN. Delete it, or add the regulation.",
    ),
    "not-in-body-file": (
        "“{found}” không có trong body.toml (có: {expected}). Sửa lại hoặc bổ sung body.toml.",
        "“{found}” is not in body.toml (there are: {expected}). Correct it, or add it to body.toml.",
    ),
    "ended": (
        "“{found}” hết hiệu lực ngày {end}, trước ngày quyết định {expected}. Dùng quyết định còn hiệu lực.",
        "“{found}” ended on {end}, before the decision date {expected}. Use one that is in force.",
    ),
    "bad-method": (
        "“{found}” không phải phương thức 1 đến 8. Ghi một chữ số.",
        "“{found}” is not a method from 1 to 8. Write one digit.",
    ),
    "method-for-kind": (
        "phương thức {found} không hợp với loại “{kind}”: lô dùng 7 hoặc 8, và 7 chỉ dùng cho lô.",
        "method {found} does not fit the kind “{kind}”: a lot uses 7 or 8, and 7 is for lots only.",
    ),
    "no-scheme-type": (
        "để trống, nhưng phương thức 8 không có loại tương ứng. Ghi loại theo ISO/IEC 17067.",
        "is empty, but method 8 has no corresponding type. Enter the ISO/IEC 17067 type.",
    ),
    "item-count": (
        "có {found} giá trị cho {expected} kiểu. Ghi một giá trị chung, hoặc mỗi kiểu một giá trị.",
        "number of values: {found}, of models: {expected}. Write one for all, or one for each model.",
    ),
    "needs-column": (
        "có giá trị nhưng “{expected}” để trống. Điền cả hai hoặc xoá cả hai.",
        "is filled, but “{expected}” is empty. Fill both or clear both.",
    ),
    "needless-reason": (
        "chỉ dùng từ phiên bản 2. Xoá, hoặc sửa phiên bản.",
        "is for version 2 and later. Delete it, or correct the version.",
    ),
    "missing-reason": (
        "để trống, nhưng phiên bản {found} cần lý do thay thế. Điền lý do.",
        "is empty, but version {found} needs a reason for replacing. Fill it in.",
    ),
    "changed-input": (
        "số “{found}” phiên bản {version} đã ký với nội dung khác. Giữ nội dung cũ, hoặc tăng phiên bản (version).",
        "number “{found}”, version {version} was signed with other content. Restore it, or raise `version`.",
    ),
    "no-previous": (
        "phiên bản {found} thay thế phiên bản {expected}, sổ của thư mục --out này không có. Dùng đúng thư mục.",
        "version {found} replaces version {expected}, which this --out folder lacks. Use the one that has it.",
    ),
    "refused-content": (
        "nội dung không hợp lệ: {found}. Sửa theo thông báo.",
        "the content is not acceptable: {found}. Correct it accordingly.",
    ),
    "unknown-unit": (
        "không có đơn vị “{found}” trong danh sách. Ghi theo D-SI (ví dụ \\milli\\volt) và thêm cách viết trên giấy.",
        "the unit “{found}” is not listed. Write it in D-SI (as \\milli\\volt) and add how it is written on paper.",
    ),
    "uncertainty-twice": (
        "độ không đảm bảo đo có cả ở đây và ở một cột. Giữ lại một.",
        "the uncertainty stands here and in a column too. Keep one of them.",
    ),
    "no-laboratory": (
        "là hiệu chuẩn, nhưng tệp --body không có mục [laboratory]. Bổ sung, như trong examples/laboratory.toml.",
        "is a calibration, but the --body file has no [laboratory]. Add it, as in examples/laboratory.toml.",
    ),
    "nothing-accredited": (
        "công nhận “{found}” không gồm đại lượng nào đã đo. Xoá, hoặc sửa đại lượng cho đúng phạm vi công nhận.",
        "the accreditation “{found}” covers no quantity that was measured. Delete it, or spell it as it does.",
    ),
    "advice": ("nên xem lại: {found}.", "should be looked at: {found}."),
    "bad-file": ("{found}: {reason}.", "{found}: {reason}."),
    "file-outside": (
        "“{found}” không nằm trong thư mục của danh sách. Chép tệp vào thư mục đó.",
        "“{found}” is not in the folder of the list. Copy the file there.",
    ),
    "file-not-pdf": (
        "“{found}” không phải tệp .pdf. DCC (.xml) được cấp trực tiếp, không qua danh sách.",
        "“{found}” is not a .pdf file. A DCC (.xml) is issued by itself, without a list.",
    ),
    "no-such-file": (
        "không có tệp “{found}” trong thư mục của danh sách. Kiểm tra tên tệp.",
        "there is no file “{found}” in the folder of the list. Check its name.",
    ),
    "calibration-public": (
        "giấy chứng nhận hiệu chuẩn thuộc về khách hàng và không công khai. Để trống ô này.",
        "a calibration certificate belongs to its customer and is never public. Leave the cell empty.",
    ),
    "details-of-many": (
        "có {found} đối tượng; nhà sản xuất, kiểu, số chế tạo chỉ ghi được cho một. Xoá các ô đó.",
        "{found} items; manufacturer, model and serial number can be given for one only. Empty those cells.",
    ),
}
