"""The published JSON Schemas and the parsers agree: on every real document, and on each way to break its form."""

import copy
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from jsonschema_rs import Draft202012Validator, meta

from certlog.credential import check_certificate
from certlog.entry import StatementEntry, entry_from_json
from certlog.epoch import Epoch
from certlog.errors import InvalidInput
from certlog.evidence import AnchorPointer, Evidence
from certlog.issuer_record import IssuerRecord
from certlog.operator_record import OperatorRecord
from certlog.schemas.catalogue import SCHEMAS
from certlog.scopes import DelegatedScope, Names, Scope, Source
from certlog.slots import Slot
from certlog.status import FileBinding, StatusAction, StatusStatement
from certlog.strict_json import JSONValue, check_value
from certlog.trust import (
    ChangeScope,
    CompromiseKey,
    Delegate,
    Enrol,
    GrantScope,
    RetireKey,
    TrustAction,
    TrustStatement,
)
from certlog.trust_root import TrustRoot
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN, conformity_content
from tests.support.possession import added_key
from tests.support.signing import ed25519, p256
from tests.support.small_log import DESIGNATION, SmallLog

AUTHORITY: Final = "did:web:authority.example.vn"
MEASURANDS: Final = Scope(
    "accreditation",
    ("độ dài",),
    measured=True,
    authority="BoA",
    source=Source("authority"),
    valid_from="2026-01-01",
)


def parse_entry_whole(value: JSONValue) -> None:
    """Parse an entry and the statement in it."""
    entry = entry_from_json(value)
    if isinstance(entry, StatementEntry):
        (StatusStatement if entry.type == "status" else TrustStatement).from_json(entry.document.content)


def parse_evidence_whole(value: JSONValue) -> None:
    """Parse evidence, certificate and statements, and require the kind of entry that each list holds."""
    evidence = Evidence.from_json(value)
    if evidence.certificate is not None:
        check_certificate(evidence.certificate.content, origin=SAMPLE_ORIGIN)
    for proven, kind in [(p, "trust") for p in evidence.trust] + [(p, "status") for p in evidence.events]:
        if proven.entry.to_json()["type"] != kind:
            raise InvalidInput(f"expected a {kind} entry")
        parse_entry_whole(proven.entry.to_json())
    if evidence.epoch.entry.to_json()["type"] != "epoch":
        raise InvalidInput("expected an epoch")


PARSERS: Final[dict[str, Callable[[JSONValue], object]]] = {
    "status-document": StatusStatement.from_json,
    "trust-document": TrustStatement.from_json,
    "entry": parse_entry_whole,
    "epoch": Epoch.from_json,
    "issuer-record": IssuerRecord.from_json,
    "operator-record": OperatorRecord.from_json,
    "evidence": parse_evidence_whole,
    "trust-root": TrustRoot.from_json,
}


def busy_log() -> tuple[SmallLog, Evidence]:
    """Return a log in which every kind of statement stands, and the evidence of one of its certificates."""
    log, issuer = SmallLog(), ed25519("issuer")
    log.close()
    first = log.size
    log.enrol(issuer.public_key, SAMPLE_DID, DESIGNATION)
    log.state(added_key(p256("second").public_key))
    log.state(RetireKey(p256("second").public_key))
    log.state(CompromiseKey(p256("second").public_key, first + 3))
    for action in (TrustAction.SUSPEND_SCOPE, TrustAction.REINSTATE_SCOPE, TrustAction.WITHDRAW_SCOPE):
        log.state(ChangeScope(action, first + 2))
    log.state(Enrol(Names("Cơ quan Mẫu"), "0100000000"), AUTHORITY)
    log.state(added_key(ed25519("authority").public_key, AUTHORITY), AUTHORITY)
    delegated = DelegatedScope(MEASURANDS.kind, MEASURANDS.authority)
    log.state(Delegate((TrustAction.GRANT_SCOPE, TrustAction.SUSPEND_SCOPE), (delegated,)), AUTHORITY)
    log.state(GrantScope(MEASURANDS), signer=ed25519("authority"), did=AUTHORITY)
    log.close()
    earlier = log.size
    certificate = log.certify(issuer)
    log.close()
    anchored = log.size
    binding = FileBinding(bytes(32), "application/pdf")
    log.change_status(certificate, StatusAction.BIND_FILE, signer=issuer, file=binding)
    log.change_status(certificate, StatusAction.SUSPEND, "investigation", signer=issuer)
    log.change_status(certificate, StatusAction.REINSTATE, "corrected", signer=issuer)
    other = log.certify(issuer, conformity_content(slot=Slot(0, 1), number="MAU-2026-0002"))
    replaced = other.document_hash
    log.change_status(certificate, StatusAction.SUPERSEDE, "renewed", signer=issuer, replaced_by=replaced)
    log.change_status(other, StatusAction.WITHDRAW, "invalid", signer=issuer)
    log.close()
    pointer = AnchorPointer(31337, "0x" + "ab" * 32, 7, log.time)
    assert earlier < anchored
    return log, log.evidence(certificate, earlier=[anchored], anchors={anchored: [pointer]})


