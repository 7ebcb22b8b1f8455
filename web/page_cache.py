"""Verdict pages that were rendered before, kept while nothing that they say has changed, for a few seconds at most.

Each request still asks the database what has changed: a withdrawal shows as soon as it is logged. Only working memory
is used, of bounded size, in each worker for itself.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

MAX_BYTES: Final = 32 * 1024 * 1024
MAX_SECONDS: Final = 10
"""Ages and dates on a page move with the clock; less than the time for which browsers may keep it."""


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A rendered page, and what its answer needs besides."""

    html: str
    status: int
    is_sealed: bool


@dataclass(frozen=True, slots=True)
class _Kept:
    page: KeptPage
    version: Hashable
    until: int


class PageCache:
    """Pages by what was asked for; the ones asked for least recently go first."""

    def __init__(self, now: Callable[[], int], *, max_bytes: int = MAX_BYTES) -> None:
        """Take the clock; begin empty."""
        self._now = now
        self._max_bytes = max_bytes
        self._pages: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, asked: Hashable, version: Hashable) -> KeptPage | None:
        """Return a page that still says what it would say now."""
        with self._lock:
            kept = self._pages.get(asked)
            if kept is None or kept.version != version or self._now() >= kept.until:
                return None
            self._pages.move_to_end(asked)
            return kept.page

    def put(self, asked: Hashable, version: Hashable, page: KeptPage) -> None:
        """Keep a page; `version` must have been read before the page was made."""
        with self._lock:
            self._forget(asked)
            self._pages[asked] = _Kept(page, version, self._now() + MAX_SECONDS)
            self._bytes += len(page.html)
            while self._bytes > self._max_bytes:
                self._forget(next(iter(self._pages)))

    def _forget(self, asked: Hashable) -> None:
        kept = self._pages.pop(asked, None)
        if kept is not None:
            self._bytes -= len(kept.page.html)
