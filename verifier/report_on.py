"""What is answered about a day in the past: data only. verifier.state_on decides, verifier.words_on says it."""

from dataclasses import dataclass
from enum import StrEnum

from certlog.digests import DocumentHash
from certlog.status import CertificateStatus


@dataclass(frozen=True, slots=True)
class StatusStep:
    """One replayed event: its place, what it does, its `previous`, from when its issuer says, the state after."""

    index: int
    action: str
    previous: DocumentHash | None
    effective: str
    after: CertificateStatus


class Known(StrEnum):
    """How much follows about the moment."""

    CERTAIN = "certain"
    BETWEEN = "between"
    AFTER = "after"
    BEFORE = "before"
    MISSING = "missing"


class State(StrEnum):
    """What the events so far had made of it."""

    CLEAR = "clear"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class StateOn:
    """The answer for one moment.

    Attributes:
        on: the moment, seconds since the epoch.
        known: certain: `states` holds one; between: it was one of `states`, and no proof says which; after: the
            moment lies after the newest statement, whose state is given; before: nothing proves that the certificate
            was registered by then, and `states` is empty; missing: the file lacks events, and only the state of its
            epoch is known.
        states: in log order.
        by_issuer: the state by the dates that the issuer signed (`effective`), where no proof decides.
        stated_at: time of the epoch on which it rests: the registry's word that the log held no other event by then.
        registered_by: block time by which the certificate was in the log; None: no block time is known.
        events: what each event does, and the block time by which it was in the log; None where there is none.
    """

    on: int
    known: Known
    states: tuple[State, ...]
    by_issuer: State | None
    stated_at: int
    registered_by: int | None
    events: tuple[tuple[str, int | None], ...] = ()
