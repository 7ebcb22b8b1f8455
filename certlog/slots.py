"""Status slots: the place (list, index) that a certificate holds in the status lists, fixed before it is signed."""

from dataclasses import dataclass
from typing import Final

from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.strict_json import JSONValue

LIST_SIZE: Final = 131_072
"""Entries in one status list: the minimum of W3C Bitstring Status List, section 6.1."""

MAX_LIST: Final = 2**31 - 1


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """List number and index within it; both count from 0."""

    list: int
    index: int

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "Slot":
        """Parse `[list, index]`."""
        match value:
            case [int(number), int(index)] if not isinstance(number, bool) and not isinstance(index, bool):
                return cls.of(number, index, place)
            case _:
                raise InvalidInput("expected a slot [list, index]", place=place, code="bad-slot")

    @classmethod
    def of(cls, number: int, index: int, place: str = "") -> "Slot":
        """Return a slot within its bounds: 0 <= index < 131,072 and 0 <= list < 2^31."""
        if not (0 <= number <= MAX_LIST and 0 <= index < LIST_SIZE):
            message = Sentence(
                "no slot [{number}, {index}]: an index is below {list_size}",
                number=number,
                index=index,
                list_size=LIST_SIZE,
            )
            raise InvalidInput(message, place=place, code="bad-slot")
        return cls(number, index)

    def to_json(self) -> JSONValue:
        """Return `[list, index]`."""
        return [self.list, self.index]
