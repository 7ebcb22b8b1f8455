"""What a cheat would do, for the demo: alter a copy of a certificate, and doctor the printed page of a PDF.

Both keep everything else as it is: the signature, the proofs, and the genuine document attached inside the PDF.
"""

import json
from io import BytesIO
from pathlib import Path

import pikepdf

from certlog.canonical import canonicalize
from certlog.errors import InvalidInput


def alter_copy(evidence: Path, altered: Path) -> str:
    """Write a copy of an evidence file in which the client's name is another; say what was changed."""
    value = json.loads(evidence.read_bytes())
    client = value["certificate"]["credentialSubject"]["client"]
    before = client["name"]
    client["name"] = "Công ty TNHH Hàng Nhái"
    altered.write_bytes(canonicalize(value))
    return f"{before} → {client['name']}"


def doctor_pdf(pdf: Path, doctored: Path) -> None:
    """Write a copy of a PDF with one digit printed over the first page; the attachment stays as it is.

    Raises:
        InvalidInput: the page has no content to print over.
    """
    with pikepdf.open(pdf) as document:
        page = document.pages[0]
        _, _, width, height = (float(value) for value in page.mediabox)
        # A white box and a digit in a font that every viewer has: the crudest forgery, and it looks right at a glance.
        x, y = width * 0.56, height * 0.78
        box = f"1 1 1 rg {x:.0f} {y:.0f} 9 12 re f"
        digit = f"0 0 0 rg BT /Forged 11 Tf {x + 1:.0f} {y + 2:.0f} Td (9) Tj ET"
        forged = f"q {box} {digit} Q"
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        resources = page.obj.get("/Resources")
        if not isinstance(resources, pikepdf.Dictionary):
            raise InvalidInput("the page has no resources", place=str(pdf))
        if "/Font" not in resources:
            resources["/Font"] = pikepdf.Dictionary()
        resources["/Font"]["/Forged"] = document.make_indirect(font)
        page.contents_add(forged.encode(), prepend=False)
        buffer = BytesIO()
        document.save(buffer)
    doctored.write_bytes(buffer.getvalue())
