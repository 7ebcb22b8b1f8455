"""Asks the witnesses of the settings for cosignatures: a thread for each, beside the worker and never in its way."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from certlog.errors import CertlogError
from certlog.note import MAX_NOTE_BYTES
from certlog.sentences import Sentence
from cli.outgoing import Limits, post
from cli.registry_worker import Complaints
from registry.cosigners import Witness
from registry.database import Database
from registry.head_tiles import HeadTiles
from registry.witnessing import Pace, WitnessAnswer, Witnessing

LIMITS: Final = Limits(seconds=5, most=MAX_NOTE_BYTES)


@dataclass(frozen=True, slots=True)
class HttpWitness:
    """The way to a witness over HTTP; the operator chose its address, which may be an inner one."""

    url: str

    def add_checkpoint(self, body: bytes) -> WitnessAnswer:
        """Post to <prefix>/add-checkpoint."""
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        answer = post(f"{self.url}/add-checkpoint", body, headers, LIMITS, inner_hosts=None)
        return WitnessAnswer(answer.status, answer.media_type, answer.body)


def cosign(
    witnessing: Witnessing,
    name: str,
    interval: float,
    stop: threading.Event,
    complaints: Complaints,
) -> None:
    """Bring heads to one witness until `stop` is set; whatever it does is only said."""
    pace, wait = Pace(interval), 0.0
    while not stop.wait(wait):
        problem: CertlogError | None = None
        try:
            witnessing.step()
        except CertlogError as error:
            problem = error
            complaints.about(Sentence("witness {name}: {problem}", name=name, problem=error))
        else:
            complaints.none()
        wait = pace.after(problem)


def start_cosigning(
    database: Database,
    tiles: HeadTiles,
    witnesses: Sequence[Witness],
    interval: float,
    stop: threading.Event,
    *,
    tell: Callable[[str], object],
    now: Callable[[], int],
) -> list[threading.Thread]:
    """Start a thread for each witness. The process does not wait for them at its end."""
    threads = []
    for witness in witnesses:
        witnessing = Witnessing(database, tiles, witness, HttpWitness(witness.url), now)
        arguments = (witnessing, witness.key.name, interval, stop, Complaints(tell, now))
        thread = threading.Thread(target=cosign, args=arguments, name="witness", daemon=True)
        thread.start()
        threads.append(thread)
    return threads
