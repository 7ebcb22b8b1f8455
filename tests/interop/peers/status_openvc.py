"""Reads a certificate's status with the package openvc-core, from status lists as they were served.

Runs in that package's own environment, so it imports nothing of this project. One JSON object on standard input:
{"certificate", "lists": {url: credential}, "listKey": multibase, "issuerKey": multibase}.
"""

import json
import sys
from typing import Any

from openvc.did.base import multikey_to_jwk
from openvc.errors import OpenvcError
from openvc.proof.di_jcs import EddsaJcsProofSuite
from openvc.status import check_credential_status


def main() -> None:
    """Verify the certificate and each list that it names, then read the bits."""
    given = json.load(sys.stdin)

    def resolve(url: str) -> dict[str, Any]:
        found: dict[str, Any] = given["lists"][url]
        EddsaJcsProofSuite().verify(found, public_key_jwk=multikey_to_jwk(given["listKey"]))
        if found["id"] != url:
            raise SystemExit(f"the list at {url} calls itself {found['id']}")
        return found

    try:
        certificate = given["certificate"]
        EddsaJcsProofSuite().verify(
            certificate,
            public_key_jwk=multikey_to_jwk(given["issuerKey"]),
            expected_domain=certificate["proof"]["domain"],
            expected_challenge=certificate["proof"]["challenge"],
            check_temporal=False,
        )
        status = check_credential_status(certificate, resolve_status_list=resolve)
        answer = {"ok": True, "revoked": status.revoked, "suspended": status.suspended}
    except OpenvcError as error:
        answer = {"ok": False, "why": f"{type(error).__name__}: {error}"}
    json.dump(answer, sys.stdout)


main()
