"""Audits a whole log: from its files, its lists and the chain to a list of findings, the first of them first.

Nothing that the registry says is taken over: state is recomputed from the entries, and compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from certlog.checkpoint import Checkpoint
from certlog.digests import RootHash, same
from certlog.epoch import Epoch
from certlog.epoch_faults import future_fault
from certlog.errors import Unavailable
from certlog.findings import Finding, in_order
from certlog.log_replay import LogReplay
from certlog.sentences import Sentence
from certlog.tile_reader import TileReader
from certlog.timestamps import format_time
from certlog.tree import EMPTY_ROOT
from verifier.anchor_log import AnchorLog, Announced, announced_anchors, read_anchor_log
from verifier.audit_anchors import AnchorPolicy, AuditedLog, anchor_findings
from verifier.audit_checkpoint import signed_checkpoint
from verifier.audit_documents import DocumentCounts, check_documents
from verifier.audit_entries import BundleReader, examined_in_order
from verifier.audit_lists import ListWatch, ServedList, list_differences, read_lists
from verifier.audit_parts import AuditFault, Findings, Part, PartResult, State
from verifier.audit_record import Audit, AuditRequest
from verifier.contract_calls import Head

CHECKPOINT_PATH: Final = "checkpoint"
LIST_ROUNDS: Final = 5
LIST_PAUSE: Final = 2.0
"""Seconds between two looks at lists that move while they are read."""
_EVERY: Final = 512
"""Entries between two signs of progress."""


def audit(request: AuditRequest) -> Audit:
    """Audit a log.

    1. What is announced on the chain, before the log is read: the log must cover it.
    2. The checkpoint: of this log, signed by a key that counts for its size, extending what was seen before.
    3. Every entry, compared with the tiles that lead to the signed root, examined and replayed; every epoch.
    4. The served lists, while the log moves on.
    5. The anchors.
    6. The published documents.

    Raises:
        Unavailable: no checkpoint could be read, so that nothing could be said.
    """
    return _Run(request).run()


@dataclass(slots=True)
class _Run:
    request: AuditRequest
    findings: Findings = field(default_factory=Findings)
    replay: LogReplay = field(init=False)
    epochs: dict[int, Epoch] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None
    note: str = ""
    bundles: BundleReader | None = None
    known: int = 0
    watch: ListWatch | None = None
    lists: tuple[ServedList, ...] = ()
    anchors: AnchorLog | None = None
    documents: DocumentCounts | None = None

    def __post_init__(self) -> None:
        trust_root = self.request.trust_root
        self.replay = LogReplay(trust_root.operator, trust_root.origin)

    def run(self) -> Audit:
        started = self.request.now()
        announced = self._announced()  # 1
        if self._open(self._fresh_checkpoint()):  # 2
            self._read_entries()  # 3
            self._check_lists()  # 4
            self._wait_for_epoch()
            self._check_clock()
            self._check_anchors(announced)  # 5
            self._check_documents()  # 6
            self._keep()
        return self._result(started)

    @property
    def size(self) -> int:
        return 0 if self.checkpoint is None else self.checkpoint.size

    @property
    def is_read(self) -> bool:
        return self.checkpoint is not None and self.replay.size == self.size

    @property
    def is_sound(self) -> bool:
        """Whether every entry was read, and all of them lead to the signed root."""
        return self.is_read and self.findings.result(Part.TREE, "").state is State.CLEAN

    def _announced(self) -> Announced | None:
        request = self.request
        if request.offline or not request.trust_root.chains:
            return None
        return announced_anchors(request.trust_root, endpoints=request.endpoints)

    def _fresh_checkpoint(self) -> str:
        data = self.request.mirror.read_fresh(CHECKPOINT_PATH)
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data.decode(errors="replace")

    def _open(self, note_text: str) -> bool:
        """Take a checkpoint over, if it is signed and extends what was seen; tell whether it was."""
        checkpoint = signed_checkpoint(note_text, self.request.trust_root)
        if isinstance(checkpoint, Finding):
            self.findings.add([checkpoint])
            return False
        before = self._seen_before()
        if before is not None and checkpoint.size < before[0]:
            what = Sentence(
                "the log shows a checkpoint of size {found}; one of size {expected} was seen before",
                found=checkpoint.size,
                expected=before[0],
            )
            expected, found = str(before[0]), str(checkpoint.size)
            self.findings.add([Finding(AuditFault.ROLLED_BACK, checkpoint.size, what, expected, found)])
            return False
        tree = TileReader(self.request.mirror, checkpoint.size, checkpoint.root)
        bundles = BundleReader(self.request.mirror, tree, self.findings)
        if before is not None and not self._extends(before, checkpoint, bundles):
            return False
        self.checkpoint, self.note, self.bundles = checkpoint, note_text, bundles
        return True

    def _seen_before(self) -> tuple[int, RootHash] | None:
        if self.checkpoint is not None:
            return self.checkpoint.size, self.checkpoint.root
        state = self.request.state
        return None if state is None else (state.size, state.root)

    def _extends(self, before: tuple[int, RootHash], checkpoint: Checkpoint, bundles: BundleReader) -> bool:
        size, root = before
        found = bundles.root_at(size)
        if found is None:
            return False
        if same(found, root):
            self.known = max(self.known, size)
            return True
        what = Sentence(
            "the first {size} entries had root {expected}; in the checkpoint of size {new_size} they have {found}",
            size=size,
            expected=root.hex(),
            new_size=checkpoint.size,
            found=found.hex(),
        )
        self.findings.add([Finding(AuditFault.TWO_HISTORIES, size, what, root.hex(), found.hex())])
        return False

    def _read_entries(self) -> None:
        """Replay what the checkpoint adds; `known` entries were verified before, under the same root."""
        if self.bundles is None:
            return
        request, replay, start, size = self.request, self.replay, self.replay.size, self.size
        known = self.known if request.state is not None else 0
        tasks = self.bundles.tasks(request.trust_root.origin, start=start, known=known)
        for examined in examined_in_order(tasks, entries=size - start, jobs=request.jobs):
            index = replay.size
            self.findings.add(replay.add_examined(examined))
            if isinstance(examined.fact, Epoch):
                self.epochs[index] = examined.fact
            if self.watch is not None:
                self.watch.look()
            if not index % _EVERY:
                request.progress(index, size)
        request.progress(replay.size, size)
        if replay.size < size:
            why = Sentence("only {read} of {size} entries could be read", read=replay.size, size=size)
            for part in (Part.ENTRIES, Part.EPOCHS):
                self.findings.could_not(part, why)

    def _follow(self) -> bool:
        """Replay what the log has signed since; tell whether that went well."""
        before = self.size
        try:
            note = self._fresh_checkpoint()
        except Unavailable as error:
            self.findings.could_not(Part.CHECKPOINT, str(error))
            return False
        if note == self.note:
            return True
        if not self._open(note):
            return False
        if self.size > before:
            self._read_entries()
        return self.is_read

    def _check_lists(self) -> None:
        if not self.is_read:
            self.findings.could_not(Part.LISTS, Sentence("not every entry could be read"))
            return
        mirror, trust_root = self.request.mirror, self.request.trust_root
        for attempt in range(LIST_ROUNDS):
            if attempt:
                self.request.sleep(LIST_PAUSE)
            try:
                self.lists = read_lists(mirror, trust_root, self.replay.lists.pairs, self.findings)
            except Unavailable as error:
                self.findings.could_not(Part.LISTS, str(error))
                return
            self.watch = ListWatch(self.lists, self.replay)
            if not self.watch.differing:
                return
            if not mirror.source.is_the_log:
                self.findings.left_out[Part.LISTS] = Sentence("this copy holds lists of another moment")
                return
            if not self._follow():
                self.findings.could_not(Part.LISTS, Sentence("not every entry could be read"))
                return
            if not self.watch.differing:
                return
        self.findings.add(list_differences(self.watch.differing if self.watch else (), self.replay))

    def _wait_for_epoch(self) -> None:
        """Follow the log until a checkpoint ends in an epoch, which alone can be cosigned."""
        waited = 0
        while self.is_read and self.size - 1 not in self.epochs and waited < self.request.wait_for_epoch:
            self.request.sleep(1)
            waited += 1
            if not self._follow():
                return

    def _check_clock(self) -> None:
        """An epoch of tomorrow, once cosigned, would be fresh tomorrow, whatever happens until then."""
        if self.replay.epoch is not None:
            fault = future_fault(max(self.epochs), self.replay.epoch, self.request.now())
            self.findings.add([] if fault is None else [fault])

    def _check_anchors(self, announced: Announced | None) -> None:
        request = self.request
        if announced is None:
            return
        if not self.is_sound:
            self.findings.could_not(Part.ANCHORS, Sentence("the entries do not lead to the signed root"))
            return
        root = request.trust_root
        policy = request.policy or AnchorPolicy(root.max_status_age, root.max_anchor_age)
        try:
            self.anchors = read_anchor_log(
                root, announced, self._own_heads(), now=request.now, endpoints=request.endpoints
            )
            if self.anchors.unread:
                self.findings.could_not(Part.ANCHORS, self.anchors.unread)
            if self.anchors.readings or not self.anchors.unread:
                served = self._served(self.anchors)
                self.findings.add(anchor_findings(served, self._audited(), policy, request.now()))
        except Unavailable as error:
            # A tile that cannot be read again: no root is known, so that nobody is accused of another one.
            self.findings.could_not(Part.ANCHORS, str(error))

    def _own_heads(self) -> Iterator[Head]:
        for index in self.epochs:
            root = self._root_at(index + 1)
            yield Head(index + 1, root)

    def _served(self, anchors: AnchorLog) -> AnchorLog:
        """Leave out what a copy of some day cannot have: anchors of entries after it."""
        if self.request.mirror.source.is_the_log:
            return anchors
        readings = tuple(reading for reading in anchors.readings if reading.size <= self.size)
        return replace(anchors, readings=readings)

    def _audited(self) -> AuditedLog:
        return AuditedLog(
            self.size,
            self._root_at,
            lambda size: self.epochs.get(size - 1),
            next(iter(self.epochs.values()), None),
            self.request.mirror.source.is_the_log,
        )

    def _root_at(self, size: int) -> RootHash:
        found = None if self.bundles is None else self.bundles.root_at(size)
        if found is None:
            raise Unavailable(Sentence("the root of the first {size} entries cannot be read", size=size))
        return found

    def _check_documents(self) -> None:
        if not self.request.documents or self.bundles is None:
            return
        if not self.is_sound:
            self.findings.could_not(Part.DOCUMENTS, Sentence("the entries do not lead to the signed root"))
            return
        try:
            self.documents = check_documents(
                self.request.mirror,
                self.replay,
                self.bundles.node,
                self.request.trust_root.origin,
                self.findings,
            )
        except Unavailable as error:
            self.findings.could_not(Part.DOCUMENTS, str(error))

    def _keep(self) -> None:
        """Make the mirror a log of its own: tiles, then the checkpoint that needs them, then the lists that fit it."""
        if self.bundles is None or not self.is_sound or self.findings.count:
            return
        mirror = self.request.mirror
        self.bundles.keep_tiles()
        mirror.keep(CHECKPOINT_PATH, self.note.encode())
        for found in self.lists:
            if self.replay.lists.bits(found.purpose, found.number) == found.bits:
                mirror.keep(found.path, found.data)

    def _result(self, started: int) -> Audit:
        request, checkpoint = self.request, self.checkpoint
        return Audit(
            origin=request.trust_root.origin,
            source=request.mirror.source.name,
            fingerprint=request.trust_root.fingerprint(),
            note=self.note,
            size=self.size,
            root=EMPTY_ROOT if checkpoint is None else checkpoint.root,
            started=started,
            finished=request.now(),
            parts=tuple(self._parts()),
            findings=in_order(self.findings.kept),
            finding_count=self.findings.count,
            anchors=() if self.anchors is None else self.anchors.readings,
            replay=self.replay,
            epochs=tuple(self.epochs.values()),
            ends_in_epoch=self.size - 1 in self.epochs,
            documents=self.documents,
            lists=self.lists,
        )

    def _parts(self) -> Iterator[PartResult]:
        request, findings = self.request, self.findings
        if self.checkpoint is None:
            yield from self._nothing_signed()
            return
        state = request.state
        seen = (
            Sentence("first audit of this log here")
            if state is None
            else Sentence("size {size}, seen on {at}", size=state.size, at=format_time(state.at))
        )
        yield findings.result(Part.CHECKPOINT, Sentence("size {size}, signed by the log", size=self.size))
        yield findings.result(Part.CONSISTENCY, seen)
        yield findings.result(Part.TREE, Sentence("root {root}", root=self.checkpoint.root.hex()))
        certificates = sum(1 for _ in self.replay.certificates())
        yield findings.result(
            Part.ENTRIES,
            Sentence(
                "{size} entries, {certificates} certificates",
                size=self.replay.size,
                certificates=certificates,
            ),
        )
        yield findings.result(
            Part.EPOCHS, Sentence("{count} epochs recomputed, all equal", count=len(self.epochs))
        )
        yield self._anchor_result()
        yield findings.result(Part.LISTS, Sentence("{count} lists", count=len(self.lists)))
        yield self._document_result()

    def _nothing_signed(self) -> Iterator[PartResult]:
        consistent = Sentence("not looked at")
        yield self.findings.result(Part.CHECKPOINT, consistent)
        if any(f.code in (AuditFault.ROLLED_BACK, AuditFault.TWO_HISTORIES) for f in self.findings.kept):
            yield self.findings.result(Part.CONSISTENCY, consistent)
        for part in (Part.TREE, Part.ENTRIES, Part.EPOCHS, Part.ANCHORS, Part.LISTS):
            yield PartResult(part, State.NOT_CHECKED, Sentence("there is no checkpoint to rest on"))

    def _anchor_result(self) -> PartResult:
        if not self.request.trust_root.chains:
            return PartResult(Part.ANCHORS, State.LEFT_OUT, Sentence("the trust root names no chain"))
        if self.request.offline:
            return PartResult(Part.ANCHORS, State.LEFT_OUT, Sentence("not checked: --offline"))
        count = 0 if self.anchors is None else len(self.anchors.readings)
        return self.findings.result(Part.ANCHORS, Sentence("{count} anchors", count=count))

    def _document_result(self) -> PartResult:
        if self.documents is None:
            what = Sentence("not checked: ask with --documents")
            return PartResult(Part.DOCUMENTS, State.LEFT_OUT, what)
        what = Sentence(
            "{read} documents; {absent} certificates have none that is public",
            read=self.documents.read,
            absent=self.documents.absent,
        )
        return self.findings.result(Part.DOCUMENTS, what)
