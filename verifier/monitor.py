"""Watches a log: each look goes on where the last one ended, recomputes everything, and says what somebody should know.

Nothing that the registry says is taken over. A head that does not extend the last one is kept beside it: two signed
notes that contradict each other convince anyone. Where to look, where to tell and when is for the caller.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from certlog.checkpoint import Checkpoint
from certlog.digests import RootHash, same
from certlog.epoch_faults import future_fault
from certlog.errors import InvalidInput, Unavailable
from certlog.log_replay import LogReplay
from certlog.logged_entry import Examined, examine, examine_known
from certlog.note import note_signed_by, parse_note
from certlog.sentences import Sentence
from certlog.tile_reader import MissingTile, TileReader, read_bundle, require_leaves
from certlog.tiles import FULL, Tile, encode_bundle, tile_at
from certlog.timestamps import format_time
from certlog.tree import root_at
from certlog.trust_root import TrustRoot
from verifier.monitor_alarm import LASTING, Alarm, Concern
from verifier.monitor_mine import Mine, MyEntries
from verifier.monitor_state import FRAME, MonitorState

CHECKPOINT: Final = "checkpoint"
SAY_AGAIN: Final = 24 * 3600
"""Seconds after which what lasts is said again."""
_SINCE: Final = "unreachable-since"
MAX_ALARMS: Final = 1000
"""Alarms of one look; what comes after them is counted in one more."""


class LogFiles(Protocol):
    """The files of one log, some of them kept on this disk."""

    def read(self, path: str) -> bytes:
        """Return a file, kept or fetched; unverified, of bounded size.

        Raises:
            MissingTile: there is nothing at this path.
            Unavailable: it could not be found out.
        """
        ...

    def read_fresh(self, path: str) -> bytes:
        """Return a file as the log serves it now; raises as `read` does."""
        ...

    def keep(self, path: str, data: bytes) -> None:
        """Keep a file that was verified, whole or not at all."""
        ...

    def discard(self, path: str) -> bool:
        """Throw away a kept file that does not verify; tell whether there was one, so that asking again may help."""
        ...


@dataclass(frozen=True, slots=True)
class AnchorAlarm:
    """What a look at the chain found wrong."""

    concern: Concern
    size: int
    what: str


class ChainLook(Protocol):
    """One look at the contract: begun before the log's checkpoint is read, so that the checkpoint covers it."""

    def alarms(self, tree: TileReader, *, now: int) -> Iterator[AnchorAlarm]:
        """Compare what the contract holds with the tree of a signed head.

        Raises:
            Unavailable: the chain or the tiles could not be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Watch:
    """What to watch, and by what.

    Attributes:
        files: the log's files.
        trust_root: pins the log's keys and operator.
        mine: tells which bodies to watch over and what they have made by now; asked after the log's checkpoint was
            read, so that whatever a body keeps before it submits is known when it is found in the log.
        max_head_age: seconds after which the newest epoch is stale.
    """

    files: LogFiles
    trust_root: TrustRoot
    mine: Callable[[], tuple[Mine, ...]] = tuple
    max_head_age: int = 2 * 3600


@dataclass(slots=True)
class Look:
    """What one look found.

    Attributes:
        alarms: what to say, in the order in which it was found.
        state: where the next look goes on.
        notes: signed notes that contradict each other: to be kept as evidence.
        problems: what could not be looked at, and why.
        entries: how many entries were new.
    """

    alarms: list[Alarm] = field(default_factory=list)
    state: MonitorState | None = None
    notes: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)
    entries: int = 0


class Monitor:
    """Watches one log; keeps its replayed state between looks."""

    def __init__(self, watch: Watch, state: MonitorState | None) -> None:
        """Take what to watch, and where the last look ended (None: nothing was looked at yet).

        Raises:
            InvalidInput: the state is of another log or trust root.
        """
        self._watch = watch
        self._origin = watch.trust_root.origin
        fingerprint = watch.trust_root.fingerprint()
        if state is not None:
            FRAME.require_of(state, self._origin, fingerprint)
        self._state = state or MonitorState(self._origin, fingerprint, "", {})
        self._start()

    def look(self, *, now: int, chain: ChainLook | None = None) -> Look:
        """Look once.

        1. The checkpoint is of this log, and signed by a key that counts for its size.
        2. It extends the one that was seen before: else both are kept, and nothing of it is believed.
        3. Every new entry leads to its root, is examined and replayed; each epoch is what the entries call for.
        4. Entries in my name, about me, about my certificates.
        5. The newest epoch is fresh. 6. The newest anchor is fresh, and of this log.

        Args:
            now: seconds since the epoch.
            chain: a look at the chain that was begun just before; None where there is none.

        Raises:
            Unavailable: the log could not be read: nothing is known of it.
        """
        look = Look()
        note = self._watch.files.read_fresh(CHECKPOINT).decode(errors="replace")
        checkpoint = self._signed(note, look, now)  # 1
        if checkpoint is not None and self._extends(note, checkpoint, look, now):  # 2
            tree = self._tree(checkpoint)
            for mine in self._watch.mine():
                self._bodies.setdefault(mine.did, MyEntries(mine)).know(mine)
            if self._read(tree, look, now):  # 3, 4
                self._state = self._of(note)
                self._freshness(checkpoint, look, now)  # 5
                self._anchors(chain, tree, look, now)  # 6
        self._forget_what_was_said(look, now)
        look.state = self._state
        return look

    def unreachable(self, error: Unavailable, *, now: int) -> Look:
        """Return a look that could not be made; once that has lasted as long as a head may be old, it is an alarm."""
        look = Look(problems=[str(error)])
        since = min(self._state.lasting.get(_SINCE, now), now)
        if now - since >= self._watch.max_head_age:
            what = Sentence(
                "the log cannot be read since {time}: {error}", time=format_time(since), error=error
            )
            look.alarms.append(Alarm(Concern.UNREACHABLE, self._known, what, now))
        self._forget_what_was_said(look, now)
        lasting = {**self._state.lasting, _SINCE: since}
        look.state = self._state = MonitorState(
            self._origin, self._state.trust_root, self._state.note, lasting
        )
        return look

    def _start(self) -> None:
        self._replay = LogReplay(self._watch.trust_root.operator, self._origin)
        self._bodies: dict[str, MyEntries] = {}
        before = self._state.checkpoint
        self._known = 0 if before is None else before.size

    def _of(self, note: str) -> MonitorState:
        return MonitorState(self._origin, self._state.trust_root, note, self._state.lasting)

    def _tree(self, checkpoint: Checkpoint) -> TileReader:
        return TileReader(self._watch.files, checkpoint.size, checkpoint.root)

    def _signed(self, text: str, look: Look, now: int) -> Checkpoint | None:
        """Return the checkpoint of a note that a log key signed."""
        try:
            note = parse_note(text)
            checkpoint = Checkpoint.from_text(note.text)
            keys = [key.vkey for key in self._watch.trust_root.log_keys if key.covers(checkpoint.size)]
            if checkpoint.origin == self._origin and any(note_signed_by(note, key) for key in keys):
                return checkpoint
            what = Sentence(
                "the checkpoint of {origin}, size {size}, bears no signature of a log key that counts",
                origin=checkpoint.origin[:80],
                size=checkpoint.size,
            )
            look.alarms.append(Alarm(Concern.BAD_CHECKPOINT, 0, what, now))
        except InvalidInput as error:
            what = Sentence("the checkpoint cannot be read: {error}", error=error)
            look.alarms.append(Alarm(Concern.BAD_CHECKPOINT, 0, what, now))
        return None

    def _extends(self, note: str, checkpoint: Checkpoint, look: Look, now: int) -> bool:
        """Tell whether a head extends the one seen before; else say what it is instead, with both notes."""
        before = self._state.checkpoint
        if before is None or (before.size, before.root) == (checkpoint.size, checkpoint.root):
            return True
        smaller, larger = sorted((before, checkpoint), key=lambda head: head.size)
        found = self._root_within(larger, smaller.size, look, now)
        if found is not None and not same(found, smaller.root):
            what = Sentence(
                "TWO HISTORIES: heads of sizes {old} and {new}, both signed by the log, contradict each other; keep "
                "both notes and show them to the operator and the auditors",
                old=smaller.size,
                new=larger.size,
            )
            look.alarms.append(Alarm(Concern.TWO_HISTORIES, checkpoint.size, what, now))
            look.notes = (self._state.note, note)
            return False
        if checkpoint.size < before.size:
            what = Sentence(
                "the log shows a head of size {found}; one of size {expected} was seen before: an old copy is served",
                found=checkpoint.size,
                expected=before.size,
            )
            look.alarms.append(Alarm(Concern.ROLLED_BACK, checkpoint.size, what, now))
            look.notes = (self._state.note, note)
            return False
        return found is not None

    def _root_within(self, head: Checkpoint, size: int, look: Look, now: int) -> RootHash | None:
        """Return the root that the first `size` entries have in the tree of a head; None where that cannot be told."""
        if head.size == size:
            return head.root
        try:
            return root_at(size, self._tree(head).read)
        except (InvalidInput, MissingTile) as error:
            look.alarms.append(_wrong_entries(head.size, error, now))
        except Unavailable as error:
            what = Sentence(
                "heads of sizes {old} and {new} could not be compared: {error}",
                old=size,
                new=head.size,
                error=error,
            )
            look.problems.append(what)
        return None

    def _read(self, tree: TileReader, look: Look, now: int) -> bool:
        """Replay what a head adds; tell whether all of it was read."""
        before = len(look.alarms)
        try:
            for index, examined in self._examined(tree):
                self._add(index, examined, look, now)
        except (InvalidInput, MissingTile) as error:
            # What was read of it is not built upon, and told once all of it can be read.
            look.alarms[before:] = [_wrong_entries(tree.size, error, now)]
            self._start()
            return False
        except Unavailable:
            self._start()
            raise
        self._known = tree.size
        return True

    def _examined(self, tree: TileReader) -> Iterator[tuple[int, Examined]]:
        size = tree.size
        for number in range(self._replay.size // FULL, (size + FULL - 1) // FULL):
            tile = tile_at(size, None, number)
            entries = self._bundle(tree, tile)
            for index in range(max(tile.start, self._replay.size), tile.end):
                known = index < self._known
                look_at = examine_known if known else examine
                yield index, look_at(entries[index - tile.start], self._origin)

    def _bundle(self, tree: TileReader, tile: Tile) -> tuple[bytes, ...]:
        """Return the entries of a bundle, each of which leads to the tree's root; a damaged copy is fetched anew."""
        files = self._watch.files
        try:
            entries = self._verified(tree, tile)
        except InvalidInput:
            if not files.discard(tile.path):
                raise
            entries = self._verified(tree, tile)
        if tile.is_full:
            files.keep(tile.path, encode_bundle(entries))
        return entries

    def _verified(self, tree: TileReader, tile: Tile) -> tuple[bytes, ...]:
        entries = read_bundle(self._watch.files, tile)
        require_leaves(tile, entries, tree.hashes(Tile(0, tile.index, tile.width)))
        return entries

    def _add(self, index: int, examined: Examined, look: Look, now: int) -> None:
        findings = self._replay.add_examined(examined)
        noted = [noted for body in self._bodies.values() for noted in body.look(examined.fact)]
        if index < self._known:
            return
        look.entries += 1
        for finding in findings:
            what = Sentence("entry {index}: {what}", index=finding.index, what=finding.what)
            self._say(look, Alarm(Concern.INVALID_ENTRY, finding.index, what, now, str(finding.code)))
        for said in noted:
            what = Sentence("entry {index}: {what}", index=index, what=said.what)
            self._say(look, Alarm(said.concern, index, what, now))

    def _say(self, look: Look, alarm: Alarm) -> None:
        if len(look.alarms) < MAX_ALARMS:
            look.alarms.append(alarm)
        elif len(look.alarms) == MAX_ALARMS:
            what = Sentence("more than {most} things to say in one look; see the log itself", most=MAX_ALARMS)
            look.alarms.append(Alarm(Concern.INVALID_ENTRY, alarm.index, what, alarm.at))

    def _freshness(self, checkpoint: Checkpoint, look: Look, now: int) -> None:
        epoch = self._replay.epoch
        fault = None if epoch is None else future_fault(checkpoint.size, epoch, now)
        if fault is not None:
            look.alarms.append(Alarm(Concern.STALE_HEAD, checkpoint.size, fault.what, now))
        elif epoch is None or now - epoch.time > self._watch.max_head_age:
            told = Sentence("never") if epoch is None else format_time(epoch.time)
            what = Sentence("the log's newest epoch is of {time}: a signed status that is too old", time=told)
            look.alarms.append(Alarm(Concern.STALE_HEAD, checkpoint.size, what, now))

    def _anchors(self, chain: ChainLook | None, tree: TileReader, look: Look, now: int) -> None:
        if chain is None:
            return
        try:
            found = list(chain.alarms(tree, now=now))
        except (InvalidInput, Unavailable) as error:
            look.problems.append(Sentence("the anchors could not be looked at: {error}", error=error))
            return
        look.alarms += [Alarm(alarm.concern, alarm.size, alarm.what, now) for alarm in found]

    def _forget_what_was_said(self, look: Look, now: int) -> None:
        """Leave out what lasts and was said within a day; forget what has ended."""
        before, lasting, kept = self._state.lasting, dict[str, int](), list[Alarm]()
        for alarm in look.alarms:
            name = str(alarm.concern)
            said = before.get(name)
            if alarm.concern in LASTING and said is not None and 0 <= now - said < SAY_AGAIN:
                lasting[name] = said
                continue
            if alarm.concern in LASTING:
                lasting[name] = now
            kept.append(alarm)
        look.alarms = kept
        self._state = MonitorState(self._origin, self._state.trust_root, self._state.note, lasting)


def _wrong_entries(size: int, error: Exception, now: int) -> Alarm:
    what = Sentence("the log's files do not lead to the head that it signed: {error}", error=error)
    return Alarm(Concern.WRONG_ENTRIES, size, what, now)
