"""The small file that remembers the last head ever signed: compare-and-swap, outside every backup.

A database restored from a backup has forgotten heads that verifiers hold; signing on from it would make two
histories (Venafi 2017). This file cannot be restored with it, so the publisher notices and stops.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from certlog.canonical import canonicalize
from certlog.digests import RootHash, digest_from_text
from certlog.encoding import b64url
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.strict_json import get_int, get_str, members, parse_object

_MAX_BYTES: Final = 1024
_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A tree size and its root hash."""

    size: int
    root: RootHash


class SigningHalted(Unavailable):
    """The last signed head and the stored log do not fit: nothing is signed until a person has looked."""


class LastSignedHeadFile:
    """One origin's file. Every change is made under an exclusive lock on a file beside it."""

    def __init__(self, path: Path, origin: str) -> None:
        """Remember the place; nothing is opened yet."""
        self.path: Final = path
        self._origin = origin
        self._lock_path = path.with_suffix(".lock")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the exclusive lock: one signer at a time, across processes."""
        try:
            descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
        except OSError as error:
            message = Sentence("cannot open {lock_path}: {reason}", lock_path=self._lock_path, reason=error)
            raise Unavailable(message) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def create(self, head: SignedHead) -> None:
        """Make the file; an existing one is never overwritten.

        Raises:
            SigningHalted: the file exists.
        """
        with self.locked():
            if self.path.exists():
                message = Sentence(
                    "{path} exists; it is only replaced by signing, or by `certlog registry reseed-head`",
                    path=self.path,
                )
                raise SigningHalted(message)
            self._write(head)

    def read(self) -> SignedHead:
        """Return the last signed head.

        Raises:
            SigningHalted: the file is missing, damaged or of another log.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError as error:
            message = Sentence(
                "{path} is lost, so nothing is signed. Find the highest head that anyone holds "
                "(the chain, cosigners, mirrors) and name it with `certlog registry reseed-head` "
                "and --chain, --checkpoint, or --size and --root",
                path=self.path,
            )
            raise SigningHalted(message) from error
        except OSError as error:
            message = Sentence("cannot read {path}: {reason}", path=self.path, reason=error)
            raise Unavailable(message) from error
        return self._parse(data)

    def swap(self, expected: SignedHead, new: SignedHead) -> None:
        """Replace `expected` by `new`, durably, when this returns. The caller holds the lock.

        Raises:
            SigningHalted: the file says something else than `expected`.
        """
        found = self.read()
        if found != expected:
            message = Sentence(
                "{path}: expected size {size} {root}, found {show}",
                path=self.path,
                size=expected.size,
                root=expected.root.hex(),
                show=_show(found),
            )
            raise SigningHalted(message)
        self._write(new)

    def reseed(self, head: SignedHead) -> None:
        """Write the file from what a person found out; only ever forward.

        Raises:
            SigningHalted: the file says that a larger tree, or another one of this size, has been signed.
        """
        with self.locked():
            if self.path.exists():
                found = self.read()
                if found.size > head.size or (found.size == head.size and found != head):
                    message = Sentence(
                        "{path} says {show}; a head is only ever replaced by a larger one",
                        path=self.path,
                        show=_show(found),
                    )
                    raise SigningHalted(message)
            self._write(head)

    def _parse(self, data: bytes) -> SignedHead:
        try:
            obj = members(parse_object(data, max_bytes=_MAX_BYTES), required=("origin", "size", "root"))
            origin = get_str(obj, "origin")
            head = SignedHead(get_int(obj, "size"), RootHash(digest_from_text(get_str(obj, "root"))))
        except InvalidInput as error:
            message = Sentence(
                "{path} is damaged ({error}), so nothing is signed; see `certlog registry reseed-head`",
                path=self.path,
                error=error,
            )
            raise SigningHalted(message) from error
        if origin != self._origin:
            message = Sentence(
                "{path}: expected origin {origin!r}, found {found!r}",
                path=self.path,
                origin=self._origin,
                found=origin,
            )
            raise SigningHalted(message)
        return head

    def _write(self, head: SignedHead) -> None:
        data = canonicalize({"origin": self._origin, "size": head.size, "root": b64url(head.root)})
        draft = self.path.with_suffix(".new")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            message = Sentence("cannot write {path}: {reason}", path=self.path, reason=error)
            raise Unavailable(message) from error


def _show(head: SignedHead) -> str:
    return f"size {head.size} {head.root.hex()}"


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable (POSIX promises it only once the folder is synced)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
