"""A DCC file, from bytes of unknown origin to a header that may be certified: the checks in their order.

PTB's Digital Calibration Certificate, version 3 (https://www.ptb.de/dcc). The file stays the certificate: our signed
document carries its header and the hash of its exact bytes, and restates no result.
"""

from dataclasses import dataclass
from pathlib import Path

from certlog.digests import sha256
from issuer.dcc_header import Header
from issuer.dcc_rules import Finding, Rules, open_rules
from issuer.dcc_schema import SchemaFolder, open_schema_folder
from issuer.dcc_signature import XmlSignature, check_signature
from issuer.dcc_xml import parse_xml


@dataclass(frozen=True, slots=True)
class Dcc:
    """A DCC that passed every check.

    Attributes:
        header: what fills the certificate.
        digest: SHA-256 of the file's exact bytes.
        version: of the schema that it names, and is valid by.
        signature: what is known of its own signature.
        advice: rules of PTB's that it breaks and that do not refuse it.
    """

    header: Header
    digest: bytes
    version: str
    signature: XmlSignature
    advice: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class DccChecks:
    """PTB's schemas and rules, read once for any number of files."""

    schemas: SchemaFolder
    rules: Rules

    @classmethod
    def open(cls, folder: Path | None) -> "DccChecks":
        """Read the folder of schemas and schematron that the body fetched.

        Raises:
            InvalidInput: it is not named or lacks something; the message says how to get it.
            Unavailable: the extra [dcc] is not installed.
        """
        schemas = open_schema_folder(folder)
        return cls(schemas, open_rules(schemas.rules))

    def read(self, data: bytes, place: str) -> Dcc:
        """Check a file.

        1. bounds, encoding, no document type, entity or inclusion, well formed; 2. the schema of its version;
        3. PTB's rules; 4. its own signature, if it has one.

        Args:
            data: the file's bytes.
            place: its name, for messages.

        Raises:
            InvalidInput: the first check that fails.
            Unavailable: the extra [dcc] is not installed.
        """
        root = parse_xml(data, place)  # 1
        version = self.schemas.require_valid(root, place)  # 2
        advice = self.rules.require_kept(root, place)  # 3
        signature = check_signature(root, place)  # 4
        return Dcc(Header(root, place), sha256(data), version, signature, advice)
