"""The chain and the people that contract tests share."""

from dataclasses import dataclass
from typing import Final

import pytest

from certlog import tree
from tests.contracts.hardhat import CompiledProject, make_project
from tests.support.chain import LocalChain, chain, local_chain_of_session

__all__ = ["Roles", "chain", "history", "local_chain_of_session", "log_id", "roles", "tested_project"]

LEAVES: Final = 40


@dataclass(frozen=True, slots=True)
class Roles:
    """The accounts of one log."""

    owner: str
    anchorer: str
    stranger: str


@pytest.fixture
def roles(chain: LocalChain) -> Roles:
    """Return three funded accounts."""
    return Roles(chain.funded("owner"), chain.funded("anchorer"), chain.funded("stranger"))


@pytest.fixture
def log_id(chain: LocalChain, roles: Roles) -> bytes:
    """Open a log; returns its id."""
    return chain.open_log(roles.owner, roles.anchorer)


@pytest.fixture(scope="session")
def history() -> tree.MemoryTree:
    """Return a log of forty entries."""
    return tree.MemoryTree(tree.leaf_hash(f"entry {i}".encode()) for i in range(LEAVES))


@pytest.fixture(scope="session")
def tested_project(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """Compile with Hardhat, nothing cached, and run the Solidity tests."""
    project = make_project(tmp_path_factory.mktemp("hardhat") / "project")
    return CompiledProject(project, project.run("test", "solidity"))
