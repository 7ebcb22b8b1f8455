"""What people hand in: files of every kind, damaged ones too, and what a registry answers."""

import json
import zlib
from io import BytesIO
from pathlib import Path
from typing import Final

import pikepdf
import pytest

from certlog.certificate_id import certificate_id, format_id
from certlog.errors import InvalidInput, MistypedId, Unavailable
from certlog.evidence import MAX_EVIDENCE_BYTES
from issuer.pdf import PdfMaker
from tests.verifier.fake_registry import FakeRegistry, serving_registry
from tests.verifier.world import NOW, honest_case
from verifier.check_file import File
from verifier.inputs import looks_like_path, read_json, read_path, read_pdf
from verifier.pdf_attachments import MAX_STRUCTURE_BYTES, Attachments, read_attachments
from verifier.registry_client import RegistryAddress
from verifier.seen_heads import add_seen, format_seen, parse_seen

CASE: Final = honest_case()
EVIDENCE: Final = CASE.evidence.to_bytes()
CERTIFICATE: Final = CASE.document.to_bytes()
ID: Final = certificate_id(CASE.document.document_hash)
EVIDENCE_PATH: Final = f"/api/v1/certificates/{ID}/evidence"


def attachment(pdf: pikepdf.Pdf, name: str, data: bytes) -> pikepdf.AttachedFileSpec:
    return pikepdf.AttachedFileSpec(
        pdf, data, description="", filename=name, mime_type="application/json", creation_date="", mod_date=""
    )


def pdf_with(**attachments: bytes) -> bytes:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    for name, data in attachments.items():
        file_name = name.replace("_", ".")
        pdf.attachments[file_name] = attachment(pdf, file_name, data)
    out = BytesIO()
    pdf.save(out)
    return out.getvalue()


def test_an_evidence_file_is_read() -> None:
    assert read_json(EVIDENCE).evidence == CASE.evidence


def test_a_certificate_may_be_pretty_printed() -> None:
    pretty = json.dumps(json.loads(CERTIFICATE), indent=2, ensure_ascii=False).encode()
    assert read_json(pretty).document == CASE.document


def test_evidence_must_be_canonical() -> None:
    with pytest.raises(InvalidInput, match="canonical"):
        read_json(json.dumps(json.loads(EVIDENCE), indent=2).encode())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected a PDF"),
        (b"\xff", "expected a PDF"),
        (b"[]", "expected a PDF"),
        (b"{", "not JSON"),
        (b'{"\xff', "not UTF-8"),
        (b"{}", "expected an evidence file"),
        (b'{"heads":[]}', "is missing"),
        (b'{"proof":{}}', "is missing"),
        (b'{"a":1,"a":2}', "twice"),
    ],
)
def test_other_content_is_refused_with_a_reason(data: bytes, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        read_json(data)


def test_a_side_file_goes_with_the_certificate_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(CERTIFICATE)
    assert read_path(tmp_path / "a.json").evidence is None
    (tmp_path / "a.certlog.json").write_bytes(EVIDENCE)
    found = read_path(tmp_path / "a.json")
    assert (found.evidence, found.document) == (CASE.evidence, CASE.document)


def test_a_named_evidence_file_comes_before_the_one_beside(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(CERTIFICATE)
    (tmp_path / "a.certlog.json").write_bytes(b"damaged")
    (tmp_path / "other.json").write_bytes(EVIDENCE)
    assert read_path(tmp_path / "a.json", evidence_path=tmp_path / "other.json").evidence == CASE.evidence


def test_an_xml_file_is_judged_by_the_evidence_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<dcc/>")
    (tmp_path / "a.certlog.json").write_bytes(EVIDENCE)
    found = read_path(tmp_path / "a.xml")
    assert found.file == File.of(b"<dcc/>", "application/xml")
    assert found.document == CASE.document


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"no such file: .*absent\.json"):
        read_path(tmp_path / "absent.json")


def test_a_folder_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot read"):
        read_path(tmp_path)


def test_the_issuers_own_pdf_gives_back_the_signed_document_byte_for_byte() -> None:
    pdf = PdfMaker("https://registry.example.vn")(CASE.document, NOW)
    found = read_pdf(pdf)
    assert found.document == CASE.document
    assert found.file == File.of(pdf, "application/pdf")


def test_evidence_attached_in_a_pdf_is_found() -> None:
    pdf = pdf_with(certificate_json=CERTIFICATE, x_certlog_json=EVIDENCE)
    assert read_pdf(pdf).evidence == CASE.evidence


def test_the_side_file_comes_before_attached_evidence() -> None:
    pdf = pdf_with(certificate_json=CERTIFICATE, x_certlog_json=b"damaged")
    assert read_pdf(pdf, EVIDENCE).evidence == CASE.evidence


def test_a_pdf_without_certificate_needs_its_evidence_file() -> None:
    pdf = pdf_with()
    with pytest.raises(InvalidInput, match="carries no certificate"):
        read_pdf(pdf)
    assert read_pdf(pdf, EVIDENCE).document == CASE.document


def test_two_evidence_files_in_one_pdf_are_refused() -> None:
    with pytest.raises(InvalidInput, match="expected one attached evidence file, found 2"):
        read_attachments(pdf_with(a_certlog_json=EVIDENCE, b_certlog_json=EVIDENCE))


@pytest.mark.parametrize("data", [b"%PDF-1.7 damaged", b"%PDF-", b"%PDF-1.7\n" + bytes(4096)])
def test_a_damaged_pdf_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="not a readable PDF"):
        read_attachments(data)


