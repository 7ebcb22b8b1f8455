"""A code on a body's own PDF: vector, on a blank corner, read back; nothing that was there before suffers."""

import io
import time
from collections.abc import Callable

import pikepdf
import pytest

from certlog.errors import InvalidInput
from issuer import stamp as stamping
from issuer.attested_pdf import MAX_PDF_BYTES, inspect_pdf
from issuer.qr import qr_operators
from issuer.stamp import Corner, StampPlace, stamp
from issuer.stamp_check import codes_on, render_page
from tests.support.controls import Control, nothing, require_noticed

CODE = "HTTPS://REGISTRY.EXAMPLE.VN/C/WERC8GMRZGE196QVYK49"
OTHER = "HTTPS://OTHER.EXAMPLE.VN/1"
LONG = f"{CODE}#{'A' * 22}"


def pdf(*contents: bytes, rotate: int = 0, change: Callable[[pikepdf.Pdf], None] | None = None) -> bytes:
    """Return a PDF with a page for each content stream."""
    made = pikepdf.new()
    for content in contents or (b"",):
        made.add_blank_page(page_size=(595, 842))
        page = made.pages[-1]
        page.contents_add(content)
        page.obj["/Rotate"] = rotate
    if change:
        change(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def stamped(data: bytes, text: str = CODE, place: StampPlace | None = None) -> bytes:
    return stamp(data, text, place or StampPlace(), "x.pdf", attach=b"{}")


def black(left: int, bottom: int, width: int, height: int) -> bytes:
    return f"0 g {left} {bottom} {width} {height} re f\n".encode()


def other_code(left: int, bottom: int) -> bytes:
    return f"q 1 0 0 1 {left} {bottom} cm\n".encode() + qr_operators(OTHER, 80) + b"Q\n"


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("corner", [Corner.TOP_LEFT, Corner.BOTTOM_RIGHT])
def test_the_code_reads_at_each_corner_of_a_page_however_it_is_turned(corner: Corner, rotate: int) -> None:
    data = stamped(pdf(rotate=rotate), LONG, StampPlace(corner=corner))
    image = render_page(data, 0)
    assert codes_on(image) == [LONG]
    assert not image.is_blank(stamping._seen_box(image, corner, 25))


def test_the_same_arguments_give_the_same_bytes_at_another_time() -> None:
    data = pdf()
    first = stamped(data)
    time.sleep(1.1)  # a file id made from the clock has seconds
    assert stamped(data) == first
    assert stamped(data, LONG) != first


@pytest.mark.parametrize(
    "left_behind", [b"0.5 0 0 0.5 0 0 cm\n", b"1 0 0 1 -200 300 cm\n", b"q 2 0 0 2 0 0 cm\n"]
)
def test_the_code_stands_in_its_corner_whatever_state_the_page_leaves(left_behind: bytes) -> None:
    image = render_page(stamped(pdf(left_behind), LONG, StampPlace(corner=Corner.BOTTOM_RIGHT)), 0)

    assert codes_on(image) == [LONG]
    assert not image.is_blank(stamping._seen_box(image, Corner.BOTTOM_RIGHT, 25))


def test_the_code_is_drawn_and_the_certificate_attached_and_nothing_else_changes() -> None:
    with pikepdf.open(io.BytesIO(stamped(pdf(black(0, 0, 9, 9), black(9, 9, 9, 9))))) as made:
        assert len(made.pages) == 2
        assert made.attachments["certificate.json"].get_file().read_bytes() == b"{}"
        made.pages[0].contents_coalesce()
        assert made.pages[0].obj.Contents.read_bytes().strip() == black(0, 0, 9, 9).strip()


def test_without_a_corner_the_first_blank_one_is_taken() -> None:
    data = stamped(pdf(black(400, 0, 195, 200) + black(0, 0, 195, 200)))
    image = render_page(data, 0)
    assert not image.is_blank(stamping._seen_box(image, Corner.TOP_RIGHT, 25))
    assert image.is_blank(stamping._seen_box(image, Corner.TOP_LEFT, 25))


def test_a_page_without_room_is_refused_with_the_remedy() -> None:
    full = pdf(black(20, 20, 555, 802))
    white = pdf(b"0.9 g 0 0 595 842 re f\n" + black(30, 30, 20, 20))
    with pytest.raises(InvalidInput, match="no room for the code at bottom-right, bottom-left"):
        stamped(pdf(b"".join(black(x, y, 3, 3) for x in range(0, 595, 40) for y in range(0, 842, 40))))
    with pytest.raises(InvalidInput, match="name another page or corner"):
        stamped(white, place=StampPlace(corner=Corner.BOTTOM_LEFT))
    with pytest.raises(InvalidInput, match="no room"):
        stamped(full)


def test_a_code_that_is_there_already_stays_readable() -> None:
    data = stamped(pdf(other_code(495, 20)))
    assert sorted(codes_on(render_page(data, 0))) == sorted([OTHER, CODE])


def test_a_code_over_another_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("issuer.stamp_check.PageImage.is_blank", lambda *_: True)
    with pytest.raises(InvalidInput, match="another code suffers there"):
        stamped(pdf(other_code(500, 30)))


def test_a_code_that_cannot_be_read_back_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden(page: pikepdf.Page) -> None:
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Square, Rect=[400, 0, 595, 200], IC=[0, 0, 0]
        )
        page.obj.Annots = pikepdf.Array([note])

    covered = pdf(change=lambda made: hidden(made.pages[0]))
    monkeypatch.setattr("issuer.stamp_check.PageImage.is_blank", lambda *_: True)
    monkeypatch.setattr(stamping, "qr_operators", lambda *_: black(0, 0, 70, 70))
    with pytest.raises(InvalidInput, match="the code cannot be read back there"):
        stamped(covered)


