"""The project's own files, as git knows them: what a clone would hold."""

import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent
PACKAGES: Final = ("anchoring", "certlog", "cli", "issuer", "registry", "storage", "verifier", "web")
LOCKS: Final = ("package-lock.json", "requirements.txt", "requirements-dev.txt")


def tracked(*patterns: str) -> list[str]:
    """Return the tracked files that match git's patterns, all where none is given, less those deleted."""
    command = ["git", "ls-files", "-z", "--", *patterns]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts(*patterns: str) -> dict[str, str]:
    """Return the tracked files that are UTF-8 text, by name."""
    found = {}
    for name in tracked(*patterns):
        data = (ROOT / name).read_bytes()
        if b"\0" not in data:
            found[name] = data.decode("utf-8")
    return found
