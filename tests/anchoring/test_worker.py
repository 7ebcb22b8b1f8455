"""The worker's ordinary life on a fake chain: opening, T1 to T5, policy, waiting."""

from anchoring.worker import Did
from tests.anchoring.world import World


def test_a_batch_goes_from_sealed_to_final_step_by_step(world: World) -> None:
    taken = world.run(world.worker(), lambda step: step.did is Did.FINAL)
    done = [step.did for step in taken if step.did is not Did.WAITED]
    assert done == [
        Did.STARTED,
        Did.OPENING_PREPARED,
        Did.OPENING_SENT,
        Did.OPENED,
        Did.SEALED,
        Did.PREPARED,
        Did.SENT,
        Did.SEEN,
        Did.FINAL,
    ]
    world.check_all_final(at_least=1)
