"""Two lines of one registry: the same heads, and nothing of one waits for the other. Fake chains, real workers."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from anchoring import line_store
from anchoring.batch import State
from anchoring.contract import checksummed
from anchoring.keystore import AccountSigner
from anchoring.lines import LINES, database_address, file_name, load_lines, lock_name
from anchoring.settings import make_settings, save_settings
from anchoring.worker import Did
from certlog.errors import InvalidInput, Unavailable
from cli.anchor_lines import shared_out
from cli.anchor_text import batch_table
from cli.doctor_anchoring import anchoring_checks
from cli.doctor_findings import examine
from tests.anchoring.anvil import now
from tests.anchoring.fake_chain import FakeChain
from tests.anchoring.faults import defective
from tests.anchoring.test_settings import VALUES
from tests.anchoring.world import KEY, World
from tests.support.controls import Control, require_failure

SECOND = VALUES | {"chain_id": 31338}


class DeadChain(FakeChain):
    """Answers nothing any more."""

    def chain_id(self) -> int:
        raise Unavailable("connection refused")


@pytest.fixture
def second(world: World, tmp_path: Path) -> Iterator[World]:
    """Return the same registry's second line: another chain, key and lock, the same log and database."""
    folder = tmp_path / "second"
    folder.mkdir()
    chain = FakeChain(world.clock, finality=2)
    made = replace(
        world, folder=folder, chain=chain, signer=AccountSigner(KEY[::-1]), line="second", locks=[]
    )
    yield made
    made.die()


def heads(world: World) -> list[tuple[int, int, bytes, str]]:
    """Return what is final on one line, oldest first."""
    found = [batch for batch in world.store.batches() if batch.log_id == world.pins.target.log_id]
    return [
        (each.number, each.size, each.root, each.note)
        for each in reversed(found)
        if each.state is State.FINAL
    ]


def test_two_lines_anchor_the_same_heads(world: World, second: World) -> None:
    workers = world.worker(), second.worker()
    for _ in range(3):
        world.store.request_batch()
        world.anchor_one(workers[0])
        second.anchor_one(workers[1])
        world.log.append(4)
    assert len(heads(world)) == 3
    assert heads(world) == heads(second)


def test_a_chain_that_died_holds_up_nothing_of_the_other(world: World, second: World) -> None:
    first, other = world.worker(), second.worker()
    world.anchor_one(first)
    second.anchor_one(other)
    world.die()
    dead = world.worker(chain=defective(DeadChain, world.chain))
    for _ in range(3):
        world.log.append(2)
        world.store.request_batch()
        assert dead.step().did is Did.UNAVAILABLE
        second.anchor_one(other)
    assert [number for number, *_ in heads(second)] == [1, 2, 3, 4]
    assert len(heads(world)) == 1


def test_status_names_the_chain_of_each_batch_where_there_are_several(world: World) -> None:
    world.anchor_one(world.worker())
    (one,) = world.store.batches()
    narrow, wide = (batch_table(found).columns for found in ((one,), (one, replace(one, chain_id=31338))))
    assert len(wide) == len(narrow) + 1
    assert list(wide[1].cells) == ["31337", "31338"]


def test_the_doctor_names_the_line_also_where_it_cannot_look(tmp_path: Path) -> None:
    for name in ("anchoring.toml", "anchoring-second.toml"):
        (tmp_path / name).write_text("nonsense = 1")
    found = [finding for check in anchoring_checks(tmp_path, now) for finding in examine(check)]
    named = [str(finding.text).partition(": ")[0] for finding in found]
    assert (named.count("main"), named.count("second")) == (3, 3)


def test_a_halt_stops_its_own_line_only(world: World, second: World) -> None:
    first, other = world.worker(), second.worker()
    world.anchor_one(first)
    world.chain.code = b"\0" * 32
    world.run(first, lambda step: step.did is Did.HALTED)
    second.anchor_one(other)
    polls = {poll.log_id: poll.halt for poll in world.store.polls()}
    assert polls[world.pins.target.log_id] is not None
    assert polls[second.pins.target.log_id] is None


def test_a_slow_line_goes_on_with_the_newest_head_instead_of_every_one_between(
    world: World, second: World
) -> None:
    first, slow = world.worker(), second.worker()
    second.anchor_one(slow)
    for _ in range(5):
        world.store.request_batch()
        world.anchor_one(first)
        world.log.append(1)
    second.anchor_one(slow)
    assert [number for number, *_ in heads(second)] == [1, heads(world)[-1][0]]
    assert heads(second)[-1] == heads(world)[-1]


def test_who_asks_for_a_batch_gets_what_was_logged_before_on_every_line(world: World, second: World) -> None:
    first, other = world.worker(), second.worker()
    second.anchor_one(other)
    world.anchor_one(first)
    world.store.request_batch()
    world.anchor_one(first)
    world.log.append(3)
    wanted = world.log.latest_size()
    world.store.request_batch()
    second.anchor_one(other)  # the head that the first line anchored before those three entries
    assert heads(second)[-1][1] < wanted
    second.anchor_one(other)
    assert heads(second)[-1][1] >= wanted


def test_without_the_rule_a_slow_line_would_anchor_every_head(
    world: World, second: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def own_next(store: line_store.LineStore) -> int:
        last = store.line().last_final
        return last.number + 1 if last else 1

    def slow_line() -> None:
        test_a_slow_line_goes_on_with_the_newest_head_instead_of_every_one_between(world, second)

    require_failure(Control(line_store.LineStore, "next_number", own_next, slow_line), monkeypatch)


def save(folder: Path, **lines: dict[str, object]) -> None:
    for line, values in lines.items():
        save_settings(make_settings(values, "test"), folder, file_name(line))


def test_lines_are_read_from_files_of_their_own(tmp_path: Path) -> None:
    save(tmp_path, main=VALUES, second=SECOND, third=VALUES | {"chain_id": 7})
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "anchoring-second.toml",
        "anchoring-third.toml",
        "anchoring.toml",
    ]
    assert {line: found.chain_id for line, found in load_lines(tmp_path).items()} == {
        "main": 31337,
        "second": 31338,
        "third": 7,
    }
    assert len({lock_name(line) for line in LINES}) == len(LINES)
    assert database_address(tmp_path) == tmp_path / "anchoring.db"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"chain_id": 31337}, "have the same contract on chain 31337"),
        (
            {"chain_id": 31337, "contract": checksummed(b"\xc1" * 20)},
            "have the same account on chain 31337",
        ),
        ({"origin": "other.example.vn"}, "need the same origin"),
        ({"database": "postgresql+psycopg://u@localhost/other"}, "need the same database"),
    ],
)
def test_lines_that_are_not_independent_are_refused(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    save(tmp_path, main=VALUES, second=SECOND | change)
    with pytest.raises(InvalidInput, match=words):
        load_lines(tmp_path)


def test_each_line_gets_its_secret_or_all_get_one() -> None:
    assert shared_out(("main", "second"), ["a", "b"]) == {"main": "a", "second": "b"}
    assert shared_out(("main", "second"), ["a"]) == {"main": "a", "second": "a"}
    for given in ([], ["a", ""]):
        with pytest.raises(InvalidInput, match="one on a line for each of main, second"):
            shared_out(("main", "second"), given)
