"""The bodies of the HTTP API as pydantic models: strict and closed going in, documented going out.

Names in JSON are camelCase. What is signed (entries, documents, evidence, trust root) is described by docs/formats.md
and travels as it is: a model here would be a second reading of it.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from certlog.sealed import MAX_SEALED_BYTES

MAX_SLOTS_AT_ONCE = 1000
MAX_INDEX = 10**15 - 1
"""No log of ours will hold more entries; larger numbers must not reach a database."""
MAX_LIST = 10**9 - 1
MAX_SEALED_TEXT = (MAX_SEALED_BYTES * 4 + 2) // 3

Digest = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{43}$", description="32 bytes, base64url without padding")
]
Time = Annotated[str, Field(description="RFC 3339, UTC", examples=["2026-11-22T03:00:00Z"])]
# A list, not a tuple: OpenAPI tools read "prefixItems" in different ways.
SlotPair = Annotated[
    list[Annotated[int, Field(ge=0)]], Field(min_length=2, max_length=2, description="[list, index]")
]


class Incoming(BaseModel):
    """A body that is read strictly: no unknown member, no number for a text."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Outgoing(BaseModel):
    """A body that is sent."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class SlotsIn(Incoming):
    """How many status slots to set aside."""

    count: int = Field(ge=1, le=MAX_SLOTS_AT_ONCE)


class SlotsOut(Outgoing):
    """Slots in the order in which certificates take them."""

    slots: list[SlotPair]
    expires: Time


class SubmissionIn(Incoming):
    """An entry and, as the issuer chooses, its content: in clear, sealed, or not at all."""

    entry: dict[str, Any]
    document: dict[str, Any] | None = None
    sealed: str | None = Field(
        default=None,
        max_length=MAX_SEALED_TEXT,
        pattern=r"^[A-Za-z0-9_-]*$",
        description="sealed content, base64url without padding (docs/formats.md, section 2.1)",
    )
    number_tag: Digest | None = Field(
        default=None, alias="numberTag", description="the issuer's HMAC of number and version"
    )


class SubmissionOut(Outgoing):
    """Durable when this is received; the receipt is the proof to the next checkpoint."""

    index: int
    leaf_hash: Digest
    id: str | None = Field(default=None, description="certificate id; null for statements")


class LogOut(Outgoing):
    """The newest signed checkpoint."""

    origin: str
    log_key: str
    size: int
    root: Digest
    checkpoint: list[str] = Field(description="the signed note's lines, as in evidence; whole at /checkpoint")


class CosignaturesOut(Outgoing):
    """What was taken of a cosigned checkpoint; durable when this is received."""

    size: int = Field(description="of the head")
    cosigners: list[str] = Field(description="whose cosignatures count here")
    new: int = Field(description="how many of them were not known before")


class ConsistencyOut(Outgoing):
    """A consistency proof of RFC 9162."""

    proof: list[Digest]


class AnchorOut(Outgoing):
    """One batch of the anchoring log."""

    number: int
    state: str
    size: int
    root: Digest
    chain_id: int
    sealed_at: Time
    tx_hash: str | None
    block_number: int | None
    block_time: Time | None


class AnchorsOut(Outgoing):
    """Batches, newest first."""

    batches: list[AnchorOut]
    next_before: int | None = Field(description="ask for the next older ones with ?before=")
    read_at: Time | None = Field(description="when the chain was last read")
    block_number: int | None = Field(description="the block at which it was last read")


class CertificateStatusOut(Outgoing):
    """Where a certificate's chain of status documents ends."""

    last: Digest | None
    suspended: bool
    revoked: bool


class IssuerTrustOut(Outgoing):
    """Where an issuer's chain of trust statements ends."""

    last: Digest | None


class AnswerOut(BaseModel):
    """The registry's answer about a certificate; docs/formats.md, section 10, names every verdict and check."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: str
    verdict: str
    look: str
    at: str = Field(description="when it was checked, UTC")
    checks: list[dict[str, Any]]


class ProblemOut(BaseModel):
    """A problem document, RFC 9457."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    place: str | None = None
