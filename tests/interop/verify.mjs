// Asks programs that nobody here wrote: Digital Bazaar's Data Integrity suites and status lists.
//
// Reads {"controllers": {DID: [publicKeyMultibase]}, "credentials": {url: list credential},
// "cases": [{"name", "kind": "proof" | "status", "document"}]} from standard input and writes, for each
// case, {"name", "verified", "error", "statuses"} to standard output. Nothing is fetched: the loader knows
// only what it was given, and JCS suites expand no JSON-LD context.

import jsigs from 'jsonld-signatures';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as ecdsa from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import * as eddsa from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';

const {AssertionProofPurpose} = jsigs.purposes;

const chunks = [];
for await (const chunk of process.stdin) {
  chunks.push(chunk);
}
const input = JSON.parse(Buffer.concat(chunks).toString('utf8'));

const suites = () => [eddsa, ecdsa].map(
  suite => new DataIntegrityProof({cryptosuite: suite.createVerifyCryptosuite()}));

function documentLoader(url) {
  const [did, key] = url.split('#');
  const keys = input.controllers[did];
  if (keys && key === undefined) {
    return loaded(url, {
      '@context': 'https://www.w3.org/ns/did/v1',
      id: did,
      assertionMethod: keys.map(one => `${did}#${one}`),
    });
  }
  if (keys && keys.includes(key)) {
    return loaded(url, {
      '@context': 'https://w3id.org/security/multikey/v1',
      id: url,
      type: 'Multikey',
      controller: did,
      publicKeyMultibase: key,
    });
  }
  if (input.credentials[url]) {
    return loaded(url, input.credentials[url]);
  }
  throw new Error(`not a document of this test: ${url}`);
}

const loaded = (documentUrl, document) => ({contextUrl: null, documentUrl, document});

async function verifyProof(document) {
  const result = await jsigs.verify(document, {
    suite: suites(),
    purpose: new AssertionProofPurpose(),
    documentLoader,
  });
  return {verified: result.verified, error: reasons(result.error), statuses: []};
}

async function readStatus(credential) {
  // The lists are signed by the registry's list key, so their issuer is not the certificate's.
  const result = await checkStatus({
    credential, documentLoader, suite: suites(), verifyMatchingIssuers: false,
  });
  const statuses = (result.results || []).map(one => one.status);
  return {verified: result.verified, error: reasons(result.error), statuses};
}

function reasons(error) {
  if (!error) {
    return '';
  }
  const inner = error.errors || (error.cause ? [error.cause] : []);
  return [error.message, ...inner.map(reasons)].join(' | ');
}

const results = [];
for (const {name, kind, document} of input.cases) {
  const read = kind === 'status' ? readStatus : verifyProof;
  results.push({name, ...await read(document)});
}
process.stdout.write(JSON.stringify(results));
