"""The page of sealed content in a real browser: the key opens it there, goes to nobody, and what differs is said."""

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from certlog.credential import slot_of
from certlog.digests import DocumentHash, sha256
from certlog.documents import SecuredDocument, certificate_challenge
from certlog.sealed import key_text, seal
from certlog.status import StatusAction
from certlog.strict_json import JSONObject
from certlog.timestamps import format_time
from registry.submission import Submission
from tests.support.calibrations import calibration_content
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.registry import as_submission
from tests.support.requires import chromium, require
from tests.web.real import RealRegistry, id_of, make_real_registry
from tests.web.serving import gunicorn
from tests.web.test_browser import AXE, DAY, FLAGS, STYLES, Watch, open_details, open_page
from web.security import CONTENT_SECURITY_POLICY, OWN_SCRIPT_POLICY

SCRIPT = Path(__file__).resolve().parents[2] / "web" / "static" / "sealed.js"
MAX_SCRIPT_BYTES = 10 * 1024
KEY = sha256(b"a key of content")[:16]
CUSTOMER = "Công ty TNHH Thực phẩm Mẫu"

pytestmark = pytest.mark.timeout(240)


@dataclass
class Site:
    """A running registry with sealed certificates, by what is special about them."""

    base: str
    ids: dict[str, str]

    def page(self, name: str, language: str = "vi", key: bytes | None = KEY) -> str:
        fragment = "" if key is None else f"#{key_text(key)}"
        return f"{self.base}/{language}/c/{self.ids[name]}{fragment}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve a registry that holds sealed content only."""
    require(STYLES.is_file(), "vendored styles", "make setup")
    folder = tmp_path_factory.mktemp("sealed") / "data"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        real = make_real_registry(folder, clock=int(time.time()), public_url=base)
        try:
            ids = fill(real)
            with gunicorn(folder, listener):
                yield Site(base, ids)
        finally:
            real.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium once."""
    path = chromium()
    require(AXE.is_file(), "axe-core", "make setup")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield started
        started.close()


def fill(real: RealRegistry) -> dict[str, str]:
    """Log sealed certificates; in three of them something else is sealed than what was signed."""
    documents = {
        name: sign(real, calibration(real)) for name in ("calibration", "suspended", "exchanged", "spaced")
    }
    documents |= {
        "conformity": sign(real, conformity(real)),
        "expired": sign(real, conformity(real, ends=-DAY)),
    }
    inside = {name: document.to_bytes() for name, document in documents.items()}
    inside["exchanged"] = documents["calibration"].to_bytes()
    inside["spaced"] = inside["spaced"].replace(b'"version":1', b'"version": 1')
    for name, document in documents.items():
        log_sealed(real, document, inside[name])
    real.world.logged(real.world.status(documents["suspended"], StatusAction.SUSPEND))
    withheld = real.issue(publish=False)
    real.anchor()
    documents["pending"] = sign(real, calibration(real))
    log_sealed(real, documents["pending"], documents["pending"].to_bytes())
    real.world.publisher.tick()
    real.poll()
    return {name: id_of(document) for name, document in (documents | {"withheld": withheld}).items()}


def log_sealed(real: RealRegistry, document: SecuredDocument, inside: bytes) -> None:
    document_hash = DocumentHash(document.document_hash)
    blob = seal(inside, document_hash, key=KEY, nonce=sha256(document_hash)[:12])
    item = as_submission(document, slot_of(document.content), publish=False)
    real.world.logged(Submission(item.entry_bytes, sealed=blob, number_tag=sha256(document_hash)))


def sign(real: RealRegistry, content: JSONObject) -> SecuredDocument:
    challenge = certificate_challenge(slot_of(content))
    return real.world.sign(content, SAMPLE_DID, challenge, real.world.issuer)


def calibration(real: RealRegistry) -> JSONObject:
    """Return a calibration certificate with a wide table, and with uncertainties of their own for each row."""
    slot = real.world.slot()
    content = calibration_content(slot=slot, origin=real.world.origin, number=f"HC-{slot.index:04}")
    subject: Any = content["credentialSubject"]
    wide = {**subject["results"][0], "ref": "r2", "name": [{"@language": "vi", "@value": "Độ ổn định Ẫ Ỗ Ậ"}]}
    kinds = ("referenceValue", "measuredValue", "measurementError", "repeatability", "position", "remark")
    wide["columns"] = [{"kind": kind} for kind in kinds]
    wide["rows"] = [["20.00", "20.05", "0.05", "0.01", "Giữa", "Không"] for _ in range(3)]
    wide["uncertainty"] = {**wide["uncertainty"], "values": ["0.025", "0.026", "0.027"]}
    subject["results"].append(wide)
    return content


def conformity(real: RealRegistry, ends: int = 300 * DAY) -> JSONObject:
    slot, now = real.world.slot(), real.world.clock()
    content = conformity_content(
        slot=slot, origin=real.world.origin, did=SAMPLE_DID, number=f"MAU-{slot.index}"
    )
    begins, until = format_time(now - 2 * DAY), format_time(now + ends)
    content |= {"validFrom": begins, "validUntil": until}
    subject: Any = content["credentialSubject"]
    subject |= {"decisionDate": begins[:10], "issueDate": begins[:10], "expiryDate": until[:10]}
    return content


def settled(page: Page, look: str) -> str:
    """Wait until the script has said how it ended; return what it said."""
    status = page.locator(f"[role=status].remark-{look}")
    status.wait_for()
    return status.inner_text()


def test_the_code_on_the_paper_shows_the_content_and_leaves_no_key_behind(
    browser: Browser, site: Site
) -> None:
    watch = Watch()
    page = open_page(browser, 360, watch)
    page.goto(f"{site.base}/C/{site.ids['calibration']}#{key_text(KEY)}")
    settled(page, "good")
    assert page.get_by_text(CUSTOMER, exact=True).is_visible()
    assert page.get_by_text("SN778812", exact=True).is_visible()
    assert page.get_by_role("table").count() == 2
    assert page.url == f"{site.base}/C/{site.ids['calibration']}"
    page.reload()
    assert page.get_by_text(CUSTOMER, exact=True).count() == 0, "the history holds no key"
    assert [url for url in watch.requests if key_text(KEY) in url] == []
    assert [url for url in watch.requests if not url.startswith(f"{site.base}/")] == []
    assert watch.complaints == []
    page.close()


def test_no_request_of_any_kind_carries_the_key(browser: Browser, site: Site) -> None:
    sent: list[str] = []
    page = browser.new_page()
    page.on("request", lambda request: sent.append(f"{request.url} {request.headers} {request.post_data}"))
    page.goto(site.page("calibration"))
    settled(page, "good")
    page.get_by_role("link", name="English").click()
    page.get_by_text("Error (°C)").first.wait_for()
    assert len(sent) > 6
    for form in (key_text(KEY), KEY.hex(), str(list(KEY))):
        assert [line for line in sent if form in line] == []
    page.close()


def addresses_after_typing(page: Page, site: Site) -> list[str]:
    """Type the key, change the language, and return every address that the browser was sent to."""
    visited: list[str] = []
    page.on("framenavigated", lambda frame: visited.append(frame.url))
    page.goto(site.page("calibration", "vi", None))
    page.locator("#sealed input[name=key]").fill(key_text(KEY))
    page.locator("#sealed form button").click()
    settled(page, "good")
    page.get_by_role("link", name="English").click()
    page.wait_for_url("**/en/**")
    page.get_by_text("Type the characters after the #").or_(page.get_by_text("Error (°C)").first).wait_for()
    return visited


def test_a_typed_key_is_put_into_no_address(browser: Browser, site: Site) -> None:
    page = browser.new_page()
    visited = addresses_after_typing(page, site)
    assert visited[-1].startswith(f"{site.base}/en/")
    assert [address for address in visited if "#" in address] == []
    page.close()


def test_a_script_that_puts_a_typed_key_into_an_address_is_noticed(browser: Browser, site: Site) -> None:
    text, line = SCRIPT.read_text("utf-8"), 'current = isFromAddress ? text : "";'
    assert text.count(line) == 1
    page, body = browser.new_page(), text.replace(line, "current = text;")
    page.route("**/sealed.js*", lambda route: route.fulfill(body=body, content_type="text/javascript"))
    assert [address for address in addresses_after_typing(page, site) if key_text(KEY) in address] != []
    page.close()


@pytest.mark.parametrize(
    ("language", "opened"), [("vi", "đúng là nội dung đã đăng ký"), ("en", "exactly what was")]
)
def test_the_content_stands_in_the_language_of_the_page(
    browser: Browser, site: Site, language: str, opened: str
) -> None:
    page = open_page(browser, 1280, Watch())
    page.goto(site.page("calibration", language))
    assert opened in settled(page, "good")
    heads = page.locator("table").first.locator("th").all_inner_texts()
    wanted = {
        "vi": ["Giá trị chuẩn (°C)", "Giá trị đo được (°C)", "Sai số (°C)"],
        "en": ["Reference value (°C)", "Measured value (°C)", "Error (°C)"],
    }
    assert heads == wanted[language]
    assert page.locator("table").nth(1).locator("tbody tr").nth(2).locator("td").last.inner_text() == "0.027"
    date = {"vi": "18 tháng 11 năm 2026", "en": "18 November 2026"}[language]
    assert page.locator("dd", has_text=date).count() >= 1
    page.close()


def test_a_sealed_certificate_of_conformity_says_when_it_has_expired(browser: Browser, site: Site) -> None:
    page = open_page(browser, 360, Watch())
    page.goto(site.page("conformity", "en"))
    settled(page, "good")
    assert page.locator("#opened .remark-warning").count() == 0
    page.goto(site.page("expired", "en"))
    settled(page, "good")
    assert (
        page.locator("#opened .remark-warning").inner_text() == "The expiry date that it states has passed."
    )
    page.close()


@pytest.mark.parametrize(
    ("name", "key", "said"),
    [
        ("calibration", bytes(16), "This key does not open the content"),
        ("exchanged", KEY, "The content does not match what was registered: its hash differs"),
        ("spaced", KEY, "The content does not match what was registered: its hash differs"),
    ],
    ids=["another key", "another certificate", "another spelling"],
)
def test_what_differs_is_said_and_nothing_is_shown(
    browser: Browser, site: Site, name: str, key: bytes, said: str
) -> None:
    page = open_page(browser, 360, Watch())
    page.goto(site.page(name, "en", key))
    assert said in settled(page, "warning")
    assert page.locator("#opened").inner_text() == ""
    page.close()


def test_half_a_key_is_said_and_a_typed_key_opens_with_the_keyboard_alone(
    browser: Browser, site: Site
) -> None:
    page = open_page(browser, 360, Watch())
    page.goto(f"{site.page('calibration', 'en', None)}#{key_text(KEY)[:-2]}")
    assert "22 letters" in settled(page, "warning")
    page.get_by_label("Key after the # of the code").focus()
    page.keyboard.type(key_text(KEY))
    page.keyboard.press("Enter")
    settled(page, "good")
    assert page.url == site.page("calibration", "en", None)
    page.close()


def test_a_page_about_another_certificate_under_this_code_is_noticed(browser: Browser, site: Site) -> None:
    page = open_page(browser, 360, Watch())
    other = site.page("suspended", "en", None)
    page.route(
        site.page("calibration", "en", None), lambda route: route.fulfill(response=route.fetch(url=other))
    )
    page.goto(site.page("calibration", "en"))
    assert "the hash of another certificate" in settled(page, "warning")
    assert page.locator("#opened").inner_text() == ""
    page.close()


@pytest.mark.parametrize(
    ("line", "without", "name"),
    [
        ("history.replaceState(null", "void (null", "calibration"),
        ("if (!same(found, hash)) fail(", "if (false) fail(", "exchanged"),
        ("if (!isOfId(hash)) fail(", "if (false) fail(", "suspended"),
    ],
    ids=["the key stays in the address", "another certificate is shown", "a page under a foreign code opens"],
)
def test_a_script_that_lacks_this_line_is_noticed(
    browser: Browser, site: Site, line: str, without: str, name: str
) -> None:
    # The control of the three tests above: with the line gone, what they forbid happens.
    text = SCRIPT.read_text("utf-8")
    assert text.count(line) == 1
    page = open_page(browser, 360, Watch())
    body = text.replace(line, without)
    page.route("**/sealed.js*", lambda route: route.fulfill(body=body, content_type="text/javascript"))
    if name == "suspended":
        opened, other = site.page(name, "en", None), site.page("calibration", "en", None)
        page.route(opened, lambda route: route.fulfill(response=route.fetch(url=other)))
    page.goto(site.page(name, "en"))
    settled(page, "good")
    if name == "calibration":
        assert key_text(KEY) in page.url
    else:
        assert page.get_by_text("HC-0000", exact=True).is_visible(), "the number of the first calibration"
    page.close()


def test_without_javascript_the_record_and_the_way_to_its_content_are_there(
    browser: Browser, site: Site
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{site.base}/c/{site.ids['calibration']}#{key_text(KEY)}")
    heading = page.get_by_role("heading", level=1)
    assert heading.inner_text() == "Registered and not withdrawn; content not public"
    assert (
        f"certlog verify \\\n  '{site.base}/c/{site.ids['calibration']}#"
        in page.locator("pre").first.inner_text()
    )
    assert not page.locator("#sealed form").is_visible()
    assert CUSTOMER not in page.content()
    page.goto(f"{site.base}/c/{site.ids['suspended']}")
    assert heading.inner_text() == "Suspended"
    context.close()


@pytest.mark.parametrize(
    ("width", "language", "names"),
    [(360, "vi", ("calibration", "closed")), (1280, "en", ("conformity", "calibration"))],
)
def test_the_opened_page_fits_its_screen_and_axe_finds_nothing(
    browser: Browser, site: Site, width: int, language: str, names: tuple[str, ...]
) -> None:
    page = open_page(browser, width, Watch())
    axe = AXE.read_text("utf-8")
    for name in names:
        key = None if name == "closed" else KEY
        page.goto("about:blank")
        page.goto(site.page("calibration" if key is None else name, language, key))
        settled(page, "plain" if key is None else "good")
        open_details(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        page.evaluate(axe)
        result: dict[str, Any] = page.evaluate("axe.run()")
        assert [(found["id"], found["nodes"][0]["html"]) for found in result["violations"]] == [], name
    page.close()


def test_only_the_page_of_sealed_content_may_run_a_script(browser: Browser, site: Site) -> None:
    page = browser.new_page()
    policies: dict[str, str] = {}
    for name in ("calibration", "withheld"):
        response = page.goto(site.page(name, "vi", None))
        assert response is not None
        policies[name] = response.headers["content-security-policy"]
    assert policies == {"calibration": OWN_SCRIPT_POLICY, "withheld": CONTENT_SECURITY_POLICY}
    page.close()


def test_that_policy_allows_our_own_script_and_nothing_more() -> None:
    added = OWN_SCRIPT_POLICY.removeprefix(CONTENT_SECURITY_POLICY)
    assert added == "; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'"


def test_the_script_is_small_and_makes_no_markup_and_no_code_from_text() -> None:
    text = SCRIPT.read_text("utf-8")
    assert len(text.encode()) <= MAX_SCRIPT_BYTES
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "://",
    ):
        assert word not in text
    for store in ("localStorage", "sessionStorage", "indexedDB", "document.cookie"):
        assert store not in text
