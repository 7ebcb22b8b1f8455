"""Logs in memory with whatever an honest registry may log, by chance; and a source that serves any log's files."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.slots import Slot
from certlog.status import REASONS, FileBinding, StatusAction
from certlog.tile_reader import MissingTile
from certlog.trust import ChangeScope, GrantScope, RetireKey, TrustAction
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.possession import added_key
from tests.support.served_log import write_log
from tests.support.signing import ed25519, p256
from tests.support.small_log import DESIGNATION, SmallLog

ISSUER: Final = ed25519("issuer")
SECOND: Final = p256("second key")


class MemorySource:
    """Files of a log in memory, served as the log itself does: what is missing is the log's fault."""

    name: Final = "memory"
    is_the_log: Final = True

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """Take the files by path."""
        self.files = dict(files)

    def read(self, path: str) -> bytes:
        """Return a file."""
        if path not in self.files:
            raise MissingTile(Sentence("{path} is missing", path=path))
        return self.files[path]

    def close(self) -> None:
        """Nothing is open."""


def source_of(log: SmallLog, folder: Path, documents: tuple[SecuredDocument, ...] = ()) -> MemorySource:
    """Return every file of a log, written below a folder first."""
    write_log(log, folder, documents)
    files = (path for path in folder.rglob("*") if path.is_file())
    return MemorySource({str(path.relative_to(folder)): path.read_bytes() for path in files})


def random_log(chance: random.Random, size: int) -> tuple[SmallLog, list[SecuredDocument]]:
    """Return an honest log of exactly `size` entries, which ends in an epoch, and its certificates; size >= 1."""
    log = SmallLog()
    documents: list[SecuredDocument] = []
    if size > 8:
        log.enrol(ISSUER.public_key, SAMPLE_DID, DESIGNATION)
        log.state(added_key(SECOND.public_key))
        if chance.random() < 0.5:
            log.state(RetireKey(SECOND.public_key))
    while log.size < size - 1:
        if log.size > 4 and documents and chance.random() < 0.3:
            _random_status(log, chance, documents)
        elif log.size > 4 and chance.random() < 0.8:
            documents.append(_certificate(log, chance, len(documents)))
        elif log.size > 4 and chance.random() < 0.1:
            _random_scope(log, chance)
        else:
            log.close()
    log.close()
    return log, documents


def log_of_epochs(size: int) -> SmallLog:
    """Return a log of nothing but epochs: the cheapest honest one of a large size."""
    log = SmallLog()
    for _ in range(size):
        log.close()
    return log


def _certificate(log: SmallLog, chance: random.Random, number: int) -> SecuredDocument:
    # Mostly in order, as slots are handed out, and now and then in the next list.
    slot = Slot(1, number) if chance.random() < 0.02 else Slot(0, number)
    return log.certify(ISSUER, conformity_content(slot=slot, number=f"MAU-2026-{number:06}"))


def _random_status(log: SmallLog, chance: random.Random, documents: list[SecuredDocument]) -> None:
    action, certificate = chance.choice(tuple(StatusAction)), chance.choice(documents)
    others = [other for other in documents if other is not certificate]
    if action is StatusAction.SUPERSEDE and not others:
        return
    try:
        log.change_status(
            certificate,
            action,
            chance.choice(REASONS[action]) if REASONS[action] else None,
            signer=ISSUER,
            replaced_by=chance.choice(others).document_hash if action is StatusAction.SUPERSEDE else None,
            file=FileBinding(chance.randbytes(32), "application/pdf")
            if action is StatusAction.BIND_FILE
            else None,
        )
    except InvalidInput:
        return  # it would have no effect: an honest registry refuses it


def _random_scope(log: SmallLog, chance: random.Random) -> None:
    grant = log.state(GrantScope(DESIGNATION))
    if chance.random() < 0.5:
        log.state(ChangeScope(TrustAction.SUSPEND_SCOPE, grant))
