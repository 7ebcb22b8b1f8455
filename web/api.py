"""The public half of the HTTP API: everything that can be read without a token, by any site (CORS).

Signed bytes are sent as they are stored. Proofs and entries never change; checkpoints and verdicts may at any moment.
"""

from collections.abc import Mapping
from typing import Final

from apiflask import APIBlueprint
from flask import Response, current_app, request
from flask.typing import ResponseReturnValue

from certlog.certificate_id import parse_id
from certlog.digests import DocumentHash, digest_from_text
from certlog.encoding import b64url
from certlog.keys import check_did
from certlog.timestamps import format_time
from verifier.report import Verdict
from web.api_description import QUERY_NUMBERS
from web.api_models import (
    MAX_INDEX,
    MAX_LIST,
    AnchorOut,
    AnchorsOut,
    AnswerOut,
    CertificateStatusOut,
    ConsistencyOut,
    IssuerTrustOut,
    LogOut,
)
from web.certificate_view import public_report
from web.problems import Problem, problem_response
from web.query import query_number
from web.responses import A_MOMENT, ASK_AGAIN, FOR_EVER, download, json_response, kept, sealed_octets, sends
from web.security import share_with_other_sites
from web.services import NOTHING_READ_YET, AnchorRow, Services

ANCHORS_AT_ONCE: Final = 500

api: Final = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="Read")
public_files: Final = APIBlueprint("files", __name__, tag="Log and lists")
api.after_request(share_with_other_sites)
public_files.after_request(share_with_other_sites)


@api.get("/certificates/<identifier>")
@api.output(AnswerOut, description="the verdict with its numbered checks")
def certificate(identifier: str) -> ResponseReturnValue:
    """Check a certificate.

    The registry's answer, made by the same checks that certlog verify makes. Ids are read without regard to case.
    """
    answer = services().answers.by_id(identifier)
    match answer.report.verdict:
        case Verdict.MISTYPED:
            return problem_response(
                Problem(400, "mistyped-id", "the check character of this id does not fit")
            )
        case Verdict.UNKNOWN:
            return problem_response(
                Problem(404, "not-found", "this registry has no certificate with this id")
            )
        case _:
            return json_response(public_report(answer), cache=A_MOMENT)


@api.get("/certificates/<identifier>/evidence")
@api.doc(responses=sends("application/json", "evidence file"))
def certificate_evidence(identifier: str) -> ResponseReturnValue:
    """Download the evidence of a certificate.

    One file that proves the certificate to whoever has only the trust root: certlog verify FILE.
    """
    data = services().answers.evidence(identifier)
    name = f"{parse_id(identifier)}.certlog.json"
    return download(data, name, cache=A_MOMENT)


@api.get("/certificates/<identifier>/status-proof")
@api.doc(
    responses=sends("application/json", "dated status proof"), extensions={QUERY_NUMBERS: ("on", "anchored")}
)
def certificate_status_proof(identifier: str) -> ResponseReturnValue:
    """Download a dated proof of a certificate's status: a few kilobytes to keep.

    Of the newest signed epoch, or of the last one not after ?on= (seconds since 1970); ?anchored=1: an anchored one.
    """
    on = query_number("on") if "on" in request.args else None
    needs_anchor = "anchored" in request.args and query_number("anchored") > 0
    data = services().answers.status_proof(identifier, on=on, needs_anchor=needs_anchor)
    return download(data, f"{parse_id(identifier)}.status.json", cache=A_MOMENT)


@api.get("/certificates/<identifier>/document")
@api.doc(responses=sends("application/json", "secured document"))
def certificate_document(identifier: str) -> ResponseReturnValue:
    """Download the signed document, where its issuer published it."""
    data = services().answers.document(identifier)
    return download(data, f"{parse_id(identifier)}.json", cache=A_MOMENT)


@api.get("/certificates/<identifier>/sealed")
@api.doc(responses=sends("application/octet-stream", "nonce, ciphertext and tag"))
def certificate_sealed(identifier: str) -> ResponseReturnValue:
    """Download the sealed content, where its issuer sealed it; only the key on the paper opens it."""
    return sealed_octets(services().answers.sealed(identifier))


@api.get("/certificates/<document_hash>/status")
@api.output(CertificateStatusOut)
def certificate_status(document_hash: str) -> ResponseReturnValue:
    """Tell the last status document of a certificate, by its document hash."""
    digest = DocumentHash(digest_from_text(document_hash))
    return _fresh(services().log.certificate_status(digest))


