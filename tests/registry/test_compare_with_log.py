"""`certlog audit --data`: a database that is not what the log says is a finding, at the entry where it begins."""

import json

import pytest
from click.testing import CliRunner

from certlog.status import StatusAction
from cli.audit import audit
from registry import compare_with_log
from tests.support.certificates import SAMPLE_DID
from tests.support.controls import Control, require_noticed
from tests.support.registry import RegistryWorld, as_submission


@pytest.fixture
def full(enrolled: RegistryWorld) -> RegistryWorld:
    """Return a registry with one suspended certificate, its head signed and its tiles written."""
    world = enrolled
    world.publisher.start()
    (slot,) = world.registry.reserve_slots(SAMPLE_DID, 1).slots
    document = world.certificate(slot=slot)
    world.logged(as_submission(document, slot))
    world.logged(world.status(document, StatusAction.SUSPEND))
    world.publisher.seal_batch(0)
    return world


def told(world: RegistryWorld) -> tuple[int, dict[str, object]]:
    """Audit the registry's tiles and its database; return exit status and what JSON says."""
    environ = {} if world.place.url is None else {"CERTLOG_REGISTRY_DATABASE": world.place.url}
    arguments = [str(world.folder.tiles), "--trust-root", str(world.folder.trust_root), "--json", "--data"]
    runner = CliRunner(env=environ)
    result = runner.invoke(audit, [*arguments, str(world.folder.path)], catch_exceptions=False)
    assert result.stdout, result.output
    return result.exit_code, json.loads(result.stdout)


def test_a_database_that_is_what_the_log_says_is_clean(full: RegistryWorld) -> None:
    status, found = told(full)
    assert (status, found["result"]) == (0, "clean")
    parts = found["parts"]
    assert isinstance(parts, list)
    assert parts[-1]["part"] == "database"
    assert parts[-1]["state"] == "clean"


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("UPDATE entries SET data = x'7B7D' WHERE leaf_index = 4", 4),
        ("UPDATE bit_changes SET value = 1 - value", 7),
        ("UPDATE certificates SET issuer = 'did:web:other.vn'", 7),
    ],
)
def test_a_database_that_differs_is_a_finding(full: RegistryWorld, statement: str, index: int) -> None:
    full.place.damage(statement)
    status, found = told(full)
    first = found["first"]
    assert isinstance(first, dict)
    assert (status, first["code"], first["index"]) == (1, "database-differs", index)


def test_tables_that_are_not_compared_are_noticed(
    full: RegistryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    full.place.damage("UPDATE bit_changes SET value = 1 - value")

    def attempt() -> None:
        assert told(full)[0] == 1

    require_noticed(Control(compare_with_log, "check", lambda *_: 0, attempt), monkeypatch)
