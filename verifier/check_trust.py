"""Checks 3 and 4: the issuer, its key and its claimed scope were authorised when the certificate was logged.

The right comes from trust statements, signed up to the pinned operator key. The issuer's record in the trust
tree proves only that nothing was retired, compromised or withdrawn later: alone it authorises nobody.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from certlog.claims import covers, stands, valid_from_day
from certlog.credential import ClaimedScope, claimed_scopes
from certlog.documents import Proof
from certlog.entry import StatementEntry
from certlog.epoch import Epoch
from certlog.errors import InvalidInput, InvalidProof, NotTrusted, SignatureMismatch
from certlog.evidence import Evidence, ProvenEntry
from certlog.issuer_record import IssuerRecord, KeyRecord, ScopeRecord, key_in_force
from certlog.keys import PublicKey
from certlog.operator_record import Operator, OperatorRecord
from certlog.scopes import Scope
from certlog.sentences import Sentence, joined
from certlog.strict_json import JSONObject
from certlog.tree import verify_inclusion
from certlog.trust import GrantScope, RotateOperator, TrustStatement
from certlog.trust_root import TrustRoot
from certlog.trust_state import TrustState
from verifier.check_log import OpenHead, prove_entry
from verifier.report import Check, CheckName, Reason, failed, not_checked, passed

_REFUSALS = {
    "not-enrolled": Reason.NOT_ENROLLED,
    "unknown-key": Reason.KEY_NOT_ADDED,
    "retired-key": Reason.KEY_NOT_IN_FORCE,
    "compromised-key": Reason.KEY_NOT_IN_FORCE,
    "key-record": Reason.KEY_NOT_IN_FORCE,
    "no-record": Reason.RECORD_MISSING,
}


_KEPT: Final = 64
"""Replays that a process keeps, of few statements each: whose signatures verified, byte for byte these; no refusal."""
_FEW_STATEMENTS: Final = 20

_Replayed: TypeAlias = tuple[TrustState, tuple[tuple[int, Proof, TrustStatement], ...]]


@dataclass(frozen=True, slots=True)
class Authority:
    """What check 3 established: the replayed statements and the proven record of the issuer."""

    state: TrustState
    record: IssuerRecord


def check_issuer(
    evidence: Evidence, proof: Proof, trust_root: TrustRoot, head: OpenHead, epoch: Epoch
) -> tuple[Check, Authority | None]:
    """Check 3.

    1. Every trust statement in the file is in the log, in rising order.
    2. Replayed, each is signed by who had the right to make it, up to the pinned operator key.
    3. They enrol the issuer and add this key before the certificate's index.
    4. The issuer's record is in the epoch's trust tree and says that the key was still in force there.
    5. The operator's record is in that tree too: each statement of the operator was signed by its key of that time.
    6. The same as 4 holds for every delegate that signed one of the statements.
    """
    did, key = proof.did, proof.key
    try:
        _require_in_log(evidence, head)  # 1
        state, statements = _replay(evidence, trust_root)  # 2
        stated = key_in_force(state.require_record(did), key, evidence.index)  # 3
        record = _proven_record(evidence, did, epoch)  # 4
        kept = key_in_force(record, key, evidence.index)
        _require_same_entry(stated, kept)
        operator = _proven_operator(evidence, trust_root.operator, epoch)  # 5
        for index, signed, statement in statements:
            if signed.did == trust_root.operator.did:
                _require_operator(operator, trust_root.operator, index, signed, statement)
            else:
                _require_delegate(_proven_record(evidence, signed.did, epoch), index, signed, statement)  # 6
                _require_no_delegate(_proven_record(evidence, statement.subject, epoch), index, signed)
    except NotTrusted as error:
        return failed(
            CheckName.ISSUER, _REFUSALS.get(error.code, Reason.SIGNER_NOT_ALLOWED), why=str(error)
        ), None
    except InvalidInput as error:
        return failed(CheckName.ISSUER, _broken(error), why=str(error)), None
    found = Sentence(
        "{did}, key of entry {added}, enrolled by {by_did}",
        did=did,
        added=kept.added,
        by_did=trust_root.operator.did,
    )
    return passed(CheckName.ISSUER, found), Authority(state, record)


def check_scope(
    content: JSONObject, index: int, authority: Authority | None
) -> tuple[Check, tuple[Scope, ...]]:
    """Check 4: every scope that the certificate claims was granted by a statement and in force at its index.

    A certificate that claims nothing passes: voluntary certification is lawful; shown as "not accredited".
    """
    if authority is None:
        return not_checked(CheckName.SCOPE, Reason.EARLIER_CHECK), ()
    claims = claimed_scopes(content)
    if not claims:
        return passed(CheckName.SCOPE, Sentence("nothing claimed"), reason=Reason.NOTHING_CLAIMED), ()
    day = valid_from_day(content)
    used: list[Scope] = []
    told: list[str] = []
    for claim in claims:
        granted = _granted(claim, authority)
        if not granted:
            return failed(CheckName.SCOPE, Reason.SCOPE_NOT_GRANTED, expected=_shown(claim)), ()
        in_force = [s for s in granted if stands(s, index=index, day=day)]
        if not in_force:
            found = joined("; ", (_shown_record(record) for record in granted))
            expected = Sentence(
                "{shown}, in force at entry {index} and on {day}", shown=_shown(claim), index=index, day=day
            )
            return failed(CheckName.SCOPE, Reason.SCOPE_NOT_IN_FORCE, expected=expected, found=found), ()
        used.append(in_force[0].scope)
        told.append(_granted_by(claim, in_force[0]))
    return passed(CheckName.SCOPE, joined("; ", told)), tuple(used)


def _require_in_log(evidence: Evidence, head: OpenHead) -> None:
    last = -1
    for proven in evidence.trust:
        if proven.index <= last:
            raise InvalidProof(Sentence("trust statements out of order at entry {index}", index=proven.index))
        last = proven.index
        prove_entry(proven, head)


def _replay(evidence: Evidence, trust_root: TrustRoot) -> _Replayed:
    if len(evidence.trust) > _FEW_STATEMENTS:
        return _replayed.__wrapped__(evidence.trust, trust_root.operator, trust_root.origin)
    return _replayed(evidence.trust, trust_root.operator, trust_root.origin)


@lru_cache(maxsize=_KEPT)
def _replayed(trust: tuple[ProvenEntry, ...], operator: Operator, origin: str) -> _Replayed:
    """Replay; the same statements stand behind every certificate of a body. Nobody changes the state afterwards."""
    state, statements = TrustState(operator, origin, partial=True), []
    for proven in trust:
        if not isinstance(proven.entry, StatementEntry) or proven.entry.type != "trust":
            raise InvalidInput(
                Sentence("entry {index} is not a trust statement", index=proven.index),
                place="/trust",
                code="wrong-kind",
            )
        document = proven.entry.document
        statements.append((proven.index, document.proof, state.apply(proven.index, document)))
    return state, tuple(statements)


def _proven_record(evidence: Evidence, did: str, epoch: Epoch) -> IssuerRecord:
    proven = next((item for item in evidence.records if item.record.did == did), None)
    if proven is None:
        raise NotTrusted(Sentence("the evidence holds no record of {did}", did=did), code="no-record")
    verify_inclusion(proven.leaf_hash, proven.index, epoch.trust_records, proven.path, epoch.trust_root)
    return proven.record


def _proven_operator(evidence: Evidence, pinned: Operator, epoch: Epoch) -> OperatorRecord:
    """Return the operator's record, which begins with the pinned key and holds every pinned rotation before it."""
    proven = evidence.operator
    verify_inclusion(proven.leaf_hash, 0, epoch.trust_records, proven.path, epoch.trust_root)
    record = proven.record
    known = {(key.added, key.key) for key in record.keys}
    wanted: list[tuple[int | None, PublicKey]] = [(None, pinned.key)]
    wanted += [(one.index, one.key) for one in pinned.rotations if one.index < epoch.as_of]
    if record.did != pinned.did or not known.issuperset(wanted):
        message = Sentence("the registry's record of the operator lacks a key that is pinned here")
        raise NotTrusted(message, code="operator-record")
    return record


