"""Issuing in one process: canonicalise, hash, sign, tree, proof, for documents that are built already.

The limit is the same work by the libraries alone: sorted orjson, SHA-256, libsodium, and the tree's own hashes.
"""

import gc
import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

import orjson
from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

from bench.measure import Figure, Stopwatch, cost_of
from bench.sample import ORIGIN, contents, slots, throw_away_key
from certlog.documents import certificate_challenge, secure
from certlog.entry import certificate_entry
from certlog.strict_json import JSONObject
from certlog.tree import MemoryTree, Prover, leaf_hash
from issuer.key_file import IssuerKey

GOAL: Final = 20_000
CREATED: Final = 1_795_000_000


def measure(count: int) -> Iterator[Figure]:
    """Issue `count` certificates."""
    key = throw_away_key()
    documents = list(contents(key, slots(count)))
    gc.collect()
    gc.freeze()  # the documents stand for a stream: the collector should not walk over all of them again and again
    watch = Stopwatch()
    with watch.running():
        _issue(documents, key)
    gc.unfreeze()
    limit = 1 / _primitives(documents[0])
    name = "sorted orjson, SHA-256, Ed25519 and node hashes alone"
    title = f"issue {count:,}: canonicalise, hash, sign, tree, proof"
    yield Figure(f"{title} (CPU time)", count / watch.busy, "/s", limit, name, GOAL)
    yield Figure(f"{title} (clock)", count / watch.seconds, "/s", limit, "", GOAL)


def _issue(documents: Sequence[JSONObject], key: IssuerKey) -> None:
    """Sign each, build its entry, and prove each to the tree of all."""
    tree = MemoryTree()
    for content, slot in zip(documents, slots(len(documents)), strict=True):
        secured = secure(
            content,
            signer=key.signer,
            did=key.did,
            domain=ORIGIN,
            challenge=certificate_challenge(slot),
            created=CREATED,
        )
        tree.append(leaf_hash(certificate_entry(secured, slot).to_bytes()))
    tree.root()
    prover = Prover(tree.size, tree.read)
    for index in range(tree.size):
        prover.inclusion(index)


def _primitives(document: JSONObject) -> float:
    """Return the seconds that the libraries need for one certificate: what no code of ours can go below."""
    _, secret = crypto_sign_seed_keypair(bytes(32))
    data = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    options: JSONObject = dict.fromkeys(("a", "b", "c", "d", "e", "f", "g"), "x" * 40)
    small = orjson.dumps(options)

    def once() -> None:
        orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        hashlib.sha256(data).digest()
        orjson.dumps(options, option=orjson.OPT_SORT_KEYS)  # the proof's options
        hashlib.sha256(small).digest()
        crypto_sign(bytes(64), secret)
        orjson.dumps(options, option=orjson.OPT_SORT_KEYS)  # the entry
        for _ in range(2):  # its leaf, and one node a leaf
            hashlib.sha256(small[:65]).digest()

    return cost_of(once)
