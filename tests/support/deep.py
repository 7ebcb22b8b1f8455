"""How long a campaign is: the number of its cases, times CERTLOG_DEEP."""

import os


def cases(usual: int) -> int:
    """Return the number of cases to run: `usual` times the factor CERTLOG_DEEP (default 1, may be a fraction)."""
    return max(1, int(usual * float(os.environ.get("CERTLOG_DEEP", "1"))))
