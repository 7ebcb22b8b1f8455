"""A connection that breaks in the middle of an answer is a trouble of the network, never a finding about the log."""

import http.server
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from certlog.errors import Unavailable
from cli.outgoing import Limits, post
from tests.support.controls import Control, nothing, require_noticed
from tests.support.loopback import serving
from tests.support.served_log import write_log
from tests.verifier.audited import audited, codes, sample
from verifier import log_source
from verifier.json_rpc import Call, Endpoint
from verifier.log_source import WebSource
from verifier.registry_client import RegistryAddress


@contextmanager
def cut_off(folder: Path, part: str) -> Iterator[str]:
    """Serve a folder; of what lies below `part` only the first half arrives, whatever length was announced."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = folder / self.path[1:]
            data = path.read_bytes() if path.is_file() else b""
            self.send_response(200 if data else 404)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.path.startswith(f"/{part}"):
                self.close_connection = True
                data = data[: len(data) // 2]
            self.wfile.write(data)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            return None

    with serving(Handler) as url:
        yield url


def test_an_answer_that_is_cut_off_is_no_finding_of_an_audit(tmp_path: Path) -> None:
    log, documents = sample()
    folder = write_log(log, tmp_path, documents)
    for part in ("tile/entries", "tile/0", "status", "api"):
        with cut_off(folder, part) as url:
            found = audited(log, WebSource(url, sleep=lambda _: None), documents=True)
        assert codes(found) == [], part
        assert not found.is_whole
        if part.startswith("tile"):
            assert found.new_state() is None
    with cut_off(folder, "checkpoint") as url, pytest.raises(Unavailable, match="IncompleteRead"):
        audited(log, WebSource(url, sleep=lambda _: None))


@pytest.mark.parametrize(
    "ask",
    [
        lambda url: Endpoint(url, timeout=5).batch([Call("eth_chainId", ())]),
        lambda url: RegistryAddress.of(url).fetch_trust_root(timeout=5),
        lambda url: post(url + "/api", b"", {}, Limits(5, 1000), inner_hosts=None),
    ],
    ids=["a node", "a registry", "a witness"],
)
def test_an_answer_that_is_cut_off_is_unavailable(ask: Callable[[str], object], tmp_path: Path) -> None:
    (tmp_path / "index").write_bytes(b"[]" * 8)

    class Everything(type(tmp_path)):  # type: ignore[misc] # whatever is asked for is that file
        def __truediv__(self, _: object) -> Path:
            return tmp_path / "index"

    with cut_off(Everything(tmp_path), "") as url, pytest.raises(Unavailable, match="IncompleteRead"):
        ask(url)


def test_a_reader_that_takes_half_an_answer_for_a_whole_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = iter([tmp_path / "right", tmp_path / "defect"])
    control = Control(
        log_source,
        "require_whole",
        nothing,
        lambda: test_an_answer_that_is_cut_off_is_no_finding_of_an_audit(next(folders)),
    )
    require_noticed(control, monkeypatch)
