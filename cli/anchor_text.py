"""What `certlog anchor` and the worker say of batches and steps, in the language of the process.

Names of states and of reasons for a halt are the API's and docs/anchoring.md's; what an earlier version stored without
saying how it was made is shown as it was stored, in English.
"""

import re
import time
from collections.abc import Callable, Mapping
from typing import Final

from rich.table import Table

from anchoring.batch import State
from anchoring.store import BatchSummary, Poll
from anchoring.worker import Did, Step
from certlog.sentences import Sentence, joined
from certlog.timestamps import format_time
from cli.language import in_words

_DONE: Final[Mapping[Did, Sentence]] = {
    Did.WAITED: Sentence("waited"),
    Did.STARTED: Sentence("started"),
    Did.OPENING_PREPARED: Sentence("opening prepared"),
    Did.OPENING_SENT: Sentence("opening sent"),
    Did.OPENED: Sentence("log opened"),
    Did.SEALED: Sentence("sealed"),
    Did.PREPARED: Sentence("prepared"),
    Did.SENT: Sentence("sent"),
    Did.BUMPED: Sentence("offered more for gas"),
    Did.REQUEUED: Sentence("ran out of gas, tried again with more"),
    Did.SEEN: Sentence("seen"),
    Did.FINAL: Sentence("final"),
    Did.LOST: Sentence("lost"),
    Did.HALTED: Sentence("halted"),
    Did.UNAVAILABLE: Sentence("unavailable"),
    Did.OUTPACED: Sentence("outpaced"),
}
_STATES: Final[Mapping[State, Sentence]] = {
    State.SEALED: Sentence("SEALED"),
    State.PREPARED: Sentence("PREPARED"),
    State.BROADCAST: Sentence("BROADCAST"),
    State.INCLUDED: Sentence("INCLUDED"),
    State.FINAL: Sentence("FINAL"),
}
_COLUMNS: Final = (
    Sentence("batch"),
    Sentence("chain"),
    Sentence("state"),
    Sentence("entries"),
    Sentence("block"),
    Sentence("anchored"),
    Sentence("transaction"),
)


class News:
    """Tells which steps of a line are news: each new thing once, and that trouble is over."""

    def __init__(self) -> None:
        """Know of nothing."""
        self._last: Step | None = None

    def is_news(self, step: Step) -> bool:
        """Tell whether to say this step; of those that find nothing to do only the first after trouble (`is_over`)."""
        before = self._last
        if is_over(step) and (before is None or before.did not in TROUBLE or is_over(before)):
            return False
        self._last = step
        return before is None or not _alike(step, before)


TROUBLE: Final = frozenset({Did.UNAVAILABLE, Did.OUTPACED, Did.WAITED})
"""After these something is waited for: what, stands in the detail."""


def is_over(step: Step) -> bool:
    """Tell whether nothing is waited for: neither the chain nor the database, nor anything that a line needs."""
    return step.did is Did.WAITED and not step.detail


def _alike(one: Step, other: Step) -> bool:
    """Tell whether two steps say the same; in trouble, whatever its numbers: an age grows with every look."""
    if one.did is not other.did or one.did not in TROUBLE:
        return one == other
    return _NUMBERS.sub("", one.detail) == _NUMBERS.sub("", other.detail)


_NUMBERS: Final = re.compile(r"[0-9]+")


def step_reporter(write: Callable[[str], object], line: str = "") -> Callable[[Step], None]:
    """Return a report that writes what is news; `line` is named where there are several."""
    news = News()

    def report(step: Step) -> None:
        if not news.is_news(step):
            return
        done = Sentence("works again") if is_over(step) else _DONE[step.did]
        what = joined(": ", [done, step.detail] if step.detail else [done])
        at = format_time(int(time.time()))
        said = Sentence("{time} anchoring: {what}", time=at, what=what)
        if line:
            said = Sentence("{time} anchoring ({line}): {what}", time=at, line=line, what=what)
        write(in_words(said))

    return report


def poll_lines(poll: Poll) -> list[Sentence]:
    """Return what the worker last read of one line, and why it stopped if it did."""
    lines = [
        Sentence(
            "chain {chain_id}, contract {contract}, log 0x{log_id}",
            chain_id=poll.chain_id,
            contract=poll.contract,
            log_id=poll.log_id.hex(),
        )
    ]
    if poll.halt is not None:
        lines.append(
            Sentence(
                "  HALTED since {time}: {reason}: {detail}",
                time=format_time(poll.halt.at),
                reason=poll.halt.reason,
                detail=poll.halt.detail,
            )
        )
        lines.append(
            Sentence("  what to do: docs/anchoring.md, then certlog anchor resume, or certlog anchor recover")
        )
    if poll.read_at is None:
        lines.append(Sentence("  the chain was never read"))
    else:
        lines.append(
            Sentence(
                "  read {time}: newest block {latest}, final {final}, head of {size} entries",
                time=format_time(poll.read_at),
                latest=poll.latest_number,
                final=poll.finalized_number,
                size=poll.head_size,
            )
        )
    if poll.problem:
        since = format_time(poll.problem_at) if poll.problem_at is not None else "?"
        lines.append(Sentence("  problem at {time}: {problem}", time=since, problem=poll.problem))
    return lines


def batch_table(batches: tuple[BatchSummary, ...]) -> Table:
    """Return the batches as a table in the language of this process, with the chain where there are several."""
    several = len({batch.chain_id for batch in batches}) > 1
    table = Table()
    for name in (
        _COLUMNS if several else [name for name in _COLUMNS if name != "chain"]
    ):  # a hash may break over lines, a number or a time may not
        table.add_column(in_words(name), no_wrap=name is not _COLUMNS[-1], overflow="fold")
    for batch in batches:
        table.add_row(
            str(batch.number),
            *([str(batch.chain_id)] if several else []),
            in_words(_STATES[batch.state]),
            str(batch.size),
            "" if batch.block_number is None else str(batch.block_number),
            "" if batch.block_time is None else format_time(batch.block_time),
            "" if batch.tx_hash is None else "0x" + batch.tx_hash.hex(),
        )
    return table
