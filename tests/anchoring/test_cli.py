"""The commands that need no chain, and what each says when something is missing."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from anchoring import tables
from anchoring.batch import HaltReason
from anchoring.contract import checksummed
from anchoring.keystore import AccountSigner, create_keystore, open_keystore
from anchoring.line_store import LineStore
from anchoring.settings import make_settings, save_settings
from anchoring.worker import Did, Step
from certlog.errors import InvalidInput
from cli.anchor import anchor
from cli.anchor_text import step_reporter
from cli.language import use
from cli.main import main
from tests.anchoring.fake_chain import FakeChain, own_log_id
from tests.anchoring.test_settings import VALUES
from tests.anchoring.world import KEY, World


def run(*arguments: str | Path, answer: str | None = None) -> Result:
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(anchor, words, input=answer, catch_exceptions=False)


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[object, str]:
    """Run through the console script's entry point; return exit status and stderr."""
    with pytest.raises(SystemExit) as ended:
        main(["anchor", *(str(argument) for argument in arguments)])
    return ended.value.code, capsys.readouterr().err


def test_keygen_prints_the_address_of_the_file_that_it_makes(tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("mật khẩu của tôi\n", "utf-8")
    result = run("keygen", "--out", tmp_path / "a.json", "--passphrase-file", tmp_path / "pass")
    assert result.exit_code == 0
    assert open_keystore(tmp_path / "a.json", "mật khẩu của tôi").address == result.stdout.strip()


def test_a_missing_passphrase_file_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = refusal(
        capsys, "keygen", "--out", tmp_path / "a.json", "--passphrase-file", tmp_path / "pass"
    )
    assert status == 2
    assert "cannot read" in said
    assert list(tmp_path.iterdir()) == []


def test_status_lists_batches_and_the_last_look(world: World) -> None:
    world.anchor_one()
    result = run("status", "--data", world.folder)
    assert result.exit_code == 0
    assert f"chain 31337, contract {world.pins.target.contract}" in result.stdout
    assert re.search(r"read 20\d\d-.*Z: newest block \d+, final \d+, head of 4 entries", result.stdout)
    assert re.search(r"1 .* FINAL .* 4 ", result.stdout)


def test_status_for_programs_is_json(world: World) -> None:
    world.anchor_one()
    shown = json.loads(run("status", "--data", world.folder, "--json").stdout)
    assert [(batch["number"], batch["state"]) for batch in shown["batches"]] == [(1, "FINAL")]
    assert shown["lines"][0]["halt"] is None


def test_status_says_that_the_line_is_halted_and_where_to_read_on(world: World) -> None:
    world.anchor_one()
    store = world.line_store()
    store.take_lead()
    store.halt(HaltReason.FOREIGN_HEAD, "somebody was here", at=world.clock())
    shown = run("status", "--data", world.folder).stdout
    assert "foreign-head: somebody was here" in shown
    assert "docs/anchoring.md" in shown


def test_status_before_the_first_run_is_a_clear_refusal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = refusal(capsys, "status", "--data", tmp_path)
    assert status == 3
    assert "anchoring.db does not exist yet" in said


def test_now_makes_the_worker_seal_a_batch(world: World) -> None:
    worker = world.anchor_one()
    assert run("now", "--data", world.folder).exit_code == 0
    assert worker.step().did is Did.SEALED


def test_resume_leaves_the_halt_of_the_configured_line(world: World) -> None:
    target = world.pins.target
    changes = {"contract": target.contract, "log_id": "0x" + target.log_id.hex(), "database": world.place.url}
    save_settings(make_settings(VALUES | changes, "test"), world.folder)
    store = world.line_store()
    store.take_lead()
    store.halt(HaltReason.WRONG_CHAIN, "expected chain id 31337, the node states 1", at=1)
    result = run("resume", "--data", world.folder, "--because", "the endpoint was mistyped")
    assert "left: wrong-chain" in result.stdout
    assert store.line().halt is None


def test_a_line_that_is_left_is_over_and_another_goes_on_with_the_logs_numbers(world: World) -> None:
    old = world.pins
    changes = {"contract": old.target.contract, "log_id": "0x" + old.target.log_id.hex()}
    save_settings(make_settings(VALUES | changes | {"database": world.place.url}, "test"), world.folder)
    worker = world.anchor_one()
    world.store.request_batch()
    world.anchor_one(worker)
    world.chain.code = bytes(32)
    assert worker.step().did is Did.HALTED
    world.die()
    words = ("leave-line", "--data", world.folder, "--because", "the contract is gone")
    assert run(*words, answer="n\n").exit_code == 1
    assert len(world.store.batches()) == 2
    assert run(*words, answer="y\n").exit_code == 0
    assert not (world.folder / "anchoring.toml").exists()
    assert list(world.folder.glob("anchoring.toml.left-*"))
    assert (world.store.polls(), world.store.batches(), world.store.latest_final()) == ((), (), None)
    with pytest.raises(InvalidInput, match="was left for good"):
        world.line_store()
    new = AccountSigner(b"\x0b" * 32)
    target = replace(
        old.target, contract=checksummed(b"\x0d" * 20), log_id=own_log_id(new.address, old.target.origin)
    )
    pins = replace(old, target=target, account=new.address)
    store = LineStore(world.database, target, new.address, now=world.clock())
    fresh = world.chain = FakeChain(world.clock)
    world.anchor_one(world.worker(store=store, chain=fresh, signer=new, pins=pins))
    assert [(batch.number, batch.contract) for batch in world.store.batches()] == [(2, target.contract)]
    assert [poll.halt for poll in world.store.polls()] == [None]


def test_leaving_a_line_keeps_why(world: World) -> None:
    target = world.pins.target
    with pytest.raises(InvalidInput, match="no worker of this line ever ran"):
        world.store.leave_line(target, because="gone", at=5)
    world.line_store()
    with pytest.raises(InvalidInput, match="say why"):
        world.store.leave_line(target, because=" ", at=5)
    world.store.leave_line(target, because="the chain died", at=5)
    with world.database.reading() as connection:
        rows = connection.execute(select(tables.repairs.c.at, tables.repairs.c.because)).all()
    assert [tuple(row) for row in rows] == [(5, "the chain died")]


@pytest.fixture
def key(tmp_path: Path) -> tuple[str | Path, ...]:
    """Return the options that name a key, one that opens quickly."""
    (tmp_path / "pass").write_text("mật khẩu của tôi\n", "utf-8")
    create_keystore(
        tmp_path / "a.json", "mật khẩu của tôi", random_bytes=lambda count: KEY[:count], work_factor=2**12
    )
    return ("--keystore", tmp_path / "a.json", "--passphrase-file", tmp_path / "pass")


def test_deploying_to_a_stopped_node_says_so(
    key: tuple[str | Path, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint = ("--endpoint", "http://127.0.0.1:1", "--chain-id", "31337")
    status, said = refusal(capsys, "deploy", *endpoint, *key)
    assert status == 3
    assert "http://127.0.0.1:1 did not answer eth_chainId" in said
    assert "refused" in said


@pytest.mark.parametrize("finality", ["0", "-1", "soon", "٣"])
def test_a_finality_that_is_neither_tag_nor_depth_is_refused(
    key: tuple[str | Path, ...], capsys: pytest.CaptureFixture[str], finality: str
) -> None:
    endpoint = ("--endpoint", "http://127.0.0.1:1", "--chain-id", "31337", "--finality", finality)
    status, said = refusal(capsys, "deploy", *endpoint, *key)
    assert (status, "expected tag or a number of blocks" in said) == (2, True)


def test_a_report_says_each_new_thing_once() -> None:
    use("en")
    written: list[str] = []
    report = step_reporter(written.append)
    for step in (
        Step(Did.WAITED),
        Step(Did.SEALED, "batch 1"),
        Step(Did.UNAVAILABLE, "no answer"),
        Step(Did.UNAVAILABLE, "no answer"),
        Step(Did.WAITED),
        Step(Did.FINAL, "batch 1"),
    ):
        report(step)
    assert [line.split("anchoring: ")[1] for line in written] == [
        "sealed: batch 1",
        "unavailable: no answer",
        "works again",
        "final: batch 1",
    ]
