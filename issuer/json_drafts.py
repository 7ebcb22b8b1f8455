"""From a JSON file to drafts: each object says by its `kind` what it asks for; one file may mix them."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from certlog.strict_json import JSONObject, JSONValue
from issuer.body import Body
from issuer.calibration_input import is_calibration, read_calibration
from issuer.drafts import Draft, Drafts
from issuer.json_file import read_items, table_of
from issuer.problems import Place, RowProblem
from issuer.rows import read_rows


@dataclass(frozen=True, slots=True)
class ObjectSource:
    """One object of a JSON file: its position from 1, and its members."""

    number: int
    value: JSONObject

    def place(self, name: str = "") -> Place:
        """Return the place of a member by its path, such as `results/0/rows/3/1`."""
        return Place(self.number, name)

    def name_of(self, character: str) -> str:
        """Return the path of a text that holds a character; "" if it came from elsewhere, such as body.toml."""
        paths = (path for path, text in _texts(self.value, "") if character in text)
        return next(paths, "")


def read_json_drafts(data: bytes, body: Body, did: str) -> Drafts:
    """Read a JSON file and understand every object.

    Args:
        data: its bytes.
        body: the certification body or laboratory.
        did: the issuer's DID, under which the certificates will be signed.
    """
    items, problems = read_items(data)
    calibrations = [(i, item) for i, item in items if is_calibration(item)]
    rows = read_rows(
        table_of([(i, item) for i, item in items if not is_calibration(item)], problems), body, did
    )
    found, drafts, advice = list(rows.problems), list(rows.good), list[RowProblem]()
    for number, item in calibrations:
        draft, wrong, remarks = read_calibration(item, ObjectSource(number, item), body, did)
        found += wrong
        advice += remarks
        drafts += [draft] if draft else []
    drafts.sort(key=lambda draft: draft.source.place().row)
    good, doubled = _without_doubles(drafts)
    problems = sorted([*found, *doubled], key=lambda problem: problem.place.order)
    return Drafts(tuple(good), tuple(problems), tuple(advice))


def _without_doubles(drafts: list[Draft]) -> tuple[list[Draft], list[RowProblem]]:
    first: dict[tuple[str, int], Draft] = {}
    problems = []
    for draft in drafts:
        kept = first.setdefault((draft.number, draft.version), draft)
        if kept is not draft:
            values = {"found": draft.number, "version": str(draft.version)}
            values["first"] = str(kept.source.place().row)
            problems.append(RowProblem(draft.source.place("number"), "duplicate-number", values))
    return list(first.values()), problems


def _texts(value: JSONValue, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield path, unicodedata.normalize("NFC", value)
        case dict():
            for name, item in value.items():
                yield from _texts(item, f"{path}/{name}" if path else name)
        case list():
            for i, item in enumerate(value):
                yield from _texts(item, f"{path}/{i}" if path else str(i))
        case _:
            return
