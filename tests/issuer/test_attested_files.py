"""Files become drafts and certificates; only the bytes that were bound are ever green (threats B12, C3)."""

import io
import json
from pathlib import Path

import pikepdf
import pytest

from certlog.attested import related_resource
from certlog.documents import SecuredDocument
from certlog.entry import StatementEntry, parse_entry
from certlog.envelope import subject_of
from certlog.errors import InvalidInput
from certlog.status import FileBinding, StatusAction, StatusStatement
from certlog.strict_json import JSONValue, get_object
from issuer.attested import AttestedReader
from issuer.attested_companions import write_companions
from issuer.dcc import DccChecks
from issuer.drafts import Drafts
from issuer.issue import IssueReport, Request, issue
from issuer.stamp import StampPlace
from issuer.stamp_check import codes_on, render_page
from tests.support.attested import PDF_BYTES, attested_content, plain_pdf
from tests.support.controls import Control, require_noticed
from tests.support.desk import Desk
from tests.support.fixtures import fixtures_dir
from tests.verifier.world import ask, case_of, enrolled_world, sign_certificate
from verifier import check_file
from verifier.inputs import read_path
from verifier.report import Kind, Page, Verdict
from verifier.verify import File

# From files to drafts.

LIST = {
    "number": "TN-2026-0001",
    "kind": "thử nghiệm",
    "file": "a.pdf",
    "item": "Dây điện bọc nhựa PVC",
    "issue_date": "20/11/2026",
    "standards": "TCVN 6610-1:2014",
    "client": "Công ty TNHH Mẫu",
}


