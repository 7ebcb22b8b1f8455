from tests.support.registry import RegistryWorld, as_submission
from certlog.credential import slot_of

def test_smoke(enrolled: RegistryWorld) -> None:
    doc = enrolled.certificate()
    sub = as_submission(doc, slot_of(doc.content))
    out = enrolled.submit(sub, sub)
    print(out)
    enrolled.publisher.start()
    ev = enrolled.registry.evidence(doc.document_hash)
    print(len(ev.to_bytes()))
    print(enrolled.publisher.seal_batch(0))
    assert out[0].status == "logged"
