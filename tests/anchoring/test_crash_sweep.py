"""One life from submit to final, killed or disturbed at every write, sync and send that it makes, one after another.

strace counts the calls of a life that nobody disturbs, and then makes the n-th of them the last, or fail. After each:
what was acknowledged is there, the same folder goes on to a final anchor, the chain holds one anchor for each batch.
"""

import shutil
from collections.abc import Iterator
from typing import Final

import pytest

from tests.anchoring.crash_lives import CALLS, Lives, many_lives
from tests.support.deep import cases, tell
from tests.support.postgres import Cluster
from tests.support.requires import require

SAMPLE: Final = 12
"""Points of one call at most where CERTLOG_DEEP is a tenth or less: all campaigns must fit into CI's four minutes."""


@pytest.fixture(scope="module")
def lives(cluster: Cluster | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lives]:
    found = shutil.which("strace")
    require(found, "strace", "apt-get install strace")
    with many_lives(tmp_path_factory.mktemp("sweep"), str(found), cluster) as made:
        yield made


def points(count: int) -> list[int]:
    """Return which of `count` calls to disturb: all of them, or the share that CERTLOG_DEEP says, evenly spread."""
    wanted = min(count, cases(count), count if cases(10) > 1 else SAMPLE)
    return sorted({1 + at * count // wanted for at in range(wanted)}) if count else []


@pytest.mark.deep
@pytest.mark.timeout(0)
@pytest.mark.parametrize("call", CALLS)
def test_a_life_killed_at_every_call_goes_on(
    lives: Lives, cluster: Cluster | None, call: str, capsys: pytest.CaptureFixture[str]
) -> None:
    count, longest, outlived = lives.count(call), 0.0, 0
    tried = points(count)
    for point in tried:
        lives.fresh()
        died = lives.live("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={point}")
        # Not every life makes exactly as many calls: the last ones may not come.
        outlived += died.lived
        assert died.lived or died.code == -9, died
        longest = max(longest, lives.recover(died))
    assert outlived <= len(tried) // 10, "hardly a life was killed"
    where = "SQLite" if cluster is None else "PostgreSQL"
    tell(
        capsys,
        f"{where}: killed at {len(tried)} of {count} {call}, {outlived} outlived it; longest recovery {longest:.1f} s",
    )


@pytest.mark.deep
@pytest.mark.timeout(0)
@pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_a_disk_that_fails_at_every_nth_write_loses_nothing(
    lives: Lives, error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every n-th call fails; the process may stop or refuse, reads go on, and nothing acknowledged is lost."""
    tried, stopped = [], 0
    for call in ("pwrite64", "fdatasync"):
        # An n-th call that a life does not make disturbs nobody.
        for every in points(min(100, lives.count(call))):
            lives.fresh()
            died = lives.live(
                "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={every}+{every}"
            )
            assert died.code in (0, 1), died
            stopped += died.code
            tried.append(f"{call} {every}")
            lives.recover(died)
    assert stopped, "no life noticed"
    tell(capsys, f"{error} at every n-th call, {len(tried)} lives to {tried[-1]}: {stopped} stopped")


@pytest.mark.deep
@pytest.mark.timeout(0)
@pytest.mark.parametrize("cluster", ["postgresql"], indirect=True)
def test_a_database_session_that_ends_at_every_statement_and_commit_loses_nothing(
    lives: Lives, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server ends the session just before it would get the statement; the process may stop or ask again."""
    at, longest, stopped, steps = 1, 0.0, 0, 0
    share = 1 + (1_000 - len(points(1_000))) // 35
    while True:
        lives.fresh()
        died = lives.live(end_session_at=at)
        if "ended" not in died.out:
            assert died.lived, died
            break
        assert died.code in (0, 1), died
        stopped, steps, at = stopped + died.code, steps + 1, at + share
        longest = max(longest, lives.recover(died))
    assert stopped, "no life noticed"
    tell(
        capsys,
        f"{steps} of {at - share} database sessions ended: {stopped} lives stopped, {steps - stopped} went on; "
        f"longest recovery {longest:.1f} s",
    )


@pytest.mark.deep
@pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
def test_an_acknowledgement_before_the_commit_is_found(lives: Lives) -> None:
    """Control: a life that promises first, killed before its first sync."""
    lives.fresh()
    died = lives.live(
        "-e", "trace=fdatasync", "-e", "inject=fdatasync:signal=KILL:when=1", promise_first=True
    )
    assert died.acknowledged
    with pytest.raises(AssertionError, match="what was acknowledged is lost"):
        lives.recover(died)
