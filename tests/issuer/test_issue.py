"""Issuing: what is signed verifies, repeating changes nothing, and a stop anywhere loses nothing."""

import signal
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

from certlog.certificate_id import certificate_id
from certlog.credential import check_certificate, slot_of
from certlog.documents import SecuredDocument, certificate_challenge, require_binding, verify_proof
from certlog.encoding import b64url
from certlog.errors import InvalidInput, Unavailable
from issuer.issue import RowsRefused
from issuer.journal import JOURNAL_NAME
from issuer.registry_port import Item, Outcome
from issuer.sign import urn_uuid
from tests.support.desk import EXAMPLES, Desk, quick_pdf, two_rows

FIRST = "MAU-HQ-26-0001"
SECOND = "MAU-HQ-26-0002"


def second_version(number: str = FIRST) -> bytes:
    """Return one row: version 2 of a number, replacing the first for a correction."""
    lines = two_rows().decode().split("\r\n")
    rest = lines[1].partition(",")[2]
    heading = lines[0].replace("Số giấy chứng nhận,", "Số giấy chứng nhận,Phiên bản,Lý do thay thế,")
    return f"{heading}\r\n{number},2,đính chính,{rest}".encode()


def test_every_issued_certificate_verifies_and_is_logged_and_bound(desk: Desk) -> None:
    report = desk.issue()

    assert len(report.issued) == report.signed == 20
    assert (report.submitted.logged, report.submitted.refused) == (40, ())
    for issued in report.issued:
        secured = SecuredDocument.parse(desk.registry.documents[issued.id])
        verify_proof(secured.document_hash, secured.proof, desk.key.signer.public_key)
        challenge = certificate_challenge(slot_of(secured.content))
        require_binding(secured.proof, domain="registry.example.vn", challenge=challenge)
        check_certificate(secured.content, origin="registry.example.vn")
        assert certificate_id(secured.document_hash) == issued.id
        assert len(desk.registry.statuses[secured.document_hash].files) == 1
        assert issued.log_index is not None
    assert len(desk.files()) == 20


def test_ids_salts_and_slots_are_never_shared(desk: Desk) -> None:
    desk.issue()

    contents = [SecuredDocument.parse(data).content for data in desk.registry.documents.values()]
    for values in (
        {str(content["id"]) for content in contents},
        {str(content["salt"]) for content in contents},
        {slot_of(content) for content in contents},
    ):
        assert len(values) == 20


def test_what_the_page_cannot_show_is_refused_before_anything_is_signed(desk: Desk) -> None:
    desk.find_unprintable = lambda text: "".join(character for character in text if character in "株式")
    data = two_rows(**{"Sao Mẫu": "Sao Mẫu 株式会社"})

    with pytest.raises(RowsRefused) as refused:
        desk.issue(data)

    (problem,) = refused.value.problems
    assert (problem.code, problem.place.row, problem.place.column) == ("unprintable", 2, "client")
    assert set(problem.values["found"]) == set("株 式")
    assert [issued.number for issued in desk.issue(data, partial=True).issued] == [SECOND]
    assert desk.issue().signed == 19


def test_an_id_is_a_random_uuid() -> None:
    made = uuid.UUID(urn_uuid(b"\xff" * 16))

    assert (made.version, made.variant) == (4, uuid.RFC_4122)
    assert urn_uuid(bytes(16)) == "urn:uuid:00000000-0000-4000-8000-000000000000"


