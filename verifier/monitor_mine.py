"""Compares what the log holds in a body's name with what that body says it made: certificates, statements, keys.

Who steals a key signs what its owner never wrote; the owner alone can notice, and does here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from certlog.certificate_id import certificate_id, format_id
from certlog.digests import DocumentHash
from certlog.errors import InvalidInput
from certlog.logged_entry import CertificateFact, StatusFact, TrustFact
from certlog.sentences import Sentence
from certlog.status import ACTION_WORDS, StatusAction
from certlog.trust import TRUST_ACTION_WORDS, AddKey, TrustStatement
from verifier.monitor_alarm import Concern


@dataclass(frozen=True, slots=True)
class Mine:
    """A body to watch over.

    Attributes:
        did: its DID.
        made: hashes of every document that it has signed (certificates and statements); None where that is not known:
            then every new entry in its name is only told.
        keys: multibase texts of its own keys; () where they are not known.
    """

    did: str
    made: frozenset[DocumentHash] | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Noted:
    """What is said of one entry."""

    concern: Concern
    what: str


class MyEntries:
    """Looks at entries in log order, for one body."""

    def __init__(self, mine: Mine) -> None:
        """Take the body."""
        self._mine = mine
        self._certificates: set[DocumentHash] = set()

    def know(self, mine: Mine) -> None:
        """Take what the same body has made by now."""
        self._mine = mine

    def look(self, fact: object) -> Iterator[Noted]:
        """Yield what concerns the body in one entry that is well-formed and signed."""
        match fact:
            case CertificateFact(document_hash=digest, did=self._mine.did):
                self._certificates.add(digest)
                yield from self._certificate(digest)
            case StatusFact() if fact.statement.issuer == self._mine.did:
                yield from self._status(fact)
            case StatusFact() if fact.statement.certificate in self._certificates:
                yield Noted(
                    Concern.NOT_MINE,
                    Sentence("a statement about my certificate by {did}", did=fact.document.proof.did),
                )
            case TrustFact():
                yield from self._trust(fact)
            case _:
                return

    def _certificate(self, digest: DocumentHash) -> Iterator[Noted]:
        made = self._mine.made
        if made is None:
            what = Sentence("a new certificate in my name: {hash}", hash=shown_id(digest))
            yield Noted(Concern.MY_CERTIFICATE, what)
        elif digest not in made:
            what = Sentence(
                "a certificate in the name of {did} that {did} did not make: {hash}",
                did=self._mine.did,
                hash=shown_id(digest),
            )
            yield Noted(Concern.NOT_MINE, what)

    def _status(self, fact: StatusFact) -> Iterator[Noted]:
        statement, made = fact.statement, self._mine.made
        about = {"action": ACTION_WORDS[statement.action], "hash": shown_id(statement.certificate)}
        if made is None or fact.document.document_hash in made:
            if statement.action is StatusAction.BIND_FILE and made is not None:
                return  # one for each certificate, and nothing that anyone must know
            yield Noted(Concern.MY_CERTIFICATE, Sentence("{action} of my certificate {hash}", **about))
            return
        what = Sentence(
            "{action} of {hash} in the name of {did}, who did not sign it", did=self._mine.did, **about
        )
        yield Noted(Concern.NOT_MINE, what)

    def _trust(self, fact: TrustFact) -> Iterator[Noted]:
        try:
            statement = TrustStatement.from_json(fact.document.content)
        except InvalidInput:
            return  # the replay says what is wrong with it
        if statement.subject != self._mine.did:
            return
        signer = fact.document.proof.did
        change = statement.change
        if isinstance(change, AddKey):
            key = change.key.multibase
            if self._mine.keys and key not in self._mine.keys:
                what = Sentence(
                    "a key that is not mine was added to my name by {signer}: {key}", signer=signer, key=key
                )
                yield Noted(Concern.NOT_MINE, what)
                return
            yield Noted(
                Concern.ABOUT_ME, Sentence("{signer} added the key {key} to my name", signer=signer, key=key)
            )
            return
        what = Sentence(
            "{signer} stated about me: {action}", signer=signer, action=TRUST_ACTION_WORDS[statement.action]
        )
        yield Noted(Concern.ABOUT_ME, what)


def shown_id(digest: DocumentHash) -> str:
    """Return a certificate's id as people know it from paper."""
    return format_id(certificate_id(digest))
