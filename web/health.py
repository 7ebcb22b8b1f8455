"""/healthz: is this process able to answer, and how old is what it answers from.

It says nothing secret and asks no chain. A registry whose worker is down, or may not sign, still answers; the ages
tell: entries wait for a signed head about a second, and for ever once the signing has stopped.
"""

from typing import Final

from flask import Blueprint, Response, current_app
from flask.typing import ResponseReturnValue

from certlog.errors import Unavailable
from web.responses import NOT_KEPT, json_response
from web.services import Services

health: Final = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Answer 200 while the log can be read, else 503."""
    services: Services = current_app.extensions["certlog"]
    try:
        size = services.log.head().size
        waiting = services.log.waiting()
        polls = services.anchors.polls()
    except Unavailable:
        return _answer({"status": "unavailable"}, 503)
    tiles = _tiles(services)
    read = [poll.read_at for poll in polls if poll.read_at is not None]
    age = max(0, services.now() - max(read)) if read else None
    return _answer(
        {
            "status": "ok",
            "logSize": size,
            "unsigned": waiting.count,
            "unsignedSeconds": 0 if waiting.since is None else max(0, services.now() - waiting.since),
            "tiles": tiles,
            "chainReadSecondsAgo": age,
            "anchoringHalted": any(poll.halted for poll in polls),
        }
    )


def _tiles(services: Services) -> str:
    """Tell whether the published tiles can be read. Issuing and pages go on without; new heads wait."""
    try:
        services.log.require_tiles()
    except Unavailable as error:
        current_app.logger.warning("tiles: %s", error)
        return "unavailable"
    return "ok"


def _answer(document: dict[str, object], status: int = 200) -> Response:
    return json_response(document, cache=NOT_KEPT, status=status)