def test_an_encrypted_pdf_is_refused_with_a_remedy() -> None:
    out = BytesIO()
    with pikepdf.open(BytesIO(pdf_with(certificate_json=CERTIFICATE))) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    with pytest.raises(InvalidInput, match="save a copy without password"):
        read_attachments(out.getvalue())


def test_an_attachment_that_inflates_without_end_is_cut_off() -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.attachments["certificate.json"] = attachment(pdf, "certificate.json", b"x")
    stream = pdf.attachments["certificate.json"].get_file().obj
    stream.write(zlib.compress(bytes(64 * 1024 * 1024), 9), filter=pikepdf.Name.FlateDecode)
    out = BytesIO()
    pdf.save(out)
    with pytest.raises(InvalidInput, match="has more than"):
        read_attachments(out.getvalue())


def test_a_table_of_objects_that_inflates_without_end_is_cut_off() -> None:
    # The catalogue stands before the padding, so that whoever inflates all of it accepts the file.
    catalogue = b"1 0 <</Type/Catalog/Pages 2 0 R>>"
    for padding, refused in ((2**20, False), (2 * MAX_STRUCTURE_BYTES, True)):
        packed = zlib.compress(catalogue + b" " * padding, 9)
        data = pdf_with_packed_catalogue(packed)
        if refused:
            with pytest.raises(InvalidInput, match="not a readable PDF"):
                read_attachments(data)
        else:
            assert read_attachments(data) == Attachments(None, None)


def pdf_with_packed_catalogue(packed: bytes) -> bytes:
    pages = b"%PDF-1.7\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
    head = b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>" % len(packed)
    objects = pages + b"3 0 obj\n" + head + b"stream\n" + packed + b"\nendstream\nendobj\n"
    places = [(0, 0, 65535), (2, 3, 0), (1, 9, 0), (1, len(pages), 0), (1, len(objects), 0)]
    rows = b"".join(bytes([kind]) + a.to_bytes(4, "big") + b.to_bytes(2, "big") for kind, a, b in places)
    table = b"4 0 obj\n<</Type/XRef/Size 5/W[1 4 2]/Root 1 0 R/Length %d>>" % len(rows)
    end = b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(objects)
    return objects + table + b"stream\n" + rows + end


def test_a_target_with_a_dot_or_slash_is_a_path() -> None:
    assert looks_like_path("a.json")
    assert looks_like_path("folder/a")
    assert not looks_like_path(format_id(ID))


def test_a_registry_is_asked_for_evidence_by_id() -> None:
    with serving_registry(FakeRegistry({EVIDENCE_PATH: EVIDENCE})) as registry:
        assert RegistryAddress.of(registry.url).fetch_evidence(ID) == EVIDENCE
        assert registry.asked == [EVIDENCE_PATH]


def test_an_id_that_the_registry_lacks_is_none() -> None:
    with serving_registry(FakeRegistry()) as registry:
        assert RegistryAddress.of(registry.url).fetch_evidence(ID) is None


