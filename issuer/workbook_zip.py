"""The parts of a workbook: a ZIP file (PKWARE APPNOTE 6.3.10) that is opened only if it cannot flood its reader.

Another program will read the same file after this one, so a file that two readers could understand differently is
refused too: double or odd names, parts that overlap, sizes that are not true, anything before, between or after.
No name from the file is ever used as a path on disk.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from certlog.errors import InvalidInput
from certlog.sentences import Sentence

MAX_PARTS: Final = 1_000
MAX_INFLATED: Final = 256 * 1024 * 1024
"""All parts together, inflated: four times what 50,000 wide rows take."""
MAX_RATIO: Final = 100
"""Inflated to stored bytes of a part; spreadsheets of equal rows stay below 40."""
_SMALL: Final = 1024 * 1024
"""A part up to this size may have any ratio: an empty theme or style sheet packs very well."""
_MAX_NAME: Final = 200
_CHUNK: Final = 64 * 1024
_LOCAL_HEADER: Final = struct.Struct("<4s5H3I2H")
_END: Final = struct.Struct("<4s4H2IH")
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True, slots=True)
class _Part:
    info: zipfile.ZipInfo
    start: int


class WorkbookZip:
    """The parts of an open workbook file by name, each inflated in pieces and counted."""

    def __init__(self, file: BinaryIO) -> None:
        """Check the directory of the file, then inflate every part once, keeping nothing.

        Raises:
            InvalidInput: not a ZIP file, or one that floods, lies or could be read in two ways.
        """
        self._file = file
        self._parts = _directory(file)
        for name in self._parts:
            for _ in self.pieces(name):
                pass

    def names(self) -> tuple[str, ...]:
        """Return the names of all parts."""
        return tuple(self._parts)

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a part, and require at its end that its size and checksum are as declared."""
        part = self._parts.get(name)
        if part is None:
            raise _bad(Sentence("the part {name} is missing", name=name))
        declared, found, checksum = part.info.file_size, 0, 0
        for piece in _inflate(self._file, part):
            found += len(piece)
            if found > declared:
                raise _flood(
                    Sentence(
                        "{name} inflates to more than the declared {size} bytes", name=name, size=declared
                    )
                )
            checksum = zlib.crc32(piece, checksum)
            yield piece
        if found != declared or checksum != part.info.CRC:
            raise _bad(Sentence("{name} is not as long as declared, or damaged", name=name))


def _directory(file: BinaryIO) -> dict[str, _Part]:
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, struct.error, EOFError) as error:
        raise _bad(Sentence("not a readable ZIP file: {found}", found=error)) from error
    directory = _require_plain_end(file, len(infos))
    if len(infos) > MAX_PARTS:
        raise _flood(
            Sentence("expected at most {wanted} parts, found {found}", wanted=MAX_PARTS, found=len(infos))
        )
    total = sum(info.file_size for info in infos)
    if total > MAX_INFLATED:
        raise _flood(
            Sentence(
                "expected at most {wanted} bytes inflated, found {found}", wanted=MAX_INFLATED, found=total
            )
        )
    parts: dict[str, _Part] = {}
    seen: set[str] = set()
    free = 0
    for info in sorted(infos, key=lambda item: item.header_offset):
        _require_modest(info)
        if info.filename.casefold() in seen:
            raise _bad(Sentence("the part {name} is there twice", name=info.filename))
        seen.add(info.filename.casefold())
        start = _data_start(file, info)
        if info.header_offset < free or start + info.compress_size > directory:
            raise _bad(Sentence("the part {name} overlaps another", name=info.filename))
        free = start + info.compress_size
        parts[info.filename] = _Part(info, start)
    return parts


def _require_plain_end(file: BinaryIO, count: int) -> int:
    """Return where the directory begins; nothing may stand after it but its own end record."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END.size))
    record = file.read(_END.size)
    if len(record) < _END.size:
        raise _bad(Sentence("the end record is missing"))
    magic, disk, first_disk, here, entries, length, offset, comment = _END.unpack(record)
    plain = (magic, disk, first_disk, here, entries, comment) == (b"PK\x05\x06", 0, 0, count, count, 0)
    if not plain or offset + length + _END.size != size:
        raise _bad(Sentence("there are bytes before, between or after its parts, or a comment"))
    return int(offset)


def _require_modest(info: zipfile.ZipInfo) -> None:
    name = info.filename
    odd = "\\" in name or name.startswith("/") or ".." in name.split("/") or ":" in name
    if odd or not name.isprintable() or len(name) > _MAX_NAME or name != info.orig_filename:
        raise _bad(Sentence("a part has the odd name {name!r}", name=name[:_MAX_NAME]))
    if info.flag_bits & _ENCRYPTED:
        raise _bad(Sentence("the part {name} is encrypted; save the file without a password", name=name))
    if info.compress_type not in _METHODS:
        raise _bad(Sentence("the part {name} is packed in an unknown way", name=name))
    if info.file_size > _SMALL and info.file_size > MAX_RATIO * info.compress_size:
        raise _flood(
            Sentence(
                "{name} inflates {found} times, more than {wanted}",
                name=name,
                found=info.file_size // max(1, info.compress_size),
                wanted=MAX_RATIO,
            )
        )


def _data_start(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    file.seek(info.header_offset)
    header = file.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size:
        raise _bad(Sentence("the part {name} is cut off", name=info.filename))
    fields = _LOCAL_HEADER.unpack(header)
    name_length, extra_length = fields[9], fields[10]
    name = file.read(name_length)
    written = info.filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437", "replace")
    if fields[0] != b"PK\x03\x04" or fields[3] != info.compress_type or name != written:
        raise _bad(Sentence("the part {name} is not what the directory says", name=info.filename))
    return info.header_offset + _LOCAL_HEADER.size + int(name_length) + int(extra_length)


def _inflate(file: BinaryIO, part: _Part) -> Iterator[bytes]:
    """Yield inflated pieces of bounded size; the position is kept here, for several parts are read in turn."""
    position, left = part.start, part.info.compress_size
    if part.info.compress_type == zipfile.ZIP_STORED:
        while left:
            file.seek(position)
            piece = file.read(min(_CHUNK, left))
            if not piece:
                return
            position, left = position + len(piece), left - len(piece)
            yield piece
        return
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    waiting = b""
    while not inflater.eof:
        if not waiting:
            file.seek(position)
            waiting = file.read(min(_CHUNK, left))
            position, left = position + len(waiting), left - len(waiting)
        try:
            piece = inflater.decompress(waiting, _CHUNK)
        except zlib.error as error:
            raise _bad(
                Sentence("the part {name} is damaged: {found}", name=part.info.filename, found=error)
            ) from error
        if not piece and not waiting:
            return  # cut off: the caller misses bytes
        waiting = inflater.unconsumed_tail
        if piece:
            yield piece
    if left or inflater.unused_data:
        raise _bad(Sentence("the part {name} holds bytes after its end", name=part.info.filename))


def _bad(message: Sentence) -> InvalidInput:
    return InvalidInput(message, code="bad-workbook")


def _flood(message: Sentence) -> InvalidInput:
    return InvalidInput(message, code="workbook-too-large")
