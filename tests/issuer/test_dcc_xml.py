"""Hostile XML (threat C1): refused by name, reaching nothing, within bounded memory and time."""

import http.server
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from lxml import etree

from certlog.errors import InvalidInput
from issuer import dcc_xml
from issuer.dcc_xml import MAX_ATTRIBUTE, MAX_DEPTH, MAX_ELEMENTS, MAX_XML_BYTES, parse_xml
from tests.support.controls import Control, nothing, require_failure, require_noticed
from tests.support.repository import ROOT

MEMORY_LIMIT_MB = 300
BODY = '<d xmlns="https://ptb.de/dcc">{}</d>'


class Trap(http.server.BaseHTTPRequestHandler):
    """Counts who asks; nobody should."""

    asked: ClassVar[list[str]]

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def trap() -> Iterator[tuple[str, list[str]]]:
    class Mine(Trap):
        asked: ClassVar[list[str]] = []

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mine)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", Mine.asked
    server.shutdown()
    server.server_close()
    thread.join()


def with_doctype(subset: str, body: str = "&x;") -> bytes:
    return f"<!DOCTYPE d {subset}>{BODY.format(body)}".encode()


def laughs(levels: int = 12) -> bytes:
    lines = ['<!ENTITY l0 "lol">']
    lines += [f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, levels)]
    return with_doctype(f"[{''.join(lines)}]", f"&l{levels - 1};")


def quadratic() -> bytes:
    return with_doctype(f'[<!ENTITY x "{"a" * 100_000}">]', "&x;" * 100_000)


def doctypes(address: str, secret: Path) -> dict[str, bytes]:
    return {
        "file": with_doctype(f'[<!ENTITY x SYSTEM "{secret.as_uri()}">]'),
        "http": with_doctype(f'[<!ENTITY x SYSTEM "{address}/entity">]'),
        "external DTD": with_doctype(f'SYSTEM "{address}/d.dtd"', ""),
        "public DTD": with_doctype(f'PUBLIC "-//X//Y" "{address}/p.dtd"', ""),
        "parameter entity": with_doctype(f'[<!ENTITY % p SYSTEM "{address}/p"> %p;]', ""),
        "in an attribute": b'<!DOCTYPE d [<!ENTITY x "a">]><d a="&x;"/>',
        "laughs": laughs(),
        "quadratic": quadratic(),
        "plain": b"<!DOCTYPE d><d/>",
        "after a comment": b"<!-- <d/> --><!DOCTYPE d [<!ENTITY x 'y'>]><d>&x;</d>",
    }


def test_every_document_type_is_refused_and_nobody_is_asked(
    trap: tuple[str, list[str]], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the issuer's own file")
    for name, data in doctypes(trap[0], secret).items():
        with pytest.raises(InvalidInput, match="DOCTYPE") as refused:
            parse_xml(data, name)
        assert "own file" not in str(refused.value)
    assert trap[1] == []


def test_addresses_in_a_document_are_never_followed(trap: tuple[str, list[str]]) -> None:
    address = trap[0]
    data = (
        f'<?xml-stylesheet href="{address}/style.xsl" type="text/xsl"?>'
        f'<d xmlns="https://ptb.de/dcc" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="https://ptb.de/dcc {address}/dcc.xsd"><a href="{address}/a"/></d>'
    )
    assert parse_xml(data.encode(), "x").tag == "{https://ptb.de/dcc}d"
    assert trap[1] == []


@pytest.mark.parametrize("namespace", ["http://www.w3.org/2001/XInclude", "http://www.w3.org/2003/XInclude"])
def test_xinclude_is_refused(namespace: str) -> None:
    data = f'<d><i:include xmlns:i="{namespace}" href="/etc/hostname" parse="text"/></d>'
    with pytest.raises(InvalidInput, match="XInclude"):
        parse_xml(data.encode(), "x")


def nested(levels: int) -> bytes:
    return b"<a>" * levels + b"</a>" * levels


TOO_MUCH = {
    "levels": nested(MAX_DEPTH + 1),
    "elements": b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>",
    "attributes": b"<a>" + b"".join(b'<b c="" d="" e=""/>' for _ in range(MAX_ELEMENTS - 1)) + b"</a>",
    "characters in an attribute": b'<a b="' + b"x" * (MAX_ATTRIBUTE + 1) + b'"/>',
    "characters in a name": b"<a " + b"x" * 201 + b'=""/>',
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_what_no_certificate_needs_is_refused(what: str) -> None:
    with pytest.raises(InvalidInput, match=f"more than .* {what}:"):
        parse_xml(TOO_MUCH[what], "x")


def test_the_bounds_themselves_are_allowed() -> None:
    parse_xml(nested(MAX_DEPTH), "x")
    parse_xml(b"<a>" + b"<b/>" * (MAX_ELEMENTS - 1) + b"</a>", "x")
    parse_xml(b'<a b="' + b"x" * MAX_ATTRIBUTE + b'"/>', "x")


def test_a_file_beyond_the_limit_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(InvalidInput, match="at most 8388608 bytes"):
        parse_xml(b"<" * (MAX_XML_BYTES + 1), "x")


OTHER_ENCODINGS = {
    "utf-16": '<?xml version="1.0" encoding="UTF-16"?><d/>'.encode("utf-16"),
    "utf-16 without a mark": "<d/>".encode("utf-16-le"),
    "utf-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE d+AD4-<d/>',
    "latin-1": '<?xml version="1.0" encoding="ISO-8859-1"?><d>é</d>'.encode("latin-1"),
    "ebcdic": b'<?xml version="1.0" encoding="cp037"?><d/>',
    "not what it says": b"<d>\xe9</d>",
    "behind many spaces": b'<?xml version="1.0"' + b" " * 300 + b'encoding="ISO-8859-1"?><d/>',
    "of several bytes, behind many spaces": b'<?xml version="1.0"' + b" " * 300 + b'encoding="utf-7"?><d/>',
    "unheard of": b'<?xml version="1.0"' + b"\n" * 300 + b'encoding="x-none"?><d/>',
}


@pytest.mark.parametrize("name", OTHER_ENCODINGS)
def test_only_utf8_is_read(name: str) -> None:
    with pytest.raises(InvalidInput, match="expected XML in UTF-8"):
        parse_xml(OTHER_ENCODINGS[name], "x")


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"<a>", b"<a/><b/>", b"<a:b/>", b"<a>&amp</a>", b"<a>&nbsp;</a>"]
)
def test_what_is_not_well_formed_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="not well-formed|UTF-8"):
        parse_xml(data, "x")


