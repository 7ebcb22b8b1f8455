"""What a verification answers: one verdict and ten numbered checks (docs/formats.md, section 10).

Data only. The words that people read are in `verifier.words`; nothing here decides anything.
"""

from dataclasses import dataclass
from enum import StrEnum

from certlog.strict_json import JSONObject
from verifier.report_on import StateOn


class Verdict(StrEnum):
    """The closed list of answers, in the order in which they are tried: the first that matches wins."""

    ALTERED = "altered"
    CONTRADICTED = "contradicted"
    NOT_TRUSTED = "not_trusted"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    SUSPENDED = "suspended"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    PENDING = "pending"
    VALID = "valid"
    CANNOT_CHECK = "cannot_check"
    UNKNOWN = "unknown"
    MISTYPED = "mistyped"


class Look(StrEnum):
    """How a verdict is shown. A colour never stands alone: the words are beside it."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"
    NEUTRAL = "neutral"


class Outcome(StrEnum):
    """Three values, because "the chain did not answer" is neither "passed" nor "failed"."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"


class CheckName(StrEnum):
    """The ten checks; `CHECK_NUMBERS` gives the numbers of docs/formats.md."""

    BYTES = "bytes"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    SCOPE = "scope"
    INCLUSION = "inclusion"
    CHECKPOINT = "checkpoint"
    ANCHOR = "anchor"
    STATUS = "status"
    DATES = "dates"
    FILE = "file"


CHECK_NUMBERS = {name: number for number, name in enumerate(CheckName, start=1)}


class Reason(StrEnum):
    """Why a check ended as it did. A closed list, so that every page can say it in every language."""

    # said by checks that passed, or had nothing to do
    NOTHING_CLAIMED = "nothing_claimed"
    SEEN_HEAD = "seen_head"
    AUDITORS = "auditors"
    NO_END_DATE = "no_end_date"
    NO_FILE = "no_file"
    EARLIER_CHECK = "earlier_check"
    REGISTRY_ANSWER = "registry_answer"
    RECORD_ONLY = "record_only"
    # 1 bytes and schema
    CONTENT_MISSING = "content_missing"
    MALFORMED = "malformed"
    ANOTHER_DOCUMENT = "another_document"
    # 2 signature
    BAD_SIGNATURE = "bad_signature"
    WRONG_DOMAIN = "wrong_domain"
    WRONG_CHALLENGE = "wrong_challenge"
    WRONG_ISSUER = "wrong_issuer"
    # 3 issuer
    PROOF_MISMATCH = "proof_mismatch"
    NOT_ENROLLED = "not_enrolled"
    KEY_NOT_ADDED = "key_not_added"
    SIGNER_NOT_ALLOWED = "signer_not_allowed"
    RECORD_MISSING = "record_missing"
    KEY_NOT_IN_FORCE = "key_not_in_force"
    # 4 scope
    SCOPE_NOT_GRANTED = "scope_not_granted"
    SCOPE_NOT_IN_FORCE = "scope_not_in_force"
    # 5 and 6 the log
    NOT_INCLUDED = "not_included"
    HEADS_NOT_RISING = "heads_not_rising"
    NOT_SIGNED_BY_LOG = "not_signed_by_log"
    UNKNOWN_LOG_KEY = "unknown_log_key"
    # 7 the anchor
    ABSENT_FROM_CHAIN = "absent_from_chain"
    OTHER_BLOCK_TIME = "other_block_time"
    NOT_ANCHORED_YET = "not_anchored_yet"
    NOT_FINAL_YET = "not_final_yet"
    CHAIN_NOT_CONSULTED = "chain_not_consulted"
    CHAIN_VIEW_TOO_OLD = "chain_view_too_old"
    FOREIGN_CHAIN = "foreign_chain"
    ABOVE_MAX_SIZE = "above_max_size"
    # 8 status
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    SUSPENDED = "suspended"
    REVOKED_REASON_NOT_IN_FILE = "revoked_reason_not_in_file"
    SUSPENDED_REASON_NOT_IN_FILE = "suspended_reason_not_in_file"
    EPOCH_NOT_LAST = "epoch_not_last"
    EPOCH_FROM_THE_FUTURE = "epoch_from_the_future"
    STATUS_NOT_PROVEN = "status_not_proven"
    STATUS_DISAGREES = "status_disagrees"
    STATUS_TOO_OLD = "status_too_old"
    # 9 dates
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    # 10 the file
    FILE_DIFFERS = "file_differs"
    PAGE_NOT_BOUND = "page_not_bound"
    # no evidence at all
    NO_EVIDENCE = "no_evidence"
    NO_SUCH_ID = "no_such_id"
    MISTYPED_ID = "mistyped_id"


