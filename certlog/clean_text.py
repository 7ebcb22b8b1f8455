r"""Text from anywhere as text to be read: what steers a terminal, hides or turns letters around is written as \uXXXX.

JSON reads such escapes back unchanged, so that programs get what was there and a terminal obeys nothing of it.
"""

import json
import re
from typing import Final

# C0, DEL, C1; what is invisible or turns text around; line and paragraph separators; lone halves of a pair.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def escaped(text: str) -> str:
    r"""Return a text in which every character that is not for reading is written as \uXXXX."""
    return _UNSAFE.sub(lambda found: _units(found[0]), text)


def json_text(value: object, *, indent: int | None = None) -> str:
    """Return JSON for a terminal, a log or a file; only the ends of its own lines are not for reading."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=(",", ": " if indent else ":"))
    return "\n".join(map(escaped, text.split("\n")))


def _units(character: str) -> str:
    data = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[at]:02x}{data[at + 1]:02x}" for at in range(0, len(data), 2))
