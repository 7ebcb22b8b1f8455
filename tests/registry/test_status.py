"""Status bits follow the log: each list as of each position, and turned back when a key proves compromised."""

import pytest
from sqlalchemy import text

from certlog.digests import DocumentHash
from certlog.documents import SecuredDocument
from certlog.entry import EpochEntry, StatementEntry, parse_entry
from certlog.epoch import Epoch
from certlog.errors import InvalidInput
from certlog.keys import did_key
from certlog.operator_record import OperatorRecord
from certlog.slots import LIST_SIZE, Slot
from certlog.status import CertificateStatus, StatusAction
from certlog.status_list import empty_list, get_bit, set_bit, status_tree
from certlog.status_replay import RecordOf, StatusEvent, replay_events
from certlog.strict_json import parse_object
from certlog.tree import EMPTY_ROOT
from certlog.trust import CompromiseKey
from registry import log_state
from registry.keys import load_key
from registry.status_lists import bits_as_of
from registry.submission import Submission
from tests.support.certificates import SAMPLE_DID
from tests.support.possession import added_key
from tests.support.registry import RegistryWorld, as_submission
from tests.support.signing import ed25519

SUSPEND, REINSTATE, WITHDRAW = StatusAction.SUSPEND, StatusAction.REINSTATE, StatusAction.WITHDRAW
BIND_FILE = StatusAction.BIND_FILE


def _certificate(world: RegistryWorld) -> tuple[SecuredDocument, Slot]:
    slot = world.slot()
    document = world.certificate(slot=slot)
    world.logged(as_submission(document, slot))
    return document, slot


def _bits(world: RegistryWorld, slot: Slot, as_of: int | None = None) -> tuple[bool, bool]:
    """Return (revoked, suspended) after `as_of` entries."""
    as_of = world.registry.size() if as_of is None else as_of
    with world.registry.database.reading() as connection:
        revocation = bits_as_of(connection, slot.list, "revocation", as_of)
        suspension = bits_as_of(connection, slot.list, "suspension", as_of)
    return get_bit(revocation, slot.index), get_bit(suspension, slot.index)


def _last_epoch(world: RegistryWorld) -> Epoch:
    world.publisher.seal_batch(world.registry.size())
    stored = world.registry.entry(world.registry.size() - 1)
    assert stored is not None
    entry = parse_entry(stored.data)
    assert isinstance(entry, EpochEntry)
    return entry.epoch


def test_bits_turn_at_the_position_of_the_event_and_old_ones_can_be_read_back(
    enrolled: RegistryWorld,
) -> None:
    document, slot = _certificate(enrolled)
    _, other = _certificate(enrolled)
    wanted = {enrolled.registry.size(): (False, False)}
    for action, bits in ((SUSPEND, (False, True)), (REINSTATE, (False, False)), (SUSPEND, (False, True)),
                         (WITHDRAW, (True, True))):  # fmt: skip
        enrolled.logged(enrolled.status(document, action))
        wanted[enrolled.registry.size()] = bits
    assert {as_of: _bits(enrolled, slot, as_of) for as_of in wanted} == wanted
    assert _bits(enrolled, other) == (False, False)


def test_binding_a_file_turns_no_bit(enrolled: RegistryWorld) -> None:
    document, slot = _certificate(enrolled)
    enrolled.logged(enrolled.status(document, StatusAction.BIND_FILE))
    assert _bits(enrolled, slot) == (False, False)


def test_the_first_epoch_of_an_empty_log_commits_to_the_operator_alone(world: RegistryWorld) -> None:
    epoch = _last_epoch(world)
    assert (epoch.number, epoch.as_of, epoch.status_lists, epoch.trust_records) == (0, 0, 0, 1)
    operator = OperatorRecord.first(world.settings.operator)
    assert (epoch.status_root, bytes(epoch.trust_root)) == (EMPTY_ROOT, operator.leaf_hash)


def test_each_epoch_commits_exactly_the_lists_of_its_position(enrolled: RegistryWorld) -> None:
    first, slot = _certificate(enrolled)
    second, other = _certificate(enrolled)
    lists = [empty_list(), empty_list()]
    assert _last_epoch(enrolled).status_root == status_tree([(lists[0], lists[1])]).root()
    enrolled.logged(enrolled.status(first, SUSPEND))
    lists[1] = set_bit(lists[1], slot.index, value=True)
    assert _last_epoch(enrolled).status_root == status_tree([(lists[0], lists[1])]).root()
    enrolled.logged(enrolled.status(second, WITHDRAW))
    lists[0] = set_bit(lists[0], other.index, value=True)
    assert _last_epoch(enrolled).status_root == status_tree([(lists[0], lists[1])]).root()
    unchanged = _last_epoch(enrolled)
    assert unchanged.status_root == status_tree([(lists[0], lists[1])]).root()
    assert (unchanged.number, unchanged.status_lists) == (3, 1)


