"""The verdict page and its neighbours, read as text: what is said, in which language, and what is kept back."""

import re
from dataclasses import replace
from html import unescape

import pytest
from flask.testing import FlaskClient
from markupsafe import escape

from certlog.certificate_id import format_id
from certlog.strict_json import JSONObject, get_object
from certlog.trust_root import TrustRoot
from tests.support.certificates import conformity_content
from tests.web.stand_in import NOW, PUBLIC_URL, StandIn, anchor_rows, app_around, identifier_for, report_of
from verifier import words
from verifier.report import Kind, Remark, Verdict
from verifier.words import LANGUAGES, Language
from web.services import ChainPoll

OF_CERTIFICATES = [verdict for verdict in Verdict if verdict not in (Verdict.UNKNOWN, Verdict.MISTYPED)]
HOLDER = "Công ty TNHH Dây cáp điện Sao Mẫu"


def text_of(client: FlaskClient, path: str, **headers: str) -> str:
    response = client.get(path, headers=headers)
    assert response.mimetype == "text/html"
    return response.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("verdict", OF_CERTIFICATES)
def test_the_page_of_each_verdict_says_it_first_in_the_words_of_the_verifier(
    client: FlaskClient, stand_in: StandIn, verdict: Verdict, language: Language
) -> None:
    page = text_of(client, f"/{language}/c/{stand_in.add(verdict)}")
    title = words.title(report_of(verdict), language)
    first_heading = re.search(r"<h1[^>]*>(.*?)</h1>", page)
    assert first_heading is not None
    assert first_heading[1] == title
    assert f'class="verdict verdict-{report_of(verdict).look}"' in page
    assert words.sentence(report_of(verdict), language) in unescape(page)
    assert words.ANSWERED_BY_REGISTRY.text(language) in page


@pytest.mark.parametrize("verdict", OF_CERTIFICATES)
def test_every_page_lists_all_ten_checks_and_what_is_not_proven(
    client: FlaskClient, stand_in: StandIn, verdict: Verdict
) -> None:
    page = text_of(client, f"/en/c/{stand_in.add(verdict)}")
    for number, name in enumerate(words.CHECK_NAMES.values(), start=1):
        assert f"{number}. {escape(name.en)}: <strong>" in page
    assert "not that the work was done competently" in page


def test_what_to_compare_is_shown_with_its_vietnamese_text_intact(
    client: FlaskClient, stand_in: StandIn
) -> None:
    page = text_of(client, f"/vi/c/{stand_in.add(Verdict.VALID)}")
    for value in (HOLDER, "MAU-2026-0001", "QCVN 4:2009/BKHCN", "VCm 2x1,5", "19 tháng 11 năm 2029"):
        assert value in page


@pytest.mark.parametrize(
    ("amendment", "shown"),
    [("Sửa đổi 1:2016", ">Sửa đổi 1:2016<"), ("A1:2013", ">Sửa đổi: A1:2013<")],
)
def test_an_amendment_is_called_so_once(
    client: FlaskClient, stand_in: StandIn, amendment: str, shown: str
) -> None:
    content = conformity_content()
    criterion: JSONObject = {
        "kind": "QCVN",
        "number": "QCVN 4:2009/BKHCN",
        "year": 2009,
        "amendment": amendment,
    }
    content["credentialSubject"] = {**get_object(content, "credentialSubject"), "criteria": [criterion]}
    report = replace(report_of(Verdict.VALID), content=content)
    assert shown in text_of(client, f"/vi/c/{stand_in.add(Verdict.VALID, report)}")


def test_the_content_of_an_altered_certificate_is_hidden(client: FlaskClient, stand_in: StandIn) -> None:
    report = replace(report_of(Verdict.ALTERED), content=conformity_content())
    page = text_of(client, f"/vi/c/{stand_in.add(Verdict.ALTERED, report)}")
    assert HOLDER not in page
    assert "Không hiển thị nội dung" in page


