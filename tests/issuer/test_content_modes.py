"""Public, sealed, withheld: what leaves the desk, what stays in the journal, and what a repeated run changes."""

import hashlib
import hmac
import sqlite3
from pathlib import Path

import pytest

from certlog.documents import SecuredDocument
from certlog.encoding import b64url
from certlog.errors import InvalidInput
from certlog.sealed import key_from_text, open_sealed
from issuer.content_modes import ContentMode, mode_of
from issuer.http_registry import line_of
from issuer.issue import IssueReport, Request, issue, read_drafts
from issuer.journal import JOURNAL_NAME, open_journal
from issuer.registry_port import Item, Outcome
from tests.support.certificates import conformity_content
from tests.support.desk import Desk, two_rows
from tests.support.fake_registry import FakeRegistry

VERSION_1 = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE slots (
    list INTEGER NOT NULL, position INTEGER NOT NULL, expires INTEGER NOT NULL,
    PRIMARY KEY (list, position)) STRICT;
CREATE TABLE certificates (
    document_hash BLOB PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    issuer TEXT NOT NULL, number TEXT NOT NULL, version INTEGER NOT NULL, input_hash BLOB NOT NULL,
    list INTEGER NOT NULL, position INTEGER NOT NULL, document BLOB NOT NULL,
    pdf_name TEXT, pdf_sha256 BLOB, published INTEGER NOT NULL, signed_at INTEGER NOT NULL,
    UNIQUE (issuer, number, version), UNIQUE (list, position)) STRICT;
CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY, entry BLOB NOT NULL UNIQUE, certificate BLOB NOT NULL, action TEXT NOT NULL,
    log_index INTEGER, leaf_hash TEXT, refused_code TEXT, refused_detail TEXT,
    dropped INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE discarded (
    document_hash BLOB PRIMARY KEY, document BLOB NOT NULL, reason TEXT NOT NULL) STRICT;
