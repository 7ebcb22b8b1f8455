"""The HTTP client: the API's answers become values, its refusals and silences become the right errors."""

import socket
import threading
from collections.abc import Iterator, Sequence

import pytest

from certlog.errors import InvalidInput, NotTrusted, Unavailable
from certlog.slots import Slot
from issuer import http_registry
from issuer.http_registry import HttpRegistry, RegistryAddress
from issuer.journal import open_journal
from issuer.registry_port import Item, Outcome
from issuer.submit import submit_waiting
from tests.support.desk import Desk, no_progress
from tests.support.http_fake_registry import TOKEN, HttpFake, serving


@pytest.fixture
def fake(desk: Desk) -> Iterator[HttpFake]:
    with serving(desk.registry) as running:
        yield running


@pytest.fixture
def client(fake: HttpFake) -> HttpRegistry:
    return HttpRegistry(RegistryAddress.from_text(fake.address), TOKEN)


def test_a_file_is_issued_over_http_as_in_memory(desk: Desk, client: HttpRegistry) -> None:
    desk.issue(submit=False)
    with open_journal(desk.folder) as journal:
        submitted = submit_waiting(journal, client, no_progress)

    assert submitted.logged == 40
    assert len(desk.registry.documents) == 20


def test_origin_slots_status_and_document_are_read(desk: Desk, client: HttpRegistry) -> None:
    issued = desk.issue().issued[0]

    assert client.origin() == "registry.example.vn"
    assert client.reserve_slots(2).slots == (Slot(0, 20), Slot(0, 21))
    assert client.status(issued.document_hash) == desk.registry.status(issued.document_hash)
    assert client.document(issued.id) == desk.registry.documents[issued.id]


def test_many_slots_are_reserved_in_several_requests(
    desk: Desk, fake: HttpFake, client: HttpRegistry
) -> None:
    reserved = client.reserve_slots(2500)

    assert len(set(reserved.slots)) == len(reserved.slots) == 2500
    assert len(fake.requests) == 3
    assert reserved.expires == desk.now + desk.registry.lifetime


def test_a_refused_line_keeps_its_reason(desk: Desk, client: HttpRegistry) -> None:
    desk.issue(submit=False)
    with open_journal(desk.folder) as journal:
        first, *_, last = journal.waiting()

    outcomes = client.submit([Item(last.entry), Item(first.entry)])

    assert [outcome.status for outcome in outcomes] == ["refused", "logged"]
    assert (outcomes[0].code, outcomes[0].detail) == ("unknown-certificate", "submit the certificate first")


def test_another_document_than_asked_for_is_refused(desk: Desk, fake: HttpFake, client: HttpRegistry) -> None:
    first, second, *_ = desk.issue().issued
    fake.instead = lambda _: (200, desk.registry.documents[second.id])

    with pytest.raises(InvalidInput, match="answered another document"):
        client.document(first.id)


def test_a_refused_token_says_what_to_do(fake: HttpFake) -> None:
    client = HttpRegistry(RegistryAddress.from_text(fake.address), "another token")

    with pytest.raises(NotTrusted, match="ask its operator for a new one"):
        client.reserve_slots(1)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((500, b"oops"), Unavailable),
        ((503, b'{"detail":"disk full","code":"unavailable"}'), Unavailable),
        ((429, b'{"detail":"too many unused slots","code":"too-many-slots"}'), Unavailable),
        ((403, b'{"detail":"not enrolled","code":"not-enrolled"}'), NotTrusted),
        ((422, b'{"detail":"count","code":"bad-count"}'), InvalidInput),
        ((404, b"<html>"), InvalidInput),
        ((302, b""), InvalidInput),
        ((200, b"<html>a portal page</html>"), InvalidInput),
        ((201, b'{"slots":[],"expires":"2026-11-22T00:00:00Z"}'), Unavailable),
        ((201, b'{"slots":[[0,1.5]],"expires":"2026-11-22T00:00:00Z"}'), InvalidInput),
    ],
)
def test_each_kind_of_answer_becomes_the_right_error(
    fake: HttpFake, client: HttpRegistry, answer: tuple[int, bytes], error: type[Exception]
) -> None:
    fake.instead = lambda _: answer
    with pytest.raises(error):
        client.reserve_slots(1)


def test_a_batch_answered_with_too_few_lines_is_not_believed(fake: HttpFake, client: HttpRegistry) -> None:
    fake.instead = lambda _: (200, b'{"line":1,"status":"logged","index":0,"leafHash":"x"}\n')
    with pytest.raises(Unavailable, match="expected 2 answers, found 1"):
        client.submit([Item(b"{}"), Item(b"{}")])


def test_a_closed_port_is_unavailable() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(Unavailable, match=r"does not answer \(Connection refused\); try again later"):
        HttpRegistry(RegistryAddress.from_text(address)).origin()


def test_a_registry_that_never_answers_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_registry, "TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []
        thread = threading.Thread(target=lambda: taken.append(server.accept()[0]))
        thread.start()
        client = HttpRegistry(RegistryAddress.from_text(f"http://127.0.0.1:{server.getsockname()[1]}"))
        with pytest.raises(Unavailable, match="time ran out"):
            client.origin()
        thread.join()
        taken[0].close()


@pytest.mark.parametrize(
    "address",
    [
        "registry.example.vn",
        "ftp://registry.example.vn",
        "https://",
        "https://h/path",
        "https://u@h",
        "https://h:x",
    ],
)
def test_a_wrong_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput, match="expected the registry's address as https://HOST"):
        RegistryAddress.from_text(address)


def test_a_token_never_travels_in_clear_beyond_this_machine() -> None:
    with pytest.raises(InvalidInput, match="the token would travel in clear"):
        RegistryAddress.from_text("http://registry.example.vn")


def test_a_token_is_not_shown() -> None:
    assert TOKEN not in repr(HttpRegistry(RegistryAddress.from_text("https://registry.example.vn"), TOKEN))


@pytest.mark.parametrize(
    "text", ["https://registry.example.vn", "http://127.0.0.1:8000", "http://[::1]:8000"]
)
def test_an_address_is_written_as_it_was_read(text: str) -> None:
    assert RegistryAddress.from_text(f"{text}/").to_text() == text


def test_batches_hold_at_most_the_api_limit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("issuer.submit.MAX_ITEMS", 15)
    desk.issue(submit=False)
    sizes: list[int] = []
    submit = desk.registry.submit

    def watch(items: Sequence[Item]) -> tuple[Outcome, ...]:
        sizes.append(len(items))
        return submit(items)

    monkeypatch.setattr(desk.registry, "submit", watch)

    desk.resume()

    # Certificates and statements travel apart: only the latter wait for what was signed before them.
    assert sizes == [15, 5, 15, 5]
