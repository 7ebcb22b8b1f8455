"""Styles, fonts, pictures and one script: read once at start, compressed once, named by their content.

A link carries the first characters of the file's hash (`?v=`), and such an answer may be kept for a year: a changed
file has a changed link. Nothing outside the folder can be reached, since only names found at start are served.
"""

import gzip
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from flask import Flask, Response, abort, request, url_for

from certlog.digests import sha256

COMPRESSIBLE: Final = frozenset({".css", ".js", ".svg", ".txt"})
TYPES: Final = {".woff2": "font/woff2", ".svg": "image/svg+xml", ".css": "text/css", ".js": "text/javascript"}
A_YEAR: Final = "public, max-age=31536000, immutable"
A_WHILE: Final = "public, max-age=3600"
_VERSION_LENGTH: Final = 12


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    data: bytes
    compressed: bytes | None
    media_type: str
    version: str


@cache
def read_assets(folder: Path) -> Mapping[str, Asset]:
    """Read every file below a folder, once a process; names are relative, with forward slashes."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): _read(path) for path in paths}


def install_assets(app: Flask, folder: Path) -> None:
    """Serve the folder under /static/ and give templates `asset(name)`."""
    assets = read_assets(folder)

    def static(filename: str) -> Response:
        return _answer(assets, filename)

    def asset(name: str) -> str:
        found = assets.get(name)
        return url_for("static", filename=name, v=found.version if found else None)

    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=static)
    app.jinja_env.globals["asset"] = asset


def _read(path: Path) -> Asset:
    data = path.read_bytes()
    # mtime=0: every worker makes the same bytes.
    compressed = gzip.compress(data, 9, mtime=0) if path.suffix in COMPRESSIBLE else None
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(data, compressed, TYPES.get(path.suffix, guessed), sha256(data).hex()[:_VERSION_LENGTH])


def _answer(assets: Mapping[str, Asset], name: str) -> Response:
    found = assets.get(name)
    if found is None:
        abort(404)
    small = found.compressed is not None and request.accept_encodings["gzip"] > 0
    response = Response(found.compressed if small else found.data, mimetype=found.media_type)
    if found.compressed is not None:
        response.headers["Vary"] = "Accept-Encoding"
    if small:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = A_YEAR if request.args.get("v") == found.version else A_WHILE
    response.set_etag(f"{found.version}-gz" if small else found.version)
    response.make_conditional(request)
    return response
