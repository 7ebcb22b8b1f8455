"""Answers questions about a log with the package aics-tlog, one JSON object a line, in order; see tlog_go/main.go.

Runs in that package's own environment, so it imports nothing of this project.
"""

import base64
import json
import sys
from typing import Any

import aics_tlog


def decide(question: dict[str, Any]) -> dict[str, Any]:
    """Return what the package says; the rules are its own."""
    path = [base64.b64decode(item) for item in question.get("path", [])]
    match question["kind"]:
        case "checkpoint":
            note = aics_tlog.parse_note(question["note"])
            key = aics_tlog.parse_vkey(question["key"])
            result = aics_tlog.verify_checkpoint(note, key, expected_origin=key.name)
            if not result.ok:
                return {"ok": False, "why": result.error}
            found = aics_tlog.parse_checkpoint(note.text)
            return {"ok": True, "size": found.size, "root": base64.b64encode(found.root).decode()}
        case "inclusion":
            leaf = base64.b64decode(question["entry"])
            root = base64.b64decode(question["root"])
            size, index = question["size"], question["index"]
            return {"ok": aics_tlog.verify_leaf_inclusion(leaf, index, size, path, root)}
        case "consistency":
            old, root = base64.b64decode(question["oldRoot"]), base64.b64decode(question["root"])
            sizes = question["oldSize"], question["size"]
            return {"ok": aics_tlog.verify_consistency(*sizes, old, root, path)}
        case other:
            raise SystemExit(f"no such kind: {other!r}")


def main() -> None:
    """Answer every line of standard input."""
    for line in sys.stdin:
        try:
            answer = decide(json.loads(line))
        except ValueError as error:  # the package's own refusals of malformed input
            answer = {"ok": False, "why": str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")


main()
