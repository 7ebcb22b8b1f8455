"""The pages in a real browser over a real server: readable, reachable by everyone, and asking nobody else for anything.

Chromium talks to gunicorn, which serves a real data folder. Checked with axe-core; QR codes are read by zxing-cpp.
"""

import io
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from certlog.certificate_id import format_id
from certlog.documents import SecuredDocument, certificate_challenge
from certlog.status import StatusAction
from certlog.strict_json import JSONObject, JSONValue
from certlog.timestamps import format_time
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.requires import chromium, require
from tests.web.real import RealRegistry, id_of, make_real_registry
from tests.web.serving import ROOT, gunicorn

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
STYLES = ROOT / "web" / "static" / "vendor" / "bootstrap.min.css"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DAY = 86_400
WIDTHS = (360, 1280)
UNKNOWN = "WERC8GMRZGE196QVYK49"

pytestmark = pytest.mark.timeout(240)


@dataclass
class Site:
    """A running registry: where it is, and the ids of its certificates by what became of them."""

    base: str
    ids: dict[str, str]

    def paths(self) -> dict[str, str]:
        """Return every kind of page, without its language."""
        certificates = {name: f"/c/{identifier}" for name, identifier in self.ids.items()}
        others = {"home": "/", "log": "/log", "trust": "/trust", "docs": "/docs"}
        return certificates | others | {"unknown": f"/c/{UNKNOWN}", "mistyped": "/c/ABC", "nothing": "/none"}


@dataclass
class Watch:
    """What a page asked for and complained of."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        """Listen to a page from now on."""
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        # Chromium reports the status of a page that is not found; that is what those pages are for.
        if message.type in ("error", "warning") and "status of 40" not in message.text:
            self.complaints.append(message.text)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve a registry with one certificate of each fate."""
    require(STYLES.is_file(), "vendored styles", "make setup")
    folder = tmp_path_factory.mktemp("web") / "data"
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
    """Log certificates that are in force today, and let something become of some of them."""
    names = ("valid", "suspended", "withdrawn", "superseded")
    documents = {name: real.issue(signed_today(real, 25 if name == "valid" else 1)) for name in names}
    actions = (("suspended", StatusAction.SUSPEND), ("withdrawn", StatusAction.WITHDRAW))
    for name, action in actions:
        real.world.logged(real.world.status(documents[name], action))
    replacement = documents["valid"].document_hash
    superseded = documents["superseded"]
    real.world.logged(real.world.status(superseded, StatusAction.SUPERSEDE, replaced_by=replacement))
    real.anchor()
    documents["pending"] = real.issue(signed_today(real))
    real.world.publisher.tick()
    real.poll()
    return {name: id_of(document) for name, document in documents.items()}


def signed_today(real: RealRegistry, products: int = 1) -> SecuredDocument:
    """Sign a certificate whose dates lie around the real clock's."""
    slot = real.world.slot()
    number = f"MAU-{slot.index:04}"
    content = conformity_content(slot=slot, origin=real.world.origin, did=SAMPLE_DID, number=number)
    now = real.world.clock()
    begins, ends = format_time(now - 2 * DAY), format_time(now + 300 * DAY)
    content |= {"validFrom": begins, "validUntil": ends}
    subject = content["credentialSubject"]
    if isinstance(subject, dict):
        subject |= {"decisionDate": begins[:10], "issueDate": begins[:10], "expiryDate": ends[:10]}
        product: JSONObject = {
            "name": "NGUYỄN HUỲNH PHƯỢNG Ẫ Ỗ Ậ",
            "model": "M" * 60,
            "gtin": "8930000000019",
        }
        others: list[JSONValue] = [{"name": f"Dây {i}", "model": f"VCm {i}"} for i in range(products)]
        subject["products"] = [product, *others]
    return real.world.sign(content, SAMPLE_DID, certificate_challenge(slot), real.world.issuer)


def open_page(browser: Browser, width: int, watch: Watch) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 800})
    watch.listen(page)
    return page


def open_details(page: Page) -> None:
    """Show what a reader can unfold."""
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")


