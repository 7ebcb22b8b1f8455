"""Threat C12: of sealed and withheld content no byte is anywhere but at the issuer's desk and in the sealed octets.

A real issuer submits over HTTP to a real registry, whose worker anchors on a real node. Then the data folder, every row
of the databases, everything that is served, what the server wrote out, and the node's blocks and state are scanned for
seeded strings. The control publishes one certificate with the same strings: the same scan must find them.
"""

import base64
import gzip
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from anchoring.contract import artifact
from anchoring.local_node import LocalNode
from anchoring.worker import Did
from certlog.credential import slot_of
from certlog.documents import certificate_challenge
from certlog.sealed import key_text
from certlog.strict_json import JSONObject
from certlog.trust_root import Chain, LogId
from cli.anchoring import PublisherSource
from cli.verify import verify
from issuer.content_modes import ContentMode
from issuer.drafts import Draft, Drafts
from issuer.http_registry import HttpRegistry, RegistryAddress
from issuer.issue import Request, Tools, issue
from issuer.journal import open_journal
from issuer.key_file import IssuerKey
from issuer.problems import Place as FilePlace
from registry.own_trust_root import update_trust_root
from registry.tables import metadata
from tests.anchoring.anvil import CHAIN_ID, AnvilWorld, deploy_contract, fund, make_anvil_world
from tests.support.byte_scan import forms, found_in
from tests.support.calibrations import calibration_content
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.databases import new_place
from tests.support.desk import everything_prints, no_progress, quick_pdf
from tests.support.postgres import Cluster
from tests.support.registry import RegistryWorld, as_submission, make_world
from tests.web.serving import gunicorn

CUSTOMER = "Công ty Khách Hàng Kín Đáo Số Bảy Mươi Tư"
SERIAL = "SERIALSEED7741"
RESULT = "31.41592653"
PERSON = "Người Ký Tên Gieo Mầm"
NUMBERS = ("SEED-HC-774101", "SEED-HC-774102", "SEED-MAU-774103", "SEED-MAU-774104")
TEXTS = {"customer": CUSTOMER, "serial": SERIAL, "result": RESULT, "person": PERSON}

pytestmark = pytest.mark.timeout(240)


@dataclass(frozen=True)
class Row:
    """Where a draft of this test comes from."""

    def place(self, name: str = "") -> FilePlace:
        return FilePlace(0, name)

    def name_of(self, character: str) -> str:
        return character


