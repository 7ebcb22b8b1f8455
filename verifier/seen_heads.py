"""The heads that this device itself read, final, from a pinned contract: what lets it verify offline later.

A small file of the device's own (docs/formats.md, section 9). Whoever can write it can make offline answers say what
they like, as with the trust root: keep both where only their owner writes.
"""

from collections.abc import Iterable
from typing import Final

from certlog.canonical import canonicalize
from certlog.digests import digest_from_text
from certlog.encoding import b64url
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, JSONValue, get_int, get_list, get_str, members, parse_object
from certlog.timestamps import format_time, parse_time
from verifier.chain_view import AnchorReading

SEEN_VERSION: Final = 1
MAX_SEEN: Final = 10_000
MAX_SEEN_BYTES: Final = 8 * 1024 * 1024
_MEMBERS: Final = ("chainId", "contract", "logId", "size", "root", "blockTime", "blockNumber")


def parse_seen(data: bytes) -> tuple[AnchorReading, ...]:
    """Read a file of seen heads.

    Raises:
        InvalidInput: not such a file.
    """
    obj = members(parse_object(data, max_bytes=MAX_SEEN_BYTES), required=("v", "heads"))
    if get_int(obj, "v") != SEEN_VERSION:
        raise InvalidInput(
            Sentence("expected seen heads of version {seen_version}", seen_version=SEEN_VERSION),
            place="/v",
            code="bad-version",
        )
    return tuple(_from_json(item, f"/heads/{i}") for i, item in enumerate(get_list(obj, "heads")))


def add_seen(seen: Iterable[AnchorReading], read: Iterable[AnchorReading]) -> tuple[AnchorReading, ...]:
    """Return the seen heads with the final anchors of a new reading; the newest are kept."""
    final = [reading for reading in read if reading.final and reading.block_time is not None]
    kept = {_identity(reading): reading for reading in (*seen, *final)}
    return tuple(sorted(kept.values(), key=lambda r: (r.block_time or 0, r.size)))[-MAX_SEEN:]


def format_seen(seen: Iterable[AnchorReading]) -> bytes:
    """Return the file: canonical JSON."""
    heads: list[JSONValue] = [_to_json(reading) for reading in seen]
    return canonicalize({"v": SEEN_VERSION, "heads": heads})


def _identity(reading: AnchorReading) -> tuple[int, str, str, int, bytes]:
    return reading.chain_id, reading.contract, reading.log_id, reading.size, reading.root


def _from_json(value: JSONValue, place: str) -> AnchorReading:
    obj = members(value, required=_MEMBERS, place=place)
    return AnchorReading(
        chain_id=get_int(obj, "chainId", place),
        contract=get_str(obj, "contract", place),
        log_id=get_str(obj, "logId", place),
        size=get_int(obj, "size", place),
        root=digest_from_text(get_str(obj, "root", place)),
        block_time=parse_time(get_str(obj, "blockTime", place), f"{place}/blockTime"),
        block_number=get_int(obj, "blockNumber", place),
        final=True,
    )


def _to_json(reading: AnchorReading) -> JSONObject:
    return {
        "chainId": reading.chain_id,
        "contract": reading.contract,
        "logId": reading.log_id,
        "size": reading.size,
        "root": b64url(reading.root),
        "blockTime": format_time(reading.block_time or 0),
        "blockNumber": reading.block_number or 0,
    }
