"""Check 10: the file in hand is, byte for byte, one that the issuer bound to the certificate.

A PDF can carry genuine data under an altered page; only the issuer's `bindFile` speaks for the page itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from certlog.digests import same, sha256
from certlog.status import FileBinding
from verifier.report import Check, CheckName, Page, Reason, failed, not_checked, passed


@dataclass(frozen=True, slots=True)
class File:
    """The file that a person handed in: the SHA-256 of all its bytes, and its media type."""

    sha256: bytes
    media_type: str

    @classmethod
    def of(cls, data: bytes, media_type: str) -> "File":
        """Return the file with these bytes."""
        return cls(sha256(data), media_type)


def check_file(file: File | None, bindings: Sequence[FileBinding] | None) -> tuple[Check, Page]:
    """Check 10.

    Args:
        file: what was handed in, or None: then there is nothing to check.
        bindings: the proven bindings, or None where events could not be proven at all.
    """
    if file is None:
        return not_checked(CheckName.FILE, Reason.NO_FILE), Page.NO_FILE
    found = f"{file.media_type} {file.sha256.hex()}"
    rivals = [binding for binding in bindings or () if binding.media_type == file.media_type]
    if not rivals:
        return not_checked(CheckName.FILE, Reason.PAGE_NOT_BOUND, found=found), Page.NOT_CHECKED
    if any(same(binding.sha256, file.sha256) for binding in rivals):
        return passed(CheckName.FILE, found), Page.BOUND
    expected = "; ".join(f"{binding.media_type} {binding.sha256.hex()}" for binding in rivals)
    return failed(CheckName.FILE, Reason.FILE_DIFFERS, expected=expected, found=found), Page.DIFFERENT
