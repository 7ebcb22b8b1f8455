"""`certlog issuer issue` with a workbook: good rows out, bad rows back, corrected rows out, and nothing twice."""

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.main import certlog
from issuer.key_file import create_key_file
from tests.support.desk import EXAMPLES, Desk
from tests.support.http_fake_registry import TOKEN, HttpFake, serving
from tests.support.sheets import Formula, good_row, one_sheet


@pytest.fixture
def fake() -> Iterator[HttpFake]:
    desk = Desk.at(Path())
    desk.now = 4_000_000_000  # the command's clock is the real one
    with serving(desk.registry) as running:
        yield running


@pytest.fixture
def options(tmp_path: Path, fake: HttpFake) -> list[str]:
    create_key_file(tmp_path / "key.pem", "throw-away words", random_bytes=os.urandom)
    (tmp_path / "words").write_text("throw-away words\n")
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    paths = {"key": "key.pem", "passphrase-file": "words", "token-file": "token", "out": "out"}
    named = {name: str(tmp_path / path) for name, path in paths.items()}
    chosen = {**named, "registry": fake.address, "body": str(EXAMPLES / "body.toml")}
    return [part for name, value in chosen.items() for part in (f"--{name}", value)]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(certlog, ["--lang", "vi", "issuer", "issue", *map(str, arguments)])


def test_what_is_refused_in_a_workbook_is_corrected_and_issued(
    tmp_path: Path, fake: HttpFake, options: list[str]
) -> None:
    file, refused = tmp_path / "giay.xlsx", tmp_path / "sua.xlsx"
    file.write_bytes(one_sheet([good_row(1), good_row(2, client=Formula('="Công ty"', "Công ty"))]))

    first = run(file, "--partial", "--no-pdf", "--refused", refused, *options)

    assert first.exit_code == 1, first.output
    assert "Trang tính “Giấy chứng nhận”, hàng 3, cột D (Khách hàng): là công thức" in first.stderr
    assert f"1 hàng chưa cấp nằm trong {refused}" in first.stderr
    assert len(fake.registry.documents) == 1
    correct(refused)
    second = run(refused, "--no-pdf", *options)
    assert second.exit_code == 0, second.output
    assert len(fake.registry.documents) == 2
    assert "ký mới 0" in run(refused, "--no-pdf", *options).stderr
    assert len(fake.registry.documents) == 2


def correct(path: Path) -> None:
    """Do what the person does: replace the formula by its value."""
    book: Any = importlib.import_module("openpyxl").load_workbook(path)
    book.worksheets[0]["D2"] = "Công ty"
    book.save(path)


def test_a_dry_run_says_what_would_be_issued_and_leaves_nothing(
    tmp_path: Path, fake: HttpFake, options: list[str]
) -> None:
    file = tmp_path / "giay.xlsx"
    file.write_bytes(one_sheet([good_row(1), good_row(2)]))

    result = run(file, "--dry-run", *options)

    assert result.exit_code == 0, result.output
    assert "Chỉ kiểm tra, chưa ký hay gửi gì. Có thể cấp: 2; lỗi: 0." in result.stderr
    assert fake.registry.documents == {}
    assert not (tmp_path / "out").exists()


def test_a_dry_run_writes_the_list_of_mistakes_where_it_is_asked_to(
    tmp_path: Path, fake: HttpFake, options: list[str]
) -> None:
    file, errors = tmp_path / "giay.xlsx", tmp_path / "loi.csv"
    file.write_bytes(one_sheet([good_row(1, client="")]))

    result = run(file, "--dry-run", "--errors", errors, *options)

    assert result.exit_code == 2, result.output
    assert f"Danh sách lỗi: {errors}" in result.stderr
    assert "2,client," in errors.read_text("utf-8-sig")
    assert fake.registry.documents == {}


def test_a_second_run_says_that_nothing_was_left_to_send(
    tmp_path: Path, fake: HttpFake, options: list[str]
) -> None:
    file = tmp_path / "giay.xlsx"
    file.write_bytes(one_sheet([good_row(1)]))
    run(file, "--no-pdf", *options)

    result = run(file, "--no-pdf", *options)

    assert result.exit_code == 0, result.output
    assert "Không có gì mới để gửi." in result.stderr
    assert len(fake.registry.documents) == 1
