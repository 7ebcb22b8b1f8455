"""Labels for what was calibrated or certified: a code, and just enough text to match label and thing.

A label is seen by everyone who passes: it never carries the key of sealed content, nor the customer, nor a result
(docs/adr/0012). Its code is at least 15 mm wide without its quiet zone, a module 0.36 mm: four dots at 300 dpi.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil
from typing import Final

from certlog.canonical import canonicalize
from certlog.certificate_id import certificate_id, format_id, parse_id
from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput, MistypedId
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, JSONValue, get_list, get_object, get_str
from issuer.journal import Journal, JournalRow
from issuer.print_parts import Order, Words, day, items, shortened
from issuer.print_typesetter import typeset
from issuer.qr import QUIET_ZONE, certificate_address, qr_modules, qr_svg

WIDTH: Final = 62
HEIGHT: Final = 30
"""Millimetres; a label of this size fits in each cell of the sheets below."""

MAX_LABELS: Final = 480
"""Twenty sheets in one file, set in less than 300 MB; more are made in several runs, by number."""

_TEMPLATE: Final = "labels.typ"
_ERROR_LEVEL: Final = "m"
_LEAST_SYMBOL: Final = 150
_LEAST_MODULE: Final = 3.6
_MOST_SIDE: Final = 230
"""Tenths of a millimetre."""

_CALIBRATED: Final = Words("Hiệu chuẩn", "Calibrated")
_CERTIFIED: Final = Words("Chứng nhận", "Certified")


@dataclass(frozen=True, slots=True)
class Sheet:
    """How labels lie on paper: in columns and rows on A4, or, with none, one a page of the label's own size."""

    columns: int = 0
    rows: int = 0


ROLL: Final = Sheet()
SHEETS: Final[Mapping[str, Sheet]] = {
    "roll": ROLL,
    "14": Sheet(2, 7),
    "21": Sheet(3, 7),
    "24": Sheet(3, 8),
    "27": Sheet(3, 9),
}
"""By the number of labels a page: A4 label paper without margins."""


@dataclass(frozen=True, slots=True)
class Labels:
    """A PDF, and how many labels it has."""

    pdf: bytes
    count: int


@dataclass(frozen=True, slots=True)
class LabelMaker:
    """Makes labels whose codes lead to one registry.

    Attributes:
        public_address: scheme and host that people reach the registry under.
        sheet: the paper.
        skip: places of the first sheet that are used already.
    """

    public_address: str
    sheet: Sheet = ROLL
    skip: int = 0

    def __call__(self, certificates: Sequence[SecuredDocument], signed_at: int) -> Labels:
        """Return the labels of some certificates; the same arguments give the same bytes.

        Args:
            certificates: in the order of the labels.
            signed_at: when the last of them was signed.

        Raises:
            InvalidInput: none of them is for something that can bear a label, or there are too many.
        """
        places = self.sheet.columns * self.sheet.rows
        if self.skip and self.skip >= places:
            message = Sentence(
                "a sheet of {places} labels has no place left after {skip}; take a new one",
                places=places,
                skip=self.skip,
            )
            raise InvalidInput(message, code="no-labels")
        said = [(secured, label_texts(secured.content)) for secured in certificates]
        count = sum(len(texts) for _, texts in said)
        if not 0 < count <= MAX_LABELS:
            message = Sentence(
                "expected 1 to {limit} labels, found {found}",
                limit=MAX_LABELS,
                found=count,
            )
            raise InvalidInput(message, code="no-labels")
        labels: list[JSONValue] = []
        for secured, texts in said:
            code = self._code(secured) if texts else {}
            labels += [{**text, **code} for text in texts]
        sheet: JSONObject = {
            "title": f"{count} labels",
            "width": WIDTH,
            "height": HEIGHT,
            "columns": self.sheet.columns,
            "rows": self.sheet.rows,
            "skip": self.skip,
        }
        inputs = {"labels": canonicalize(labels).decode(), "sheet": canonicalize(sheet).decode()}
        return Labels(typeset(_TEMPLATE, inputs, signed_at, about="labels"), count)

    def _code(self, secured: SecuredDocument) -> JSONObject:
        identifier = certificate_id(secured.document_hash)
        address = certificate_address(self.public_address, identifier)
        return {
            "qr": qr_svg(address, _ERROR_LEVEL),
            "side": _side(address),
            "address": address,
            "shown": format_id(identifier),
        }


