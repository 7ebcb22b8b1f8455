"""The worker process of a registry: signs heads, appends epochs, and anchors where a chain is set up.

The publisher is the only holder of the log key; anchoring runs beside it in a thread. When signing must stop, the
process goes on saying so while pages still answer; what is not signed is not promised.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from certlog.errors import CertlogError, Unavailable
from certlog.sentences import Sentence
from registry.last_signed_head import SigningHalted
from registry.publisher import Publisher

SAY_AGAIN: Final = 60
"""Seconds after which an unchanged problem is said again."""
LOOK: Final = 60.0
"""Seconds between two looks whether the daily check is due."""
AFTER_DAMAGE: Final = 600.0
"""Seconds after which a check that found damage is made again."""


class Complaints:
    """Says each problem once, and again after a while."""

    def __init__(self, tell: Callable[[str], object], now: Callable[[], int]) -> None:
        """Take where to say it, and the clock."""
        self._tell = tell
        self._now = now
        self._last = ("", 0)

    def about(self, problem: str) -> None:
        """Say a problem unless it has just been said."""
        text, at = self._last
        if problem != text or self._now() - at >= SAY_AGAIN:
            self._tell(problem)
            self._last = (problem, self._now())

    def none(self) -> None:
        """Note that there is no problem now."""
        self._last = ("", 0)


def start(
    publisher: Publisher,
    interval: float,
    stop: threading.Event,
    *,
    tell: Callable[[str], object],
    now: Callable[[], int],
) -> None:
    """Start a publisher; where something that it needs cannot be reached yet, say so and try again until `stop`.

    Entries are logged meanwhile: issuing never waits for the store of the tiles.

    Raises:
        SigningHalted: the log is not the one that was signed.
    """
    complaints = Complaints(tell, now)
    while not stop.is_set():
        try:
            publisher.start()
        except SigningHalted:
            raise
        except Unavailable as error:
            complaints.about(Sentence("publishing waits: {problem}", problem=error))
            stop.wait(interval)
        else:
            return


def publish(
    publisher: Publisher,
    interval: float,
    stop: threading.Event,
    *,
    tell: Callable[[str], object],
    now: Callable[[], int],
    halting: Callable[[float], object] = lambda _halted: None,
) -> None:
    """Tick until `stop` is set.

    Args:
        publisher: started already.
        interval: seconds between two ticks.
        stop: set to end; a tick that has begun is finished.
        tell: where problems are said.
        now: the clock.
        halting: told 1 or 0 after each tick: whether signing has stopped until a person has looked.
    """
    complaints = Complaints(tell, now)
    while not stop.wait(interval):
        try:
            publisher.tick()
        except SigningHalted as halted:
            halting(1)
            complaints.about(Sentence("SIGNING HAS STOPPED: {problem}", problem=halted))
        except Unavailable as error:
            complaints.about(Sentence("publishing waits: {problem}", problem=error))
        else:
            halting(0)
            complaints.none()


def check_thread(
    publisher: Publisher, stop: threading.Event, tell: Callable[[str], object], now: Callable[[], int]
) -> threading.Thread:
    """Return a thread that reads the whole log again once a day, and says what it finds."""
    complaints = Complaints(tell, now)

    def body() -> None:
        pause = LOOK
        while not stop.wait(pause):
            pause = LOOK
            try:
                publisher.check_when_due()
            except SigningHalted as halted:
                complaints.about(Sentence("SIGNING HAS STOPPED: {problem}", problem=halted))
                pause = AFTER_DAMAGE
            except Unavailable as error:
                complaints.about(Sentence("the daily check waits: {problem}", problem=error))

    return threading.Thread(target=body, name="daily check", daemon=True)


def anchoring_thread(
    run: Callable[[], object], tell: Callable[[str], object], folder: Path
) -> threading.Thread:
    """Return a thread that anchors; if it cannot go on it says why, and the publisher is left in peace."""

    def body() -> None:
        try:
            run()
        except CertlogError as error:
            tell(
                Sentence(
                    "anchoring has stopped: {problem}; see: certlog anchor status --data {folder}",
                    problem=error,
                    folder=folder,
                )
            )

    return threading.Thread(target=body, name="anchoring", daemon=False)
