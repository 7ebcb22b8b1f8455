"""The cosigners of the registry's tests: two auditors, both wanted, and a witness, as the settings name them."""

from typing import Final

from tests.support.registry import START
from tests.support.signing import cosigner

AUDITOR: Final = cosigner("auditor.example.vn", time=START + 5)
SECOND: Final = cosigner("auditor.example.org", time=START + 6)
WITNESS: Final = cosigner("witness.example.vn/w1", time=START + 7)
COSIGNER_SETTINGS: Final[dict[str, object]] = {
    "auditors": [AUDITOR.verifier_key.to_text(), SECOND.verifier_key.to_text()],
    "auditor_quorum": 2,
    "witnesses": [f"{WITNESS.verifier_key.to_text()} https://witness.example.vn"],
}