@pytest.mark.parametrize("status", [301, 302, 403, 500, 503])
def test_another_status_is_a_problem_and_no_redirect_is_followed(status: int) -> None:
    with serving_registry(FakeRegistry({EVIDENCE_PATH: EVIDENCE}, status)) as registry:
        with pytest.raises(Unavailable, match=f"expected status 200, found {status}"):
            RegistryAddress.of(registry.url).fetch_evidence(ID)
        assert len(registry.asked) == 1


def test_an_answer_beyond_the_formats_limit_is_cut_off() -> None:
    too_much = bytes(MAX_EVIDENCE_BYTES + 1)
    with (
        serving_registry(FakeRegistry({EVIDENCE_PATH: too_much})) as registry,
        pytest.raises(Unavailable, match="too large"),
    ):
        RegistryAddress.of(registry.url).fetch_evidence(ID)


def test_a_registry_without_a_trust_root_says_so() -> None:
    with serving_registry(FakeRegistry()) as registry, pytest.raises(Unavailable, match="no trust root"):
        RegistryAddress.of(registry.url).fetch_trust_root()


@pytest.mark.parametrize(
    "url",
    [
        f"https://registry.example.vn/c/{ID}",
        f"HTTPS://REGISTRY.EXAMPLE.VN/C/{ID}",
        f"https://registry.example.vn:443/c/{format_id(ID)}",
        f"https://registry.example.vn/c/{ID.lower()}",
        f"https://registry.example.vn/vi/c/{ID}",
        f"https://registry.example.vn/en/c/{ID}",
    ],
)
def test_the_address_of_a_page_names_its_certificate(url: str) -> None:
    assert RegistryAddress.of("https://registry.example.vn").id_in_page(url) == ID


@pytest.mark.parametrize(
    "url",
    [
        f"https://registry.example.com/c/{ID}",
        f"http://registry.example.vn/c/{ID}",
        f"https://registry.example.vn:8443/c/{ID}",
        f"https://127.0.0.1/c/{ID}",
        f"https://registry.example.vn.evil.example/c/{ID}",
    ],
)
def test_the_page_of_another_host_is_refused_and_never_contacted(url: str) -> None:
    with pytest.raises(InvalidInput, match="use --registry"):
        RegistryAddress.of("https://registry.example.vn").id_in_page(url)


@pytest.mark.parametrize("path", ["", "/", "/c/", "/log", f"/d/{ID}", f"/c/{ID}/sealed", f"/x/c/{ID}"])
def test_another_page_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput, match="expected https://registry.example.vn/c/<id>"):
        RegistryAddress.of("https://registry.example.vn").id_in_page(f"https://registry.example.vn{path}")


def test_a_registry_may_live_below_a_path() -> None:
    address = RegistryAddress.of("http://127.0.0.1:8000/registry/")
    assert address.url == "http://127.0.0.1:8000/registry"
    assert address.id_in_page(f"http://127.0.0.1:8000/registry/c/{ID}") == ID


def test_a_mistyped_id_in_an_address_is_told_from_a_foreign_address() -> None:
    wrong = ID[:-1] + ("0" if ID[-1] != "0" else "1")
    with pytest.raises(MistypedId, match="check character"):
        RegistryAddress.of("https://registry.example.vn").id_in_page(f"https://registry.example.vn/c/{wrong}")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "registry.example.vn", "https://u@h.vn", "https://h.vn/?a=b"]
)
def test_an_address_of_another_form_is_no_registry(url: str) -> None:
    with pytest.raises(InvalidInput, match="expected an"):
        RegistryAddress.of(url)


def test_seen_heads_survive_their_file() -> None:
    seen = add_seen((), CASE.view.readings)
    assert parse_seen(format_seen(seen)) == seen
    assert [reading.size for reading in seen] == list(CASE.sizes)


def test_only_final_anchors_are_kept_and_each_once() -> None:
    not_final = CASE.world.view(*CASE.sizes, final=False).readings
    assert add_seen((), not_final) == ()
    seen = add_seen((), CASE.view.readings)
    assert add_seen(seen, CASE.view.readings) == seen


@pytest.mark.parametrize("data", [b"{}", b'{"heads":[],"v":2}', b'{"heads":[{}],"v":1}', b"[]"])
def test_another_file_is_no_file_of_seen_heads(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse_seen(data)
