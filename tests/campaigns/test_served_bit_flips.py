"""One bit is changed in what a log serves: every time an audit has a finding; a hundred clean logs have none."""

import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from certlog import cryptosuites
from tests.support.deep import cases, tell
from tests.support.random_logs import MemorySource, log_of_epochs, random_log, source_of
from tests.support.small_log import SmallLog
from tests.verifier.audited import audited, codes
from verifier import audit_checkpoint, audit_documents, audit_entries
from verifier.audit_state import AuditState

SIZE: Final = 300
"""A full bundle and a partial one, tiles at two levels."""
EDGES: Final = (1, 2, 9, 255, 256, 257, 511, 512, 513)


class Served:
    """An honest log as files, audited clean, and the same with one bit changed."""

    def __init__(self, folder: Path) -> None:
        self.log, documents = random_log(random.Random(1), SIZE)
        self.source = source_of(self.log, folder, tuple(documents[:6]))
        first = audited(self.log, self.source, documents=True)
        assert codes(first) == []
        assert first.is_whole
        state = first.new_state()
        assert state is not None
        self.state: AuditState = state
        self.kinds = _by_kind(self.source.files)

    def finds(self, path: str, position: int, bit: int, *, resumed: bool) -> list[str]:
        """Return the codes of what an audit finds once this bit is changed."""
        changed = bytearray(self.source.files[path])
        changed[position] ^= 1 << bit
        other = MemorySource({**self.source.files, path: bytes(changed)})
        state = self.state if resumed else None
        return codes(audited(self.log, other, state=state, documents="document" in path))


def _by_kind(files: Mapping[str, bytes]) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for path in sorted(files):
        kind = "bundles" if path.startswith("tile/entries") else path.split("/")[0]
        kinds.setdefault(kind, []).append(path)
    assert set(kinds) == {"bundles", "tile", "checkpoint", "status", "api"}
    return kinds


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Served:
    return Served(tmp_path_factory.mktemp("served"))


def flip(served: Served, *, flips: int, seed: int = 1) -> Counter[str]:
    """Change one bit at a time; return how many of each kind of file were found, having required that all were."""
    chance = random.Random(seed)
    found: Counter[str] = Counter()
    for number in range(flips):
        kind = chance.choice(sorted(served.kinds))
        path = chance.choice(served.kinds[kind])
        position, bit = chance.randrange(len(served.source.files[path])), chance.randrange(8)
        assert served.finds(path, position, bit, resumed=bool(number % 2)), (
            f"{path}: byte {position}, bit {bit}"
        )
        found[kind] += 1
    return found


def clean_audit(log: SmallLog, folder: Path, documents: bool = False) -> None:
    """Require that an audit of an honest log finds nothing, and looks at everything."""
    found = audited(log, source_of(log, folder), documents=documents)
    assert codes(found) == []
    assert found.is_whole
    assert found.log_is_right
    assert found.size == log.size


def test_every_changed_bit_of_what_is_served_is_found(log: Served) -> None:
    assert flip(log, flips=40).total() == 40


@pytest.mark.parametrize("size", EDGES)
def test_a_clean_log_of_an_edge_size_raises_no_alarm(size: int, tmp_path: Path) -> None:
    clean_audit(random_log(random.Random(size), size)[0], tmp_path)


@pytest.mark.deep
def test_five_thousand_changed_bits_of_what_is_served_are_found(
    log: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    found = flip(log, flips=cases(5000), seed=2)
    tell(capsys, f"single bits changed in served files, each found by an audit: {dict(found)}")


@pytest.mark.deep
def test_a_hundred_clean_logs_raise_no_alarm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs = cases(100)
    for seed in range(logs):
        size = random.Random(seed).randint(1, 700)
        clean_audit(random_log(random.Random(seed), size)[0], tmp_path / str(seed))
    clean_audit(log_of_epochs(65_537), tmp_path / "large")
    tell(capsys, f"{logs} clean logs and one of 65,537 entries: no finding")


DEFECTS: Final[dict[str, tuple[object, str, object]]] = {
    "bundles": (audit_entries, "same", lambda *_: True),
    "checkpoint": (audit_checkpoint, "note_signed_by", lambda *_: True),
    "status": (cryptosuites, "verify", lambda *_: None),
    "api": (audit_documents, "same", lambda *_: True),
}


@pytest.mark.parametrize("kind", DEFECTS)
def test_an_audit_that_does_not_look_at_one_kind_of_file_is_noticed(
    log: Served, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, name, defect = DEFECTS[kind]
    monkeypatch.setattr(holder, name, defect)
    with pytest.raises(AssertionError, match=": byte"):
        flip(log, flips=400, seed=3)