@dataclass
class Scene:
    """A registry that runs, and where its bytes are."""

    world: RegistryWorld
    anvil: AnvilWorld
    port: int
    output: Path
    seeds: dict[str, bytes]
    ids: list[str]

    def places(self) -> dict[str, bytes]:
        """Return all the bytes that the registry has, serves, says and sent."""
        return {
            "data folder": self._folder(),
            "database rows": self._rows(),
            "answers": self._answers(),
            "output": self.output.read_bytes(),
            "chain": self._chain(),
        }

    def anchor(self) -> None:
        """Let the real worker anchor what is logged, on the node."""
        self.anvil.store.request_batch()
        self.anvil.run_to(self.anvil.worker(), Did.FINAL)

    def get(self, path: str) -> bytes:
        """Ask as anyone could; a refusal has bytes too."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path)
        data = connection.getresponse().read()
        connection.close()
        return data

    def _folder(self) -> bytes:
        return b"".join(
            path.read_bytes() for path in sorted(self.world.folder.path.rglob("*")) if path.is_file()
        )

    def _rows(self) -> bytes:
        found: list[bytes] = []
        with self.world.registry.database.reading() as connection:
            for table in metadata.sorted_tables:
                for row in connection.execute(select(table)):
                    found += [cell if isinstance(cell, bytes) else str(cell).encode() for cell in row]
        return b"\n".join(found)

    def _answers(self) -> bytes:
        size = self.world.registry.size()
        paths = [f"/api/v1/entries/{index}" for index in range(size)]
        paths += [f"/api/v1/entries/{index}/proof" for index in range(size)]
        paths += ["/", "/log", "/trust", "/checkpoint", "/api/v1/log", "/api/v1/anchors", "/openapi.json"]
        paths += ["/status/revocation/0", "/status/suspension/0"]
        for identifier in self.ids:
            pages = [f"{language}/c/{identifier}" for language in ("", "/vi", "/en")]
            files = [
                f"/api/v1/certificates/{identifier}{name}"
                for name in ("", "/evidence", "/document", "/sealed")
            ]
            paths += [
                *pages,
                *files,
                f"/C/{identifier}",
                f"/c/{identifier}/sealed",
                f"/c/{identifier}/qr.svg",
            ]
        return b"\n".join(self.get(path) for path in paths)

    def _chain(self) -> bytes:
        """Blocks with their calldata, and the state with every slot of storage, as bytes."""
        rpc = self.anvil.node.rpc
        newest = int(rpc("eth_blockNumber"), 16)
        said: list[Any] = [rpc("eth_getBlockByNumber", hex(number), True) for number in range(newest + 1)]
        text = json.dumps(said) + gzip.decompress(bytes.fromhex(rpc("anvil_dumpState")[2:])).decode()
        hexes = [word.strip('"')[2:] for word in text.replace(",", " ").split() if word.startswith('"0x')]
        return text.encode() + b"".join(
            bytes.fromhex(word) for word in hexes if len(word) % 2 == 0 and _is_hex(word)
        )


def _is_hex(word: str) -> bool:
    return bool(word) and all(character in "0123456789abcdefABCDEF" for character in word)


@pytest.fixture(scope="module")
def node() -> Iterator[LocalNode]:
    """Start an Anvil of our own."""
    with LocalNode(chain_id=CHAIN_ID, block_time=None) as started:
        fund(started)
        yield started


@pytest.fixture(scope="module")
def scene(
    cluster: Cluster | None, node: LocalNode, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """Issue sealed and withheld certificates at a running registry, and anchor them."""
    base = tmp_path_factory.mktemp("leaks")
    kind = "sqlite" if cluster is None else "postgresql"
    with (
        new_place(base / "data" / "registry.db", cluster) as place,
        socket.create_server(("127.0.0.1", 0)) as listener,
        (base / "output").open("wb") as output,
    ):
        port = listener.getsockname()[1]
        origin, address = f"registry.example.vn/leaks-{kind}", f"http://127.0.0.1:{port}"
        world = make_world(base / "data", place, origin=origin, public_url=address)
        world.clock.time = int(time.time())
        world.enrol()
        anvil = make_anvil_world(world.folder.path, node, deploy_contract(node), origin)
        anvil.log = PublisherSource(world.publisher)  # type: ignore[assignment]  # the real log in its place
        _trust_chain(world, anvil)
        world.publisher.tick()
        try:
            with gunicorn(world.folder.path, listener, output=output, words=("--access-logfile=-",)):
                made = Scene(world, anvil, port, base / "output", {}, [])
                _issue(made, base / "desk", address)
                made.anchor()
                yield made
        finally:
            anvil.close()
            world.close()


def _trust_chain(world: RegistryWorld, anvil: AnvilWorld) -> None:
    chain = Chain(
        id=CHAIN_ID,
        chain_class="local",
        contract=anvil.settings.contract.lower(),
        code_hash="0x" + artifact().code_hash.hex(),
        log_ids=(LogId(anvil.settings.log_id, None),),
        endpoints=anvil.settings.endpoints,
        quorum=1,
        finality=None,
    )
    update_trust_root(world.folder, world.settings, (chain,), replace=True)


def _issue(scene: Scene, desk: Path, address: str) -> None:
    token = scene.world.registry.tokens.create(SAMPLE_DID, 1).text
    key = IssuerKey(SAMPLE_DID, scene.world.issuer)
    registry = HttpRegistry(RegistryAddress.from_text(address), token)
    modes = (ContentMode.SEALED, ContentMode.WITHHELD, ContentMode.SEALED, ContentMode.WITHHELD)
    scene.seeds |= {name: text.encode() for name, text in TEXTS.items()}
    scene.seeds |= {number: number.encode() for number in NUMBERS}
    with open_journal(desk) as journal:
        for number, mode in zip(NUMBERS, modes, strict=True):
            tools = Tools(
                key,
                journal,
                registry,
                quick_pdf,
                everything_prints,
                scene.world.clock,
                os.urandom,
                no_progress,
            )
            report = issue(Request(Drafts((_draft(number),), ()), desk, content=mode), tools)
            assert report.submitted.refused == ()
            row = journal.certificate(report.issued[0].document_hash)
            assert row is not None
            scene.ids.append(row.id)
            if row.sealing is not None:
                scene.seeds |= {
                    f"key of {number}": row.sealing.key,
                    f"text of {number}": row.key_text.encode(),
                }
        scene.seeds["number key"] = journal.number_secret(os.urandom)


def _draft(number: str) -> Draft:
    content = seeded(number)
    for name in ("id", "salt", "credentialStatus"):
        del content[name]
    return Draft(Row(), number, 1, content, None)


def seeded(number: str, **place: Any) -> JSONObject:
    """Return a certificate's content that holds every seed that its kind has a place for."""
    if "MAU" in number:
        content = conformity_content(number=number, **place)
        subject: Any = content["credentialSubject"]
        subject["client"]["name"] = CUSTOMER
        subject["products"][0]["model"] = SERIAL
        subject["products"][0]["ratings"] = [{"name": "U", "value": RESULT, "unit": "V"}]
        subject["authorisedBy"]["name"] = PERSON
        return content
    content = calibration_content(number=number, **place)
    subject = content["credentialSubject"]
    del subject["laboratory"]["accreditation"]  # nothing claimed, so nothing to be granted first
    subject["customer"]["name"] = CUSTOMER
    subject["items"][0]["serial"] = SERIAL
    subject["results"][0]["rows"][0][1] = RESULT
    subject["authorisedBy"][0]["name"] = PERSON
    return content


