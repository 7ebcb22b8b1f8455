"""Opening, ruling, handing on and sealing a log."""

from collections.abc import Callable

import pytest

from anchoring import contract
from certlog import tree
from tests.contracts.conftest import Roles
from tests.support.chain import Head, LocalChain, reverts

ORIGIN = "registry.example.vn/log"
UNKNOWN = b"\x07" * 32
EMPTY_WORD = b"\0" * 12


def words(*addresses: str) -> bytes:
    return b"".join(EMPTY_WORD + bytes.fromhex(address[2:]) for address in addresses)


def test_open_log_answers_the_id_of_its_owner_and_origin(chain: LocalChain, roles: Roles) -> None:
    answer = chain.call(contract.open_log_call(ORIGIN, roles.anchorer), sender=roles.owner)
    assert contract.read_log_id(answer) == contract.log_id(roles.owner, ORIGIN)


def test_an_opened_log_has_an_empty_head_and_its_owner(
    chain: LocalChain, roles: Roles, log_id: bytes
) -> None:
    assert chain.head(log_id) == (0, roles.anchorer, False)
    answer = chain.call(contract.ownership_call(log_id))
    assert contract.read_ownership(answer) == (roles.owner, contract.ZERO_ADDRESS)


def test_open_log_tells_of_it(chain: LocalChain, roles: Roles) -> None:
    mined = chain.send(contract.open_log_call(ORIGIN, roles.anchorer), sender=roles.owner)
    topics = (
        contract.artifact().events["LogOpened"],
        contract.log_id(roles.owner, ORIGIN),
        words(roles.owner),
    )
    assert mined.logs == (((*topics, contract.origin_hash(ORIGIN)), words(roles.anchorer)),)


def test_a_log_is_opened_once(chain: LocalChain, roles: Roles, log_id: bytes) -> None:
    with reverts("LogAlreadyOpen", logId=log_id):
        chain.call(contract.open_log_call(ORIGIN, roles.stranger), sender=roles.owner)


def test_nobody_can_take_the_id_of_another_owner(chain: LocalChain, roles: Roles) -> None:
    squatted = chain.open_log(roles.stranger, roles.stranger, ORIGIN)
    genuine = chain.open_log(roles.owner, roles.anchorer, ORIGIN)
    assert genuine != squatted
    assert chain.head(genuine) == (0, roles.anchorer, False)


def test_a_log_without_anchorer_is_not_opened(chain: LocalChain, roles: Roles) -> None:
    with reverts("AnchorerIsZero", logId=contract.log_id(roles.owner, ORIGIN)):
        chain.call(contract.open_log_call(ORIGIN, contract.ZERO_ADDRESS), sender=roles.owner)


def test_what_is_not_open_has_an_empty_answer(chain: LocalChain) -> None:
    assert chain.head(UNKNOWN) == (0, contract.ZERO_ADDRESS, False)
    assert (
        contract.read_ownership(chain.call(contract.ownership_call(UNKNOWN))) == (contract.ZERO_ADDRESS,) * 2
    )
    assert contract.read_log_id(chain.call(contract.successor_of_call(UNKNOWN))) == bytes(32)
    assert chain.anchored_at(UNKNOWN, Head(1, UNKNOWN)) is None


def test_the_owner_changes_the_anchorer(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree
) -> None:
    chain.extend(log_id, roles.anchorer, history, 3)
    mined = chain.send(contract.set_anchorer_call(log_id, roles.stranger), sender=roles.owner)
    topic = contract.artifact().events["AnchorerChanged"]
    assert mined.logs == (((topic, log_id, words(roles.anchorer), words(roles.stranger)), b""),)
    with reverts("NotAnchorer", logId=log_id, caller=roles.anchorer, anchorer=roles.stranger):
        chain.extend(log_id, roles.anchorer, history, 4)
    chain.extend(log_id, roles.stranger, history, 4)
    assert chain.head(log_id) == (4, roles.stranger, False)


def test_the_zero_address_is_no_anchorer(chain: LocalChain, roles: Roles, log_id: bytes) -> None:
    with reverts("AnchorerIsZero", logId=log_id):
        chain.call(contract.set_anchorer_call(log_id, contract.ZERO_ADDRESS), sender=roles.owner)


def test_a_log_is_handed_on_in_two_steps(chain: LocalChain, roles: Roles, log_id: bytes) -> None:
    offered = chain.send(contract.offer_log_call(log_id, roles.stranger), sender=roles.owner)
    before = contract.read_ownership(chain.call(contract.ownership_call(log_id)))
    accepted = chain.send(contract.accept_log_call(log_id), sender=roles.stranger)
    after = contract.read_ownership(chain.call(contract.ownership_call(log_id)))
    assert (before, after) == ((roles.owner, roles.stranger), (roles.stranger, contract.ZERO_ADDRESS))
    events = contract.artifact().events
    people = (log_id, words(roles.owner), words(roles.stranger))
    assert offered.logs == (((events["LogOffered"], *people), b""),)
    assert accepted.logs == (((events["LogAccepted"], *people), b""),)


