"""When a granted scope covers what a certificate claims (docs/formats.md, section 6): one rule for all who ask.

The registry asks it at admission, the verifier at every check. Only what is claimed is looked at.
"""

from certlog.credential import ClaimedScope
from certlog.issuer_record import ScopeRecord
from certlog.scopes import Scope
from certlog.strict_json import JSONObject, get_str


def covers(scope: Scope, claim: ClaimedScope) -> bool:
    """Tell whether a scope is of the claimed kind and authority and lists every claimed standard or measurand."""
    wanted = (claim.kind, claim.authority, claim.measured)
    same_kind = (scope.kind, scope.authority, scope.measured) == wanted
    return same_kind and bool(claim.topics) and set(claim.topics) <= set(scope.topics)


def stands(record: ScopeRecord, *, index: int, day: str) -> bool:
    """Tell whether a granted scope was in force for a certificate.

    Args:
        record: the scope and the entries that granted, suspended and withdrew it.
        index: the certificate's position in the log.
        day: the date of its validFrom, YYYY-MM-DD; such dates compare as text.
    """
    scope = record.scope
    dated = scope.valid_from <= day and (scope.valid_until is None or day <= scope.valid_until)
    return dated and record.in_force_at(index)


def valid_from_day(content: JSONObject) -> str:
    """Return the calendar date of validFrom, in the offset that the issuer wrote."""
    return get_str(content, "validFrom")[:10]
