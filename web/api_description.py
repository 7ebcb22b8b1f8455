"""The API's description: the OpenAPI 3.1 document, and the same as plain lists for the /docs page.

The page is rendered here rather than by a script, so that the policy of web.security needs no exception.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast

from apiflask import APIFlask
from flask import Flask

from certlog.status_list import PURPOSES
from web.api_models import MAX_INDEX, MAX_LIST, ProblemOut
from web.problems import MEDIA_TYPE

DESCRIPTION: Final = (
    "Public registry of certificates. Reading needs no token and is open to every site. "
    "Formats of entries, proofs, evidence and trust root: docs/formats.md of the project."
)
PROBLEM_REF: Final = {"$ref": "#/components/schemas/Problem"}
READING_PROBLEMS: Final = (400, 404, 405, 422, 429, 503)
WRITING_PROBLEMS: Final = (400, 401, 403, 413, 415, 422, 429, 503)
PROBLEM_MEANINGS: Final = {
    400: "The bytes, the id or a number in the address cannot be read.",
    401: "No API token, or one that does not count.",
    403: "Well-formed, but whoever signed or sent it has no right to do so.",
    404: "There is nothing of that name here.",
    405: "The address does not know this method.",
    413: "The body is larger than this address takes.",
    415: "The body has another media type than this address takes.",
    422: "Readable, but against a rule of the formats; `place` says where.",
    429: "Too much at once; try again later.",
    500: "The registry failed; this was logged.",
    503: "Something needed cannot be reached now; try again.",
}
TOO_LONG: Final = "The address is longer than 4,094 bytes."
QUERY_NUMBERS: Final = "x-query-numbers"
PATH_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "index": {"type": "integer", "minimum": 0, "maximum": MAX_INDEX},
    "number": {"type": "integer", "minimum": 0, "maximum": MAX_LIST},
    "purpose": {"type": "string", "enum": list(PURPOSES)},
    "identifier": {"type": "string", "maxLength": 64, "examples": ["WERC8-GMRZG-E196Q-VYK49"]},
    # The last character holds the last four bits of 32 bytes and two zero bits.
    "document_hash": {"type": "string", "pattern": "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$"},
    "did": {"type": "string", "pattern": "^did:(web|webvh|key):[A-Za-z0-9._:%-]{1,200}$"},
}
"""What APIFlask cannot tell of the converters in a path."""

METHODS: Final = ("get", "post")


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that the API can do."""

    method: str
    path: str
    summary: str
    description: str
    needs_token: bool
    answers: tuple[tuple[str, str, str], ...]
    """Status, media types, meaning."""


@dataclass(frozen=True, slots=True)
class OperationGroup:
    """Operations under one heading."""

    name: str
    operations: tuple[Operation, ...]


def configure_openapi(app: APIFlask) -> None:
    """Set what the OpenAPI document says about the whole, and complete it."""
    app.description = DESCRIPTION
    app.license = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    app.config["AUTO_SERVERS"] = False
    app.config["AUTO_OPERATION_ID"] = True
    app.config["AUTO_VALIDATION_ERROR_RESPONSE"] = False
    app.config["AUTO_AUTH_ERROR_RESPONSE"] = False
    app.config["AUTO_404_RESPONSE"] = False
    app.config["SUCCESS_DESCRIPTION"] = "Done"
    app.spec_processor(_complete)  # type: ignore[arg-type]  # JSON is the only format that is asked for


def describe_api(app: Flask) -> tuple[OperationGroup, ...]:
    """Return the operations of the OpenAPI document by group, in the order of the document."""
    if not isinstance(app, APIFlask):
        message = "the application was not made by create_app"
        raise TypeError(message)
    document = cast("dict[str, Any]", app._get_spec())  # noqa: SLF001 - the cached one; .spec builds it anew
    groups: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, method, operation in _operations(document):
        groups[operation["tags"][0]].append(_operation(path, method, operation))
    return tuple(OperationGroup(name, tuple(found)) for name, found in groups.items() if found)


def declared_problems() -> tuple[tuple[int, str], ...]:
    """Return every status of a problem that the API declares, and what it means here."""
    return tuple(sorted(PROBLEM_MEANINGS.items()))


def _operation(path: str, method: str, operation: dict[str, Any]) -> Operation:
    answers = tuple(
        (status, ", ".join(answer.get("content", {})), answer.get("description", ""))
        for status, answer in sorted(operation["responses"].items())
        if status.startswith("2")
    )
    return Operation(
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        needs_token=bool(operation.get("security")),
        answers=answers,
    )


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    """Declare every problem that an operation can answer with, and the body that APIFlask cannot describe."""
    document["components"]["schemas"]["Problem"] = ProblemOut.model_json_schema()
    for _path, method, operation in _operations(document):
        for status in READING_PROBLEMS if method == "get" else WRITING_PROBLEMS:
            if status == HTTPStatus.UNAUTHORIZED and "security" not in operation:
                continue
            operation["responses"][str(status)] = {
                "description": HTTPStatus(status).phrase,
                "content": {MEDIA_TYPE: {"schema": PROBLEM_REF}},
            }
        # The web server's own answer, before the application is asked.
        operation["responses"]["414"] = {"description": TOO_LONG, "content": {"text/html": {}}}
        for parameter in operation["parameters"]:
            parameter["schema"] = PATH_SCHEMAS.get(parameter["name"], parameter["schema"])
        operation["parameters"] += [_query_parameter(name) for name in operation.pop(QUERY_NUMBERS, ())]
        if "requestBody" in operation:
            operation["requestBody"]["required"] = True
        media_type = operation.pop("x-request-media-type", None)
        if media_type is not None:
            told = operation.pop("x-request-description", "one submission a line")
            body = {"schema": {"type": "string", "description": told}}
            operation["requestBody"] = {"required": True, "content": {media_type: body}}
    return document


def _query_parameter(name: str) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 0, "maximum": MAX_INDEX}
    return {"in": "query", "name": name, "required": name != "before", "schema": schema}


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield path, method, methods[method]
