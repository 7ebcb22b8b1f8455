"""Changing the status of an issued certificate: suspend, reinstate, withdraw, cancel, supersede, bind a file.

Each change is a signed document that names the one before it; the registry is asked for that. It is kept in the
journal before it is sent.
"""

from collections.abc import Callable
from dataclasses import dataclass

from certlog.certificate_id import parse_id
from certlog.credential import issuer_of, number_of
from certlog.digests import DocumentHash
from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput, MistypedId, NotTrusted
from certlog.sentences import Sentence
from certlog.status import ACTION_WORDS, FileBinding, StatusAction, StatusStatement
from certlog.timestamps import format_time
from issuer.journal import Journal
from issuer.key_file import IssuerKey
from issuer.registry_port import Item, Registry
from issuer.statements import sign_statement


@dataclass(frozen=True, slots=True)
class StatusTools:
    """Everything outside that a status change needs."""

    key: IssuerKey
    journal: Journal
    registry: Registry
    now: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Change:
    """What to do to a certificate.

    Attributes:
        action: what the statement does.
        reason: a code of certlog.status.REASONS; None for bindFile.
        effective: a time with offset; None for now.
        replaced_by: with supersede, the replacement.
        file: with bindFile, the file.
    """

    action: StatusAction
    reason: str | None = None
    effective: str | None = None
    replaced_by: SecuredDocument | None = None
    file: FileBinding | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """A logged status change: the certificate's number and hash, and the statement's position."""

    number: str
    certificate: DocumentHash
    log_index: int


def find_certificate(
    journal: Journal, registry: Registry, name: str, version: int | None = None
) -> SecuredDocument:
    """Return the certificate that a person names by number (the newest version, or the one given) or by id.

    Raises:
        InvalidInput: neither the journal nor the registry knows it.
    """
    row = journal.latest(name) if version is None else journal.of_version(name, version)
    if row is not None:
        return row.secured()
    try:
        identifier = parse_id(name)
    except MistypedId as error:
        message = Sentence(
            "no certificate {name!r} in this journal, and it is not a certificate id ({error})",
            name=name,
            error=error.message,
        )
        raise InvalidInput(message, code="unknown-certificate") from error
    row = journal.with_id(identifier)
    return row.secured() if row is not None else SecuredDocument.parse(registry.document(identifier))


def change_status(certificate: SecuredDocument, change: Change, tools: StatusTools) -> Changed:
    """Sign and log one status change.

    1. Only the issuer of a certificate changes its status.
    2. The new statement names the last one, which the registry tells.
    3. It is signed and kept in the journal.
    4. It is submitted; a refusal ends it for good, a silent registry leaves it waiting.

    Raises:
        NotTrusted: 1, or the registry refuses the signer.
        InvalidInput: the change has no place in the certificate's present status.
        Unavailable: the registry does not answer; if it was step 4, `submit --resume` sends it later.
    """
    issuer = issuer_of(certificate.content)
    if issuer != tools.key.did:  # 1
        raise NotTrusted(
            Sentence(
                "the certificate was issued by {issuer}, this key signs as {did}",
                issuer=issuer,
                did=tools.key.did,
            ),
            code="not-its-issuer",
        )
    now = tools.now()
    view = tools.registry.status(certificate.document_hash)  # 2
    statement = StatusStatement(
        certificate=certificate.document_hash,
        issuer=issuer,
        action=change.action,
        effective=change.effective or format_time(now),
        previous=view.last,
        reason=change.reason,
        replaced_by=change.replaced_by.document_hash if change.replaced_by else None,
        file=change.file,
    )
    entry = sign_statement(statement, tools.key, certificate.proof.domain, now).to_bytes()
    tools.journal.add_statement(entry, certificate.document_hash, change.action.value)  # 3
    (kept,) = (item for item in tools.journal.waiting() if item.entry == entry)
    try:
        (outcome,) = tools.registry.submit([Item(entry)])  # 4
    except (InvalidInput, NotTrusted):
        # The request itself was refused (a wrong token): a later `submit --resume` must not surprise with it.
        tools.journal.drop(kept.sequence)
        raise
    tools.journal.keep_outcomes([(kept.sequence, outcome)])
    if outcome.status == "refused" or outcome.index is None:
        tools.journal.drop(kept.sequence)
        message = Sentence(
            "the registry refused to {action} {number!r}: {detail}",
            action=ACTION_WORDS[change.action],
            number=number_of(certificate.content),
            detail=outcome.detail,
        )
        raise InvalidInput(message, code=outcome.code or "refused")
    return Changed(number_of(certificate.content), certificate.document_hash, outcome.index)