def test_a_stamp_that_is_not_read_back_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def test() -> None:
        with pytest.MonkeyPatch.context() as patched:
            test_a_code_over_another_is_refused(patched)

    require_noticed(Control(stamping, "_require_readable", nothing, test), monkeypatch)


@pytest.mark.parametrize(("page", "pages"), [(3, 2), (-3, 2)])
def test_a_page_that_is_not_there_is_refused(page: int, pages: int) -> None:
    with pytest.raises(InvalidInput, match=f"it has {pages} pages"):
        stamped(pdf(*[b""] * pages), place=StampPlace(page=page))


def test_the_named_page_is_stamped_and_the_others_are_not() -> None:
    data = stamped(pdf(b"", b"", b""), place=StampPlace(page=2))
    assert [codes_on(render_page(data, i)) for i in range(3)] == [[], [CODE], []]


@pytest.mark.parametrize("size", [5, 19.9, 61, float("nan")])
def test_a_size_that_cannot_be_read_is_refused(size: float) -> None:
    with pytest.raises(InvalidInput, match="20.0 to 60.0 mm"):
        StampPlace(size_mm=size)


def test_a_page_in_another_unit_or_of_a_size_that_nobody_prints_is_refused() -> None:
    def unit(made: pikepdf.Pdf) -> None:
        made.pages[0].obj["/UserUnit"] = 2

    def huge(made: pikepdf.Pdf) -> None:
        made.pages[0].obj["/MediaBox"] = pikepdf.Array([0, 0, 14400, 14400])

    for change, message in ((unit, "in points"), (huge, "too large")):
        with pytest.raises(InvalidInput, match=message):
            stamped(pdf(change=change))


ODD_PAGES: dict[str, dict[str, object]] = {
    "three numbers": {"/CropBox": pikepdf.Array([0, 0, 5])},
    "a name for a number": {"/CropBox": pikepdf.Array([0, 0, pikepdf.Name("/a"), 5])},
    "no box": {"/CropBox": pikepdf.String("x")},
    "nothing of the page": {"/CropBox": pikepdf.Array([9000, 9000, 9500, 9500])},
    "turned by half": {"/Rotate": 45},
    "no unit": {"/UserUnit": pikepdf.String("x")},
}


@pytest.mark.parametrize("name", ODD_PAGES)
def test_a_page_that_is_not_understood_is_refused(name: str) -> None:
    def odd(made: pikepdf.Pdf) -> None:
        for member, value in ODD_PAGES[name].items():
            made.pages[0].obj[member] = value

    with pytest.raises(InvalidInput, match="is damaged|cannot be shown"):
        stamped(pdf(change=odd))


def attachments_in_a_ring(made: pikepdf.Pdf) -> None:
    ring = made.make_indirect(pikepdf.Dictionary())
    ring.Kids = pikepdf.Array([ring])
    made.Root.Names = pikepdf.Dictionary(EmbeddedFiles=ring)


def test_attachments_that_are_not_understood_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"x\.pdf: it is damaged"):
        stamped(pdf(change=attachments_in_a_ring))


# What is looked for before a file is taken at all.


def javascript(made: pikepdf.Pdf) -> None:
    made.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def nested_javascript(made: pikepdf.Pdf) -> None:
    action = pikepdf.Dictionary(
        S=pikepdf.Name.GoTo, Next=[pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="x")]
    )
    made.pages[0].obj["/AA"] = pikepdf.Dictionary(O=action)


