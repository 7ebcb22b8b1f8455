"""Vectors of the smallest parts: strict JSON, canonical bytes, keys and certificate ids."""

from collections.abc import Iterator
from typing import Final

from certlog.certificate_id import certificate_id, format_id
from certlog.digests import DocumentHash, sha256
from certlog.encoding import b64url, base58btc
from tests.support.signing import ed25519, p256
from tools.vectors.case import Case, accepted, refused

KNOWN_ID: Final = "WERC8GMRZGE196QVYK49"


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    yield from _strict_json()
    yield from _canonical()
    yield from _keys()
    yield from _ids()


_REFUSED_JSON: Final = (
    ("float", "A number with a fraction.", '{"n":1.0}', "float"),
    ("exponent", "A number with an exponent.", '{"n":1e0}', "float"),
    ("minus-zero", "Minus zero.", '{"n":-0}', "integer-range"),
    ("nan", "NaN is not JSON.", '{"n":NaN}', "float"),
    ("infinity", "Infinity is not JSON.", '{"n":-Infinity}', "float"),
    (
        "two-to-the-53",
        "The first integer that some readers round.",
        '{"n":9007199254740992}',
        "integer-range",
    ),
    ("minus-two-to-the-53", "The same below zero.", '{"n":-9007199254740992}', "integer-range"),
    ("long-integer", "An integer of 400 digits.", "1" + "0" * 399, "integer-range"),
    ("escaped-duplicate", "One name written in two ways.", '{"a":1,"\\u0061":2}', "duplicate-member"),
    ("lone-surrogate", "Half a character, escaped.", '{"s":"\\ud800"}', "forbidden-character"),
    ("control-character", "An escaped line end in text.", '{"s":"a\\nb"}', "forbidden-character"),
    (
        "bidi-override",
        "A character that reverses the text after it.",
        '{"s":"a\\u202eb"}',
        "forbidden-character",
    ),
    ("zero-width-space", "A character that cannot be seen.", '{"s":"a\\u200bb"}', "forbidden-character"),
    (
        "soft-hyphen",
        "A hyphen that is shown only at a line's end.",
        '{"s":"a\\u00adb"}',
        "forbidden-character",
    ),
    (
        "tag-character",
        "An invisible character beyond the first plane.",
        '{"s":"a\\udb40\\udc41b"}',
        "forbidden-character",
    ),
    ("not-nfc", "A letter and its accent as two characters.", '{"s":"Trung ta\\u0302m"}', "not-nfc"),
    ("name-not-nfc", "The same in a name.", '{"ta\\u0302m":1}', "not-nfc"),
    ("trailing-data", "Something after the value.", "{}{}", "not-json"),
    ("trailing-comma", "A comma after the last item.", "[1,]", "not-json"),
    ("comment", "JSON has no comments.", "[1 /* one */]", "not-json"),
    ("leading-zero", "A number with a leading zero.", "[01]", "not-json"),
    ("depth-34", "Nesting deeper than 32 below the top value.", "[" * 34 + "]" * 34, "too-deep"),
)
_REFUSED_BYTES: Final = (
    ("byte-order-mark", "A byte order mark.", b"\xef\xbb\xbf{}", "not-json"),
    ("not-utf8", "A byte that no UTF-8 text has.", b'{"s":"\xff"}', "not-utf8"),
    ("encoded-surrogate", "A surrogate in UTF-8's clothes.", b'{"s":"\xed\xa0\x80"}', "not-utf8"),
    ("utf16", "Another encoding.", "{}".encode("utf-16"), "not-utf8"),
)


def _strict_json() -> Iterator[Case]:
    kind = "strict-json"
    for depth in range(1, 9):
        text = '{"x":' * (depth - 1) + '{"a":1,"a":2}' + "}" * (depth - 1)
        name = f"duplicate-name-depth-{depth}"
        yield refused(
            kind,
            name,
            f"A name appears twice in an object at depth {depth}.",
            {"text": text},
            "duplicate-member",
        )
    for name, about, text, code in _REFUSED_JSON:
        yield refused(kind, name, about, {"text": text}, code)
    for name, about, data, code in _REFUSED_BYTES:
        yield refused(kind, name, about, {"bytes": b64url(data)}, code)
    text = '{ "b" : [ 1 , -9007199254740991, null, true ],\n\t"a":"Trung t\\u00e2m" }'
    canonical = '{"a":"Trung tâm","b":[1,-9007199254740991,null,true]}'
    yield accepted(
        kind,
        "spaced",
        "White space and escapes are read; the canonical form has neither.",
        {"text": text},
        {"canonical": canonical},
    )
    nested = "[" * 33 + "]" * 33
    yield accepted(
        kind, "depth-33", "The deepest nesting that is read.", {"text": nested}, {"canonical": nested}
    )
    emoji = '"\\ud83d\\ude00"'
    yield accepted(
        kind, "surrogate-pair", "An escaped pair is one character.", {"text": emoji}, {"canonical": '"😀"'}
    )


