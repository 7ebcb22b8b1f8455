"""The log as static files (c2sp.org/tlog-tiles): the newest checkpoint, hash tiles, entry bundles. By any site (CORS).

What a web server or object storage in front can hand out by itself, and what stands here for whoever has none. Under
the origin's own path, where it has one, and at the root.
"""

from typing import Final

from apiflask import APIBlueprint
from flask import Response
from flask.typing import ResponseReturnValue

from certlog.tiles import CHECKPOINT_PATH, KEPT_A_SECOND, KEPT_FOR_EVER, TILE_TYPE
from web.api import services
from web.responses import kept, sends
from web.security import share_with_other_sites


def tile_files(name: str = "tiles", prefix: str | None = None) -> APIBlueprint:
    """Return the blueprint; `prefix` is the path of the log's origin, such as "/log"."""
    made: Final = APIBlueprint(name, __name__, url_prefix=prefix, tag="Log and lists")
    made.after_request(share_with_other_sites)
    made.get(f"/{CHECKPOINT_PATH}")(made.doc(responses=sends("text/plain", "signed note"))(checkpoint))
    made.get("/tile/<path:rest>")(made.doc(responses=sends(TILE_TYPE, "hash tile or entry bundle"))(tile))
    return made


def checkpoint() -> ResponseReturnValue:
    """Return the newest checkpoint as a signed note (c2sp.org/tlog-checkpoint)."""
    return kept(Response(services().log.head().checkpoint, mimetype="text/plain"), KEPT_A_SECOND)


def tile(rest: str) -> ResponseReturnValue:
    """Return a hash tile or entry bundle, `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`.

    Partial ones for every size that was signed; later they are cut from the full one.
    """
    return kept(Response(services().log.tile(f"tile/{rest}"), mimetype=TILE_TYPE), KEPT_FOR_EVER)
