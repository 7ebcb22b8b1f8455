"""Asks one registry, named by the person or by the trust root, for evidence or its trust root. HTTP GET only.

What it answers is checked like any other input. Nothing else is contacted: no redirect is followed, and an address on
a certificate is used only if it is that registry's own.
"""

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from certlog.certificate_id import parse_id
from certlog.digests import digest_from_text
from certlog.entry import MAX_ENTRY_BYTES
from certlog.errors import InvalidInput, Unavailable
from certlog.evidence import MAX_EVIDENCE_BYTES
from certlog.sealed import MAX_SEALED_BYTES
from certlog.sentences import Sentence
from certlog.status_proof import MAX_STATUS_PROOF_BYTES
from certlog.strict_json import JSONValue, as_text, get_items, members, parse_object
from certlog.tiles import MAX_BUNDLE_BYTES
from certlog.trust_root import MAX_TRUST_ROOT_BYTES
from verifier.hang_up import hanging_up_after
from verifier.web_address import DEFAULT_PORTS, port_of, split_address
from verifier.whole_answer import require_whole

if TYPE_CHECKING:
    import http.client

MAX_NOTE_BYTES: Final = 64 * 1024
DEFAULT_TIMEOUT: Final = 8.0
"""Seconds for one request, a slow mobile network included."""

_CHUNK: Final = 64 * 1024
_PAGE: Final = re.compile(r"(?:/(?:vi|en))?/c/([^/]{1,64})", re.IGNORECASE)


_MAX_PATH: Final = 126
"""A consistency proof has at most two hashes for each level."""


def _hash(value: JSONValue, place: str) -> bytes:
    return digest_from_text(as_text(value, place))


