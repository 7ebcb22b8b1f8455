"""Publishing: heads that extend the last one, epochs in time, sealed batches for ever, refusals when in doubt."""

import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from certlog.checkpoint import Checkpoint, open_checkpoint
from certlog.digests import RootHash
from certlog.entry import EpochEntry, parse_entry
from certlog.errors import InvalidInput, Unavailable
from certlog.note import VerifierKey
from certlog.tree import EMPTY_ROOT, verify_consistency
from registry.append import LogWriter
from registry.full_check import FullCheck
from registry.heads import HeadSigner, SignedCheckpoint, Waiting, newest_checkpoint
from registry.keys import LogSigner, load_key
from registry.last_signed_head import LastSignedHeadFile, SignedHead, SigningHalted
from registry.publisher import Publisher
from registry.tile_writer import TileWriter
from registry.trust_ledger import TrustLedger
from storage.tile_folder import TileFolder
from tests.support.certificates import SAMPLE_DID
from tests.support.registry import RegistryWorld, as_submission


def _log(world: RegistryWorld, count: int = 1) -> None:
    slots = world.registry.reserve_slots(SAMPLE_DID, count).slots
    world.submit(*[as_submission(world.certificate(slot=slot), slot) for slot in slots])


def _kinds(world: RegistryWorld) -> list[str]:
    stored = [world.registry.entry(index) for index in range(world.registry.size())]
    return [entry.type for entry in stored if entry is not None]


def _epochs(world: RegistryWorld) -> list[EpochEntry]:
    stored = [world.registry.entry(index) for index in range(world.registry.size())]
    entries = [parse_entry(entry.data) for entry in stored if entry is not None]
    return [entry for entry in entries if isinstance(entry, EpochEntry)]


def _open(world: RegistryWorld) -> Checkpoint:
    return open_checkpoint(world.registry.checkpoint(), VerifierKey.from_text(world.registry.log_key()))


def test_before_the_first_head_the_answer_is_try_again(enrolled: RegistryWorld) -> None:
    with pytest.raises(Unavailable, match="no checkpoint is signed yet"):
        enrolled.registry.head()


