"""Replay of trust statements into records, in log order (docs/formats.md, section 6): the trust list.

The same replay serves the registry (admission and epochs), the auditor (the whole log) and the verifier (the few
statements that an evidence file carries). What a signer's compromised key stated is void in all of them.
"""

from collections.abc import Iterable
from typing import Final

from certlog.digests import DocumentHash, same
from certlog.documents import TRUST_CHALLENGE, SecuredDocument, require_binding, verify_proof
from certlog.errors import InvalidInput, NotTrusted
from certlog.issuer_record import IssuerRecord, trust_tree
from certlog.keys import PublicKey
from certlog.operator_record import Operator, OperatorRecord
from certlog.possession import verify_possession
from certlog.tree import MemoryTree
from certlog.trust import AddKey, CompromiseKey, RotateOperator, TrustStatement
from certlog.trust_view import Stated, TrustView

__all__: Final = ["Operator", "TrustState", "replay"]


class TrustState:
    """Records after the trust statements applied so far.

    Args:
        operator: the pinned operator.
        origin: the log's origin: the domain that every proof must name.
        partial: True when only some of the log's statements are replayed (from an evidence file); then the
            chain of `previous` cannot be checked, and everything else is.
    """

    def __init__(self, operator: Operator, origin: str, *, partial: bool = False) -> None:
        """Start with the pinned operator key and nobody enrolled."""
        self.operator: Final = operator
        self._origin = origin
        self._partial = partial
        self._view = TrustView(operator, partial=partial)
        self._history: list[Stated] = []
        self._last: dict[str, DocumentHash] = {}

    @property
    def records(self) -> tuple[IssuerRecord, ...]:
        """The issuers' records, sorted by the UTF-8 bytes of their DIDs."""
        return tuple(sorted(self._view.records.values(), key=lambda record: record.did.encode()))

    @property
    def operator_record(self) -> OperatorRecord:
        """What the log says of the operator's keys."""
        return self._view.operator_record

    @property
    def operator_key(self) -> PublicKey:
        """The operator's key after the rotations so far."""
        return self._view.operator_record.current.key

    def record(self, did: str) -> IssuerRecord | None:
        """Return the record of a body, or None if it is not enrolled."""
        return self._view.records.get(did)

    def require_record(self, did: str) -> IssuerRecord:
        """Return the record of a body.

        Raises:
            NotTrusted: it is not enrolled.
        """
        return self._view.require_record(did)

    def last(self, did: str) -> DocumentHash | None:
        """Return the hash of the last statement about a subject: what the next one names as `previous`."""
        return self._last.get(did)

    def trust_tree(self) -> MemoryTree:
        """Return the trust tree of the records: the operator's, then the issuers'."""
        return trust_tree(self._view.operator_record, self._view.records.values())

    def apply(self, index: int, document: SecuredDocument) -> TrustStatement:
        """Check one statement and apply it.

        1. It is a closed trust document, made for this log.
        2. It follows the subject's last statement.
        3. Its signature verifies under the key that it names; a key that it registers agrees to that.
        4. That key has the right to make it.
        5. It fits the subject's record.
        6. Where it declares a key compromised that stated something at or after `since`, that is void from now on.

        Args:
            index: its position in the log.
            document: the signed statement.

        Raises:
            InvalidInput: steps 1, 2, 3 or 5. Nothing has changed.
            NotTrusted: step 4. Nothing has changed.
        """
        require_binding(document.proof, domain=self._origin, challenge=TRUST_CHALLENGE)  # 1
        statement = TrustStatement.from_json(document.content)
        self._require_previous(statement)  # 2
        verify_proof(document.document_hash, document.proof, document.proof.key)  # 3
        self._require_possession(statement)
        stated = Stated(index, statement, document.proof.did, document.proof.key)
        self._view.apply(stated)  # 4, 5
        self._history.append(stated)
        self._last[statement.subject] = document.document_hash
        change = statement.change
        if isinstance(change, CompromiseKey) and self._voids(statement.subject, change):
            self._view = replayed(self.operator, self._history, partial=self._partial)  # 6
        return statement

    def _require_previous(self, statement: TrustStatement) -> None:
        if self._partial:
            return
        expected, found = self._last.get(statement.subject), statement.previous
        if (expected is None) != (found is None) or (expected and found and not same(expected, found)):
            message = "it does not follow the subject's last trust statement"
            raise InvalidInput(message, place="/previous", code="wrong-previous")

    def _require_possession(self, statement: TrustStatement) -> None:
        match statement.change:
            case AddKey(key=key, possession=possession) | RotateOperator(new=key, possession=possession):
                verify_possession(possession, statement.subject, key, origin=self._origin)
            case _:
                pass

    def _voids(self, did: str, change: CompromiseKey) -> bool:
        signer = (did, change.key)
        return any(signer == (one.did, one.key) and one.index >= change.since for one in self._history)


def replay(operator: Operator, origin: str, statements: Iterable[tuple[int, SecuredDocument]]) -> TrustState:
    """Return the state after (index, document) pairs in log order; the first bad one raises."""
    state = TrustState(operator, origin)
    for index, document in statements:
        state.apply(index, document)
    return state


def replayed(operator: Operator, history: Iterable[Stated], *, partial: bool = False) -> TrustView:
    """Return the view after statements that were each applied in their time, less what is void by now.

    Void is what a key stated at or after the entry since which it is compromised; rotations of the operator's key
    alone stay, since later keys rest on them. What rests on a void statement has no effect either.
    """
    known = tuple(history)
    since = _compromises(known, operator.did)
    view = TrustView(operator, partial=partial)
    for stated in known:
        if _is_void(stated, since):
            continue
        try:
            view.apply(stated)
        except (InvalidInput, NotTrusted):
            continue
    return view


def _compromises(history: tuple[Stated, ...], operator_did: str) -> dict[tuple[str, PublicKey], int]:
    """Return since which entry each signer's key is compromised, by the operator's word.

    From the last statement to the first: whether one is void depends on later ones only. A delegate's word is not
    needed: it says nothing about those who sign trust statements.
    """
    since: dict[tuple[str, PublicKey], int] = {}
    for stated in reversed(history):
        change = stated.statement.change
        if isinstance(change, CompromiseKey) and stated.did == operator_did and not _is_void(stated, since):
            signer = (stated.statement.subject, change.key)
            since[signer] = min(change.since, since.get(signer, change.since))
    return since


def _is_void(stated: Stated, since: dict[tuple[str, PublicKey], int]) -> bool:
    compromised = since.get((stated.did, stated.key))
    rotates = isinstance(stated.statement.change, RotateOperator)
    return compromised is not None and compromised <= stated.index and not rotates
