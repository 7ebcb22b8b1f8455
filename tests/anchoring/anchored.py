"""A real registry that anchors on Anvil, block by block, in one data folder: for recovery and for the doctor."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from anchoring.local_node import LocalNode
from anchoring.settings import load_settings, save_settings
from anchoring.store import AnchorStore
from anchoring.worker import Did, Step
from cli.anchoring import open_worker
from cli.backup import back_up
from cli.reseed import reseed_head
from registry.data_folder import DataFolder
from tests.anchoring.anvil import SIGNER, make_anvil_world, now
from tests.support.databases import Place
from tests.support.registry import RegistryWorld, as_submission, make_world


@dataclass
class Anchored:
    """A registry that anchors on Anvil, block by block."""

    world: RegistryWorld
    node: LocalNode

    @property
    def folder(self) -> DataFolder:
        return self.world.folder

    def issue(self) -> None:
        slot = self.world.slot()
        self.world.logged(as_submission(self.world.certificate(slot=slot), slot))
        self.world.publisher.tick()

    def anchor(self) -> None:
        """Anchor what there is."""
        store = AnchorStore.open(load_settings(self.folder.path).address(self.folder.path))
        store.request_batch()
        store.database.close()
        assert self.run(Did.FINAL).did is Did.FINAL

    def run(self, wanted: Did, *, steps: int = 60) -> Step:
        """Step the worker, a block after each, until it does as wished or stops."""
        with open_worker(self.folder.path, self.world.publisher, SIGNER, now) as (worker, _):
            taken = [worker.step()]
            while taken[-1].did not in (wanted, Did.HALTED):
                assert len(taken) < steps, taken[-5:]
                self.node.rpc("evm_mine")
                taken.append(worker.step())
        return taken[-1]

    def backup(self, name: str) -> Path:
        target = self.folder.path.parent / f"{name}.tar"
        back_up(self.folder, target, self.world.surroundings)
        return target

    def reseed(self, folder: DataFolder, *options: str) -> None:
        """Run the command; a refusal is raised."""
        arguments = ["--data", str(folder.path), *options]
        result = CliRunner().invoke(reseed_head, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output


@contextmanager
def anchored_registry(
    path: Path, node: LocalNode, contract: str, name: str, places: tuple[Place, Place] | None = None
) -> Iterator[Anchored]:
    """Make a registry with two anchored batches; its origin is made of a name, its two databases may be elsewhere."""
    origin = f"registry.example.vn/{name.replace('_', '-')}"[:190]
    place, anchors = places or (None, None)
    world = make_world(path, place, origin=origin)
    world.clock.time = now()
    line = make_anvil_world(path, node, contract, origin)
    elsewhere = {} if anchors is None else {"database": anchors.url}
    save_settings(line.settings.model_copy(update=elsewhere), path)
    line.close()
    made = Anchored(world, node)
    world.publisher.start()
    world.enrol()
    made.run(Did.FINAL)
    made.issue()
    made.anchor()
    yield made
    world.close()
