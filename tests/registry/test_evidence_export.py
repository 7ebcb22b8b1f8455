"""The evidence of all certificates at once is, byte for byte, what is made of each alone."""

import pytest

from certlog.credential import slot_of
from certlog.errors import Unavailable
from certlog.evidence import Evidence
from certlog.status import StatusAction
from registry import evidence_export
from registry.evidence import AnchoredHead
from registry.evidence_export import EvidenceExport
from tests.support.registry import RegistryWorld, as_submission


def exported(world: RegistryWorld, anchored: tuple[AnchoredHead, ...] = ()) -> dict[str, bytes]:
    def about(index: int) -> tuple[AnchoredHead, ...]:
        covering = [head for head in anchored if head.size > index]
        return tuple(dict.fromkeys((covering[0], covering[-1]))) if covering else ()

    with world.registry.database.reading() as connection:
        nodes = world.registry.tiles.nodes(connection)
        return dict(EvidenceExport(connection, nodes, world.settings.operator, about).certificates())


def fill(world: RegistryWorld, count: int) -> None:
    for number in range(count):
        document = world.certificate()
        world.logged(as_submission(document, slot_of(document.content), publish=number % 3 > 0))
        if number % 2:
            world.logged(world.status(document, StatusAction.BIND_FILE))
        if number % 4 == 3:
            world.logged(world.status(document, StatusAction.SUSPEND))


def alone(world: RegistryWorld, identifier: str, anchored: tuple[AnchoredHead, ...] = ()) -> bytes:
    view = world.registry.certificate_by_id(identifier)
    assert view is not None
    return world.registry.evidence(view.document_hash, anchored).to_bytes()


def test_each_file_of_an_export_is_what_the_registry_answers_for_that_certificate(
    enrolled: RegistryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_export, "BLOCK", 8)
    fill(enrolled, 7)
    enrolled.publisher.start()
    sealed = enrolled.publisher.seal_batch(0)
    fill(enrolled, 8)
    enrolled.publisher.tick()
    newest = enrolled.publisher.seal_batch(1)
    heads = tuple(AnchoredHead(head.size, head.root, ()) for head in (sealed, newest))
    for anchored in ((), heads):
        files = exported(enrolled, anchored)
        assert len(files) == 15
        for identifier, data in files.items():
            assert data == alone(enrolled, identifier, anchored)
            assert Evidence.parse(data).to_bytes() == data


def test_certificates_after_the_newest_epoch_are_left_for_the_next_export(enrolled: RegistryWorld) -> None:
    fill(enrolled, 2)
    enrolled.publisher.start()
    fill(enrolled, 3)
    assert len(exported(enrolled)) == 2


def test_without_a_signed_epoch_there_is_nothing_to_export(enrolled: RegistryWorld) -> None:
    with pytest.raises(Unavailable, match="its first signed epoch follows within a minute"):
        exported(enrolled)


def test_a_certificate_listed_at_anothers_entry_is_not_exported(
    enrolled: RegistryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(enrolled, 2)
    enrolled.publisher.start()
    monkeypatch.setattr(evidence_export, "b64url", lambda _data: "another")
    with pytest.raises(Unavailable, match="is listed as this certificate's and is not"):
        exported(enrolled)
