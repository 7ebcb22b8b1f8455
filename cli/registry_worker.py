"""The worker process of a registry: signs heads, appends epochs, and anchors where a chain is set up.

The publisher is the only holder of the log key; anchoring runs beside it in a thread. When signing must stop, the
process goes on saying so while pages still answer; what is not signed is not promised.
"""

import threading
from collections.abc import Callable
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

    def none(self, over: str = "") -> None:
        """Note that there is no problem now, and say `over` where one was said before."""
        if over and self._last[0]:
            self._tell(over)
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
            complaints.none(Sentence("publishing goes on"))
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
            complaints.none(Sentence("publishing goes on"))


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
    line: str,
    run: Callable[[], object],
    tell: Callable[[str], object],
    running: Callable[[float], object] = lambda _running: None,
) -> threading.Thread:
    """Return a thread that anchors a line; if it cannot go on it says why, and the publisher is left in peace.

    Args:
        line: its name.
        run: returns when it was asked to.
        tell: where it says why it cannot go on.
        running: told 1 when it begins, and 0 if it ends unasked, also by a defect.
    """

    def body() -> None:
        running(1)
        try:
            run()
        except CertlogError as error:
            running(0)
            tell(
                Sentence(
                    "anchoring ({line}) has stopped: {problem}. Everything else goes on; mend this, then start again",
                    line=line,
                    problem=error,
                )
            )
        except BaseException:
            running(0)
            raise

    return threading.Thread(target=body, name=f"anchoring {line}", daemon=False)
