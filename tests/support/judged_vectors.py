"""Vectors that a verifier judges, with a trust root and a view of the chain: what our own code answers to them."""

from typing import Any

from certlog.canonical import canonicalize
from certlog.digests import digest_from_text
from certlog.evidence import Evidence
from certlog.omission_proof import OmissionProof
from certlog.status_proof import StatusProof
from certlog.timestamps import format_time, parse_time
from certlog.trust_root import TrustRoot
from verifier.chain_view import AnchorReading, ChainView
from verifier.check_file import File
from verifier.report import CHECK_NUMBERS, Outcome
from verifier.verify import verify
from verifier.verify_omission import verify_omission
from verifier.verify_status import verify_status

Given = dict[str, Any]
Answer = dict[str, Any]


def reading(given: Given) -> AnchorReading:
    time = given["blockTime"]
    return AnchorReading(
        chain_id=given["chainId"],
        contract=given["contract"],
        log_id=given["logId"],
        size=given["size"],
        root=digest_from_text(given["root"]),
        block_time=None if time is None else parse_time(time),
        block_number=given["blockNumber"],
        final=given["final"],
        read_block=given.get("readBlock"),
    )


def verification(given: Given) -> Answer:
    file = given.get("file")
    report = verify(
        Evidence.parse(canonicalize(given["evidence"])),
        TrustRoot.from_json(given["trustRoot"]),
        parse_time(given["at"]),
        chain_view(given["chainView"]),
        None if file is None else File(digest_from_text(file["sha256"]), file["mediaType"]),
    )
    deciding = [
        CHECK_NUMBERS[check.name]
        for check in report.checks
        if check.outcome is not Outcome.PASSED and check.reason is report.reason
    ]
    return {"verdict": report.verdict.value, "decidedBy": deciding[0] if report.reason else None}


def chain_view(given: Given) -> ChainView:
    return ChainView(
        readings=tuple(reading(item) for item in given["readings"]),
        read_at=parse_time(given["readAt"]),
        block_number=given["blockNumber"],
    )


def status_proof(given: Given) -> Answer:
    report = verify_status(
        StatusProof.parse(canonicalize(given["proof"])),
        TrustRoot.from_json(given["trustRoot"]),
        parse_time(given["at"]),
        chain_view(given["chainView"]),
    )
    as_of = None if report.epoch is None else format_time(report.epoch.time)
    return {"standing": report.standing.value, "statusAsOf": as_of}


def omission_proof(given: Given) -> Answer:
    proof = OmissionProof.parse(canonicalize(given["proof"]))
    found = verify_omission(proof, TrustRoot.from_json(given["trustRoot"]))
    return {"contradiction": found.contradiction.value, "event": found.event}
