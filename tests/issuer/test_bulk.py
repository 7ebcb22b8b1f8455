"""Issuing many: memory hardly grows with the file, and a run that stops anywhere is finished by the next."""

import csv
import io
import random
import threading
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest

from certlog.errors import InvalidInput, NotTrusted, Unavailable
from issuer.draft_stream import TableDrafts
from issuer.input_file import InputFile
from issuer.issue import IssueReport, PrintTools, Request, RowsRefused, issue, print_waiting
from issuer.large_file import open_large
from issuer.print_files import pdf_name
from issuer.read_file import CERTIFICATES
from issuer.registry_port import Item, Outcome
from issuer.spool import Spool
from issuer.spreadsheet import read_sheet
from issuer.submit import submit_waiting
from tests.support.deep import cases
from tests.support.desk import EXAMPLES, Desk

NUMBER = "Số giấy chứng nhận"


def spreadsheet(count: int, **changed: str) -> bytes:
    """Return the example's rows again and again under new numbers; `row_7="X"` puts X as the number of row 7."""
    text = (EXAMPLES / "conformity.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    output = io.StringIO()
    writer = csv.DictWriter(output, list(rows[0]))
    writer.writeheader()
    for i in range(count):
        number = changed.get(f"row_{i + 2}", f"NHIEU-{i:06}")
        writer.writerow(rows[i % len(rows)] | {NUMBER: number})
    return output.getvalue().encode()


def stream(desk: Desk, data: bytes, jobs: int = 1) -> TableDrafts:
    """Return a file's rows as a stream, whatever its size."""
    found = open_large(InputFile.of_bytes(data, "x.csv"), desk.body, desk.key.did, jobs=jobs)
    assert found is not None
    return found


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small files count as large, and chunks be small."""
    monkeypatch.setattr("issuer.draft_stream.FEW_ROWS", 10)
    monkeypatch.setattr("issuer.draft_stream.ROWS_AT_ONCE", 7)
    monkeypatch.setattr("issuer.compare.KEYS_AT_ONCE", 9)
    monkeypatch.setattr("issuer.issue.KEYS_AT_ONCE", 9)
    monkeypatch.setattr("issuer.issue.RESERVED_AT_ONCE", 8)
    monkeypatch.setattr("issuer.sign.SIGNED_AT_ONCE", 6)
    monkeypatch.setattr("issuer.submit.MAX_ITEMS", 5)
    monkeypatch.setattr("issuer.journal.WAITING_AT_ONCE", 4)


def run(desk: Desk, drafts: TableDrafts, *, pdf: bool = False, submit: bool = True) -> IssueReport:
    with desk.journal() as journal:
        return issue(Request(drafts, desk.folder, submit=submit, pdf=pdf), desk.tools(journal))


@pytest.mark.usefixtures("few")
def test_a_stream_is_issued_as_a_file_in_memory_is(desk: Desk) -> None:
    report = run(desk, stream(desk, spreadsheet(47)), pdf=True)
    assert [issued.number for issued in report.issued] == [f"NHIEU-{i:06}" for i in range(47)]
    assert report.submitted.logged == 94
    assert sorted(issued.log_index or 0 for issued in report.issued) == list(range(47))
    assert sorted(desk.files()) == sorted(issued.pdf.name for issued in report.issued)
    again = run(desk, stream(desk, spreadsheet(47)), pdf=True)
    assert (again.issued, again.signed, again.submitted.logged) == (report.issued, 0, 0)


@pytest.mark.usefixtures("few")
def test_several_processes_find_what_one_finds(desk: Desk) -> None:
    data = spreadsheet(60, row_20="NHIEU-000003", row_41="", row_42="NHIEU-000003")
    alone, together = (list(stream(desk, data, jobs).read()) for jobs in (1, 2))
    assert [d for d, _ in together] == [d for d, _ in alone]
    problems = [[p.text("en") for _, found in run for p in found] for run in (alone, together)]
    assert problems[0] == problems[1]
    assert len(problems[0]) == 3


@pytest.mark.usefixtures("few")
def test_one_wrong_row_among_many_stops_all_before_anything_is_done(desk: Desk) -> None:
    with pytest.raises(RowsRefused) as refused:
        run(desk, stream(desk, spreadsheet(50, row_49="")))
    assert [problem.place.row for problem in refused.value.problems] == [49]
    assert desk.registry.reserved == {}
    assert desk.registry.entries == []


class Stop(Exception):
    """The process ends here."""


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("seed", range(6))
def test_a_run_that_is_stopped_anywhere_is_finished_by_the_next(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    data, count = spreadsheet(31), 31
    for _ in range(3):
        left = [chance.randrange(1, 60)]

        def stop(_stage: str, _done: int, _total: int, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Stop

        desk.progress, desk.seed = stop, f"run {chance.random()}"
        if chance.random() < 0.5:
            desk.registry.fail_after = len(desk.registry.entries) + chance.randrange(20)
        try:
            run(desk, stream(desk, data), pdf=True)
        except (Stop, Unavailable):
            desk.registry.fail_after = None
    desk.progress = lambda _stage, _done, _total: None
    report = run(desk, stream(desk, data), pdf=True)
    assert len({issued.document_hash for issued in report.issued}) == count
    assert len(desk.registry.entries) == len(set(desk.registry.entries)) == 2 * count
    assert None not in {issued.log_index for issued in report.issued}
    assert len(desk.files()) == count


@pytest.mark.deep
@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("seed", range(6, 6 + cases(200)))
def test_a_run_that_is_stopped_anywhere_is_finished_by_the_next_in_long(desk: Desk, seed: int) -> None:
    test_a_run_that_is_stopped_anywhere_is_finished_by_the_next(desk, seed)


@pytest.mark.usefixtures("few")
def test_pdfs_left_out_are_made_later_and_bound(desk: Desk) -> None:
    report = run(desk, stream(desk, spreadsheet(12)))
    assert desk.files() == {}
    assert report.submitted.logged == 12
    with desk.journal() as journal:
        tools = PrintTools(desk.key, journal, desk.make_pdf, lambda: desk.now, desk.progress)
        assert print_waiting(desk.folder, tools) == 12
        assert print_waiting(desk.folder, tools) == 0
        names = {
            pdf_name(row) for row in journal.rows_of(desk.key.did, [(i.number, 1) for i in report.issued])
        }
        assert submit_waiting(journal, desk.registry, desk.progress).logged == 12
    assert set(desk.files()) == names == {issued.pdf.name for issued in report.issued}


def test_printing_where_nothing_was_issued_is_refused(desk: Desk) -> None:
    with desk.journal() as journal:
        tools = PrintTools(desk.key, journal, desk.make_pdf, lambda: desk.now, desk.progress)
        with pytest.raises(InvalidInput, match="nothing was issued"):
            print_waiting(desk.folder, tools)


@pytest.mark.usefixtures("few")
def test_batches_of_certificates_are_under_way_together_and_statements_never_are(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(desk, stream(desk, spreadsheet(30)), pdf=True, submit=False)
    busy, most, lock = [0], {"issue": 0, "status": 0}, threading.Lock()
    together = threading.Barrier(3, timeout=10)
    submit = desk.registry.submit

    def watch(items: Sequence[Item]) -> tuple[Outcome, ...]:
        kind = "issue" if b'"documentHash"' in items[0].entry else "status"
        with lock:
            busy[0] += 1
            most[kind] = max(most[kind], busy[0])
        if kind == "issue":
            together.wait()
        with lock:
            outcomes = submit(items)
            busy[0] -= 1
        return outcomes

    monkeypatch.setattr(desk.registry, "submit", watch)
    assert desk.resume().logged == 60
    assert most == {"issue": 3, "status": 1}


@pytest.mark.usefixtures("few")
def test_answers_to_other_batches_are_kept_when_one_fails(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(desk, stream(desk, spreadsheet(15)), submit=False)
    together, submit = threading.Barrier(3, timeout=10), desk.registry.submit
    lock = threading.Lock()

    def fail_once(items: Sequence[Item]) -> tuple[Outcome, ...]:
        first = together.wait() == 0
        if first:
            raise NotTrusted("the token was revoked", code="token-refused")
        with lock:
            return submit(items)

    monkeypatch.setattr(desk.registry, "submit", fail_once)
    with pytest.raises(NotTrusted, match="revoked"):
        desk.resume()
    with desk.journal() as journal:
        assert journal.waiting_count() == 5


@pytest.mark.usefixtures("few")
def test_memory_grows_by_little_with_the_rows_of_a_file(desk: Desk) -> None:
    held = []
    for count in (100, 500):
        path = desk.folder.with_name(f"rows-{count}.csv")
        path.write_bytes(spreadsheet(count))
        drafts = TableDrafts(read_sheet(InputFile.at(path), CERTIFICATES), desk.body, desk.key.did)
        desk.folder = desk.folder.with_name(f"out-{count}")
        tracemalloc.start()
        run(desk, drafts, submit=False)
        held.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # 100,000 rows at this slope need less than 200 MB.
    assert (held[1] - held[0]) / 400 < 2000


@pytest.mark.usefixtures("few")
def test_a_spool_leaves_no_file_and_forgets_what_was_dropped(desk: Desk, tmp_path: Path) -> None:
    with Spool(tmp_path / "out") as spool:
        drafts = [draft for draft, _ in stream(desk, spreadsheet(12)).read() if draft]
        for i, draft in enumerate(drafts[:3]):
            spool.add(draft, new=i > 0)
        spool.drop(2)
        assert list(spool.keys()) == [("NHIEU-000000", 1), ("NHIEU-000001", 1)]
        assert [draft.content for draft in spool.to_sign()] == [drafts[1].content]
        assert (len(spool), spool.new_count) == (2, 1)
        assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InvalidInput, match="cannot write"):
        Spool(tmp_path / "file")
