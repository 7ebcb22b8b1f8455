"""API tokens: shown once, stored as a hash, for one DID, expiring, revocable."""

import pytest
from sqlalchemy import select

from certlog.errors import InvalidInput, NotTrusted
from registry.tables import api_tokens
from tests.support.certificates import SAMPLE_DID
from tests.support.registry import RegistryWorld

REFUSED = "unknown, expired or revoked"


def test_a_token_belongs_to_its_did_until_it_expires(world: RegistryWorld) -> None:
    token = world.registry.tokens.create(SAMPLE_DID, 30)
    assert world.registry.tokens.authenticate(token.text) == SAMPLE_DID
    world.clock.time = token.expires_at
    with pytest.raises(NotTrusted, match=REFUSED):
        world.registry.tokens.authenticate(token.text)


def test_the_database_and_the_printed_form_do_not_hold_the_token(world: RegistryWorld) -> None:
    token = world.registry.tokens.create(SAMPLE_DID, 30)
    with world.registry.database.reading() as connection:
        row = connection.execute(select(api_tokens)).one()
    secret = token.text.rpartition("_")[2]
    assert len(secret) == 43
    assert secret not in repr(row)
    assert secret not in repr(token)


@pytest.mark.parametrize("change", ["last", "first", "prefix", "empty", "long"])
def test_a_changed_token_is_refused(world: RegistryWorld, change: str) -> None:
    text = world.registry.tokens.create(SAMPLE_DID, 30).text
    scheme, prefix, secret = text.split("_", 2)
    changed = {
        "last": text[:-1] + ("A" if text[-1] != "A" else "B"),
        "first": f"{scheme}_{prefix}_{'A' if secret[0] != 'A' else 'B'}{secret[1:]}",
        "prefix": f"{scheme}_{'0' * 16}_{secret}",
        "empty": "",
        "long": text + "A" * 200,
    }[change]
    with pytest.raises(NotTrusted, match=REFUSED):
        world.registry.tokens.authenticate(changed)


def test_the_stored_hash_is_no_token(world: RegistryWorld) -> None:
    world.registry.tokens.create(SAMPLE_DID, 30)
    with world.registry.database.reading() as connection:
        row = connection.execute(select(api_tokens)).one()
    with pytest.raises(NotTrusted, match=REFUSED):
        world.registry.tokens.authenticate(f"certlog_{row.prefix}_{row.hash.hex()}")


def test_a_revoked_token_is_refused_at_once(world: RegistryWorld) -> None:
    token = world.registry.tokens.create(SAMPLE_DID, 30)
    prefix = token.text.split("_")[1]
    world.registry.tokens.revoke(prefix)
    with pytest.raises(NotTrusted, match=REFUSED):
        world.registry.tokens.authenticate(token.text)
    with pytest.raises(InvalidInput, match="no token in force"):
        world.registry.tokens.revoke(prefix)


@pytest.mark.parametrize("days", [0, -1, 401])
def test_a_token_lives_a_bounded_number_of_days(world: RegistryWorld, days: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 400 days"):
        world.registry.tokens.create(SAMPLE_DID, days)


def test_a_token_is_only_made_for_a_did(world: RegistryWorld) -> None:
    with pytest.raises(InvalidInput, match="did:web or did:key"):
        world.registry.tokens.create("Trung tâm", 1)
