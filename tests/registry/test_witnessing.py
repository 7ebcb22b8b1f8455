"""A witness is asked step by step; whatever it answers, nothing but a verified cosignature is kept."""

from collections.abc import Callable
from typing import Final

import pytest

from certlog import cosignature
from certlog.checkpoint import open_checkpoint
from certlog.digests import RootHash
from certlog.errors import CertlogError, InvalidInput, NotTrusted, SignatureMismatch, Unavailable
from certlog.note import VerifierKey, parse_note
from registry import head_tiles, witnessing
from registry.cosigners import Witness
from registry.head_tiles import HeadTiles
from registry.witnessing import SIZE_TYPE, Pace, WitnessAnswer, Witnessing
from tests.support.controls import Control, require_failure
from tests.support.registry import RegistryWorld
from tests.support.witness import FakeWitness


def witness_of(world: RegistryWorld) -> tuple[FakeWitness, Witnessing]:
    world.publisher.tick()
    fake = FakeWitness(VerifierKey.from_text(world.registry.log_key()), now=world.clock)
    return fake, Witnessing(
        world.registry.database, world.registry.tiles, Witness(fake.key, "https://w"), fake, world.clock
    )


def grow(world: RegistryWorld) -> int:
    """Sign another head that ends in an epoch; return its size."""
    world.clock.time += 3600
    world.publisher.tick()
    return world.registry.head().size


def cosigners(world: RegistryWorld) -> list[str]:
    lines = parse_note(world.registry.checkpoint()).signatures
    return [line.name for line in lines if line.name != world.origin]


def test_each_head_that_ends_in_an_epoch_is_cosigned_once(enrolled: RegistryWorld) -> None:
    fake, asking = witness_of(enrolled)
    size = enrolled.registry.head().size
    assert (asking.step(), asking.step()) == (size, None)
    assert cosigners(enrolled) == [fake.name]
    size = grow(enrolled)
    assert asking.step() == size == fake.size
    assert len(fake.asked) == 2
    assert fake.asked[1].startswith(f"old {size - 1}\n".encode())


def test_before_the_first_head_there_is_nothing_to_ask(world: RegistryWorld) -> None:
    fake = FakeWitness(VerifierKey.from_text(world.registry.log_key()))
    assert (
        Witnessing(
            world.registry.database, world.registry.tiles, Witness(fake.key, "https://w"), fake, world.clock
        ).step()
        is None
    )
    assert fake.asked == []


def test_a_witness_that_knows_another_size_is_asked_again_from_there(enrolled: RegistryWorld) -> None:
    """As after a restart of the witness with an older or newer state: status 409 says where it stands."""
    fake, asking = witness_of(enrolled)
    asking.step()
    grow(enrolled)
    fake.size, fake.root = 0, RootHash(FakeWitness(fake.log_key).root)
    assert asking.step() == fake.size
    assert [body.split(b"\n")[0] for body in fake.asked] == [b"old 0", b"old 4", b"old 0"]


def test_after_a_restart_it_goes_on_from_what_is_stored(enrolled: RegistryWorld) -> None:
    fake, asking = witness_of(enrolled)
    asking.step()
    size = grow(enrolled)
    again = Witnessing(
        enrolled.registry.database,
        enrolled.registry.tiles,
        Witness(fake.key, "https://w"),
        fake,
        enrolled.clock,
    )
    assert again.step() == size
    assert fake.asked[-1].startswith(b"old 4\n")