def samples() -> Iterator[tuple[str, JSONValue]]:
    log, evidence = busy_log()
    yield "trust-root", log.trust_root().to_json()
    yield "evidence", evidence.to_json()
    yield "operator-record", log.trust.operator_record.to_json()
    for record in log.trust.records:
        yield "issuer-record", record.to_json()
    for entry in log.entries:
        yield "entry", entry.to_json()
        if isinstance(entry, StatementEntry):
            yield f"{entry.type}-document", entry.document.content
    yield "epoch", log.epochs[-1].to_json()


OTHERS: Final[tuple[object, ...]] = (None, True, -1, 2**53, "", "x", [], {}, [None])
SAMPLES: Final = list(samples())
VALIDATORS: Final = {name: Draft202012Validator(schema, offline=True) for name, schema in SCHEMAS.items()}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every member, and of the first two items of every list."""
    yield path
    items = (
        value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    )
    for name, member in items:
        if "certificate" in path and name in ("proof", "credentialSubject"):
            continue  # thousands of places, which test_certificate_content.py is about
        if len(path) >= 3 and name in ("document", "proof"):
            continue  # each entry of the log is a sample of its own
        yield from places(member, (*path, name))


def broken(value: JSONValue) -> Iterator[tuple[str, JSONValue]]:
    """Yield the value with one member dropped, added or of another kind, at every place."""
    for path in places(value):
        changed: Any = copy.deepcopy(value)
        holder: Any = changed
        for step in path[:-1]:
            holder = holder[step]
        target = holder[path[-1]] if path else changed
        if isinstance(target, dict):
            target["surplus"] = 1
            yield f"{path} gets a surplus member", copy.deepcopy(changed)
            del target["surplus"]
        if not path:
            continue
        for other in OTHERS:
            holder[path[-1]] = other
            yield f"{path} becomes {other!r}", copy.deepcopy(changed)
        holder.pop(path[-1])
        yield f"{path} is dropped", changed


def is_parsed(name: str, value: JSONValue) -> bool:
    try:
        check_value(value)  # as every entrance does while it reads the bytes
        PARSERS[name](value)
    except InvalidInput:
        return False
    return True


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_valid_and_has_an_address_of_its_own(name: str) -> None:
    meta.validate(SCHEMAS[name])
    assert SCHEMAS[name]["$id"] == f"https://registry.example.vn/schemas/{name}/v1"


def test_the_samples_hold_every_kind_of_statement() -> None:
    actions = {str(value["action"]) for _, value in SAMPLES if isinstance(value, dict) and "action" in value}

    missing = {*StatusAction, *TrustAction} - actions
    assert missing <= {StatusAction.CANCEL, TrustAction.ROTATE_OPERATOR}


@pytest.mark.parametrize(
    ("name", "value"), SAMPLES, ids=[f"{i}-{name}" for i, (name, _) in enumerate(SAMPLES)]
)
def test_schema_and_parser_agree_on_the_document_and_on_each_way_to_break_it(
    name: str, value: JSONValue
) -> None:
    validator = VALIDATORS[name]
    assert is_parsed(name, value)
    assert [error.message for error in validator.iter_errors(value)] == []

    for what, changed in broken(value):
        # The schema may accept what only reading shows to be wrong (a date that does not exist); it must
        # never refuse what the parser accepts, and members are its own business: there it must be as strict.
        accepted, parsed = validator.is_valid(changed), is_parsed(name, changed)
        assert accepted or not parsed, what
        if what.endswith(("a surplus member", "is dropped")) and isinstance(changed, dict):
            assert accepted == parsed, what


def test_a_secured_certificate_needs_its_proof() -> None:
    log, evidence = busy_log()
    assert log.size
    assert evidence.certificate is not None
    whole = evidence.certificate.to_json()

    assert VALIDATORS["secured-conformity-certificate"].is_valid(whole)
    assert VALIDATORS["conformity-certificate"].is_valid(evidence.certificate.content)
    assert not VALIDATORS["conformity-certificate"].is_valid(whole)
    assert not VALIDATORS["secured-conformity-certificate"].is_valid(evidence.certificate.content)
