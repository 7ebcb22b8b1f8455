"""A local Ethereum node, Anvil, for demos and tests: started, recognised, funded and stopped.

It is a test chain that one machine runs: it proves nothing to anybody else, and trust roots call it "local". Real
chains are reached by URL and started by somebody else.
"""

import http.client
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence

HOST: Final = "127.0.0.1"
START_SECONDS: Final = 30.0
"""A state of some hundred MB takes several seconds to load."""
STOP_SECONDS: Final = 30.0
RPC_SECONDS: Final = 10.0

_LISTENING: Final = f"Listening on {HOST}:"
_POLL_SECONDS: Final = 0.02

_LAUNCHER: Final = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""
"""Has the kernel stop the node when the thread that started it dies, however it dies; then becomes the node."""


def find_anvil(root: Path | None = None) -> Path:
    """Return Anvil's native binary in node_modules: npm's wrapper script would leave it behind as an orphan.

    Args:
        root: the folder that has node_modules; by default the one that has this package.

    Raises:
        Unavailable: it is not installed there.
    """
    folder = (root or Path(__file__).resolve().parent.parent) / "node_modules" / "@foundry-rs"
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine().lower())
    binary = folder / f"anvil-{platform.system().lower()}-{machine}" / "bin" / "anvil"
    if not binary.is_file():
        raise Unavailable(
            Sentence(
                "expected the local node at {binary}, found nothing; install it with: make setup",
                binary=binary,
            )
        )
    return binary


