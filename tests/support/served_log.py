"""A log as files: what a registry serves, made from a log in memory, honest or not; in a folder or over HTTP."""

import functools
import http.server
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from certlog.canonical import canonicalize
from certlog.certificate_id import certificate_id
from certlog.documents import SecuredDocument
from certlog.status_list import PURPOSES, list_credential
from certlog.tiles import encode_bundle, hash_tile, tiles_of
from tests.support.loopback import serving
from tests.support.signing import ed25519
from tests.support.small_log import SmallLog


def write_log(log: SmallLog, folder: Path, documents: Sequence[SecuredDocument] = ()) -> Path:
    """Write checkpoint, tiles, bundles, lists and some documents of a log; return the folder."""
    entries = [canonicalize(entry.to_json()) for entry in log.entries]
    for tile in tiles_of(log.size):
        end = tile.start + tile.width
        content = (
            encode_bundle(entries[tile.start : end]) if tile.level is None else hash_tile(tile, log.tree.read)
        )
        put(folder, tile.path, content)
    write_lists(log, folder)
    for document in documents:
        put(folder, document_path(document), document.to_bytes())
    put(folder, "checkpoint", log.note().encode())
    return folder


def write_lists(log: SmallLog, folder: Path, signer: str = "list") -> None:
    """Write the served status lists, signed with the key of a label."""
    for number, pair in enumerate(log.lists):
        for purpose, bits in zip(PURPOSES, pair, strict=True):
            credential = list_credential(
                bits, origin=log.origin, purpose=purpose, number=number, signer=ed25519(signer), now=log.time
            )
            put(folder, f"status/{purpose}/{number}", canonicalize(credential))


def document_path(document: SecuredDocument) -> str:
    """Return where a certificate's document is served."""
    return f"api/v1/certificates/{certificate_id(document.document_hash)}/document"


def put(folder: Path, path: str, data: bytes) -> None:
    """Write one file."""
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(data)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free loopback port; yields its address."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body in one packet: else each answer waits for an acknowledgement

        def log_message(self, *_: object) -> None:
            return None

    handler = functools.partial(Handler, directory=str(folder))
    with serving(handler) as url:
        yield url
