"""A campaign against the monitor: every damaged file and second history is said, and no honest log is called wrong."""

import random
from dataclasses import replace
from typing import Final

import pytest

from certlog.slots import Slot
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.deep import cases
from tests.support.log_files import MemoryFiles, files_of
from tests.support.signing import ed25519
from tests.support.small_log import DESIGNATION, SmallLog
from verifier.monitor import Look, Monitor, Watch
from verifier.monitor_alarm import Concern
from verifier.monitor_state import MonitorState

pytestmark = [pytest.mark.deep, pytest.mark.timeout(3600)]
ISSUER: Final = ed25519("issuer")
FLIPS: Final = cases(2_000)
FORKS: Final = cases(1_000)
CLEAN: Final = cases(100)
SAYS_WRONG: Final = {
    Concern.BAD_CHECKPOINT,
    Concern.WRONG_ENTRIES,
    Concern.TWO_HISTORIES,
    Concern.ROLLED_BACK,
}


def log_of(size: int, *, differs_at: int | None = None) -> SmallLog:
    """Return a log of about `size` entries; from `differs_at` on it is another one with the same keys."""
    log = SmallLog()
    log.enrol(ISSUER.public_key, SAMPLE_DID, DESIGNATION)
    grow(log, size, differs_at=differs_at)
    return log


def grow(log: SmallLog, size: int, *, differs_at: int | None = None) -> None:
    """Append certificates and epochs up to about `size` entries."""
    while log.size < size:
        number = log.size + (100_000 if differs_at is not None and log.size >= differs_at else 0)
        if log.size % 7 == 6:
            log.close()
        else:
            content = conformity_content(slot=Slot(0, number), number=f"M-{number}", origin=log.origin)
            log.certify(ISSUER, content)
    log.close()


def look(log: SmallLog, files: MemoryFiles, state: MonitorState | None = None) -> Look:
    watch = Watch(files, log.trust_root(), max_head_age=10**9)
    return Monitor(watch, state).look(now=log.time)


def concerns(found: Look) -> set[Concern]:
    return {alarm.concern for alarm in found.alarms}


def test_each_flipped_bit_of_a_file_that_is_read_is_said() -> None:
    random_, log = random.Random(11), log_of(300)
    files = files_of(log)
    names = sorted(files)
    said = unread = 0
    for _ in range(FLIPS):
        name = random_.choice(names)
        data = bytearray(files[name])
        place = random_.randrange(len(data))
        data[place] ^= 1 << random_.randrange(8)
        served = MemoryFiles(files | {name: bytes(data)})
        found = concerns(look(log, served))
        if name in served.fetched:
            assert found & SAYS_WRONG, (name, place)
            said += 1
        else:
            unread += 1
    print(f"\n{said} flips said, {unread} in files that were not read")  # noqa: T201 - the number of cases


def test_each_second_history_is_said_with_both_notes() -> None:
    random_ = random.Random(12)
    seen: dict[str, int] = {}
    for _ in range(FORKS):
        size = random_.randrange(8, 60)
        honest = log_of(size)
        state = look(honest, MemoryFiles(files_of(honest))).state
        forked = log_of(random_.randrange(size, size + 20), differs_at=random_.randrange(4, size))
        found = look(forked, MemoryFiles(files_of(forked)), state)
        assert concerns(found) == {Concern.TWO_HISTORIES}
        assert len(found.notes) == 2
        seen["forks"] = seen.get("forks", 0) + 1
    print(f"\n{seen['forks']} forks said")  # noqa: T201 - the number of cases


def test_no_honest_log_is_called_wrong() -> None:
    random_ = random.Random(13)
    for _ in range(CLEAN):
        size = random_.randrange(8, 300)
        log = log_of(size)
        files = MemoryFiles(files_of(log))
        first = look(log, files)
        assert first.alarms == []
        grow(log, log.size + random_.randrange(1, 40))
        again = look(log, replace(files, served=files_of(log)), first.state)
        assert again.alarms == []
    print(f"\n{CLEAN} honest logs, each looked at twice")  # noqa: T201 - the number of cases