def test_a_slot_of_the_third_list_makes_three_pairs(enrolled: RegistryWorld) -> None:
    with enrolled.registry.database.writing() as connection:
        statement = "INSERT INTO slot_reservations VALUES (:first, 1, :issuer, :end)"
        values = {"first": 2 * LIST_SIZE + 4, "issuer": SAMPLE_DID, "end": enrolled.clock() + 100}
        connection.execute(text(statement), values)
    slot = Slot(2, 4)
    document = enrolled.certificate(slot=slot)
    enrolled.logged(as_submission(document, slot))
    enrolled.logged(enrolled.status(document, WITHDRAW))
    nothing, revoked = empty_list(), set_bit(empty_list(), 4, value=True)
    pairs = [(nothing, nothing), (nothing, nothing), (revoked, nothing)]
    epoch = _last_epoch(enrolled)
    assert (epoch.status_lists, epoch.status_root) == (3, status_tree(pairs).root())


def test_events_of_a_compromised_key_are_void_wherever_they_stand(enrolled: RegistryWorld) -> None:
    """The key's events from `since` on lose their effect; they still count for `previous`; others stay."""
    thief = ed25519("stolen key")
    enrolled.logged(enrolled.trust(added_key(thief.public_key)))
    (first, slot), (second, other) = _certificate(enrolled), _certificate(enrolled)
    before = enrolled.logged(enrolled.status(first, SUSPEND, signer=thief))
    enrolled.logged(enrolled.status(second, WITHDRAW, signer=thief))
    assert (_bits(enrolled, slot), _bits(enrolled, other)) == ((False, True), (True, False))
    compromise = enrolled.logged(enrolled.trust(CompromiseKey(thief.public_key, before + 1)))
    assert (_bits(enrolled, slot), _bits(enrolled, other)) == ((False, True), (False, False))
    assert _bits(enrolled, other, compromise) == (True, False)
    enrolled.logged(enrolled.status(second, SUSPEND))
    assert _bits(enrolled, other) == (False, True)
    earlier = enrolled.logged(enrolled.trust(CompromiseKey(thief.public_key, before)))
    assert (_bits(enrolled, slot), _bits(enrolled, other)) == ((False, False), (False, True))
    assert _bits(enrolled, slot, earlier) == (False, True)
    refused = enrolled.submit(enrolled.status(first, SUSPEND, signer=thief))[0]
    assert refused.problem is not None
    assert refused.problem.code == "compromised-key"


def test_an_event_that_rested_on_a_void_one_loses_its_effect(enrolled: RegistryWorld) -> None:
    thief = ed25519("stolen key")
    enrolled.logged(enrolled.trust(added_key(thief.public_key)))
    document, slot = _certificate(enrolled)
    since = enrolled.logged(enrolled.status(document, WITHDRAW, signer=thief))
    enrolled.logged(enrolled.trust(CompromiseKey(thief.public_key, since)))
    enrolled.logged(enrolled.status(document, SUSPEND))
    enrolled.logged(enrolled.status(document, REINSTATE))
    enrolled.logged(enrolled.status(document, WITHDRAW))
    assert _bits(enrolled, slot) == (True, False)


def test_a_batch_about_one_certificate_replays_it_once_and_again_after_a_trust_statement(
    enrolled: RegistryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    replayed: list[int] = []

    def counted(events: tuple[StatusEvent, ...], record_of: RecordOf) -> CertificateStatus:
        replayed.append(len(events))
        return replay_events(events, record_of)

    second = ed25519("second key of the issuer")
    enrolled.logged(enrolled.trust(added_key(second.public_key)))
    document, slot = _certificate(enrolled)
    first = enrolled.status(document, SUSPEND, signer=second)
    then = enrolled.status(document, BIND_FILE, previous=_hash_of(first))
    compromise = enrolled.trust(CompromiseKey(second.public_key, enrolled.registry.size()))
    last = enrolled.status(document, SUSPEND, previous=_hash_of(then))
    monkeypatch.setattr(log_state, "replay_events", counted)
    # The last suspension has an effect only because the first has become void within this batch.
    outcomes = enrolled.submit(first, then, compromise, last)
    assert [outcome.status for outcome in outcomes] == ["logged"] * 4
    assert replayed == [0, 2]
    assert _bits(enrolled, slot) == (False, True)


def _hash_of(item: Submission) -> DocumentHash:
    entry = parse_entry(item.entry_bytes)
    assert isinstance(entry, StatementEntry)
    return entry.document.document_hash


def test_a_served_list_shows_the_newest_state_and_is_signed_by_the_list_key(enrolled: RegistryWorld) -> None:
    document, _ = _certificate(enrolled)
    first = enrolled.registry.status_list_credential("revocation", 0)
    assert enrolled.registry.status_list_credential("revocation", 0) is first
    enrolled.logged(enrolled.status(document, WITHDRAW))
    second = enrolled.registry.status_list_credential("revocation", 0)
    assert second != first
    credential = parse_object(second, max_bytes=100_000)
    assert credential["issuer"] == did_key(load_key(enrolled.folder.list_key).public_key)
    enrolled.clock.time += 300
    assert enrolled.registry.status_list_credential("revocation", 0) != second
    with pytest.raises(InvalidInput, match="there is no status list 1 yet"):
        enrolled.registry.status_list_credential("suspension", 1)
