"""Pieces that several JSON Schemas share: texts, dates, digests, identifiers, closed objects.

Patterns are anchored and spell out their classes: the short form for digits differs between engines.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

Schema: TypeAlias = "dict[str, object]"

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
BASE: Final = "https://registry.example.vn/schemas/"

MAX_SHORT_TEXT: Final = 200
MAX_LONG_TEXT: Final = 2000

_TIME: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})$"
_DID: Final = r"^did:(web|webvh|key):[A-Za-z0-9._:%-]{1,200}$"
_UUID: Final = r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"


def text(longest: int = MAX_SHORT_TEXT) -> Schema:
    """Return the schema of a text without blanks at its ends."""
    return {"type": "string", "minLength": 1, "maxLength": longest, "pattern": r"^[^\s](.*[^\s])?$"}


def closed(required: Mapping[str, object], optional: Mapping[str, object] | None = None) -> Schema:
    """Return the schema of an object with these members and no other."""
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        "additionalProperties": False,
    }


def array(item: Mapping[str, object], *, least: int = 1, most: int) -> Schema:
    """Return the schema of a list of between `least` and `most` items."""
    return {"type": "array", "minItems": least, "maxItems": most, "items": item}


def choice(*values: object) -> Schema:
    """Return the schema of one of a closed list of values."""
    return {"enum": list(values)}


def pattern(expression: str) -> Schema:
    """Return the schema of a string that matches an anchored pattern."""
    return {"type": "string", "pattern": expression}


TIME: Final[Schema] = pattern(_TIME)
DATE: Final[Schema] = pattern(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
DID: Final[Schema] = pattern(_DID)
URN_UUID: Final[Schema] = pattern(_UUID)
DIGEST: Final[Schema] = pattern(r"^[A-Za-z0-9_-]{43}$")
SALT: Final[Schema] = pattern(r"^[A-Za-z0-9_-]{22}$")

LANGUAGE_VALUE: Final = closed({"@language": choice("vi", "en"), "@value": text(MAX_LONG_TEXT)})
LOCAL_TEXT: Final[Schema] = {"oneOf": [text(MAX_LONG_TEXT), array(LANGUAGE_VALUE, most=2)]}
"""One text, or one per language as JSON-LD language values (VCDM 2.0, 11.1)."""

MAX_INTEGER: Final = 2**53 - 1
STRING: Final[Schema] = {"type": "string"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": MAX_INTEGER}
COUNT_OR_NULL: Final[Schema] = {"anyOf": [COUNT, {"type": "null"}]}
DIGEST_OR_NULL: Final[Schema] = {"anyOf": [DIGEST, {"type": "null"}]}
UTC: Final[Schema] = pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")
MULTIBASE_KEY: Final[Schema] = pattern("^z(6Mk|Dn)[1-9A-HJ-NP-Za-km-z]{40,50}$")
PATH: Final[Schema] = array(DIGEST, least=0, most=63)


def published(name: str, title: str, schema: Mapping[str, object]) -> Schema:
    """Return a schema with its dialect, its versioned address and its title."""
    return {**schema, "$schema": DIALECT, "$id": f"{BASE}{name}", "title": title}


def embedded(schema: Mapping[str, object]) -> Schema:
    """Return a published schema for use inside another: an address belongs to the outermost one."""
    return {name: value for name, value in schema.items() if name not in ("$schema", "$id", "title")}
