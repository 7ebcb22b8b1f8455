"""The registry's use cases in the words of web.services: what is absent here is NotFound, what is wrong is said."""

from collections.abc import Iterable, Sequence
from typing import Final

from certlog.digests import DocumentHash
from certlog.encoding import b64url
from certlog.errors import CertlogError, InvalidInput, NotTrusted, Unavailable
from certlog.sentences import Sentence
from certlog.status_list import PURPOSES
from certlog.strict_json import JSONObject
from registry.service import Registry
from registry.submission import Submission
from web.problems import NotFound
from web.services import Accepted, Cosigned, LogHead, Outcome, Refused, Reservation, Submitted, Waiting

_ABSENT: Final = frozenset({"no-entry", "no-list"})


class RegistryLog:
    """Implements web.services.Log."""

    def __init__(self, registry: Registry) -> None:
        """Take the registry."""
        self._registry = registry

    def head(self) -> LogHead:
        """Return the newest signed checkpoint."""
        head = self._registry.head()
        key = self._registry.log_key_at(head.size)
        return LogHead(self._registry.origin, key, head.size, head.root, head.note)

    def waiting(self) -> Waiting:
        """Return what waits for a signed head."""
        found = self._registry.waiting()
        return Waiting(found.count, found.since)

    def tile(self, path: str) -> bytes:
        """Return a published tile or bundle."""
        found = self._registry.tiles.file(path, self._registry.head().size)
        if found is None:
            message = Sentence("the log has published nothing at {path} yet", path=path[:80])
            raise NotFound(message)
        return found

    def require_tiles(self) -> None:
        """Require readable tiles at the right edge."""
        self._registry.tiles.require_edge(self._registry.head())

    def entry(self, index: int) -> bytes:
        """Return an entry's bytes."""
        found = self._registry.entry(index)
        if found is None:
            message = Sentence("the log has no entry {index} yet", index=index)
            raise NotFound(message)
        return found.data

    def proof(self, index: int) -> str:
        """Return the tlog-proof of an entry."""
        try:
            return self._registry.tlog_proof(index)
        except InvalidInput as error:
            raise _as_absent(error) from error

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Return a consistency proof."""
        return self._registry.consistency(old, new)

    def status_list(self, purpose: str, number: int) -> bytes:
        """Return a status list credential."""
        wanted = next((known for known in PURPOSES if known == purpose), None)
        if wanted is None:
            message = Sentence("there are no {purpose!r} lists", purpose=purpose[:40])
            raise NotFound(message)
        try:
            return self._registry.status_list_credential(wanted, number)
        except InvalidInput as error:
            raise _as_absent(error) from error

    def take_cosigned_note(self, note: str) -> Cosigned:
        """Keep what a cosigned checkpoint brings."""
        kept = self._registry.take_cosigned_note(note)
        return Cosigned(kept.size, kept.names, kept.new)

    def certificate_status(self, document_hash: DocumentHash) -> JSONObject:
        """Return `{last, suspended, revoked}`."""
        view = self._registry.certificate(document_hash)
        if view is None:
            message = "no certificate with this document hash is logged"
            raise NotFound(message)
        last = view.status.last
        return {
            "last": None if last is None else b64url(last),
            "suspended": view.status.suspended,
            "revoked": view.status.revoked,
        }

    def issuer_records(self, did: str) -> JSONObject:
        """Return `{issuer, operator}`."""
        issuer, operator = self._registry.issuer_record(did), self._registry.operator_record()
        return {
            "issuer": None if issuer is None else issuer.to_json(),
            "operator": operator.to_json() if operator.did == did else None,
        }

    def issuer_trust(self, did: str) -> JSONObject:
        """Return `{last}`."""
        last = self._registry.last_trust_statement(did)
        return {"last": None if last is None else b64url(last)}


class RegistrySubmissions:
    """Implements web.services.Submissions."""

    def __init__(self, registry: Registry) -> None:
        """Take the registry."""
        self._registry = registry

    def authenticate(self, token: str) -> str | None:
        """Return the DID that a token belongs to."""
        try:
            return self._registry.tokens.authenticate(token)
        except NotTrusted:
            # The one caller answers 401 for every token that does not count.
            return None

    def reserve_slots(self, did: str, count: int) -> Reservation:
        """Set slots aside."""
        found = self._registry.reserve_slots(did, count)
        return Reservation(found.slots, found.expires_at)

    def submit(self, did: str, items: Iterable[Submitted]) -> Sequence[Outcome]:
        """Append what is admitted."""
        submissions = [
            Submission(
                item.entry,
                item.document,
                item.sealed,
                item.number_tag,
                item.entry_value,
                item.document_value,
            )
            for item in items
        ]
        answers = self._registry.submit(submissions, submitter=did)
        return [
            _outcome(answer.status, answer.index, answer.leaf_hash, answer.id, answer.problem)
            for answer in answers
        ]


def _outcome(
    status: str, index: int | None, leaf_hash: bytes | None, identifier: str | None, problem: Exception | None
) -> Outcome:
    if isinstance(problem, CertlogError):
        return Refused(problem)
    if index is None or leaf_hash is None:
        message = Sentence("the registry answered {status!r} without an index", status=status)
        raise Unavailable(message)
    return Accepted(index, leaf_hash, status == "exists", identifier)


def _as_absent(error: InvalidInput) -> InvalidInput:
    return NotFound(error.message) if error.code in _ABSENT else error
