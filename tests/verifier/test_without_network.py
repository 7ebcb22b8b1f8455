"""Evidence and status proofs in a room without a network (`unshare -n`): green only where the formats allow it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

from certlog.checkpoint import Checkpoint
from certlog.documents import SecuredDocument
from certlog.note import sign_note
from certlog.timestamps import format_time
from certlog.trust_root import TrustRoot
from tests.support.deep import cases
from tests.support.requires import require
from tests.support.signing import cosigner
from tests.verifier.dishonest import Liar
from tools.vectors.scenes import pointer
from verifier.chain_view import AnchorReading
from verifier.seen_heads import format_seen

ROOT: Final = Path(__file__).resolve().parents[2]
RUNNER: Final = """
import json, socket, sys
from pathlib import Path
from click.testing import CliRunner
from cli.verify import verify
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=2)
    sys.exit("there is a network")
except OSError:
    pass
for line in sys.stdin:
    words = json.loads(line)
    done = CliRunner().invoke(verify, words, catch_exceptions=False)
    report = json.loads(done.output)
    print(json.dumps([done.exit_code, report.get("verdict") or report["standing"], report.get("look"),
                      report.get("remarks"), report["checks"][6 if "verdict" in report else 4]["reason"]]), flush=True)
"""


@dataclass(frozen=True)
class Answer:
    """What `certlog verify --offline --json` said."""

    status: int
    verdict: str
    look: str | None
    remarks: list[str] | None
    anchor: str | None


@dataclass(frozen=True)
class Room:
    """A log with certificates, its files in a folder, and a way to verify them without a network."""

    folder: Path
    liar: Liar
    documents: tuple[SecuredDocument, ...]

    @property
    def at(self) -> str:
        return format_time(self.liar.log.time + 60)

    def pins(self, root: TrustRoot, name: str = "root.json") -> Path:
        path = self.folder / name
        path.write_bytes(root.to_bytes())
        return path

    def seen(self, size: int) -> Path:
        log = self.liar.log
        chain = log.trust_root().chains[0]
        reading = AnchorReading(
            chain_id=chain.id,
            contract=chain.contract,
            log_id=chain.log_ids[0].log_id,
            size=size,
            root=log.tree.root(size),
            block_time=pointer(log, size).block_time,
            block_number=pointer(log, size).block_number,
            final=True,
        )
        path = self.folder / "seen.json"
        path.write_bytes(format_seen([reading]))
        return path

    def evidence(self, number: int, *, note: str | None = None, pointers: bool = True) -> Path:
        log = self.liar.log
        anchors = {log.size: [pointer(log, log.size)]} if pointers else {}
        found = log.evidence(self.documents[number], anchors=anchors)
        if note is not None:
            found = replace(found, heads=(replace(found.heads[0], checkpoint=note),))
        path = self.folder / f"{number}.certlog.json"
        path.write_bytes(found.to_bytes())
        return path


def verified(commands: Sequence[Sequence[str | Path]]) -> list[Answer]:
    """Run `certlog verify` on each, in one process whose network holds nothing."""
    unshare = shutil.which("unshare")
    probe = subprocess.run([unshare or "false", "-rn", "true"], check=False, capture_output=True)
    require(probe.returncode == 0, "a network namespace of one's own", "unshare -rn must be allowed here")
    lines = "".join(json.dumps([str(word) for word in words]) + "\n" for words in commands)
    done = subprocess.run(
        [unshare or "false", "-rn", sys.executable, "-c", RUNNER, "80"],
        input=lines,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"CERTLOG_LANG": "en"},
        check=False,
        timeout=3000,
    )
    assert done.returncode == 0, done.stderr
    return [Answer(*json.loads(line)) for line in done.stdout.splitlines()]


def room(folder: Path, count: int) -> Room:
    liar = Liar()
    documents = (liar.certificate, *(liar.neighbour() for _ in range(count - 1)))
    liar.log.close()
    return Room(folder, liar, documents)


def both_ways(place: Room, indices: Sequence[int]) -> None:
    """Each certificate: not green by itself; green with a head that the device has seen, and labelled so."""
    log = place.liar.log
    pins, seen = place.pins(log.trust_root()), place.seen(log.size)
    words: list[list[str | Path]] = [
        [place.evidence(i), "--trust-root", pins, "--offline", "--json", "--at", place.at] for i in indices
    ]
    for answer in verified(words):
        assert answer == Answer(3, "cannot_check", "neutral", answer.remarks, "chain_not_consulted")
    for answer in verified([[*line, "--seen", seen] for line in words]):
        assert (answer.status, answer.verdict, answer.look) == (0, "valid", "green")
        assert answer.anchor == "seen_head"
        assert answer.remarks is not None
        assert "chain_not_consulted" in answer.remarks


def test_evidence_verifies_without_a_network_and_is_green_only_by_a_seen_head(tmp_path: Path) -> None:
    both_ways(room(tmp_path, 3), range(3))


@pytest.mark.deep
@pytest.mark.timeout(3600)
def test_a_thousand_certificates_verify_without_a_network(tmp_path: Path) -> None:
    count = cases(1000)
    both_ways(room(tmp_path, count), range(count))


def test_the_auditors_quorum_makes_it_green_and_one_short_of_it_does_not(tmp_path: Path) -> None:
    place = room(tmp_path, 1)
    log = place.liar.log
    auditors = [cosigner(f"auditor.example.vn/{name}", time=log.time) for name in "abc"]
    root = replace(log.trust_root(), auditors=tuple(one.verifier_key for one in auditors), auditor_quorum=2)
    text = Checkpoint(log.origin, log.size, log.tree.root()).to_text()
    words: list[str | Path] = ["--trust-root", place.pins(root), "--offline", "--json", "--at", place.at]
    one, two = (sign_note(text, log.log_key, *auditors[:count]) for count in (1, 2))
    green = verified([[place.evidence(0, note=two, pointers=False), *words]])[0]
    assert (green.status, green.verdict, green.anchor) == (0, "valid", "auditors")
    assert green.remarks is not None
    assert "chain_not_consulted" in green.remarks
    grey = verified([[place.evidence(0, note=one, pointers=False), *words]])[0]
    assert (grey.status, grey.verdict) == (3, "pending")


def test_a_seen_head_of_another_history_makes_nothing_green(tmp_path: Path) -> None:
    place, other = room(tmp_path, 1), room(tmp_path, 2)
    pins = place.pins(place.liar.log.trust_root())
    seen = other.seen(other.liar.log.size)
    words: list[str | Path] = [
        place.evidence(0),
        "--trust-root",
        pins,
        "--offline",
        "--json",
        "--at",
        place.at,
        "--seen",
        seen,
    ]
    assert verified([words])[0].verdict == "cannot_check"


def test_a_status_proof_verifies_without_a_network(tmp_path: Path) -> None:
    place = room(tmp_path, 1)
    path = tmp_path / "a.status.json"
    path.write_bytes(place.liar.log.status_proof(place.documents[0]).to_bytes())
    pins = place.pins(place.liar.log.trust_root())
    answer = verified([[path, "--trust-root", pins, "--offline", "--json", "--at", place.at]])[0]
    assert (answer.status, answer.verdict, answer.anchor) == (0, "clear", "not_anchored_yet")