def test_start_appends_an_epoch_and_signs_it(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    assert _kinds(enrolled) == ["trust", "trust", "trust", "epoch"]
    assert _open(enrolled).size == 4


def test_each_head_is_consistent_with_the_one_before(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    heads = [_open(enrolled)]
    for count in (1, 5, 2):
        _log(enrolled, count)
        enrolled.publisher.tick()
        heads.append(_open(enrolled))
    assert [head.size for head in heads] == [4, 5, 10, 12]
    for old, new in pairwise(heads):
        proof = enrolled.registry.consistency(old.size, new.size)
        verify_consistency(old.size, old.root, new.size, new.root, proof)


def test_a_tick_without_news_changes_nothing(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    before = enrolled.registry.checkpoint()
    for _ in range(3):
        enrolled.publisher.tick()
    assert enrolled.registry.checkpoint() == before


def test_epochs_come_when_entries_wait_and_at_the_heartbeat_without_gap(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    start = enrolled.clock.time
    _log(enrolled)
    enrolled.clock.time = start + 49
    enrolled.publisher.tick()
    assert len(_epochs(enrolled)) == 1
    enrolled.clock.time = start + 50
    enrolled.publisher.tick()
    assert len(_epochs(enrolled)) == 2
    enrolled.clock.time = start + 50 + 3599
    enrolled.publisher.tick()
    assert len(_epochs(enrolled)) == 2
    enrolled.clock.time += 1
    enrolled.publisher.tick()
    found = [(entry.epoch.number, entry.epoch.time, entry.epoch.as_of) for entry in _epochs(enrolled)]
    assert found == [(0, start, 3), (1, start + 50, 5), (2, start + 3650, 6)]


def test_a_clock_that_went_back_stops_epochs_and_says_so(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    enrolled.clock.time -= 1
    with pytest.raises(Unavailable, match="the clock is behind the last epoch's time"):
        enrolled.publisher.seal_batch(0)


def test_a_sealed_batch_ends_in_an_epoch_and_never_changes(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    _log(enrolled)
    sealed = enrolled.publisher.seal_batch(0)
    assert (sealed.origin, sealed.size, _kinds(enrolled)[sealed.size - 1]) == (enrolled.origin, 6, "epoch")
    _log(enrolled, 3)
    enrolled.publisher.tick()
    assert enrolled.publisher.seal_batch(0) == sealed
    enrolled.reopen()
    assert enrolled.publisher.seal_batch(0) == sealed
    later = enrolled.publisher.seal_batch(1)
    assert later.size == 10
    with pytest.raises(InvalidInput, match="batch 0 cannot be sealed|batch -1 cannot be sealed"):
        enrolled.publisher.seal_batch(-1)


def test_batches_are_sealed_in_order(enrolled: RegistryWorld) -> None:
    enrolled.publisher.seal_batch(4)
    with pytest.raises(InvalidInput, match="batch 3 cannot be sealed: batch 4 is sealed already"):
        enrolled.publisher.seal_batch(3)


class _Stopped(Exception):
    """A crash at a chosen step."""


def _publisher(world: RegistryWorld, signer_class: type[HeadSigner], tiles: Path | None = None) -> Publisher:
    settings, database = world.settings, world.registry.database
    key = LogSigner(settings.origin, load_key(world.folder.log_key))
    file = LastSignedHeadFile(world.folder.last_signed_head, settings.origin)
    store = TileFolder(tiles or world.folder.tiles)
    return Publisher(
        database,
        LogWriter(database, TrustLedger(settings.operator, settings.origin), world.clock),
        signer_class(database, key, file, TileWriter(store), world.clock),
        FullCheck(world.folder.last_full_check, database, store, world.clock),
        world.clock,
        origin=settings.origin,
        epoch_interval=settings.epoch_interval,
        heartbeat=settings.heartbeat,
    )


class _CrashesBeforeSigning(HeadSigner):
    def sign(self, size: int) -> SignedCheckpoint:
        raise _Stopped(size)


class _CrashesAfterTheFile(HeadSigner):
    def _store(self, head: SignedHead) -> SignedCheckpoint:
        raise _Stopped(head)


@pytest.mark.parametrize("crash", [_CrashesBeforeSigning, _CrashesAfterTheFile])
def test_a_crash_while_sealing_fixes_the_same_size_when_asked_again(
    enrolled: RegistryWorld, crash: type[HeadSigner]
) -> None:
    enrolled.publisher.start()
    _log(enrolled)
    with pytest.raises(_Stopped):
        _publisher(enrolled, crash).seal_batch(0)
    _log(enrolled, 4)
    enrolled.reopen()
    enrolled.publisher.start()
    sealed = enrolled.publisher.seal_batch(0)
    assert sealed.size == 6
    assert enrolled.publisher.latest_size() == 11
    path = enrolled.publisher.consistency(6, 11)
    newest = _open(enrolled)
    verify_consistency(6, sealed.root, newest.size, newest.root, path)


def test_after_a_crash_between_file_and_signature_that_very_head_is_signed(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    _log(enrolled)
    with pytest.raises(_Stopped):
        _publisher(enrolled, _CrashesAfterTheFile).tick()
    promised = LastSignedHeadFile(enrolled.folder.last_signed_head, enrolled.origin).read()
    _log(enrolled)
    enrolled.publisher.tick()
    with enrolled.registry.database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT size, root FROM checkpoints ORDER BY size").all()
    assert (promised.size, promised.root) in [(row.size, row.root) for row in rows]
    assert [row.size for row in rows] == [4, 5, 6]


def _restore_old_backup(world: RegistryWorld) -> None:
    """Sign, back up, sign more, lose the database, restore the backup (without the head file)."""
    world.publisher.start()
    _log(world)
    world.publisher.tick()
    world.close()
    backup = world.place.save()
    world.reopen()
    _log(world)
    world.publisher.tick()
    world.close()
    world.place.restore(backup)
    world.reopen()


def test_a_restored_backup_is_never_signed_on(enrolled: RegistryWorld) -> None:
    _restore_old_backup(enrolled)
    with pytest.raises(SigningHalted, match="size 6 was signed, the database holds 5 entries: an old backup"):
        enrolled.publisher.start()
    _log(enrolled, 3)
    for act in (enrolled.publisher.start, enrolled.publisher.tick, lambda: enrolled.publisher.seal_batch(0)):
        with pytest.raises(SigningHalted, match="it continues another history"):
            act()
    assert _open(enrolled).size == 5


class _ForgetsTheFile(HeadSigner):
    """The mutant: it believes the database about the last signed head."""

    def _last_head(self, connection: object) -> SignedHead:
        newest = newest_checkpoint(connection)  # type: ignore[arg-type]  # the base class passes a Connection
        return SignedHead(0, EMPTY_ROOT) if newest is None else SignedHead(newest.size, newest.root)

    def _swap(self, last: SignedHead, head: SignedHead) -> None:
        pass


def test_without_the_head_file_a_restored_backup_would_make_two_histories(
    enrolled: RegistryWorld, tmp_path: Path
) -> None:
    """The mutant control of the test above: without the check, and with old tiles, one size gets two roots."""
    _restore_old_backup(enrolled)
    signed = LastSignedHeadFile(enrolled.folder.last_signed_head, enrolled.origin).read()
    _log(enrolled, 1)
    with pytest.raises(SigningHalted, match="the stored tiles are not those of the log: .* other bytes"):
        _publisher(enrolled, _ForgetsTheFile).tick()
    tiles = shutil.copytree(enrolled.folder.tiles, tmp_path / "old tiles")
    for newer in (*tiles.glob("tile/*/000.p/6"), tiles / "checkpoint"):
        newer.unlink()
    _publisher(enrolled, _ForgetsTheFile, tiles).tick()
    forked = _open(enrolled)
    assert (forked.size, forked.root == signed.root) == (signed.size, False)


def test_a_lost_head_file_stops_signing_until_it_is_reseeded(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    head = _open(enrolled)
    enrolled.folder.last_signed_head.unlink()
    _log(enrolled)
    with pytest.raises(SigningHalted, match="is lost, so nothing is signed"):
        enrolled.publisher.tick()
    file = LastSignedHeadFile(enrolled.folder.last_signed_head, enrolled.origin)
    file.reseed(SignedHead(head.size, head.root))
    enrolled.publisher.tick()
    assert _open(enrolled).size == 5


def test_an_old_or_wrong_head_file_stops_signing(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    old = enrolled.folder.last_signed_head.read_bytes()
    _log(enrolled)
    enrolled.publisher.tick()
    enrolled.folder.last_signed_head.write_bytes(old)
    with pytest.raises(SigningHalted, match="a checkpoint of size 5, .* says 4: the file is an old copy"):
        enrolled.publisher.start()
    enrolled.folder.last_signed_head.unlink()
    LastSignedHeadFile(enrolled.folder.last_signed_head, enrolled.origin).create(
        SignedHead(5, RootHash(bytes(32)))
    )
    with pytest.raises(SigningHalted, match="size 5 was signed with root 0000"):
        enrolled.publisher.start()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE entries SET data = x'7B7D' WHERE leaf_index = 8", "entry 8: missing, or its bytes"),
        (
            "UPDATE entries SET leaf_hash = zeroblob(32) WHERE leaf_index = 8",
            "entry 8: missing, or its bytes",
        ),
        ("DELETE FROM entries WHERE leaf_index = 7", "entry 7: missing, or its bytes"),
        ("UPDATE nodes SET hash = zeroblob(32) WHERE level = 1 AND position = 3", "node level 1 index 3"),
        ("DELETE FROM nodes WHERE level = 1 AND position = 3", "node level 1 index 3"),
        (
            "UPDATE nodes SET hash = zeroblob(32) WHERE level = 2 AND position = 0",
            "continues another history",
        ),
    ],
)
def test_damage_to_what_was_not_signed_yet_is_found_before_signing(
    enrolled: RegistryWorld, statement: str, message: str
) -> None:
    enrolled.publisher.start()
    _log(enrolled, 6)
    before = enrolled.registry.checkpoint()
    enrolled.place.damage(statement)
    with pytest.raises(SigningHalted, match=message):
        enrolled.publisher.tick()
    assert enrolled.registry.checkpoint() == before


def test_every_bit_of_an_entry_counts(enrolled: RegistryWorld) -> None:
    """One flipped bit anywhere in an entry's bytes is found (Yeti 2022)."""
    enrolled.publisher.start()
    _log(enrolled)
    stored = enrolled.registry.entry(4)
    assert stored is not None
    for bit in range(0, len(stored.data) * 8, 97):
        flipped = bytearray(stored.data)
        flipped[bit // 8] ^= 1 << bit % 8
        enrolled.place.damage(f"UPDATE entries SET data = x'{flipped.hex()}' WHERE leaf_index = 4")
        with pytest.raises(SigningHalted, match="entry 4"):
            enrolled.publisher.tick()
    enrolled.place.damage(f"UPDATE entries SET data = x'{stored.data.hex()}' WHERE leaf_index = 4")
    enrolled.publisher.tick()
    assert _open(enrolled).size == 5


@pytest.mark.parametrize("occasion", ["a day later", "after a restore"])
def test_damage_to_old_entries_is_found_at_start(enrolled: RegistryWorld, occasion: str) -> None:
    enrolled.publisher.start()
    enrolled.place.damage("UPDATE entries SET data = x'7B7D' WHERE leaf_index = 1")
    if occasion == "a day later":
        enrolled.clock.time += 86_400
    else:
        enrolled.folder.last_full_check.unlink()
    enrolled.reopen()
    with pytest.raises(SigningHalted, match="entry 1: missing, or its bytes"):
        enrolled.publisher.start()


def test_damage_to_old_entries_is_found_every_night_and_stops_signing(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    _log(enrolled)
    enrolled.place.damage("UPDATE entries SET data = x'7B7D' WHERE leaf_index = 1")
    enrolled.publisher.check_when_due()
    enrolled.clock.time += 86_400
    with pytest.raises(SigningHalted, match="entry 1: missing, or its bytes"):
        enrolled.publisher.check_when_due()
    for act in (enrolled.publisher.tick, lambda: enrolled.publisher.seal_batch(0)):
        with pytest.raises(SigningHalted, match="entry 1: missing, or its bytes"):
            act()
    assert _open(enrolled).size == 4


def test_what_waits_for_a_signed_head_is_counted_from_the_oldest(world: RegistryWorld) -> None:
    world.publisher.tick()
    assert world.registry.waiting() == Waiting(0, None)
    logged = world.clock()
    world.enrol()
    world.clock.time += 90
    waiting = world.registry.waiting()
    assert (waiting.count, waiting.since) == (3, logged)
    world.publisher.tick()
    assert world.registry.waiting() == Waiting(0, None)
