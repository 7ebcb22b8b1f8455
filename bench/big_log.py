"""A large log as files, made fast: true signatures of fifty bodies, some statuses, an epoch every five hundred entries.

Signing is done beforehand, in several processes; state and epochs come from the product's own replay, so that the log
is right. The files are those of a registry: bundles, tiles, checkpoint.
"""

import hashlib
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Final

from bench.sample import throw_away_key
from certlog import cryptosuites
from certlog.checkpoint import Checkpoint, sign_checkpoint
from certlog.digests import DocumentHash
from certlog.documents import (
    STATUS_CHALLENGE,
    TRUST_CHALLENGE,
    Proof,
    SecuredDocument,
    certificate_challenge,
    secure,
)
from certlog.entry import CertificateEntry, EpochEntry, StatementEntry
from certlog.keys import Signer, verification_method
from certlog.log_replay import LogReplay
from certlog.logged_entry import examine_known
from certlog.note import ED25519_NOTE, VerifierKey
from certlog.possession import prove_possession
from certlog.scopes import Names
from certlog.slots import LIST_SIZE, Slot
from certlog.status import StatusAction, StatusStatement
from certlog.strict_json import JSONObject
from certlog.tiles import FULL, Tile, encode_bundle, hash_tile, tiles_of
from certlog.timestamps import format_time
from certlog.tree import MemoryTree
from certlog.trust import AddKey, Enrol, TrustStatement
from certlog.trust_root import LogKey, TrustRoot
from certlog.trust_state import Operator

ORIGIN: Final = "registry.example.vn/bench"
BODIES: Final = 50
EPOCH_EVERY: Final = 500
STATUS_EVERY: Final = 50
_START: Final = 1_790_000_000
_SIGNED_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class BigLog:
    """Where the files are, and what pins the log."""

    folder: Path
    trust_root: TrustRoot
    size: int


def write_big_log(folder: Path, certificates: int, *, jobs: int = 2) -> BigLog:
    """Write a log of so many certificates and what belongs to them; every run makes the same bytes."""
    operator = Operator(_did(-1), throw_away_key("operator").signer.public_key, _key(-2).public_key)
    writer = _Writer(folder, LogReplay(operator, ORIGIN))
    for body in range(BODIES):
        writer.enrol(body)
    writer.close()
    for start, entries in _signed(certificates, jobs):
        for offset, entry in enumerate(entries):
            writer.append(entry)
            number = start + offset
            if number % STATUS_EVERY == 0:
                writer.append(_status(number))
            if number % EPOCH_EVERY == EPOCH_EVERY - 1:
                writer.close()
    writer.close()
    return writer.finish(operator)