def rows_to_label(journal: Journal, names: Sequence[str]) -> tuple[JournalRow, ...]:
    """Return the certificates with these numbers (their newest version) or ids; all numbers if none is named.

    Raises:
        InvalidInput: the journal does not hold one of them.
    """
    if not names:
        return tuple(islice(journal.newest(), MAX_LABELS + 1))
    return tuple(_row(journal, name) for name in names)


def _row(journal: Journal, name: str) -> JournalRow:
    row = journal.latest(name)
    if row is None:
        try:
            row = journal.with_id(parse_id(name))
        except MistypedId:
            row = None
    if row is None:
        message = Sentence("this folder's journal holds no certificate {name!r}", name=name)
        raise InvalidInput(message, code="unknown-certificate")
    return row


def label_texts(content: JSONObject) -> list[JSONObject]:
    """Return what the labels of a certificate say: one for each instrument, one for all products, none otherwise."""
    profile = str(get_list(content, "type")[-1])
    return _PROFILES[profile](content, Order.of(content)) if profile in _PROFILES else []


def _calibration(content: JSONObject, order: Order) -> list[JSONObject]:
    subject = get_object(content, "credentialSubject")
    said: list[JSONValue] = [[*order.pair("Ngày", "Date"), day(subject["performedTo"])]]
    if "recalibrationDue" in subject:
        due = get_object(subject, "recalibrationDue")
        said.append([*order.pair("Đến hạn", "Due"), day(due["date"])])
    said.append([*order.pair("Số", "No."), content["certificateNumber"]])
    laboratory = get_object(subject, "laboratory")
    return [
        _label(shortened(laboratory["name"]), _CALIBRATED, [*_instrument(item, order), *said], order)
        for item in items(subject, "items")
    ]


def _attested(content: JSONObject, order: Order) -> list[JSONObject]:
    """Return labels for calibrated instruments; verification (kiểm định) has stamps of the state's own."""
    subject = get_object(content, "credentialSubject")
    if subject["attestedKind"] != "calibration":
        return []
    said: list[JSONValue] = [
        [*order.pair("Ngày", "Date"), day(subject["performedTo"])],
        [*order.pair("Số", "No."), content["certificateNumber"]],
    ]
    body = shortened(get_object(subject, "body")["name"])
    return [
        _label(body, _CALIBRATED, [*_instrument(item, order), *said], order)
        for item in items(subject, "items")
    ]


def _instrument(item: JSONObject, order: Order) -> list[JSONValue]:
    """Return what tells an instrument from others; a serial number is never shortened."""
    name = shortened(order.texts(item["name"])[0])
    said: list[JSONValue] = [["", "", name]]
    for member, vi, en in (("serial", "Số sê-ri", "Serial"), ("assetId", "Mã quản lý", "Asset")):
        if member in item:
            said.append([*order.pair(vi, en), item[member]])
            break
    return said


def _conformity(content: JSONObject, order: Order) -> list[JSONObject]:
    subject = get_object(content, "credentialSubject")
    products = items(subject, "products")
    if not products:
        return []
    names = ", ".join(dict.fromkeys(get_str(product, "name") for product in products))
    numbers = ", ".join(get_str(item, "number") for item in items(subject, "criteria"))
    said: list[JSONValue] = [
        ["", "", shortened(names)],
        [*order.pair("Phù hợp với", "Conforms to"), shortened(numbers)],
        [*order.pair("Số", "No."), content["certificateNumber"]],
    ]
    if "expiryDate" in subject:
        said.append([*order.pair("Đến hết ngày", "Until"), day(subject["expiryDate"])])
    body = shortened(get_object(subject, "certificationBody")["name"])
    return [_label(body, _CERTIFIED, said, order)]


_PROFILES: Final[Mapping[str, Callable[[JSONObject, Order], list[JSONObject]]]] = {
    "ConformityCertificate": _conformity,
    "CalibrationCertificate": _calibration,
    "AttestedFileCertificate": _attested,
}


def _label(body: str, title: Words, said: Sequence[JSONValue], order: Order) -> JSONObject:
    return {"body": body, "title": order.words(title), "lines": list(said)}


def _side(address: str) -> int:
    """Return how wide the code is printed, quiet zone included, in tenths of a millimetre."""
    modules = qr_modules(address, _ERROR_LEVEL)
    module = max(_LEAST_MODULE, _LEAST_SYMBOL / (modules - 2 * QUIET_ZONE))
    side = ceil(modules * module)
    if side > _MOST_SIDE:
        message = Sentence(
            "the address {address} is too long for the code of a label; use a shorter --public-url",
            address=address,
        )
        raise InvalidInput(message, code="no-labels")
    return side
