"""A small real registry in a folder, with throw-away keys, for tests of the registry and of what stands on it."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from certlog.digests import DocumentHash
from certlog.documents import (
    STATUS_CHALLENGE,
    TRUST_CHALLENGE,
    SecuredDocument,
    certificate_challenge,
    secure,
)
from certlog.entry import StatementEntry, certificate_entry
from certlog.keys import Signer
from certlog.scopes import Names, Scope, Source
from certlog.slots import Slot
from certlog.status import REASONS, FileBinding, StatusAction, StatusStatement
from certlog.strict_json import JSONObject
from certlog.timestamps import format_time
from certlog.trust import Change, Enrol, GrantScope, TrustStatement
from registry.append import Outcome
from registry.data_folder import DataFolder
from registry.opening import Surroundings, initialise, open_publisher, open_registry
from registry.publisher import Publisher
from registry.service import Registry
from registry.settings import Settings
from registry.submission import Submission
from tests.support.certificates import (
    SAMPLE_AUTHORITY,
    SAMPLE_DID,
    SAMPLE_ORIGIN,
    conformity_content,
)
from tests.support.databases import Place
from tests.support.possession import key_added_by
from tests.support.signing import ed25519

OPERATOR_DID: Final = "did:web:operator.example.vn"
OTHER_DID: Final = "did:web:khac.example.vn"
START: Final = 1_795_000_000
"""2026-11-18T11:06:40Z, when every test's clock starts."""

SCOPE: Final = Scope(
    kind="designation",
    topics=("QCVN 4:2009/BKHCN",),
    measured=False,
    authority=SAMPLE_AUTHORITY,
    source=Source("operator", "https://example.vn/quyet-dinh", "2026-01-05"),
    valid_from="2026-01-01",
    valid_until="2030-12-31",
)


@dataclass
class Clock:
    """A clock that moves when it is told to."""

    time: int = START

    def __call__(self) -> int:
        """Return the time."""
        return self.time


def counted_bytes() -> Callable[[int], bytes]:
    """Return a source of "random" bytes that is the same in every run and never repeats."""
    counter = itertools.count()
    return lambda length: sha256(f"test randomness {next(counter)}".encode()).digest()[:length]


