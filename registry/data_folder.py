"""The folder that holds everything a registry keeps on disk, and the names of the files in it.

Who may read what is a matter of file permissions: the folder is made for its owner only. It opens no file.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence

_OWNER_ONLY = 0o700


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Paths inside one data folder."""

    path: Path

    @property
    def settings(self) -> Path:
        """The settings, TOML."""
        return self.path / "settings.toml"

    @property
    def database(self) -> Path:
        """The log and its views, SQLite."""
        return self.path / "registry.db"

    @property
    def last_signed_head(self) -> Path:
        """The compare-and-swap file that is never restored from a backup."""
        return self.path / "last-signed-head.json"

    @property
    def tiles(self) -> Path:
        """The log's public files, unless they are in object storage: `checkpoint` and `tile/`."""
        return self.path / "tiles"

    @property
    def last_full_check(self) -> Path:
        """When the whole log was last read again; in no backup."""
        return self.path / "last-full-check.json"

    @property
    def log_key(self) -> Path:
        """The private key that signs checkpoints."""
        return self.path / "keys" / "log.key"

    @property
    def next_log_key(self) -> Path:
        """The key that a rotation has made and not yet put in its place."""
        return self.path / "keys" / "log.next.key"

    def retired_log_key(self, size: int) -> Path:
        """Where the log key lies that signed up to, and not including, a size."""
        return self.path / "keys" / f"log.before-{size}.key"

    @property
    def list_key(self) -> Path:
        """The private key that signs status list credentials for W3C verifiers."""
        return self.path / "keys" / "list.key"

    @property
    def trust_root(self) -> Path:
        """The trust root that this registry publishes about itself."""
        return self.path / "trust-root.json"

    def draft(self) -> "DataFolder":
        """Return the folder beside this one in which a new registry is made before it is moved here."""
        return DataFolder(self.path.with_name(f".{self.path.name}.new"))

    def require_new(self) -> None:
        """Require that nothing is here yet: no folder, or an empty one.

        Raises:
            InvalidInput: there is something.
            Unavailable: the folder cannot be read.
        """
        try:
            used = self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir()))
        except OSError as error:
            message = Sentence(
                "cannot read {path}: {reason}; choose another with --data",
                path=self.path,
                reason=error,
            )
            raise Unavailable(message) from error
        if used:
            message = Sentence(
                "{path} exists and is not empty; nothing was changed: choose a new folder with --data",
                path=self.path,
            )
            raise InvalidInput(message, code="folder-used")

    def create(self) -> None:
        """Make the folder and its keys folder, for the owner only; existing ones stay as they are."""
        try:
            self.path.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
            self.log_key.parent.mkdir(mode=_OWNER_ONLY, exist_ok=True)
        except OSError as error:
            message = Sentence(
                "cannot make the data folder {path}: {reason}; choose another with --data",
                path=self.path,
                reason=error,
            )
            raise Unavailable(message) from error

    def require_ready(self) -> None:
        """Require a folder that `certlog registry init` has filled and that this user can write.

        Raises:
            InvalidInput: there is no settings file.
            Unavailable: the folder cannot be written.
        """
        if not self.settings.is_file():
            message = Sentence(
                "{settings} does not exist; make the folder first: certlog registry init --data {path}",
                settings=self.settings,
                path=self.path,
            )
            raise InvalidInput(message, code="no-settings")
        self.require_writable()

    def require_writable(self) -> None:
        """Require that this user can write in the folder and change the database."""
        for path in (self.path, self.database):
            if path.exists() and not os.access(path, os.W_OK, effective_ids=True):
                message = Sentence(
                    "{path} is read-only for this user; a registry must write there: "
                    "change its owner or mode",
                    path=path,
                )
                raise Unavailable(message)
