"""Vectors of attested files: what their header must hold, and that only the bound bytes are green."""

import copy
from collections.abc import Iterator
from typing import Any, Final

from certlog.attested import ATTESTED
from certlog.digests import sha256
from certlog.envelope import subject_of
from certlog.status import FileBinding, StatusAction
from certlog.strict_json import JSONObject, get_object
from tests.support.attested import PDF_BYTES, attested_content
from tests.support.certificates import SAMPLE_ORIGIN, conformity_content
from tools.vectors.case import Case, accepted, refused
from tools.vectors.scenes import ISSUER, ask, judged, started

KIND: Final = "certificate"
_QCVN: Final = [{"kind": "QCVN", "number": "QCVN 4:2009/BKHCN", "year": 2009}]
_REFUSED: Final[tuple[tuple[str, str, str, Any, str], ...]] = (
    ("public", "A calibration is its customer's.", "visibility", "public", "schema-const"),
    ("end", "A calibration has no end.", "expiryDate", "2027-11-20", "schema-falseSchema"),
    ("kind", "No such kind.", "attestedKind", "certification", "schema-enum"),
    ("results", "Results stay in the file.", "results", [], "schema-additionalProperties"),
    ("dates", "Issued before the work was done.", "issueDate", "2026-11-17", "date-order"),
    ("regulation", "Only a conformity certificate names a regulation.", "criteria", _QCVN, "schema-required"),
    ("stamped-xml", "XML is never stamped.", "file/stamped", True, "file"),
    ("other-file", "Another hash than that of relatedResource.", "file/sourceDigest", "A" * 43, "file"),
    ("media-type", "Neither PDF nor XML.", "file/mediaType", "text/html", "schema-enum"),
)


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    yield _accepted("attested-dcc", "A DCC: bound by the document itself, confidential.", attested_content())
    stamped = attested_content("inspection", data=PDF_BYTES, stamped=True)
    yield _accepted("attested-stamped-pdf", "A stamped PDF: only bindFile says its final bytes.", stamped)
    as_it_is = attested_content("verification", data=PDF_BYTES)
    yield _accepted("attested-pdf-as-it-is", "A PDF without a stamp is bound by the document too.", as_it_is)
    claims = _with("criteria", _QCVN, attested_content("conformity", data=PDF_BYTES))
    claims = _with("designation", get_object(subject_of(conformity_content()), "designation"), claims)
    yield _accepted("attested-conformity", "A regulation needs a designation, whatever the layout.", claims)
    for name, about, path, value, code in _REFUSED:
        yield refused(KIND, f"attested-{name}", about, _given(_with(path, value)), code)
    yield from _verified()


def _accepted(name: str, about: str, content: JSONObject) -> Case:
    claims: list[Any] = [
        {"kind": claim.kind, "authority": claim.authority, "standards": list(claim.topics)}
        for claim in ATTESTED.claimed_scopes(content)
    ]
    wanted: JSONObject = {"claims": claims, "confidential": ATTESTED.is_confidential(content)}
    return accepted(KIND, name, about, _given(content), wanted)


def _given(content: JSONObject) -> JSONObject:
    return {"content": content, "origin": SAMPLE_ORIGIN}


def _with(path: str, value: object, of: JSONObject | None = None) -> JSONObject:
    """Return the sample DCC's header with another value below credentialSubject."""
    content: Any = copy.deepcopy(of) if of is not None else attested_content()
    holder = content["credentialSubject"]
    *steps, last = path.split("/")
    for step in steps:
        holder = holder[step]
    holder[last] = value
    found: JSONObject = content
    return found


def _verified() -> Iterator[Case]:
    content = attested_content("inspection", data=PDF_BYTES, stamped=True)
    log = started(ISSUER)
    certificate = log.certify(ISSUER, content)
    binding = FileBinding(sha256(PDF_BYTES), "application/pdf")
    log.change_status(certificate, StatusAction.BIND_FILE, file=binding, signer=ISSUER)
    log.close()
    for name, about, data, verdict, check in (
        ("attested-file", "The bound bytes.", PDF_BYTES, "valid", None),
        ("attested-file-appended", "One byte more.", PDF_BYTES + b"\n", "altered", 10),
    ):
        question = ask(log, certificate, file=data)
        yield judged(name, about, question, verdict, check)
