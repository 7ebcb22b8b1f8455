"""Small answers that pages and API share: JSON, downloads, and how long each may be kept."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

FOR_EVER: Final = "public, max-age=31536000, immutable"
"""For what is named by its own content or position and can never change."""
A_MOMENT: Final = "public, max-age=15"
"""For verdicts: a withdrawal must show as soon as it is logged."""
ASK_AGAIN: Final = "no-cache"
NOT_KEPT: Final = "no-store"


def json_response(document: Mapping[str, object], *, cache: str, status: int = HTTPStatus.OK) -> Response:
    """Answer with JSON; Vietnamese stays readable."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False)
    response = Response(text + "\n", status=status, mimetype="application/json")
    return kept(response, cache) if status == HTTPStatus.OK else with_cache(response, cache)


def download(data: bytes, name: str, *, cache: str) -> Response:
    """Answer with a JSON file that browsers save."""
    response = Response(data, mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return kept(response, cache)


def sealed_octets(data: bytes) -> Response:
    """Answer with sealed content, which never changes."""
    return kept(Response(data, mimetype="application/octet-stream"), FOR_EVER)


def kept(response: Response, cache: str) -> Response:
    """Say how long an answer may be kept, and do not send again what the client has."""
    with_cache(response, cache)
    if cache != NOT_KEPT:
        response.add_etag()
        response.make_conditional(request)
    return response


def with_cache(response: Response, cache: str) -> Response:
    """Say how long an answer may be kept."""
    response.headers["Cache-Control"] = cache
    return response


def sends(media_type: str, description: str) -> dict[int | str, Any]:
    """Describe, for OpenAPI, a 200 answer whose body is not a model of ours."""
    return {200: {"description": description, "content": {media_type: {}}}}
