"""Our COSE receipts, checked by PyPI's scitt-cose, which nobody here wrote; it must also say no."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import cbor2
import pytest
from click.testing import CliRunner

from certlog.certificate_id import certificate_id
from certlog.checkpoint import Checkpoint, read_checkpoint
from certlog.cose_receipt import (
    consistency_receipt,
    inclusion_receipt,
    verify_consistency_receipt,
    verify_inclusion_receipt,
)
from certlog.digests import RootHash
from certlog.keys import KeyType, PublicKey
from certlog.note import VerifierKey
from certlog.tree import MemoryTree, consistency_proof, leaf_hash
from cli.main import certlog
from registry.heads import checkpoint_at
from registry.keys import LogSigner, load_key
from registry.receipts import Receipts
from registry.tables import checkpoints
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN
from tests.support.deep import cases, tell
from tests.support.peers import REQUIREMENTS, python_of
from tests.support.registry import RegistryWorld, as_submission, make_world
from tests.support.signing import ed25519, log_signer

Question = dict[str, Any]
ENTRIES: Final = cases(2000)


def make(path: Path, entries: int) -> RegistryWorld:
    """Return a registry of this many certificates, signed in two steps."""
    world = make_world(path / "data")
    world.enrol()
    for count in (entries // 2, entries - entries // 2):
        for begin in range(0, count, 500):
            slots = world.registry.reserve_slots(SAMPLE_DID, min(500, count - begin)).slots
            world.submit(*[as_submission(world.certificate(slot=slot), slot) for slot in slots])
        world.publisher.tick()
    return world


@pytest.fixture
def small(tmp_path: Path) -> Iterator[RegistryWorld]:
    world = make_world(tmp_path / "data")
    world.enrol()
    yield world
    world.close()


def receipts_of(world: RegistryWorld) -> tuple[Receipts, bytes]:
    key = LogSigner(world.origin, load_key(world.folder.log_key))
    return Receipts(world.registry.database, world.registry.tiles, key), VerifierKey.from_text(
        world.registry.log_key()
    ).raw


def test_the_command_writes_receipts_that_verify(small: RegistryWorld, tmp_path: Path) -> None:
    slot = small.slot()
    document = small.certificate(slot=slot)
    index = small.logged(as_submission(document, slot))
    small.publisher.tick()
    old = read_checkpoint(small.registry.checkpoint())
    small.enrol("did:web:khac.example.vn", ed25519("neighbour"))
    small.clock.time += 3600
    small.publisher.tick()
    new = read_checkpoint(small.registry.checkpoint())
    assert new.size > old.size
    data, output = str(small.folder.path), tmp_path / "receipt.cbor"
    key = PublicKey(KeyType.ED25519, receipts_of(small)[1])
    code = certificate_id(document.document_hash)
    entry = small.registry.entry(index)
    assert entry is not None
    run = ["registry", "receipt", "--data", data, "-o", str(output)]
    assert CliRunner().invoke(certlog, [*run, "--code", code], catch_exceptions=False).exit_code == 0
    found = verify_inclusion_receipt(output.read_bytes(), leaf_hash(entry.data), key)
    assert (found.size, found.index) == (new.size, index)
    assert (
        CliRunner().invoke(certlog, [*run, "--from-size", str(old.size)], catch_exceptions=False).exit_code
        == 0
    )
    verify_consistency_receipt(output.read_bytes(), old.root, RootHash(new.root), key)


def ask(questions: list[Question]) -> list[dict[str, Any]]:
    done = subprocess.run(
        [python_of("scitt"), REQUIREMENTS / "receipts_scitt.py"],
        input="".join(json.dumps(question) + "\n" for question in questions),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def flipped(data: str, bit: int) -> str:
    changed = bytearray(bytes.fromhex(data))
    changed[bit // 8 % len(changed)] ^= 1 << bit % 8
    return changed.hex()


def other_path(receipt: str) -> str:
    """Return a receipt whose path is one hash short."""
    tagged = cbor2.loads(bytes.fromhex(receipt))
    parts = list(tagged.value)
    size, index, path = cbor2.loads(parts[1][396][-1][0])
    parts[1] = {396: {-1: [cbor2.dumps([size, index, path[:-1]])]}}
    return cbor2.dumps(cbor2.CBORTag(18, parts), canonical=True).hex()


@pytest.mark.deep
@pytest.mark.timeout(3600)
def test_scitt_cose_accepts_our_receipts_and_refuses_what_is_near_them(tmp_path: Path) -> None:
    world = make(tmp_path, max(20, ENTRIES))
    try:
        receipts, key = receipts_of(world)
        head = read_checkpoint(world.registry.checkpoint())
        good: list[Question] = []
        for index in range(0, head.size, max(1, head.size // 200)):
            entry = world.registry.entry(index)
            assert entry is not None
            receipt = receipts.of_entry(index).hex()
            good.append(
                {"kind": "inclusion", "receipt": receipt, "entry": entry.data.hex(), "key": key.hex()}
            )
        assert [answer for answer in ask(good) if not answer["ok"]] == []
        bad = [question | {"entry": flipped(question["entry"], 77)} for question in good]
        bad += [
            question | {"receipt": flipped(question["receipt"], 31 * i)} for i, question in enumerate(good)
        ]
        bad += [question | {"receipt": other_path(question["receipt"])} for question in good]
        bad += [question | {"key": load_key(world.folder.list_key).public_key.raw.hex()} for question in good]
        assert [answer for answer in ask(bad) if answer["ok"]] == []
        with world.registry.database.reading() as connection:
            sizes = sorted(connection.execute(checkpoints.select()).scalars())
            olds = {size: checkpoint_at(connection, size) for size in sizes[:-1]}
        grown = [
            {
                "kind": "consistency",
                "receipt": receipts.of_growth(size).hex(),
                "oldRoot": old.root.hex(),
                "newRoot": head.root.hex(),
                "key": key.hex(),
            }
            for size, old in olds.items()
            if old is not None
        ]
        assert grown
        assert [answer for answer in ask(grown) if not answer["ok"]] == []
        wrong = [question | {"oldRoot": flipped(question["oldRoot"], 3)} for question in grown]
        wrong += [question | {"newRoot": flipped(question["newRoot"], 3)} for question in grown]
        assert [answer for answer in ask(wrong) if answer["ok"]] == []
    finally:
        world.close()


@pytest.mark.deep
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("entries", [70_000, 300_000])
def test_scitt_cose_accepts_receipts_of_large_logs(entries: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Receipts only: the tree is made of leaves that are no certificates, as a receipt does not care."""
    size, signer = max(100, cases(entries)), log_signer(SAMPLE_ORIGIN)
    leaves = [f"entry {index}".encode() for index in range(size)]
    tree = MemoryTree(leaf_hash(leaf) for leaf in leaves)
    head, key = Checkpoint(SAMPLE_ORIGIN, size, tree.root()), signer.verifier_key.raw.hex()
    wanted = sorted({*range(0, size, max(1, size // 200)), size - 1})
    good: list[Question] = [
        {
            "kind": "inclusion",
            "receipt": inclusion_receipt(head, index, tree.inclusion(index), signer).hex(),
            "entry": leaves[index].hex(),
            "key": key,
        }
        for index in wanted
    ]
    olds = [old for old in (1, 2, 255, 256, 257, size // 2, size - 1) if old < size]
    good += [
        {
            "kind": "consistency",
            "receipt": consistency_receipt(old, head, consistency_proof(old, size, tree.read), signer).hex(),
            "oldRoot": tree.root(old).hex(),
            "newRoot": head.root.hex(),
            "key": key,
        }
        for old in olds
    ]
    assert [answer for answer in ask(good) if not answer["ok"]] == []
    bad = [question | {"entry": flipped(question["entry"], 7)} for question in good if "entry" in question]
    bad += [
        question | {"receipt": other_path(question["receipt"])} for question in good if "entry" in question
    ]
    bad += [
        question | {name: flipped(question[name], 3)}
        for question in good
        if "oldRoot" in question
        for name in ("oldRoot", "newRoot")
    ]
    assert [answer for answer in ask(bad) if answer["ok"]] == []
    tell(capsys, f"scitt-cose, {size} entries: {len(good)} receipts accepted, {len(bad)} near them refused")