class LocalNode:
    """One Anvil process, owned by this object, listening on the loopback address only."""

    def __init__(
        self,
        *,
        chain_id: int,
        port: int = 0,
        state: Path | None = None,
        block_time: int | None = 1,
        binary: Path | None = None,
    ) -> None:
        """Prepare, without starting.

        Args:
            chain_id: the chain's id, the same at every start of one state.
            port: the port to listen on; 0 for a free one.
            state: file that keeps the chain between runs; None for a chain that ends with the process.
            block_time: seconds between blocks; None for a block with each transaction and none without.
            binary: Anvil; None for the one in node_modules.
        """
        self.chain_id = chain_id
        self._wanted_port = port
        self._state = state
        self._block_time = block_time
        self._binary = binary
        self._port: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None

    @property
    def port(self) -> int:
        """The port that it listens on.

        Raises:
            Unavailable: it does not run.
        """
        if self._port is None:
            raise Unavailable("the local node is not running")
        return self._port

    @property
    def url(self) -> str:
        """The address for JSON-RPC."""
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the node itself."""
        if self._process is None:
            raise Unavailable("the local node is not running")
        return self._process.pid

    def start(self) -> None:
        """Start the node; when this returns, it answers, also for the finalized block.

        Call it from a thread that lives as long as the node: the kernel ties the node to that thread.

        Raises:
            Unavailable: Anvil is missing, the port is used by another program, or it did not come up in time.
            InvalidInput: the state file cannot be read or written.
        """
        if self._process is not None:
            raise Unavailable(Sentence("the local node already runs at {url}", url=self.url))
        binary = self._binary or find_anvil()
        _check_state(self._state)
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop; the node writes to it until then
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), str(binary), *self._options()],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self._await_start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the node so that it writes its state; harmless when it does not run."""
        process, self._process, self._port = self._process, None, None
        if process is not None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._output is not None:
            self._output.close()
            self._output = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def rpc(self, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON, and every method has its own
        """Return the result of one JSON-RPC call.

        Raises:
            Unavailable: no answer, or an error as answer.
        """
        connection = http.client.HTTPConnection(HOST, self.port, timeout=RPC_SECONDS)
        try:
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unavailable(
                Sentence(
                    "the local node at {url} gave no answer to {method}: {error}",
                    url=self.url,
                    method=method,
                    error=error,
                )
            ) from error
        finally:
            connection.close()
        if "result" not in answer:
            raise Unavailable(
                Sentence(
                    "the local node answered {method} with an error: {error}",
                    method=method,
                    error=answer.get("error"),
                )
            )
        return answer["result"]

    def fund(self, address: str, wei: int) -> None:
        """Set an account's balance: on a test chain ether is made, not paid."""
        self.rpc("anvil_setBalance", address, hex(wei))

    def set_block_time(self, seconds: int) -> None:
        """Mine a block every so many seconds from now on, until the node stops.

        Anvil writes its whole state, 1.7 kB for each block that ever was, once a second: a chain that is to run for
        days had better be slow once it is set up.
        """
        self.rpc("evm_setIntervalMining", seconds)

    def _options(self) -> list[str]:
        """Return Anvil's options.

        No dev accounts: their keys are known to everyone. One slot an epoch: with the default nothing is final for 64
        blocks. No --preserve-historical-states: Anvil then writes every old state again each second (1.6 GB and 3 GB
        of memory after 5,000 blocks); what it would be good for, `start` gets by waiting two blocks.
        """
        options = ["--host", HOST, "--port", str(self._wanted_port), "--chain-id", str(self.chain_id)]
        options += ["--accounts", "0", "--slots-in-an-epoch", "1"]
        if self._block_time is not None:
            options += ["--block-time", str(self._block_time)]
        if self._state is not None:
            options += ["--state", str(self._state), "--state-interval", "1"]
        return options

    def _await_start(self) -> None:
        # 1. Our own child says that it listens: whoever answered at the port before that is somebody else.
        self._wait(Sentence("to listen"), lambda: self._listening_port() is not None)
        self._port = self._listening_port()
        # 2. It is the chain that was asked for.
        found = int(str(self.rpc("eth_chainId")), 16)
        if found != self.chain_id:
            raise Unavailable(
                Sentence("expected chain id {chain_id}, found {found}", chain_id=self.chain_id, found=found)
            )
        # 3. The file of its output must not grow with every call.
        self.rpc("anvil_setLoggingEnabled", False)  # noqa: FBT003 - JSON-RPC has positions, not names
        # 4. After a restart only the newest state is there, and not yet that of the finalized block.
        self._wait(Sentence("to have a finalized state"), self._has_finalized_state)

    def _wait(self, what: str, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not done():
            if self._process is not None and self._process.poll() is not None:
                raise self._why_it_ended()
            if time.monotonic() > deadline:
                raise Unavailable(
                    Sentence(
                        "waited {start_seconds:.0f} s for the local node {what}; it said: {said}",
                        start_seconds=START_SECONDS,
                        what=what,
                        said=self._said()[-500:],
                    )
                )
            time.sleep(_POLL_SECONDS)

    def _why_it_ended(self) -> InvalidInput | Unavailable:
        said = self._said()
        if "Address already in use" in said:
            return Unavailable(
                Sentence(
                    "port {wanted_port} of {host} is used by another program; stop that, or choose "
                    "another port",
                    wanted_port=self._wanted_port,
                    host=HOST,
                )
            )
        if self._state is not None and "failed to parse json file" in said:
            return InvalidInput(
                "the local chain's state is damaged (was the machine switched off while it was written?); it cannot be "
                "mended: a local chain begins again in a new data folder",
                place=str(self._state),
                code="damaged-chain-state",
            )
        return Unavailable(
            Sentence("the local node ended at its start; it said: {said}", said=said.strip()[-500:])
        )

    def _listening_port(self) -> int | None:
        line = next((line for line in self._said().splitlines() if line.startswith(_LISTENING)), None)
        return int(line.removeprefix(_LISTENING)) if line else None

    def _has_finalized_state(self) -> bool:
        try:
            self.rpc("eth_getBalance", "0x" + "00" * 20, "finalized")
        except Unavailable:
            return False
        return True

    def _said(self) -> str:
        if self._output is None:
            return ""
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), size, 0).decode("utf-8", "replace")


def _check_state(state: Path | None) -> None:
    """Refuse a state file that Anvil could not write: it would say nothing and lose the chain."""
    if state is None:
        return
    target = state if state.exists() else state.parent
    if not target.exists() or not os.access(target, os.R_OK | os.W_OK):
        raise InvalidInput(
            "the local chain's state cannot be written there; the folder must exist and be writable",
            place=str(state),
            code="state-not-writable",
        )
