"""The log key is rotated: old heads stay good, the new key signs from the next size on, a crash is finished."""

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from certlog.checkpoint import open_checkpoint
from certlog.credential import slot_of
from certlog.errors import InvalidInput, SignatureMismatch, Unavailable
from certlog.trust_root import LogKey, TrustRoot
from registry import log_key_rotation
from registry.heads import checkpoint_at
from registry.last_signed_head import SigningHalted
from registry.log_key_rotation import LogKeyRotation
from registry.log_keys import log_keys
from registry.opening import open_publisher, open_rotation
from registry.rebuild import check
from tests.support.certificates import SAMPLE_ORIGIN
from tests.support.registry import RegistryWorld, as_submission
from verifier.chain_view import ChainView
from verifier.report import CheckName, Outcome, Reason, Verdict
from verifier.verify import verify


@pytest.fixture
def rotation(enrolled: RegistryWorld) -> Iterator[LogKeyRotation]:
    surroundings = replace(enrolled.surroundings, random_bytes=os.urandom)
    opened = open_rotation(enrolled.folder, surroundings)
    yield opened
    opened.database.close()


def published(world: RegistryWorld) -> TrustRoot:
    return TrustRoot.parse(world.folder.trust_root.read_bytes())


def certified(world: RegistryWorld) -> Any:  # a secured document
    document = world.certificate()
    world.logged(as_submission(document, slot_of(document.content)))
    world.clock.time += 120
    world.publisher.tick()
    return document


def reopened(world: RegistryWorld) -> None:
    world.publisher.database.close()
    world.publisher = open_publisher(world.folder, world.surroundings)


def checkpoint_check(world: RegistryWorld, document: Any, root: TrustRoot) -> Any:  # a check
    evidence = world.registry.evidence(document.document_hash)
    view = ChainView(problem="not asked")
    report = verify(evidence, root, world.clock(), view)
    return report, report.check(CheckName.CHECKPOINT)


def test_old_heads_stay_good_and_the_new_key_signs_from_the_next_size_on(
    enrolled: RegistryWorld, rotation: LogKeyRotation
) -> None:
    enrolled.publisher.start()
    before = certified(enrolled)
    old_root = published(enrolled)
    last = enrolled.registry.head()
    keys = rotation.rotate()
    reopened(enrolled)
    after = certified(enrolled)
    newest = enrolled.registry.head()

    old, new = keys
    assert (old.from_size, old.to_size, new.from_size, new.to_size) == (0, last.size + 1, last.size + 1, None)
    assert published(enrolled).log_keys == keys
    assert newest.size >= new.from_size
    open_checkpoint(last.note, old.vkey)
    open_checkpoint(newest.note, new.vkey)
    assert SAMPLE_ORIGIN == old.vkey.name == new.vkey.name
    for document in (before, after):
        _, check = checkpoint_check(enrolled, document, published(enrolled))
        assert check.outcome is Outcome.PASSED
    report, check = checkpoint_check(enrolled, after, old_root)
    assert (check.outcome, check.reason) == (Outcome.NOT_CHECKED, Reason.UNKNOWN_LOG_KEY)
    assert report.verdict is Verdict.CANNOT_CHECK


def test_the_old_key_signs_nothing_after_the_rotation(
    enrolled: RegistryWorld, rotation: LogKeyRotation
) -> None:
    enrolled.publisher.start()
    rotation.rotate()
    with pytest.raises(SigningHalted, match="the log key was rotated; start the registry again"):
        certified(enrolled)


def test_a_head_of_the_old_key_beyond_its_sizes_is_no_head_of_the_log(
    enrolled: RegistryWorld, rotation: LogKeyRotation
) -> None:
    """A thief of the retired key: its range has ended, for whoever holds the new trust root."""
    enrolled.publisher.start()
    rotation.rotate()
    reopened(enrolled)
    document = certified(enrolled)
    root = published(enrolled)
    swapped = (
        LogKey(root.log_keys[1].vkey, 0, root.log_keys[0].to_size),
        LogKey(root.log_keys[0].vkey, root.log_keys[1].from_size, None),
    )
    _, check = checkpoint_check(enrolled, document, replace(root, log_keys=swapped))
    assert (check.outcome, check.reason) == (Outcome.FAILED, Reason.NOT_SIGNED_BY_LOG)


