"""Takes the cosignatures of auditors and witnesses. No token: a signature by a pinned key is all that counts.

Anyone may send what they like: the body is small, nothing but verified cosignatures of pinned keys under heads that
were signed here is kept, and at most one for each head and key.
"""

from http import HTTPStatus
from typing import Final

from apiflask import APIBlueprint
from flask import request
from flask.typing import ResponseReturnValue

from certlog.errors import InvalidInput
from certlog.note import MAX_NOTE_BYTES
from certlog.sentences import Sentence
from web.api import services
from web.api_models import CosignaturesOut
from web.problems import Problem, problem_response
from web.responses import NOT_KEPT, json_response

NOTE_TYPE: Final = "text/plain"

cosign_api: Final = APIBlueprint("cosign", __name__, url_prefix="/api/v1", tag="Cosign")


@cosign_api.before_request
def require_note() -> ResponseReturnValue | None:
    """Refuse another media type before the body is read, and a body that is larger than any note."""
    request.max_content_length = MAX_NOTE_BYTES
    if request.method == "POST" and request.mimetype != NOTE_TYPE:
        detail = Sentence(
            "expected Content-Type {media_type}, found {found}",
            media_type=NOTE_TYPE,
            found=request.mimetype[:80] or Sentence("none"),
        )
        return problem_response(Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", detail))
    return None


@cosign_api.post("/cosignatures")
@cosign_api.output(CosignaturesOut)
@cosign_api.doc(
    extensions={
        "x-request-media-type": NOTE_TYPE,
        "x-request-description": "a checkpoint of this log as a signed note, with cosignature lines (key type 04)",
    }
)
def take_cosignatures() -> ResponseReturnValue:
    """Hand in a cosigned checkpoint.

    For auditors and witnesses whose keys are pinned here; the note's text must be that of a head of this log.
    """
    try:
        note = request.get_data(cache=False).decode()
    except UnicodeDecodeError as error:
        raise InvalidInput("expected a signed note in UTF-8", code="not-utf8") from error
    kept = services().log.take_cosigned_note(note)
    sent = CosignaturesOut(size=kept.size, cosigners=list(kept.names), new=kept.new)
    return json_response(sent.model_dump(by_alias=True), cache=NOT_KEPT)