def javascript_by_another_name(made: pikepdf.Pdf) -> None:
    made.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.Unknown, JS="app.alert(1)")


def launch(made: pikepdf.Pdf) -> None:
    note = pikepdf.Dictionary(Subtype=pikepdf.Name.Link, A=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="x"))
    made.pages[0].obj["/Annots"] = pikepdf.Array([made.make_indirect(note)])


def xfa(made: pikepdf.Pdf) -> None:
    made.Root.AcroForm = pikepdf.Dictionary(XFA=pikepdf.Array([]))


def movie(made: pikepdf.Pdf) -> None:
    made.pages[0].obj["/Annots"] = pikepdf.Array([pikepdf.Dictionary(Subtype=pikepdf.Name.Movie)])


@pytest.mark.parametrize(
    "change", [javascript, nested_javascript, javascript_by_another_name, launch, xfa, movie]
)
def test_a_pdf_that_can_change_what_is_seen_is_refused(change: Callable[[pikepdf.Pdf], None]) -> None:
    with pytest.raises(InvalidInput, match="which could change what is seen: print it") as refused:
        inspect_pdf(pdf(change=change), "x.pdf")
    assert refused.value.code == "pdf-active"


def encrypted(owner: str, user: str) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as made:
        made.save(out, encryption=pikepdf.Encryption(owner=owner, user=user))
    return out.getvalue()


def broken_metadata() -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as made:
        made.Root.Metadata = made.make_stream(b"no zlib", Filter=pikepdf.Name.FlateDecode)
        made.save(
            out, fix_metadata_version=False, compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
        )  # fmt: skip
    return out.getvalue()


UNUSABLE: dict[str, tuple[Callable[[], bytes], str]] = {
    "password": (lambda: encrypted("o", "u"), "pdf-encrypted"),
    "restricted only": (lambda: encrypted("o", ""), "pdf-encrypted"),
    "cut": (lambda: pdf()[:-200], "bad-pdf"),
    "no PDF": (lambda: b"<html>", "bad-pdf"),
    "only a head": (lambda: b"%PDF-1.7\n", "bad-pdf"),
    "too large": (lambda: b"%PDF-" + bytes(MAX_PDF_BYTES), "too-large"),
    "broken metadata": (broken_metadata, "bad-pdf"),
    "stamped before": (lambda: stamped(pdf()), "pdf-stamped"),
    "too many pages": (lambda: pdf(*[b""] * 501), "bad-pdf"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_pdf_is_refused(name: str) -> None:
    make, code = UNUSABLE[name]
    with pytest.raises(InvalidInput, match=r"x\.pdf: ") as refused:
        inspect_pdf(make(), "x.pdf")
    assert refused.value.code == code


def sealed(made: pikepdf.Pdf) -> None:
    value = made.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Sig, ByteRange=[0, 1, 2, 3], Contents=b"x")
    )
    field = made.make_indirect(pikepdf.Dictionary(FT=pikepdf.Name.Sig, T="seal", V=value))
    made.Root.AcroForm = pikepdf.Dictionary(Fields=[field], SigFlags=3)


def certified(made: pikepdf.Pdf) -> None:
    made.Root.Perms = pikepdf.Dictionary(DocMDP=made.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Sig)))


def byte_range_alone(made: pikepdf.Pdf) -> None:
    made.Root.Elsewhere = made.make_indirect(pikepdf.Dictionary(ByteRange=[0, 1, 2, 3], Contents=b"x"))


@pytest.mark.parametrize("change", [certified, byte_range_alone])
def test_a_signature_without_a_field_is_seen_too(change: Callable[[pikepdf.Pdf], None]) -> None:
    assert inspect_pdf(pdf(change=change), "x.pdf").signed


def test_a_signature_is_seen() -> None:
    assert inspect_pdf(pdf(change=sealed), "x.pdf").signed
    assert not inspect_pdf(pdf(), "x.pdf").signed


@pytest.mark.parametrize(("part", "takes"), [(1, False), (2, False), (3, True)])
def test_only_pdfa_that_allows_it_takes_an_attachment(part: int, takes: bool) -> None:
    def change(made: pikepdf.Pdf) -> None:
        with made.open_metadata() as metadata:
            metadata["pdfaid:part"] = str(part)
            metadata["pdfaid:conformance"] = "B"

    assert inspect_pdf(pdf(change=change), "x.pdf").takes_attachment is takes
