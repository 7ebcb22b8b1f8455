"""A small HTTP server that answers as a registry does, or in any other way that a test wants."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class FakeRegistry:
    """Answers by path; anything else is 404."""

    answers: dict[str, bytes] = field(default_factory=dict)
    status: int = 200
    asked: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving_registry(registry: FakeRegistry) -> Iterator[FakeRegistry]:
    """Serve on a free loopback port; its `url` is set meanwhile."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            registry.asked.append(self.path)
            body = registry.answers.get(self.path)
            self.send_response(404 if body is None else registry.status)
            if registry.status in (301, 302):
                self.send_header("Location", registry.url + self.path)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            with suppress(ConnectionError):  # the reader may have hung up on a long answer
                self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            return None

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    registry.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield registry
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