def test_proofs_are_made_from_the_published_tiles(
    enrolled: RegistryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unread(_level: int, _index: int) -> bytes:
        pytest.fail("the database was asked")

    def attempt() -> None:
        fake, asking = witness_of(enrolled)
        asking.step()
        size = grow(enrolled)
        assert asking.step() == size == fake.size

    monkeypatch.setattr(head_tiles, "node_reader", lambda _: unread)
    control = Control(HeadTiles, "nodes", lambda *_: unread, attempt)
    attempt()
    grow(enrolled)
    require_failure(control, monkeypatch)


def test_no_proof_is_made_from_damaged_tiles(enrolled: RegistryWorld) -> None:
    fake, asking = witness_of(enrolled)
    asking.step()
    grow(enrolled)
    tile = max((enrolled.folder.path / "tiles/tile/0/000.p").iterdir(), key=lambda path: int(path.name))
    tile.write_bytes(bytes(len(tile.read_bytes())))
    with pytest.raises(Unavailable, match="the tiles are damaged: .*tile/0/000.p/"):
        asking.step()
    assert len(fake.asked) == 1


def answering(status: int, body: bytes, media_type: str = "text/plain") -> Callable[[bytes], WitnessAnswer]:
    return lambda _asked: WitnessAnswer(status, media_type, body)


def unreachable(_body: bytes) -> WitnessAnswer:
    raise Unavailable("no route")


FAULTS: Final[dict[str, tuple[Callable[[bytes], WitnessAnswer], type[CertlogError], str]]] = {
    "dead": (unreachable, Unavailable, "no route"),
    "unknown log": (answering(404, b""), Unavailable, "status 404: it does not know this log"),
    "unknown key": (answering(403, b""), Unavailable, "status 403: it does not know the log key"),
    "refused proof": (answering(422, b""), Unavailable, "status 422: it refuses the consistency proof"),
    "redirect": (answering(302, b""), Unavailable, "expected status 200, found 302"),
    "always another size": (answering(409, b"1\n", SIZE_TYPE), Unavailable, "expected status 200, found 409"),
    "a size beyond the log": (
        answering(409, b"99\n", SIZE_TYPE),
        InvalidInput,
        "it says that it cosigned size 99",
    ),
    "a size beyond all": (
        answering(409, b"9223372036854775808\n", SIZE_TYPE),
        InvalidInput,
        "expected a size",
    ),
    "a size in words": (answering(409, b"many\n", SIZE_TYPE), InvalidInput, "expected a size"),
    "a conflict without size": (answering(409, b"1\n"), Unavailable, "found 409"),
    "nothing": (answering(200, b""), InvalidInput, "expected signature lines"),
    "noise": (answering(200, b"\xff\n"), InvalidInput, "UTF-8"),
    "another key": (
        answering(200, FakeWitness(VerifierKey("x", 1, bytes(32)), "other.example.vn").line("x\n").encode()),
        NotTrusted,
        "expected a cosignature by a key that is pinned",
    ),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_of_the_witness_is_said_and_nothing_else_changes(enrolled: RegistryWorld, fault: str) -> None:
    fake, asking = witness_of(enrolled)
    fake.fault, error, message = FAULTS[fault]
    with pytest.raises(error, match=message):
        asking.step()
    assert len(fake.asked) <= 2
    assert cosigners(enrolled) == []
    fake.fault = None
    assert asking.step() == enrolled.registry.head().size


def test_a_cosignature_of_another_head_is_refused(enrolled: RegistryWorld) -> None:
    fake, asking = witness_of(enrolled)
    line = fake.line("another text\n")
    fake.fault = answering(200, line.encode())
    with pytest.raises(SignatureMismatch):
        asking.step()
    assert cosigners(enrolled) == []


def test_a_cosignature_from_the_future_is_not_kept(enrolled: RegistryWorld) -> None:
    fake, asking = witness_of(enrolled)
    fake.now = lambda: enrolled.clock() + 3600
    with pytest.raises(InvalidInput, match="in the future"):
        asking.step()
    assert cosigners(enrolled) == []


def test_a_witness_refuses_a_second_history_and_that_is_said(enrolled: RegistryWorld) -> None:
    fake, asking = witness_of(enrolled)
    asking.step()
    grow(enrolled)
    fake.root = RootHash(bytes(32))
    with pytest.raises(Unavailable, match="status 422: it refuses the consistency proof: ASK ITS OPERATOR"):
        asking.step()


def test_signing_goes_on_whatever_a_witness_does(enrolled: RegistryWorld) -> None:
    fake, asking = witness_of(enrolled)
    fake.fault = unreachable
    sizes = []
    for _ in range(5):
        with pytest.raises(Unavailable):
            asking.step()
        sizes.append(grow(enrolled))
    assert sizes == sorted(set(sizes))
    open_checkpoint(enrolled.registry.checkpoint(), fake.log_key)


def test_after_each_failure_it_waits_twice_as_long_up_to_a_limit() -> None:
    pace, problem = Pace(10), Unavailable("x")
    assert [pace.after(problem) for _ in range(3)] == [20, 40, 80]
    assert [pace.after(problem) for _ in range(40)][-1] == witnessing.MAX_WAIT
    assert pace.after(None) == 10


CONTROLS: Final = {
    "a cosignature is not verified": (
        witnessing,
        "open_cosignatures",
        lambda *_, **__: (),
        test_a_cosignature_of_another_head_is_refused,
    ),
    "any date": (cosignature, "MAX_AHEAD", 10**9, test_a_cosignature_from_the_future_is_not_kept),
}


@pytest.mark.parametrize("name", sorted(CONTROLS))
def test_a_defect_of_the_asking_is_noticed(
    name: str, enrolled: RegistryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, attribute, defect, test = CONTROLS[name]
    require_failure(Control(holder, attribute, defect, lambda: test(enrolled)), monkeypatch)