def _require_operator(
    record: OperatorRecord, pinned: Operator, index: int, signed: Proof, statement: TrustStatement
) -> None:
    """The replay found the right; the proven record must say that the key had not ended by then."""
    if isinstance(statement.change, RotateOperator):
        rotated = record.find(statement.change.new)
        if rotated is None or rotated.added != index:
            message = Sentence(
                "the registry's record of the operator has no rotation at entry {index}", index=index
            )
            raise NotTrusted(message, code="operator-record")
    elif signed.key != pinned.recovery_key:
        record.require_in_force(signed.key, index)


def _require_no_delegate(subject: IssuerRecord, index: int, signed: Proof) -> None:
    """Only the operator speaks of those to whom it delegated."""
    if subject.has_delegation(index):
        message = Sentence(
            "only the operator states this about {subject}; {did} is a delegate",
            subject=subject.did,
            did=signed.did,
        )
        raise NotTrusted(message, code="not-delegated")


def _require_same_entry(stated: KeyRecord, kept: KeyRecord) -> None:
    if kept.added != stated.added:
        message = Sentence(
            "the key was added at entry {added}, the record says {says_added}",
            added=stated.added,
            says_added=kept.added,
        )
        raise NotTrusted(message, code="key-record")


def _require_delegate(record: IssuerRecord, index: int, proof: Proof, statement: TrustStatement) -> None:
    """The replay found the delegation; the proven record must not have ended it, or its key, by then."""
    key_in_force(record, proof.key, index)
    scope = statement.change.scope if isinstance(statement.change, GrantScope) else None
    for delegation in record.delegations:
        stands = delegation.index < index and (delegation.withdrawn is None or index < delegation.withdrawn)
        names_scope = scope is None or any(
            (allowed.kind, allowed.authority) == (scope.kind, scope.authority)
            for allowed in delegation.scopes
        )
        if stands and names_scope and statement.action in delegation.actions:
            return
    raise NotTrusted(
        Sentence(
            "{did} had no delegation for {action} at entry {index}",
            did=record.did,
            action=statement.action,
            index=index,
        )
    )


