"""What is unusual in a calibration certificate without being wrong: told to the laboratory, refused by nobody.

ILAC-P14:09/2020, section 5 (U and the laboratory's CMC, rounding, 95 %), and sums that do not add up. Whoever verifies
a certificate never asks this.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from certlog.decimals import last_place, value_of
from certlog.envelope import items_of, subject_of
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, get_list, get_object, get_str

_USUAL_P: Final = (Fraction("0.945"), Fraction("0.96"))
_POINT_KINDS: Final = ("referenceValue", "nominalValue", "measuredValue")
MAX_ADVICE: Final = 100


@dataclass(frozen=True, slots=True)
class Capability:
    """A calibration and measurement capability (CMC): the smallest U that a laboratory is accredited for in a range.

    `unit` is D-SI; `uncertainty` is a decimal text, the bounds are exact, all in that unit.
    """

    quantity: str
    unit: str
    low: Fraction
    high: Fraction
    uncertainty: str


class Advice(NamedTuple):
    """One thing that the laboratory should look at: a JSON pointer, a stable name, and the sentence."""

    place: str
    code: str
    message: Sentence


class _Line(NamedTuple):
    """One row of a result: its values by kind of column, their texts, and its U."""

    place: str
    texts: dict[str, str]
    uncertainty: str


def advice_on(content: JSONObject, capabilities: Sequence[Capability] = ()) -> Iterator[Advice]:
    """Yield advice on a calibration certificate that is well formed, at most 100 pieces.

    Args:
        content: the certificate.
        capabilities: the laboratory's CMC, where it has listed them.
    """
    subject = subject_of(content)
    left = MAX_ADVICE
    for advice in _all_advice(subject, capabilities):
        if not left:
            return
        left -= 1
        yield advice


def _all_advice(subject: JSONObject, capabilities: Sequence[Capability]) -> Iterator[Advice]:
    results = items_of(subject, "results")
    if subject["adjustment"] == "performed" and not any(r["stage"] == "beforeAdjustment" for r in results):
        message = Sentence(
            "no results from before the adjustment: give them if there are any (ISO/IEC 17025)"
        )
        yield Advice("/credentialSubject/results", "no-results-before", message)
    for i, result in enumerate(results):
        place = f"/credentialSubject/results/{i}"
        yield from _on_probability(result, place)
        # Forty rows with one cause are one thing to look at: the first row of each kind is named.
        seen: set[str] = set()
        for line in _lines(result, place):
            for advice in (
                *_on_rounding(result, line),
                *_on_error(line),
                *_on_capability(result, line, capabilities),
            ):
                if advice.code not in seen:
                    yield advice
                seen.add(advice.code)
    yield from _on_verdicts(subject, results)


def _lines(result: JSONObject, place: str) -> Iterator[_Line]:
    """The columns in the result's own unit: a repeated kind, or one with another unit, says nothing about these."""
    columns = items_of(result, "columns")
    kinds = [str(column["kind"]) if "unit" not in column else "" for column in columns]
    usable = {kind: kinds.index(kind) for kind in kinds if kinds.count(kind) == 1}
    values = [str(value) for value in get_list(get_object(result, "uncertainty"), "values")]
    for i, row in enumerate(get_list(result, "rows")):
        cells = row if isinstance(row, list) else []
        texts = {kind: str(cells[column]) for kind, column in usable.items() if kind}
        yield _Line(f"{place}/rows/{i}", texts, values[i] if len(values) > 1 else values[0])


def _on_probability(result: JSONObject, place: str) -> Iterator[Advice]:
    p = get_str(get_object(result, "uncertainty"), "p")
    if not _USUAL_P[0] <= value_of(p) <= _USUAL_P[1]:
        message = Sentence("ILAC-P14 expects a coverage probability of about 95 %, found {found}", found=p)
        yield Advice(f"{place}/uncertainty/p", "unusual-probability", message)


def _on_rounding(result: JSONObject, line: _Line) -> Iterator[Advice]:
    if not get_object(result, "uncertainty")["sameUnit"]:
        return
    for kind in ("measurementError", "correction"):
        found = line.texts.get(kind)
        if found is not None and last_place(found) < last_place(line.uncertainty):
            message = Sentence(
                "{found} is finer than its uncertainty {uncertainty}: ILAC-P14 rounds to the last digit of U",
                found=found,
                uncertainty=line.uncertainty,
            )
            yield Advice(line.place, "finer-than-uncertainty", message)


def _on_error(line: _Line) -> Iterator[Advice]:
    """Error = indication - reference; a correction is its opposite. Rounded values may differ in their last digits."""
    reference, measured = line.texts.get("referenceValue"), line.texts.get("measuredValue")
    if reference is None or measured is None:
        return
    expected = value_of(measured) - value_of(reference)
    for kind, wanted in (("measurementError", expected), ("correction", -expected)):
        found = line.texts.get(kind)
        if found is None:
            continue
        slack = Fraction(10) ** max(map(last_place, (reference, measured, found)))
        if abs(value_of(found) - wanted) > slack:
            message = Sentence(
                "the {kind} {found} is not what {measured} and {reference} give",
                kind=kind,
                found=found,
                measured=measured,
                reference=reference,
            )
            yield Advice(line.place, "does-not-add-up", message)


def _on_capability(result: JSONObject, line: _Line, capabilities: Sequence[Capability]) -> Iterator[Advice]:
    point = next((line.texts[kind] for kind in _POINT_KINDS if kind in line.texts), None)
    if point is None or not get_object(result, "uncertainty")["sameUnit"]:
        return
    for capability in capabilities:
        same = (capability.quantity, capability.unit) == (result["quantity"], result["unit"])
        if same and capability.low <= value_of(point) <= capability.high:
            if value_of(line.uncertainty) < value_of(capability.uncertainty):
                message = Sentence(
                    "U = {found} is smaller than the laboratory's CMC {cmc} at {point} (ILAC-P14, 5.4)",
                    found=line.uncertainty,
                    cmc=capability.uncertainty,
                    point=point,
                )
                yield Advice(line.place, "below-cmc", message)
            return


def _on_verdicts(subject: JSONObject, results: list[JSONObject]) -> Iterator[Advice]:
    """A pass beside an error beyond the permissible one: whatever the decision rule, someone should look."""
    by_ref = {get_str(result, "ref"): (i, result) for i, result in enumerate(results)}
    for i, statement in enumerate(items_of(subject, "conformityStatements")):
        if statement["verdict"] != "pass":
            continue
        for ref in get_list(statement, "resultRefs"):
            position, result = by_ref[str(ref)]
            for line in _lines(result, f"/credentialSubject/results/{position}"):
                error, limit = (line.texts.get(k) for k in ("measurementError", "maximumPermissibleError"))
                if error is not None and limit is not None and abs(value_of(error)) > abs(value_of(limit)):
                    message = Sentence(
                        "“pass”, but the error {error} exceeds the permissible {limit}",
                        error=error,
                        limit=limit,
                    )
                    yield Advice(
                        f"/credentialSubject/conformityStatements/{i}", "passes-beyond-limit", message
                    )
                    break
