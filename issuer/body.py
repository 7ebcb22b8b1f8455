"""What a certification body says about itself on every certificate, from a small TOML file (`body.toml`).

Its registration, the decisions that designate it, its accreditations and its signatory change rarely and stay
out of the spreadsheet; rows name a designation or accreditation by its number.
"""

import datetime as dt
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from certlog.calibration_advice import Capability
from certlog.decimals import value_of
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, check_text
from certlog.timestamps import parse_date, parse_time
from issuer.unit_words import dsi_of

_MAX_BODY_FILE: Final = 256 * 1024
_LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Laboratory:
    """What a calibration laboratory says about itself.

    Attributes:
        party: name, address and code, as a certificate carries them.
        accreditations: by code, with the measurands that each covers.
        capabilities: its CMC, where it lists them.
    """

    party: JSONObject
    accreditations: Mapping[str, JSONObject]
    capabilities: tuple[Capability, ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """A certification body: parts of its certificates, ready to be placed in them.

    `designations` are by decision number, `accreditations` by code; both as the certificate carries them. A
    laboratory needs no `registration` (it is empty then) and has its own accreditations, which list measurands.
    `dcc_schema` is the folder of PTB's schemas, as the file writes it: below the file's own folder, or absolute.
    """

    name: str
    legal_id: str
    certification_body: JSONObject
    registration: JSONObject
    signatory: JSONObject
    designations: Mapping[str, JSONObject]
    accreditations: Mapping[str, JSONObject]
    offset: str = "+07:00"
    laboratory: Laboratory | None = None
    dcc_schema: str | None = None


def read_body(path: Path) -> Body:
    """Read a body file.

    Raises:
        InvalidInput: unreadable, not TOML, or a table or value that is missing, unknown or wrong.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        message = Sentence(
            "cannot read {path}: {reason}; it describes the certification body (see examples/)",
            path=path,
            reason=error,
        )
        raise InvalidInput(message, code="not-readable") from error
    return parse_body(data, path.name)


def parse_body(data: bytes, name: str = "body.toml") -> Body:
    """Read the bytes of a body file; `name` is used in messages."""
    if len(data) > _MAX_BODY_FILE:
        raise InvalidInput(
            Sentence("expected at most {max_body_file} bytes", max_body_file=_MAX_BODY_FILE),
            place=name,
            code="too-large",
        )
    try:
        value = tomllib.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(
            Sentence("not TOML in UTF-8: {error}", error=error), place=name, code="bad-body-file"
        ) from error
    top = _Table(value, name)
    body = top.table("body")
    accreditations = [_accreditation(table) for table in top.each("accreditation")]
    laboratory = _laboratory(top, body, accreditations) if top.has("laboratory") else None
    registration: JSONObject = {}
    if laboratory is None or top.has("registration"):
        registration = top.table("registration").members(
            number="number", issued_by="issuedBy", valid_until="validUntil"
        )
    result = Body(
        name=body.text("name"),
        legal_id=body.text("legal_id"),
        certification_body={"name": body.text("name"), "address": body.text("address")},
        registration=registration,
        signatory=top.table("signatory").members(name="name", title="title"),
        designations={
            str(item["decisionNo"]): item
            for item in top.tables(
                "designation",
                decision="decisionNo",
                authority="authority",
                scope="scope",
                valid_until="validUntil",
            )
        },
        accreditations={str(item["code"]): item for item in accreditations if "measurands" not in item},
        laboratory=laboratory,
        offset=body.offset(),
        dcc_schema=_dcc_schema(top.table("dcc")) if top.has("dcc") else None,
    )
    for table in (body, top):
        table.require_no_more()
    return result


def _dcc_schema(table: "_Table") -> str:
    schema = table.text("schema")
    table.require_no_more()
    return schema


def _accreditation(table: "_Table") -> JSONObject:
    measurands = table.texts("measurands") if table.has("measurands") else ()
    found = table.members(code="code", body="body", standard="standard", valid_until="validUntil")
    found["status"] = "accredited"
    return {**found, "measurands": list(measurands)} if measurands else found


def _laboratory(top: "_Table", body: "_Table", accreditations: list[JSONObject]) -> Laboratory:
    table = top.table("laboratory")
    party: JSONObject = {"name": body.text("name"), "address": body.text("address")}
    if table.has("code"):
        party["code"] = table.text("code")
    table.require_no_more()
    return Laboratory(
        party=party,
        accreditations={str(item["code"]): item for item in accreditations if "measurands" in item},
        capabilities=tuple(_capability(item) for item in top.each("cmc")),
    )


def _capability(table: "_Table") -> Capability:
    unit = table.text("unit")
    uncertainty = table.text("uncertainty")
    value_of(uncertainty, table.place("uncertainty"))
    found = Capability(
        quantity=table.text("quantity"),
        unit=dsi_of(unit) or unit,
        low=value_of(table.text("from"), table.place("from")),
        high=value_of(table.text("to"), table.place("to")),
        uncertainty=uncertainty,
    )
    table.require_no_more()
    return found


class _Table:
    """One TOML table, read member by member; what was not read is unknown."""

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, dict):
            raise InvalidInput("expected a table", place=place, code="bad-body-file")
        self._value = value
        self._place = place
        self._read: set[str] = set()

    def table(self, name: str) -> "_Table":
        self._read.add(name)
        if name not in self._value:
            raise InvalidInput(
                Sentence("the table [{name}] is missing", name=name), place=self._place, code="bad-body-file"
            )
        return _Table(self._value[name], f"{self._place} [{name}]")

    def has(self, name: str) -> bool:
        return name in self._value

    def place(self, name: str) -> str:
        return f"{self._place} {name}"

    def tables(self, name: str, **members: str) -> list[JSONObject]:
        return [table.members(**members) for table in self.each(name)]

    def each(self, name: str) -> "list[_Table]":
        self._read.add(name)
        found = self._value.get(name, [])
        if not isinstance(found, list):
            message = Sentence("expected [[{name}]], with two brackets", name=name)
            raise InvalidInput(message, place=self._place, code="bad-body-file")
        return [_Table(item, f"{self._place} [[{name}]] {i}") for i, item in enumerate(found, start=1)]

    def texts(self, name: str) -> tuple[str, ...]:
        self._read.add(name)
        found = self._value.get(name)
        if not isinstance(found, list) or not found:
            raise InvalidInput(
                Sentence("expected a list of texts"), place=self.place(name), code="bad-body-file"
            )
        items = {str(i): item for i, item in enumerate(found)}
        table = _Table(items, self.place(name))
        return tuple(table.text(str(i)) for i in range(len(found)))

    def members(self, **names: str) -> JSONObject:
        result: JSONObject = {}
        for name, member in names.items():
            result[member] = self._date(name) if name == "valid_until" else self.text(name)
        self.require_no_more()
        return result

    def text(self, name: str) -> str:
        self._read.add(name)
        found = self._value.get(name)
        place = f"{self._place} {name}"
        if not isinstance(found, str) or not found.strip() or len(found) > _LONGEST:
            raise InvalidInput("expected a text that is not empty", place=place, code="bad-body-file")
        text = unicodedata.normalize("NFC", found).strip()
        check_text(text, place)
        return text

    def offset(self) -> str:
        self._read.add("utc_offset")
        found = self._value.get("utc_offset", "+07:00")
        parse_time(f"2026-01-01T00:00:00{found}", f"{self._place} utc_offset")
        return str(found)

    def _date(self, name: str) -> str:
        found = self._value.get(name)
        if type(found) is dt.date:
            self._read.add(name)
            return found.isoformat()
        return parse_date(self.text(name), f"{self._place} {name}").isoformat()

    def require_no_more(self) -> None:
        unknown = sorted(set(self._value) - self._read)
        if unknown:
            raise InvalidInput(
                Sentence("unknown name {unknown!r}", unknown=unknown[0]),
                place=self._place,
                code="bad-body-file",
            )
