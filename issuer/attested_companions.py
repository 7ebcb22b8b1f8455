"""The certificate beside a file that cannot carry it (XML, a sealed PDF): `X.certificate.json`, handed out with it.

A verifier picks it up by its name. It holds nothing that the file does not, but the salt and the signature.
"""

from collections.abc import Iterable
from typing import Final

from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from issuer.attested import AttestedFiles
from issuer.disk import cannot_write
from issuer.issue import Issued
from issuer.journal import Journal

COMPANION_SUFFIX: Final = ".certificate.json"


def write_companions(issued: Iterable[Issued], files: AttestedFiles, journal: Journal) -> None:
    """Write the signed document beside each final file that does not hold it; the same one again is no change.

    Raises:
        InvalidInput: the folder cannot be written, or another file has that name.
    """
    for item in issued:
        row = journal.certificate(item.document_hash)
        if row is None or files.carries_certificate(row.secured().content):
            continue
        path = item.pdf.with_suffix(COMPANION_SUFFIX)
        try:
            if not path.exists():
                path.write_bytes(row.document)
            elif path.read_bytes() != row.document:
                message = Sentence("{path} exists with other content; move it away", path=path)
                raise InvalidInput(message, code="exists")
        except OSError as error:
            raise cannot_write(path, error) from error
