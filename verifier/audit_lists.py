"""Compares the served W3C status lists with the replay of the log, and checks who signed them.

A list shows the newest state, which moves while it is read. So it is right if it is the log's state at the end of what
was replayed before it was read, or after one of the entries that follow.
"""

from dataclasses import dataclass
from typing import Final

from certlog import cryptosuites
from certlog.canonical import canonicalize
from certlog.digests import DocumentHash, sha256
from certlog.errors import InvalidInput, SignatureMismatch
from certlog.findings import Finding
from certlog.keys import did_key, verification_method
from certlog.log_replay import LogReplay
from certlog.sentences import Sentence
from certlog.status_list import PURPOSES, StatusPurpose, decode_list, list_url
from certlog.strict_json import JSONObject, get_object, get_str, parse_object
from certlog.tile_reader import MissingTile
from certlog.trust_root import TrustRoot
from verifier.audit_parts import AuditFault, Findings, Part
from verifier.mirror import Mirror

MAX_LIST_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class ServedList:
    """One list as it is served, signed by the list key: its bits, and the credential's own bytes."""

    purpose: StatusPurpose
    number: int
    bits: bytes
    data: bytes

    @property
    def path(self) -> str:
        """Where it is served."""
        return list_path(self.purpose, self.number)


def list_path(purpose: StatusPurpose, number: int) -> str:
    """Return where a list is served, below the log's address."""
    return f"status/{purpose}/{number}"


def open_list(data: bytes, purpose: StatusPurpose, number: int, trust_root: TrustRoot) -> ServedList:
    """Read a served list.

    1. It is a credential about this list of this log, issued by the list key.
    2. Its proof verifies under that key.
    3. Its bits are 16,384 bytes.

    Raises:
        InvalidInput: 1 or 3.
        SignatureMismatch: 2.
    """
    content: JSONObject = dict(parse_object(data, max_bytes=MAX_LIST_BYTES))
    proof = get_object(content, "proof")
    del content["proof"]
    key, url = trust_root.list_key, list_url(trust_root.origin, purpose, number)
    issuer = did_key(key)
    subject = get_object(content, "credentialSubject")
    stated = (content.get("id"), content.get("issuer"), subject.get("statusPurpose"))
    if stated != (url, issuer, purpose):  # 1
        message = Sentence(
            "expected the {purpose} list {url} by {issuer}", purpose=purpose, url=url, issuer=issuer
        )
        raise InvalidInput(message, code="bad-list")
    if proof.get("verificationMethod") != verification_method(issuer, key):
        message = Sentence("expected a proof of the list key {key}", key=key.multibase)
        raise SignatureMismatch(message, place="/proof/verificationMethod")
    if proof.get("@context", content.get("@context")) != content.get("@context"):
        raise InvalidInput("the proof's @context differs from the document's", code="bad-list")
    cryptosuites.verify(DocumentHash(sha256(canonicalize(content))), proof, key)  # 2
    return ServedList(purpose, number, _bits(subject), data)  # 3


def _bits(subject: JSONObject) -> bytes:
    return decode_list(get_str(subject, "encodedList"), "/encodedList")


class ListWatch:
    """Follows a replay and notes which served lists were, at some point from now on, the log's state."""

    def __init__(self, lists: tuple[ServedList, ...], replay: LogReplay) -> None:
        """Take the lists and the replay, whose present state counts too."""
        self._replay: Final = replay
        self._version = -1
        self.differing = lists
        self.look()

    def look(self) -> None:
        """Look at the state after one more entry."""
        lists = self._replay.lists
        if not self.differing or lists.version == self._version:
            return
        self._version = lists.version
        self.differing = tuple(
            found for found in self.differing if lists.bits(found.purpose, found.number) != found.bits
        )


def read_lists(
    mirror: Mirror, trust_root: TrustRoot, pairs: int, findings: Findings
) -> tuple[ServedList, ...]:
    """Return every served list that opens; what is wrong with the others is a finding.

    Args:
        mirror: lists are always read from its source.
        trust_root: pins the list key.
        pairs: number of list pairs.
        findings: where findings go.
    """
    opened: list[ServedList] = []
    for number in range(pairs):
        for purpose in PURPOSES:
            path = list_path(purpose, number)
            try:
                opened.append(open_list(mirror.read_fresh(path), purpose, number, trust_root))
            except MissingTile as error:
                if mirror.source.is_the_log:
                    what = Sentence("{error}; the list is named by certificates", error=error)
                    findings.add([Finding(AuditFault.BAD_LIST, 0, what, expected=path)])
                else:
                    findings.left_out[Part.LISTS] = Sentence("this copy holds no lists")
                    return tuple(opened)
            except SignatureMismatch as error:
                what = Sentence("{path}: {error}", path=path, error=error)
                findings.add([Finding(AuditFault.LIST_SIGNATURE, 0, what)])
            except InvalidInput as error:
                what = Sentence("{path}: {error}", path=path, error=error)
                findings.add([Finding(AuditFault.BAD_LIST, 0, what)])
    return tuple(opened)


def list_differences(differing: tuple[ServedList, ...], replay: LogReplay) -> tuple[Finding, ...]:
    """Return a finding for each list that is not the log's, with the first bit that differs."""
    return tuple(_difference(found, replay) for found in differing)


def _difference(found: ServedList, replay: LogReplay) -> Finding:
    wanted = replay.lists.bits(found.purpose, found.number)
    byte = next(
        (i for i, (left, right) in enumerate(zip(wanted, found.bits, strict=True)) if left != right), 0
    )
    bit = 8 * byte + 8 - (wanted[byte] ^ found.bits[byte]).bit_length()
    expected = bool(wanted[byte] & 0x80 >> (bit & 7))
    what = Sentence(
        "{path}: bit {bit} is {found}, the entries say {expected}",
        path=found.path,
        bit=bit,
        found=int(not expected),
        expected=int(expected),
    )
    return Finding(AuditFault.LIST_DIFFERS, replay.size, what, str(int(expected)), str(int(not expected)))