class Files:
    """A folder with files of a body, and the desk that issues them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "in"
        self.folder.mkdir()
        self.desk = Desk.at(folder / "out")
        self.reader = self.new_reader()

    def new_reader(self, place: StampPlace | None = StampPlace()) -> AttestedReader:  # noqa: B008 # frozen
        self.reader = AttestedReader(
            self.desk.body,
            self.desk.key.did,
            lambda: DccChecks.open(fixtures_dir("ptb-dcc", "schema")),
            "https://registry.example.vn",
            place,
        )
        return self.reader

    def dcc(self, name: str) -> Path:
        source = fixtures_dir("ptb-dcc")
        found = source / name if name.startswith("minimal") else source / "examples" / name
        path = self.folder / name
        path.write_bytes(found.read_bytes())
        return path

    def listed(self, *changes: dict[str, str], data: bytes | None = None) -> Path:
        (self.folder / "a.pdf").write_bytes(plain_pdf() if data is None else data)
        path = self.folder / "list.json"
        rows = [
            {name: text for name, text in {**LIST, **change}.items() if text} for change in changes or ({},)
        ]
        path.write_text(json.dumps(rows), "utf-8")
        return path

    def issue(self, drafts: Drafts) -> IssueReport:
        files = self.reader.files()
        self.desk.make_pdf = files
        with self.desk.journal() as journal:
            report = issue(Request(drafts, self.desk.folder), self.desk.tools(journal))
            write_companions(report.issued, files, journal)
        return report

    def out(self) -> dict[str, bytes]:
        found = self.desk.folder.glob("*")
        return {path.name: path.read_bytes() for path in sorted(found) if "sqlite" not in path.name}

    def bindings(self) -> list[FileBinding]:
        entries = [parse_entry(data) for data in self.desk.registry.entries]
        statements = [entry for entry in entries if isinstance(entry, StatementEntry)]
        found = [StatusStatement.from_json(entry.document.content).file for entry in statements]
        return [binding for binding in found if binding is not None]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def texts(drafts: Drafts) -> list[str]:
    return [problem.text("en") for problem in drafts.problems]


def test_a_dcc_is_issued_as_it_is_and_bound_twice(files: Files) -> None:
    path = files.dcc("minimal-dcc-3.3.0-vi.xml")
    (issued,) = files.issue(files.reader.read([path])).issued
    final = issued.pdf
    assert final.name.startswith("HC-2026-004512_") and final.suffix == ".xml"  # noqa: PT018 # one name
    assert final.read_bytes() == path.read_bytes()
    (binding,) = files.bindings()
    assert (binding.sha256, binding.media_type) == (File.of(path.read_bytes(), "").sha256, "application/xml")
    content = SecuredDocument.parse(final.with_suffix(".certificate.json").read_bytes()).content
    assert content["relatedResource"] == [related_resource("application/xml", binding.sha256)]
    assert content["certificateNumber"] == "HC-2026-004512"


def test_a_folder_gives_its_dccs_and_the_bad_ones_are_named(files: Files) -> None:
    for name in ("valid.xml", "invalid_schematron.xml", "invalid_signature.xml", "invalid_syntax.xml"):
        files.dcc(name)
    drafts = files.reader.read([files.folder])
    assert [draft.number for draft in drafts.good] == ["1234"]
    found = texts(drafts)
    assert [text.partition(": ")[2].split(":")[0] for text in found] == [
        "invalid_schematron.xml",
        "invalid_signature.xml",
        "invalid_syntax.xml",
    ]


def test_a_signed_dcc_is_issued_and_the_certificate_says_nothing_of_its_signature(files: Files) -> None:
    drafts = files.reader.read([files.dcc("valid_signature.xml")])
    assert len(drafts.good) == 1


def test_advice_is_told_and_stops_nothing(files: Files) -> None:
    drafts = files.reader.read([files.dcc("minimal-dcc-3.3.0-vi.xml")])
    assert drafts.problems == ()
    assert "Missing influence conditions" in drafts.advice[0].text("vi")


def test_the_same_number_in_two_files_is_told(files: Files) -> None:
    first = files.dcc("valid.xml")
    second = files.folder / "z.xml"
    second.write_bytes(first.read_bytes() + b"\n")
    assert texts(files.reader.read([first, second]))[0].endswith("another file has its number '1234'.")


def test_the_same_file_twice_is_told(files: Files) -> None:
    first = files.dcc("valid.xml")
    second = files.folder / "z.xml"
    second.write_bytes(first.read_bytes())
    assert texts(files.reader.read([first, second])) == ["File: z.xml: the same file as valid.xml."]


def test_a_folder_without_a_dcc_is_told(files: Files) -> None:
    assert "holds no .xml file" in texts(files.reader.read([files.folder]))[0]


def test_a_listed_pdf_is_stamped_and_bound_and_carries_its_certificate(files: Files) -> None:
    report = files.issue(files.reader.read([files.listed()]))
    (issued,) = report.issued
    data = issued.pdf.read_bytes()
    (code,) = codes_on(render_page(data, 0))
    assert code.startswith(f"HTTPS://REGISTRY.EXAMPLE.VN/C/{issued.id}#")  # a test report is sealed
    (binding,) = files.bindings()
    assert binding == FileBinding(File.of(data, "").sha256, "application/pdf")
    found = read_path(issued.pdf)
    assert found.certificate is not None
    assert found.certificate.document_hash == issued.document_hash
    assert list(files.out()) == [issued.pdf.name]


def test_running_again_changes_nothing(files: Files) -> None:
    paths = [files.listed(), files.dcc("valid.xml")]
    files.issue(files.reader.read(paths))
    first, entries = files.out(), list(files.desk.registry.entries)
    files.new_reader()
    files.desk.seed = "second run"
    assert files.issue(files.reader.read(paths)).signed == 0
    assert (files.out(), files.desk.registry.entries) == (first, entries)


def test_a_lost_file_is_made_again_the_same(files: Files) -> None:
    files.issue(files.reader.read([files.listed()]))
    ((name, data),) = files.out().items()
    (files.desk.folder / name).unlink()
    files.new_reader()
    files.issue(files.reader.read([files.listed()]))
    assert files.out() == {name: data}


def sealed_pdf() -> bytes:
    with pikepdf.open(io.BytesIO(plain_pdf())) as made:
        value = made.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Sig, ByteRange=[0, 1, 2, 3]))
        field = made.make_indirect(pikepdf.Dictionary(FT=pikepdf.Name.Sig, T="seal", V=value))
        made.Root.AcroForm = pikepdf.Dictionary(Fields=[field], SigFlags=3)
        out = io.BytesIO()
        made.save(out, static_id=True)
        return out.getvalue()


def test_a_sealed_pdf_is_never_rewritten(files: Files) -> None:
    path = files.listed(data=sealed_pdf())
    (text,) = texts(files.reader.read([path]))
    assert "bears a signature" in text
    assert "--no-stamp" in text
    files.new_reader(place=None)
    (issued,) = files.issue(files.reader.read([path])).issued
    assert issued.pdf.read_bytes() == sealed_pdf()
    assert read_path(issued.pdf).certificate is not None  # from beside it


def test_a_page_without_room_is_found_before_anything_is_signed(files: Files) -> None:
    dots = b"".join(f"0 g {x} {y} 3 3 re f\n".encode() for x in range(0, 595, 40) for y in range(0, 842, 40))
    drafts = files.reader.read([files.listed(data=plain_pdf(dots))])
    assert "no room for the code" in texts(drafts)[0]
    assert drafts.good == ()


def test_a_file_that_changed_since_it_was_checked_is_refused(files: Files) -> None:
    drafts = files.reader.read([files.listed()])
    (files.folder / "a.pdf").write_bytes(plain_pdf(b"0 g 1 1 1 1 re f"))
    with pytest.raises(InvalidInput, match=r"a\.pdf: it changed since it was checked"):
        files.issue(drafts)


MISTAKES = {
    "outside": ({"file": "../a.pdf"}, "file-outside"),
    "absolute": ({"file": "/etc/hostname.pdf"}, "file-outside"),
    "absent": ({"file": "b.pdf"}, "no-such-file"),
    "another kind of file": ({"file": "list.json"}, "file-not-pdf"),
    "no file": ({"file": ""}, "empty"),
    "unknown kind": ({"kind": "đánh giá"}, "unknown-word"),
    "calibration in public": (
        {"kind": "hiệu chuẩn", "visibility": "công khai", "performed_to": "2026-11-18"},
        "calibration-public",
    ),
    "calibration with an end": (
        {"kind": "calibration", "expiry_date": "2027-11-20", "performed_to": "2026-11-18"},
        "needless-for-kind",
    ),
    "calibration without its day": ({"kind": "calibration"}, "empty-for-kind"),
    "dates in disorder": ({"performed_to": "2026-11-21"}, "date-before"),
    "details of many": ({"item": "Dây | Cáp", "serial": "1"}, "details-of-many"),
    "address of nobody": ({"client": "", "client_address": "Hà Nội"}, "empty"),
    "version without a reason": ({"version": "2"}, "missing-reason"),
    "reason without a version": ({"replace_reason": "đính chính"}, "needless-reason"),
    "regulation without designation": ({"standards": "QCVN 4:2009/BKHCN"}, "missing-designation"),
    "a test to a regulation": (
        {"standards": "QCVN 4:2009/BKHCN", "designation": "9901/QĐ-TĐC"},
        "refused-content",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_a_list_is_found(name: str, files: Files) -> None:
    change, code = MISTAKES[name]
    drafts = files.reader.read([files.listed(change)])
    assert [problem.code for problem in drafts.problems] == [code]
    assert drafts.good == ()


def test_an_unknown_member_of_a_list_is_told(files: Files) -> None:
    drafts = files.reader.read([files.listed({"files": "a.pdf"})])
    assert [problem.code for problem in drafts.problems] == ["unknown-column"]


def test_a_link_out_of_the_folder_is_not_followed(files: Files, tmp_path: Path) -> None:
    path = files.listed({"file": "link.pdf"})
    (tmp_path / "other.pdf").write_bytes(plain_pdf())
    (files.folder / "link.pdf").symlink_to(tmp_path / "other.pdf")
    assert [problem.code for problem in files.reader.read([path]).problems] == ["file-outside"]


def test_a_list_may_be_a_spreadsheet(files: Files) -> None:
    files.listed()
    path = files.folder / "list.csv"
    headings = "Số giấy chứng nhận;Loại giấy;Tệp;Đối tượng;Ngày cấp;Công khai"
    path.write_text(f"{headings}\nGĐ-01;giám định;a.pdf;Lô hàng | Bao bì;20/11/2026;bảo mật\n", "utf-8-sig")
    drafts = files.reader.read([path])
    (draft,) = drafts.good
    assert texts(drafts) == []
    subject_ = subject_of(draft.content)
    assert [get_object({"item": item}, "item")["name"] for item in [*as_list(subject_["items"])]] == [
        "Lô hàng",
        "Bao bì",
    ]
    assert subject_["visibility"] == "confidential"


def as_list(value: JSONValue) -> list[JSONValue]:
    assert isinstance(value, list)
    return value


# Only the bound bytes are green (threats B12, C3).


def verdict(data: bytes, *, bound: bytes, kind: str = "inspection") -> tuple[Verdict, Page]:
    world = enrolled_world()
    document = sign_certificate(attested_content(kind, data=PDF_BYTES, stamped=True))
    index = world.log_certificate(document)
    binding = FileBinding(File.of(bound, "").sha256, "application/pdf")
    world.change_status(document, StatusAction.BIND_FILE, file=binding)
    report = ask(case_of(world, document, index), file=File.of(data, "application/pdf"))
    return report.verdict, report.page


def test_the_bound_file_is_green_and_any_other_is_altered() -> None:
    bound = plain_pdf(b"BT (1.7) Tj ET")
    assert verdict(bound, bound=bound) == (Verdict.VALID, Page.BOUND)
    assert bound.count(b"(1.7)") == 1
    appended = bound + b"\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Prev 9 >>\n%%EOF\n"
    for other in (bound.replace(b"(1.7)", b"(1.8)"), bound + b"\n", bound[:-1], appended, plain_pdf()):
        assert verdict(other, bound=bound) == (Verdict.ALTERED, Page.DIFFERENT)


def test_a_calibration_is_genuine_and_never_called_in_force() -> None:
    world = enrolled_world()
    document = sign_certificate(attested_content())
    case = case_of(world, document, world.log_certificate(document))
    assert ask(case).kind is Kind.CALIBRATION


def test_a_verifier_that_compares_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def anything(*_: object) -> bool:
        return True

    control = Control(check_file, "same", anything, test_the_bound_file_is_green_and_any_other_is_altered)
    require_noticed(control, monkeypatch)


def test_a_file_beside_its_certificate_is_read_with_it(files: Files) -> None:
    (issued,) = files.issue(files.reader.read([files.dcc("valid.xml")])).issued
    found = read_path(issued.pdf)
    assert found.certificate is not None
    assert found.certificate.document_hash == issued.document_hash
    issued.pdf.with_suffix(".certificate.json").unlink()
    assert read_path(issued.pdf).named == issued.id
    renamed = issued.pdf.rename(issued.pdf.with_name("x.xml"))
    with pytest.raises(InvalidInput, match=r"keep x\.certificate\.json beside it"):
        read_path(renamed)
