"""What `certlog anchor recover` says where no program may repair: what was found, and what people can do. Pure.

Two reasons to halt are of this kind. A chain that took back what it had called final has nothing left that would prove
a repair. A log that contradicts what it sealed must be mended itself, never what is anchored of it.
"""

from anchoring.batch import Batch
from anchoring.checks import known_final
from anchoring.facts import Facts, LogFacts
from anchoring.line import Line, Pins
from certlog.digests import RootHash, same
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.timestamps import format_time


def after_violation(line: Line, facts: Facts, pins: Pins) -> InvalidInput:
    """Return what to do about a `finality-violation`."""
    held, last, head = facts.held, line.last_final, facts.final_head
    if facts.finalized.number < known_final(line):
        return _not_past(line, facts)
    if head.anchorer is None and facts.reopens is not None and pins.predecessor is not None:
        return _for_people(
            Sentence(
                "at finalized block {number} log {log_id} is not open, and the log before it still holds the head "
                "from which it was opened: the chain was set back to before that. Where those who run it confirm that "
                "it stays so, have the owner open the successor again: the id is the same, and the trust root stays "
                "right. certlog anchor open-successor --log-id {old} --size {size} --root {root} --anchorer {account}; "
                "once that is final, certlog anchor recover again",
                number=facts.finalized.number,
                log_id=pins.target.log_id.hex(),
                old=pins.predecessor.hex(),
                size=facts.reopens.size,
                root=facts.reopens.root.hex(),
                account=pins.account,
            )
        )
    if head.anchorer is None:
        return _for_people(
            Sentence(
                "at finalized block {number} log {log_id} is not open in {contract}: the chain was set back to before "
                "it was opened. Where those who run the chain confirm that, begin anew there, in a new contract: "
                'docs/anchoring.md, "A chain that was set back"',
                number=facts.finalized.number,
                log_id=pins.target.log_id.hex(),
                contract=pins.target.contract,
            )
        )
    if head.size not in _own_sizes(line, facts):
        return _for_people(
            Sentence(
                "the contract's head of size {size} at finalized block {number} is none that this database anchored: "
                "somebody else uses the anchorer's key on a chain that was set back; see the drill in "
                "docs/anchoring.md",
                size=head.size,
                number=facts.finalized.number,
            )
        )
    if held is None:
        return _for_people(
            Sentence(
                "at finalized block {number} the contract holds no anchor of this log: the chain was set back to "
                "before the first. Where those who run the chain confirm that, begin anew there, in a new contract: "
                'docs/anchoring.md, "A chain that was set back"',
                number=facts.finalized.number,
            )
        )
    if last is not None and held.number == last.number:
        return InvalidInput(
            Sentence(
                "the contract holds every final anchor at finalized block {number} again. Ask a second node; where it "
                "says so, too: certlog anchor resume",
                number=facts.finalized.number,
            ),
            code="resume",
        )
    return _for_people(
        Sentence(
            "the chain was set back: at finalized block {number} the contract's head is batch {batch}, of {size} "
            "entries, and what was anchored after it is gone. What such a chain calls final proves no repair. Where "
            "those who run it confirm that it stays so, the owner opens a successor from there, for a new anchorer: "
            "certlog anchor open-successor --size {size} --root {root}; then certlog anchor follow-successor "
            '(docs/anchoring.md, "A chain that was set back")',
            number=facts.finalized.number,
            batch=held.number,
            size=held.new.size,
            root=held.new.root.hex(),
        )
    )


def after_contradiction(line: Line, facts: Facts) -> InvalidInput:
    """Return what to do about `log-contradicts`: whether the log is older, another one, or right again."""
    log, last, batch = facts.log, line.last_final, line.open_batch
    known = batch or last
    if last is not None and (found := _compared(last, log.anchored_root, log)) is not None:
        return found
    if batch is not None and (found := _compared(batch, log.open_root, log)) is not None:
        return found
    if known is None:
        return _for_people(
            Sentence(
                "nothing of the log was sealed or anchored here: correct origin in the settings, or the data folder, "
                "then certlog anchor resume"
            )
        )
    if batch is not None and log.open_note != batch.note:
        return _for_people(
            Sentence(
                "the log's entries are those of batch {number}, but it no longer knows that it sealed them so: it was "
                "rebuilt without anchoring's database, or restored from an older copy. certlog rebuild takes what was "
                "sealed from anchoring's database; then certlog anchor resume",
                number=batch.number,
            )
        )
    return InvalidInput(
        Sentence(
            "the log holds the {size} entries that were sealed and anchored, with the same root: certlog anchor resume",
            size=known.new.size,
        ),
        code="resume",
    )


def behind(line: Line, facts: Facts) -> InvalidInput | None:
    """Return why a node's word is no ground for a repair: it shows less than was already read as final."""
    known = known_final(line)
    if facts.finalized.number >= known:
        return None
    return InvalidInput(
        Sentence(
            "the node is behind: its finalized block is {number}, block {known} was already read as final. Ask a node "
            "that has caught up",
            number=facts.finalized.number,
            known=known,
        ),
        code="behind",
    )


def not_open(pins: Pins) -> InvalidInput:
    """Return what to do where the log was never opened, and the worker's own transaction for it cannot be mined."""
    message = Sentence(
        "log {log_id} is not open in {contract}; its owner opens it with: certlog anchor open-log",
        log_id=pins.target.log_id.hex(),
        contract=pins.target.contract,
    )
    return InvalidInput(message, code="not-open")


def _not_past(line: Line, facts: Facts) -> InvalidInput:
    """Say the two things that a lower finalized block can mean; a step for ever is advised on neither."""
    known, last = known_final(line), line.last_final
    at = line.finalized_at
    if last is not None and line.finalized_number < known:
        at = last.changed_at
    return InvalidInput(
        Sentence(
            "block {known} was read as final at {time}, and this node's finalized block is {number}: either the node "
            "has not caught up, or the chain was set back and has not grown to that block again. Ask a node that has "
            "caught up, and those who run the chain; ask again once its finalized block is {known} or more. Nothing "
            "that cannot be undone is advised before",
            known=known,
            time="?" if at is None else format_time(at),
            number=facts.finalized.number,
        ),
        code="behind",
    )


def _compared(batch: Batch, root: RootHash | None, log: LogFacts) -> InvalidInput | None:
    """Return what to do where the log is not, or not any more, the one that batch is of."""
    if root is None:
        return _for_people(
            Sentence(
                "the log holds {size} entries, and batch {number} {wanted}: an older copy of it was restored. Put the "
                "newest one back, or make it anew from tiles or a mirror (certlog rebuild); then certlog anchor resume",
                size=log.size,
                number=batch.number,
                wanted=batch.new.size,
            )
        )
    if not same(root, batch.new.root):
        return _for_people(
            Sentence(
                "two histories: at {size} entries the log has root {root}, and batch {number} {wanted}. Anchor and "
                "sign nothing; keep both databases, and put back the one whose entries lead to the batch's root",
                size=batch.new.size,
                root=root.hex(),
                number=batch.number,
                wanted=batch.new.root.hex(),
            )
        )
    return None


def _own_sizes(line: Line, facts: Facts) -> set[int]:
    """Return the sizes that the contract's head may have: that of what it still holds, or of the open batch on top."""
    sizes = {facts.held.new.size if facts.held else 0}
    return sizes | ({line.open_batch.new.size} if line.open_batch and facts.anchored else set())


def _for_people(message: Sentence) -> InvalidInput:
    return InvalidInput(message, code="not-repairable")