STEPS = ("create_key", "insert", "_move_files", "write_trust_root")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_rotation_that_was_interrupted_is_finished_by_the_next_run(
    enrolled: RegistryWorld,
    rotation: LogKeyRotation,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    when: str,
) -> None:
    enrolled.publisher.start()
    certified(enrolled)
    holder: Any = LogKeyRotation if step.startswith("_") else log_key_rotation
    real = getattr(holder, step)

    def dies(*args: object, **kwargs: object) -> object:
        if when == "after":
            real(*args, **kwargs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(holder, step, dies)
        with pytest.raises(KeyboardInterrupt):
            rotation.rotate()
    if (step, when) == ("write_trust_root", "after"):
        with pytest.raises(InvalidInput, match="the present log key has signed nothing yet"):
            rotation.rotate()
        keys = rotation.keys()
    else:
        keys = rotation.rotate()
    assert len(keys) == 2
    with rotation.database.reading() as connection:
        assert log_keys(connection) == keys
    assert published(enrolled).log_keys == keys
    assert not enrolled.folder.next_log_key.exists()
    assert enrolled.folder.retired_log_key(keys[1].from_size).is_file()
    reopened(enrolled)
    certified(enrolled)
    open_checkpoint(enrolled.registry.head().note, keys[1].vkey)


def test_the_check_of_a_whole_registry_opens_each_head_with_the_key_of_its_size(
    enrolled: RegistryWorld, rotation: LogKeyRotation, tmp_path: Path
) -> None:
    enrolled.publisher.start()
    certified(enrolled)
    rotation.rotate()
    reopened(enrolled)
    certified(enrolled)
    database, operator = enrolled.registry.database, enrolled.settings.operator
    assert check(database, tmp_path / "scratch.db", operator, enrolled.origin) == enrolled.registry.size()


def test_a_second_rotation_adds_a_third_key(enrolled: RegistryWorld, rotation: LogKeyRotation) -> None:
    enrolled.publisher.start()
    rotation.rotate()
    reopened(enrolled)
    certified(enrolled)
    keys = rotation.rotate()
    assert [key.to_size is None for key in keys] == [False, False, True]
    assert all(later.from_size == earlier.to_size for earlier, later in pairwise(keys))
    reopened(enrolled)
    certified(enrolled)
    open_checkpoint(enrolled.registry.head().note, keys[2].vkey)


def test_a_head_that_is_not_signed_to_the_end_is_signed_before_a_rotation(
    enrolled: RegistryWorld, rotation: LogKeyRotation, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled.publisher.start()
    document = enrolled.certificate()
    enrolled.logged(as_submission(document, slot_of(document.content)))
    enrolled.clock.time += 120
    with monkeypatch.context() as patched:
        patched.setattr("registry.heads.HeadSigner._store", _dies)
        with pytest.raises(KeyboardInterrupt):
            enrolled.publisher.tick()
    with pytest.raises(Unavailable, match="not signed to the end"):
        rotation.rotate()
    enrolled.publisher.tick()
    rotation.rotate()


def _dies(*_: object) -> None:
    raise KeyboardInterrupt


def test_every_head_of_the_log_is_stored_once(
    enrolled: RegistryWorld, rotation: LogKeyRotation, tmp_path: Path
) -> None:
    enrolled.publisher.start()
    last = enrolled.registry.head()
    rotation.rotate()
    reopened(enrolled)
    with enrolled.registry.database.reading() as connection:
        assert checkpoint_at(connection, last.size) == last
    assert not list(tmp_path.glob("**/*.next.key"))


def test_a_signer_that_does_not_look_at_its_range_is_noticed(
    enrolled: RegistryWorld, rotation: LogKeyRotation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.heads.HeadSigner._require_key", lambda *_: None)
    # The note is opened with the key of its size before it is published: a second wall, which stays.
    with pytest.raises(SignatureMismatch):
        test_the_old_key_signs_nothing_after_the_rotation(enrolled, rotation)
