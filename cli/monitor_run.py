"""One look of the monitor and everything around it: remember, keep evidence, tell, deliver, so that nothing is lost.

What is found waits in the outbox, durably, before the state says that it was looked at; so a crash may tell a thing
twice, with the same ids, and never not at all.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from certlog.checkpoint import read_checkpoint
from certlog.errors import CertlogError, InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.trust_root import TrustRoot
from cli.files import read_file, replace_file
from cli.mail import Mailbox
from cli.monitor_text import Told, mail_text, message_body
from cli.outbox import Message, Outbox
from cli.webhook import Webhook
from verifier.mirror import Mirror
from verifier.monitor import ChainLook, LogFiles, Look, Monitor, Watch
from verifier.monitor_alarm import Alarm
from verifier.monitor_anchors import begin_look
from verifier.monitor_state import FRAME, MonitorState
from verifier.patience import PatientSource

ALARMS_IN_MESSAGE: Final = 50
"""So many fit into a webhook's body, whatever they say."""
MAX_EVIDENCE: Final = 200
"""Notes that are kept, of at most 16 KiB each."""
EXIT_ALARM: Final = 1
EXIT_NOT_LOOKED: Final = 3
_AT_ONCE: Final = 20
"""Messages that are tried after one look: a receiver that is slow must not hold up the next."""


@dataclass(frozen=True, slots=True)
class Channels:
    """Where messages go; None where they do not."""

    origin: str
    webhook: Webhook | None = None
    mailbox: Mailbox | None = None

    def messages(self, alarms: Sequence[Alarm]) -> list[tuple[str, str, str]]:
        """Return (id, channel, body) of each message that tells these alarms."""
        found = []
        for start in range(0, len(alarms), ALARMS_IN_MESSAGE):
            some = alarms[start : start + ALARMS_IN_MESSAGE]
            if self.webhook is not None:
                found.append((some[0].id, "webhook", message_body(self.origin, some)))
            if self.mailbox is not None:
                found.append(
                    (some[0].id, "mail", json.dumps(mail_text(self.origin, some), ensure_ascii=False))
                )
        return found

    def send(self, message: Message, *, now: int) -> None:
        """Deliver one message.

        Raises:
            InvalidInput, NotTrusted, Unavailable: it was not taken; the channel may have been switched off since.
        """
        match message.channel:
            case "webhook" if self.webhook is not None:
                self.webhook.send(message.id, message.body, now=now)
            case "mail" if self.mailbox is not None:
                subject, text = json.loads(message.body)
                self.mailbox.send(message.id, subject, text, now=now)
            case _:
                raise Unavailable(Sentence("there is no channel {name} any more", name=message.channel))


@dataclass(frozen=True, slots=True)
class Anchors:
    """How to look at the chain: nodes to ask instead of the trust root's (None: not at all), and how old is late."""

    endpoints: tuple[str, ...] | None
    max_age: int


@dataclass(slots=True)
class Run:
    """A monitor with its folder."""

    folder: Path
    trust_root: TrustRoot
    source: PatientSource
    watching: Monitor
    channels: Channels
    outbox: Outbox
    anchors: Anchors
    now: Callable[[], int]
    told: Told

    @classmethod
    def open(
        cls,
        source: PatientSource,
        folder: Path,
        trust_root: TrustRoot,
        watch: Callable[[LogFiles], Watch],
        *,
        channels: Channels,
        anchors: Anchors,
        now: Callable[[], int],
        told: Told,
    ) -> "Run":
        """Open a folder that this process holds.

        Raises:
            InvalidInput: the state is damaged or of another log.
            Unavailable: it cannot be read.
        """
        path = folder / FRAME.name
        state = MonitorState.parse(read_file(path, FRAME.max_bytes)) if path.exists() else None
        files = Mirror(source, folder / "log")
        watching = Monitor(watch(files), state)
        outbox = Outbox(folder / "outbox")
        return cls(folder, trust_root, source, watching, channels, outbox, anchors, now, told)

    def once(self) -> int:
        """Look once and tell; return the exit status.

        1. The chain, then the log. 2. Evidence of contradictions is kept. 3. Messages are put into the outbox.
        4. The state is kept. 5. It is printed. 6. What waits is delivered.
        """
        now = self.now()
        look = self._look(now)  # 1
        self._keep_evidence(look, now)  # 2
        lost = self._post(look.alarms, now)  # 3
        if look.state is not None:
            replace_file(self.folder / FRAME.name, look.state.to_bytes())  # 4
        self.told.look(look, now=now)  # 5
        waiting = self._deliver(now)  # 6
        if any(not alarm.is_notice for alarm in look.alarms):
            return EXIT_ALARM
        return EXIT_NOT_LOOKED if look.problems or waiting or lost else 0

    def _look(self, now: int) -> Look:
        chain: ChainLook | None = None
        problems = []
        endpoints = self.anchors.endpoints
        if endpoints is not None:
            try:
                chain = begin_look(
                    self.trust_root, endpoints, max_anchor_age=self.anchors.max_age, clock=self.now
                )
            except (InvalidInput, Unavailable) as error:
                problems.append(Sentence("the anchors could not be looked at: {error}", error=error))
        self.source.begin()
        try:
            look = self.watching.look(now=now, chain=chain)
        except Unavailable as error:
            look = self.watching.unreachable(error, now=now)
        finally:
            self.source.close()
        look.problems[:0] = problems
        return look

    def _keep_evidence(self, look: Look, now: int) -> None:
        """Keep contradicting notes, each once, in a file of its own that is never written again.

        The first ones say it all: a log that shows another lie at each look does not fill the disk.
        """
        folder = self.folder / "evidence"
        kept = {path.read_bytes() for path in folder.glob("*.note")} if look.notes else set()
        for number, note in enumerate(look.notes):
            data = note.encode()
            if data in kept or len(kept) >= MAX_EVIDENCE:
                continue
            kept.add(data)
            path = folder / f"{now}-{number}-size-{read_checkpoint(note).size}.note"
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(path, data)

    def _post(self, alarms: Sequence[Alarm], now: int) -> int:
        lost = 0
        for identifier, channel, body in self.channels.messages(alarms):
            if not self.outbox.add(identifier, channel, body, now=now):
                lost += 1
        if lost:
            self.told.undelivered(Sentence("the outbox is full: {count} messages were not kept", count=lost))
        return lost

    def _deliver(self, now: int) -> int:
        """Try what is due, oldest first; return how many messages wait now."""
        due = [message for message in self.outbox.waiting() if message.due <= now]
        for message in due[:_AT_ONCE]:
            try:
                self.channels.send(message, now=self.now())
            except CertlogError as error:
                given_up = self.outbox.failed(message, now=now)
                problem = Sentence("given up after a week: {error}", error=error) if given_up else str(error)
                self.told.undelivered(problem)
            else:
                self.outbox.delivered(message)
        return len(self.outbox.waiting())


@contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Make a folder where it is missing, and hold it: only one monitor uses it at a time.

    Raises:
        InvalidInput: another monitor uses it.
        Unavailable: it cannot be used.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unavailable(Sentence("cannot use {path}: {reason}", path=folder, reason=error)) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = Sentence("another monitor uses {path}", path=folder)
            raise InvalidInput(message, code="folder-in-use") from error
        yield
    finally:
        os.close(descriptor)
