"""`certlog verify` on a file that cannot carry its certificate: a DCC, or a PDF that was sealed before."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from click.testing import Result

from certlog.certificate_id import certificate_id
from certlog.digests import sha256
from certlog.errors import InvalidInput
from certlog.status import FileBinding, StatusAction
from cli.verify import verify
from tests.support.attested import XML_BYTES, attested_content
from tests.verifier.fake_registry import FakeRegistry, serving_registry
from tests.verifier.test_cli import AT, pins, run, seen
from tests.verifier.world import Case, case_of, enrolled_world, sign_certificate


def bound_case() -> Case:
    world = enrolled_world()
    document = sign_certificate(attested_content())
    index = world.log_certificate(document)
    binding = FileBinding(sha256(XML_BYTES), "application/xml")
    world.change_status(document, StatusAction.BIND_FILE, file=binding)
    return case_of(world, document, index)


CASE: Final = bound_case()
ID: Final = certificate_id(CASE.document.document_hash)
EVIDENCE: Final = replace(CASE.evidence, certificate=None).to_bytes()


def ask(
    folder: Path, data: bytes, *, name: str = f"HC_{ID}", beside: bool = True, known: bool = True
) -> Result:
    path = folder / f"{name}.xml"
    path.write_bytes(data)
    if beside:
        path.with_suffix(".certificate.json").write_bytes(CASE.document.to_bytes())
    answers = {f"/api/v1/certificates/{ID}/evidence": EVIDENCE} if known else {}
    with serving_registry(FakeRegistry(answers)) as asked:
        options = ("--registry", asked.url, "--seen", seen(folder, CASE.view), "--at", AT, "--lang", "en")
        return run(verify, path, "--trust-root", pins(folder), *options)


def test_a_dcc_with_its_certificate_beside_it_is_genuine(tmp_path: Path) -> None:
    result = ask(tmp_path, XML_BYTES)
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Genuine and unaltered")
    assert "10. File bound to the certificate: passed" in result.output


def test_its_name_does_not_matter_then(tmp_path: Path) -> None:
    assert ask(tmp_path, XML_BYTES, name="renamed").exit_code == 0


def test_a_changed_dcc_is_altered(tmp_path: Path) -> None:
    for data in (XML_BYTES.replace(b"d", b"e"), XML_BYTES + b"\n"):
        result = ask(tmp_path, data)
        assert result.exit_code == 1
        assert result.output.startswith("Does not match what was registered\n")


def test_without_the_certificate_the_name_leads_to_the_record_and_it_is_never_green(tmp_path: Path) -> None:
    result = ask(tmp_path, XML_BYTES, beside=False)
    assert result.exit_code == 3
    assert "Genuine and unaltered" not in result.output


def test_a_name_that_the_registry_does_not_know_is_unknown(tmp_path: Path) -> None:
    assert ask(tmp_path, XML_BYTES, beside=False, known=False).exit_code == 3


def test_a_file_with_neither_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"keep x\.certificate\.json beside it"):
        ask(tmp_path, XML_BYTES, name="x", beside=False)