def test_the_name_of_the_signatory_is_never_on_the_page(client: FlaskClient, stand_in: StandIn) -> None:
    page = text_of(client, f"/vi/c/{stand_in.add(Verdict.VALID)}")
    assert "Giám đốc" in page
    assert "Nguyễn Văn Mẫu" not in page


def test_a_calibration_page_keeps_customer_results_and_serial_back(
    client: FlaskClient, stand_in: StandIn
) -> None:
    subject: JSONObject = {
        "laboratory": {"name": "Phòng hiệu chuẩn Mẫu", "code": "VILAS 999"},
        "customer": {"name": "Khách hàng bí mật", "address": "Địa chỉ bí mật"},
        "items": [
            {"name": "Nhiệt kế", "manufacturer": "Hãng Mẫu", "model": "T-1", "serial": "SN-0123456789"}
        ],
        "results": [{"rows": [["20.00", "20.05", "0.05"]]}],
        "performedTo": "2026-11-20",
        "issueDate": "2026-11-21",
    }
    content = conformity_content() | {
        "type": ["VerifiableCredential", "CalibrationCertificate"],
        "credentialSubject": subject,
    }
    report = replace(report_of(Verdict.VALID, content=content), kind=Kind.CALIBRATION)
    page = text_of(client, f"/vi/c/{stand_in.add(Verdict.VALID, report)}")
    assert "Phòng hiệu chuẩn Mẫu" in page
    assert "…6789" in page
    for hidden in ("bí mật", "20.05", "SN-0123456789", "Còn hiệu lực"):
        assert hidden not in page


def test_a_certificate_without_published_content_says_so_and_stays_neutral(
    client: FlaskClient, stand_in: StandIn
) -> None:
    report = replace(report_of(Verdict.CANNOT_CHECK), content=None)
    page = text_of(client, f"/en/c/{stand_in.add(Verdict.CANNOT_CHECK, report)}")
    assert "Content not with the registry" in page
    assert "verdict-neutral" in page


def test_a_superseded_certificate_leads_to_its_replacement(client: FlaskClient, stand_in: StandIn) -> None:
    stand_in.replacement = identifier_for("another")
    page = text_of(client, f"/en/c/{stand_in.add(Verdict.SUPERSEDED)}")
    assert f'href="/en/c/{identifier_for("another")}"' in page


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (Verdict.SUSPENDED, "Lý do nơi cấp nêu: quá hạn giám sát. Áp dụng từ 10:00:00, 21/11/2026 (UTC+7)."),
        (Verdict.NOT_TRUSTED, "Lý do: "),
    ],
)
def test_the_verdict_says_why(client: FlaskClient, stand_in: StandIn, verdict: Verdict, said: str) -> None:
    assert said in text_of(client, f"/vi/c/{stand_in.add(verdict)}")


def test_a_reason_that_the_sentence_gave_is_not_said_twice(client: FlaskClient, stand_in: StandIn) -> None:
    assert (
        "Lý do: " not in text_of(client, f"/vi/c/{stand_in.add(Verdict.EXPIRED)}").partition("</section>")[0]
    )


def test_pictures_stay_small_where_the_styles_did_not_arrive(client: FlaskClient, stand_in: StandIn) -> None:
    drawings = re.findall(r"<svg[^>]*>", text_of(client, f"/vi/c/{stand_in.add(Verdict.VALID)}"))
    assert len(drawings) > 10
    assert [drawing for drawing in drawings if 'width="' not in drawing or 'height="' not in drawing] == []


def test_the_page_says_when_it_was_checked_and_against_which_block(
    client: FlaskClient, stand_in: StandIn
) -> None:
    page = text_of(client, f"/vi/c/{stand_in.add(Verdict.VALID)}")
    assert '<time datetime="2026-11-22T03:00:00Z">10:00:00, 22/11/2026 (UTC+7)</time>' in page
    assert "tại khối 1234" in page


