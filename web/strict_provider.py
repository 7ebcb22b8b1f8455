"""Flask's JSON provider with certlog's strict reader: duplicate names, floats and hidden characters are refused.

Flask's own reader keeps the last of two equal names, so that two programs may see different values in one body.
Writing is plain UTF-8 JSON; signed bytes never pass through here.
"""

import json
from typing import Any

from flask.json.provider import JSONProvider

from certlog.strict_json import parse

MAX_JSON_BYTES = 16 * 1024 * 1024
"""No body is larger: web.security refuses it before it is read."""


class StrictJSONProvider(JSONProvider):
    """Reads strictly, writes plainly."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:  # noqa: ANN401 - the provider's own signature
        """Read JSON.

        Raises:
            InvalidInput: not JSON, or outside the rules of certlog.strict_json.
        """
        del kwargs
        return parse(s if isinstance(s, bytes) else s.encode("utf-8"), max_bytes=MAX_JSON_BYTES)

    def dumps(self, obj: Any, **kwargs: Any) -> str:  # noqa: ANN401 - the provider's own signature
        """Write JSON; Vietnamese stays readable."""
        return json.dumps(obj, ensure_ascii=False, allow_nan=False, **kwargs)
