"""The half of the HTTP API that needs a token: reserve slots, submit one entry, submit a batch.

Whatever is answered as logged is durable. A batch answers each of its lines; a bad line never stops a good one.
"""

import json
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Final

from apiflask import APIBlueprint, HTTPTokenAuth
from flask import Response, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from certlog.canonical import canonicalize
from certlog.digests import digest_from_text
from certlog.encoding import b64url, b64url_decode
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, parse_object
from certlog.timestamps import format_time
from web.api import services
from web.api_models import SlotsIn, SlotsOut, SubmissionIn, SubmissionOut
from web.problems import Problem, asked_language, problem_of, problem_response
from web.responses import NOT_KEPT, json_response, sends
from web.services import Accepted, Outcome, Refused, Submitted

JSON_TYPE: Final = "application/json"
NDJSON_TYPE: Final = "application/x-ndjson"
MAX_SLOTS_BODY: Final = 4 * 1024
MAX_SUBMISSION: Final = 768 * 1024
"""An entry of 8 KiB and a document of 256 KiB, pretty-printed and escaped."""
MAX_LINES: Final = 1000

_BODIES: Final = {
    "submit.reserve_slots": (JSON_TYPE, MAX_SLOTS_BODY),
    "submit.submit_entry": (JSON_TYPE, MAX_SUBMISSION),
    "submit.submit_batch": (NDJSON_TYPE, None),
}

submit_api: Final = APIBlueprint("submit", __name__, url_prefix="/api/v1", tag="Submit")
token: Final = HTTPTokenAuth(
    description="API token of an issuer or of the operator: `Authorization: Bearer …`"
)


@token.verify_token  # type: ignore[untyped-decorator]  # Flask-HTTPAuth has no types
def owner_of(text: str) -> str | None:
    """Return the DID that a token belongs to."""
    return services().submissions.authenticate(text) if text else None


@submit_api.before_request
def require_body_form() -> ResponseReturnValue | None:
    """Refuse another media type before the body is read, and a body that is too large for its endpoint."""
    if request.method != "POST" or request.endpoint not in _BODIES:
        return None
    media_type, limit = _BODIES[request.endpoint]
    if limit is not None:
        request.max_content_length = limit
    # Who brings no token hears of that first, from the endpoint itself.
    if request.mimetype != media_type and request.authorization is not None:
        detail = Sentence(
            "expected Content-Type {media_type}, found {found}",
            media_type=media_type,
            found=request.mimetype[:80] or Sentence("none"),
        )
        return problem_response(Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", detail))
    return None


@submit_api.post("/slots")
@submit_api.auth_required(token)
@submit_api.input(SlotsIn)
@submit_api.output(SlotsOut, status_code=201)
def reserve_slots(json_data: SlotsIn) -> ResponseReturnValue:
    """Reserve status slots, before certificates are signed for them."""
    reservation = services().submissions.reserve_slots(_did(), json_data.count)
    slots = [[slot.list, slot.index] for slot in reservation.slots]
    return _sent(SlotsOut(slots=slots, expires=format_time(reservation.expires)), HTTPStatus.CREATED)


@submit_api.post("/entries")
@submit_api.auth_required(token)
@submit_api.input(SubmissionIn)
@submit_api.output(SubmissionOut, status_code=201)
@submit_api.doc(responses={200: "The log already had this entry; the answer is the same"})
def submit_entry(json_data: SubmissionIn) -> ResponseReturnValue:
    """Submit one entry: a certificate, a status document or a trust statement.

    The answer comes after the entry is durable. The same entry again gives the same answer.
    """
    (outcome,) = services().submissions.submit(_did(), [_submitted(json_data)])
    match outcome:
        case Refused(error):
            raise error
        case Accepted(existed=existed):
            return _sent(_accepted(outcome), HTTPStatus.OK if existed else HTTPStatus.CREATED)


@submit_api.post("/batches")
@submit_api.auth_required(token)
@submit_api.doc(
    responses=sends(NDJSON_TYPE, "one answer a line, in order"),
    extensions={"x-request-media-type": NDJSON_TYPE},
)
def submit_batch() -> ResponseReturnValue:
    """Submit up to a thousand entries, one JSON object a line.

    Every line is answered with its number and "logged", "exists" or "refused"; a refused line does not stop the others.
    """
    body = request.get_data(cache=False).removesuffix(b"\n")
    # Counted first: sixteen million empty lines would fill far more memory than they came in.
    if (found := body.count(b"\n") + 1) > MAX_LINES:
        message = Sentence(
            "expected at most {max_lines} lines, found {found}", max_lines=MAX_LINES, found=found
        )
        raise InvalidInput(message, code="too-large")
    lines = body.split(b"\n")
    read = [_read_line(line) for line in lines]
    good = [item for item in read if isinstance(item, Submitted)]
    outcomes = services().submissions.submit(_did(), good) if good else ()
    return Response("".join(_answers(read, outcomes)), mimetype=NDJSON_TYPE)


def _read_line(line: bytes) -> Submitted | InvalidInput:
    try:
        value = parse_object(line, max_bytes=MAX_SUBMISSION)
        match value:
            # The two common forms, which the model would only copy.
            case {"entry": dict(entry), "document": dict(document)} if len(value) == len(
                ("entry", "document")
            ):
                return _of_values(entry, document)
            case {"entry": dict(entry)} if len(value) == 1:
                return _of_values(entry, None)
        return _submitted(SubmissionIn.model_validate(value))
    except InvalidInput as error:
        return error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = "/" + "/".join(str(part) for part in first["loc"])
        return InvalidInput(first["msg"], place=place)


def _answers(read: Sequence[Submitted | InvalidInput], outcomes: Sequence[Outcome]) -> Iterator[str]:
    waiting = iter(outcomes)
    for number, item in enumerate(read, start=1):
        outcome = Refused(item) if isinstance(item, InvalidInput) else next(waiting)
        yield json.dumps({"line": number, **_line_answer(outcome)}, ensure_ascii=False) + "\n"


def _line_answer(outcome: Outcome) -> dict[str, object]:
    match outcome:
        case Refused(error):
            return {"status": "refused", "problem": problem_of(error).in_language(asked_language()).to_json()}
        case Accepted(index, leaf_hash, existed, identifier):
            # As SubmissionOut says it, member by member: a thousand models a request cost more than what they hold.
            status = "exists" if existed else "logged"
            return {"status": status, "index": index, "leafHash": b64url(leaf_hash), "id": identifier}


def _accepted(outcome: Accepted) -> SubmissionOut:
    return SubmissionOut(index=outcome.index, leaf_hash=b64url(outcome.leaf_hash), id=outcome.identifier)


def _submitted(body: SubmissionIn) -> Submitted:
    document = None if body.document is None else canonicalize(body.document)
    sealed = None if body.sealed is None else b64url_decode(body.sealed)
    tag = None if body.number_tag is None else digest_from_text(body.number_tag)
    return Submitted(canonicalize(body.entry), document, sealed, tag, body.entry, body.document)


def _of_values(entry: JSONObject, document: JSONObject | None) -> Submitted:
    """Take values that the strict parser made."""
    data = None if document is None else canonicalize(document)
    return Submitted(canonicalize(entry), data, entry_value=entry, document_value=document)


def _sent(body: SlotsOut | SubmissionOut, status: HTTPStatus) -> Response:
    return json_response(body.model_dump(mode="json", by_alias=True), cache=NOT_KEPT, status=status)


def _did() -> str:
    return str(token.current_user)
