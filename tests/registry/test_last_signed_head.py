"""The last-signed-head file: compare-and-swap, forward only, refused when lost, damaged or of another log."""

import multiprocessing
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from certlog.digests import RootHash
from certlog.tree import EMPTY_ROOT
from registry.last_signed_head import LastSignedHeadFile, SignedHead, SigningHalted

ORIGIN = "registry.example.vn"
EMPTY = SignedHead(0, EMPTY_ROOT)
ONE = SignedHead(1, RootHash(b"\1" * 32))
TWO = SignedHead(2, RootHash(b"\2" * 32))


@pytest.fixture
def file(tmp_path: Path) -> LastSignedHeadFile:
    file = LastSignedHeadFile(tmp_path / "last-signed-head.json", ORIGIN)
    file.create(EMPTY)
    return file


def test_a_swap_replaces_exactly_the_expected_head(file: LastSignedHeadFile) -> None:
    with file.locked():
        file.swap(EMPTY, ONE)
    assert file.read() == ONE
    with file.locked(), pytest.raises(SigningHalted, match="expected size 0 .*, found size 1 0101"):
        file.swap(EMPTY, TWO)
    assert file.read() == ONE


def test_the_file_is_private_and_never_made_twice(file: LastSignedHeadFile) -> None:
    assert file.path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SigningHalted, match="exists; it is only replaced by signing"):
        file.create(ONE)
    assert file.read() == EMPTY


def test_a_lost_file_stops_signing_and_names_the_remedy(file: LastSignedHeadFile) -> None:
    file.path.unlink()
    with pytest.raises(SigningHalted, match="is lost, so nothing is signed.*reseed-head.*--chain"):
        file.read()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"origin":"registry.example.vn","root":"AA","size":1}',
        b'{"size":1,"size":2}',
        b"\x00" * 20,
    ],
)
def test_a_damaged_file_stops_signing(file: LastSignedHeadFile, data: bytes) -> None:
    file.path.write_bytes(data)
    with pytest.raises(SigningHalted, match="is damaged"):
        file.read()


def test_the_file_of_another_log_is_refused(file: LastSignedHeadFile) -> None:
    with pytest.raises(
        SigningHalted, match="expected origin 'other.example.vn', found 'registry.example.vn'"
    ):
        LastSignedHeadFile(file.path, "other.example.vn").read()


def test_reseeding_goes_forward_only(file: LastSignedHeadFile) -> None:
    file.reseed(TWO)
    assert file.read() == TWO
    for head in (ONE, SignedHead(2, RootHash(b"\3" * 32))):
        with pytest.raises(SigningHalted, match="only ever replaced by a larger one"):
            file.reseed(head)
    file.path.unlink()
    file.reseed(ONE)
    assert file.read() == ONE


def _swap_upwards(path: Path, start: Barrier, times: int) -> None:
    file = LastSignedHeadFile(path, ORIGIN)
    start.wait()
    for _ in range(times):
        with file.locked():
            head = file.read()
            file.swap(head, SignedHead(head.size + 1, ONE.root))


def test_processes_that_swap_at_once_take_turns(file: LastSignedHeadFile) -> None:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(3)
    workers = [context.Process(target=_swap_upwards, args=(file.path, start, 20)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert file.read().size == 60