@dataclass
class RegistryWorld:
    """One registry with an operator, and the means to sign for it and for issuers."""

    folder: DataFolder
    clock: Clock
    surroundings: Surroundings
    registry: Registry
    publisher: Publisher
    place: Place
    operator: Signer = field(default_factory=lambda: ed25519("operator"))
    issuer: Signer = field(default_factory=lambda: ed25519("issuer"))
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def origin(self) -> str:
        """The log's origin."""
        return self.registry.origin

    @property
    def settings(self) -> Settings:
        """The registry's settings."""
        return self.registry.settings

    def submit(self, *items: Submission) -> list[Outcome]:
        """Submit a batch."""
        return self.registry.submit(items)

    def logged(self, item: Submission) -> int:
        """Submit one item that must be logged; return its index."""
        outcome = self.submit(item)[0]
        if outcome.index is None or outcome.status != "logged":
            raise AssertionError(outcome)
        return outcome.index

    def trust(
        self,
        change: Change,
        subject: str = SAMPLE_DID,
        signer: Signer | None = None,
        did: str = OPERATOR_DID,
    ) -> Submission:
        """Sign a trust statement, as the operator unless told otherwise."""
        statement = TrustStatement(subject, self.registry.last_trust_statement(subject), change)
        document = self.sign(statement.to_json(), did, TRUST_CHALLENGE, signer or self.operator)
        return Submission(StatementEntry("trust", document).to_bytes())

    def enrol(self, did: str = SAMPLE_DID, signer: Signer | None = None, scope: Scope | None = SCOPE) -> None:
        """Enrol a body with one key and, unless None is given, a scope."""
        key = key_added_by(signer or self.issuer, did, origin=self.origin)
        other = Enrol(Names(f"Tổ chức {did.rpartition(':')[2]}"), f"01{len(did):08}")
        sample = Enrol(Names("Trung tâm Chứng nhận Mẫu"), "0109999999")
        changes: list[Change] = [sample if did == SAMPLE_DID else other, key]
        changes += [] if scope is None else [GrantScope(scope)]
        for change in changes:
            self.logged(self.trust(change, did))

    def slot(self, did: str = SAMPLE_DID) -> Slot:
        """Reserve one slot."""
        return self.registry.reserve_slots(did, 1).slots[0]

    def certificate(
        self,
        *,
        slot: Slot | None = None,
        number: str | None = None,
        did: str = SAMPLE_DID,
        signer: Signer | None = None,
    ) -> SecuredDocument:
        """Sign a correct certificate for a slot that is reserved for it."""
        slot = slot or self.slot(did)
        number = number or f"MAU-2026-{next(self.numbers):04}"
        content = conformity_content(slot=slot, origin=self.origin, did=did, number=number)
        return self.sign(content, did, certificate_challenge(slot), signer or self.issuer)

    def status(
        self,
        certificate: SecuredDocument,
        action: StatusAction,
        *,
        did: str | None = None,
        signer: Signer | None = None,
        previous: DocumentHash | None = None,
        replaced_by: DocumentHash | None = None,
        effective: int | None = None,
    ) -> Submission:
        """Sign a status statement that follows `previous`, or the last one that is logged."""
        view = self.registry.certificate(certificate.document_hash)
        logged = None if view is None else view.status.last
        file = FileBinding(bytes(32), "application/pdf") if action is StatusAction.BIND_FILE else None
        statement = StatusStatement(
            certificate=certificate.document_hash,
            issuer=certificate.proof.did,
            action=action,
            effective=format_time(self.clock() if effective is None else effective),
            previous=previous or logged,
            reason=next(iter(REASONS[action]), None),
            replaced_by=replaced_by,
            file=file,
        )
        document = self.sign(
            statement.to_json(), did or certificate.proof.did, STATUS_CHALLENGE, signer or self.issuer
        )
        return Submission(StatementEntry("status", document).to_bytes())

    def sign(self, content: JSONObject, did: str, challenge: str, signer: Signer) -> SecuredDocument:
        """Sign any document for this log."""
        return secure(
            content,
            signer=signer,
            did=did,
            domain=self.origin,
            challenge=challenge,
            created=self.clock(),
        )

    def reopen(self) -> None:
        """Close and open again, as a restart does."""
        self.close()
        self.registry = open_registry(self.folder, self.surroundings)
        self.publisher = open_publisher(self.folder, self.surroundings)

    def close(self) -> None:
        """Close every connection."""
        self.registry.database.close()
        self.publisher.database.close()


def as_submission(document: SecuredDocument, slot: Slot, *, publish: bool = True) -> Submission:
    """Return the submission of a certificate, with or without its content in clear."""
    entry = certificate_entry(document, slot).to_bytes()
    return Submission(entry, document.to_bytes() if publish else None)


SETTINGS: Final[dict[str, str | int]] = {
    "origin": SAMPLE_ORIGIN,
    "public_url": "https://registry.example.vn",
    "operator_did": OPERATOR_DID,
    "operator_key": ed25519("operator").public_key.multibase,
    "recovery_key": ed25519("recovery").public_key.multibase,
}


def settings_text(**changes: str | int) -> str:
    """Return a settings.toml."""
    lines = [f"{name} = {value!r}" for name, value in (SETTINGS | changes).items()]
    return "\n".join(["[registry]", *lines, ""])


def make_world(path: Path, place: Place | None = None, **changes: object) -> RegistryWorld:
    """Make a registry in a new folder, its database there or in another place, and open it; the caller closes it."""
    surroundings = Surroundings(environ={}, now=Clock(), random_bytes=counted_bytes())
    elsewhere = {} if place is None or place.url is None else {"database": place.url}
    initialise(DataFolder(path), Settings.model_validate(SETTINGS | changes | elsewhere), surroundings)
    return open_world(path, place)


def open_world(path: Path, place: Place | None = None) -> RegistryWorld:
    """Open a registry that exists, with its database in the folder or in another place; the caller closes it."""
    folder, clock = DataFolder(path), Clock()
    place = place or Place(folder.database)
    environ = {} if place.url is None else {"CERTLOG_REGISTRY_DATABASE": place.url}
    surroundings = Surroundings(environ=environ, now=clock, random_bytes=counted_bytes())
    registry = open_registry(folder, surroundings)
    return RegistryWorld(folder, clock, surroundings, registry, open_publisher(folder, surroundings), place)