@dataclass(frozen=True, slots=True)
class RegistryAddress:
    """Where a registry is reached: scheme, host, port and a path prefix."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> "RegistryAddress":
        """Parse http(s)://HOST[:PORT][/PATH].

        Raises:
            InvalidInput: another form, or with a user name, query or fragment.
        """
        parts = split_address(url)
        if parts.query or parts.fragment:
            raise InvalidInput(
                "expected an address without query or fragment", place=url[:200], code="bad-url"
            )
        return cls(parts.scheme, parts.hostname or "", port_of(parts), parts.path.rstrip("/"))

    @property
    def url(self) -> str:
        """The address as text."""
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{port}{self.path}"

    def id_in_page(self, url: str) -> str:
        """Return the certificate id in the address of one of this registry's pages.

        Raises:
            InvalidInput: another host, or not the page of a certificate.
            MistypedId: the check character is wrong.
        """
        parts = split_address(url)
        # A QR code holds the address in capitals; scheme and host are the same in either case.
        if (parts.scheme, (parts.hostname or "").lower(), port_of(parts)) != (
            self.scheme,
            self.host,
            self.port,
        ):
            message = Sentence(
                "expected an address of {url}, found {netloc!r}; use --registry to ask it",
                url=self.url,
                netloc=parts.netloc[:200],
            )
            raise InvalidInput(message, code="foreign-host")
        below = parts.path.lower().startswith(self.path.lower())
        found = _PAGE.fullmatch(parts.path[len(self.path) :])
        if not below or not found:
            raise InvalidInput(
                Sentence("expected {url}/c/<id>", url=self.url), place=url[:200], code="bad-url"
            )
        return parse_id(found[1])

    def fetch_evidence(self, identifier: str, *, timeout: float = DEFAULT_TIMEOUT) -> bytes | None:
        """Return the evidence of a certificate id, or None if the registry has no such id.

        Raises:
            Unavailable: no answer, or another one.
        """
        return self._get(f"/api/v1/certificates/{identifier}/evidence", MAX_EVIDENCE_BYTES, timeout)

    def fetch_status_proof(
        self,
        identifier: str,
        *,
        on: int | None = None,
        needs_anchor: bool = False,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> bytes | None:
        """Return a certificate's dated status proof, or None if the registry has no such id.

        Args:
            identifier: the certificate's id.
            on: of the last epoch not after this moment (seconds since the epoch); None for the newest.
            needs_anchor: only of an epoch whose head is anchored.
            timeout: seconds.

        Raises:
            Unavailable: no answer, or another one; no epoch that answers this is one such.
        """
        wanted = ([] if on is None else [f"on={on}"]) + (["anchored=1"] if needs_anchor else [])
        query = "?" + "&".join(wanted) if wanted else ""
        path = f"/api/v1/certificates/{identifier}/status-proof{query}"
        return self._get(path, MAX_STATUS_PROOF_BYTES, timeout)

    def fetch_entry(self, index: int, *, timeout: float = DEFAULT_TIMEOUT) -> bytes | None:
        """Return the log entry at an index, or None if the registry has none there.

        Raises:
            Unavailable: no answer, or another one.
        """
        return self._get(f"/api/v1/entries/{index}", MAX_ENTRY_BYTES, timeout)

    def fetch_sealed(self, identifier: str, *, timeout: float = DEFAULT_TIMEOUT) -> bytes | None:
        """Return the sealed content of a certificate id, or None if the registry has none.

        Raises:
            Unavailable: no answer, or another one.
        """
        return self._get(f"/api/v1/certificates/{identifier}/sealed", MAX_SEALED_BYTES, timeout)

    def fetch_checkpoint(self, *, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        """Return the newest signed checkpoint that a registry or a mirror of its log serves.

        Raises:
            Unavailable: no answer, or another one.
        """
        data = self._get("/checkpoint", MAX_NOTE_BYTES, timeout)
        if data is None:
            raise Unavailable(Sentence("{url}: serves no checkpoint", url=self.url))
        return data

    def fetch_consistency(self, old: int, new: int, *, timeout: float = DEFAULT_TIMEOUT) -> tuple[bytes, ...]:
        """Return the consistency proof between two sizes of the log, unverified.

        Raises:
            InvalidInput: an answer of another form.
            Unavailable: no answer, or another one.
        """
        data = self._get(f"/api/v1/consistency?from={old}&to={new}", MAX_NOTE_BYTES, timeout)
        if data is None:
            raise Unavailable(Sentence("{url}: serves no consistency proof", url=self.url))
        obj = members(parse_object(data, max_bytes=MAX_NOTE_BYTES), required=("proof",))
        return get_items(obj, "proof", "", _hash, most=_MAX_PATH)

    def fetch_tile(self, path: str, *, timeout: float = DEFAULT_TIMEOUT) -> bytes | None:
        """Return the bytes of a tile or entry bundle, by its path such as `tile/0/000`; None if there is none.

        Raises:
            Unavailable: no answer, or another one.
        """
        return self._get(f"/{path}", MAX_BUNDLE_BYTES, timeout)

    def fetch_trust_root(self, *, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        """Return the trust root that the registry publishes about itself.

        Raises:
            Unavailable: no answer, or another one.
        """
        data = self._get("/api/v1/trust-root", MAX_TRUST_ROOT_BYTES, timeout)
        if data is None:
            raise Unavailable(Sentence("{url}: publishes no trust root", url=self.url))
        return data

    def _get(self, path: str, most: int, timeout: float) -> bytes | None:
        import http.client  # noqa: PLC0415 - it costs 30 ms, and an offline verification must start at once

        connection = self._connect(timeout)
        try:
            with hanging_up_after(timeout, connection):
                connection.request("GET", self.path + path, headers={"Accept": "application/json, */*;q=0.5"})
                response = connection.getresponse()
            if response.status == http.client.NOT_FOUND:
                return None
            if response.status != http.client.OK:
                raise Unavailable(
                    Sentence(
                        "{url}{path}: expected status 200, found {status}",
                        url=self.url,
                        path=path,
                        status=response.status,
                    )
                )
            return self._body(response, most, time.monotonic() + timeout)
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(
                Sentence("{url}: {error}", url=self.url, error=error if str(error) else type(error).__name__)
            ) from error
        finally:
            connection.close()

    def _connect(self, timeout: float) -> "http.client.HTTPConnection":
        import http.client  # noqa: PLC0415 - as above
        import ssl  # noqa: PLC0415 - as above

        if self.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=context)
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def _body(self, response: "http.client.HTTPResponse", most: int, deadline: float) -> bytes:
        received = bytearray()
        while chunk := response.read1(_CHUNK):
            received += chunk
            if len(received) > most or time.monotonic() > deadline:
                raise Unavailable(Sentence("{url}: the answer is too large or too slow", url=self.url))
        require_whole(response)
        return bytes(received)
