"""Status documents of an issuer: built, signed and made into entries. Sending them is submit.py's work."""

from certlog.digests import DocumentHash
from certlog.documents import STATUS_CHALLENGE, secure
from certlog.entry import StatementEntry
from certlog.status import FileBinding, StatusAction, StatusStatement
from certlog.timestamps import format_time
from issuer.key_file import IssuerKey


def file_binding(
    certificate: DocumentHash,
    issuer: str,
    sha256: bytes,
    media_type: str,
    *,
    previous: DocumentHash | None,
    effective: int,
) -> StatusStatement:
    """Return the statement that a file, byte for byte, is the certificate as its issuer gives it out.

    Args:
        certificate: hash of the certificate's document.
        issuer: the issuer's DID.
        sha256: of the file.
        media_type: of the file.
        previous: the certificate's last status document, or None.
        effective: seconds since the epoch; not in the future.
    """
    return StatusStatement(
        certificate=certificate,
        issuer=issuer,
        action=StatusAction.BIND_FILE,
        effective=format_time(effective),
        previous=previous,
        file=FileBinding(sha256, media_type),
    )


def sign_statement(statement: StatusStatement, key: IssuerKey, origin: str, now: int) -> StatementEntry:
    """Sign a status document for one log and return its entry."""
    document = secure(
        statement.to_json(),
        signer=key.signer,
        did=key.did,
        domain=origin,
        challenge=STATUS_CHALLENGE,
        created=now,
    )
    return StatementEntry("status", document)