def _canonical() -> Iterator[Case]:
    kind = "canonical-object"
    good = '{"a":{"b":1},"c":"Ủy ban"}'
    yield accepted(
        kind, "canonical", "Bytes that equal their own canonical form.", {"text": good}, {"canonical": good}
    )
    utf16 = '{"😀":1,"\uff21":2}'
    yield accepted(
        kind,
        "names-by-utf16",
        "Names are sorted by UTF-16 code units, not by code points.",
        {"text": utf16},
        {"canonical": utf16},
    )
    for name, about, text, code in (
        ("space", "A space after a colon.", '{"a": 1}', "not-canonical"),
        ("unsorted", "Names out of order.", '{"b":1,"a":2}', "not-canonical"),
        ("by-code-point", "Names sorted by code points.", '{"\uff21":2,"😀":1}', "not-canonical"),
        ("escaped-letter", "A letter that needs no escape.", '{"a":"\\u00e2"}', "not-canonical"),
        ("escaped-slash", "A slash that needs no escape.", '{"a":"\\/"}', "not-canonical"),
        ("newline-at-end", "A line end after the object.", '{"a":1}\n', "not-canonical"),
        ("array", "The top value is an object.", "[]", "not-object"),
    ):
        yield refused(kind, name, about, {"text": text}, code)


def _keys() -> Iterator[Case]:
    kind = "public-key"
    for name, signer in (("ed25519", ed25519("issuer")), ("p-256", p256("issuer"))):
        key = signer.public_key
        wanted = {"type": key.type.value, "raw": b64url(key.raw)}
        yield accepted(kind, name, f"A {key.type} key.", {"multibase": key.multibase}, {**wanted})
    raw = ed25519("issuer").public_key.raw
    for name, about, text in (
        ("no-prefix", "Without the multibase letter.", base58btc(b"\xed\x01" + raw)),
        ("short", "31 bytes of key.", "z" + base58btc(b"\xed\x01" + raw[:31])),
        ("long", "33 bytes of key.", "z" + base58btc(b"\xed\x01" + raw + b"\0")),
        ("leading-one", "A leading zero byte: a second spelling.", "z1" + base58btc(b"\xed\x01" + raw)),
        ("p-384", "A kind of key outside the allow-list.", "z" + base58btc(b"\x81\x24" + b"\x02" * 49)),
        ("secret-key", "A private key's codec.", "z" + base58btc(b"\x80\x26" + raw)),
        ("base64url", "Another multibase letter.", "u" + b64url(b"\xed\x01" + raw)),
    ):
        yield refused(kind, name, about, {"multibase": text}, "bad-key")


def _ids() -> Iterator[Case]:
    for name, data in (("nothing", b""), ("one", b"1"), ("two", b"2")):
        digest = DocumentHash(sha256(data))
        identifier = certificate_id(digest)
        about = f"The id of SHA-256 of {data.decode()!r}." if data else "The id of SHA-256 of nothing."
        wanted = {"id": identifier, "shown": format_id(identifier)}
        yield accepted("certificate-id", name, about, {"documentHash": b64url(digest)}, {**wanted})
    zeros = {"id": "0" * 20, "shown": "00000-00000-00000-00000"}
    yield accepted(
        "certificate-id", "zeros", "A hash of zero bytes.", {"documentHash": b64url(bytes(32))}, {**zeros}
    )
    for name, about, typed in (
        ("grouped", "Four groups of five.", "WERC8-GMRZG-E196Q-VYK49"),
        ("lower-case", "Small letters and spaces.", "werc8 gmrzg e196q vyk49"),
        ("letter-i", "The letter I is read as 1.", "WERC8GMRZGEI96QVYK49"),
        ("letter-l", "The letter L is read as 1.", "werc8gmrzgel96qvyk49"),
    ):
        yield accepted("typed-id", name, about, {"typed": typed}, {"id": KNOWN_ID})
    for name, about, typed in (
        ("substitution", "One character is another.", "WERC8GMRZGE196QVYK48"),
        ("neighbours-swapped", "Two neighbours changed places.", "EWRC8GMRZGE196QVYK49"),
        ("ends-swapped", "The first and the last character changed places.", "9ERC8GMRZGE196QVYK4W"),
        ("short", "One character is missing.", "WERC8GMRZGE196QVYK4"),
        ("long", "One character too many.", "WERC8GMRZGE196QVYK499"),
        ("letter-u", "U is not used.", "UERC8GMRZGE196QVYK49"),
        ("full-width", "A letter that only looks like W.", "\uff37ERC8GMRZGE196QVYK49"),
        ("dotless-i", "A letter whose capital is I.", "WERC8GMRZGE\u013196QVYK49"),
        ("empty", "Nothing.", ""),
    ):
        yield refused("typed-id", name, about, {"typed": typed}, "mistyped-id")