def test_remarks_stand_on_the_page(client: FlaskClient, stand_in: StandIn) -> None:
    report = replace(report_of(Verdict.VALID), remarks=(Remark.ANCHOR_OLD, Remark.NOT_ACCREDITED))
    page = text_of(client, f"/en/c/{stand_in.add(Verdict.VALID, report)}")
    assert words.remark_text(Remark.ANCHOR_OLD, "en") in page
    assert words.remark_text(Remark.NOT_ACCREDITED, "en") in page


def test_the_address_on_paper_is_read_in_capitals_and_in_small_letters(
    client: FlaskClient, stand_in: StandIn
) -> None:
    identifier = stand_in.add(Verdict.VALID)
    pages = {
        text_of(client, path).partition("<main")[2]
        for path in (f"/C/{identifier}", f"/c/{identifier.lower()}", f"/c/{format_id(identifier)}")
    }
    assert len(pages) == 1


@pytest.mark.parametrize(
    ("path", "accepts", "expected"),
    [
        ("/", "", "vi"),
        ("/", "en-GB,en;q=0.9", "en"),
        ("/", "fr", "vi"),
        ("/", "fr,en;q=0.5,vi;q=0.4", "en"),
        ("/vi/", "en", "vi"),
        ("/en/", "vi", "en"),
    ],
)
def test_the_path_decides_the_language_then_the_browser_then_vietnamese(
    client: FlaskClient, path: str, accepts: str, expected: str
) -> None:
    response = client.get(path, headers={"Accept-Language": accepts})
    assert f'<html lang="{expected}">' in response.text
    assert ("Accept-Language" in response.headers.get("Vary", "")) == (path == "/")


@pytest.mark.parametrize("path", ["/", "/log", "/log?before=3", "/trust", "/docs", "/c/WERC8GMRZGE196QVYK49"])
def test_the_language_toggle_keeps_the_page(client: FlaskClient, path: str) -> None:
    page = text_of(client, f"/vi{path}")
    assert f'href="/en{path}"' in page
    assert '<html lang="en">' in text_of(client, f"/en{path}")


def test_a_typed_code_leads_to_its_page_in_the_same_language(client: FlaskClient) -> None:
    response = client.get("/en/c?id=werc8-gmrzg e196q-vyk49")
    assert (response.status_code, response.location) == (302, "/en/c/WERC8GMRZGE196QVYK49")


@pytest.mark.parametrize(
    "pasted", ["HTTPS://REGISTRY.EXAMPLE.VN/C/WERC8GMRZGE196QVYK49", "x/c/werc8gmrzge196qvyk49?a"]
)
def test_a_pasted_address_leads_to_its_page(client: FlaskClient, pasted: str) -> None:
    response = client.get("/c", query_string={"id": pasted})
    assert response.location == "/c/WERC8GMRZGE196QVYK49"


