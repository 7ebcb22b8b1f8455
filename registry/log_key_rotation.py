"""Replaces the log's key from the next size on; the origin, and every head that is signed already, stay.

Each step is durable before the next, and a second run goes on where the first stopped, wherever that was. The row in
the database is what decides: before it the old key signs, after it the new one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import insert

from certlog.errors import InvalidInput, Unavailable
from certlog.note import VerifierKey
from certlog.sentences import Sentence
from certlog.trust_root import LogKey, TrustRoot
from registry.data_folder import DataFolder
from registry.database import Database
from registry.heads import checkpoint_at
from registry.keys import LogSigner, create_key, load_key
from registry.last_signed_head import LastSignedHeadFile
from registry.log_keys import log_keys
from registry.own_trust_root import write_trust_root
from registry.settings import Settings
from registry.tables import log_keys as rotated_keys


@dataclass(frozen=True, slots=True)
class LogKeyRotation:
    """What a rotation works on."""

    folder: DataFolder
    settings: Settings
    database: Database
    now: Callable[[], int]
    random_bytes: Callable[[int], bytes]

    def rotate(self) -> tuple[LogKey, ...]:
        """Make a new log key, let it sign from the next size on, and return all keys with their sizes.

        Under the lock of the last-signed-head file, so that nothing is signed meanwhile:

        1. A rotation that was interrupted after step 3 is only finished.
        2. The last head is signed and stored: no size of the old key is still to be signed. The new key is made.
        3. The database says from which size on the new key signs.
        4. The key files change places; the old one stays beside, under the size that ended it.
        5. The registry's own trust root lists both keys with their sizes.

        Raises:
            InvalidInput: there is no trust root yet, or the present key has signed nothing.
            Unavailable: 2 does not hold, or a file cannot be written.
        """
        if not self.folder.trust_root.is_file():
            message = Sentence(
                "{path} does not exist; make it first: certlog registry trust-root",
                path=self.folder.trust_root,
            )
            raise InvalidInput(message, code="no-trust-root")
        head_file = LastSignedHeadFile(self.folder.last_signed_head, self.settings.origin)
        with head_file.locked():
            if not self._is_interrupted():  # 1
                self._begin(head_file.read().size)  # 2, 3
            keys = self.keys()
            try:
                self._move_files(keys[-1])  # 4
                write_trust_root(self.folder, self._trust_root(keys))  # 5
            except OSError as error:
                message = Sentence(
                    "cannot change {path}: {reason}; run the same command again",
                    path=self.folder.log_key,
                    reason=error,
                )
                raise Unavailable(message) from error
        return keys

    def published(self) -> TrustRoot:
        """Return the trust root that the registry publishes about itself."""
        return TrustRoot.parse(self.folder.trust_root.read_bytes())

    def _is_interrupted(self) -> bool:
        """Tell whether the database names a key whose file, or whose place in the trust root, is not there yet."""
        newest = self.keys()
        if self.folder.next_log_key.is_file():
            return self._key_of_next() == newest[-1].vkey
        return self._trust_root(newest) != self.published()

    def _begin(self, last_size: int) -> None:
        with self.database.reading() as connection:
            unsigned = last_size > 0 and checkpoint_at(connection, last_size) is None
        if unsigned:
            message = Sentence(
                "the head of size {size} is not signed to the end: run certlog registry serve until it is, then rotate",
                size=last_size,
            )
            raise Unavailable(message)
        if self.keys()[-1].from_size > last_size:
            nothing = "the present log key has signed nothing yet; there is nothing to rotate"
            raise InvalidInput(nothing, code="nothing-signed")
        if not self.folder.next_log_key.is_file():
            create_key(self.folder.next_log_key, self.random_bytes(32))
        row = {"from_size": last_size + 1, "log_key": self._key_of_next().to_text(), "created_at": self.now()}
        with self.database.writing() as connection:
            connection.execute(insert(rotated_keys).values(row))

    def _move_files(self, newest: LogKey) -> None:
        if not self.folder.next_log_key.is_file():
            return
        retired = self.folder.retired_log_key(newest.from_size)
        if self.folder.log_key.is_file() and not retired.is_file():
            self.folder.log_key.replace(retired)
        self.folder.next_log_key.replace(self.folder.log_key)

    def keys(self) -> tuple[LogKey, ...]:
        """Return the log's keys with their sizes, as the database has them."""
        with self.database.reading() as connection:
            return log_keys(connection)

    def _key_of_next(self) -> VerifierKey:
        return LogSigner(self.settings.origin, load_key(self.folder.next_log_key)).verifier_key

    def _trust_root(self, keys: tuple[LogKey, ...]) -> TrustRoot:
        """Return the registry's own trust root with these log keys; everything else in it stays."""
        return replace(self.published(), log_keys=keys)
