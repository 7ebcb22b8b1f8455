"""The assessment pack: complete, its sample drawn again by anyone, late registrations, CSV without formulas."""

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from certlog.certificate_id import certificate_id
from certlog.documents import SecuredDocument
from certlog.encoding import b64url, b64url_decode
from certlog.entry import CertificateEntry, parse_entry
from certlog.errors import InvalidInput, NotTrusted
from certlog.scopes import Names
from certlog.slots import Slot
from certlog.status import StatusAction
from certlog.status_list import empty_list
from certlog.trust import Enrol
from cli import audit_pack
from cli.audit_pack import csv_bytes
from issuer.content_modes import ContentMode
from issuer.issue import Request, issue, read_drafts
from issuer.registry_port import Item, Outcome
from tests.cli.test_audit import pins, run
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.controls import Control, require_noticed
from tests.support.desk import Desk, two_rows
from tests.support.fake_registry import FakeRegistry
from tests.support.possession import key_added_by
from tests.support.served_log import document_path, put, write_log
from tests.support.signing import ed25519
from tests.support.small_log import SmallLog
from tests.support.trust_log import OTHER_DID, enrolled
from tests.verifier.audited import content

ISSUER = ed25519("issuer")
PERIOD = ("--from", "2026-11-01T00:00:00+07:00", "--to", "2026-12-01T00:00:00+07:00")


def assessed() -> tuple[SmallLog, list[SecuredDocument]]:
    """Return a log with ten certificates of one body, one of them late and one withdrawn, and one of another body."""
    log = enrolled()
    log.enrol(ed25519("other").public_key, OTHER_DID)
    documents = [log.certify(ISSUER, content(i)) for i in range(8)]
    late = content(8) | {"validFrom": "2026-01-02T00:00:00+07:00"}
    earlier = content(9) | {"issuedEarlier": "2025-05-05"}
    documents += [log.certify(ISSUER, late), log.certify(ISSUER, earlier)]
    log.certify(ed25519("other"), conformity_content(slot=Slot(0, 10), did=OTHER_DID, number="KHAC-1"))
    log.close()
    log.change_status(documents[0], StatusAction.WITHDRAW, "invalid", signer=ISSUER)
    log.close()
    return log, documents


def made(log: SmallLog, documents: list[SecuredDocument], folder: Path, *more: str) -> dict[str, Any]:
    """Make a pack; return its JSON."""
    source = write_log(log, folder / "log", documents)
    done = run("pack", source, "--trust-root", pins(log, folder), "--body", SAMPLE_DID, *PERIOD, *more)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads((folder / "pack" / "pack.json").read_bytes())
    return found


def test_the_list_is_complete_and_of_this_body_only(tmp_path: Path) -> None:
    log, documents = assessed()
    # Two are not published: they are listed all the same.
    found = made(log, documents[:8], tmp_path, "--out", str(tmp_path / "pack"))
    assert [row["content"] for row in found["certificates"]] == ["public"] * 8 + ["withheld"] * 2
    hashes = [b64url_decode(row["documentHash"]) for row in found["certificates"]]
    assert hashes == [document.document_hash for document in documents]
    assert found["certificates"][0]["status"] == "withdrawn"
    assert [(event["action"], event["reason"]) for event in found["events"]] == [("withdraw", "invalid")]
    html = (tmp_path / "pack" / "pack.vi.html").read_text(encoding="utf-8")
    assert "10 giấy chứng nhận" in html


def test_anyone_draws_the_same_sample(tmp_path: Path) -> None:
    log, documents = assessed()
    more = ("--out", str(tmp_path / "pack"), "--seed", "lottery of Sunday", "--sample", "3")
    found = made(log, documents, tmp_path, *more)
    ranked = sorted(
        found["certificates"],
        key=lambda row: hashlib.sha256(b"lottery of Sunday" + b64url_decode(row["documentHash"])).digest(),
    )
    assert found["sample"] == sorted(int(row["index"]) for row in ranked[:3])
    assert found["seed"] == "lottery of Sunday"


def test_what_was_registered_late_is_listed(tmp_path: Path) -> None:
    log, documents = assessed()
    found = made(log, documents, tmp_path, "--out", str(tmp_path / "pack"))
    late = [row for row in found["certificates"] if int(row["index"]) in found["late"]]
    assert [row["number"] for row in late] == ["MAU-2026-0008", "MAU-2026-0009"]
    assert late[1]["issuedEarlier"] == "2025-05-05"


def test_a_period_without_certificates_is_an_empty_pack_and_a_folder_is_used_once(tmp_path: Path) -> None:
    log, documents = assessed()
    more = ("--out", str(tmp_path / "pack"), "--from", "2025-01-01T00:00:00Z", "--to", "2025-02-01T00:00:00Z")
    assert made(log, documents, tmp_path, *more)["certificates"] == []
    with pytest.raises(InvalidInput, match="choose a new folder"):
        made(log, documents, tmp_path, *more)


