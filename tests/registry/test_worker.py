"""The worker's loop: problems are said and said again, signing stops when it must, and pages are left in peace."""

import threading
from pathlib import Path

from certlog.errors import InvalidInput
from cli.registry_worker import Complaints, anchoring_thread, publish
from tests.support.registry import Clock, RegistryWorld


def test_a_problem_is_said_once_a_minute_and_at_once_after_a_good_tick() -> None:
    said: list[str] = []
    clock = Clock()
    complaints = Complaints(said.append, clock)
    for _ in range(3):
        complaints.about("full")
    clock.time += 60
    complaints.about("full")
    complaints.about("slow")
    complaints.none()
    complaints.about("slow")
    assert said == ["full", "full", "slow", "slow"]


def test_the_loop_goes_on_when_signing_must_stop_and_says_why(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    head = enrolled.folder.last_signed_head
    kept, said, stop = head.read_bytes(), [], threading.Event()
    head.unlink()

    def tell(text: str) -> None:
        """Put the file back after the first complaint, and end after the next good tick."""
        said.append(text)
        head.write_bytes(kept)
        threading.Timer(0.3, stop.set).start()

    enrolled.registry.reserve_slots("did:web:mau.example.vn", 1)
    enrolled.clock.time += 3600
    publish(enrolled.publisher, 0.01, stop, tell=tell, now=enrolled.clock)
    assert len(said) == 1
    assert said[0].startswith("SIGNING HAS STOPPED: ")
    assert enrolled.registry.head().size == 5


def test_anchoring_that_cannot_go_on_says_so_and_ends_its_thread_only() -> None:
    said: list[str] = []

    def run() -> None:
        raise InvalidInput("the key is another account's")

    thread = anchoring_thread(run, said.append, Path("data"))
    thread.start()
    thread.join()
    assert said == [
        "anchoring has stopped: the key is another account's; see: certlog anchor status --data data"
    ]
