"""What a file asks for, compared with what the journal holds: what is to be signed, and what must not be.

A chunk at a time: memory holds the numbers of a file's certificates, not the certificates.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from issuer.content_modes import ContentMode, mode_of
from issuer.draft_stream import DraftStream, Found
from issuer.drafts import Draft
from issuer.glyphs import FindUnprintable, unprintable_drafts
from issuer.journal import KEYS_AT_ONCE, Journal, Key
from issuer.problems import Place, RowProblem
from issuer.spool import Spool

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Comparing:
    """Compares drafts with one journal.

    Attributes:
        journal: what was signed before.
        did: the DID that will sign.
        find_unprintable: asks whoever sets the page.
        content: what the person chose; asked for each draft, since not every content may be public.
    """

    journal: Journal
    did: str
    find_unprintable: FindUnprintable
    content: ContentMode | None

    def compare(self, stream: DraftStream, spool: Spool) -> tuple[RowProblem, ...]:
        """Put every right draft into the spool, in the order of the file; return what is wrong with the others.

        What was signed before is kept, a changed input is refused, what is new must be printable, and a version
        beyond the first must follow one that is signed or in the file.

        Raises:
            InvalidInput: content that must not be public was to be.
        """
        problems: list[RowProblem] = []
        numbers: set[Key] = set()
        followers: list[tuple[int, Key, Place]] = []
        for chunk in chunks(stream.read(), KEYS_AT_ONCE):
            problems += self._compare_chunk(chunk, spool, numbers, followers)
        for position, (number, version), place in followers:
            before = (number, version - 1)
            if before not in numbers and not self.journal.find(self.did, *before):
                spool.drop(position)
                values = {"found": str(version), "expected": str(version - 1)}
                problems.append(RowProblem(place, "no-previous", values))
        problems.sort(key=lambda item: item.place.order)
        return tuple(problems)

    def _compare_chunk(
        self,
        chunk: Sequence[Found],
        spool: Spool,
        numbers: set[Key],
        followers: list[tuple[int, Key, Place]],
    ) -> Iterator[RowProblem]:
        drafts = [draft for draft, _ in chunk if draft is not None]
        for _, found in chunk:
            yield from found
        for draft in drafts:
            mode_of(draft.content, self.content)
        keys = [(draft.number, draft.version) for draft in drafts]
        numbers.update(keys)
        signed = self.journal.input_hashes(self.did, keys)
        changed = {key for key, draft in zip(keys, drafts, strict=True) if _differs(draft, signed.get(key))}
        new = [draft for key, draft in zip(keys, drafts, strict=True) if key not in signed]
        unprintable = {
            id(draft): problem for draft, problem in unprintable_drafts(new, self.find_unprintable)
        }
        for key, draft in zip(keys, drafts, strict=True):
            if key in changed:
                values = {"found": draft.number, "version": str(draft.version)}
                yield RowProblem(draft.source.place("number"), "changed-input", values)
            elif id(draft) in unprintable:
                yield unprintable[id(draft)]
            else:
                position = spool.add(draft, new=key not in signed)
                if draft.version > 1:
                    followers.append((position, key, draft.source.place("version")))


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of `size`, the last one shorter."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def _differs(draft: Draft, signed: bytes | None) -> bool:
    return signed is not None and signed != draft.input_hash
