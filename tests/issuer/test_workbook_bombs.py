"""Workbooks made to flood their reader or to be understood in two ways: refused, in bounded memory and time."""

import functools
import io
import os
import random
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

import issuer.ods_marks
import issuer.workbook
import issuer.workbook_marks
import issuer.workbook_xml
import issuer.workbook_zip
import issuer.xlsx_marks
from certlog.errors import InvalidInput
from issuer.input_file import InputFile
from issuer.problems import RowProblem
from issuer.spreadsheet import read_spreadsheet
from issuer.workbook_marks import SheetMarks
from issuer.workbook_zip import WorkbookZip
from tests.support.controls import Control, nothing, require_noticed
from tests.support.deep import cases
from tests.support.refusals import SAID
from tests.support.sheets import HEADINGS, good_row, one_sheet, repacked, worksheet
from tools.spreadsheets import OdsXml, ods_bytes, zip_bytes

ROOT = Path(__file__).parents[2]
GOOD = one_sheet([good_row(1)])
ODS = ods_bytes({"Giấy": [HEADINGS, good_row(1)]})
ZEROS = bytes(8 * 1024 * 1024)


def refusal(data: bytes) -> RowProblem:
    problems = read_spreadsheet(InputFile.of_bytes(data)).problems
    assert [problem.place.row for problem in problems] == [0]
    return problems[0]


def cell(name: str, value: str = "1") -> str:
    return f'<c r="{name}"><v>{value}</v></c>'


def rows(*lines: str) -> bytes:
    return worksheet("".join(f'<row r="{i}">{line}</row>' for i, line in enumerate(lines, start=1)))


FAR = worksheet(f'<row r="1">{cell("A1")}</row><row r="1048576">{cell("XFD1048576")}</row>')


def ods_row(rows: int, columns: int, more: str = "") -> OdsXml:
    """Return a row that stands for many, of a cell that stands for many."""
    repeated = f'table:number-columns-repeated="{columns}" office:value-type="float" office:value="1" {more}'
    return OdsXml(
        f'<table:table-row table:number-rows-repeated="{rows}"><table:table-cell {repeated}/></table:table-row>'
    )


def ods_spaces(count: str) -> OdsXml:
    """Return a row whose cell says with one tag how many spaces it holds."""
    text = f'<text:p>a<text:s text:c="{count}"/>b</text:p>'
    return OdsXml(
        f'<table:table-row><table:table-cell office:value-type="string">{text}</table:table-cell></table:table-row>'
    )


def in_zip(
    change: Callable[[bytearray, zipfile.ZipInfo], None], part: str = "xl/worksheets/sheet1.xml"
) -> bytes:
    """Return the good workbook after a change to its bytes; the change gets the part's directory entry."""
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        info = archive.getinfo(part)
    data = bytearray(GOOD)
    change(data, info)
    return bytes(data)


def directory_entry(data: bytearray, info: zipfile.ZipInfo) -> int:
    """Return where the directory speaks of a part."""
    return data.index(info.filename.encode(), data.index(b"PK\x01\x02")) - 46


def lie_about_size(data: bytearray, info: zipfile.ZipInfo) -> None:
    struct.pack_into("<I", data, directory_entry(data, info) + 24, info.file_size + 1)


def lie_about_method(data: bytearray, info: zipfile.ZipInfo) -> None:
    struct.pack_into("<H", data, directory_entry(data, info) + 10, zipfile.ZIP_STORED)


def overlap(data: bytearray, info: zipfile.ZipInfo) -> None:
    struct.pack_into("<I", data, directory_entry(data, info) + 20, info.compress_size + 40)


def encrypt(data: bytearray, info: zipfile.ZipInfo) -> None:
    struct.pack_into("<H", data, directory_entry(data, info) + 8, 1)


def spoil(data: bytearray, info: zipfile.ZipInfo) -> None:
    data[info.header_offset + 30 + len(info.filename) + 20] ^= 0xFF


def add_comment(data: bytearray, _info: zipfile.ZipInfo) -> None:
    struct.pack_into("<H", data, len(data) - 2, 3)
    data += b"abc"


def put_before(data: bytearray, _info: zipfile.ZipInfo) -> None:
    data[:0] = b"PK\x03\x04 another file"


