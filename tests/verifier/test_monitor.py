"""The monitor: what it says of a log that is right, and of each thing that somebody should know."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import pytest

from certlog.checkpoint import Checkpoint, sign_checkpoint
from certlog.digests import DocumentHash, RootHash
from certlog.errors import InvalidInput, Unavailable
from certlog.scopes import Names
from certlog.slots import Slot
from certlog.status import StatusAction
from certlog.tile_reader import TileReader
from certlog.trust import Enrol
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.controls import Control, nothing, require_failure, require_noticed
from tests.support.log_files import files_of
from tests.support.possession import added_key
from tests.support.small_log import OPERATOR_DID, SmallLog
from tests.support.watched_log import ISSUER, OTHER_DID, THIEF, World, concerns
from verifier import monitor
from verifier.monitor import SAY_AGAIN, AnchorAlarm, Monitor
from verifier.monitor_alarm import Concern
from verifier.monitor_mine import Mine, MyEntries, shown_id
from verifier.monitor_state import MonitorState


@pytest.fixture
def world() -> World:
    return World()


def test_of_a_log_that_is_right_only_notices_are_said(world: World) -> None:
    document = world.certify()
    world.log.change_status(document, StatusAction.SUSPEND, "surveillance_overdue", signer=ISSUER)
    world.made.add(DocumentHash(world.log.statuses[document.document_hash].last or b""))
    world.close()
    look = world.monitor().look(now=world.now)
    assert [alarm.concern for alarm in look.alarms] == [Concern.ABOUT_ME] * 3 + [Concern.MY_CERTIFICATE]
    assert (
        look.alarms[1].what
        == f"entry 1: {OPERATOR_DID} added the key {ISSUER.public_key.multibase} to my name"
    )
    assert look.alarms[3].what.endswith(f"suspend of my certificate {shown_id(document.document_hash)}")
    assert (look.entries, look.problems, look.notes) == (world.log.size, [], ())


def test_the_next_look_goes_on_where_the_last_one_ended(world: World) -> None:
    watching = world.monitor()
    watching.look(now=world.now)
    for _ in range(300):
        world.certify(mine=False)
    world.close()
    look = watching.look(now=world.now)
    assert (look.entries, len(look.alarms)) == (301, 300)
    assert watching.look(now=world.now).entries == 0
    assert "tile/entries/000" in world.files.kept


def test_a_state_that_was_kept_is_gone_on_from_in_another_run(world: World) -> None:
    state = world.monitor().look(now=world.now).state
    assert state is not None
    forged = world.certify(mine=False)
    world.close()
    look = world.monitor(MonitorState.parse(state.to_bytes())).look(now=world.now)
    assert [(alarm.concern, alarm.index) for alarm in look.alarms] == [(Concern.NOT_MINE, 6)]
    assert shown_id(forged.document_hash) in look.alarms[0].what


def test_a_certificate_in_my_name_that_i_did_not_make_is_an_alarm(world: World) -> None:
    world.certify()
    world.certify(mine=False)
    world.close()
    assert concerns(world.monitor().look(now=world.now)) == [Concern.NOT_MINE]


def test_what_i_make_while_the_monitor_runs_is_no_alarm(world: World) -> None:
    """What was made is asked for after the checkpoint was read: a body keeps what it signs before it submits it."""
    watching = world.monitor()
    watching.look(now=world.now)
    world.certify()
    world.close()
    read = world.files.read_fresh

    def made_between(path: str) -> bytes:
        if path == monitor.CHECKPOINT:
            patched.undo()
            world.certify()
            world.close()
        return read(path)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(world.files, "read_fresh", made_between)
        assert concerns(watching.look(now=world.now)) == []


def test_a_statement_in_my_name_that_i_did_not_sign_is_an_alarm(world: World) -> None:
    document = world.certify()
    world.log.change_status(document, StatusAction.WITHDRAW, "nonconformity", signer=ISSUER)
    world.close()
    (alarm,) = [a for a in world.monitor().look(now=world.now).alarms if not a.is_notice]
    assert alarm.concern is Concern.NOT_MINE
    assert (
        f"withdraw of {shown_id(document.document_hash)} in the name of {SAMPLE_DID}, who did not sign it"
        in alarm.what
    )


def test_a_key_that_is_not_mine_in_my_name_is_an_alarm(world: World) -> None:
    world.log.state(added_key(THIEF.public_key))
    world.close()
    (alarm,) = [a for a in world.monitor().look(now=world.now).alarms if not a.is_notice]
    assert alarm.what.endswith(
        f"a key that is not mine was added to my name by {OPERATOR_DID}: {THIEF.public_key.multibase}"
    )


def test_what_is_said_of_others_is_not_told(world: World) -> None:
    state = world.monitor().look(now=world.now).state
    world.log.state(added_key(THIEF.public_key, OTHER_DID), OTHER_DID)
    world.log.state(Enrol(Names("X"), "0100000009"), "did:web:x.example.vn")
    world.close()
    assert world.monitor(state).look(now=world.now).alarms == []


def test_a_body_that_does_not_say_what_it_made_is_told_of_every_entry(world: World) -> None:
    world.certify(mine=False)
    world.close()
    look = world.monitor(mine=lambda: (Mine(SAMPLE_DID),)).look(now=world.now)
    assert [a.concern for a in look.alarms[-1:]] == [Concern.MY_CERTIFICATE]
    assert concerns(look) == []


def fork() -> World:
    """Return a log of the same keys and the same beginning, with another last entry before its epoch."""
    other = World()
    other.certify(mine=False)
    other.certify(mine=False)
    other.close()
    return other


def test_a_second_history_is_an_alarm_with_both_notes_and_nothing_of_it_is_believed(world: World) -> None:
    world.certify()
    world.close()
    watching = world.monitor()
    state = watching.look(now=world.now).state
    assert state is not None
    other = fork()
    world.files.served = files_of(other.log)
    look = watching.look(now=world.now)
    assert concerns(look) == [Concern.TWO_HISTORIES]
    assert look.notes == (state.note, other.log.note())
    assert look.state is not None
    assert look.state.note == state.note


def test_another_root_of_the_same_size_is_a_second_history(world: World) -> None:
    watching = world.monitor()
    watching.look(now=world.now)
    head = Checkpoint(world.log.origin, world.log.size, RootHash(bytes(32)))
    world.files.served["checkpoint"] = sign_checkpoint(head, world.log.log_key).encode()
    look = watching.look(now=world.now)
    assert concerns(look) == [Concern.TWO_HISTORIES]
    assert len(look.notes) == 2


@pytest.mark.parametrize("tiles_stay", [True, False])
def test_an_old_head_is_an_alarm_and_no_second_history(world: World, tiles_stay: bool) -> None:
    old = files_of(world.log)
    world.certify()
    world.close()
    watching = world.monitor()
    watching.look(now=world.now)
    world.files.served = (world.files.served if tiles_stay else {}) | old
    if not tiles_stay:
        world.files.kept.clear()
    look = watching.look(now=world.now)
    assert Concern.ROLLED_BACK in concerns(look)
    assert Concern.TWO_HISTORIES not in concerns(look)


def signed_by_another_key(world: World) -> bytes:
    head = Checkpoint(world.log.origin, world.log.size, world.log.tree.root(world.log.size))
    return sign_checkpoint(head, replace(world.log.log_key, seed=bytes(32))).encode()


@pytest.mark.parametrize(
    "note",
    [
        lambda _: b"\xff",
        lambda _: b"",
        lambda _: World(SmallLog("other.example.vn")).log.note().encode(),
        signed_by_another_key,
    ],
    ids=["noise", "nothing", "another log", "another key"],
)
def test_a_checkpoint_that_the_log_did_not_sign_is_an_alarm(
    world: World, note: Callable[[World], bytes]
) -> None:
    world.files.served["checkpoint"] = note(world)
    look = world.monitor().look(now=world.now)
    assert concerns(look) == [Concern.BAD_CHECKPOINT]
    assert look.entries == 0


@pytest.mark.parametrize("path", ["tile/0/000.p/6", "tile/entries/000.p/6"])
@pytest.mark.parametrize("change", ["flip", "cut", "missing"])
def test_files_that_do_not_lead_to_the_signed_head_are_an_alarm(world: World, path: str, change: str) -> None:
    data = world.files.served.pop(path)
    if change != "missing":
        world.files.served[path] = data[:-1] if change == "cut" else data[:-1] + bytes([data[-1] ^ 1])
    look = world.monitor().look(now=world.now)
    assert concerns(look) == [Concern.WRONG_ENTRIES]
    assert look.state is not None
    assert look.state.note == ""


def test_a_copy_that_was_damaged_here_is_fetched_anew_and_no_alarm(world: World) -> None:
    for _ in range(300):
        world.certify()
    world.close()
    state = world.monitor().look(now=world.now).state
    kept = world.files.kept["tile/entries/000"]
    world.files.kept["tile/entries/000"] = kept[:-1] + bytes([kept[-1] ^ 1])
    look = world.monitor(state).look(now=world.now)
    assert (look.alarms, world.files.kept["tile/entries/000"]) == ([], kept)


def test_what_the_log_admitted_wrongly_is_an_alarm_with_the_faults_name(world: World) -> None:
    content = conformity_content(slot=Slot(0, 77), number="T-1", origin=world.log.origin)
    world.log.certify(THIEF, content)
    world.close()
    faults = {alarm.code for alarm in world.monitor(mine=tuple).look(now=world.now).alarms}
    assert faults == {"signer-not-authorised"}


def test_an_epoch_that_does_not_replay_is_an_alarm(world: World) -> None:
    """As of a registry that leaves a withdrawal out of its lists."""
    document = world.certify()
    lists = list(world.log.lists)
    world.log.change_status(document, StatusAction.WITHDRAW, "nonconformity", signer=ISSUER)
    world.log.lists = lists
    world.close()
    look = world.monitor(mine=tuple).look(now=world.now)
    assert [alarm.code for alarm in look.alarms] == ["epoch-status-root"]


def test_a_head_that_is_too_old_is_said_when_it_begins_and_again_after_a_day(world: World) -> None:
    watching = world.monitor(mine=tuple)
    late = world.now + 2 * 3600 + 61
    assert concerns(watching.look(now=late)) == [Concern.STALE_HEAD]
    assert concerns(watching.look(now=late + 60)) == []
    again = watching.look(now=late + SAY_AGAIN)
    assert concerns(again) == [Concern.STALE_HEAD]
    assert again.state is not None
    assert concerns(world.monitor(again.state, mine=tuple).look(now=late + SAY_AGAIN + 60)) == []
    world.log.close(time=late + SAY_AGAIN + 100)
    world.files.served = files_of(world.log)
    assert concerns(watching.look(now=late + SAY_AGAIN + 120)) == []
    assert concerns(watching.look(now=late + 2 * SAY_AGAIN)) == [Concern.STALE_HEAD]


@dataclass
class FakeChain:
    """A look at the chain that finds what it is told to."""

    found: tuple[AnchorAlarm, ...] = ()
    failure: Exception | None = None

    def alarms(self, tree: TileReader, *, now: int) -> Iterator[AnchorAlarm]:
        if self.failure is not None:
            raise self.failure
        assert (tree.size > 0, now > 0) == (True, True)
        yield from self.found


def test_what_the_chain_shows_is_told_and_a_chain_that_is_down_is_a_problem_only(world: World) -> None:
    watching = world.monitor(mine=tuple)
    late = FakeChain((AnchorAlarm(Concern.LATE_ANCHOR, 5, "late"),))
    assert concerns(watching.look(now=world.now, chain=late)) == [Concern.LATE_ANCHOR]
    down = watching.look(now=world.now, chain=FakeChain(failure=Unavailable("no node")))
    assert (down.alarms, down.problems) == ([], ["the anchors could not be looked at: no node"])


def test_a_log_that_is_down_is_not_called_wrong(world: World) -> None:
    watching = world.monitor()
    world.files.is_down = True
    with pytest.raises(Unavailable):
        watching.look(now=world.now)
    world.files.is_down = False
    assert concerns(watching.look(now=world.now)) == []


def test_a_state_of_another_log_or_trust_root_is_refused(world: World) -> None:
    state = world.monitor().look(now=world.now).state
    assert state is not None
    with pytest.raises(InvalidInput, match="by another trust root"):
        World(SmallLog("other.example.vn")).monitor(state)


def test_a_state_with_one_changed_byte_is_refused(world: World) -> None:
    state = world.monitor().look(now=world.now).state
    assert state is not None
    data = state.to_bytes()
    assert MonitorState.parse(data) == state
    for place in range(len(data)):
        with pytest.raises(InvalidInput):
            MonitorState.parse(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])


def test_the_same_thing_found_again_has_the_same_id(world: World) -> None:
    world.certify(mine=False)
    world.close()
    first, second = (world.monitor().look(now=world.now + delay).alarms[-1] for delay in (0, 99))
    assert (first.id, first.at == second.at) == (second.id, False)
    assert first.to_json()["level"] == "alarm"


def test_more_things_than_anyone_reads_are_counted_in_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "MAX_ALARMS", 5)
    for _ in range(9):
        world.certify(mine=False)
    world.close()
    look = world.monitor().look(now=world.now)
    assert len(look.alarms) == 6
    assert "more than 5 things to say" in look.alarms[-1].what


CONTROLS: Final[dict[str, tuple[object, str, object, Callable[[World], None]]]] = {
    "any head is taken": (
        Monitor,
        "_extends",
        lambda *_: True,
        test_a_second_history_is_an_alarm_with_both_notes_and_nothing_of_it_is_believed,
    ),
    "entries are not compared with the tree": (
        monitor,
        "require_leaves",
        nothing,
        lambda world: test_files_that_do_not_lead_to_the_signed_head_are_an_alarm(
            world, "tile/entries/000.p/6", "flip"
        ),
    ),
    "findings of the replay are dropped": (
        Monitor,
        "_say",
        nothing,
        test_an_epoch_that_does_not_replay_is_an_alarm,
    ),
    "what was made is asked for once": (
        MyEntries,
        "know",
        nothing,
        test_what_i_make_while_the_monitor_runs_is_no_alarm,
    ),
    "any log key": (
        monitor,
        "note_signed_by",
        lambda *_: True,
        lambda world: test_a_checkpoint_that_the_log_did_not_sign_is_an_alarm(world, signed_by_another_key),
    ),
}


@pytest.mark.parametrize("name", sorted(CONTROLS))
def test_a_defect_of_the_monitor_is_noticed(name: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    holder, attribute, defect, test = CONTROLS[name]
    require_failure(Control(holder, attribute, defect, lambda: test(world)), monkeypatch)


def test_an_epoch_of_next_year_does_not_silence_the_monitor(world: World) -> None:
    """A registry that dates one epoch far ahead and then stands still would never seem stale."""
    world.log.close(world.now + 365 * 86_400)
    world.files.served = files_of(world.log)
    assert concerns(world.monitor().look(now=world.now)) == [Concern.STALE_HEAD]


def test_a_monitor_that_takes_any_date_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    control = Control(
        monitor,
        "future_fault",
        nothing,
        lambda: test_an_epoch_of_next_year_does_not_silence_the_monitor(World()),
    )
    require_noticed(control, monkeypatch)
