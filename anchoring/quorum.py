"""Several nodes as one chain: what k of them say alike counts, and who says otherwise is remarked. No web3 here.

A round begins when the chain id is asked for, which each look does first. In a round every endpoint is asked for chain
id and code hash; one that does not answer is left alone until the next round, so that it costs one time-out and no
more. Blocks are the newest that k nodes hold with the same hash, and state at a block is read from the nodes that hold
it. A transaction goes to every endpoint.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from anchoring.batch import Head
from anchoring.ports import (
    Anchor,
    Block,
    Chain,
    ContractHead,
    Disagreement,
    Receipt,
    Remark,
    SendAnswer,
)
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence, joined

T = TypeVar("T")

MAX_STEP_BACK: Final = 8
"""Blocks; at the tip nodes differ for a moment, and the newest block that k hold alike is a little below."""


class QuorumChain:
    """The Chain port over several nodes, k of which must agree."""

    def __init__(self, nodes: Mapping[str, Chain], quorum: int) -> None:
        """Join nodes; nothing is asked yet.

        Args:
            nodes: a port for each endpoint, by its name; the first is the one whose answer to a sending is kept.
            quorum: how many must say the same, 1 <= quorum <= len(nodes).

        Raises:
            InvalidInput: no such quorum is possible.
        """
        if not 1 <= quorum <= len(nodes):
            raise InvalidInput(
                Sentence("expected a quorum of 1 to {nodes}, found {quorum}", nodes=len(nodes), quorum=quorum)
            )
        self._all: Final = nodes
        self._quorum: Final = quorum
        self._silent: dict[str, str] = {}
        self._dissenting: dict[str, str] = {}
        self._holders: dict[bytes, tuple[str, ...]] = {}
        self._tips: dict[str, Block] = {}

    def chain_id(self) -> int:
        """Begin a round; return what k endpoints state."""
        self._silent, self._dissenting, self._holders, self._tips = {}, {}, {}, {}
        return self._pinned(Sentence("chain id"), lambda node: node.chain_id())

    def code_hash(self) -> bytes:
        """See Chain; asked of every endpoint."""
        return self._pinned(Sentence("code hash"), lambda node: node.code_hash())

    def latest(self) -> Block:
        """Return the newest block that k nodes hold alike."""
        height = self._height(self._all_tips())
        for number in range(height, max(-1, height - MAX_STEP_BACK), -1):
            blocks = self._blocks(number)
            if len(_winners(blocks, self._quorum)) == 1:
                return self._held(Sentence("newest block"), blocks)
        raise self._disagreement(Sentence("newest block"), self._blocks(height))

    def finalized(self) -> Block:
        """Return the newest block that k nodes call final; they must hold it alike."""
        height = self._height(self._ask(self._all, lambda node: node.finalized()))
        return self._held(Sentence("final block"), self._blocks(height))

    def block(self, number: int) -> Block:
        """See Chain."""
        return self._held(Sentence("block"), self._blocks(number))

    def head(self, log_id: bytes, at: Block) -> ContractHead:
        """See Chain."""
        return self._state(Sentence("head"), at, lambda node: node.head(log_id, at))

    def anchored_at(self, log_id: bytes, head: Head, at: Block) -> Anchor | None:
        """See Chain."""
        return self._state(Sentence("anchoredAt"), at, lambda node: node.anchored_at(log_id, head, at))

    def transaction_count(self, account: str, at: Block) -> int:
        """See Chain."""
        return self._state(
            Sentence("transaction count"), at, lambda node: node.transaction_count(account, at)
        )

    def balance(self, account: str, at: Block) -> int:
        """See Chain."""
        return self._state(Sentence("balance"), at, lambda node: node.balance(account, at))

    def gas_price(self) -> int:
        """Return the lowest price that k endpoints call enough, as honest nodes differ in what they suggest.

        Where one is enough, it is the first that answers, in their order: the lowest would be whoever asks nothing.
        Fewer than k that ask too little, or so few that k others are left and ask too much, move it to no price that no
        honest node suggests: neither to the fee limit, nor to where nothing is included.
        """
        prices = list(self._ask(self._all, lambda node: node.gas_price()).values())
        return prices[0] if self._quorum == 1 else sorted(prices)[self._quorum - 1]

    def estimate_gas(self, account: str, data: bytes) -> int:
        """Return the first endpoint's estimate: for people, nothing is decided by it."""
        return next(
            iter(self._ask(self._all, lambda node: node.estimate_gas(account, data), enough=1).values())
        )

    def send_raw(self, raw: bytes) -> SendAnswer:
        """Hand the transaction to every endpoint, once each; return the first answer.

        The bytes are the same, so that it does not matter how many take it.
        """
        answers = self._ask(self._all, lambda node: node.send_raw(raw), enough=1)
        return next((each for each in answers.values() if each.accepted), next(iter(answers.values())))

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """Return the receipt that k endpoints have alike, or None: what one alone says of it counts for nothing.

        Else one node could hold a batch back (a failure that nobody else saw), or use up the day's limit.
        """
        answers = self._ask(self._all, lambda node: node.receipt(tx_hash), enough=1)
        found = {endpoint: receipt for endpoint, receipt in answers.items() if receipt is not None}
        winners = _winners(found, self._quorum)
        return next((each for each in found.values() if {each} == winners), None)

    def remark(self) -> Remark | None:
        """Return who contradicted the others or did not answer in this round."""
        parts = [
            Sentence("{endpoint} says otherwise: {what}", endpoint=endpoint, what=what)
            for endpoint, what in self._dissenting.items()
        ]
        parts += [
            Sentence("{endpoint} does not answer: {problem}", endpoint=endpoint, problem=problem)
            for endpoint, problem in self._silent.items()
        ]
        return Remark(joined("; ", parts), disagreement=bool(self._dissenting)) if parts else None

    def _ask(
        self, nodes: Iterable[str], question: Callable[[Chain], T], *, enough: int | None = None
    ) -> dict[str, T]:
        """Ask nodes that answered so far in this round; at least `enough`, by default a quorum, must answer."""
        answers: dict[str, T] = {}
        for endpoint in nodes:
            if endpoint in self._silent:
                continue
            try:
                answers[endpoint] = question(self._all[endpoint])
            except Unavailable as error:
                self._silent[endpoint] = str(error)
        if len(answers) < (self._quorum if enough is None else enough):
            raise Unavailable(
                Sentence(
                    "{answers} of {nodes} nodes answer, {quorum} are needed: {problems}",
                    answers=len(answers),
                    nodes=len(self._all),
                    quorum=self._quorum if enough is None else enough,
                    problems=joined("; ", self._silent.values()),
                )
            )
        return answers

    def _agreed(self, what: Sentence, answers: dict[str, T]) -> T:
        """Return the one answer that k nodes give, and remark who gives another.

        Raises:
            Disagreement: no answer has k nodes, or more than one has.
        """
        winners = _winners(answers, self._quorum)
        if len(winners) != 1:
            raise self._disagreement(what, answers)
        winner = winners.pop()
        for endpoint, answer in answers.items():
            if answer != winner:
                self._dissenting[endpoint] = _said(what, answer)
        return winner

    def _state(self, what: Sentence, at: Block, question: Callable[[Chain], T]) -> T:
        """Ask for state only those who hold the block: others would speak of another history, or of none."""
        return self._agreed(what, self._ask(self._holders.get(at.hash, tuple(self._all)), question))

    def _pinned(self, what: Sentence, question: Callable[[Chain], T]) -> T:
        """Ask every endpoint what the operator pinned; whoever says otherwise is not asked again in this round."""
        agreed = self._agreed(what, self._ask(self._all, question))
        self._silent |= self._dissenting
        return agreed

    def _height(self, answers: dict[str, Block]) -> int:
        """Return the height that k nodes have reached."""
        return sorted((block.number for block in answers.values()), reverse=True)[self._quorum - 1]

    def _all_tips(self) -> dict[str, Block]:
        """Ask every node for its newest block, once in a round."""
        self._tips = self._tips or self._ask(self._all, lambda node: node.latest())
        return self._tips

    def _blocks(self, number: int) -> dict[str, Block]:
        """Return who holds which block at a height; a node that is not there yet is behind, not silent."""
        there = [endpoint for endpoint, tip in self._all_tips().items() if tip.number >= number]
        return self._ask(there, lambda node: node.block(number), enough=0)

    def _held(self, what: Sentence, blocks: dict[str, Block]) -> Block:
        """Return the block that k nodes hold, and remember who they are.

        Time and base fee must be the same, too: whoever lies about them alone would have us pay more, or wait.
        """
        block = self._agreed(what, blocks)
        self._holders[block.hash] = tuple(who for who, held in blocks.items() if held == block)
        return block

    def _disagreement(self, what: Sentence, answers: dict[str, T]) -> Disagreement:
        said = [
            Sentence("{endpoint}: {what}", endpoint=endpoint, what=_said(what, answer))
            for endpoint, answer in answers.items()
        ]
        return Disagreement(
            Sentence(
                "nodes disagree, {quorum} must say the same: {said}",
                quorum=self._quorum,
                said=joined("; ", said),
            )
        )


def _winners(answers: dict[str, T], quorum: int) -> set[T]:
    """Return what so many say alike."""
    said = list(answers.values())
    return {each for each in said if said.count(each) >= quorum}


def _said(what: Sentence, answer: object) -> Sentence:
    match answer:
        case Block(number, block_hash, time, base_fee):
            return Sentence(
                "{what} {number} {value} of time {time}, base fee {base_fee}",
                what=what,
                number=number,
                value="0x" + block_hash.hex(),
                time=time,
                base_fee=base_fee,
            )
        case bytes():
            return Sentence("{what} {value}", what=what, value="0x" + answer.hex())
        case _:
            return Sentence("{what} {value}", what=what, value=answer)
