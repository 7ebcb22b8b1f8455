"""`certlog trust-root`, as a person runs it: exported from a registry or a folder, shown, never replaced unasked."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from certlog.errors import InvalidInput, Unavailable
from certlog.trust_root import TrustRoot
from cli.verify import trust_root
from tests.verifier import world as sample
from tests.verifier.fake_registry import FakeRegistry, serving_registry


def run(*arguments: str | Path) -> Result:
    given = [str(argument) for argument in arguments]
    return CliRunner().invoke(trust_root, given, catch_exceptions=False)


def pins(folder: Path) -> Path:
    path = folder / "trust-root.json"
    path.write_bytes(sample.trust_root().to_bytes())
    return path


def test_a_trust_root_is_exported_from_a_registry_with_its_fingerprint(tmp_path: Path) -> None:
    root = sample.trust_root()
    out = tmp_path / "pinned.json"
    with serving_registry(FakeRegistry({"/api/v1/trust-root": root.to_bytes()})) as registry:
        result = run("export", "--registry", registry.url, "-o", out)
    assert result.exit_code == 0
    assert root.fingerprint() in result.output
    assert TrustRoot.parse(out.read_bytes()) == root


def test_a_trust_root_is_exported_from_a_data_folder(tmp_path: Path) -> None:
    pins(tmp_path)
    out = tmp_path / "pinned.json"
    assert run("export", "--data", tmp_path, "-o", out).exit_code == 0
    assert TrustRoot.parse(out.read_bytes()) == sample.trust_root()


def test_a_data_folder_without_a_trust_root_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="certlog registry trust-root --data"):
        run("export", "--data", tmp_path, "-o", tmp_path / "pinned.json")


def test_other_pins_are_not_replaced_unless_asked(tmp_path: Path) -> None:
    pins(tmp_path)
    out = tmp_path / "pinned.json"
    out.write_bytes(replace(sample.trust_root(), max_status_age=1).to_bytes())
    with pytest.raises(InvalidInput, match="pins something else"):
        run("export", "--data", tmp_path, "-o", out)
    assert run("export", "--data", tmp_path, "-o", out, "--replace").exit_code == 0
    assert TrustRoot.parse(out.read_bytes()) == sample.trust_root()


def test_export_needs_exactly_one_source(tmp_path: Path) -> None:
    assert run("export").exit_code == 2
    assert run("export", "--registry", "http://127.0.0.1", "--data", tmp_path).exit_code == 2


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    pins(tmp_path)
    with pytest.raises(Unavailable, match="cannot write"):
        run("export", "--data", tmp_path, "-o", tmp_path / "absent" / "pinned.json")


def test_show_prints_the_fingerprint_to_compare(tmp_path: Path) -> None:
    result = run("show", pins(tmp_path))
    assert result.exit_code == 0
    assert sample.trust_root().fingerprint() in result.output
