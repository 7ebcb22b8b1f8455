"""What a demo must find again after a restart, kept in its folder, and the ports that it uses."""

import json
import secrets
import socket
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Settings:
    """What a demo must find again after a restart."""

    folder: str
    port: int
    chain_port: int
    chain_id: int
    done: bool = False
    good: str = ""
    suspended: str = ""
    withdrawn: str = ""
    calibrated: str = ""

    @classmethod
    def new(cls, folder: Path, port: int) -> "Settings":
        """Begin in an empty folder; the chain gets a free port and an id of its own."""
        require_free(port)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            settings = cls(str(folder), port, _free_port(), 1_000_000 + secrets.randbelow(1_000_000))
            settings.write()
        except OSError as error:
            message = Sentence(
                "cannot write in {folder}: {reason}; choose another folder with --data",
                folder=folder,
                reason=error,
            )
            raise Unavailable(message) from error
        return settings

    @classmethod
    def read(cls, marker: Path) -> "Settings":
        """Read an earlier run's settings."""
        try:
            return replace(cls(**json.loads(marker.read_bytes())), folder=str(marker.parent))
        except (TypeError, ValueError) as error:
            raise InvalidInput(
                Sentence("{marker} is damaged; begin again with --fresh", marker=marker)
            ) from error

    def write(self) -> None:
        """Keep the settings in the folder."""
        (Path(self.folder) / "demo.json").write_text(json.dumps(asdict(self), indent=2) + "\n", "utf-8")


def require_free(port: int) -> None:
    """Require that nothing listens on a port of this machine.

    Raises:
        Unavailable: something does.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            remedy = Sentence("stop it, or choose another: make demo ARGS='--port {port}'", port=port + 1)
            message = Sentence("port {port} is used by another program; {remedy}", port=port, remedy=remedy)
            raise Unavailable(message) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
