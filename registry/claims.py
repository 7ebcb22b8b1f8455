"""Whether a scope that a certificate claims had been granted to its issuer when the certificate was logged.

Only what is claimed is checked: a voluntary certificate that claims nothing is lawful.
"""

from certlog.claims import covers, stands, valid_from_day
from certlog.credential import ClaimedScope, claimed_scopes
from certlog.errors import NotTrusted
from certlog.issuer_record import IssuerRecord, ScopeRecord
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject


def granting(record: IssuerRecord, claim: ClaimedScope, *, index: int, day: str) -> ScopeRecord | None:
    """Return the granted scope that covers a claim, or None.

    Args:
        record: the issuer's record.
        claim: what the certificate claims.
        index: the certificate's position in the log: grants after it, and earlier withdrawals, decide.
        day: the date of validFrom, YYYY-MM-DD, in its own offset.
    """
    return next(
        (g for g in record.scopes if covers(g.scope, claim) and stands(g, index=index, day=day)),
        None,
    )


def require_claims(record: IssuerRecord, content: JSONObject, index: int) -> None:
    """Require that every scope that a certificate claims stands in the issuer's record.

    Raises:
        NotTrusted: one does not.
    """
    day = valid_from_day(content)
    for claim in claimed_scopes(content):
        if granting(record, claim, index=index, day=day) is None:
            message = Sentence(
                "{did} has no {kind} by {authority!r} in force on {day} for {topics}; the "
                "operator grants scopes with `certlog operator grant-scope`",
                did=record.did,
                kind=claim.kind,
                authority=claim.authority,
                day=day,
                topics=", ".join(claim.topics),
            )
            raise NotTrusted(message, code="scope-not-in-force")
