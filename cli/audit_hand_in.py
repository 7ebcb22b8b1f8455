"""`certlog audit --cosign KEYFILE --hand-in`: brings the cosigned checkpoint to the log, and says what it answered."""

import http.client
from typing import Final

from certlog.errors import InvalidInput, Unavailable
from certlog.note import MAX_NOTE_BYTES, VerifierKey
from certlog.sentences import Sentence
from certlog.strict_json import as_text, get_int, get_items, get_str, parse_object
from cli.language import language_of_answers
from cli.outgoing import Limits, Received, post
from verifier.registry_client import RegistryAddress

PATH: Final = "/api/v1/cosignatures"
LIMITS: Final = Limits(seconds=20, most=64 * 1024)
_MOST_COSIGNERS: Final = 1000
_REFUSALS: Final = {
    http.client.FORBIDDEN: Sentence(
        "the log does not count this auditor's key; give its operator the key that `certlog audit keygen` printed"
    ),
    http.client.UNPROCESSABLE_ENTITY: Sentence(
        "the log refuses the cosigned checkpoint. If it says that it did not sign this head, KEEP THE FILE: the log's "
        "own signature stands on it, and the file proves a second history"
    ),
    http.client.NOT_FOUND: Sentence("nothing there takes cosignatures: a mirror of the log, perhaps"),
    http.client.TOO_MANY_REQUESTS: Sentence("the log has too much to do: hand it in again later"),
    http.client.SERVICE_UNAVAILABLE: Sentence("the log cannot take it now: hand it in again later"),
}


def hand_in(log: RegistryAddress, note: str, key: VerifierKey, size: int) -> Sentence:
    """Post a cosigned checkpoint to its log; return what came of it.

    Args:
        log: the log's address, which the auditor named.
        note: the checkpoint with the auditor's line.
        key: the auditor's, whose name the log must give back.
        size: of the checkpoint.

    Raises:
        Unavailable: no answer, or the log did not take it; the message says why and what to do.
        InvalidInput: it says that it took something else.
    """
    headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "Accept": "application/json",
        "Accept-Language": language_of_answers(),
    }
    answer = post(f"{log.url}{PATH}", note.encode(), headers, LIMITS, inner_hosts=None)
    if answer.status != http.client.OK:
        raise Unavailable(_refusal(answer))
    new = _taken(answer.body, key, size)
    if new:
        return Sentence("handed in: the log keeps the cosignature of size {size}", size=size)
    return Sentence("handed in: the log had a cosignature of this auditor for size {size} already", size=size)


def _taken(body: bytes, key: VerifierKey, size: int) -> int:
    """Return how many cosignatures were new, after a look at what the log says that it took."""
    obj = parse_object(body, max_bytes=LIMITS.most)
    names = get_items(obj, "cosigners", "", as_text, most=_MOST_COSIGNERS)
    found = get_int(obj, "size")
    if found != size or key.name not in names:
        message = Sentence(
            "the log says that it took size {found} by {names}; expected size {size} by {name}",
            found=found,
            names=", ".join(names)[:MAX_NOTE_BYTES],
            size=size,
            name=key.name,
        )
        raise InvalidInput(message, code="other-cosignature")
    return get_int(obj, "new")


def _refusal(answer: Received) -> Sentence:
    meaning = _REFUSALS.get(answer.status)
    if meaning is None:
        return Sentence("not handed in: expected status 200, found {status}", status=answer.status)
    told = _detail(answer.body)
    if not told:
        return Sentence("not handed in: {meaning}", meaning=meaning)
    return Sentence("not handed in: {meaning} (it says: {told})", meaning=meaning, told=told)


def _detail(body: bytes) -> str:
    """Return what a problem document says; nothing where the body is none."""
    try:
        return get_str(parse_object(body, max_bytes=LIMITS.most), "detail")[:500]
    except InvalidInput:
        return ""
