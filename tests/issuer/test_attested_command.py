"""`certlog issuer issue X.xml` and `issue-files`, and `certlog verify` on what they made."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.issuer import issuer
from issuer.key_file import create_key_file
from tests.support.attested import plain_pdf
from tests.support.desk import EXAMPLES, Desk
from tests.support.fixtures import fixtures_dir
from tests.support.http_fake_registry import TOKEN, HttpFake, serving

PASSPHRASE = "mật khẩu dùng một lần"
MINIMAL = "minimal-dcc-3.3.0-vi.xml"


@pytest.fixture(scope="module")
def key_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "issuer.pem"
    create_key_file(path, PASSPHRASE, random_bytes=os.urandom)
    return path


@pytest.fixture
def fake() -> Iterator[HttpFake]:
    desk = Desk.at(Path())
    desk.now = 4_000_000_000  # the command's clock is the real one
    with serving(desk.registry) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "body.toml").write_bytes((EXAMPLES / "body.toml").read_bytes())
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n", "utf-8")
    return tmp_path


def run(folder: Path, key_path: Path, fake: HttpFake, *words: str) -> Result:
    options = {
        "--out": folder / "out",
        "--registry": fake.address,
        "--token-file": folder / "token",
        "--key": key_path,
        "--passphrase-file": folder / "passphrase",
    }
    given = [str(word) for pair in options.items() for word in pair]
    return CliRunner(env={"CERTLOG_LANG": "en"}).invoke(issuer, [*words, *given])


def test_issue_takes_a_dcc(folder: Path, key_path: Path, fake: HttpFake) -> None:
    path = folder / "hc.xml"
    path.write_bytes(fixtures_dir("ptb-dcc", MINIMAL).read_bytes())
    schema = str(fixtures_dir("ptb-dcc", "schema"))
    result = run(folder, key_path, fake, "issue", str(path), "--dcc-schema", schema, "--json")
    assert result.exit_code == 0, result.output
    (issued,) = json.loads(result.stdout)["issued"]
    assert (issued["number"], issued["logIndex"]) == ("HC-2026-004512", 0)
    assert Path(issued["pdf"]).read_bytes() == path.read_bytes()
    assert len(fake.registry.entries) == 2


def test_without_the_schemas_it_is_told_how_to_get_them(folder: Path, key_path: Path, fake: HttpFake) -> None:
    (folder / "hc.xml").write_bytes(b"<d/>")
    result = run(folder, key_path, fake, "issue", str(folder / "hc.xml"))
    assert result.exit_code == 2
    assert "--dcc-schema" in result.stderr
    assert fake.registry.entries == []


def test_a_hostile_file_among_good_ones_stops_all_unless_partial(
    folder: Path, key_path: Path, fake: HttpFake
) -> None:
    source, dccs = fixtures_dir("ptb-dcc"), folder / "dccs"
    dccs.mkdir()
    (dccs / "a.xml").write_bytes((source / MINIMAL).read_bytes())
    (dccs / "b.xml").write_bytes(b"<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><d>&x;</d>")
    common = (
        "issue-files",
        str(dccs),
        "--body",
        str(folder / "body.toml"),
        "--dcc-schema",
        str(source / "schema"),
    )
    result = run(folder, key_path, fake, *common)
    assert result.exit_code == 2
    assert "b.xml: a document type (DOCTYPE) is refused" in result.stderr
    assert fake.registry.entries == []
    result = run(folder, key_path, fake, *common, "--partial")
    assert result.exit_code == 1
    assert len(fake.registry.entries) == 2


def test_a_list_of_pdfs_is_stamped_where_it_is_asked(folder: Path, key_path: Path, fake: HttpFake) -> None:
    (folder / "a.pdf").write_bytes(plain_pdf())
    row = {
        "number": "GĐ-1",
        "kind": "giám định",
        "file": "a.pdf",
        "item": "Lô hàng",
        "issue_date": "2026-11-20",
    }
    (folder / "list.json").write_text(json.dumps([row]), "utf-8")
    place = ("--stamp-corner", "top-left", "--stamp-size", "30")
    result = run(folder, key_path, fake, "issue-files", str(folder / "list.json"), *place, "--json")
    assert result.exit_code == 0, result.output
    (issued,) = json.loads(result.stdout)["issued"]
    assert Path(issued["pdf"]).suffix == ".pdf"
    assert issued["id"] in fake.registry.documents


def test_the_folder_of_the_schemas_may_stand_in_the_body_file(
    folder: Path, key_path: Path, fake: HttpFake
) -> None:
    with (folder / "body.toml").open("a", encoding="utf-8") as body:
        body.write(f'\n[dcc]\nschema = "{fixtures_dir("ptb-dcc", "schema")}"\n')
    (folder / "hc.xml").write_bytes(fixtures_dir("ptb-dcc", MINIMAL).read_bytes())
    assert run(folder, key_path, fake, "issue", str(folder / "hc.xml")).exit_code == 0
