"""What can be said of an OpenAttestation document, in words of its own: never a verdict of ours, and never green.

Its issuer is a contract's address and a name in DNS, which nothing of ours vouches for: that is always said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from certlog.sentences import Sentence, joined
from certlog.strict_json import JSONObject
from certlog.timestamps import format_time
from verifier.document_store import StoreState
from verifier.open_attestation import OpenAttestation
from verifier.report import Outcome


class Finding(StrEnum):
    """The whole in one word, from worst to best."""

    ALTERED = "altered"
    REVOKED = "revoked"
    NOT_ISSUED = "not_issued"
    UNALTERED = "unaltered"
    ISSUED = "issued"


HEADLINES: Final = {
    Finding.ALTERED: Sentence(
        "An OpenAttestation document that was ALTERED: its hashes do not fit its content."
    ),
    Finding.REVOKED: Sentence("An OpenAttestation document that the contract it names has REVOKED."),
    Finding.NOT_ISSUED: Sentence("An OpenAttestation document that the contract it names has NOT issued."),
    Finding.UNALTERED: Sentence(
        "An OpenAttestation document: unaltered since it was wrapped; whether it was issued or revoked was not checked."
    ),
    Finding.ISSUED: Sentence(
        "An OpenAttestation document: unaltered, issued, not revoked; who the issuer is was not checked."
    ),
}


@dataclass(frozen=True, slots=True)
class OpenCheck:
    """One thing that was looked at, or was not: a stable name for programs, and what was found."""

    name: str
    outcome: Outcome
    text: str


@dataclass(frozen=True, slots=True)
class OpenReport:
    """The finding, the numbered checks behind it, and what the document says of itself."""

    finding: Finding
    checks: tuple[OpenCheck, ...]
    document: OpenAttestation
    at: int

    def to_json(self) -> JSONObject:
        """Return it for programs, in English; `format` tells it from a report about a certificate of ours."""
        return {
            "format": "openattestation-v2",
            "finding": str(self.finding),
            "at": format_time(self.at),
            "name": self.document.name,
            "issuers": [
                {"name": i.name, "store": i.store, "identity": i.identity, "location": i.location}
                for i in self.document.issuers
            ],
            "targetHash": self.document.target.hex(),
            "merkleRoot": self.document.stated_root.hex(),
            "hiddenValues": self.document.hidden,
            "checks": [
                {"name": check.name, "outcome": str(check.outcome), "text": check.text}
                for check in self.checks
            ],
        }


def report_open_attestation(
    document: OpenAttestation, states: Sequence[StoreState], problem: str, *, at: int
) -> OpenReport:
    """Put together what was found.

    1. The values lead to the target hash.
    2. The target hash leads to the batch's root.
    3. Every store that it names has issued the root.
    4. No store has revoked the target, the root, or a node between them.
    5. Who the issuer is: never checked here. 6. Values that were removed: said.

    Args:
        document: what was read.
        states: what its stores answered; one for each, or none.
        problem: why they were not asked, or did not answer.
        at: when, seconds since the epoch.
    """
    checks = (
        _target(document),
        _batch(document),
        _issued(document, states, problem),
        _revoked(states, problem),
        _identity(document),
        _hidden(document),
    )
    return OpenReport(_finding(checks), checks, document, at)


def _finding(checks: Sequence[OpenCheck]) -> Finding:
    outcome = {check.name: check.outcome for check in checks}
    if Outcome.FAILED in (outcome["target"], outcome["batch"]):
        return Finding.ALTERED
    if outcome["revoked"] is Outcome.FAILED:
        return Finding.REVOKED
    if outcome["issued"] is Outcome.FAILED:
        return Finding.NOT_ISSUED
    known = outcome["issued"] is Outcome.PASSED and outcome["revoked"] is Outcome.PASSED
    return Finding.ISSUED if known else Finding.UNALTERED


def _target(document: OpenAttestation) -> OpenCheck:
    if document.target != document.stated_target:
        text = Sentence(
            "expected target hash {expected}, found {found}",
            expected=document.stated_target.hex(),
            found=document.target.hex(),
        )
        return OpenCheck("target", Outcome.FAILED, text)
    text = Sentence(
        "{count} values lead to target hash {found}", count=document.values, found=document.target.hex()
    )
    return OpenCheck("target", Outcome.PASSED, text)


def _batch(document: OpenAttestation) -> OpenCheck:
    found, expected = document.path[-1].hex(), document.stated_root.hex()
    if found != expected:
        text = Sentence("expected root {expected}, found {found}", expected=expected, found=found)
        return OpenCheck("batch", Outcome.FAILED, text)
    return OpenCheck(
        "batch", Outcome.PASSED, Sentence("it is part of the batch with root {found}", found=found)
    )


def _issued(document: OpenAttestation, states: Sequence[StoreState], problem: str) -> OpenCheck:
    if not states:
        return OpenCheck("issued", Outcome.NOT_CHECKED, problem)
    missing = next((state for state in states if not state.issued), None)
    if missing is not None:
        text = Sentence("contract {store} on chain {chain} has not issued this root", **_of(missing))
        return OpenCheck("issued", Outcome.FAILED, text)
    text = joined(
        "; ",
        (
            Sentence(
                "issued by contract {store} on chain {chain} (block {block}, {time}, by {source})",
                **_of(state),
            )
            for state in states
        ),
    )
    if document.chain_id is None:
        text = Sentence(
            "{issued}; the document names no chain: ask its issuer whether this is the one", issued=text
        )
    return OpenCheck("issued", Outcome.PASSED, text)


def _revoked(states: Sequence[StoreState], problem: str) -> OpenCheck:
    if not states:
        return OpenCheck("revoked", Outcome.NOT_CHECKED, problem)
    bad = next((state for state in states if state.revoked), None)
    if bad is not None:
        text = Sentence(
            "contract {store} on chain {chain} has revoked {hash}", hash=bad.revoked[0].hex(), **_of(bad)
        )
        return OpenCheck("revoked", Outcome.FAILED, text)
    text = Sentence(
        "not revoked in the newest block {block} of chain {chain}, which need not be final", **_of(states[0])
    )
    return OpenCheck("revoked", Outcome.PASSED, text)


def _identity(document: OpenAttestation) -> OpenCheck:
    issuer = document.issuers[0]
    text = Sentence("no identity proof: anyone may call themselves {name!r}", name=issuer.name)
    if issuer.identity:
        text = Sentence(
            "the name {name!r} and {identity} of {location!r} were not checked here: look the record up, and ask "
            "whether that domain is the issuer's",
            name=issuer.name,
            identity=issuer.identity,
            location=issuer.location,
        )
    return OpenCheck("identity", Outcome.NOT_CHECKED, text)


def _hidden(document: OpenAttestation) -> OpenCheck:
    if not document.hidden:
        return OpenCheck("hidden", Outcome.PASSED, Sentence("no value was removed"))
    text = Sentence(
        "{count} values were removed by whoever handed it on; only their hashes are left",
        count=document.hidden,
    )
    return OpenCheck("hidden", Outcome.NOT_CHECKED, text)


def _of(state: StoreState) -> dict[str, object]:
    return {
        "store": state.store,
        "chain": state.chain_id,
        "block": state.block_number,
        "time": format_time(state.block_time),
        "source": state.source,
    }
