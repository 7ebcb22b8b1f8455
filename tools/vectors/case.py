"""One test vector: what is given, and what any implementation must answer."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from certlog.strict_json import JSONObject

FOLDER: Final = Path(__file__).resolve().parents[2] / "vectors"


@dataclass(frozen=True)
class Case:
    """A vector; its file is vectors/<kind>/<name>.json, with `_fail` in the name if it must be refused.

    Attributes:
        kind: what is tested: the folder, and the heading in vectors/README.md.
        name: the case, in a few words joined by hyphens.
        about: one sentence for people.
        given: the input.
        wanted: the answer; None where reading the input must already fail.
        refused: the kind of refusal (our error code: a hint to readers, not part of the format).
    """

    kind: str
    name: str
    about: str
    given: JSONObject
    wanted: JSONObject | None = None
    refused: str = ""

    @property
    def path(self) -> str:
        """The file, relative to vectors/."""
        return f"{self.kind}/{self.name}{'_fail' if self.refused else ''}.json"

    def to_bytes(self) -> bytes:
        """Return the file: ASCII only, so that no editor changes what a character is."""
        obj: JSONObject = {"about": self.about, "kind": self.kind, "input": self.given}
        if self.wanted is not None:
            obj["wanted"] = self.wanted
        if self.refused:
            obj["refused"] = self.refused
        return (json.dumps(obj, indent=1, ensure_ascii=True) + "\n").encode()


def accepted(kind: str, name: str, about: str, given: JSONObject, wanted: JSONObject) -> Case:
    """Return a case that must be accepted with this answer."""
    return Case(kind, name, about, given, wanted)


def refused(kind: str, name: str, about: str, given: JSONObject, code: str) -> Case:
    """Return a case that must be refused."""
    return Case(kind, name, about, given, None, code)