def test_the_former_owner_has_no_rights_left(chain: LocalChain, roles: Roles, log_id: bytes) -> None:
    chain.send(contract.offer_log_call(log_id, roles.stranger), sender=roles.owner)
    chain.send(contract.accept_log_call(log_id), sender=roles.stranger)
    with reverts("NotOwner", logId=log_id, caller=roles.owner, owner=roles.stranger):
        chain.call(contract.seal_call(log_id), sender=roles.owner)


def test_an_offer_can_be_taken_back(chain: LocalChain, roles: Roles, log_id: bytes) -> None:
    chain.send(contract.offer_log_call(log_id, roles.stranger), sender=roles.owner)
    chain.send(contract.offer_log_call(log_id, contract.ZERO_ADDRESS), sender=roles.owner)
    with reverts("NotOffered", logId=log_id, caller=roles.stranger, offeredTo=contract.ZERO_ADDRESS):
        chain.call(contract.accept_log_call(log_id), sender=roles.stranger)


def test_only_the_one_it_was_offered_to_accepts(chain: LocalChain, roles: Roles, log_id: bytes) -> None:
    chain.send(contract.offer_log_call(log_id, roles.stranger), sender=roles.owner)
    with reverts("NotOffered", logId=log_id, caller=roles.anchorer, offeredTo=roles.stranger):
        chain.call(contract.accept_log_call(log_id), sender=roles.anchorer)


def test_an_offer_is_accepted_once(chain: LocalChain, roles: Roles, log_id: bytes) -> None:
    chain.send(contract.offer_log_call(log_id, roles.stranger), sender=roles.owner)
    chain.send(contract.accept_log_call(log_id), sender=roles.stranger)
    with reverts("NotOffered", logId=log_id, caller=roles.stranger, offeredTo=contract.ZERO_ADDRESS):
        chain.call(contract.accept_log_call(log_id), sender=roles.stranger)


def test_sealing_ends_a_log_and_keeps_its_anchors(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree
) -> None:
    anchored = chain.extend(log_id, roles.anchorer, history, 5)
    sealed = chain.send(contract.seal_call(log_id), sender=roles.owner)
    assert sealed.logs == (((contract.artifact().events["LogSealed"], log_id), (5).to_bytes(32, "big")),)
    assert chain.head(log_id) == (5, roles.anchorer, True)
    assert chain.anchored_at(log_id, Head(5, history.root(5))) == (anchored.block_time, anchored.block_number)
    with reverts("LogIsSealed", logId=log_id):
        chain.extend(log_id, roles.anchorer, history, 6)


def test_a_sealed_log_stays_sealed(chain: LocalChain, roles: Roles, log_id: bytes) -> None:
    chain.send(contract.seal_call(log_id), sender=roles.owner)
    for data in (contract.seal_call(log_id), contract.set_anchorer_call(log_id, roles.stranger)):
        with reverts("LogIsSealed", logId=log_id):
            chain.call(data, sender=roles.owner)
    with reverts("LogAlreadyOpen", logId=log_id):
        chain.call(contract.open_log_call(ORIGIN, roles.anchorer), sender=roles.owner)


def test_a_sealed_log_can_still_be_handed_on(chain: LocalChain, roles: Roles, log_id: bytes) -> None:
    chain.send(contract.seal_call(log_id), sender=roles.owner)
    chain.send(contract.offer_log_call(log_id, roles.stranger), sender=roles.owner)
    chain.send(contract.accept_log_call(log_id), sender=roles.stranger)
    assert contract.read_ownership(chain.call(contract.ownership_call(log_id)))[0] == roles.stranger


OWNERS_CALLS: dict[str, Callable[[bytes], bytes]] = {
    "setAnchorer": lambda log_id: contract.set_anchorer_call(log_id, "0x" + "11" * 20),
    "offerLog": lambda log_id: contract.offer_log_call(log_id, "0x" + "11" * 20),
    "seal": contract.seal_call,
    "openSuccessor": lambda log_id: contract.open_successor_call(log_id, 1, b"\1" * 32, "0x" + "11" * 20),
}


@pytest.mark.parametrize("function", OWNERS_CALLS)
def test_only_the_owner_may(chain: LocalChain, roles: Roles, log_id: bytes, function: str) -> None:
    for caller in (roles.anchorer, roles.stranger):
        with reverts("NotOwner", logId=log_id, caller=caller, owner=roles.owner):
            chain.call(OWNERS_CALLS[function](log_id), sender=caller)


@pytest.mark.parametrize("function", [*OWNERS_CALLS, "acceptLog"])
def test_nothing_can_be_done_with_a_log_that_is_not_open(
    chain: LocalChain, roles: Roles, function: str
) -> None:
    call = {**OWNERS_CALLS, "acceptLog": contract.accept_log_call}[function]
    with reverts("LogNotOpen", logId=UNKNOWN):
        chain.call(call(UNKNOWN), sender=roles.owner)
