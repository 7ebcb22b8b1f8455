"""Attested files: what a header must hold, how files become drafts, and that only the bound bytes are ever green."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest

from certlog.attested import file_media_type, related_resource
from certlog.canonical import canonicalize
from certlog.credential import check_certificate, claimed_scopes, find_problems
from certlog.documents import SecuredDocument
from certlog.entry import StatementEntry, parse_entry
from certlog.envelope import subject_of
from certlog.errors import InvalidInput
from certlog.profiles import is_confidential, public_members
from certlog.status import FileBinding, StatusAction, StatusStatement
from certlog.strict_json import JSONObject, JSONValue, get_object
from issuer.attested import AttestedReader
from issuer.attested_companions import write_companions
from issuer.dcc import DccChecks
from issuer.drafts import Drafts
from issuer.issue import IssueReport, Request, issue
from issuer.stamp import StampPlace
from issuer.stamp_check import codes_on, render_page
from tests.support.attested import PDF_BYTES, attested_content, plain_pdf
from tests.support.certificates import SAMPLE_ORIGIN, conformity_content
from tests.support.controls import Control, require_noticed
from tests.support.desk import Desk
from tests.support.fixtures import fixtures_dir
from tests.verifier.world import ask, case_of, enrolled_world, sign_certificate
from verifier import check_file
from verifier.inputs import read_path
from verifier.report import Kind, Page, Verdict
from verifier.verify import File

Change = Callable[[JSONObject], object]

# What a header must hold.


@pytest.mark.parametrize("kind", ["conformity", "calibration", "verification", "test", "inspection"])
def test_a_correct_header_of_each_kind_is_accepted(kind: str) -> None:
    check_certificate(attested_content(kind), origin=SAMPLE_ORIGIN)
    check_certificate(attested_content(kind, data=PDF_BYTES, stamped=True), origin=SAMPLE_ORIGIN)


def test_a_header_without_a_date_of_issue_needs_the_last_day_of_the_work() -> None:
    content = attested_content()
    del subject_of(content)["issueDate"]
    check_certificate(content, origin=SAMPLE_ORIGIN)
    del subject_of(content)["performedTo"]
    assert list(find_problems(content, origin=SAMPLE_ORIGIN))


def subject(**members: JSONValue) -> Change:
    return lambda content: subject_of(content).update(members)


def file(**members: JSONValue) -> Change:
    return lambda content: get_object(subject_of(content), "file").update(members)


QCVN: JSONValue = [{"kind": "QCVN", "number": "QCVN 4:2009/BKHCN", "year": 2009}]
DISGUISED: JSONValue = [{"kind": "other", "number": "Qcvn 4"}]
WRONG: dict[str, Change] = {
    "a public calibration": subject(visibility="public"),
    "a calibration with an end": subject(expiryDate="2027-11-20"),
    "no such kind": subject(attestedKind="certification"),
    "no items": subject(items=[]),
    "an unknown member": subject(results=[]),
    "a calibration that claims": subject(accreditation={}),
    "issued before it was done": subject(issueDate="2026-11-17"),
    "done before it came": subject(receiptDate="2026-11-19"),
    "done before it began": subject(performedTo="2026-11-17"),
    "a day that no calendar has": subject(issueDate="2026-11-31"),
    "a regulation without designation": subject(
        attestedKind="conformity", visibility="public", criteria=QCVN
    ),
    "a disguised regulation": subject(attestedKind="conformity", visibility="public", criteria=DISGUISED),
    "stamped XML": file(stamped=True),
    "another file's hash": file(sourceDigest="A" * 43),
    "a hash of another length": file(sourceDigest="A" * 42),
    "a PDF by its word": file(mediaType="application/pdf"),
    "another media type": file(mediaType="text/html"),
    "no related file": lambda content: content.pop("relatedResource"),
    "two related files": lambda content: content.update(
        relatedResource=[related_resource("application/xml", bytes(32))] * 2
    ),
    "an end that is not its expiry": lambda content: content.update(validUntil="2027-11-20T00:00:00+07:00"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_header_is_refused(name: str) -> None:
    content = attested_content()
    WRONG[name](content)
    with pytest.raises(InvalidInput):
        check_certificate(content, origin=SAMPLE_ORIGIN)


def test_a_dcc_version_is_xmls_and_a_designation_claims_the_regulations() -> None:
    content = attested_content("conformity", data=PDF_BYTES)
    file(dccVersion="3.3.0")(content)
    assert [problem.code for problem in find_problems(content, origin=SAMPLE_ORIGIN)] == ["file"]
    content = attested_content("conformity", data=PDF_BYTES)
    designation = subject_of(conformity_content())["designation"]
    subject(criteria=QCVN, designation=designation)(content)
    check_certificate(content, origin=SAMPLE_ORIGIN)
    assert [(claim.kind, claim.topics) for claim in claimed_scopes(content)] == [
        ("designation", ("QCVN 4:2009/BKHCN",))
    ]
    assert claimed_scopes(attested_content()) == ()


def test_of_a_confidential_file_nobody_sees_customer_dates_of_work_hash_or_whole_serial() -> None:
    content = attested_content()
    shown = canonicalize(public_members(content)).decode()
    assert is_confidential(content)
    for secret in ("Công ty TNHH Mẫu", "SN-77881234", "2026-11-18", "Nguyễn Văn Mẫu", "sourceDigest", "salt"):
        assert secret not in shown
    assert '"serial":"…1234"' in shown
    assert "VILAS 999" in shown


def test_of_a_public_file_all_is_shown_but_who_signed() -> None:
    content = attested_content("inspection")
    shown = canonicalize(public_members(content)).decode()
    assert not is_confidential(content)
    assert "Công ty TNHH Mẫu" in shown
    assert "Nguyễn Văn Mẫu" not in shown


def test_a_shorter_serial_number_is_not_shown_at_all() -> None:
    content = attested_content()
    subject(items=[{"name": "Cân", "serial": "1234567"}])(content)
    assert "serial" not in canonicalize(public_members(content)).decode()


def test_only_an_attested_file_has_a_media_type() -> None:
    assert file_media_type(attested_content()) == "application/xml"
    assert file_media_type(conformity_content()) is None


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
        "the file invalid_schematron.xml",
        "the file invalid_signature.xml",
        "the file invalid_syntax.xml",
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
    assert texts(files.reader.read([first, second])) == ["File: the file z.xml: the same file as valid.xml."]


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
