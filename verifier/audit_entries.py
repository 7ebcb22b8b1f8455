"""Reads every entry of a signed tree and examines each by itself, in several processes.

Each bundle is compared with the tile beside it, which leads to the signed root, so that a wrong byte is named by its
entry; only what passed is kept in the mirror.
"""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Final, NamedTuple, TypeVar

from certlog.digests import RootHash, same
from certlog.errors import InvalidInput, Unavailable
from certlog.findings import Finding
from certlog.logged_entry import Examined, examine, examine_known
from certlog.sentences import Sentence
from certlog.tile_reader import MissingTile, TileReader, read_bundle
from certlog.tiles import FULL, Tile, decode_bundle, encode_bundle, tile_at, tiles_of
from certlog.tree import leaf_hash, root_at
from verifier.audit_parts import AuditFault, Findings, Part
from verifier.mirror import Mirror

_BUNDLES_AT_ONCE: Final = 8
"""Bundles in one task: some 2,000 entries, 0.2 s of work."""
_FEW: Final = 4096
"""Entries for which starting other processes takes longer than it saves."""

_T = TypeVar("_T")


class Task(NamedTuple):
    """Entries to examine in another process; those below `known` were verified before."""

    origin: str
    start: int
    known: int
    entries: tuple[bytes, ...]


def examine_task(task: Task) -> list[Examined]:
    """Examine the entries of one task."""
    return [
        (examine_known if task.start + offset < task.known else examine)(data, task.origin)
        for offset, data in enumerate(task.entries)
    ]


def examined_in_order(tasks: Iterable[Task], *, entries: int, jobs: int) -> Iterator[Examined]:
    """Yield the examined entries of all tasks, in order.

    Args:
        tasks: in log order.
        entries: how many there will be; few are examined here.
        jobs: processes to use.
    """
    if jobs < 2 or entries < _FEW:  # noqa: PLR2004 - one process is this one
        for task in tasks:
            yield from examine_task(task)
        return
    waiting: deque[Future[list[Examined]]] = deque()
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for task in tasks:
            waiting.append(pool.submit(examine_task, task))
            if len(waiting) > 2 * jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