def twice(name: str) -> bytes:
    buffer = io.BytesIO(GOOD)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), "<a/>")
    return buffer.getvalue()


LIES = {
    "a size that is not true": in_zip(lie_about_size),
    "a method that is not true": in_zip(lie_about_method),
    "parts that overlap": in_zip(overlap),
    "an encrypted part": in_zip(encrypt),
    "damaged bytes": in_zip(spoil),
    "a comment at the end": in_zip(add_comment),
    "another file before": in_zip(put_before),
    "a part twice, in capitals": twice("XL/Workbook.xml"),
    "a part outside": twice("../workbook.xml"),
    "a part with an absolute path": twice("/xl/extra.xml"),
    "a part with backslashes": twice("xl\\extra.xml"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_zip_file_that_two_readers_could_understand_differently_is_refused(name: str) -> None:
    found = refusal(LIES[name])

    assert (found.code, SAID[name] in found.text("en")) == ("bad-workbook", True)


NAMES = b"".join(b'<definedName name="n%d">%d</definedName>' % (i, i) for i in range(250_000))
BOMBS = {
    "a part that inflates 1,000 times": repacked(GOOD, bomb=ZEROS),
    "a part that is declared as gigabytes": in_zip(
        lambda data, info: struct.pack_into("<I", data, directory_entry(data, info) + 24, 2**32 - 2)
    ),
    "very many parts": repacked(GOOD, **{f"p{i}": b"" for i in range(1001)}),
    "a cell in the last corner": repacked(GOOD, sheet1=FAR),
    "one text shared by very many cells": repacked(
        GOOD,
        sharedStrings=b"<sst><si><t>" + b"x" * 32_000 + b"</t></si></sst>",
        sheet1=rows(*['<c t="s"><v>0</v></c>' * 20] * 100),
    ),
    "very many shared texts": repacked(GOOD, sharedStrings=b"<sst>" + b"<si/>" * 2_000_001 + b"</sst>"),
    "very many names": repacked(GOOD, workbook=b"<workbook>" + NAMES + b"</workbook>"),
    "an ODS formula that is repeated": ods_bytes({"A": [ods_row(1_000, 1_000, 'table:formula="=%s"' % ("1+" * 100))]}),
    "ODS rows that are repeated": ods_bytes({"A": [ods_row(1_000_000, 1_000)]}),
    "an ODS cell that is repeated two milliard times": ods_bytes({"A": [ods_row(1, 2**31 - 1)]}),
    "many ODS sheets, each just small enough": ods_bytes({str(i): [ods_row(999_999, 2)] for i in range(3)}),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_what_would_flood_memory_is_refused_before_it_is_read(name: str) -> None:
    begun = time.process_time()

    found = refusal(BOMBS[name])

    assert (found.code, SAID[name] in found.text("en")) == ("workbook-too-large", True)
    assert time.process_time() - begun < 6


LONG = os.urandom(1024 * 1024).hex().encode()
ENTITIES = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>'
XML = {
    "a DOCTYPE in the sheet": repacked(GOOD, sheet1=ENTITIES + rows(cell("A1", "&c;")).partition(b"?>")[2]),
    "a DOCTYPE in UTF-16": repacked(GOOD, sheet1=(ENTITIES + b"<worksheet/>").decode().encode("utf-16")),
    "another encoding": repacked(GOOD, sheet1=b'<?xml version="1.0" encoding="utf-7"?><worksheet/>'),
    "an external entity": repacked(GOOD, workbook=b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><workbook/>'),
    "tags nested deeply": repacked(GOOD, sheet1=b"<a>" * 65 + b"</a>" * 65),
    "a tag of two megabytes": repacked(GOOD, sheet1=b'<worksheet a="' + LONG + b'"/>'),
    "a text of two megabytes": repacked(GOOD, sheet1=b"<a>" + LONG + b"</a>"),
    "not XML": repacked(GOOD, sheet1=b"<worksheet>"),
    "rows out of order": repacked(GOOD, sheet1=worksheet('<row r="2"/><row r="1"/>')),
    "cells out of order": repacked(GOOD, sheet1=rows(cell("B1") + cell("A1"))),
    "a cell in another row": repacked(GOOD, sheet1=rows(cell("A2"))),
    "a cell beyond the last column": repacked(GOOD, sheet1=rows(cell("XFE1"))),
    "a cell with no name": repacked(GOOD, sheet1=rows(cell("Ä1"))),
    "very many merged cells": repacked(GOOD, sheet1=worksheet("", '<mergeCell ref="A1:B2"/>' * 1001)),
    "very many hidden columns": repacked(GOOD, sheet1=worksheet("", '<col min="1" max="1" hidden="1"/>' * 1001)),
    "very many styles": repacked(GOOD, styles=b"<a><cellXfs>" + b"<xf/>" * 65_536 + b"</cellXfs></a>"),
    "a text that is not there": repacked(GOOD, sheet1=rows('<c r="A1" t="s"><v>999999</v></c>')),
    "a cell of 40,000 characters": repacked(GOOD, sheet1=rows(f'<c r="A1" t="str"><v>{"x" * 40_000}</v></c>')),
    "an ODS table inside a cell": ods_bytes({"A": [[OdsXml("<table:table-cell><table:table/></table:table-cell>")]]}),
    "an ODS cell of two milliard spaces": ods_bytes({"A": [ods_spaces("2000000000")]}),
    "an ODS cell of more spaces than there are addresses": ods_bytes({"A": [ods_spaces("9" * 30)]}),
    "an ODS repetition that is no number": ods_bytes(
        {"A": [OdsXml('<table:table-row table:number-rows-repeated="-1"/>')]}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", XML)
def test_xml_that_no_spreadsheet_program_writes_is_refused(name: str) -> None:
    found = refusal(XML[name])

    assert (found.code, SAID[name] in found.text("en")) == ("bad-workbook", True)


def test_a_sheet_may_declare_any_size_and_hold_formatted_cells_far_away() -> None:
    declared = worksheet(
        '<row r="1">' + cell("A1") + '</row><row r="1048576"><c r="XFD1048576" s="0"/></row>',
        '<dimension ref="A1:XFD1048576"/>',
    )

    assert (
        refusal(repacked(GOOD, sheet1=declared)).code == "no-sheet"
    )  # read, and has no heading that is known


def test_a_cell_that_the_two_readers_see_differently_ends_the_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(issuer.xlsx_marks.XlsxMarks, "marks", lambda *_: SheetMarks())

    assert "two readers differ" in refusal(GOOD).text("en")


_MEASURE = """
import resource, sys, pathlib
from tests.support.memory import peak_megabytes
from issuer.input_file import InputFile
from issuer.spreadsheet import read_spreadsheet
problems = read_spreadsheet(InputFile.at(pathlib.Path(sys.argv[1]))).problems
print(peak_megabytes(), resource.getrusage(resource.RUSAGE_SELF).ru_utime)
print(*(problem.code for problem in problems))
"""


@pytest.mark.parametrize("name", ["nested", "shared", "inflating", "wide"])
def test_bombs_stay_below_300_megabytes_and_half_a_minute(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(make_bomb(name))

    run = [sys.executable, "-c", _MEASURE, str(path)]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)

    measured, _, codes = done.stdout.partition("\n")
    megabytes, seconds = map(float, measured.split())
    assert codes.strip() == "workbook-too-large"
    assert megabytes < 300
    assert seconds < 30


def make_bomb(name: str) -> bytes:
    match name:
        case "nested":  # 250 parts of 10 MB share one stream, as in the file known as 42.zip made flat
            return overlapping(250, 10_000_000)
        case "shared":  # 2 milliard characters in 120 kB
            texts = b"<sst><si><t>" + b"x" * 32_000 + b"</t></si></sst>"
            return repacked(GOOD, sharedStrings=texts, sheet1=rows(*['<c t="s"><v>0</v></c>' * 50] * 1250))
        case "inflating":  # a header that says 1,000 bytes before a gigabyte
            return lying(1_000, 1_000_000_000)
        case _:
            return repacked(GOOD, sheet1=FAR)


def lying(declared: int, real: int) -> bytes:
    """Return a workbook with a part that holds more than it declares."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    stream = block * (real // 1_000_000) + packer.flush()
    data = repacked(GOOD, bomb=b"")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
    last = infos[-1]
    start = last.header_offset + 30 + len(last.filename)
    directory = bytearray(data[data.index(b"PK\x01\x02") :])
    at = directory.index(last.filename.encode()) - 46
    struct.pack_into("<II", directory, at + 20, len(stream), declared)
    struct.pack_into("<I", directory, len(directory) - 6, start + len(stream))
    return data[:start] + stream + bytes(directory)


def overlapping(count: int, size: int) -> bytes:
    """Return a ZIP file whose parts are all the same bytes."""
    data = repacked(GOOD, bomb=bytes(size))
    begin = data.index(b"PK\x01\x02")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
    directory = data[begin:-22]
    entry = directory[directory.index(infos[-1].filename.encode()) - 46 :]
    entries = directory + entry * count
    total = len(infos) + count
    return (
        data[:begin]
        + entries
        + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, total, total, len(entries), begin, 0)
    )


def test_parts_that_reach_into_the_next_are_refused() -> None:
    assert "overlaps another" in refusal(LIES["parts that overlap"]).text("en")


def test_parts_that_are_the_same_bytes_are_refused() -> None:
    assert refusal(overlapping(2, 1_000)).code == "bad-workbook"


@pytest.mark.parametrize(
    ("holder", "name", "defect", "bomb"),
    [
        (issuer.workbook_zip, "_require_modest", nothing, BOMBS["a part that inflates 1,000 times"]),
        (issuer.workbook_zip, "MAX_PARTS", 10_000, BOMBS["very many parts"]),
        (issuer.workbook_xml, "_refuse_doctype", nothing, XML["a DOCTYPE in the sheet"]),
        (issuer.workbook_xml, "MAX_DEPTH", 100, XML["tags nested deeply"]),
        (issuer.workbook_zip, "_require_plain_end", lambda *_: 10**9, LIES["a comment at the end"]),
    ],
)
def test_each_bound_is_noticed_when_it_is_gone(
    monkeypatch: pytest.MonkeyPatch, holder: object, name: str, defect: object, bomb: bytes
) -> None:
    def refused() -> None:
        assert refusal(bomb).code in ("bad-workbook", "workbook-too-large")

    require_noticed(Control(holder, name, defect, refused), monkeypatch)


def test_the_bound_of_shared_texts_is_noticed_when_it_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        assert refusal(BOMBS["one text shared by very many cells"]).code == "workbook-too-large"

    boundless = functools.partial(issuer.workbook_marks.Extent, 10**12, 10**12)
    require_noticed(Control(issuer.xlsx_marks, "Extent", boundless, refused), monkeypatch)


def test_spaces_that_are_not_counted_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    # Enough to be refused, few enough to be held by a reader that does not count them.
    bomb = ods_bytes({"A": [ods_spaces("40000")]})

    def refused() -> None:
        assert "holds more than" in refusal(bomb).text("en")

    require_noticed(Control(issuer.ods_marks._ContentReader, "_lengthen", nothing, refused), monkeypatch)


def test_a_part_is_counted_while_it_inflates_whatever_its_header_says() -> None:
    with pytest.raises(InvalidInput, match="inflates to more than the declared 1000 bytes"):
        WorkbookZip(io.BytesIO(lying(1_000, 2_000_000)))


def damaged(seed: int) -> bytes:
    """Return a workbook of either kind with a few bytes of its XML changed, packed again."""
    chance = random.Random(seed)
    original = GOOD if seed % 2 else ODS
    with zipfile.ZipFile(io.BytesIO(original)) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    name = chance.choice([name for name in parts if name.endswith((".xml", ".rels"))])
    data = bytearray(parts[name])
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data))
        if chance.random() < 0.5:
            data[at] = chance.choice(b'<>/="019ArstXc\x00\xff')
        else:
            other = chance.randrange(len(data))
            data[at:at] = data[other : other + chance.randint(1, 60)]
    return zip_bytes(parts | {name: bytes(data)})


@pytest.mark.parametrize("seed", range(cases(60)))
def test_a_damaged_workbook_is_read_or_refused_and_never_ends_the_program(seed: int) -> None:
    table = read_spreadsheet(InputFile.of_bytes(damaged(seed)))

    assert table.problems or list(table.rows)
