"""Appending: answers in order and after the commit; the same input has the same answer, and one entry."""

import multiprocessing
import threading
from collections.abc import Mapping
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlalchemy import event

from certlog.certificate_id import certificate_id
from certlog.errors import InvalidInput, Unavailable
from certlog.slots import Slot
from certlog.status import StatusAction
from certlog.tree import MemoryTree, leaf_hash, root_at
from registry.append import Outcome
from registry.data_folder import DataFolder
from registry.log_tree import node_reader
from registry.opening import Surroundings, open_registry
from registry.submission import Submission
from tests.support.certificates import SAMPLE_DID
from tests.support.possession import added_key
from tests.support.registry import START, RegistryWorld, as_submission
from tests.support.signing import ed25519


def _batch(world: RegistryWorld, count: int) -> list[Submission]:
    slots = world.registry.reserve_slots(SAMPLE_DID, count).slots
    return [as_submission(world.certificate(slot=slot), slot) for slot in slots]


def _data(world: RegistryWorld, index: int) -> bytes:
    stored = world.registry.entry(index)
    assert stored is not None
    return stored.data


def test_a_batch_is_answered_in_order_and_each_item_on_its_own(enrolled: RegistryWorld) -> None:
    good = _batch(enrolled, 3)
    broken = Submission(good[1].entry_bytes[:-1])
    unknown = as_submission(enrolled.certificate(slot=Slot(5, 5)), Slot(5, 5))
    outcomes = enrolled.submit(good[0], broken, unknown, good[1], good[0], good[2])
    assert [outcome.status for outcome in outcomes] == [
        "logged", "refused", "refused", "logged", "exists", "logged",
    ]  # fmt: skip
    assert [outcome.index for outcome in outcomes] == [3, None, None, 4, 3, 5]
    assert [_data(enrolled, index) for index in (3, 4, 5)] == [item.entry_bytes for item in good]


def test_a_certificate_and_statements_about_it_may_come_in_one_batch(enrolled: RegistryWorld) -> None:
    slot = enrolled.slot()
    document = enrolled.certificate(slot=slot)
    bind = enrolled.status(document, StatusAction.BIND_FILE)
    outcomes = enrolled.submit(as_submission(document, slot), bind, *_batch(enrolled, 2))
    assert [outcome.status for outcome in outcomes] == ["logged"] * 4
    view = enrolled.registry.certificate(document.document_hash)
    assert view is not None
    assert len(view.status.files) == 1


def test_an_enrolment_and_the_first_certificate_may_come_in_one_batch(world: RegistryWorld) -> None:
    world.enrol()
    slot, signer = world.slot(), ed25519("second key")
    add = world.trust(added_key(signer.public_key))
    certificate = as_submission(world.certificate(slot=slot, signer=signer), slot)
    assert [outcome.status for outcome in world.submit(certificate, add, certificate)] == [
        "refused", "logged", "logged",
    ]  # fmt: skip


def test_the_same_batch_again_gives_the_same_answer(enrolled: RegistryWorld) -> None:
    items = _batch(enrolled, 20)
    first, second = enrolled.submit(*items), enrolled.submit(*items)
    assert {outcome.status for outcome in second} == {"exists"}
    assert [(o.index, o.leaf_hash, o.id) for o in first] == [(o.index, o.leaf_hash, o.id) for o in second]


def test_an_answer_names_index_leaf_hash_and_id(enrolled: RegistryWorld) -> None:
    slot = enrolled.slot()
    document = enrolled.certificate(slot=slot)
    item = as_submission(document, slot)
    leaf, identifier = leaf_hash(item.entry_bytes), certificate_id(document.document_hash)
    assert enrolled.submit(item) == [Outcome("logged", 3, leaf, identifier)]


def test_the_stored_tree_is_the_tree_of_the_entries_at_every_size(enrolled: RegistryWorld) -> None:
    for count in (1, 2, 1, 30, 7):
        enrolled.submit(*_batch(enrolled, count))
    size = enrolled.registry.size()
    tree = MemoryTree(leaf_hash(_data(enrolled, index)) for index in range(size))
    with enrolled.registry.database.reading() as connection:
        read = node_reader(connection)
        assert [root_at(n, read) for n in range(size + 1)] == [tree.root(n) for n in range(size + 1)]


def test_a_batch_of_more_than_a_thousand_is_refused(enrolled: RegistryWorld) -> None:
    with pytest.raises(InvalidInput, match="a batch has at most 1000 items, found 1001"):
        enrolled.submit(*[Submission(b"{}")] * 1001)


def test_an_answer_is_not_given_before_the_commit(enrolled: RegistryWorld) -> None:
    """If the commit fails, so does the call; nothing is logged, and trying again logs it."""
    items = [enrolled.trust(added_key(ed25519("second key").public_key)), *_batch(enrolled, 2)]
    engine = enrolled.registry.database.engine

    def fail(_connection: object) -> None:
        raise DiskFull

    event.listen(engine, "commit", fail)
    with pytest.raises(DiskFull):
        enrolled.submit(*items)
    event.remove(engine, "commit", fail)
    assert enrolled.registry.size() == 3
    assert [outcome.status for outcome in enrolled.submit(*items)] == ["logged"] * 3


class DiskFull(Exception):
    """What a failing commit raises in the test above."""


def test_a_busy_database_means_try_again(enrolled: RegistryWorld) -> None:
    item = _batch(enrolled, 1)[0]
    environ = {**enrolled.surroundings.environ, "CERTLOG_REGISTRY_BUSY_TIMEOUT": "0.1"}
    surroundings = Surroundings(environ, enrolled.clock)
    impatient = open_registry(enrolled.folder, surroundings)
    with (
        enrolled.registry.database.writing(),
        pytest.raises(Unavailable, match="database is locked|lock timeout"),
    ):
        impatient.submit([item])
    impatient.database.close()
    assert enrolled.submit(item)[0].status == "logged"


def _resubmit(
    path: Path,
    environ: Mapping[str, str],
    item: Submission,
    start: Barrier,
    answers: "SimpleQueue[tuple[str, int | None]]",
) -> None:
    registry = open_registry(DataFolder(path), Surroundings(environ, lambda: START))
    start.wait()
    for _ in range(20):
        outcome = registry.submit([item])[0]
        answers.put((outcome.status, outcome.index))


def test_a_hundred_resubmissions_at_once_log_one_entry(enrolled: RegistryWorld) -> None:
    """Ten times from each of 6 threads, twenty times from each of 2 other processes."""
    item = _batch(enrolled, 1)[0]
    context = multiprocessing.get_context("spawn")
    start, queue = context.Barrier(3), context.SimpleQueue()
    where = (enrolled.folder.path, enrolled.surroundings.environ)
    others = [context.Process(target=_resubmit, args=(*where, item, start, queue)) for _ in range(2)]
    for other in others:
        other.start()
    answers: list[tuple[str, int | None]] = []

    def resubmit() -> None:
        for _ in range(10):
            outcome = enrolled.submit(item)[0]
            answers.append((outcome.status, outcome.index))

    threads = [threading.Thread(target=resubmit) for _ in range(6)]
    start.wait()
    for thread in threads:
        thread.start()
    answers += [queue.get() for _ in range(40)]
    for thread in threads:
        thread.join()
    for other in others:
        other.join()
    assert sorted(answers) == [("exists", 3)] * 99 + [("logged", 3)]
    assert enrolled.registry.size() == 4
