"""The header of a checked DCC (administrativeData), as the parts of a certificate that it fills.

Elements are found by their path from the root, so that nothing inside a signature or a comment field can pose as one.
A text is all of an element's text: a comment cannot cut it. Measured values are not read; the file holds them.
"""

import unicodedata
from typing import Final

from certlog.errors import InvalidInput
from certlog.schemas.attested import MAX_ITEMS, MAX_PEOPLE
from certlog.schemas.envelope import MAX_NUMBER
from certlog.schemas.parts import MAX_LONG_TEXT, MAX_SHORT_TEXT
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, JSONValue, check_text
from issuer.dcc_schema import DCC_NAMESPACE
from issuer.dcc_xml import Element

_D: Final = f"{{{DCC_NAMESPACE}}}"
_CORE: Final = "administrativeData/coreData"
_LANGUAGES: Final = ("vi", "en")
_ADDRESS: Final = ("streetNo", "street", "postOfficeBox", "city", "state", "postCode")
_LONGEST_ADDRESS: Final = 500


class Header:
    """What stands in the header of one DCC."""

    def __init__(self, root: Element, place: str) -> None:
        """Take a document that PTB's schema accepted; `place` is the file's name."""
        self._root = root
        self._place = place

    def number(self) -> str:
        """Return coreData/uniqueIdentifier, the certificate number."""
        return self._required(f"{_CORE}/uniqueIdentifier", MAX_NUMBER)

    def language(self) -> str:
        """Return the first of the mandatory, then of the used languages that we have; English if neither."""
        core = self._all(_CORE)[0]
        names = ("mandatoryLangCodeISO639_1", "usedLangCodeISO639_1")
        found = [_text(item) for name in names for item in core.iterchildren(f"{_D}{name}")]
        return next((code for code in found if code in _LANGUAGES), "en")

    def dates(self) -> JSONObject:
        """Return receiptDate, performedFrom, performedTo and issueDate, as far as the file says."""
        names = {
            "receiptDate": "receiptDate",
            "beginPerformanceDate": "performedFrom",
            "endPerformanceDate": "performedTo",
            "issueDate": "issueDate",
        }
        found = {member: self._optional(f"{_CORE}/{name}", 40) for name, member in names.items()}
        # xs:date may carry an offset; the day is the one that is written.
        return {member: text[:10] for member, text in found.items() if text}

    def performance_location(self) -> str | None:
        """Return coreData/performanceLocation; the enumerations are the same."""
        return self._optional(f"{_CORE}/performanceLocation", MAX_SHORT_TEXT)

    def laboratory(self) -> JSONObject:
        """Return the calibration laboratory: name, address, code."""
        base = "administrativeData/calibrationLaboratory"
        code = self._optional(f"{base}/calibrationLaboratoryCode", 60)
        return self._party(self._all(f"{base}/contact")[0]) | ({"code": code} if code else {})

    def customer(self) -> JSONObject:
        """Return the customer: name and address."""
        return self._party(self._all("administrativeData/customer")[0])

    def items(self) -> list[JSONValue]:
        """Return the calibrated items: name, manufacturer, model, serial number, the customer's own number."""
        found = self._all("administrativeData/items/item")
        self._bound("items", len(found), MAX_ITEMS)
        return [self._item(item) for item in found]

    def people(self) -> list[JSONValue]:
        """Return the responsible persons, the main signer first."""
        found = self._all("administrativeData/respPersons/respPerson")
        self._bound("responsible persons", len(found), MAX_PEOPLE)
        found.sort(key=lambda item: item.findtext(f"{_D}mainSigner", "").strip() not in ("true", "1"))
        people: list[JSONValue] = []
        for person in found:
            role = self._below(person, "role", MAX_SHORT_TEXT)
            name = self._single(person.find(f"{_D}person/{_D}name"), MAX_SHORT_TEXT)
            entry: JSONObject = {"name": name}
            people.append(entry | ({"role": role} if role else {}))
        return people

    def _item(self, item: Element) -> JSONObject:
        found: JSONObject = {"name": self._local(item.find(f"{_D}name"))}
        maker = item.find(f"{_D}manufacturer/{_D}name")
        optional = {
            "manufacturer": None if maker is None else self._single(maker, MAX_SHORT_TEXT),
            "model": self._below(item, "model", MAX_SHORT_TEXT),
            "serial": self._identification(item, "manufacturer"),
            "assetId": self._identification(item, "customer") or self._identification(item, "owner"),
        }
        return found | {name: text for name, text in optional.items() if text}

    def _identification(self, item: Element, issuer: str) -> str | None:
        """Return the number by which the maker (the serial number) or the customer knows an item."""
        for found in item.iterfind(f"{_D}identifications/{_D}identification"):
            if self._below(found, "issuer", 40) == issuer:
                return self._below(found, "value", 100)
        return None

    def _party(self, contact: Element) -> JSONObject:
        party: JSONObject = {"name": self._single(contact.find(f"{_D}name"), MAX_SHORT_TEXT)}
        location = contact.find(f"{_D}location")
        if location is None:
            return party
        parts = [self._below(location, name, MAX_SHORT_TEXT) for name in _ADDRESS]
        number, street, *rest = parts
        road = " ".join(part for part in (number, street) if part)
        address = ", ".join(part for part in (road, *rest) if part)
        if address:
            party["address"] = self._checked(address, "location", _LONGEST_ADDRESS)
        country = self._below(location, "countryCode", 2)
        return party | ({"country": country} if country else {})

    def _local(self, holder: "Element | None") -> JSONValue:
        """Return a text in our languages, as language values; in any one language if it has neither."""
        contents = [] if holder is None else list(holder.iterchildren(f"{_D}content"))
        values: list[JSONValue] = []
        for language in _LANGUAGES:
            for content in contents:
                if content.get("lang") == language:
                    text = self._checked(_text(content), "content", MAX_LONG_TEXT)
                    values.append({"@language": language, "@value": text})
                    break
        return values or self._single(holder, MAX_LONG_TEXT)

    def _single(self, holder: "Element | None", longest: int) -> str:
        """Return a text in the certificate's language, else without one, else the first."""
        contents = [] if holder is None else list(holder.iterchildren(f"{_D}content"))
        if not contents:
            raise self._problem(Sentence("a name is missing"))
        wanted = (self.language(), None)
        best = next((item for code in wanted for item in contents if item.get("lang") == code), contents[0])
        return self._checked(_text(best), "content", longest)

    def _required(self, path: str, longest: int) -> str:
        found = self._optional(path, longest)
        if found is None:
            raise self._problem(Sentence("{path} is missing", path=path))
        return found

    def _optional(self, path: str, longest: int) -> str | None:
        found = self._all(path)
        return self._checked(_text(found[0]), path, longest) if found else None

    def _below(self, holder: Element, name: str, longest: int) -> str | None:
        found = holder.find(f"{_D}{name}")
        text = "" if found is None else _text(found)
        return self._checked(text, name, longest) if text else None

    def _all(self, path: str) -> list[Element]:
        return self._root.findall("/".join(f"{_D}{name}" for name in path.split("/")))

    def _checked(self, text: str, name: str, longest: int) -> str:
        plain = unicodedata.normalize("NFC", text)
        if not plain or len(plain) > longest:
            message = Sentence(
                "{name}: expected 1 to {longest} characters, found {found}",
                name=name, longest=longest, found=len(plain),
            )  # fmt: skip
            raise self._problem(message)
        check_text(plain, f"{self._place} {name}")
        return plain

    def _bound(self, what: str, found: int, most: int) -> None:
        if found > most:
            raise self._problem(
                Sentence(
                    "expected at most {most} {what}, found {found}",
                    most=most,
                    what=Sentence(what),
                    found=found,
                )
            )

    def _problem(self, message: Sentence) -> InvalidInput:
        return InvalidInput(message, place=self._place, code="dcc-header")


def _text(element: Element) -> str:
    """Return all text of an element on one line; comments and instructions are no text (XPath 1.0, 5.7)."""
    whole = element.xpath("string()")
    return " ".join(str(whole).split())