def test_a_body_that_was_never_enrolled_is_no_empty_pack(tmp_path: Path) -> None:
    log, documents = assessed()
    with pytest.raises(InvalidInput, match="--body: no body with this DID was ever enrolled"):
        made(
            log, documents, tmp_path, "--body", "did:web:mistyped.example.vn", "--out", str(tmp_path / "pack")
        )
    assert not (tmp_path / "pack").exists()


def test_no_pack_of_a_log_that_is_not_right_or_of_other_documents(tmp_path: Path) -> None:
    log, documents = assessed()
    folder = write_log(log, tmp_path / "log", documents)
    arguments = (
        "--trust-root",
        pins(log, tmp_path),
        "--body",
        SAMPLE_DID,
        *PERIOD,
        "--out",
        tmp_path / "pack",
    )
    (folder / document_path(documents[1])).write_bytes(documents[2].to_bytes())
    with pytest.raises(InvalidInput, match="not the one that entry"):
        run("pack", folder, *arguments)
    log.lists = [(bytes(16384), bytes(16384))]
    log.close()
    write_log(log, folder, documents)
    with pytest.raises(NotTrusted, match="no pack"):
        run("pack", folder, *arguments)
    assert not (tmp_path / "pack").exists()


def test_no_cell_starts_a_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    def attempt() -> None:
        rows = [[f"{first}cmd|' /C calc'!A0"] for first in "=+-@\t\r"]
        text = csv_bytes(["customer"], rows).decode("utf-8-sig")
        cells = [row[0] for row in csv.reader(io.StringIO(text, newline=""))][1:]
        assert all(cell.startswith("'") for cell in cells)

    require_noticed(Control(audit_pack, "RISKY", ("none",), attempt), monkeypatch)


class Listening(FakeRegistry):
    """A registry in memory that keeps what it was sent."""

    def submit(self, items: Sequence[Item]) -> tuple[Outcome, ...]:
        """Keep and answer."""
        self.heard = [*getattr(self, "heard", []), *items]
        return super().submit(items)


def sealed_by_a_desk(folder: Path) -> tuple[SmallLog, Desk, list[Item]]:
    """Issue two sealed certificates as a body does; return the log that holds them, the desk, and what it sent."""
    desk = Desk.at(folder / "desk")
    listening = Listening(lambda: desk.now)
    desk.registry = listening
    drafts = read_drafts(two_rows(), is_json=False, body=desk.body, did=desk.key.did)
    with desk.journal() as journal:
        issue(Request(drafts, desk.folder, content=ContentMode.SEALED), desk.tools(journal))
    log = SmallLog()
    log.close()
    log.state(Enrol(Names("Trung tâm Chứng nhận Mẫu"), "0109999999"), desk.key.did)
    log.state(key_added_by(desk.key.signer, desk.key.did, origin=log.origin), desk.key.did)
    log.lists = [(empty_list(), empty_list())]
    for item in listening.heard:
        log.append(parse_entry(item.entry))
    log.close(desk.now + 60)
    return log, desk, listening.heard


def test_what_the_body_sealed_is_opened_by_its_own_journal_and_by_no_other(tmp_path: Path) -> None:
    log, desk, sent = sealed_by_a_desk(tmp_path)
    source = write_log(log, tmp_path / "log")
    for item in sent:
        entry = parse_entry(item.entry)
        if not isinstance(entry, CertificateEntry):
            continue  # which file the body printed
        assert item.document is None
        assert item.sealed is not None
        put(source, f"api/v1/certificates/{certificate_id(entry.document_hash)}/sealed", item.sealed)
    desk_of_another = Desk.at(tmp_path / "another-desk")
    with desk_of_another.journal():
        pass
    arguments = ("pack", source, "--trust-root", pins(log, tmp_path), "--body", desk.key.did, *PERIOD)
    packs = {}
    for name, more in {
        "none": (),
        "own": ("--journal", desk.folder),
        "other": ("--journal", desk_of_another.folder),
    }.items():
        assert run(*arguments, *more, "--out", tmp_path / name).exit_code == 0
        packs[name] = json.loads((tmp_path / name / "pack.json").read_bytes())["certificates"]
    assert [row["content"] for row in packs["own"]] == ["opened"] * 2
    assert [row["content"] for row in packs["none"]] == ["sealed"] * 2
    assert packs["other"] == packs["none"]
    with desk.journal() as journal:
        numbers = {b64url(row.document_hash): row.number for row in journal.newest()}
    assert {row["documentHash"]: row["number"] for row in packs["own"]} == numbers
    assert all(row["number"] == row["customer"] == "" for row in packs["none"])
