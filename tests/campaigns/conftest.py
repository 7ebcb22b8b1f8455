"""Campaigns that show a whole property by many random cases; their registries are copies of one made once."""

from tests.registry.conftest import blank, with_body
from tests.support.chain import chain, local_chain_of_session

__all__ = ["blank", "chain", "local_chain_of_session", "with_body"]
