"""Verifying one evidence file offline: all checks in a warm process, and `certlog verify` from cold.

The limit is libsodium's verification of the certificate's own signature: those of the log and of the statements behind
the issuer's key are the same for every certificate, and a warm process has verified them already.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair

from bench.admission import BATCH, signed_items
from bench.measure import Figure, Stopwatch, cost_of
from bench.served import Served, served, wait_for_head
from certlog.evidence import Evidence
from certlog.trust_root import TrustRoot
from registry.evidence_export import EvidenceExport
from verifier.chain_view import ChainView
from verifier.report import Report, Verdict
from verifier.verify import verify

GOAL_WARM: Final = 200.0
GOAL_COLD: Final = 0.4
CONTROL: Final = "import sys"


def measure(count: int) -> Iterator[Figure]:
    """Verify the evidence of `count` certificates, each once: of one body, as in a warm process."""
    with served(workers=1) as registry:
        files = _evidence(registry, count + 1)
        root_bytes = registry.folder.trust_root.read_bytes()
    data, root, at = files.pop(), TrustRoot.parse(root_bytes), int(time.time())
    verify(Evidence.parse(data), root, at, ChainView())
    parsing, checking = Stopwatch(), Stopwatch()
    for found in files:
        with parsing.running():
            evidence = Evidence.parse(found)
        with checking.running():
            report = verify(evidence, root, at, ChainView())
        _require_pending(report)
    parse, checks = parsing.busy / count * 1e6, checking.busy / count * 1e6
    name = "one Ed25519 verification alone"
    limit = cost_of(_verification) * 1e6
    yield Figure("parse and check one evidence file, warm", parse + checks, "µs", limit, name, GOAL_WARM)
    yield Figure(f"  of it reading its {len(data):,} bytes", parse, "µs")
    yield Figure("  of it the checks", checks, "µs")
    with tempfile.TemporaryDirectory() as place:
        file, trust_root = Path(place) / "e.certlog.json", Path(place) / "root.json"
        file.write_bytes(data)
        trust_root.write_bytes(root_bytes)
        words = (
            "-m",
            "cli.main",
            "verify",
            str(file),
            "--trust-root",
            str(trust_root),
            "--offline",
            "--json",
        )
        cold = min(_seconds(*words) for _ in range(3))
    bare = min(_seconds("-c", CONTROL) for _ in range(3))
    yield Figure("certlog verify, from cold", cold, "s", bare, "Python's own start", GOAL_COLD)


def _evidence(registry: Served, count: int) -> list[bytes]:
    items = signed_items(registry, count, publish=True)
    for start in range(0, len(items), BATCH):
        registry.client.submit(items[start : start + BATCH])
    with registry.opened() as opened:
        wait_for_head(opened, count)
        with opened.database.reading() as connection:
            export = EvidenceExport(
                connection, opened.tiles.nodes(connection), opened.settings.operator, lambda _index: ()
            )
            return [data for _, data in export.certificates()]


def _require_pending(report: Report) -> None:
    """Nothing is anchored here: all else must have passed."""
    if report.verdict is not Verdict.PENDING:
        raise RuntimeError(report)


_PUBLIC, _SECRET = crypto_sign_seed_keypair(bytes(32))
_SIGNED: Final = crypto_sign(bytes(64), _SECRET)


def _verification() -> None:
    crypto_sign_open(_SIGNED, _PUBLIC)


def _seconds(*words: str) -> float:
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *words], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return time.perf_counter() - start
