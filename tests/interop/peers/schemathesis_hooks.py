"""What schemathesis must be told: how a batch is written, one JSON object a line.

Runs in schemathesis's own environment, so it imports nothing of this project.
"""

from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context: Any, value: Any) -> bytes:
    """Send made-up text as it is."""
    return value if isinstance(value, bytes) else str(value).encode()
