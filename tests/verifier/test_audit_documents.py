"""Published documents as an auditor reads them: what each claims was granted, and a number is used once."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from certlog.strict_json import JSONObject, get_object
from certlog.trust import ChangeScope, TrustAction
from tests.support.controls import Control, require_noticed
from tests.support.served_log import write_log
from tests.support.signing import ed25519
from tests.support.small_log import SmallLog
from tests.verifier.audited import audited, codes, content, sample, states
from verifier import audit_documents
from verifier.audit_parts import AuditFault, Part, State

ISSUER: Final = ed25519("issuer")
Lie = Callable[[SmallLog], JSONObject]


def _never_granted(_: SmallLog) -> JSONObject:
    claimed = content(7)
    criteria: JSONObject = {"kind": "QCVN", "number": "QCVN 16:2023/BXD", "year": 2023}
    return claimed | {
        "credentialSubject": get_object(claimed, "credentialSubject") | {"criteria": [criteria]}
    }


def _withdrawn(log: SmallLog) -> JSONObject:
    granted = 2  # as enrolled() has it
    log.state(ChangeScope(TrustAction.WITHDRAW_SCOPE, granted))
    log.close()
    return content(7)


def _number_again(_: SmallLog) -> JSONObject:
    return content(7) | {"certificateNumber": content(0)["certificateNumber"]}


LIES: Final[dict[str, tuple[Lie, AuditFault]]] = {
    "a scope that was never granted": (_never_granted, AuditFault.NO_SCOPE),
    "a scope that was withdrawn": (_withdrawn, AuditFault.NO_SCOPE),
    "a number that is used": (_number_again, AuditFault.REPEATED_NUMBER),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_a_document_may_not_say_is_named(lie: str, tmp_path: Path) -> None:
    made, fault = LIES[lie]
    log, documents = sample()
    documents.append(log.certify(ISSUER, made(log)))
    at = log.positions[documents[-1].document_hash][0]
    log.close()
    folder = write_log(log, tmp_path / "log", documents)
    found = audited(log, folder, documents=True)
    assert [(finding.code, finding.index) for finding in found.findings] == [(fault, at)]
    assert states(found)[Part.DOCUMENTS] is State.FINDING
    # Without the documents, the log by itself is right: nothing of this is in the entries.
    assert codes(audited(log, folder)) == []


@pytest.mark.parametrize(
    ("lie", "name", "defect"),
    [
        ("a scope that was never granted", "covers", lambda *_: True),
        ("a scope that was withdrawn", "stands", lambda *_, **__: True),
        ("a number that is used", "number_of", lambda _: object()),
    ],
)
def test_without_the_check_the_lie_is_not_found(
    lie: str, name: str, defect: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = iter([tmp_path / "right", tmp_path / "defect"])

    def attempt() -> None:
        test_what_a_document_may_not_say_is_named(lie, next(folders))

    require_noticed(Control(audit_documents, name, defect, attempt), monkeypatch)
