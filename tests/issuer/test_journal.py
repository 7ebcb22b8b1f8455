"""The journal's own promises: what it says is kept is on the disk, and a change is whole or not there."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from certlog.errors import CertlogError, InvalidInput, Unavailable
from certlog.slots import Slot
from issuer.disk import cannot_write
from issuer.journal import JOURNAL_NAME, open_journal

SYNCHRONOUS_FULL = 2
FAR = 4_000_000_000


def test_every_commit_waits_for_the_disk(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        assert tuple(journal._connection.execute("PRAGMA synchronous").fetchone()) == (SYNCHRONOUS_FULL,)


def test_a_change_that_fails_halfway_leaves_nothing(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        journal.keep_slots([Slot(0, 1)], FAR)

        def halfway() -> None:
            with journal._writing():
                journal._connection.execute("INSERT INTO slots VALUES (0, 2, ?)", (FAR,))
                raise CertlogError("the machine has no more room")

        with pytest.raises(CertlogError, match="no more room"):
            halfway()
        assert journal.free_slots(usable_at=0) == (Slot(0, 1),)
        journal.keep_slots([Slot(0, 3)], FAR)
    with open_journal(tmp_path) as again:
        assert again.free_slots(usable_at=0) == (Slot(0, 1), Slot(0, 3))


def test_a_killed_process_leaves_what_was_committed_and_nothing_else(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        journal.keep_slots([Slot(0, 7)], FAR)
        journal._connection.execute("BEGIN IMMEDIATE")
        journal._connection.execute("INSERT INTO slots VALUES (0, 8, ?)", (FAR,))
        # Closing without COMMIT is what the end of a process does.
    with open_journal(tmp_path) as again:
        assert again.free_slots(usable_at=0) == (Slot(0, 7),)


def test_a_journal_is_held_by_one_process_at_a_time(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        other = sqlite3.connect(journal.path, timeout=0)
        try:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("SELECT * FROM slots")
        finally:
            other.close()


def test_a_full_disk_asks_for_room_and_keeps_what_was_there(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        journal.keep_slots([Slot(0, 1)], FAR)
        (pages,) = journal._connection.execute("PRAGMA page_count").fetchone()
        journal._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(Unavailable, match="make room and run the same command again"):
            journal.keep_slots([Slot(1, index) for index in range(5000)], FAR)
        assert journal.free_slots(usable_at=0) == (Slot(0, 1),)


@pytest.mark.parametrize(
    ("number", "kind", "remedy"),
    [
        (errno.ENOSPC, Unavailable, "make room and run the same command again"),
        (errno.EDQUOT, Unavailable, "make room and run the same command again"),
        (errno.EROFS, InvalidInput, "choose a folder that you may write to"),
    ],
)
def test_the_remedy_fits_the_reason(number: int, kind: type[CertlogError], remedy: str) -> None:
    found = cannot_write(Path("out/a.pdf"), OSError(number, os.strerror(number)))
    assert type(found) is kind
    assert remedy in str(found)


def test_only_its_owner_reads_the_journal(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        journal.keep_slots([Slot(0, 1)], FAR)
        assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}
    (tmp_path / JOURNAL_NAME).chmod(0o644)
    with open_journal(tmp_path, create=False):
        assert (tmp_path / JOURNAL_NAME).stat().st_mode & 0o777 == 0o600
