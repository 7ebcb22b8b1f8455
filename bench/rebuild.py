"""`certlog rebuild` of a large log from its files: audited, written into an empty SQLite database, with every view."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.big_log import BigLog, write_big_log
from bench.measure import Figure, Stopwatch, peak_memory, reset_peak_memory
from cli.rebuild import rebuild_command
from registry.data_folder import DataFolder
from registry.keys import create_key
from registry.opening import Surroundings, initialise
from registry.settings import make_settings


def measure(count: int) -> Iterator[Figure]:
    """Rebuild a log of `count` certificates, without published documents."""
    with tempfile.TemporaryDirectory(prefix="certlog-bench-") as name:
        log = write_big_log(Path(name) / "log", count)
        folder = _folder(Path(name) / "data", log)
        reset_peak_memory()
        whole = Stopwatch()
        with whole.running():
            rebuild_command.main(
                [str(log.folder), "--data", str(folder.path), "--no-documents"], standalone_mode=False
            )
        yield Figure(f"{log.size:,} entries rebuilt, {os.cpu_count() or 1} processes", whole.seconds, "s")
        yield Figure("  of it work of the first process", whole.busy, "s")
        yield Figure("  memory of the first process", peak_memory(), "MB")
        yield Figure("  the database", folder.database.stat().st_size / 1e6, "MB")


def _folder(path: Path, log: BigLog) -> DataFolder:
    """Return the data folder of a registry that has lost its database: settings, keys and trust root."""
    folder, operator = DataFolder(path), log.trust_root.operator
    settings = make_settings(
        {
            "origin": log.trust_root.origin,
            "public_url": f"https://{log.trust_root.origin}",
            "operator_did": operator.did,
            "operator_key": operator.key.multibase,
            "recovery_key": operator.recovery_key.multibase,
        }
    )
    initialise(folder, settings, Surroundings({}))
    folder.trust_root.write_bytes(log.trust_root.to_bytes())
    for lost in (folder.log_key, *path.glob(f"{folder.database.name}*")):
        lost.unlink()
    create_key(folder.log_key, hashlib.sha256(b"certlog bench key: body -3").digest())
    return folder
