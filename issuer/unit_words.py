"""Units as laboratories write them, and the same in D-SI: what stands on the page, and what a program reads."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_PREFIXES: Final = {
    "": "", "p": "pico", "n": "nano", "µ": "micro", "m": "milli", "k": "kilo", "M": "mega", "G": "giga",
}  # fmt: skip
_PREFIXED: Final = {
    "m": "metre", "g": "gram", "s": "second", "A": "ampere", "V": "volt", "Ω": "ohm", "W": "watt", "Hz": "hertz",
    "F": "farad", "H": "henry", "Pa": "pascal", "bar": "bar", "N": "newton", "J": "joule", "S": "siemens",
    "L": "litre", "l": "litre", "K": "kelvin", "mol": "mole", "T": "tesla",
}  # fmt: skip
_OTHERS: Final = {
    "kg": "\\kilogram", "°C": "\\degreecelsius", "%": "\\percent", "%RH": "\\percent", "1": "\\one", "ppm": "\\ppm",
    "cm": "\\centi\\metre", "dm": "\\deci\\metre", "min": "\\minute", "h": "\\hour", "d": "\\day", "°": "\\degree",
    "'": "\\arcminute", '"': "\\arcsecond", "rad": "\\radian", "cd": "\\candela", "lx": "\\lux", "lm": "\\lumen",
    "dB": "\\decibel", "mmHg": "\\mmhg", "t": "\\tonne", "hPa": "\\hecto\\pascal", "N·m": "\\newton\\metre",
    "m/s": "\\metre\\per\\second", "m³": "\\metre\\tothe{3}", "m²": "\\metre\\tothe{2}",
    "m³/h": "\\metre\\tothe{3}\\per\\hour", "L/min": "\\litre\\per\\minute",
    "kg/m³": "\\kilogram\\per\\metre\\tothe{3}",
    "g/cm³": "\\gram\\per\\centi\\metre\\tothe{3}", "mS/cm": "\\milli\\siemens\\per\\centi\\metre",
    "µS/cm": "\\micro\\siemens\\per\\centi\\metre", "mg/L": "\\milli\\gram\\per\\litre", "pH": "\\one",
    "r/min": "\\one\\per\\minute", "vòng/phút": "\\one\\per\\minute", "HRC": "\\one",
}  # fmt: skip
_LOOK_ALIKES: Final = {"\N{GREEK SMALL LETTER MU}": "µ", "\N{OHM SIGN}": "Ω", "\N{DEGREE CELSIUS}": "°C"}


def _all_units() -> Mapping[str, str]:
    units = {
        prefix + symbol: (f"\\{name}" if name else "") + f"\\{unit}"
        for prefix, name in _PREFIXES.items()
        for symbol, unit in _PREFIXED.items()
    }
    return MappingProxyType(units | _OTHERS)


UNIT_WORDS: Final = _all_units()
"""From the written unit to D-SI. Any other unit is given in D-SI itself, with how it is written."""


def dsi_of(written: str) -> str | None:
    """Return the D-SI spelling of a unit as people write it; None where it is not listed."""
    for look_alike, usual in _LOOK_ALIKES.items():
        written = written.replace(look_alike, usual)
    return UNIT_WORDS.get(written)
