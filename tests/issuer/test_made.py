"""What a body has made, read from its journals without disturbing them."""

from pathlib import Path

import pytest

from certlog.digests import DocumentHash
from certlog.entry import StatementEntry, parse_entry
from certlog.errors import InvalidInput, Unavailable
from issuer import made
from issuer.journal import JOURNAL_NAME
from issuer.made import made_documents
from tests.support.desk import Desk


def test_every_certificate_and_statement_of_a_journal_is_named(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path / "out")
    desk.issue()
    with desk.journal() as journal:
        hashes = {row.document_hash for row in journal.newest()}
    found = made_documents([tmp_path / "out"])
    statements = {
        DocumentHash(entry.document.document_hash)
        for data in desk.registry.entries
        if isinstance(entry := parse_entry(data), StatementEntry)
    }
    assert found == {desk.key.did: hashes | statements}
    assert len(hashes) == 20
    assert made_documents([]) == {}


def test_a_folder_without_a_journal_and_a_damaged_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="there is no journal at .*; name the --out folder"):
        made_documents([tmp_path])
    (tmp_path / JOURNAL_NAME).write_bytes(b"no database" * 100)
    with pytest.raises(InvalidInput, match="is damaged"):
        made_documents([tmp_path])


def test_a_journal_that_is_in_use_is_waited_for_and_then_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made, "WAIT", 0.1)
    desk = Desk.at(tmp_path / "out")
    desk.issue()
    with desk.journal(), pytest.raises(Unavailable, match="cannot read .* now: database is locked"):
        made_documents([tmp_path / "out"])
    assert made_documents([tmp_path / "out"])
