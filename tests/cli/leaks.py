"""Finds English in what should be Vietnamese: small words that Vietnamese does not have, outside names and commands."""

import re
from typing import Final

_ENGLISH: Final = re.compile(
    r"\b(a|already|and|are|bad|be|by|cannot|correct|does|entry|exists|expected|file|for|from|found|has|is|it|make"
    r"|missing|must|not|of|or|other|the|there|this|unknown|was|with|wrong)\b"
)
_NOT_SAID: Final = (
    re.compile(r"⟦[^⟦⟧]*⟧"),  # went through the catalogue of the pseudo-locale
    re.compile(r"^  [a-z]+(-[a-z]+)*(?=  )", re.MULTILINE),  # the names in a list of commands
    re.compile(r"certlog [a-z]+(-[a-z]+)?( [a-z]+(-[a-z]+)?)?|--[a-z-]+|chmod \d+"),  # commands to type
    re.compile(
        r"https?://\S+|/\S+|'[^']*'|“[^”]*”|`[^`]*`|\[[^\]]*\]|\b\w+[=_:]\w*"
    ),  # addresses, paths, quotations
)


def english_in(text: str) -> list[str]:
    """Return the English words of a text that is to be Vietnamese."""
    while True:
        left = text
        for pattern in _NOT_SAID:
            left = pattern.sub(" ", left)
        if left == text:
            break
        text = left
    return _ENGLISH.findall(text)
