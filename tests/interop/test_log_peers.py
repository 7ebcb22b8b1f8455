"""Our log, checked by Go's x/mod and by aics-tlog, neither of which knows this project; both must also say no.

A campaign: the peers bring environments of their own. The log is a real registry's, grown batch by batch.
"""

import json
import random
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from certlog.checkpoint import read_checkpoint
from certlog.keys import Signer
from certlog.tlog_proof import parse_proof
from tests.support.deep import cases
from tests.support.peers import REQUIREMENTS, build_go, python_of
from tests.support.registry import RegistryWorld, as_submission, make_world
from tests.support.signing import ed25519

pytestmark = [pytest.mark.deep, pytest.mark.timeout(3600)]

Question: TypeAlias = dict[str, Any]
ENTRIES: Final = cases(20_000)
BATCH: Final = 500
PROVEN: Final = 200
"""Entries whose inclusion is asked about; in all cases also the first, the last and those beside powers of two."""


@dataclass(frozen=True)
class Log:
    """What a reader of the log has: its key, its checkpoints in order, and the registry to ask for proofs."""

    world: RegistryWorld
    key: str
    notes: tuple[str, ...]
    other_key: Signer = field(default_factory=lambda: ed25519("another log"))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """Return a registry's log of ENTRIES certificates, with a signed checkpoint after every batch."""
    world = make_world(tmp_path_factory.mktemp("peers") / "data")
    world.enrol()
    notes = []
    template = world.certificate()
    for begin in range(0, ENTRIES, BATCH):
        slots = world.registry.reserve_slots(template.proof.did, min(BATCH, ENTRIES - begin)).slots
        items = [as_submission(world.certificate(slot=slot), slot, publish=False) for slot in slots]
        assert {outcome.status for outcome in world.submit(*items)} == {"logged"}
        world.publisher.tick()
        notes.append(world.registry.checkpoint())
    yield Log(world, world.registry.log_key(), tuple(notes))
    world.close()


@pytest.fixture(scope="module", params=["go", "aics"])
def peer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the command of a peer that answers questions, one a line."""
    if request.param == "go":
        return [build_go(REQUIREMENTS / "tlog_go" / "main.go", tmp_path_factory.mktemp("go"))]
    return [python_of("aics"), REQUIREMENTS / "tlog_aics.py"]


def ask(peer: Sequence[Path], questions: Sequence[Question]) -> list[Question]:
    """Return the peer's answers, in order."""
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    done = subprocess.run(peer, input=lines.encode(), capture_output=True, check=False, timeout=1800)
    assert done.returncode == 0, done.stderr.decode()
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(questions)
    return answers


def text(data: bytes) -> str:
    """Return bytes as JSON carries them to the peers."""
    return b64encode(data).decode()


def inclusion(log: Log, index: int) -> Question:
    """Ask whether an entry stands in the newest checkpoint, by the receipt that the registry gives out."""
    entry = log.world.registry.entry(index)
    assert entry is not None
    proof = parse_proof(log.world.registry.tlog_proof(index))
    head = read_checkpoint(proof.checkpoint_note)
    return {
        "kind": "inclusion",
        "index": proof.index,
        "size": head.size,
        "root": text(head.root),
        "entry": text(entry.data),
        "path": [text(digest) for digest in proof.path],
    }


def consistency(log: Log, old_note: str, new_note: str) -> Question:
    """Ask whether one checkpoint is an extension of another."""
    old, new = read_checkpoint(old_note), read_checkpoint(new_note)
    return {
        "kind": "consistency",
        "oldSize": old.size,
        "oldRoot": text(old.root),
        "size": new.size,
        "root": text(new.root),
        "path": [text(digest) for digest in log.world.registry.consistency(old.size, new.size)],
    }


def checkpoint(log: Log, note: str) -> Question:
    """Ask who signed a checkpoint, and what it says."""
    return {"kind": "checkpoint", "key": log.key, "note": note}


def chosen_indices(size: int) -> list[int]:
    """Return indices at the edges of subtrees, and some by chance."""
    edges = {0, size - 1, *(2**level + step for level in range(1, 20) for step in (-1, 0, 1))}
    return sorted(
        {index for index in edges if index < size} | set(random.Random(7).sample(range(size), PROVEN))
    )


