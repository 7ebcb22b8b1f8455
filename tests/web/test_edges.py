"""Single lines of the web that no other case leans on: each test was written for a defect that went unnoticed."""

import pytest

from certlog.digests import DocumentHash
from certlog.status import CertificateStatus, StatusAction
from certlog.timestamps import format_time
from tests.web.stand_in import NOW, TOKEN, StandIn, app_around, report_of
from verifier.report import CheckName, Outcome, Reason, Verdict
from web import security
from web.answers import with_newest_status

WITHDRAWN = CertificateStatus(
    revoked=True,
    action=StatusAction.WITHDRAW,
    reason="nonconformity",
    event_index=12,
    effective=format_time(NOW),
    last=DocumentHash(bytes(32)),
)
LESS = (
    Verdict.VALID,
    Verdict.PENDING,
    Verdict.CANNOT_CHECK,
    Verdict.NOT_YET_VALID,
    Verdict.EXPIRED,
    Verdict.SUSPENDED,
)


@pytest.mark.parametrize("verdict", LESS)
def test_a_withdrawal_that_is_newer_than_the_epoch_outranks_every_milder_verdict(verdict: Verdict) -> None:
    found = with_newest_status(report_of(verdict), WITHDRAWN)
    assert (found.verdict, found.reason) == (Verdict.WITHDRAWN, Reason.WITHDRAWN)
    assert found.check(CheckName.STATUS).outcome is Outcome.FAILED
    assert found.status is not None
    assert found.status.index == 12


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict not in LESS])
def test_a_status_event_softens_no_worse_verdict(verdict: Verdict) -> None:
    report = report_of(verdict)
    assert with_newest_status(report, WITHDRAWN) is report


def test_forms_are_bounded_before_they_are_read() -> None:
    app = app_around(StandIn())
    limits = {name: app.config[name] for name in ("MAX_FORM_MEMORY_SIZE", "MAX_FORM_PARTS")}
    assert limits == {
        "MAX_FORM_MEMORY_SIZE": security.MAX_FORM_MEMORY,
        "MAX_FORM_PARTS": security.MAX_FORM_PARTS,
    }
    assert (security.MAX_FORM_MEMORY, security.MAX_FORM_PARTS) == (65_536, 20)


def test_a_number_that_json_does_not_have_is_never_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        app_around(StandIn()).json.dumps({"age": float("nan")})


@pytest.mark.parametrize(
    ("path", "wrong"),
    [("batches", "application/json"), ("entries", "text/plain"), ("slots", "application/x-ndjson")],
)
def test_a_body_of_another_media_type_is_refused(path: str, wrong: str) -> None:
    stand_in = StandIn()
    response = (
        app_around(stand_in)
        .test_client()
        .post(
            f"/api/v1/{path}",
            data=b'{"count":1,"entry":{}}',
            content_type=wrong,
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
    )
    assert (response.status_code, response.get_json()["code"]) == (415, "unsupported-media-type")
    assert stand_in.entries == []


def test_no_page_may_move_the_base_of_its_links() -> None:
    assert "base-uri 'none'" in security.CONTENT_SECURITY_POLICY.split("; ")
