"""Reads the official vectors: one JSON value, or every JSON file below a folder."""

import json
from typing import Any

from tests.support.fixtures import fixtures_dir


def official_json(path: str) -> Any:
    """Return the JSON value of one official vector."""
    return json.loads(fixtures_dir(path).read_bytes())


def official_cases(folder: str) -> list[tuple[str, Any]]:
    """Return (path, value) of every JSON file below a folder, sorted by path; at least one."""
    root = fixtures_dir(folder)
    cases = [
        (str(file.relative_to(root)), json.loads(file.read_bytes())) for file in sorted(root.rglob("*.json"))
    ]
    assert cases, f"no JSON files in {root}"
    return cases