INSERT INTO certificates VALUES (x'01', 'A', 'did:web:a', 'N1', 1, x'00', 0, 0, x'7b7d', NULL, NULL, 1, 7);
INSERT INTO certificates VALUES (x'02', 'B', 'did:web:a', 'N2', 1, x'00', 0, 1, x'7b7d', 'b.pdf', x'05', 0, 8);
PRAGMA user_version = 1;
"""


class Listening(FakeRegistry):
    """A registry that keeps what it was sent."""

    heard: list[Item]

    def submit(self, items: list[Item]) -> tuple[Outcome, ...]:  # type: ignore[override]
        """Keep and answer."""
        self.heard = [*getattr(self, "heard", []), *items]
        return super().submit(items)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk.at(tmp_path)
    desk.registry = Listening(lambda: desk.now)
    return desk


def issue_as(desk: Desk, mode: ContentMode | None) -> IssueReport:
    drafts = read_drafts(two_rows(), is_json=False, body=desk.body, did=desk.key.did)
    with desk.journal() as journal:
        return issue(Request(drafts, desk.folder, content=mode), desk.tools(journal))


def heard(desk: Desk) -> list[Item]:
    assert isinstance(desk.registry, Listening)
    return [item for item in desk.registry.heard if b'"type":"certificate"' in item.entry]


def keys(desk: Desk, report: IssueReport) -> list[bytes]:
    with desk.journal() as journal:
        rows = [journal.certificate(done.document_hash) for done in report.issued]
    return [key_from_text(row.key_text) for row in rows if row is not None]


def test_conformity_is_public_unless_told_otherwise(desk: Desk) -> None:
    issue_as(desk, None)
    assert all(item.document and not item.sealed and not item.number_tag for item in heard(desk))


def test_sealed_content_opens_with_the_journals_key_and_each_certificate_has_its_own(desk: Desk) -> None:
    report = issue_as(desk, ContentMode.SEALED)
    found = keys(desk, report)
    assert len(set(found)) == 2
    for item, key, done in zip(heard(desk), found, report.issued, strict=True):
        assert item.document is None
        assert item.sealed is not None
        document = open_sealed(item.sealed, key, done.document_hash)
        assert document.content["certificateNumber"] == done.number


def test_the_key_never_leaves_the_desk(desk: Desk) -> None:
    report = issue_as(desk, ContentMode.SEALED)
    assert isinstance(desk.registry, Listening)
    sent = b"".join(line_of(item) for item in desk.registry.heard)
    for key in keys(desk, report):
        assert b64url(key).encode() not in sent
        assert key not in sent
        assert key.hex().encode() not in sent


def test_the_printed_page_gets_the_key_of_its_own_certificate(desk: Desk) -> None:
    seen: dict[bytes, str] = {}

    def make_pdf(secured: SecuredDocument, signed_at: int, key_text: str = "") -> bytes:
        seen[secured.document_hash] = key_text
        return b"%PDF" + secured.document_hash + str(signed_at).encode()

    desk.make_pdf = make_pdf
    report = issue_as(desk, ContentMode.SEALED)
    assert [key_from_text(seen[done.document_hash]) for done in report.issued] == keys(desk, report)


def test_withheld_content_stays_here_and_its_number_is_an_hmac(desk: Desk) -> None:
    report = issue_as(desk, ContentMode.WITHHELD)
    with desk.journal() as journal:
        secret = journal.number_secret(lambda _: pytest.fail("the secret is made once"))
    for item, done in zip(heard(desk), report.issued, strict=True):
        assert (item.document, item.sealed) == (None, None)
        wanted = hmac.digest(secret, f"{done.number}\0{done.version}".encode(), hashlib.sha256)
        assert item.number_tag == wanted


def test_a_repeated_run_sends_the_same_sealed_bytes(desk: Desk) -> None:
    assert isinstance(desk.registry, Listening)
    issue_as(desk, ContentMode.SEALED)
    first = heard(desk)
    with sqlite3.connect(desk.folder / JOURNAL_NAME) as other:
        other.execute("UPDATE outbox SET log_index = NULL")
    other.close()
    desk.registry.heard = []
    desk.seed = "another run"
    issue_as(desk, ContentMode.WITHHELD)
    assert heard(desk) == first


def test_confidential_content_is_sealed_by_default_and_never_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("issuer.content_modes.is_confidential", lambda _content: True)
    assert mode_of(conformity_content(), None) is ContentMode.SEALED
    assert mode_of(conformity_content(), ContentMode.WITHHELD) is ContentMode.WITHHELD
    with pytest.raises(InvalidInput, match="never public: use --content sealed"):
        mode_of(conformity_content(), ContentMode.PUBLIC)


def test_a_run_that_would_publish_confidential_content_does_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("issuer.content_modes.is_confidential", lambda _content: True)
    with pytest.raises(InvalidInput, match="never public"):
        issue_as(desk, ContentMode.PUBLIC)
    with desk.journal() as journal:
        assert journal.waiting() == ()
        assert journal.free_slots(usable_at=0) == ()


def test_a_journal_of_the_first_version_is_brought_up_in_place(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_NAME
    old = sqlite3.connect(path)
    old.executescript(VERSION_1)
    old.close()
    with open_journal(tmp_path) as journal:
        first, second = journal.with_id("A"), journal.with_id("B")
    assert first is not None
    assert second is not None
    assert (first.mode, second.mode) == (ContentMode.PUBLIC, ContentMode.WITHHELD)
    assert (second.pdf_name, second.pdf_sha256, second.signed_at, second.key_text) == (
        "b.pdf",
        b"\x05",
        8,
        "",
    )
    with open_journal(tmp_path) as again:
        assert again.with_id("A") == first


def test_a_draft_is_asked_for_its_kind_before_it_is_complete() -> None:
    drafts = read_drafts(two_rows(), is_json=False, body=Desk.at(Path()).body, did="did:web:a.example.vn")
    modes = [mode_of(draft.content, None) for draft in drafts.good]
    assert modes == [ContentMode.PUBLIC, ContentMode.PUBLIC]
