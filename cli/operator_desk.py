"""The operator's desk: signs trust statements with a key that stays here, and sends them to the registry.

Statements about one subject follow each other by hash, so several can be signed and sent at once, in order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from certlog.documents import TRUST_CHALLENGE, secure
from certlog.entry import StatementEntry
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.trust import TRUST_ACTION_WORDS, Change, TrustStatement, action_of
from issuer.http_registry import HttpRegistry
from issuer.key_file import IssuerKey
from issuer.registry_port import Item


@dataclass(frozen=True, slots=True)
class OperatorDesk:
    """A registry to send to, the operator's (or a delegate's) key, and the clock."""

    registry: HttpRegistry
    key: IssuerKey
    now: Callable[[], int]

    def state(self, subject: str, changes: Sequence[Change]) -> tuple[int, ...]:
        """Sign and log changes of one subject, in this order; return their positions in the log.

        Raises:
            InvalidInput: the registry refused one; those before it are logged, and the message says which.
            Unavailable: the registry cannot be reached; what was logged is not logged twice when repeated.
        """
        origin, previous = self.registry.origin(), self.registry.last_trust_statement(subject)
        items: list[Item] = []
        for change in changes:
            document = secure(
                TrustStatement(subject, previous, change).to_json(),
                signer=self.key.signer,
                did=self.key.did,
                domain=origin,
                challenge=TRUST_CHALLENGE,
                created=self.now(),
            )
            previous = document.document_hash
            items.append(Item(StatementEntry("trust", document).to_bytes()))
        return self._submit(items, changes)

    def _submit(self, items: Sequence[Item], changes: Sequence[Change]) -> tuple[int, ...]:
        logged: list[int] = []
        for outcome, change in zip(self.registry.submit(items), changes, strict=True):
            if outcome.status == "refused":
                done = (
                    Sentence("; logged before it: {logged}", logged=", ".join(map(str, logged)))
                    if logged
                    else ""
                )
                message = Sentence(
                    "the registry refused {kind}: {detail}{done}",
                    kind=TRUST_ACTION_WORDS[action_of(change)],
                    detail=outcome.detail,
                    done=done,
                )
                raise InvalidInput(message, code=outcome.code)
            if outcome.index is None:
                raise Unavailable("the registry's answer names no position")
            logged.append(outcome.index)
        return tuple(logged)