def test_peers_accept_every_checkpoint_and_read_the_same_size_and_root(log: Log, peer: list[Path]) -> None:
    answers = ask(peer, [checkpoint(log, note) for note in log.notes])
    heads = [read_checkpoint(note) for note in log.notes]
    assert all(answer["ok"] for answer in answers), answers
    assert [(answer["size"], answer["root"]) for answer in answers] == [
        (head.size, text(head.root)) for head in heads
    ]
    assert heads[-1].size > ENTRIES


def test_peers_accept_our_inclusion_proofs(log: Log, peer: list[Path]) -> None:
    indices = chosen_indices(read_checkpoint(log.notes[-1]).size)
    refused = [
        answer for answer in ask(peer, [inclusion(log, index) for index in indices]) if not answer["ok"]
    ]
    assert refused == []
    assert len(indices) >= PROVEN


def test_peers_accept_our_consistency_proofs(log: Log, peer: list[Path]) -> None:
    pairs = [(old, new) for i, old in enumerate(log.notes) for new in log.notes[i + 1 :]]
    asked = random.Random(11).sample(pairs, min(len(pairs), 300))
    answers = ask(peer, [consistency(log, old, new) for old, new in asked])
    assert [answer for answer in answers if not answer["ok"]] == []


def flipped(value: str, bit: int) -> str:
    """Return base64 text whose bytes differ in one bit."""
    data = bytearray(b64decode(value))
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    return text(bytes(data))


def tampered_proof(question: Question) -> Iterator[Question]:
    """Yield forms of a proof that must be refused."""
    path = question["path"]
    for position in range(len(path)):
        yield question | {
            "path": [*path[:position], flipped(path[position], 37 * position), *path[position + 1 :]]
        }
    if path:
        yield question | {"path": path[:-1]}
        yield question | {"path": path[1:]}
    yield question | {"path": [*path, path[-1] if path else question["root"]]}
    yield question | {"root": flipped(question["root"], 9)}
    yield question | {"size": question["size"] * 2 + 1}
    if len(set(path)) > 1:
        yield question | {"path": path[::-1]}


def tampered_inclusion(question: Question) -> Iterator[Question]:
    """Yield forms of an inclusion proof that must be refused."""
    yield from tampered_proof(question)
    yield question | {"entry": flipped(question["entry"], 801)}
    yield question | {"index": question["index"] ^ 1}
    yield question | {"index": question["size"]}


def test_peers_refuse_tampered_inclusion_proofs(log: Log, peer: list[Path]) -> None:
    size = read_checkpoint(log.notes[-1]).size
    asked = [
        forged for index in chosen_indices(size)[::4] for forged in tampered_inclusion(inclusion(log, index))
    ]
    assert [question for question, answer in zip(asked, ask(peer, asked), strict=True) if answer["ok"]] == []
    assert len(asked) > PROVEN


def test_peers_refuse_tampered_consistency_proofs(log: Log, peer: list[Path]) -> None:
    honest = [consistency(log, old, new) for old, new in zip(log.notes[:-1:3], log.notes[1::3], strict=False)]
    asked = [forged for question in honest for forged in tampered_proof(question)]
    asked += [question | {"oldRoot": flipped(question["oldRoot"], 3)} for question in honest]
    asked += [question | {"oldSize": question["oldSize"] + 1} for question in honest]
    asked += [question | {"oldRoot": question["root"], "root": question["oldRoot"]} for question in honest]
    assert [question for question, answer in zip(asked, ask(peer, asked), strict=True) if answer["ok"]] == []
    assert len(asked) > len(honest) * 5


def forged_checkpoints(log: Log) -> Iterator[str]:
    """Yield checkpoints that this log did not sign, each near to one that it did."""
    for note in log.notes[:: max(1, len(log.notes) // 10)]:
        origin, size, root, *_ = note.split("\n")
        yield note.replace(f"\n{size}\n", f"\n{int(size) + 1}\n", 1)
        yield note.replace(f"\n{root}\n", f"\n{flipped(root, 5)}\n", 1)
        yield note.replace(origin, "registry.other.vn", 1)
        signature = note.rstrip("\n").rsplit(" ", 1)[1]
        yield note.replace(signature, flipped(signature, 200))
        yield note.partition("\n\n")[0] + "\n"
    yield log.notes[0].partition("\n\n")[0] + "\n\n" + log.notes[-1].partition("\n\n")[2]


def test_peers_refuse_tampered_checkpoints(log: Log, peer: list[Path]) -> None:
    asked = [checkpoint(log, note) for note in forged_checkpoints(log)]
    assert [question for question, answer in zip(asked, ask(peer, asked), strict=True) if answer["ok"]] == []
