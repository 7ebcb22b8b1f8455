"""One table from our errors to HTTP problem documents (RFC 9457), and the page that people get instead.

Machines receive application/problem+json, in English unless they ask for Vietnamese; browsers a page in its language.
What went wrong inside the server is logged, never told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final, cast

from apiflask import APIFlask, HTTPError
from flask import Response, current_app, render_template, request
from flask_babel import gettext as _

from certlog.errors import CertlogError, InvalidInput, NotTrusted, Unavailable
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject
from web.language import Language, current_language
from web.responses import NOT_KEPT, json_response, with_cache
from web.translation import said

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 5

_MALFORMED: Final = frozenset(
    {
        "not-json",
        "not-utf8",
        "not-object",
        "not-canonical",
        "duplicate-member",
        "too-deep",
        "float",
        "integer-range",
        "forbidden-character",
        "not-nfc",
    }
)
"""Codes that say: these bytes cannot be read at all."""

_STATUS_OF_CODE: Final[Mapping[str, HTTPStatus]] = {
    **dict.fromkeys(_MALFORMED, HTTPStatus.BAD_REQUEST),
    "mistyped-id": HTTPStatus.BAD_REQUEST,
    "not-found": HTTPStatus.NOT_FOUND,
    "too-large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "batch-too-large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too-many-slots": HTTPStatus.TOO_MANY_REQUESTS,
}
"""Codes whose status is not the one of their class."""


_DETAIL_OF_STATUS: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: Sentence(
        "The API token is missing, unknown, expired or revoked; ask the registry's operator for a new one."
    ),
    HTTPStatus.NOT_FOUND: Sentence("There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: Sentence(
        "This address does not know this method; the Allow header lists those it knows."
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Sentence("The body is larger than this address takes."),
    HTTPStatus.INTERNAL_SERVER_ERROR: Sentence("The registry failed; this was logged."),
}
"""What the framework says too briefly."""


class NotFound(InvalidInput):
    """Well asked, but there is nothing of that name here."""

    def __init__(self, message: str) -> None:
        """Say what was looked for."""
        super().__init__(message, code="not-found")


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem document: `title` is the kind of problem, `detail` this one."""

    status: int
    code: str
    detail: str
    place: str = ""

    @property
    def title(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status).phrase

    def in_language(self, language: Language) -> "Problem":
        """Return the same problem, said in a language; its code and its title stay what programs compare."""
        return replace(self, detail=said(self.detail, language), place=said(self.place, language))

    def to_json(self) -> JSONObject:
        """Return the document; `code` and `place` are extension members."""
        document: JSONObject = {
            "type": f"/docs#status-{self.status}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        return document | {"place": self.place} if self.place else document


def problem_of(error: CertlogError) -> Problem:
    """Say an error of ours as a problem."""
    match error:
        case InvalidInput():
            status = _STATUS_OF_CODE.get(error.code, HTTPStatus.UNPROCESSABLE_ENTITY)
            return Problem(status, error.code, error.message, error.place)
        case NotTrusted():
            return Problem(_STATUS_OF_CODE.get(error.code, HTTPStatus.FORBIDDEN), error.code, error.message)
        case Unavailable():
            # The message may name files or hosts of the operator.
            current_app.logger.error("unavailable: %s", error)
            detail = Sentence("Something that the registry needs cannot be reached now; try again.")
            return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", detail)
        case _:
            current_app.logger.error("unexpected error of ours", exc_info=error)
            failed = _DETAIL_OF_STATUS[HTTPStatus.INTERNAL_SERVER_ERROR]
            return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error", failed)


def asked_language() -> Language:
    """Return the language that a program asked for: English where it asked for none, as people's pages never do."""
    return cast("Language", request.accept_languages.best_match(("en", "vi"), default="en"))


def install_problems(app: APIFlask) -> None:
    """Answer every error with a problem document, or with a page where a browser asks for one."""
    app.error_processor(_from_http_error)
    app.register_error_handler(CertlogError, _from_certlog_error)


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return the problem as the client wants it."""
    response = _page(problem) if _wants_page() else _document(problem)
    response.headers.update(dict(headers or {}))
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _from_certlog_error(error: CertlogError) -> Response:
    return problem_response(problem_of(error))


def _from_http_error(error: HTTPError) -> Response:
    headers = {name: str(value) for name, value in dict(error.headers).items()}
    status = error.status_code
    brief = _DETAIL_OF_STATUS.get(status, error.message or "")
    detail, place = _first_field_problem(error.detail) or (brief, "")
    code = "invalid-input" if place else HTTPStatus(status).phrase.lower().replace(" ", "-")
    return problem_response(Problem(status, code, detail, place), headers)


def _first_field_problem(detail: object) -> tuple[str, str] | None:
    """Read APIFlask's `{location: {field: [message, …]}}`."""
    if not isinstance(detail, dict):
        return None
    for location, fields in detail.items():
        if isinstance(fields, dict):
            for field, messages in fields.items():
                return f"{messages[0]}", f"{location}: /{str(field).replace('.', '/')}"
    return None


def _wants_page() -> bool:
    if request.path.startswith(("/api/", "/status/", "/static/")):
        return False
    accepted = request.accept_mimetypes
    return (
        accepted["text/html"] > accepted[MEDIA_TYPE] and accepted["text/html"] > accepted["application/json"]
    )


def _page(problem: Problem) -> Response:
    shown = problem.in_language(current_language())
    html = render_template("problem.html", problem=shown, heading=_heading(problem))
    return with_cache(Response(html, status=problem.status, mimetype="text/html"), NOT_KEPT)


def _document(problem: Problem) -> Response:
    language = asked_language()
    document = problem.in_language(language).to_json()
    response = json_response(document, cache=NOT_KEPT, status=problem.status)
    response.mimetype = MEDIA_TYPE
    response.headers["Content-Language"] = language
    response.vary.add("Accept-Language")
    return response


def _heading(problem: Problem) -> str:
    match problem.status:
        case HTTPStatus.NOT_FOUND:
            return _("There is no such page")
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return _("The registry cannot answer now; try again in a moment")
        case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return _("The registry failed; this was logged")
        case _:
            return _("The registry cannot read this request")