def test_the_verdict_is_seen_in_both_languages(browser: Browser, site: Site) -> None:
    page = open_page(browser, 360, Watch())
    page.goto(f"{site.base}/vi/c/{site.ids['valid']}")
    heading = page.get_by_role("heading", level=1)
    assert heading.inner_text() == "Còn hiệu lực"
    page.get_by_role("link", name="English").click()
    assert page.url == f"{site.base}/en/c/{site.ids['valid']}"
    assert heading.inner_text() == "In force"
    box = page.locator(".verdict").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 700, "the whole verdict is on the first screen of a small phone"
    page.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_its_screen_and_asks_no_other_host(browser: Browser, site: Site, width: int) -> None:
    watch = Watch()
    page = open_page(browser, width, watch)
    for name, path in site.paths().items():
        for language in ("vi", "en"):
            page.goto(f"{site.base}/{language}{path}")
            open_details(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, language)
    assert len(watch.requests) > 2 * len(site.paths())
    assert [url for url in watch.requests if not url.startswith(f"{site.base}/")] == []
    assert watch.complaints == []
    page.close()


@pytest.mark.parametrize(
    ("width", "language", "names"),
    [(360, "vi", None), (1280, "en", ("valid", "withdrawn", "log", "trust"))],
)
def test_axe_finds_nothing_to_complain_of(
    browser: Browser, site: Site, width: int, language: str, names: tuple[str, ...] | None
) -> None:
    page = open_page(browser, width, Watch())
    axe = AXE.read_text("utf-8")
    paths = site.paths()
    for name in names or paths:
        page.goto(f"{site.base}/{language}{paths[name]}")
        open_details(page)
        page.evaluate(axe)
        result: dict[str, Any] = page.evaluate("axe.run()")
        assert [(found["id"], found["nodes"][0]["html"]) for found in result["violations"]] == [], name
        assert len(result["passes"]) > 15, "axe looked at the page"
    page.close()


def test_headings_leave_room_for_stacked_marks_and_the_font_has_them(browser: Browser, site: Site) -> None:
    page = open_page(browser, 360, Watch())
    page.goto(f"{site.base}/vi/c/{site.ids['valid']}")
    measured: list[list[Any]] = page.evaluate(
        """[...document.querySelectorAll('h1, h2, h3, h4, dd, p')].map(element => {
            const style = getComputedStyle(element);
            return [element.tagName, parseFloat(style.lineHeight) / parseFloat(style.fontSize), style.overflow];
        })"""
    )
    assert {tag for tag, _, _ in measured} >= {"H1", "H2", "H3", "H4"}
    assert [found for found in measured if found[1] < 1.55 or found[2] != "visible"] == []
    loaded: list[str] = page.evaluate(
        "document.fonts.ready.then(fonts => [...fonts].filter(f => f.status === 'loaded').map(f => f.family))"
    )
    assert any("Be Vietnam Pro" in family for family in loaded)
    page.close()


def test_the_qr_code_on_the_page_is_read_from_a_screenshot_and_leads_back(
    browser: Browser, site: Site
) -> None:
    page = open_page(browser, 360, Watch())
    page.goto(f"{site.base}/en/c/{site.ids['valid']}")
    picture = Image.open(io.BytesIO(page.locator("img.qr").screenshot()))
    (code,) = zxingcpp.read_barcodes(picture)
    assert code.text == f"{site.base}/c/{site.ids['valid']}".upper()
    page.goto(code.text)
    assert page.locator(".verdict-green").count() == 1
    page.close()


def test_without_javascript_a_typed_code_leads_to_the_verdict(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False, locale="vi-VN")
    page = context.new_page()
    page.goto(f"{site.base}/")
    page.get_by_label("Mã trên giấy chứng nhận").fill(format_id(site.ids["withdrawn"]).lower())
    page.get_by_role("button", name="Tra cứu").click()
    assert page.url == f"{site.base}/c/{site.ids['withdrawn']}"
    assert page.get_by_role("heading", level=1).inner_text() == "Đã bị thu hồi"
    context.close()


def test_the_page_prints_with_its_verdict_and_its_code(browser: Browser, site: Site) -> None:
    page = open_page(browser, 1280, Watch())
    page.goto(f"{site.base}/vi/c/{site.ids['suspended']}")
    page.emulate_media(media="print")
    assert page.locator(".verdict").is_visible()
    assert page.locator("img.qr").is_visible()
    assert not page.locator(".site-footer").is_visible()
    page.close()
