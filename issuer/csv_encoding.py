"""Which encoding and separator a CSV file has: decided from its mark or by what must be true of it, never by chance.

UTF-8 is required to be valid throughout; UTF-16 needs its byte order mark. The Vietnamese code page of Windows
(cp1258) has no mark: it is assumed only if a heading then is one that we know, letter by letter, with the tone marks
apart that only this code page has; and the person is told. Others (VISCII, TCVN3, VNI) are refused with the remedy.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from issuer.columns import fold
from issuer.input_file import InputFile

SEPARATORS: Final = (",", ";", "\t")
_CHUNK: Final = 256 * 1024
_HEADING_BYTES: Final = 64 * 1024
_VIETNAMESE: Final = "cp1258"
_STATED: Final = re.compile(r'"?sep=([,;\t|])"?\s*', re.IGNORECASE)
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class CsvForm:
    """How a CSV file is written.

    Attributes:
        encoding: a codec of Python.
        separator: between cells.
        hint: the first line is `sep=…`, which spreadsheets obey and do not show.
        guessed: the encoding has no mark and was concluded from the headings.
    """

    encoding: str
    separator: str
    hint: bool = False
    guessed: bool = False


def find_encoding(file: InputFile, known: Mapping[str, object], headings: frozenset[str]) -> tuple[str, int]:
    """Return the encoding and -1, or "" and the position of the first byte that no encoding explains.

    Args:
        file: the file.
        known: headings as fold() leaves them.
        headings: the same as people write them, in lower case and NFC, accents kept.
    """
    head = file.head(_HEADING_BYTES)
    encoding = next((codec for mark, codec in _MARKS if head.startswith(mark)), "utf-8")
    position = _first_fault(file, encoding)
    if position < 0:
        # A NUL is text to UTF-8, but only UTF-16 without its mark has them.
        nul = head.find(b"\x00") if encoding.startswith("utf-8") else -1
        return ("", nul) if nul >= 0 else (encoding, -1)
    if encoding == "utf-8" and _is_vietnamese(head, known, headings) and _first_fault(file, _VIETNAMESE) < 0:
        return _VIETNAMESE, -1
    return "", position


def find_separator(first_lines: str, known: Mapping[str, object]) -> tuple[str, bool]:
    """Return the separator under which the headings are known, and whether a `sep=` line says so itself."""
    line = first_lines.partition("\n")[0]
    if stated := _STATED.fullmatch(line):
        return stated[1], True
    # Known headings decide; where there are none, the separator that occurs most, for the message's sake.
    return max(SEPARATORS, key=lambda mark: (_count_known(first_lines, mark, known), line.count(mark))), False


def letters_lost(headings: list[str], names: frozenset[str]) -> bool:
    """Tell whether headings would be ours but for letters that a program saved as question marks."""
    lost = {
        "".join(letter if letter.isascii() else "?" for letter in name)
        for name in names
        if not name.isascii()
    }
    return any("?" in heading and heading.strip().lower() in lost for heading in headings)


def _count_known(text: str, separator: str, known: Mapping[str, object]) -> int:
    try:
        cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
    except csv.Error:
        return 0
    return sum(fold(cell) in known for cell in cells)


def _is_vietnamese(head: bytes, known: Mapping[str, object], headings: frozenset[str]) -> bool:
    """Tell whether a heading is ours and has a tone mark of its own, which no other Vietnamese code page writes."""
    text = head.decode(_VIETNAMESE, "replace").replace("\r\n", "\n").replace("\r", "\n")
    separator, hint = find_separator(unicodedata.normalize("NFC", text), known)
    first = text.partition("\n")[2] if hint else text
    cells = next(csv.reader(io.StringIO(first, newline=""), delimiter=separator), [])
    return any(
        any(map(unicodedata.combining, cell))
        and unicodedata.normalize("NFC", cell).strip().lower() in headings
        for cell in cells
    )


def _first_fault(file: InputFile, encoding: str) -> int:
    """Return the position of the first bytes that are not in an encoding, or -1; nothing is kept."""
    with file.open() as stream:
        return _decode_all(stream, codecs.getincrementaldecoder(encoding)())


def _decode_all(stream: BinaryIO, decoder: codecs.IncrementalDecoder) -> int:
    position = 0
    while True:
        piece = stream.read(_CHUNK)
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            return position - waiting + error.start
        if not piece:
            return -1
        position += len(piece)
