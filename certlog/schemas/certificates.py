"""The schemas of all certificates by their short names; a new profile adds its own here and in certlog/profiles.py."""

from collections.abc import Mapping
from typing import Final

from certlog.schemas.attested import ATTESTED_FILE_CERTIFICATE
from certlog.schemas.calibration import CALIBRATION_CERTIFICATE
from certlog.schemas.conformity import CONFORMITY_CERTIFICATE
from certlog.schemas.parts import Schema

CERTIFICATES: Final[Mapping[str, Schema]] = {
    "conformity-certificate": CONFORMITY_CERTIFICATE,
    "calibration-certificate": CALIBRATION_CERTIFICATE,
    "attested-file-certificate": ATTESTED_FILE_CERTIFICATE,
}
