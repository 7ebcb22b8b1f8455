"""Issuers and verifiers speak to the real server with the clients that ship, over HTTP."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from certlog.documents import certificate_challenge
from certlog.entry import certificate_entry
from certlog.errors import InvalidInput, NotTrusted
from certlog.evidence import Evidence
from certlog.status import StatusAction
from issuer.http_registry import HttpRegistry
from issuer.http_registry import RegistryAddress as IssuersAddress
from issuer.registry_port import Item
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.registry import OTHER_DID
from tests.web.real import RealRegistry, id_of, make_real_registry
from tests.web.serving import gunicorn
from verifier.registry_client import RegistryAddress

UNKNOWN = "WERC8GMRZGE196QVYK49"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RealRegistry, str]]:
    """Serve a registry; return it and its address."""
    folder: Path = tmp_path_factory.mktemp("clients") / "data"
    real = make_real_registry(folder, clock=int(time.time()))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        real.world.publisher.tick()
        try:
            with gunicorn(folder, listener):
                yield real, f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            real.close()


def issuer_client(real: RealRegistry, base: str, did: str = SAMPLE_DID) -> HttpRegistry:
    token = real.world.registry.tokens.create(did, 1)
    return HttpRegistry(IssuersAddress.from_text(base), token.text)


def test_an_issuer_reserves_submits_and_reads_back(served: tuple[RealRegistry, str]) -> None:
    real, base = served
    client = issuer_client(real, base)
    assert client.origin() == real.world.origin
    slot = client.reserve_slots(1).slots[0]
    content = conformity_content(slot=slot, origin=real.world.origin, number="MAU-HTTP-1")
    document = real.world.sign(content, SAMPLE_DID, certificate_challenge(slot), real.world.issuer)
    item = Item(certificate_entry(document, slot).to_bytes(), document.to_bytes())
    first, again = client.submit([item, item])
    assert (first.status, again.status) == ("logged", "exists")
    assert first.index == again.index
    assert client.document(id_of(document)) == document.to_bytes()
    assert client.status(document.document_hash).last is None

    real.world.logged(real.world.status(document, StatusAction.SUSPEND))
    after = client.status(document.document_hash)
    assert after.suspended
    assert after.last is not None


def test_an_issuer_cannot_submit_for_another_body(served: tuple[RealRegistry, str]) -> None:
    real, base = served
    slot = real.world.slot()
    document = real.world.certificate(slot=slot)
    item = Item(certificate_entry(document, slot).to_bytes(), document.to_bytes())
    (outcome,) = issuer_client(real, base, OTHER_DID).submit([item])
    assert (outcome.status, outcome.code) == ("refused", "wrong-submitter")


def test_an_issuer_is_told_what_is_wrong(served: tuple[RealRegistry, str]) -> None:
    real, base = served
    with pytest.raises(NotTrusted, match="the registry refused the token"):
        HttpRegistry(IssuersAddress.from_text(base), "wrong").reserve_slots(1)
    with pytest.raises(InvalidInput, match="no certificate with this id"):
        issuer_client(real, base).document(UNKNOWN)


def test_a_verifier_fetches_evidence_and_trust_root(served: tuple[RealRegistry, str]) -> None:
    real, base = served
    document = real.issue()
    real.anchor()
    address = RegistryAddress.of(base)
    data = address.fetch_evidence(id_of(document))
    assert data is not None
    assert Evidence.parse(data).certificate == document
    assert address.fetch_trust_root() == real.world.folder.trust_root.read_bytes()
    assert address.fetch_evidence(UNKNOWN) is None
