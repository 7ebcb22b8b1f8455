"""Status documents and their replay: what suspending, reinstating, withdrawing … does to one certificate.

Replay is deterministic and follows log order (docs/formats.md, section 5). `effective` is information for
people; only the position in the log decides. Who may sign is for the trust list to say.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from certlog.digests import DocumentHash, digest_from_text, same
from certlog.encoding import b64url
from certlog.errors import InvalidInput
from certlog.keys import check_did
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, JSONValue, get_object, get_str, members
from certlog.timestamps import parse_time

_MEDIA_TYPE: Final = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}", re.ASCII)
_ALWAYS: Final = ("kind", "certificate", "issuer", "action", "effective", "previous")


class StatusAction(StrEnum):
    """What a status document does."""

    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    WITHDRAW = "withdraw"
    CANCEL = "cancel"
    SUPERSEDE = "supersede"
    BIND_FILE = "bindFile"


ACTION_WORDS: Final[Mapping[StatusAction, Sentence]] = {
    StatusAction.SUSPEND: Sentence("suspend"),
    StatusAction.REINSTATE: Sentence("reinstate"),
    StatusAction.WITHDRAW: Sentence("withdraw"),
    StatusAction.CANCEL: Sentence("cancel"),
    StatusAction.SUPERSEDE: Sentence("supersede"),
    StatusAction.BIND_FILE: Sentence("file binding"),
}
"""What people read of them, for the catalogues."""

REASONS: Final[Mapping[StatusAction, tuple[str, ...]]] = {
    StatusAction.SUSPEND: (
        "nonconformity", "surveillance_overdue", "misuse_of_mark", "fee_unpaid", "client_request", "investigation",
    ),
    StatusAction.REINSTATE: ("corrected", "suspended_in_error"),
    StatusAction.WITHDRAW: ("nonconformity", "suspension_expired", "misuse_of_mark", "invalid", "key_compromise"),
    StatusAction.CANCEL: ("client_request", "production_ended"),
    StatusAction.SUPERSEDE: ("correction", "scope_extended", "scope_reduced", "renewed", "reissued"),
    StatusAction.BIND_FILE: (),
}  # fmt: skip
"""The reason codes of each action. Entries are public, so there is no free text."""


@dataclass(frozen=True, slots=True)
class FileBinding:
    """The issuer's final file, byte for byte: its SHA-256 (32 bytes) and media type."""

    sha256: bytes
    media_type: str

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "FileBinding":
        """Parse `{sha256, mediaType}`."""
        obj = members(value, required=("sha256", "mediaType"), place=place)
        media_type = get_str(obj, "mediaType", place)
        if not _MEDIA_TYPE.fullmatch(media_type):
            raise InvalidInput(
                "expected a media type such as application/pdf", place=place, code="bad-media-type"
            )
        return cls(digest_from_text(get_str(obj, "sha256", place)), media_type)

    def to_json(self) -> JSONObject:
        """Return `{sha256, mediaType}`."""
        return {"sha256": b64url(self.sha256), "mediaType": self.media_type}