def _broken(error: InvalidInput) -> Reason:
    """A statement or proof that does not hold together: a hash or signature does not match."""
    match error:
        case InvalidProof():
            return Reason.PROOF_MISMATCH
        case SignatureMismatch():
            return Reason.BAD_SIGNATURE
        case _:
            return Reason.SIGNER_NOT_ALLOWED


def _granted(claim: ClaimedScope, authority: Authority) -> list[ScopeRecord]:
    """Return the proven records of those granted scopes, known from statements, that cover a claim."""
    stated = authority.state.require_record(authority.record.did).scopes
    grants = {record.grant: record.scope for record in stated if covers(record.scope, claim)}
    return [record for record in authority.record.scopes if grants.get(record.grant) == record.scope]


def _granted_by(claim: ClaimedScope, record: ScopeRecord) -> str:
    """Say who stands behind a scope: the authority's own signature, or the operator's reading of its decision."""
    source = record.scope.source
    if source.by == "authority":
        return Sentence(
            "{claim}: signed by the authority itself at entry {grant}",
            claim=_shown(claim),
            grant=record.grant,
        )
    return Sentence(
        "{claim}: transcribed by the operator at entry {grant}, from {url} as read on {date}",
        claim=_shown(claim),
        grant=record.grant,
        url=source.url,
        date=source.date,
    )


_KINDS: Final = {"designation": Sentence("designation"), "accreditation": Sentence("accreditation")}


def _shown(claim: ClaimedScope) -> str:
    return Sentence(
        "{kind} by {authority}: {topics}",
        kind=_KINDS[claim.kind],
        authority=claim.authority,
        topics=", ".join(claim.topics),
    )


def _shown_record(record: ScopeRecord) -> str:
    until = record.scope.valid_until or Sentence("no end")
    withdrawn = (
        ""
        if record.withdrawn is None
        else Sentence(", withdrawn at entry {withdrawn}", withdrawn=record.withdrawn)
    )
    spans = joined(
        "",
        (
            Sentence(", suspended from entry {start} to {end}", start=start, end=end or Sentence("now"))
            for start, end in record.suspended
        ),
    )
    return Sentence(
        "granted at entry {grant} for {valid_from} to {until}{spans}{withdrawn}",
        grant=record.grant,
        valid_from=record.scope.valid_from,
        until=until,
        spans=spans,
        withdrawn=withdrawn,
    )