class _Writer:
    """Appends entries, replays them for their epochs, and writes bundles as they fill."""

    def __init__(self, folder: Path, replay: LogReplay) -> None:
        self._folder = folder
        self._replay = replay
        self._tree = MemoryTree()
        self._bundle: list[bytes] = []

    def enrol(self, body: int) -> None:
        """Enrol a body with its key."""
        key, did = _key(body), _did(body)
        possession = prove_possession(key, did, origin=ORIGIN, created=_START)
        for change in (
            Enrol(Names("Trung tâm Chứng nhận Mẫu"), f"01{body:08}"),
            AddKey(key.public_key, possession),
        ):
            statement = TrustStatement(did, self._replay.trust.last(did), change)
            document = _secured(statement.to_json(), -1, TRUST_CHALLENGE)
            self.append(StatementEntry("trust", document).to_bytes())

    def append(self, data: bytes) -> None:
        """Append an entry that must be right."""
        examined = examine_known(data, ORIGIN)
        if self._replay.add_examined(examined):
            message = "the log to measure with is not right"
            raise RuntimeError(message)
        self._tree.append(examined.leaf_hash)
        self._bundle.append(data)
        if len(self._bundle) == FULL:
            self._write_bundle()

    def close(self) -> None:
        """Append an epoch."""
        self.append(EpochEntry(self._replay.expected_epoch(_START + self._replay.size)).to_bytes())

    def finish(self, operator: Operator) -> BigLog:
        """Write what is left, the tiles and the checkpoint."""
        size = self._replay.size
        if self._bundle:
            self._write_bundle()
        for tile in tiles_of(size):
            if tile.level is not None:
                self._write(tile.path, hash_tile(tile, self._tree.read))
        log_key = _LogKey(_key(-3))
        note = sign_checkpoint(Checkpoint(ORIGIN, size, self._tree.root()), log_key)
        self._write("checkpoint", note.encode())
        trust_root = TrustRoot(
            origin=ORIGIN,
            log_keys=(LogKey(log_key.verifier_key, 0, None),),
            operator=operator,
            list_key=_key(-4).public_key,
            auditors=(),
            auditor_quorum=0,
            chains=(),
            max_status_age=86_400,
            max_anchor_age=604_800,
        )
        return BigLog(self._folder, trust_root, size)

    def _write_bundle(self) -> None:
        tile = Tile(None, (self._replay.size - 1) // FULL, len(self._bundle))
        self._write(tile.path, encode_bundle(self._bundle))
        self._bundle = []

    def _write(self, path: str, data: bytes) -> None:
        (self._folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self._folder / path).write_bytes(data)


@dataclass(frozen=True, slots=True)
class _LogKey:
    signer: Signer

    @property
    def verifier_key(self) -> VerifierKey:
        return VerifierKey(ORIGIN, ED25519_NOTE, self.signer.public_key.raw)

    def sign(self, message: bytes) -> bytes:
        return self.signer.sign(message)


def _signed(certificates: int, jobs: int) -> Iterator[tuple[int, list[bytes]]]:
    starts = range(0, certificates, _SIGNED_AT_ONCE)
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        yield from zip(starts, pool.map(partial(_signed_entries, certificates), starts), strict=True)


def _signed_entries(certificates: int, start: int) -> list[bytes]:
    return [_entry(number) for number in range(start, min(start + _SIGNED_AT_ONCE, certificates))]


def _entry(number: int) -> bytes:
    """Return the entry of a certificate whose content nobody has: a hash and the proof of it."""
    slot, key = Slot(number // LIST_SIZE, number % LIST_SIZE), _key(number % BODIES)
    method = verification_method(_did(number % BODIES), key.public_key)
    proof = Proof("eddsa-jcs-2022", format_time(_START), method, ORIGIN, certificate_challenge(slot), "")
    signature = cryptosuites.sign(_hash(number), proof.options_json(), key)
    return CertificateEntry(_hash(number), replace(proof, proof_value=signature), slot).to_bytes()


def _status(number: int) -> bytes:
    statement = StatusStatement(
        certificate=_hash(number),
        issuer=_did(number % BODIES),
        action=StatusAction.SUSPEND if number % 2 else StatusAction.WITHDRAW,
        effective=format_time(_START),
        previous=None,
        reason="investigation" if number % 2 else "invalid",
    )
    return StatementEntry(
        "status", _secured(statement.to_json(), number % BODIES, STATUS_CHALLENGE)
    ).to_bytes()


def _secured(content: JSONObject, body: int, challenge: str) -> SecuredDocument:
    return secure(
        content,
        signer=_key(body) if body >= 0 else throw_away_key("operator").signer,
        did=_did(body),
        domain=ORIGIN,
        challenge=challenge,
        created=_START,
    )


def _hash(number: int) -> DocumentHash:
    return DocumentHash(hashlib.sha256(b"certlog bench document %d" % number).digest())


@cache
def _key(body: int) -> Signer:
    return throw_away_key(f"body {body}").signer


def _did(body: int) -> str:
    return "did:web:registry.example.vn" if body < 0 else f"did:web:body{body}.example.vn"
