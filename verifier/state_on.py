"""What was the state of a certificate on a day, as far as its evidence tells (docs/formats.md, section 10.1)?

Pure. Only an upper bound of a moment can be proven: what a head holds was logged at the latest when its block was made.
When something was logged *at the earliest* is nobody's proof, only the registry's or the issuer's word. So the answer
may be "one of two"; it is never more than follows.
"""

from collections.abc import Sequence

from certlog.evidence import Evidence
from certlog.status import CertificateStatus
from certlog.timestamps import parse_time
from certlog.trust_root import TrustRoot
from verifier.chain_view import ChainView
from verifier.check_anchor import head_times
from verifier.check_log import OpenHead, open_heads
from verifier.report_on import Known, State, StateOn, StatusStep


def state_on(
    evidence: Evidence,
    trust_root: TrustRoot,
    view: ChainView,
    steps: Sequence[StatusStep],
    *,
    bits: tuple[bool, bool],
    stated_at: int,
    on: int,
) -> StateOn:
    """Answer for one moment, of evidence that was verified.

    1. The certificate, and each event, was logged at the latest when the first anchored head that holds it was in a
       block; where no block time is known, by the epoch's time, on the registry's word.
    2. Before that nothing proves that the certificate was registered: before. After the epoch nothing is known: after.
    3. Events that are not linked, or do not lead to the epoch's own bits, are not all: only the epoch's state is known.
    4. Events that were certainly logged by then count; each of the others may have been. One state: certain. Several:
       between, and the issuer's own dates say what the issuer says.

    Args:
        evidence: its last epoch's statement verified, whatever its age.
        trust_root: pins the contracts whose readings count.
        view: final readings, and heads that the device has seen.
        steps: the replayed events (check 8), in log order.
        bits: (revoked, suspended) as the epoch states them.
        stated_at: the epoch's time.
        on: the moment.
    """
    heads = open_heads(evidence)
    times = head_times(heads, trust_root, (*view.readings, *view.seen))
    registered_by = _by(evidence.index, heads, times)  # 1
    events_by = tuple(_by(step.index, heads, times) for step in steps)
    known_from = stated_at if registered_by is None else min(registered_by, stated_at)
    stated = _named(*bits)

    def answer(known: Known, states: tuple[State, ...], by_issuer: State | None = None) -> StateOn:
        events = tuple(zip((step.action for step in steps), events_by, strict=True))
        return StateOn(on, known, states, by_issuer, stated_at, registered_by, events)

    if on < known_from:  # 2
        return answer(Known.BEFORE, ())
    if on > stated_at:
        return answer(Known.AFTER, (stated,))
    if not _are_all(steps, stated):  # 3
        return answer(Known.CERTAIN if on == stated_at else Known.MISSING, (stated,))
    certain = len([bound for bound in events_by if bound is not None and bound <= on])  # 4
    if on == stated_at:
        certain = len(steps)
    possible = [State.CLEAR if certain == 0 else _state(steps[certain - 1].after)]
    possible += [_state(step.after) for step in steps[certain:]]
    states = tuple(dict.fromkeys(possible))
    if len(states) == 1:
        return answer(Known.CERTAIN, states)
    return answer(Known.BETWEEN, states, _by_issuer(steps, on))


def _by(index: int, heads: Sequence[OpenHead], times: Sequence[int | None]) -> int | None:
    """Return the earliest block time of a head that holds an entry."""
    found = [time for head, time in zip(heads, times, strict=True) if head.size > index and time is not None]
    return min(found, default=None)


def _by_issuer(steps: Sequence[StatusStep], on: int) -> State:
    said = [step for step in steps if parse_time(step.effective) <= on]
    return _state(said[-1].after) if said else State.CLEAR


def _are_all(steps: Sequence[StatusStep], stated: State) -> bool:
    """Whether the events are linked from the first, and lead to what the epoch states."""
    before = [None, *(step.after.last for step in steps)]
    if any(step.previous != last for step, last in zip(steps, before, strict=False)):
        return False
    return (_state(steps[-1].after) if steps else State.CLEAR) is stated


def _state(status: CertificateStatus) -> State:
    return _named(status.revoked, status.suspended)


def _named(revoked: bool, suspended: bool) -> State:  # noqa: FBT001 - the two bits
    if revoked:
        return State.REVOKED
    return State.SUSPENDED if suspended else State.CLEAR
