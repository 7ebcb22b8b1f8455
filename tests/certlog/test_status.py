"""Status documents: their closed form, every step of the state machine, and replay against a plain model."""

from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlog.digests import DocumentHash, sha256
from certlog.errors import InvalidInput
from certlog.status import (
    INITIAL,
    REASONS,
    CertificateStatus,
    FileBinding,
    StatusAction,
    StatusStatement,
    step,
    void,
)
from certlog.strict_json import JSONValue

CERTIFICATE: Final = DocumentHash(sha256(b"certificate"))
REPLACEMENT: Final = DocumentHash(sha256(b"replacement"))
FILE: Final = FileBinding(sha256(b"file"), "application/pdf")
ISSUER: Final = "did:web:mau.example.vn"
EFFECTIVE: Final = "2026-11-22T10:00:00+07:00"


def document_hash(index: int) -> DocumentHash:
    return DocumentHash(sha256(f"status document {index}".encode()))


def statement(action: StatusAction, previous: DocumentHash | None = None, **members: Any) -> StatusStatement:
    values: dict[str, Any] = {"reason": REASONS[action][0] if REASONS[action] else None}
    if action is StatusAction.SUPERSEDE:
        values["replaced_by"] = REPLACEMENT
    if action is StatusAction.BIND_FILE:
        values["file"] = FILE
    return StatusStatement(CERTIFICATE, ISSUER, action, EFFECTIVE, previous, **(values | members))


@pytest.mark.parametrize("action", StatusAction)
def test_a_document_of_each_action_is_read_and_written_alike(action: StatusAction) -> None:
    for previous in (None, document_hash(1)):
        made = statement(action, previous)
        assert StatusStatement.from_json(made.to_json()) == made


def test_the_document_has_the_members_of_the_formats_page() -> None:
    assert statement(StatusAction.SUPERSEDE).to_json().keys() == {
        *("kind", "certificate", "issuer", "action", "effective", "previous", "reason", "replacedBy")
    }
    assert statement(StatusAction.BIND_FILE).to_json()["previous"] is None
    assert "reason" not in statement(StatusAction.BIND_FILE).to_json()


@pytest.mark.parametrize("action", StatusAction)
def test_each_action_takes_its_own_reasons_and_no_other(action: StatusAction) -> None:
    every = {reason for reasons in REASONS.values() for reason in reasons}
    for reason in every | {"", "free text", None}:
        if reason in REASONS[action] or (reason is None and not REASONS[action]):
            assert statement(action, reason=reason).reason == reason
        else:
            with pytest.raises(InvalidInput, match=f"^/reason: {action}: expected "):
                statement(action, reason=reason)


def test_a_certificate_cannot_replace_itself() -> None:
    own = statement(StatusAction.SUPERSEDE).certificate
    with pytest.raises(InvalidInput, match="^/replacedBy: a certificate cannot replace itself$"):
        statement(StatusAction.SUPERSEDE, replaced_by=own)


