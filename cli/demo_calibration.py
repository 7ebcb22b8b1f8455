"""The demo's calibration certificates: sealed content, proven, and silent about the customer on the public page."""

import json
import urllib.parse
from pathlib import Path
from typing import Any, Final

from certlog.sentences import Sentence
from cli.demo_parts import get
from cli.demo_stage import Stage

MEASURANDS: Final = ("Khối lượng", "Nhiệt độ", "Điện áp một chiều", "Điện áp xoay chiều", "Điện trở")
"""What examples/laboratory.toml is accredited for."""
CUSTOMER: Final = "Dược phẩm Mẫu"
_EXAMPLES: Final = Path(__file__).resolve().parent.parent / "examples"


def issue_calibrations(stage: Stage, desk: tuple[str | Path, ...]) -> list[dict[str, Any]]:
    """Issue the laboratory's three certificates; the registry gets their content encrypted."""
    stage.step(
        Sentence("Issue 3 calibration certificates: content sealed, its key only in the QR code on the paper")
    )
    laboratory = ("--body", _EXAMPLES / "laboratory.toml")
    said = stage.run("issuer", "issue", _EXAMPLES / "calibration.json", *laboratory, *desk, "--json")
    issued: list[dict[str, Any]] = json.loads(said)["issued"]
    stage.expect(Sentence("calibration certificates"), len(issued), 3)
    return issued


def check_calibration(stage: Stage, one: dict[str, Any], trusting: tuple[str | Path, ...], url: str) -> None:
    """Verify one by its PDF, and look at its public page as a stranger would: no customer, no result."""
    evidence = Path(one["pdf"]).with_suffix(".certlog.json")
    evidence.write_bytes(get(f"{url}/api/v1/certificates/{one['id']}/evidence"))
    found = stage.verdict(one["pdf"], "--evidence", evidence, *trusting)
    # Yes or no: the verdict's usual words speak of being in force, which a calibration never is.
    stage.expect(Sentence("calibration PDF: genuine and unaltered"), found == "valid", wanted=True)
    page = get(f"{url}/c/{urllib.parse.quote(one['id'])}").decode()
    stage.expect(Sentence("the customer's name on its page"), CUSTOMER in page, wanted=False)
