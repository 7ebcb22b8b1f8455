"""Verifying one evidence file offline: all checks in a warm process, and `certlog verify` from cold.

The limit is libsodium's verification of the signatures that the file holds: of the certificate, the log and the trust
statements behind the issuer's key.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair

from bench.admission import signed_items
from bench.measure import Figure, cost_of
from bench.served import Served, served
from certlog.evidence import Evidence
from certlog.trust_root import TrustRoot
from registry.evidence_export import EvidenceExport
from verifier.chain_view import ChainView
from verifier.verify import verify

GOAL_WARM: Final = 200.0
GOAL_COLD: Final = 0.4
CONTROL: Final = "import sys"


def measure(count: int) -> Iterator[Figure]:
    """Verify the evidence of one of `count` certificates."""
    with served(workers=1) as registry:
        data = _evidence_of_one(registry, count)
        root_bytes = registry.folder.trust_root.read_bytes()
    root, at = TrustRoot.parse(root_bytes), int(time.time())
    evidence = Evidence.parse(data)
    signatures = 1 + len(evidence.heads) + len(evidence.trust) + len(evidence.events)
    limit = signatures * cost_of(_verification) * 1e6
    name = f"{signatures} Ed25519 verifications alone"
    parse = cost_of(lambda: Evidence.parse(data)) * 1e6
    checks = cost_of(lambda: verify(evidence, root, at, ChainView())) * 1e6
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


def _evidence_of_one(registry: Served, count: int) -> bytes:
    items = signed_items(registry, count, publish=True)
    for start in range(0, len(items), 1000):
        registry.client.submit(items[start : start + 1000])
    with registry.opened() as opened:
        while opened.head().size <= count:
            time.sleep(0.1)
        time.sleep(1.5)  # the epoch after it
        with opened.database.reading() as connection:
            export = EvidenceExport(connection, opened.settings.operator_did, lambda _index: ())
            return next(data for _, data in export.certificates())


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