def test_the_journal_holds_every_entry_before_it_is_submitted(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    submit = desk.registry.submit

    def watch(items: Sequence[Item]) -> tuple[Outcome, ...]:
        copy = tmp_path / "copy.sqlite3"  # what a power cut at this moment would leave
        copy.write_bytes((desk.folder / JOURNAL_NAME).read_bytes())
        connection = sqlite3.connect(copy)
        held = {row[0] for row in connection.execute("SELECT entry FROM outbox")}
        connection.close()
        assert {item.entry for item in items} <= held
        seen.extend(item.entry for item in items)
        return submit(items)

    monkeypatch.setattr(desk.registry, "submit", watch)
    desk.issue(two_rows())

    assert len(seen) == 4


def test_repeating_a_run_gives_the_same_bytes_and_logs_nothing(desk: Desk) -> None:
    first = desk.issue()
    files, entries = desk.files(), list(desk.registry.entries)
    desk.seed, desk.now = "second run", desk.now + 86_400

    again = desk.issue()

    assert again.signed == 0
    assert again.issued == first.issued
    assert desk.files() == files
    assert desk.registry.entries == entries
    assert (again.submitted.logged, again.submitted.existed) == (0, 0)


def test_a_changed_input_is_refused_and_the_message_names_version(desk: Desk) -> None:
    desk.issue(two_rows())
    changed = two_rows(**{"Dây điện lõi đồng": "Dây điện lõi nhôm"})
    entries = list(desk.registry.entries)

    with pytest.raises(RowsRefused, match="1 mistakes in the file; nothing was issued") as caught:
        desk.issue(changed)

    (problem,) = caught.value.problems
    assert (problem.place.row, problem.place.column, problem.code) == (2, "number", "changed-input")
    assert "raise `version`" in problem.text("en")
    assert "tăng phiên bản (version)" in problem.text("vi")
    assert desk.registry.entries == entries


def test_a_higher_version_replaces_the_one_before(desk: Desk) -> None:
    first = desk.issue(two_rows()).issued[0]

    (second,) = desk.issue(second_version()).issued

    content = SecuredDocument.parse(desk.registry.documents[second.id]).content
    before = SecuredDocument.parse(desk.registry.documents[first.id]).content
    assert content["version"] == 2
    assert content["replaces"] == {
        "id": before["id"],
        "digest": b64url(first.document_hash),
        "reason": "correction",
    }


def test_a_version_without_the_one_before_is_refused(desk: Desk) -> None:
    with pytest.raises(RowsRefused) as caught:
        desk.issue(second_version("MAU-HQ-26-9999"))

    assert [(p.place.row, p.place.column, p.code) for p in caught.value.problems] == [
        (2, "version", "no-previous")
    ]


def test_one_bad_row_stops_the_whole_file_before_anything_is_done(desk: Desk) -> None:
    with pytest.raises(RowsRefused) as caught:
        desk.issue(two_rows(CR="CE"))

    assert [problem.code for problem in caught.value.problems] == ["unknown-word"]
    assert desk.registry.calls == ["origin"]
    assert desk.registry.reserved == {}
    assert desk.files() == {}


def test_partial_issues_the_good_rows(desk: Desk) -> None:
    report = desk.issue(two_rows(CR="CE"), partial=True)

    assert [issued.number for issued in report.issued] == [SECOND]
    assert [problem.code for problem in report.problems] == ["unknown-word"]


def test_a_network_that_returns_is_used_by_resume(desk: Desk) -> None:
    desk.registry.fail_after = 7
    with pytest.raises(Unavailable, match="does not answer"):
        desk.issue()
    files = desk.files()
    desk.registry.fail_after = None

    submitted = desk.resume()

    # The answer to the first seven was lost on the way: they are sent again and found logged.
    assert (submitted.logged, submitted.existed) == (33, 7)
    assert len(desk.registry.entries) == 40
    assert len(files) == 20
    assert desk.resume() == type(submitted)()


def test_without_submit_everything_waits_and_resume_sends_it(desk: Desk) -> None:
    desk.issue(submit=False)
    assert desk.registry.entries == []

    assert desk.resume().logged == 40


def test_slots_that_a_stopped_run_reserved_are_used_by_the_next(desk: Desk) -> None:
    def power_cut(_stage: str, _done: int, total: int) -> None:
        if total:
            raise KeyboardInterrupt

    desk.progress = power_cut
    with pytest.raises(KeyboardInterrupt):
        desk.issue()
    desk.progress = lambda *_: None

    report = desk.issue()

    assert report.signed == 20
    assert len(desk.registry.reserved) == 20
    assert desk.registry.calls.count("reserve_slots") == 1


def test_kept_slots_that_expired_are_not_used(desk: Desk) -> None:
    desk.issue(two_rows(), submit=False)
    with desk.journal() as journal:
        reserved = desk.registry.reserve_slots(3)
        journal.keep_slots(reserved.slots, desk.now + 60)
        assert journal.free_slots(usable_at=desk.now) == reserved.slots
        assert journal.free_slots(usable_at=desk.now + 60) == ()


def test_a_certificate_whose_slot_ran_out_before_it_was_logged_is_signed_anew(desk: Desk) -> None:
    before = desk.issue(two_rows(), submit=False).issued
    desk.now += desk.registry.lifetime + 1
    assert {refusal.code for refusal in desk.resume().refused} == {"slot-expired", "unknown-certificate"}
    desk.seed = "second run"

    after = desk.issue(two_rows())

    assert after.submitted.logged == 4
    assert {issued.id for issued in after.issued}.isdisjoint({issued.id for issued in before})
    assert sorted(desk.files()) == sorted(issued.pdf.name for issued in after.issued)


def test_slots_that_were_reserved_for_another_body_are_left_after_one_refusal(desk: Desk) -> None:
    desk.issue(two_rows(), submit=False)  # with the token of another body
    for slot in list(desk.registry.reserved):
        desk.registry.reserved[slot] = 0
    desk.resume()
    desk.seed = "second run"

    assert desk.issue(two_rows()).submitted.refused == ()


def test_a_refused_certificate_is_told_and_tried_again_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = Outcome("refused", code="scope-not-in-force", detail="no designation for QCVN 4:2009/BKHCN")
    with monkeypatch.context() as patch:
        patch.setattr(desk.registry, "submit", lambda items: (refusal,) * len(items))
        report = desk.issue(two_rows())

    assert {(r.number, r.action, r.code) for r in report.submitted.refused} == {
        (number, action, "scope-not-in-force")
        for number in (FIRST, SECOND)
        for action in ("issue", "bindFile")
    }
    assert desk.resume().logged == 4


def test_a_registry_out_of_reach_leaves_nothing_behind(desk: Desk) -> None:
    desk.registry.reachable = False

    with pytest.raises(Unavailable, match="does not answer"):
        desk.issue()

    assert desk.files() == {}
    with desk.journal() as journal:
        assert journal.waiting() == ()


def test_a_journal_of_another_log_is_refused(desk: Desk) -> None:
    desk.issue(two_rows())
    desk.registry.name = "registry.other.example"

    with pytest.raises(InvalidInput, match=r"belongs to origin 'registry\.example\.vn'"):
        desk.issue(two_rows())


def test_two_runs_cannot_hold_one_folder(desk: Desk) -> None:
    with desk.journal(), pytest.raises(Unavailable, match="another run is using"):
        desk.issue(two_rows())


def test_a_sealed_pdf_is_never_rewritten(desk: Desk) -> None:
    issued = desk.issue(two_rows()).issued[0]
    issued.pdf.write_bytes(issued.pdf.read_bytes() + b"seal")

    desk.issue(two_rows())

    assert issued.pdf.read_bytes().endswith(b"seal")


def test_a_lost_pdf_is_made_again_only_if_it_comes_out_the_same(desk: Desk) -> None:
    issued = desk.issue(two_rows()).issued[0]
    data = issued.pdf.read_bytes()
    issued.pdf.unlink()
    desk.issue(two_rows())
    assert issued.pdf.read_bytes() == data

    issued.pdf.unlink()
    desk.make_pdf = lambda secured, signed_at, key_text="": (
        quick_pdf(secured, signed_at, key_text) + b"newer template"
    )
    with pytest.raises(InvalidInput, match="restore it from a backup, or bind a new file"):
        desk.issue(two_rows())
    assert not issued.pdf.exists()


KILLED_RUN = """
import os, signal, sys
from pathlib import Path
from tests.support.desk import Desk

stage, count = sys.argv[2], int(sys.argv[3])
def progress(found, done, total):
    if (found, done) == (stage, count):
        os.kill(os.getpid(), signal.SIGKILL)

desk = Desk.at(Path(sys.argv[1]))
desk.progress = progress
desk.issue()
"""


@pytest.mark.parametrize(
    ("stage", "count", "signed"), [("sign", 20, 0), ("print", 7, 0), ("submit", 0, 0), ("sign", 0, 20)]
)
def test_a_run_that_was_killed_is_finished_by_the_next(
    desk: Desk, stage: str, count: int, signed: int
) -> None:
    command = [sys.executable, "-c", KILLED_RUN, str(desk.folder), stage, str(count)]
    killed = subprocess.run(command, cwd=EXAMPLES.parent, check=False)
    assert killed.returncode == -signal.SIGKILL
    desk.registry.reserve_slots(20)  # as the registry of the killed run did
    files = desk.files()
    desk.seed = "second run"

    report = desk.issue()

    assert report.signed == signed
    assert len(report.issued) == 20
    assert report.submitted.logged == 40
    assert {name: data for name, data in desk.files().items() if name in files} == files
    assert len({issued.id for issued in report.issued}) == 20


def test_resume_after_a_kill_sends_what_the_journal_holds(desk: Desk) -> None:
    command = [sys.executable, "-c", KILLED_RUN, str(desk.folder), "submit", "0"]
    subprocess.run(command, cwd=EXAMPLES.parent, check=False)
    desk.registry.reserve_slots(20)

    assert desk.resume().logged == 40
    assert len(desk.registry.documents) == 20
