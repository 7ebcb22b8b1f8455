"""The local chain for the tests of this area that read a real contract."""

from tests.support.chain import chain, local_chain_of_session

__all__ = ["chain", "local_chain_of_session"]
