"""`certlog verify` with sealed content: the code of the certificate opens it here, and the key goes to nobody."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from click.testing import Result

from certlog.certificate_id import certificate_id
from certlog.entry import certificate_entry
from certlog.errors import InvalidInput
from certlog.sealed import key_text, seal
from certlog.slots import Slot
from cli.verify import verify
from tests.support.certificates import conformity_content
from tests.verifier.fake_registry import FakeRegistry, serving_registry
from tests.verifier.test_cli import AT, pins, run, seen
from tests.verifier.world import honest_case, sign_certificate

CASE: Final = honest_case()
ID: Final = certificate_id(CASE.document.document_hash)
KEY: Final = bytes(range(16))
BLOB: Final = seal(CASE.document.to_bytes(), CASE.document.document_hash, key=KEY, nonce=bytes(12))
OF_ID: Final = f"/api/v1/certificates/{ID}"
ENTRY: Final = f"/api/v1/entries/{CASE.index}"


def registry(**changes: bytes) -> FakeRegistry:
    answers = {
        f"{OF_ID}/evidence": replace(CASE.evidence, certificate=None).to_bytes(),
        f"{OF_ID}/sealed": BLOB,
        ENTRY: certificate_entry(CASE.document, Slot(0, 0)).to_bytes(),
    }
    return FakeRegistry(answers | {f"{OF_ID}/{name}": data for name, data in changes.items()})


def ask(folder: Path, asked: FakeRegistry, target: str, *options: str) -> Result:
    with serving_registry(asked):
        target = target.replace("HOST", asked.url.upper() if "/C/" in target else asked.url)
        common = ("--registry", asked.url, "--seen", seen(folder), "--at", AT, "--lang", "en")
        return run(verify, target, "--trust-root", pins(folder), *common, *options)


def test_the_whole_address_of_the_code_shows_the_content(tmp_path: Path) -> None:
    result = ask(tmp_path, registry(), f"HOST/C/{ID}#{key_text(KEY)}")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("In force\n")
    assert str(CASE.document.content["certificateNumber"]) in result.output


def test_the_key_is_sent_to_nobody(tmp_path: Path) -> None:
    asked = registry()
    ask(tmp_path, asked, f"HOST/C/{ID}#{key_text(KEY)}")
    assert sorted(asked.asked) == sorted([f"{OF_ID}/evidence", ENTRY, f"{OF_ID}/sealed"])


def test_a_code_and_its_key_may_be_given_apart(tmp_path: Path) -> None:
    result = ask(tmp_path, registry(), ID, "--key", key_text(KEY))
    assert result.exit_code == 0


def test_without_the_key_the_record_is_checked_and_the_content_is_not_fetched(tmp_path: Path) -> None:
    asked = registry()
    result = ask(tmp_path, asked, ID)
    assert result.exit_code == 3
    assert result.output.startswith("Registered and not withdrawn; content not public\n")
    assert "3. Issuer and key authorised: passed" in result.output
    assert f"{OF_ID}/sealed" not in asked.asked
    assert str(CASE.document.content["certificateNumber"]) not in result.output


def test_a_wrong_key_is_said_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="does not open the sealed content: read the whole code"):
        ask(tmp_path, registry(), f"{ID}#{key_text(bytes(16))}")


def test_half_a_key_is_said_before_anyone_is_asked(tmp_path: Path) -> None:
    asked = registry()
    with pytest.raises(InvalidInput, match="expected the 22 letters"):
        ask(tmp_path, asked, f"{ID}#{key_text(KEY)[:-1]}")
    assert asked.asked == []


def test_two_keys_that_differ_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="found two that differ"):
        ask(tmp_path, registry(), f"{ID}#{key_text(KEY)}", "--key", key_text(bytes(16)))


def test_a_registry_without_sealed_content_is_named(tmp_path: Path) -> None:
    asked = registry()
    del asked.answers[f"{OF_ID}/sealed"]
    with pytest.raises(InvalidInput, match="holds no sealed content of this certificate; ask its holder"):
        ask(tmp_path, asked, f"{ID}#{key_text(KEY)}")


def test_the_entry_of_another_certificate_is_no_answer(tmp_path: Path) -> None:
    asked = registry()
    other = sign_certificate(conformity_content(number="MAU-2026-0009"))
    asked.answers[ENTRY] = certificate_entry(other, Slot(0, 0)).to_bytes()
    result = ask(tmp_path, asked, ID)
    assert result.exit_code == 3
    assert certificate_id(other.document_hash) in result.output


def test_other_content_sealed_for_this_hash_is_refused(tmp_path: Path) -> None:
    other = sign_certificate(conformity_content(number="MAU-2026-0009"))
    blob = seal(other.to_bytes(), CASE.document.document_hash, key=KEY, nonce=bytes(12))
    with pytest.raises(InvalidInput, match="expected the document with hash"):
        ask(tmp_path, registry(sealed=blob), f"{ID}#{key_text(KEY)}")
