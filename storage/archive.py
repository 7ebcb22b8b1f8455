"""The file that a backup is: a tar of named files behind a manifest with the length and SHA-256 of each.

Reading one trusts nothing: only the names that the reader asks for, only regular files, never more bytes than the
manifest says, and every hash is compared before anything is used.
"""

import hashlib
import io
import os
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final

from certlog.canonical import canonicalize
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, get_int, get_object, get_str, members, parse_canonical

MANIFEST: Final = "manifest.json"
VERSION: Final = 1

_MAX_MANIFEST: Final = 64 * 1024
_PIECE: Final = 1024 * 1024
_OWNER_ONLY: Final = 0o600
_PLAIN: Final = (tarfile.REGTYPE, tarfile.AREGTYPE)
"""Kinds of member that a backup has: no links, no devices, no files with holes."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a manifest says: when and of which log it was made, and the files in it as {name: (bytes, SHA-256)}."""

    origin: str
    made: str
    size: int
    files: Mapping[str, tuple[int, str]]

    def to_json(self) -> JSONObject:
        """Return the manifest."""
        files: JSONObject = {
            name: {"bytes": length, "sha256": digest} for name, (length, digest) in self.files.items()
        }
        return {"v": VERSION, "origin": self.origin, "made": self.made, "size": self.size, "files": files}

    @classmethod
    def from_json(cls, manifest: JSONObject) -> "Contents":
        """Read a manifest."""
        if (version := get_int(manifest, "v")) != VERSION:
            message = Sentence(
                "expected a backup of version {wanted}, found {found}", wanted=VERSION, found=version
            )
            raise InvalidInput(message, place="/v", code="other-version")
        members(manifest, required=frozenset({"v", "origin", "made", "size", "files"}))
        files: dict[str, tuple[int, str]] = {}
        for name in get_object(manifest, "files"):
            place = f"/files/{name}"
            entry = get_object(get_object(manifest, "files"), name, "/files")
            members(entry, required=frozenset({"bytes", "sha256"}), place=place)
            files[name] = (get_int(entry, "bytes", place), get_str(entry, "sha256", place))
        return cls(get_str(manifest, "origin"), get_str(manifest, "made"), get_int(manifest, "size"), files)


def write_archive(target: Path, files: Mapping[str, Path], *, origin: str, made: str, size: int) -> Contents:
    """Write a new archive, readable by its owner only; durable when this returns.

    Args:
        target: a file that does not exist.
        files: what to put in, by the name that it gets.
        origin: the log's origin.
        made: the time, for people.
        size: the number of log entries in it.

    Raises:
        InvalidInput: the target exists.
        Unavailable: it cannot be written; nothing is left.
    """
    # In the order in which the manifest has them: canonical JSON sorts.
    ordered = {name: files[name] for name in sorted(files)}
    contents = Contents(origin, made, size, {name: _measure(path) for name, path in ordered.items()})
    draft = target.with_name(f".{target.name}.new")
    try:
        if target.exists():
            message = Sentence("{path} exists; a backup is never written over another", path=target)
            raise InvalidInput(message, code="file-used")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            # Sizes beyond 8 GiB stand in the header itself: no extension headers are written, none are read.
            with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as tar:
                _add(tar, MANIFEST, io.BytesIO(data := canonicalize(contents.to_json())), len(data))
                for name, path in ordered.items():
                    with path.open("rb") as source:
                        _add(tar, name, source, contents.files[name][0])
            file.flush()
            os.fsync(file.fileno())
        draft.rename(target)
    except OSError as error:
        message = Sentence("cannot write {path}: {reason}", path=target, reason=error)
        raise Unavailable(message) from error
    finally:
        draft.unlink(missing_ok=True)
    return contents


def read_archive(source: Path, folder: Path, known: Sequence[str]) -> Contents:
    """Unpack an archive into a folder that is the caller's own and empty; every file is complete and unaltered.

    Args:
        source: the archive.
        folder: where its files go, under their names.
        known: the only names that may stand in it.

    Raises:
        InvalidInput: it is no backup, holds another name, or a file is not what the manifest says.
        Unavailable: it cannot be read.
    """
    try:
        with source.open("rb") as tar:
            contents = _read_manifest(tar, source)
            if unknown := sorted(set(contents.files) - set(known)):
                message = Sentence("{path}: a backup holds no {name!r}", path=source, name=unknown[0])
                raise InvalidInput(message, code="not-a-backup")
            for name, (length, digest) in contents.files.items():
                _unpack(tar, name, folder / name, length, digest)
    except FileNotFoundError as error:
        raise InvalidInput(Sentence("{path} does not exist", path=source), code="not-readable") from error
    except tarfile.TarError as error:
        message = Sentence("{path} is not a backup, or not a whole one: {error}", path=source, error=error)
        raise InvalidInput(message, code="not-a-backup") from error
    except OSError as error:
        message = Sentence("cannot read {path}: {reason}", path=source, reason=error)
        raise Unavailable(message) from error
    return contents


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def _add(tar: tarfile.TarFile, name: str, source: IO[bytes], length: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = length
    entry.mode = _OWNER_ONLY
    tar.addfile(entry, source)


def _next(tar: BinaryIO, name: str) -> int:
    """Go to the archive's next file, which must be a plain one of this name; return its length.

    Headers are read one by one: what tarfile would follow beside them (links, holes, extension headers with a length
    of their own) is refused unread.
    """
    entry = tarfile.TarInfo.frombuf(tar.read(tarfile.BLOCKSIZE), tarfile.ENCODING, "surrogateescape")
    if entry.type not in _PLAIN or entry.name != name or entry.size < 0:
        message = Sentence("expected the file {name!r} next, found {found!r}", name=name, found=entry.name)
        raise InvalidInput(message, code="not-a-backup")
    return entry.size


def _read_manifest(tar: BinaryIO, source: Path) -> Contents:
    length = _next(tar, MANIFEST)
    data = tar.read(min(length, _MAX_MANIFEST + 1))
    tar.seek(-length % tarfile.BLOCKSIZE, os.SEEK_CUR)
    try:
        return Contents.from_json(parse_canonical(data, max_bytes=_MAX_MANIFEST))
    except InvalidInput as error:
        message = Sentence("{path}: its manifest cannot be read: {error}", path=source, error=error)
        raise InvalidInput(message, code="not-a-backup") from error


def _unpack(tar: BinaryIO, name: str, target: Path, length: int, wanted: str) -> None:
    digest, found = hashlib.sha256(), _next(tar, name)
    left = length if found == length else 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        while left and (piece := tar.read(min(_PIECE, left))):
            file.write(piece)
            digest.update(piece)
            left -= len(piece)
    if found != length or left or digest.hexdigest() != wanted:
        message = Sentence(
            "{name} is damaged: it is not what the manifest says; use another backup", name=name
        )
        raise InvalidInput(message, code="damaged-backup")
    tar.seek(-length % tarfile.BLOCKSIZE, os.SEEK_CUR)
