"""Reads a log from its tiles with the package tlog-scales, one question a line, in order; see tlog_go/main.go.

Runs in that package's own environment, so it imports nothing of this project.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tlog_scales import signing, tiles
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.tlog import Checkpoint


def opened(text: str, key: signing.Vkey) -> Checkpoint:
    """Return a checkpoint that the key signed; the package raises where it did not."""
    found = Checkpoint.from_text(text)
    found.verify(key)
    return found


def decide(question: dict[str, Any]) -> dict[str, Any]:
    """Return whether everything that was asked about holds; the rules are the package's own."""
    key = signing.Vkey.from_string(question["key"])
    head = opened(question["note"], key)
    reader = TilesReader(LocalBackend(Path(question["folder"])))
    reader.set_size(head.size)
    if reader.calculate_root_hash() != head.root_hash:
        return {"ok": False, "why": "the tiles lead to another root"}
    for index in question["indices"]:
        leaf = tiles.leaf_hash(reader.get_entry(index))
        reader.get_inclusion_proof(index, head.size).check(leaf, head.root_hash)
    for text in question["older"]:
        old = opened(text, key)
        reader.get_consistency_proof(old.size, head.size).check(old.root_hash, head.root_hash)
    return {"ok": True, "size": head.size}


def main() -> None:
    """Answer every line of standard input."""
    for line in sys.stdin:
        try:
            answer = decide(json.loads(line))
        except Exception as error:  # noqa: BLE001 # the package refuses with many kinds of its own
            answer = {"ok": False, "why": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")


main()