@pytest.mark.parametrize("action", StatusAction)
def test_a_replacement_goes_with_supersede_and_a_file_with_bind_file_only_and_always(
    action: StatusAction,
) -> None:
    supersedes, binds = action is StatusAction.SUPERSEDE, action is StatusAction.BIND_FILE
    with pytest.raises(InvalidInput, match=r"^/replacedBy: replacedBy goes with supersede, only and always$"):
        statement(action, replaced_by=None if supersedes else REPLACEMENT)
    with pytest.raises(InvalidInput, match=r"^/file: file goes with bindFile, only and always$"):
        statement(action, file=None if binds else FILE)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"kind": "trust"}, "^/kind: expected kind 'status'$"),
        ({"action": "delete"}, "^/action: unknown action 'delete'$"),
        ({"action": "Suspend"}, "unknown action 'Suspend'"),
        ({"certificate": "AAAA"}, "expected 32 bytes, found 3"),
        ({"previous": ""}, "expected 32 bytes, found 0"),
        ({"previous": 0}, "^/previous: expected a string"),
        ({"issuer": "mau.example.vn"}, "^/issuer: expected a did:web"),
        ({"effective": "2026-11-22"}, "^/effective: expected YYYY-MM-DDTHH:MM:SS"),
        ({"note": "free text"}, "unknown member 'note'"),
        ({"reason": None}, "^/reason: expected a string"),
        ({"reason": "corrected"}, "^/reason: suspend: expected one of nonconformity"),
        ({"replacedBy": "A" * 43}, "^/replacedBy: replacedBy goes with supersede"),
    ],
)
def test_a_document_outside_the_closed_form_is_refused(members: dict[str, JSONValue], reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        StatusStatement.from_json(statement(StatusAction.SUSPEND).to_json() | members)


@pytest.mark.parametrize("name", statement(StatusAction.SUSPEND).to_json())
def test_each_member_of_a_document_is_required(name: str) -> None:
    value = statement(StatusAction.SUSPEND).to_json()
    del value[name]
    with pytest.raises(InvalidInput, match=f"member '{name}' is missing|^/reason: suspend: expected one of"):
        StatusStatement.from_json(value)


@pytest.mark.parametrize(
    "media_type", ["", "pdf", "application/PDF", "application/pdf; v=1", "a/b/c", "text/plain\n", "a /b"]
)
def test_a_media_type_of_another_form_is_refused(media_type: str) -> None:
    with pytest.raises(InvalidInput, match=r"^/file: expected a media type such as application/pdf$"):
        FileBinding.from_json(FILE.to_json() | {"mediaType": media_type}, "/file")
    assert FileBinding.from_json(FILE.to_json()) == FILE


FRESH: Final = INITIAL
SUSPENDED: Final = replace(INITIAL, suspended=True)
REVOKED: Final = replace(INITIAL, revoked=True)
BOTH: Final = replace(INITIAL, suspended=True, revoked=True)

# (state, action) -> (suspended, revoked) after it, or the code of the refusal.
TABLE: Final[dict[tuple[CertificateStatus, StatusAction], tuple[bool, bool] | str]] = {
    (FRESH, StatusAction.SUSPEND): (True, False),
    (FRESH, StatusAction.REINSTATE): "no-effect",
    (FRESH, StatusAction.WITHDRAW): (False, True),
    (FRESH, StatusAction.CANCEL): (False, True),
    (FRESH, StatusAction.SUPERSEDE): (False, True),
    (FRESH, StatusAction.BIND_FILE): (False, False),
    (SUSPENDED, StatusAction.SUSPEND): "no-effect",
    (SUSPENDED, StatusAction.REINSTATE): (False, False),
    (SUSPENDED, StatusAction.WITHDRAW): (True, True),
    (SUSPENDED, StatusAction.CANCEL): (True, True),
    (SUSPENDED, StatusAction.SUPERSEDE): (True, True),
    (SUSPENDED, StatusAction.BIND_FILE): (True, False),
    **{(state, action): "already-revoked" for state in (REVOKED, BOTH) for action in StatusAction},
}


def test_the_table_of_states_and_actions_is_complete() -> None:
    assert TABLE.keys() == {(s, a) for s in (FRESH, SUSPENDED, REVOKED, BOTH) for a in StatusAction}


@pytest.mark.parametrize(("before", "action"), TABLE)
def test_each_action_does_in_each_state_what_the_table_says(
    before: CertificateStatus, action: StatusAction
) -> None:
    wanted = TABLE[before, action]
    if isinstance(wanted, str):
        with pytest.raises(InvalidInput) as refusal:
            step(before, statement(action), document_hash(7), index=7)
        assert refusal.value.code == wanted
        return
    after = step(before, statement(action), document_hash(7), index=7)
    assert (after.suspended, after.revoked) == wanted
    assert after.last == document_hash(7)


def test_a_change_is_remembered_with_its_reason_position_and_time() -> None:
    after = step(FRESH, statement(StatusAction.SUPERSEDE), document_hash(7), index=7)
    found = (after.action, after.reason, after.event_index, after.effective, after.replaced_by)
    assert found == (StatusAction.SUPERSEDE, "correction", 7, EFFECTIVE, REPLACEMENT)


def test_binding_files_adds_them_in_order_and_keeps_the_last_change() -> None:
    suspended = step(FRESH, statement(StatusAction.SUSPEND), document_hash(1), index=1)
    other = FileBinding(sha256(b"other"), "application/xml")
    one = step(suspended, statement(StatusAction.BIND_FILE, document_hash(1)), document_hash(2), index=2)
    two = step(
        one, statement(StatusAction.BIND_FILE, document_hash(2), file=other), document_hash(3), index=3
    )
    assert two.files == (FILE, other)
    assert (two.action, two.event_index) == (StatusAction.SUSPEND, 1)


@pytest.mark.parametrize("previous", [None, document_hash(2), CERTIFICATE, DocumentHash(b"")])
def test_an_event_that_does_not_follow_the_last_one_is_refused(previous: DocumentHash | None) -> None:
    before = replace(INITIAL, last=document_hash(1))
    with pytest.raises(InvalidInput, match=r"^/previous: expected .*, found ") as refusal:
        step(before, statement(StatusAction.SUSPEND, previous), document_hash(7), index=7)
    assert refusal.value.code == "wrong-previous"
    assert step(
        before, statement(StatusAction.SUSPEND, document_hash(1)), document_hash(7), index=7
    ).suspended


def test_the_first_event_names_no_previous_one() -> None:
    with pytest.raises(InvalidInput, match=r"^/previous: expected null, found "):
        step(INITIAL, statement(StatusAction.SUSPEND, document_hash(1)), document_hash(2), index=2)


def test_a_void_event_changes_nothing_but_still_counts_for_previous() -> None:
    after = void(SUSPENDED, document_hash(5))
    assert after == replace(SUSPENDED, last=document_hash(5))
    assert not step(
        after, statement(StatusAction.REINSTATE, document_hash(5)), document_hash(6), index=6
    ).suspended


actions = st.lists(st.tuples(st.sampled_from(StatusAction), st.booleans()), max_size=12)


@given(actions)
def test_replay_agrees_with_a_plain_model_of_the_rules(events: list[tuple[StatusAction, bool]]) -> None:
    suspended = revoked = False
    files = 0
    last: int | None = None
    status = INITIAL
    for index, (action, is_void) in enumerate(events):
        previous = None if last is None else document_hash(last)
        if is_void:
            status, last = void(status, document_hash(index)), index
            continue
        allowed = not revoked and (
            (action is StatusAction.SUSPEND and not suspended)
            or (action is StatusAction.REINSTATE and suspended)
            or action not in (StatusAction.SUSPEND, StatusAction.REINSTATE)
        )
        try:
            status = step(status, statement(action, previous), document_hash(index), index=index)
        except InvalidInput:
            assert not allowed
            continue
        assert allowed
        last = index
        files += action is StatusAction.BIND_FILE
        revoked = action in (StatusAction.WITHDRAW, StatusAction.CANCEL, StatusAction.SUPERSEDE)
        suspended = (
            suspended if revoked or action is StatusAction.BIND_FILE else action is StatusAction.SUSPEND
        )
    assert (status.suspended, status.revoked, len(status.files)) == (suspended, revoked, files)
    assert status.last == (None if last is None else document_hash(last))
