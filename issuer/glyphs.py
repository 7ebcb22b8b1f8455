"""Finds the drafts whose text the printed page has no shape for, while they can still be mended: before signing.

It knows no fonts: whoever sets the page is asked. Where a character stands, the draft's source tells.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from certlog.canonical import canonicalize
from issuer.drafts import Draft
from issuer.problems import RowProblem

FindUnprintable: TypeAlias = Callable[[str], str]
"""Returns the characters of a text that the printed page cannot show; empty for nearly every text."""

_SHOWN: Final = 10


def unprintable_drafts(
    drafts: Sequence[Draft], find_unprintable: FindUnprintable
) -> Iterator[tuple[Draft, RowProblem]]:
    """Yield each draft that holds a character that cannot be printed, with its problem.

    Args:
        drafts: certificates that are to be signed.
        find_unprintable: asked once for the characters of all of them.
    """
    if not drafts:
        return
    texts = [canonicalize(draft.content).decode() for draft in drafts]
    unprintable = find_unprintable("".join(sorted(set().union(*texts))))
    for draft, text in zip(drafts, texts, strict=True):
        found = "".join(character for character in unprintable if character in text)
        if found:
            place = draft.source.place(draft.source.name_of(found[0]))
            yield draft, RowProblem(place, "unprintable", {"found": " ".join(found[:_SHOWN])})