class Remark(StrEnum):
    """Things that must be said beside a verdict without changing it."""

    TEST_CHAIN = "test_chain"
    CHAIN_NOT_CONSULTED = "chain_not_consulted"
    ANCHOR_OLD = "anchor_old"
    NOT_ACCREDITED = "not_accredited"
    PAGE_NOT_CHECKED = "page_not_checked"
    REGISTERED_LATER = "registered_later"
    SCOPE_TRANSCRIBED = "scope_transcribed"
    SCOPE_BY_AUTHORITY = "scope_by_authority"
    ISSUER_NAME_DIFFERS = "issuer_name_differs"
    REGISTRY_OMITS_EVENT = "registry_omits_event"
    PARTLY_ACCREDITED = "partly_accredited"
    RECALIBRATION_DUE = "recalibration_due"


class Kind(StrEnum):
    """What the certificate is, as far as the words differ."""

    PRODUCT = "product"
    LOT = "lot"
    OTHER_CONFORMITY = "other_conformity"
    CALIBRATION = "calibration"
    UNKNOWN = "unknown"


class Page(StrEnum):
    """What is known about the file (the visible page) that was handed in."""

    NO_FILE = "no_file"
    BOUND = "bound"
    DIFFERENT = "different"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Check:
    """One numbered check with its evidence: what was expected, what was found, and why it ended so."""

    name: CheckName
    outcome: Outcome
    reason: Reason | None = None
    expected: str = ""
    found: str = ""
    why: str = ""

    @property
    def number(self) -> int:
        """1 to 10, as in docs/formats.md."""
        return CHECK_NUMBERS[self.name]


def passed(name: CheckName, found: str = "", *, reason: Reason | None = None, why: str = "") -> Check:
    """A check that passed; `found` says on what it rests."""
    return Check(name, Outcome.PASSED, reason, found=found, why=why)


def failed(name: CheckName, reason: Reason, *, expected: str = "", found: str = "", why: str = "") -> Check:
    """A check that failed, with both values."""
    return Check(name, Outcome.FAILED, reason, expected, found, why)


def not_checked(
    name: CheckName, reason: Reason, *, expected: str = "", found: str = "", why: str = ""
) -> Check:
    """A check that could not be made, and why. Never "failed", never "passed"."""
    return Check(name, Outcome.NOT_CHECKED, reason, expected, found, why)


@dataclass(frozen=True, slots=True)
class Issuer:
    """The issuing body as the trust list enrolled it, which is not what the certificate says of itself."""

    did: str
    names: tuple[tuple[str, str], ...]
    legal_id: str


@dataclass(frozen=True, slots=True)
class StatusChange:
    """The last effective status event, as signed by the issuer."""

    action: str
    reason: str
    effective: int
    index: int
    replaced_by: bytes | None = None


@dataclass(frozen=True, slots=True)
class Ages:
    """Seconds since the log stated the status, and since the newest anchor; None: not known."""

    signed: int | None = None
    anchored: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The whole answer. `content` is None where it must not be shown (altered) or is not known.

    `status_as_of` is the time that the epoch states; `anchored_at` the block time of the oldest proven
    anchor: "existed at the latest then". `on` answers for a moment that was asked about.
    """

    verdict: Verdict
    look: Look
    checks: tuple[Check, ...]
    at: int
    reason: Reason | None = None
    remarks: tuple[Remark, ...] = ()
    kind: Kind = Kind.UNKNOWN
    page: Page = Page.NO_FILE
    content: JSONObject | None = None
    document_hash: bytes | None = None
    index: int | None = None
    issuer: Issuer | None = None
    status: StatusChange | None = None
    status_as_of: int | None = None
    ages: Ages = Ages()
    anchored_at: int | None = None
    anchor_expected_by: int | None = None
    valid_from: int | None = None
    valid_until: int | None = None
    on: StateOn | None = None

    def check(self, name: CheckName) -> Check:
        """The check of that name; every report holds all ten."""
        return self.checks[CHECK_NUMBERS[name] - 1]
