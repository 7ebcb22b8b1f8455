"""Names that look like those of a body that is enrolled (UTS 39): refused at admission, unless it is stated why.

A reader tells two names apart by what they look like, so they are compared as that: confusable letters, case, marks,
spaces and punctuation are all one. `enrol` may name the bodies that it resembles, and why (certlog.scopes.Resemblance);
that is logged and signed by the operator. This is a rule of admission: a replay does not repeat it.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from confusable_homoglyphs import categories, confusables

from certlog.errors import InvalidInput
from certlog.issuer_record import IssuerRecord
from certlog.scopes import Names
from certlog.sentences import Sentence
from certlog.trust import Enrol

_KEPT: Final = 100_000
"""Looks that a process keeps: of each name of each enrolled body, some hundreds of bytes."""
_PUNYCODE: Final = "xn--"
_MARK: Final = "\u200e"
_COMMON: Final = ("COMMON", "INHERITED")
_TWO_FOR_ONE: Final = (("vv", "w"),)
"""What Unicode's table does not have and a reader still takes for one letter."""


@dataclass(frozen=True, slots=True)
class LookAlike:
    """An enrolled body that a new one resembles, and in what: both texts, as people write them."""

    did: str
    new: str
    known: str


def require_distinct(subject: str, enrol: Enrol, records: Iterable[IssuerRecord]) -> None:
    """Require that an enrolment resembles no enrolled body but those that it names.

    1. Its names, and the host of its DID, are written in Latin letters only: one script.
    2. No enrolled body has a name, a DID or a legal id that looks like its own, unless `resembles` says so.
    3. Each body that `resembles` names is one that it resembles.

    Raises:
        InvalidInput: one of these does not hold; the message names the body that it resembles and the remedy.
    """
    for text in _texts(enrol.names):  # 1
        _require_latin(text, "/names")
    _require_latin(shown_did(subject), "/subject")
    found = {alike.did: alike for alike in look_alikes(subject, enrol, records)}
    named = {resemblance.did for resemblance in enrol.resembles}
    for did, alike in found.items():  # 2
        if did not in named:
            message = Sentence(
                "{new!r} looks like {known!r} of {did}, which is enrolled; if both are right the operator enrols with "
                "--resembles {did}=REASON, which is logged",
                new=alike.new,
                known=alike.known,
                did=did,
            )
            raise InvalidInput(message, place="/names", code="looks-alike")
    for did in sorted(named - found.keys()):  # 3
        message = Sentence("{did} is not enrolled under a name that looks like this one", did=did)
        raise InvalidInput(message, place="/resembles", code="no-resemblance")


def look_alikes(subject: str, enrol: Enrol, records: Iterable[IssuerRecord]) -> Iterator[LookAlike]:
    """Yield each enrolled body that a new one resembles, once, with the first thing that is alike."""
    own = [*_texts(enrol.names), shown_did(subject)]
    for record in records:
        if record.did == subject:
            continue
        others = [*_texts(record.names), shown_did(record.did)]
        pairs = ((new, known) for new in own for known in others if looks(new) & looks(known))
        pair = next(pairs, None)
        if pair is None and enrol.legal_id == record.legal_id:
            pair = (enrol.legal_id, record.legal_id)
        if pair is not None:
            yield LookAlike(record.did, *pair)


@lru_cache(maxsize=_KEPT)
def looks(text: str) -> frozenset[str]:
    """Return what a text can be taken for: three skeletons, of the text as it stands, in capitals and in small letters.

    Two texts look alike if they share one: a capital I is taken for a small l, and a small i for a capital I.
    """
    return frozenset(_skeleton(form) for form in (text, text.upper(), text.lower()))


def shown_did(did: str) -> str:
    """Return what a person reads of a did:web: host and path, international labels as they are shown (RFC 3492)."""
    method, _, rest = did.removeprefix("did:").partition(":")
    if method != "web":
        return did
    host, *path = rest.replace("%3A", ":").split(":")
    return "/".join([".".join(_label(label) for label in host.split(".")), *path])


def _skeleton(text: str) -> str:
    """UTS 39, section 4, then less than it keeps: no case, no marks, no spaces, no punctuation."""
    folded = _mapped(unicodedata.normalize("NFD", text)).casefold()
    again = _mapped(unicodedata.normalize("NFD", folded)).casefold()
    kept = "".join(c for c in unicodedata.normalize("NFKD", again) if unicodedata.category(c)[0] in "LN")
    for pair, single in _TWO_FOR_ONE:
        kept = kept.replace(pair, single)
    return kept


def _mapped(text: str) -> str:
    prototypes = _prototypes()
    return "".join(prototypes.get(character, character) for character in text)


@cache
def _prototypes() -> Mapping[str, str]:
    """Return Unicode's table, one prototype for each character: the library has it as neighbours, both ways.

    A prototype is the neighbour with more neighbours than its own; between two with one each, the lower code point.
    """
    # The table sets letters that run from right to left between direction marks, which no name of ours may hold.
    neighbours = {
        key.replace(_MARK, ""): [item["c"].replace(_MARK, "") for item in items]
        for key, items in confusables.confusables_data.items()
    }
    found: dict[str, str] = {}
    for key, others in neighbours.items():
        best = max(others, key=lambda other: (len(neighbours.get(other, ())), other < key), default=key)
        ranks = len(neighbours.get(best, ())), len(others)
        if len(key) == 1 and (ranks[0] > ranks[1] or (ranks[0] == ranks[1] and best < key)):
            found[key] = best
    return found


def _require_latin(text: str, place: str) -> None:
    for character in text:
        script = categories.alias(character)  # type: ignore[no-untyped-call]  # the library has no types
        if script != "LATIN" and script not in _COMMON:
            message = Sentence(
                "{text!r}: expected Latin letters only, found {character!r} (U+{code:04X}), which is {script}",
                text=text,
                character=character,
                code=ord(character),
                script=script.title(),
            )
            raise InvalidInput(message, place=place, code="mixed-script")


def _texts(names: Names) -> list[str]:
    return [names.vi] if names.en is None else [names.vi, names.en]


def _label(label: str) -> str:
    if not label.startswith(_PUNYCODE):
        return label
    try:
        return label.removeprefix(_PUNYCODE).encode("ascii").decode("punycode")
    except UnicodeError as error:
        message = Sentence("{label!r} is no international label", label=label)
        raise InvalidInput(message, place="/subject", code="bad-did") from error
