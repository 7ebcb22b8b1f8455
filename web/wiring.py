"""The composition root of the web workers: real parts from a data folder and the environment.

Called after fork, once per worker. It opens the registry for reading and appending, never the log key.
"""

import os
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from anchoring.lines import database_address, load_lines
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.trust_root import TrustRoot
from registry.data_folder import DataFolder
from registry.opening import Surroundings, open_registry
from registry.service import Registry
from registry.settings import read_table
from web.anchors import StoredAnchors
from web.answers import RegistryAnswers
from web.registry_log import RegistryLog, RegistrySubmissions
from web.services import Services

DATA_VARIABLE: Final = "CERTLOG_DATA"
MAX_PROXY_HOPS: Final = 5


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The [web] table of settings.toml."""

    proxy_hops: int = 0


def open_services(folder: DataFolder, surroundings: Surroundings) -> Services:
    """Join the parts of one data folder.

    Raises:
        InvalidInput: a setting, key or trust root is missing or wrong.
        Unavailable: the database cannot be used.
    """
    trust_root = read_trust_root(folder.trust_root)
    settings = read_web_settings(folder.settings)
    registry = open_registry(folder, surroundings)
    if trust_root.origin != registry.origin:
        message = Sentence(
            "{trust_root} is of the log {origin!r}, the registry is {expected!r}",
            trust_root=folder.trust_root,
            origin=trust_root.origin,
            expected=registry.origin,
        )
        raise InvalidInput(message, code="other-log")
    lines = [line.target() for line in load_lines(folder.path).values()]
    anchors = StoredAnchors(database_address(folder.path), lines)
    return Services(
        answers=RegistryAnswers(registry, anchors, trust_root, surroundings.now),
        anchors=anchors,
        log=RegistryLog(registry),
        submissions=RegistrySubmissions(registry),
        trust_root=trust_root,
        public_url=registry.settings.public_url,
        now=surroundings.now,
        page_version=PageVersions(registry, anchors).of,
        proxy_hops=settings.proxy_hops,
    )


@dataclass(frozen=True, slots=True)
class PageVersions:
    """What a page rests on in the two databases."""

    registry: Registry
    anchors: StoredAnchors

    def of(self, identifier: str) -> Hashable:
        """Return what changes whenever the certificate's page would; None for an id that nothing has."""
        found = self.registry.page_version(identifier)
        return None if found is None else (found, self.anchors.version())


def data_folder(environ: Mapping[str, str] = os.environ) -> DataFolder:
    """Return the data folder that the environment names.

    Raises:
        InvalidInput: it names none.
    """
    named = environ.get(DATA_VARIABLE)
    if not named:
        message = Sentence(
            "set {data_variable} to the data folder, or start with: certlog registry serve --data DIR",
            data_variable=DATA_VARIABLE,
        )
        raise InvalidInput(message, code="no-data-folder")
    return DataFolder(Path(named))


def read_trust_root(path: Path) -> TrustRoot:
    """Read the trust root that this registry publishes about itself."""
    try:
        return TrustRoot.parse(path.read_bytes())
    except FileNotFoundError as error:
        message = Sentence("{path} does not exist; make it with: certlog trust-root export", path=path)
        raise InvalidInput(message, code="no-trust-root") from error
    except OSError as error:
        message = Sentence("cannot read {path}: {reason}", path=path, reason=error)
        raise Unavailable(message) from error


def read_web_settings(path: Path) -> WebSettings:
    """Read the [web] table; unknown keys are refused."""
    table = read_table(path, "web")
    unknown = sorted(table.keys() - {"proxy_hops"})
    if unknown:
        message = Sentence(
            "unknown setting {unknown!r} in {path} [web]; known: proxy_hops", unknown=unknown[0], path=path
        )
        raise InvalidInput(message, code="unknown-setting")
    hops = table.get("proxy_hops", 0)
    if isinstance(hops, bool) or not isinstance(hops, int) or not 0 <= hops <= MAX_PROXY_HOPS:
        message = Sentence(
            "{path} [web] proxy_hops: expected a number from 0 to {max_proxy_hops}, found {hops!r}",
            path=path,
            max_proxy_hops=MAX_PROXY_HOPS,
            hops=hops,
        )
        raise InvalidInput(message, code="bad-setting")
    return WebSettings(hops)
