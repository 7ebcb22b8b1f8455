"""A real registry in which everything that can be logged and kept has happened: every table but one holds rows."""

from dataclasses import replace
from typing import Final

from certlog.documents import SecuredDocument
from certlog.note import parse_note, sign_note
from certlog.sealed import seal
from certlog.status import StatusAction
from certlog.trust import CompromiseKey, RetireKey
from registry.cosignatures import take_note
from registry.cosigners import CosignerPolicy
from registry.opening import open_publisher, open_rotation
from tests.support.certificates import SAMPLE_DID
from tests.support.possession import added_key, rotation_to
from tests.support.registry import OPERATOR_DID, OTHER_DID, RegistryWorld, as_submission
from tests.support.signing import cosigner, ed25519

ISSUER: Final = ed25519("issuer")
DAYS: Final = 5 * 86_400
"""The tests' clock starts before the sample certificate's first day."""


def live(world: RegistryWorld) -> list[SecuredDocument]:
    """Let it happen, in a registry where the sample body is enrolled; return the certificates in order."""
    world.clock.time += DAYS
    stolen = ed25519("stolen key")
    world.enrol(OTHER_DID, ed25519("other"))
    world.logged(world.trust(added_key(stolen.public_key)))
    world.publisher.start()
    slots = world.registry.reserve_slots(SAMPLE_DID, 8).slots
    documents = [world.certificate(slot=slot) for slot in slots[:6]]
    for number, (document, slot) in enumerate(zip(documents, slots, strict=False)):
        item = as_submission(document, slot, publish=number % 2 == 0)
        if number == 1:
            blob = seal(document.to_bytes(), document.document_hash, key=bytes(16), nonce=bytes(12))
            item = replace(item, sealed=blob, number_tag=bytes(range(32)))
        world.logged(item)
    first, second, third, fourth, *_ = documents
    world.logged(world.status(first, StatusAction.BIND_FILE))
    world.logged(world.status(first, StatusAction.SUSPEND))
    _seal(world, 0)
    since = world.logged(world.status(second, StatusAction.WITHDRAW, signer=stolen))
    world.logged(world.status(first, StatusAction.REINSTATE))
    world.logged(world.status(third, StatusAction.SUPERSEDE, replaced_by=fourth.document_hash))
    world.logged(world.status(documents[4], StatusAction.SUSPEND))
    _seal(world, 1)
    world.logged(world.trust(RetireKey(stolen.public_key)))
    world.logged(world.trust(CompromiseKey(stolen.public_key, since)))
    rotation = rotation_to(world.operator.public_key, ed25519("operator 2").public_key, OPERATOR_DID)
    world.logged(world.trust(rotation, OPERATOR_DID))
    world.operator = ed25519("operator 2")
    _seal(world, 2)
    rotate_log_key(world)
    world.logged(as_submission(world.certificate(slot=slots[6]), slots[6], publish=False))
    _seal(world, 3)
    _cosign(world)
    return documents


def _seal(world: RegistryWorld, number: int) -> None:
    world.clock.time += 60
    world.publisher.seal_batch(number)


def rotate_log_key(world: RegistryWorld, *, seed: int = 1) -> None:
    """Rotate the log key, and open the publisher again; each seed below 200 makes another key."""
    surroundings = replace(world.surroundings, random_bytes=lambda length: bytes(range(seed, length + seed)))
    rotation = open_rotation(world.folder, surroundings)
    rotation.rotate()
    rotation.database.close()
    world.publisher.database.close()
    world.publisher = open_publisher(world.folder, world.surroundings)


def _cosign(world: RegistryWorld) -> None:
    auditor = cosigner("auditor.example.vn", time=world.clock())
    policy = CosignerPolicy(auditors=(auditor.verifier_key,), auditor_quorum=1)
    note = sign_note(parse_note(world.registry.checkpoint()).text, auditor)
    take_note(world.registry.database, policy, note, now=world.clock())
