"""How long a campaign is: the number of its cases, times CERTLOG_DEEP; and what it says when it is done."""

import os
import sys

import pytest


def cases(usual: int) -> int:
    """Return the number of cases to run: `usual` times the factor CERTLOG_DEEP (default 1, may be a fraction)."""
    return max(1, int(usual * float(os.environ.get("CERTLOG_DEEP", "1"))))


def tell(capsys: pytest.CaptureFixture[str], result: str) -> None:
    """Say what a campaign came to: a number that nobody sees proves nothing."""
    with capsys.disabled():
        sys.stdout.write(f"\n{result}\n")