class BundleReader:
    """Reads the bundles of one signed tree out of a mirror."""

    def __init__(self, mirror: Mirror, tree: TileReader, findings: Findings) -> None:
        """Take the mirror, the tree that its bundles must be of, and where findings go."""
        self._mirror = mirror
        self._tree = tree
        self._findings = findings
        self._told: set[str] = set()

    def tasks(self, origin: str, *, start: int, known: int) -> Iterator[Task]:
        """Yield every entry from `start` on; where a bundle cannot be read, reading ends and the part is unchecked."""
        size = self._tree.size
        waiting: list[bytes] = []
        first = start
        # One after another: a log can sign a size that no memory would hold a list of.
        numbers = range(start // FULL, (size + FULL - 1) // FULL)
        ahead = self._mirror.read_ahead(tile_at(size, None, number).path for number in numbers)
        for number, (_, found) in zip(numbers, ahead, strict=True):
            tile = tile_at(size, None, number)
            entries = self._verified(tile, found)
            if entries is None:
                break
            waiting += entries[max(0, start - tile.start) :]
            if len(waiting) >= _BUNDLES_AT_ONCE * FULL:
                yield Task(origin, first, known, tuple(waiting))
                first, waiting = first + len(waiting), []
        if waiting:
            yield Task(origin, first, known, tuple(waiting))

    def entries(self) -> Iterator[bytes]:
        """Yield every entry, each compared with the tree; reading ends where a bundle cannot be had."""
        for task in self.tasks("", start=0, known=0):
            yield from task.entries

    def _verified(self, tile: Tile, found: bytes | Unavailable) -> tuple[bytes, ...] | None:
        """Return the entries of a bundle, having compared them with the tree; None where they cannot be had."""
        entries = self._entries(tile, found)
        if entries is None:
            return None
        problems = self._differences(tile, entries)
        if problems and self._mirror.discard(tile.path):
            # It was this disk's damage, perhaps: ask the log.
            entries = self._entries(tile, None)
            if entries is None:
                return None
            problems = self._differences(tile, entries)
        self._findings.add(problems or ())
        if problems == [] and not self._mirror.holds(tile.path):
            self._mirror.keep(tile.path, encode_bundle(entries))
        return entries

    def _entries(self, tile: Tile, found: bytes | Unavailable | None) -> tuple[bytes, ...] | None:
        try:
            if isinstance(found, bytes):
                try:
                    return decode_bundle(found, tile.width)
                except InvalidInput:
                    if not self._mirror.discard(tile.path):
                        raise
            # Missing, damaged here, or grown into a full one.
            return read_bundle(self._mirror, tile)
        except InvalidInput as error:
            self._findings.add([Finding(AuditFault.WRONG_ENTRY, tile.start, str(error))])
        except MissingTile as error:
            missing(self._mirror, self._findings, tile.start, error)
        except Unavailable as error:
            self._findings.could_not(Part.TREE, str(error))
        return None

    def _differences(self, tile: Tile, entries: tuple[bytes, ...]) -> list[Finding] | None:
        """Return a finding for each entry that is not the tree's; None where the tree cannot be read here."""
        hashes = self.hashes(tile_at(self._tree.size, 0, tile.index))
        if hashes is None:
            return None
        problems = []
        for position, (entry, digest) in enumerate(zip(entries, hashes, strict=True)):
            if not same(found := leaf_hash(entry), digest):
                index = tile.start + position
                what = Sentence(
                    "entry {index}: expected leaf hash {expected}, its bytes have {found}",
                    index=index,
                    expected=digest.hex(),
                    found=found.hex(),
                )
                problems.append(Finding(AuditFault.WRONG_ENTRY, index, what, digest.hex(), found.hex()))
        return problems

    def hashes(self, tile: Tile) -> tuple[bytes, ...] | None:
        """Return the hashes of a tile that lead to the signed root; a finding and None where they do not."""
        return self._guarded(lambda: self._tree.hashes(tile), tile.start)

    def root_at(self, size: int) -> RootHash | None:
        """Return the root of the first `size` entries; a finding and None where a tile does not lead to the root."""
        return self._guarded(lambda: root_at(size, self._tree.read), size)

    def node(self, level: int, index: int) -> bytes:
        """Return a node of the tree (its NodeReader).

        Raises:
            Unavailable: it cannot be read; where a tile is at fault, that is a finding already.
        """
        found = self._guarded(lambda: self._tree.read(level, index), index << level)
        if found is None:
            raise Unavailable(
                Sentence("entry {index} cannot be compared with the tree", index=index << level)
            )
        return found

    def _guarded(self, read: Callable[[], _T], index: int) -> _T | None:
        while True:
            try:
                return read()
            except InvalidInput as error:
                if any([self._mirror.discard(path) for path in error.place.split(", ")]):  # noqa: C419 - all of them
                    continue
                if error.place not in self._told:
                    self._told.add(error.place)
                    self._findings.add([Finding(AuditFault.WRONG_TILE, index, str(error))])
            except MissingTile as error:
                missing(self._mirror, self._findings, index, error)
            except Unavailable as error:
                self._findings.could_not(Part.TREE, str(error))
            return None

    def keep_tiles(self) -> None:
        """Keep every hash tile of the tree in the mirror, so that it serves as a log of its own."""
        for tile in tiles_of(self._tree.size):
            if tile.level is not None and not self._mirror.holds(tile.path):
                hashes = self.hashes(tile)
                if hashes is not None:
                    self._mirror.keep(tile.path, b"".join(hashes))


def missing(mirror: Mirror, findings: Findings, index: int, error: MissingTile) -> None:
    """Note a file that is not there: a finding where the log itself was asked, else only what could not be checked."""
    if mirror.source.is_the_log:
        what = Sentence("{error}; a log serves every file of what it has signed", error=error)
        findings.add([Finding(AuditFault.MISSING, index, what)])
    else:
        findings.could_not(Part.TREE, str(error))
