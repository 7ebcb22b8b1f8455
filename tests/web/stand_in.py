"""A registry in memory that works: reports of every verdict, a small log, tokens; and the app around it.

It keeps the promises of web.services without a database, so that pages and API can be tested apart from them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from apiflask import APIFlask

from certlog.certificate_id import certificate_id, parse_id
from certlog.digests import DocumentHash, sha256
from certlog.errors import InvalidInput, MistypedId, NotTrusted, Unavailable
from certlog.slots import Slot
from certlog.strict_json import JSONObject, parse_object
from certlog.tiles import hash_tile, tiles_of
from certlog.tree import MemoryTree, leaf_hash
from certlog.trust_root import TrustRoot
from tests.support.certificates import conformity_content
from tests.support.signing import ed25519, log_signer
from verifier.chain_view import ChainView
from verifier.report import (
    Ages,
    Check,
    CheckName,
    Issuer,
    Kind,
    Outcome,
    Reason,
    Remark,
    Report,
    StatusChange,
    Verdict,
)
from verifier.verdict import LOOKS
from web.app import create_app
from web.problems import NotFound
from web.services import (
    Accepted,
    AnchorPage,
    AnchorRow,
    Answer,
    ChainPoll,
    Cosigned,
    LogHead,
    Refused,
    Reservation,
    Services,
    Submitted,
    Waiting,
)

ORIGIN: Final = "registry.example.vn"
PUBLIC_URL: Final = "https://registry.example.vn"
NOW: Final = 1_795_316_400  # 2026-11-22T10:00:00+07:00
TOKEN: Final = "certlog_" + "0123456789abcdef" * 4
DID: Final = "did:web:mau.example.vn"

DECISIVE: Final[dict[Verdict, tuple[CheckName, Reason]]] = {
    Verdict.ALTERED: (CheckName.SIGNATURE, Reason.BAD_SIGNATURE),
    Verdict.CONTRADICTED: (CheckName.ANCHOR, Reason.ABSENT_FROM_CHAIN),
    Verdict.NOT_TRUSTED: (CheckName.SCOPE, Reason.SCOPE_NOT_GRANTED),
    Verdict.WITHDRAWN: (CheckName.STATUS, Reason.WITHDRAWN),
    Verdict.CANCELLED: (CheckName.STATUS, Reason.CANCELLED),
    Verdict.SUPERSEDED: (CheckName.STATUS, Reason.SUPERSEDED),
    Verdict.SUSPENDED: (CheckName.STATUS, Reason.SUSPENDED),
    Verdict.NOT_YET_VALID: (CheckName.DATES, Reason.NOT_YET_VALID),
    Verdict.EXPIRED: (CheckName.DATES, Reason.EXPIRED),
    Verdict.PENDING: (CheckName.ANCHOR, Reason.NOT_ANCHORED_YET),
    Verdict.CANNOT_CHECK: (CheckName.STATUS, Reason.STATUS_TOO_OLD),
    Verdict.UNKNOWN: (CheckName.BYTES, Reason.NO_SUCH_ID),
    Verdict.MISTYPED: (CheckName.BYTES, Reason.MISTYPED_ID),
}
STATUS_ACTIONS: Final = {
    Verdict.WITHDRAWN: ("withdraw", "nonconformity"),
    Verdict.CANCELLED: ("cancel", "client_request"),
    Verdict.SUPERSEDED: ("supersede", "scope_extended"),
    Verdict.SUSPENDED: ("suspend", "surveillance_overdue"),
}
OPEN_VERDICTS: Final = (Verdict.PENDING, Verdict.CANNOT_CHECK)

COSIGNER: Final = "auditor.example.vn"
CHAIN_VIEW: Final = ChainView(
    read_at=NOW - 5, block_number=1234, block_time=NOW - 12, source="the registry's anchoring worker"
)


def identifier_for(name: str) -> str:
    """Return a well-formed certificate id that belongs to a name."""
    return certificate_id(DocumentHash(sha256(name.encode())))


def report_of(verdict: Verdict, *, content: JSONObject | None = None) -> Report:
    """Return a report of this verdict, as verifier.verify would shape it."""
    shown = conformity_content() if content is None else content
    action, status_reason = STATUS_ACTIONS.get(verdict, ("", ""))
    return Report(
        verdict=verdict,
        look=LOOKS[verdict],
        checks=tuple(_check(name, verdict) for name in CheckName),
        at=NOW,
        reason=DECISIVE[verdict][1] if verdict in DECISIVE else None,
        remarks=(Remark.SCOPE_TRANSCRIBED,),
        kind=Kind.PRODUCT,
        content=None if verdict is Verdict.ALTERED else shown,
        document_hash=sha256(verdict.encode()),
        index=7,
        issuer=None
        if verdict is Verdict.ALTERED
        else Issuer(
            DID, (("vi", "Trung tâm Chứng nhận Mẫu"), ("en", "Sample Certification Centre")), "0109999999"
        ),
        status=StatusChange(action, status_reason, NOW - 86_400, 9) if action else None,
        status_as_of=NOW - 40,
        ages=Ages(40, 600),
        anchored_at=None if verdict is Verdict.PENDING else NOW - 600,
        anchor_expected_by=NOW + 3600 if verdict is Verdict.PENDING else None,
    )


def _check(name: CheckName, verdict: Verdict) -> Check:
    if verdict in DECISIVE and DECISIVE[verdict][0] is name:
        outcome = Outcome.NOT_CHECKED if verdict in OPEN_VERDICTS else Outcome.FAILED
        return Check(name, outcome, DECISIVE[verdict][1], "what was expected", "what was found")
    if name is CheckName.FILE:
        return Check(name, Outcome.NOT_CHECKED, Reason.NO_FILE)
    return Check(name, Outcome.PASSED, found="f00d" * 16)


@dataclass
class StandIn:
    """Implements every port of web.services."""

    reports: dict[str, Report] = field(default_factory=dict)
    rows: list[AnchorRow] = field(default_factory=list)
    poll: ChainPoll = field(default_factory=lambda: ChainPoll(NOW - 5, 1234, NOW - 12))
    entries: list[bytes] = field(default_factory=list)
    failure: Exception | None = None
    replacement: str | None = None
    slots_left: int = 1000
    unsigned: Waiting = field(default_factory=lambda: Waiting(0, None))
    sealed_content: dict[str, bytes] = field(default_factory=dict)

    def add(self, verdict: Verdict, report: Report | None = None) -> str:
        """Hold a certificate with this verdict; return its id."""
        identifier = identifier_for(verdict)
        self.reports[identifier] = report or report_of(verdict)
        return identifier

    def by_id(self, typed: str) -> Answer:
        self._fail()
        try:
            identifier = parse_id(typed)
        except MistypedId:
            return Answer(typed, report_of(Verdict.MISTYPED), ChainView())
        report = self.reports.get(identifier) or report_of(Verdict.UNKNOWN)
        superseded = report.verdict is Verdict.SUPERSEDED
        replacement = self.replacement if superseded else None
        return Answer(identifier, report, CHAIN_VIEW, replacement, identifier in self.sealed_content)

    def evidence(self, typed: str) -> bytes:
        self._require(typed)
        return b'{"v":1}'

    def status_proof(self, typed: str, *, on: int | None = None, needs_anchor: bool = False) -> bytes:
        self._require(typed)
        if on == 0 or needs_anchor:
            raise Unavailable("no signed epoch answers this yet")
        return b'{"kind":"statusProof","v":1}'

    def document(self, typed: str) -> bytes:
        self._require(typed)
        return b'{"proof":{}}'

    def sealed(self, typed: str) -> bytes:
        self._require(typed)
        if typed not in self.sealed_content:
            raise NotFound("no sealed content of this certificate is here")
        return self.sealed_content[typed]

    def page(self, *, older_than: int | None, limit: int) -> AnchorPage:
        rows = [row for row in reversed(self.rows) if older_than is None or row.number < older_than]
        return AnchorPage(tuple(rows[:limit]), rows[limit - 1].number if len(rows) > limit else None)

    def polls(self) -> tuple[ChainPoll, ...]:
        return (self.poll,)

    def head(self) -> LogHead:
        self._fail()
        tree = self._tree()
        note = f"{ORIGIN}\n{tree.size}\n\n— {ORIGIN} AAAA\n"
        return LogHead(ORIGIN, _log_key(), tree.size, tree.root(), note)

    def tile(self, path: str) -> bytes:
        tree = self._tree()
        for known in tiles_of(tree.size):
            if known.path == path and known.level is not None:
                return hash_tile(known, tree.read)
        raise NotFound(f"the log has published nothing at {path} yet")

    def waiting(self) -> Waiting:
        return self.unsigned

    def require_tiles(self) -> None:
        self._fail()

    def entry(self, index: int) -> bytes:
        if index >= len(self.entries):
            raise NotFound(f"the log has no entry {index} yet")
        return self.entries[index]

    def proof(self, index: int) -> str:
        self.entry(index)
        return f"c2sp.org/tlog-proof@v1\nindex {index}\n"

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        if not 0 <= old <= new <= len(self.entries):
            raise InvalidInput("expected 0 <= from <= to", code="bad-sizes")
        return self._tree().consistency(old, new)

    def status_list(self, purpose: str, number: int) -> bytes:
        if number:
            raise NotFound(f"there is no status list {number} yet")
        return f'{{"type":"{purpose}"}}'.encode()

    def take_cosigned_note(self, note: str) -> Cosigned:
        self._fail()
        if COSIGNER not in note:
            raise NotTrusted("no pinned key", code="unknown-cosigner")
        return Cosigned(len(self.entries), (COSIGNER,), 1)

    def certificate_status(self, document_hash: DocumentHash) -> JSONObject:
        raise NotFound(f"no certificate {document_hash.hex()}")

    def issuer_records(self, did: str) -> JSONObject:
        return {"issuer": None, "operator": {"operator": did, "keys": []} if did == DID else None}

    def issuer_trust(self, did: str) -> JSONObject:
        return {"last": None if did != DID else "A" * 43}

    def authenticate(self, token: str) -> str | None:
        return DID if token == TOKEN else None

    def reserve_slots(self, did: str, count: int) -> Reservation:
        if count > self.slots_left:
            raise NotTrusted(f"{did} holds too many unused slots", code="too-many-slots")
        self.slots_left -= count
        return Reservation(tuple(Slot.of(0, index) for index in range(count)), NOW + 86_400)

    def submit(self, did: str, items: Iterable[Submitted]) -> Sequence[Accepted | Refused]:
        self._fail()
        return [self._append(did, item) for item in items]

    def _append(self, did: str, item: Submitted) -> Accepted | Refused:
        entry = parse_object(item.entry, max_bytes=8192)
        if entry.get("type") != "certificate":
            return Refused(InvalidInput(f"{did} sent another type", place="/entry/type", code="bad-entry"))
        existed = item.entry in self.entries
        if not existed:
            self.entries.append(item.entry)
        index = self.entries.index(item.entry)
        return Accepted(index, leaf_hash(item.entry), existed, identifier_for(str(index)))

    def _tree(self) -> MemoryTree:
        return MemoryTree(leaf_hash(entry) for entry in self.entries)

    def _require(self, typed: str) -> None:
        if parse_id(typed) not in self.reports:
            raise NotFound("this registry has no certificate with this id")

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


def sample_trust_root(chain_class: str = "public") -> TrustRoot:
    """Return a trust root with throw-away keys."""
    operator = ed25519("operator").public_key.multibase
    return TrustRoot.from_json(
        {
            "v": 1,
            "origin": ORIGIN,
            "logKeys": [{"vkey": _log_key(), "fromSize": 0, "toSize": None}],
            "operator": {
                "did": "did:web:registry.example.vn",
                "key": operator,
                "recoveryKey": ed25519("recovery").public_key.multibase,
            },
            "listKey": ed25519("lists").public_key.multibase,
            "auditors": {"keys": [], "quorum": 0},
            "chains": [
                {
                    "id": 31337,
                    "class": chain_class,
                    "contract": "0x" + "5f" * 20,
                    "codeHash": "0x" + "ab" * 32,
                    "logIds": [{"logId": "0x" + "cd" * 32, "maxSize": None}],
                    "endpoints": ["http://127.0.0.1:8545"],
                    "quorum": 1,
                    "finality": "tag",
                }
            ],
            "maxStatusAge": 86_400,
            "maxAnchorAge": 604_800,
        }
    )


def app_around(stand_in: StandIn, *, chain_class: str = "public", proxy_hops: int = 0) -> APIFlask:
    """Return the real application around a stand-in."""
    return create_app(
        Services(
            answers=stand_in,
            anchors=stand_in,
            log=stand_in,
            submissions=stand_in,
            trust_root=sample_trust_root(chain_class),
            public_url=PUBLIC_URL,
            now=lambda: NOW,
            proxy_hops=proxy_hops,
        )
    )


def anchor_rows(count: int) -> list[AnchorRow]:
    """Return batches 1..count, all final but the last."""
    return [
        AnchorRow(
            number=number,
            state="FINAL" if number < count else "SEALED",
            size=number * 20,
            root=sha256(str(number).encode()),
            chain_id=31337,
            sealed_at=NOW - 1000 + number,
            tx_hash="0x" + sha256(b"tx" + str(number).encode()).hex() if number < count else None,
            block_number=100 + number if number < count else None,
            block_time=NOW - 900 + number if number < count else None,
        )
        for number in range(1, count + 1)
    ]


def _log_key() -> str:
    return log_signer(ORIGIN).verifier_key.to_text()