@dataclass(frozen=True, slots=True)
class StatusStatement:
    """One status document.

    Attributes:
        certificate: hash of the certificate that it is about.
        issuer: DID of that certificate's issuer.
        action: what it does.
        effective: from when, as the issuer says it: a time with offset.
        previous: hash of this certificate's last status document, or None for the first.
        reason: a code of REASONS; None for bindFile only.
        replaced_by: the replacement's hash, with supersede only and always.
        file: the bound file, with bindFile only and always.
    """

    certificate: DocumentHash
    issuer: str
    action: StatusAction
    effective: str
    previous: DocumentHash | None
    reason: str | None = None
    replaced_by: DocumentHash | None = None
    file: FileBinding | None = None

    def __post_init__(self) -> None:
        """Refuse combinations that the closed schema has no place for."""
        reasons = REASONS[self.action]
        if (self.reason not in reasons) if reasons else (self.reason is not None):
            wanted = (
                Sentence("one of {reasons}", reasons=", ".join(reasons)) if reasons else Sentence("no reason")
            )
            raise InvalidInput(
                Sentence(
                    "{action}: expected {wanted}, found {reason!r}",
                    action=self.action,
                    wanted=wanted,
                    reason=self.reason,
                ),
                place="/reason",
            )
        if (self.replaced_by is not None) != (self.action is StatusAction.SUPERSEDE):
            raise InvalidInput("replacedBy goes with supersede, only and always", place="/replacedBy")
        if self.replaced_by is not None and same(self.replaced_by, self.certificate):
            raise InvalidInput(
                "a certificate cannot replace itself", place="/replacedBy", code="replaces-itself"
            )
        if (self.file is not None) != (self.action is StatusAction.BIND_FILE):
            raise InvalidInput("file goes with bindFile, only and always", place="/file")
        parse_time(self.effective, "/effective")

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "StatusStatement":
        """Parse the document (without its proof)."""
        obj = members(value, required=_ALWAYS, optional=("reason", "replacedBy", "file"), place=place)
        if obj["kind"] != "status":
            raise InvalidInput("expected kind 'status'", place=f"{place}/kind", code="wrong-kind")
        previous = None if obj["previous"] is None else _hash(obj, "previous", place)
        return cls(
            certificate=_hash(obj, "certificate", place),
            issuer=check_did(get_str(obj, "issuer", place), f"{place}/issuer"),
            action=_action(get_str(obj, "action", place), place),
            effective=get_str(obj, "effective", place),
            previous=previous,
            reason=get_str(obj, "reason", place) if "reason" in obj else None,
            replaced_by=_hash(obj, "replacedBy", place) if "replacedBy" in obj else None,
            file=FileBinding.from_json(get_object(obj, "file", place), f"{place}/file")
            if "file" in obj
            else None,
        )

    def to_json(self) -> JSONObject:
        """Return the document to be signed."""
        obj: JSONObject = {
            "kind": "status",
            "certificate": b64url(self.certificate),
            "issuer": self.issuer,
            "action": self.action.value,
            "effective": self.effective,
            "previous": None if self.previous is None else b64url(self.previous),
        }
        if self.reason is not None:
            obj["reason"] = self.reason
        if self.replaced_by is not None:
            obj["replacedBy"] = b64url(self.replaced_by)
        if self.file is not None:
            obj["file"] = self.file.to_json()
        return obj


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """What the events so far have done to one certificate.

    Attributes:
        suspended: the suspension bit.
        revoked: the revocation bit; nothing counts after it is set.
        action: the last event that changed a bit, or None.
        reason: its reason code.
        event_index: its position in the log.
        effective: what it says of when it takes effect.
        replaced_by: the replacement, after supersede.
        last: hash of the last status document, effective or void: what the next one names as `previous`.
        files: the bound files, in log order.
    """

    suspended: bool = False
    revoked: bool = False
    action: StatusAction | None = None
    reason: str | None = None
    event_index: int | None = None
    effective: str | None = None
    replaced_by: DocumentHash | None = None
    last: DocumentHash | None = None
    files: tuple[FileBinding, ...] = ()


INITIAL: Final = CertificateStatus()


def step(
    status: CertificateStatus, statement: StatusStatement, document_hash: DocumentHash, *, index: int
) -> CertificateStatus:
    """Return the status after one event.

    Args:
        status: the status before it.
        statement: the event, whose signature and signer's right are already checked.
        document_hash: hash of the event's document.
        index: its position in the log.

    Raises:
        InvalidInput: it does not follow `previous`, or can have no effect in this state.
    """
    if not _same_or_none(statement.previous, status.last):
        found, expected = _shown(statement.previous), _shown(status.last)
        raise InvalidInput(
            Sentence("expected {expected}, found {found}", expected=expected, found=found),
            place="/previous",
            code="wrong-previous",
        )
    if status.revoked:
        raise InvalidInput("the certificate is revoked: nothing after that counts", code="already-revoked")
    moved = replace(status, last=document_hash)
    match statement.action:
        case StatusAction.BIND_FILE if statement.file is not None:
            return replace(moved, files=(*status.files, statement.file))
        case StatusAction.SUSPEND if not status.suspended:
            return _changed(moved, statement, index, suspended=True)
        case StatusAction.REINSTATE if status.suspended:
            return _changed(moved, statement, index, suspended=False)
        case StatusAction.WITHDRAW | StatusAction.CANCEL | StatusAction.SUPERSEDE:
            return _changed(moved, statement, index, revoked=True)
        case _:
            state = Sentence("suspended") if status.suspended else Sentence("not suspended")
            raise InvalidInput(
                Sentence(
                    "{action} has no effect: the certificate is {state}",
                    action=ACTION_WORDS[statement.action],
                    state=state,
                ),
                code="no-effect",
            )


def void(status: CertificateStatus, document_hash: DocumentHash) -> CertificateStatus:
    """Return the status after an event without effect (its key was compromised): it still counts for `previous`."""
    return replace(status, last=document_hash)


def _changed(
    status: CertificateStatus,
    statement: StatusStatement,
    index: int,
    *,
    suspended: bool | None = None,
    revoked: bool = False,
) -> CertificateStatus:
    return replace(
        status,
        suspended=status.suspended if suspended is None else suspended,
        revoked=revoked,
        action=statement.action,
        reason=statement.reason,
        event_index=index,
        effective=statement.effective,
        replaced_by=statement.replaced_by,
    )


def _action(text: str, place: str) -> StatusAction:
    try:
        return StatusAction(text)
    except ValueError as error:
        raise InvalidInput(
            Sentence("unknown action {text!r}", text=text[:40]), place=f"{place}/action", code="bad-action"
        ) from error


def _hash(obj: JSONObject, name: str, place: str) -> DocumentHash:
    return DocumentHash(digest_from_text(get_str(obj, name, place)))


def _same_or_none(left: DocumentHash | None, right: DocumentHash | None) -> bool:
    if left is None or right is None:
        return left is right
    return same(left, right)


def _shown(digest: DocumentHash | None) -> str:
    return "null" if digest is None else b64url(digest)
