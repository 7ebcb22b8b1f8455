"""Checks COSE receipts with the package scitt-cose, one JSON object a line, in order.

Runs in that package's own environment, so it imports nothing of this project. Bytes are hex.
"""

import json
import sys

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from scitt_cose import verify_consistency, verify_receipt, verify_sign1


def pem(key: str) -> bytes:
    """Return a raw Ed25519 key as PEM."""
    found = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
    return found.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def consistent(question: dict[str, str]) -> bool:
    """Return whether a consistency receipt holds between two roots: the package has the parts, not the whole."""
    receipt = bytes.fromhex(question["receipt"])
    new = bytes.fromhex(question["newRoot"])
    proof = cbor2.loads(receipt).value[1][396][-2][0]
    old_size, new_size, path = cbor2.loads(proof)
    hashes = [node.hex() for node in path]
    if not verify_consistency(question["oldRoot"], new.hex(), old_size, new_size, hashes):
        return False
    verify_sign1(receipt, public_key_pem=pem(question["key"]), detached_payload=new)
    return True


def main() -> None:
    """Answer every line of standard input."""
    for line in sys.stdin:
        question = json.loads(line)
        try:
            if question["kind"] == "consistency":
                answer = {"ok": consistent(question), "why": ""}
            else:
                found = verify_receipt(
                    bytes.fromhex(question["receipt"]),
                    leaf_entry_hex=question["entry"],
                    log_public_key_pem=pem(question["key"]),
                )
                answer = {"ok": found.ok, "why": "; ".join(found.errors)}
        except Exception as error:  # noqa: BLE001 - whatever the package says of a bad receipt is a no
            answer = {"ok": False, "why": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")


main()
