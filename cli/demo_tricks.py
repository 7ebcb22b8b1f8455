"""What a cheat would do, for the demo: alter a copy of a certificate, and doctor the printed page of a PDF.

Both keep everything else as it is: the signature, the proofs, and the genuine document attached inside the PDF.
"""

import copy
import json
from io import BytesIO
from pathlib import Path

import pikepdf

from certlog.canonical import canonicalize
from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput
from certlog.strict_json import get_object, get_str
from certlog.timestamps import parse_time
from issuer.pdf import ATTACHMENT_NAME, PdfMaker


def alter_copy(evidence: Path, altered: Path) -> str:
    """Write a copy of an evidence file in which the client's name is another; say what was changed."""
    value = json.loads(evidence.read_bytes())
    client = value["certificate"]["credentialSubject"]["client"]
    before = client["name"]
    client["name"] = "Công ty TNHH Hàng Nhái"
    altered.write_bytes(canonicalize(value))
    return f"{before} → {client['name']}"


def doctor_pdf(pdf: Path, doctored: Path, public_url: str) -> str:
    """Write a PDF that prints the expiry date with one digit changed, with the genuine document attached.

    Args:
        pdf: a certificate's genuine PDF.
        doctored: where the forgery goes.
        public_url: the registry's address, for the same QR code.

    Returns:
        What was changed.
    """
    with pikepdf.open(pdf) as document:
        genuine = document.attachments[ATTACHMENT_NAME].get_file().read_bytes()
    secured = SecuredDocument.parse(genuine)
    content = copy.deepcopy(secured.content)
    subject = get_object(content, "credentialSubject")
    before = get_str(subject, "expiryDate")
    after = f"{before[:2]}{(int(before[2]) + 1) % 10}{before[3:]}"
    if after == before:
        raise InvalidInput("nothing to change", place=str(pdf))
    subject["expiryDate"] = after
    content["validUntil"] = after + get_str(content, "validUntil")[10:]
    # The genuine hash, so that the code printed on the page leads to the genuine record.
    forged = SecuredDocument(content, secured.proof, secured.document_hash)
    printed = PdfMaker(public_url)(forged, parse_time(secured.proof.created))
    attached = doctored.with_name(ATTACHMENT_NAME)
    attached.write_bytes(genuine)
    with pikepdf.open(BytesIO(printed)) as document:
        spec = pikepdf.AttachedFileSpec.from_filepath(document, attached)
        document.attachments[ATTACHMENT_NAME] = spec
        document.save(doctored)
    return f"{before} → {after}"
