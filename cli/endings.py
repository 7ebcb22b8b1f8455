"""How a process ends: the exit status that belongs to an error."""

from typing import Final

from certlog.errors import CertlogError, Unavailable

EXIT_REFUSED: Final = 2
EXIT_UNAVAILABLE: Final = 3


def exit_status(error: CertlogError) -> int:
    """Return 3 where it may be tried again, 2 where something must be corrected first."""
    return EXIT_UNAVAILABLE if isinstance(error, Unavailable) else EXIT_REFUSED
