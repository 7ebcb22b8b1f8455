r"""Units in the spelling of D-SI (PTB's Digital-SI, 2.2): whether a text such as \milli\volt\per\metre is one.

The words are those of D-SI's lists of prefixes and units; whether the unit fits the measured quantity is not asked.
"""

import re
from typing import Final

from certlog.errors import InvalidInput
from certlog.sentences import Sentence

_TOKEN: Final = re.compile(r"\\([a-z]+)(?:\{(-?[0-9]{1,2}(?:\.[0-9]{1,3})?)\})?", re.ASCII)

PREFIXES: Final = frozenset({
    "deca", "hecto", "kilo", "mega", "giga", "tera", "peta", "exa", "zetta", "yotta", "ronna", "quetta",
    "deci", "centi", "milli", "micro", "nano", "pico", "femto", "atto", "zepto", "yocto", "ronto",
    "quecto", "kibi", "mebi", "gibi", "tebi", "pebi", "exbi", "zebi", "yobi",
})  # fmt: skip
UNITS: Final = frozenset({
    "metre", "kilogram", "second", "ampere", "kelvin", "mole", "candela", "one", "day", "hour", "minute",
    "degree", "arcminute", "arcsecond", "gram", "radian", "steradian", "hertz", "newton", "pascal",
    "joule", "watt", "coulomb", "volt", "farad", "ohm", "siemens", "weber", "tesla", "henry",
    "degreecelsius", "lumen", "lux", "becquerel", "sievert", "gray", "katal", "hectare", "litre",
    "tonne", "electronvolt", "dalton", "astronomicalunit", "neper", "bel", "decibel", "percent", "ppm",
    "byte", "bit", "bar", "mmhg", "angstrom", "nauticalmile", "barn", "knot", "erg", "dyne", "poise",
    "stokes", "gal", "maxwell", "gauss", "oersted",
})  # fmt: skip


def check_unit(text: str, place: str = "") -> None:
    r"""Require units with prefixes and powers, such as `\kilo\gram\per\metre\tothe{3}`.

    Raises:
        InvalidInput: a word that D-SI does not have, or words in an order that means nothing.
    """
    tokens = _TOKEN.findall(text)
    if not tokens or "".join(_spelt(word, power) for word, power in tokens) != text:
        message = Sentence(
            "expected a D-SI unit such as {example}, found {found!r}", example="\\degreecelsius", found=text
        )
        raise InvalidInput(message, place=place, code="unit")
    _check_order([*tokens, ("", "")], text, place)


def _spelt(word: str, power: str) -> str:
    return f"\\{word}{{{power}}}" if power else f"\\{word}"


def _check_order(tokens: list[tuple[str, str]], text: str, place: str) -> None:
    """Each unit may follow `per` or a prefix, and a power follows a unit; `per` stands once."""
    before = "start"
    per_seen = False
    for word, power in tokens:
        kind = _kind(word, power)
        wrong = kind == "unknown" or (before in ("per", "prefix") and kind not in _AFTER[before])
        wrong = wrong or (kind == "power" and before != "unit") or (kind == "per" and per_seen)
        if wrong:
            shown = _spelt(word, power) if word else "its end"
            message = Sentence("{shown} does not belong there in the unit {found!r}", shown=shown, found=text)
            raise InvalidInput(message, place=place, code="unit")
        per_seen = per_seen or kind == "per"
        before = kind


_AFTER: Final = {"per": ("prefix", "unit"), "prefix": ("unit",)}


def _kind(word: str, power: str) -> str:
    if not word:
        return "end"
    if word == "tothe":
        return "power" if power else "unknown"
    if power:
        return "unknown"
    if word == "per":
        return "per"
    if word in PREFIXES:
        return "prefix"
    return "unit" if word in UNITS else "unknown"