# A child process measures what a hostile file costs: nothing else runs in it.
CHILD = """
import sys, time
from tests.support.memory import peak_megabytes
from certlog.errors import InvalidInput
from issuer import dcc_xml
{prelude}
data = sys.stdin.buffer.read()
dcc_xml.lxml_etree()
began = time.monotonic()
try:
    dcc_xml.parse_xml(data, "x")
    code = "parsed"
except InvalidInput as error:
    code = error.code
print(code, time.monotonic() - began, peak_megabytes())
"""


def in_a_child(data: bytes, prelude: str = "") -> tuple[str, float, int]:
    """Return how it ended, the seconds, and the most megabytes that the process ever held."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(prelude=prelude)],
        input=data, capture_output=True, timeout=60, check=True, cwd=ROOT,
    )  # fmt: skip
    code, seconds, peak = done.stdout.decode().split()
    return code, float(seconds), int(peak)


COSTLY: dict[str, tuple[Callable[[], bytes], str]] = {
    "laughs": (laughs, "xml-doctype"),
    "quadratic": (quadratic, "xml-doctype"),
    "deep": (lambda: nested(1_000_000), "xml-bounds"),
    "one attribute": (lambda: b'<a b="' + b"x" * 8_000_000 + b'"/>', "xml-bounds"),
    "attributes": (lambda: b"<a " + b" ".join(b'a%d=""' % i for i in range(500_000)) + b"/>", "xml-bounds"),
    "elements": (lambda: b"<a>" + b"<b/>" * 2_000_000 + b"</a>", "xml-bounds"),
    "namespaces": (
        lambda: b"<a " + b" ".join(b'xmlns:n%d="u:%d"' % (i, i) for i in range(300_000)) + b"/>",
        "xml-bounds",
    ),
    "one text": (lambda: b"<a>" + b"x" * 8_000_000 + b"</a>", "parsed"),
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_hostile_file_costs_little_memory_and_time(name: str) -> None:
    make, wanted = COSTLY[name]
    code, seconds, peak = in_a_child(make())
    assert code == wanted
    assert peak < MEMORY_LIMIT_MB
    assert seconds < 20


def test_without_the_first_pass_memory_would_not_be_bounded() -> None:
    prelude = "dcc_xml._FirstPass.read = lambda self, data: None"
    _, _, peak = in_a_child(b"<a>" + b'<b c="d"/>' * 800_000 + b"</a>", prelude)
    assert peak > MEMORY_LIMIT_MB


# Controls: each defence switched off lets its test fail.


def resolving_parser(etree_: object) -> object:
    del etree_
    return etree.XMLParser(resolve_entities=True, load_dtd=True, no_network=False, huge_tree=True)


def test_a_parser_that_resolves_entities_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the issuer's own file")
    data = with_doctype(f'[<!ENTITY x SYSTEM "{secret.as_uri()}">]')

    def nothing_leaks() -> None:
        try:
            root = parse_xml(data, "x")
        except InvalidInput:
            return
        assert "own file" not in str(root.xpath("string()"))

    monkeypatch.setattr(dcc_xml._FirstPass, "_doctype", nothing)
    monkeypatch.setattr(dcc_xml, "_refuse_document_type", nothing)
    require_noticed(Control(dcc_xml, "safe_parser", resolving_parser, nothing_leaks), monkeypatch)


@pytest.mark.parametrize(
    ("name", "test"),
    [
        ("_bound", lambda: test_what_no_certificate_needs_is_refused("levels")),
        ("_bound", lambda: test_what_no_certificate_needs_is_refused("characters in an attribute")),
    ],
)
def test_a_first_pass_that_does_not_count_is_noticed(
    name: str, test: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(test)
    require_failure(Control(dcc_xml._FirstPass, name, nothing, test), monkeypatch)


def test_a_reader_that_lets_inclusions_pass_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    namespace = "http://www.w3.org/2001/XInclude"
    test = Control(dcc_xml, "_INCLUDES", frozenset(), lambda: test_xinclude_is_refused(namespace))
    require_noticed(test, monkeypatch)


def test_a_reader_of_every_encoding_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "behind many spaces"
    test = Control(dcc_xml._FirstPass, "_declaration", nothing, lambda: test_only_utf8_is_read(name))
    require_noticed(test, monkeypatch)


def test_a_document_type_that_passed_the_first_pass_stops_at_the_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dcc_xml._FirstPass, "_doctype", nothing)
    with pytest.raises(InvalidInput, match="DOCTYPE"):
        parse_xml(b"<!DOCTYPE d><d/>", "x")
