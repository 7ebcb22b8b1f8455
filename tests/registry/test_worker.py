"""The worker's loop: problems are said and said again, signing stops when it must, and pages are left in peace."""

import threading

import pytest

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
    complaints.none("it goes on")
    complaints.none("it goes on")
    assert said[4:] == ["it goes on"]


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
    assert said[0].startswith("SIGNING HAS STOPPED: ")
    assert said[1:] == ["publishing goes on"]
    assert enrolled.registry.head().size == 5


def test_anchoring_that_cannot_go_on_says_so_and_ends_its_thread_only() -> None:
    said: list[str] = []

    def run() -> None:
        raise InvalidInput("the key is another account's")

    runs: list[float] = []
    thread = anchoring_thread("second", run, said.append, runs.append)
    thread.start()
    thread.join()
    (sentence,) = said
    assert sentence.startswith("anchoring (second) has stopped: the key is another account's. ")
    assert "mend this, then start again" in sentence
    assert runs == [1, 0]


def test_anchoring_that_was_asked_to_end_has_not_stopped_by_itself() -> None:
    runs: list[float] = []
    thread = anchoring_thread("main", list, pytest.fail, runs.append)
    thread.start()
    thread.join()
    assert runs == [1]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_in_anchoring_is_measured_and_keeps_its_trace() -> None:
    def run() -> None:
        raise RuntimeError

    runs: list[float] = []
    thread = anchoring_thread("main", run, pytest.fail, runs.append)
    thread.start()
    thread.join()
    assert runs == [1, 0]