@pytest.mark.parametrize("path", ["/vi/c/WERC8GMRZGE196QVYK48", "/vi/c?id=WERC8GMRZGE196QVYK48", "/vi/c/abc"])
def test_a_mistyped_code_is_told_from_an_unknown_one(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 400
    assert "Mã bị gõ sai" in response.text
    assert "verdict-neutral" in response.text


def test_an_unknown_code_is_neutral_and_says_what_it_can_mean(client: FlaskClient) -> None:
    response = client.get("/vi/c/WERC8GMRZGE196QVYK49")
    assert response.status_code == 404
    assert "Không có trong sổ đăng ký này" in response.text
    assert "verdict-neutral" in response.text
    assert "Giấy được đăng ký ở một sổ khác" in response.text


def test_an_empty_code_leads_back_to_the_form(client: FlaskClient) -> None:
    assert client.get("/vi/c?id=").location == "/vi/"


def test_the_test_chain_has_a_banner_on_every_page_and_a_public_chain_has_none(stand_in: StandIn) -> None:
    identifier = stand_in.add(Verdict.VALID)
    for path in ("/en/", f"/en/c/{identifier}", "/en/log", "/en/trust", "/en/docs"):
        for chain_class, shown in (("local", True), ("public", False)):
            page = app_around(stand_in, chain_class=chain_class).test_client().get(path).text
            assert ('class="test-banner"' in page) == shown


def test_the_anchoring_log_shows_every_batch_once_over_its_pages(
    client: FlaskClient, stand_in: StandIn
) -> None:
    stand_in.rows = anchor_rows(120)
    seen: list[int] = []
    path: str | None = "/en/log"
    while path:
        page = text_of(client, path)
        seen += [int(number) for number in re.findall(r'<th scope="row">(\d+)</th>', page)]
        older = re.search(r'href="(/en/log\?before=\d+)">Older', page)
        path = older[1] if older else None
    assert seen == list(range(120, 0, -1))


def test_the_anchoring_log_shows_root_transaction_block_and_time(
    client: FlaskClient, stand_in: StandIn
) -> None:
    stand_in.rows = anchor_rows(2)
    page = text_of(client, "/en/log")
    final = stand_in.rows[0]
    assert final.root.hex() in page
    assert str(final.tx_hash) in page
    assert "08:45:01" not in page
    assert "09:45:01, 22 November 2026 (UTC+7)" in page
    assert "sealed, not sent yet" in page


def test_a_stopped_worker_is_said_on_the_log_page(client: FlaskClient, stand_in: StandIn) -> None:
    stand_in.poll = ChainPoll(NOW - 9000, 7, NOW - 9001, halted="foreign-head")
    assert "Anchoring has stopped and waits for the operator: foreign-head" in text_of(client, "/en/log")


def test_a_log_that_was_never_anchored_says_so(client: FlaskClient, stand_in: StandIn) -> None:
    stand_in.poll = ChainPoll()
    page = text_of(client, "/en/log")
    assert "No batch yet" in page
    assert "not yet" in page


def test_the_trust_page_shows_the_fingerprint_to_compare(client: FlaskClient) -> None:
    downloaded = client.get("/api/v1/trust-root").data
    page = re.sub("<[^>]+>", "", text_of(client, "/en/trust"))
    assert TrustRoot.parse(downloaded).fingerprint() in page


def test_the_qr_code_is_the_address_that_is_printed(client: FlaskClient, stand_in: StandIn) -> None:
    identifier = stand_in.add(Verdict.VALID)
    page = text_of(client, f"/en/c/{identifier}")
    assert f'alt="QR code of this page: {PUBLIC_URL.upper()}/C/{identifier}"' in page
    response = client.get(f"/c/{identifier}/qr.svg")
    assert response.mimetype == "image/svg+xml"
    assert b"<script" not in response.data


def test_hostile_text_in_a_certificate_is_shown_as_text(client: FlaskClient, stand_in: StandIn) -> None:
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}%(x)s"
    content = conformity_content(number=hostile[:60])
    subject = content["credentialSubject"]
    assert isinstance(subject, dict)
    subject["client"] = {"name": hostile, "legalId": hostile, "address": hostile, "country": "VN"}
    subject["products"] = [
        {"name": hostile, "model": hostile, "ratings": [{"name": hostile, "value": hostile}]}
    ]
    page = text_of(client, f"/vi/c/{stand_in.add(Verdict.VALID, report_of(Verdict.VALID, content=content))}")
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "49%(x)s" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", '"><svg onload=alert(1)>', "' onfocus='x"])
def test_a_hostile_code_is_shown_as_text(client: FlaskClient, typed: str) -> None:
    page = client.get("/c", query_string={"id": typed}).text
    assert typed not in page


def test_a_page_that_did_not_change_is_not_sent_again(client: FlaskClient, stand_in: StandIn) -> None:
    path = f"/vi/c/{stand_in.add(Verdict.VALID)}"
    first = client.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=15"
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_no_page_sets_a_cookie_or_runs_a_script(client: FlaskClient, stand_in: StandIn) -> None:
    for path in ("/", f"/c/{stand_in.add(Verdict.VALID)}", "/log", "/trust", "/docs"):
        response = client.get(path)
        assert "Set-Cookie" not in response.headers
        assert "<script" not in response.text
        assert " style=" not in response.text
