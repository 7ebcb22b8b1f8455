"""Where the official vectors are: a folder beside the project, never copied into it.

CERTLOG_FIXTURES names the folder; else it is ../shared/fixtures. Where there is none, a test that reads it is skipped.
"""

import os
from pathlib import Path
from typing import Final

from tests.support.requires import require

VARIABLE: Final = "CERTLOG_FIXTURES"
ROOT: Final = Path(__file__).resolve().parent.parent.parent
BESIDE: Final = ROOT.parent / "shared" / "fixtures"


def fixtures_dir(*parts: str) -> Path:
    """Return the folder of official vectors, or a file or folder below it."""
    folder = Path(os.environ.get(VARIABLE) or BESIDE)
    install = f"set {VARIABLE} to the folder that holds the official vectors"
    require(
        folder.is_dir(), f"the official vectors ({VARIABLE} or {BESIDE.parent.name}/{BESIDE.name})", install
    )
    path = folder.joinpath(*parts)
    require(path.exists(), f"{'/'.join(parts)} below {VARIABLE}", install)
    return path
