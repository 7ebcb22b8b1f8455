"""How large evidence and dated status proofs are, in a log of a million entries and by arithmetic of a milliard.

The log is a tree of synthetic leaf hashes with real entries near its end; statuses are set by chance: of each list one
certificate in a hundred has ended and one in five hundred is suspended, spread evenly, which deflates worst. Every file
measured verifies. For 1e9 entries the paths are padded to their length there: those files are only weighed.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from bench.measure import Figure
from certlog.canonical import canonicalize
from certlog.digests import LeafHash, sha256
from certlog.documents import SecuredDocument
from certlog.evidence import Evidence, Head, ProvenEntry, ProvenList
from certlog.slots import LIST_SIZE, Slot
from certlog.status_list import LIST_BYTES, set_bit
from certlog.status_proof import StatusProof
from certlog.timestamps import parse_time
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.signing import ed25519
from tests.support.small_log import DESIGNATION, SmallLog, one_certificate
from verifier.chain_view import NOT_CONSULTED
from verifier.report import Verdict
from verifier.verify import verify
from verifier.verify_status import Standing, verify_status

GOAL_EVIDENCE: Final = 17_000.0
ENDED, SUSPENDED = 100, 500
BODIES: Final = 300
_LEVELS: Final = 30
"""Of a tree of 1e9 leaves."""
_LIST_LEVELS: Final = 14
"""Of the status tree over the lists of as many certificates."""
_PAD: Final = bytes(32)


def measure(count: int) -> Iterator[Figure]:
    """Weigh the files of one certificate in a log of `count` entries."""
    small, certificate = one_certificate()
    whole = len(certificate.to_bytes())
    yield Figure("the certificate alone", whole, "B")
    yield Figure(
        "evidence beside it, log of 8 entries, 1 head",
        len(small.evidence(certificate).to_bytes()) - whole,
        "B",
    )
    log, newest = _grown(count)
    evidence, status = log.evidence(newest, earlier=[log.size - 2, log.size - 1]), log.status_proof(newest)
    _require_verified(log, evidence, status)
    beside = len(replace(evidence, certificate=None).to_bytes())
    yield Figure(f"evidence beside it, log of {count:,} entries, 3 heads", beside, "B", goal=GOAL_EVIDENCE)
    yield Figure("  of it the two lists", _lists(evidence), "B")
    yield Figure(f"status proof, log of {count:,} entries", len(status.to_bytes()), "B")
    yield Figure(
        "  as a part of certificate and evidence together",
        len(status.to_bytes()) / (beside + whole) * 100,
        "%",
    )
    empty = replace(status, lists=small.status_proof(certificate).lists)
    yield Figure("  the same where nothing in its list has ended", len(empty.to_bytes()), "B")
    yield Figure(
        "evidence beside it, padded to 1e9 entries",
        len(_padded(evidence).to_bytes()),
        "B",
        goal=GOAL_EVIDENCE,
    )
    yield Figure("status proof, padded to 1e9 entries", len(_padded_status(status).to_bytes()), "B")


def _grown(count: int) -> tuple[SmallLog, SecuredDocument]:
    """Return a log of `count` entries that ends in three epochs after its certificate."""
    log, chance = SmallLog(), random.Random(1)  # noqa: S311 - the same in every run
    log.close()
    log.enrol(ed25519("issuer").public_key, SAMPLE_DID, DESIGNATION)
    for number in range(1, BODIES):
        log.enrol(ed25519(f"body {number}").public_key, f"did:web:b{number:03}.example.vn")
    pairs = max(1, -(-count // LIST_SIZE))
    log.lists = [(_bits(chance, ENDED), _bits(chance, SUSPENDED)) for _ in range(pairs)]
    filler = log.entries[0]
    for number in range(log.size, count - 4):
        log.entries.append(filler)
        log.tree.append(LeafHash(sha256(number.to_bytes(8, "big"))))
    slot = Slot(pairs - 1, LIST_SIZE // 2)
    for which in (0, 1):
        pair = list(log.lists[slot.list])
        pair[which] = set_bit(pair[which], slot.index, False)  # noqa: FBT003 - the bit's value is the point
        log.lists[slot.list] = (pair[0], pair[1])
    certificate = log.certify(ed25519("issuer"), conformity_content(slot=slot))
    for _ in range(3):
        log.close(parse_time("2026-11-22T10:00:00+07:00"))
    return log, certificate


def _bits(chance: random.Random, one_in: int) -> bytes:
    bits = bytearray(LIST_BYTES)
    for index in range(LIST_SIZE):
        if not chance.randrange(one_in):
            bits[index >> 3] |= 0x80 >> (index & 7)
    return bytes(bits)


def _lists(evidence: Evidence) -> int:
    return sum(len(canonicalize(proven.to_json())) for proven in evidence.lists)


def _require_verified(log: SmallLog, evidence: Evidence, status: StatusProof) -> None:
    """Only what verifies is weighed: without a chain, a record that nothing stands against waits for its anchor."""
    at = parse_time("2026-11-22T10:01:00+07:00")
    verdict = verify(evidence, log.trust_root(), at, NOT_CONSULTED).verdict
    standing = verify_status(status, log.trust_root(), at, NOT_CONSULTED).standing
    if (verdict, standing) != (Verdict.PENDING, Standing.CLEAR):
        message = f"expected pending and clear, found {verdict} and {standing}"
        raise AssertionError(message)


def _padded(evidence: Evidence) -> Evidence:
    return replace(
        evidence,
        certificate=None,
        heads=tuple(_long_head(head) for head in evidence.heads),
        trust=tuple(_long(proven) for proven in evidence.trust),
        epoch=_long(evidence.epoch),
        lists=_long_lists(evidence.lists),
    )


def _padded_status(status: StatusProof) -> StatusProof:
    head, epoch = _long_head(status.head), _long(status.epoch)
    return replace(status, head=head, epoch=epoch, lists=_long_lists(status.lists))


def _long_lists(lists: tuple[ProvenList, ProvenList]) -> tuple[ProvenList, ProvenList]:
    first, second = (
        replace(proven, path=(*proven.path, *[_PAD] * (_LIST_LEVELS - len(proven.path)))) for proven in lists
    )
    return first, second


def _long_head(head: Head) -> Head:
    return replace(head, path=(*head.path, *[_PAD] * (_LEVELS - len(head.path))))


def _long(proven: ProvenEntry) -> ProvenEntry:
    return replace(proven, path=(*proven.path, *[_PAD] * (_LEVELS - len(proven.path))))
