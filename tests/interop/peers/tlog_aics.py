"""Answers questions about a log with the package aics-tlog, one JSON object a line, in order; see tlog_go/main.go.

Runs in that package's own environment, so it imports nothing of this project.
"""

import base64
import json
import sys
from typing import Any

import aics_tlog
from aics_tlog.tiles import (
    FileSystemTileReader,
    consistency_proof_from_tiles,
    inclusion_proof_from_tiles,
    read_entry,
)
from aics_tlog.verified import VerifiedTileReader


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
        case "log":
            return decide_log(question)
        case other:
            raise SystemExit(f"no such kind: {other!r}")


def opened(text: str, key: Any) -> Any:
    """Return a checkpoint that the key signed."""
    note = aics_tlog.parse_note(text)
    result = aics_tlog.verify_checkpoint(note, key, expected_origin=key.name)
    if not result.ok:
        raise ValueError(result.error)
    return aics_tlog.parse_checkpoint(note.text)


def decide_log(question: dict[str, Any]) -> dict[str, Any]:
    """Read a log from its folder of tiles: entries, their proofs, and that it extends older checkpoints."""
    key = aics_tlog.parse_vkey(question["key"])
    head = opened(question["note"], key)
    reader = VerifiedTileReader(FileSystemTileReader(question["folder"]), head.size, head.root)
    for index in question["indices"]:
        entry = read_entry(reader, index, head.size)
        path = inclusion_proof_from_tiles(reader, index, head.size)
        if not aics_tlog.verify_leaf_inclusion(entry, index, head.size, path, head.root):
            return {"ok": False, "why": f"entry {index}"}
    for text in question["older"]:
        old = opened(text, key)
        path = consistency_proof_from_tiles(reader, old.size, head.size)
        if not aics_tlog.verify_consistency(old.size, head.size, old.root, head.root, path):
            return {"ok": False, "why": f"not an extension of size {old.size}"}
    return {"ok": True, "size": head.size}


def main() -> None:
    """Answer every line of standard input."""
    for line in sys.stdin:
        try:
            answer = decide(json.loads(line))
        except (ValueError, FileNotFoundError) as error:  # the package's own refusals
            answer = {"ok": False, "why": str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")


main()