@api.get("/issuers/<did>/trust")
@api.output(IssuerTrustOut)
def issuer_trust(did: str) -> ResponseReturnValue:
    """Tell the last trust statement about an issuer."""
    return _fresh(services().log.issuer_trust(check_did(did)))


@api.get("/issuers/<did>")
@api.doc(responses=sends("application/json", "issuer and operator record, or null"))
def issuer_records(did: str) -> ResponseReturnValue:
    """Tell what the log says of a DID now: the record of an issuer, of the operator, or neither."""
    return _fresh(services().log.issuer_records(check_did(did)))


@api.get("/log")
@api.output(LogOut)
def log_head() -> ResponseReturnValue:
    """Tell the newest signed checkpoint."""
    head = services().log.head()
    return _fresh(
        LogOut(
            origin=head.origin,
            log_key=head.log_key,
            size=head.size,
            root=b64url(head.root),
            checkpoint=head.checkpoint.split("\n")[:-1],
        ).model_dump(by_alias=True)
    )


@api.get(f"/entries/<int(max={MAX_INDEX}):index>")
@api.doc(responses=sends("application/json", "the entry's bytes"))
def entry(index: int) -> ResponseReturnValue:
    """Return an entry's canonical bytes."""
    return kept(Response(services().log.entry(index), mimetype="application/json"), FOR_EVER)


@api.get(f"/entries/<int(max={MAX_INDEX}):index>/proof")
@api.doc(responses=sends("text/plain", "c2sp.org/tlog-proof@v1"))
def entry_proof(index: int) -> ResponseReturnValue:
    """Return the proof of an entry to the newest checkpoint: the receipt of its submission."""
    return kept(Response(services().log.proof(index), mimetype="text/plain"), ASK_AGAIN)


@api.get("/consistency")
@api.output(ConsistencyOut)
@api.doc(extensions={QUERY_NUMBERS: ("from", "to")})
def consistency() -> ResponseReturnValue:
    """Return the consistency proof between two sizes of the log, ?from= and ?to=."""
    path = services().log.consistency(query_number("from"), query_number("to"))
    proof = ConsistencyOut(proof=[b64url(node) for node in path])
    return json_response(proof.model_dump(by_alias=True), cache=FOR_EVER)


@api.get("/anchors")
@api.output(AnchorsOut)
@api.doc(extensions={QUERY_NUMBERS: ("before",)})
def anchors() -> ResponseReturnValue:
    """List the anchored batches, newest first; older ones with ?before=."""
    before = query_number("before") if "before" in request.args else None
    page = services().anchors.page(older_than=before, limit=ANCHORS_AT_ONCE)
    polls = services().anchors.polls()
    poll = max(polls, key=lambda poll: poll.read_at or 0, default=NOTHING_READ_YET)
    found = AnchorsOut(
        batches=[_anchor(row) for row in page.rows],
        next_before=page.older_than,
        read_at=_time(poll.read_at),
        block_number=poll.block_number,
    )
    return _fresh(found.model_dump(by_alias=True))


@api.get("/trust-root")
@api.doc(responses=sends("application/json", "trust root"))
def trust_root() -> ResponseReturnValue:
    """Download this registry's trust root.

    Compare its fingerprint over another channel before you rely on it: a registry that lies would lie here too.
    """
    data = services().trust_root.to_bytes()
    return download(data, "trust-root.json", cache="public, max-age=300")


@public_files.get(f"/status/<any(revocation, suspension):purpose>/<int(max={MAX_LIST}):number>")
@public_files.doc(responses=sends("application/vc", "BitstringStatusListCredential"))
def status_list(purpose: str, number: int) -> ResponseReturnValue:
    """Return a W3C status list credential, signed with the trust root's list key."""
    response = Response(services().log.status_list(purpose, number), mimetype="application/vc")
    return kept(response, A_MOMENT)


def services() -> Services:
    """Return the services of the application that serves this request."""
    found: Services = current_app.extensions["certlog"]
    return found


def _anchor(row: AnchorRow) -> AnchorOut:
    return AnchorOut(
        number=row.number,
        state=row.state,
        size=row.size,
        root=b64url(row.root),
        chain_id=row.chain_id,
        sealed_at=format_time(row.sealed_at),
        tx_hash=row.tx_hash,
        block_number=row.block_number,
        block_time=_time(row.block_time),
    )


def _time(seconds: int | None) -> str | None:
    return None if seconds is None else format_time(seconds)


def _fresh(document: Mapping[str, object]) -> Response:
    return json_response(document, cache=ASK_AGAIN)