def test_nothing_of_sealed_or_withheld_content_is_found_in_any_form(scene: Scene) -> None:
    places = scene.places()
    assert all(len(data) > 500 for data in places.values()), {
        name: len(data) for name, data in places.items()
    }
    assert len(scene.seeds) == 13
    assert found_in(places, scene.seeds) == []


def test_what_should_be_found_is(scene: Scene) -> None:
    # That the places are the right ones: each certificate's hash is in all but what the server wrote out.
    places = scene.places()
    view = scene.world.registry.certificate_by_id(scene.ids[0])
    assert view is not None
    root = scene.world.registry.head().root
    assert {place for place, _, _ in found_in(places, {"hash": view.document_hash})} >= {
        "database rows",
        "answers",
    }
    assert {place for place, _, _ in found_in(places, {"root": root})} >= {
        "database rows",
        "answers",
        "chain",
    }
    assert f"/c/{scene.ids[0]}".encode() in places["output"]


def test_whoever_holds_the_paper_reads_it_and_nobody_else_does(scene: Scene) -> None:
    address = f"http://127.0.0.1:{scene.port}"
    sealed, key = scene.ids[0], scene.seeds[f"text of {NUMBERS[0]}"].decode()
    common = ("--trust-root", str(scene.world.folder.trust_root), "--registry", address, "--json")
    shown: dict[str, Any] = {}
    for target in (f"{address}/C/{sealed}#{key}", sealed, scene.ids[1]):
        done = CliRunner().invoke(verify, [target, *common], catch_exceptions=False)
        shown[target] = json.loads(done.output)
    opened, *records = shown.values()
    assert opened["verdict"] == "valid"
    assert opened["content"]["credentialSubject"]["customer"]["name"] == CUSTOMER
    for record in records:
        assert (record["verdict"], record["reason"]) == ("cannot_check", "content_missing")
        assert record["content"] is None
        outcomes = {check["name"]: check["outcome"] for check in record["checks"]}
        assert [name for name, outcome in outcomes.items() if outcome == "passed"] == [
            "signature", "issuer", "inclusion", "checkpoint", "anchor", "status",
        ]  # fmt: skip


def test_the_scan_finds_the_same_content_once_it_is_published(scene: Scene) -> None:
    slot = scene.world.slot()
    content = seeded("SEED-MAU-774103", slot=slot, origin=scene.world.origin)
    document = scene.world.sign(content, SAMPLE_DID, certificate_challenge(slot), scene.world.issuer)
    scene.world.logged(as_submission(document, slot_of(document.content)))
    scene.anchor()
    scene.ids.append(_id_of(scene, document.document_hash))
    found = {(place, seed) for place, seed, _ in found_in(scene.places(), scene.seeds)}
    assert found >= {
        (place, seed) for place in ("database rows", "answers") for seed in (*TEXTS, "SEED-MAU-774103")
    }
    assert not {seed for _, seed in found if seed.startswith(("key of", "text of"))}


def _id_of(scene: Scene, document_hash: Any) -> str:
    view = scene.world.registry.certificate(document_hash)
    assert view is not None
    return view.id


@pytest.mark.parametrize("offset", range(4))
def test_every_form_of_a_seed_is_recognised_wherever_it_begins(offset: int) -> None:
    seed = CUSTOMER.encode()
    padded = b"x" * offset + seed + b"yz"
    written = [
        padded,
        padded.hex().encode(),
        base64.b64encode(padded),
        base64.urlsafe_b64encode(padded),
        json.dumps(CUSTOMER).encode(),
        CUSTOMER.encode("utf-16-le"),
        key_text(bytes(16)).encode() + seed,
    ]
    for data in written:
        assert found_in({"here": data}, {"seed": seed}), data
    assert len(list(forms(seed))) > 12
