"""The public pages: look-up form, verdict, anchoring log, trust root, API description. No login, no cookie.

Each page answers with and without the language in its path; `/C/<ID>` is what printed codes hold. One page runs a
script of our own: that of a certificate whose content only the reader's device can open.
"""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from certlog.certificate_id import parse_id
from certlog.errors import MistypedId
from certlog.trust_root import TrustRoot
from issuer.qr import certificate_address
from verifier.report import Verdict
from web.api_description import declared_problems, describe_api
from web.certificate_view import WITHOUT_CERTIFICATE, certificate_view
from web.language import LANGUAGES, current_language, drop_path_language, path_language
from web.page_cache import KeptPage, PageCache
from web.qr import qr_svg
from web.query import query_number
from web.responses import A_MOMENT, kept, sealed_octets
from web.sealed_layout import sealed_layout
from web.security import allow_own_script
from web.services import Services
from web.trust_view import chain_views, trust_rows

FIVE_MINUTES: Final = "public, max-age=300"
A_DAY: Final = "public, max-age=86400"
LOG_PAGE_ROWS: Final = 50
MAX_TYPED: Final = 300
_IN_ADDRESS: Final = re.compile(r"/c/([^/?#\s]{1,64})", re.IGNORECASE)

pages: Final = Blueprint("pages", __name__)
pages.url_value_preprocessor(drop_path_language)


def page(rule: str) -> Callable[[Callable[..., ResponseReturnValue]], Callable[..., ResponseReturnValue]]:
    """Register a page at a path and at the same path below `/vi` and `/en`."""

    def register(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
        pages.add_url_rule(rule, view_func=view)
        pages.add_url_rule(f"/<language:language>{rule}", view_func=view)
        return view

    return register


@page("/")
def home() -> ResponseReturnValue:
    """Show the form for a typed code, and what this registry is."""
    return _kept(render_template("home.html"))


@page("/c")
def look_up() -> ResponseReturnValue:
    """Lead from a typed code, or a pasted address of a certificate's page, to that page."""
    typed = request.args.get("id", "")[:MAX_TYPED].strip()
    if not typed:
        return redirect(localised_url("pages.home"))
    pasted = _IN_ADDRESS.search(typed)
    code = pasted.group(1) if pasted else typed
    try:
        identifier = parse_id(code)
    except MistypedId:
        return _certificate_page(code)
    return redirect(localised_url("pages.certificate", identifier=identifier))


@page("/c/<identifier>")
def certificate(identifier: str) -> ResponseReturnValue:
    """Show the verdict on a certificate."""
    return _certificate_page(identifier)


@pages.get("/C/<identifier>")
def printed_code(identifier: str) -> ResponseReturnValue:
    """Show the verdict on a certificate whose code was scanned from paper."""
    return _certificate_page(identifier)


@pages.get("/c/<identifier>/qr.svg")
def certificate_qr(identifier: str) -> ResponseReturnValue:
    """Draw the code that leads to a certificate's page; it says nothing about whether there is one."""
    response = Response(qr_svg(_services().public_url, parse_id(identifier)), mimetype="image/svg+xml")
    return kept(response, A_DAY)


@pages.get("/c/<identifier>/sealed")
@pages.get("/C/<identifier>/sealed")
def certificate_sealed(identifier: str) -> ResponseReturnValue:
    """Send the sealed content of a certificate; this server cannot open it."""
    return sealed_octets(_services().answers.sealed(identifier))


@page("/log")
def anchoring_log() -> ResponseReturnValue:
    """Show every batch that was anchored, newest first."""
    services = _services()
    older_than = query_number("before") if "before" in request.args else None
    rows = services.anchors.page(older_than=older_than, limit=LOG_PAGE_ROWS)
    head = services.log.head()
    html = render_template(
        "log.html",
        anchor_page=rows,
        polls=services.anchors.polls(),
        head=head,
        older_than=older_than,
        states=batch_states(),
    )
    return _kept(html, A_MOMENT)


@page("/trust")
def trust() -> ResponseReturnValue:
    """Show the trust root and the fingerprint that people compare by hand."""
    return _kept(_trust_html(_services().trust_root))


@page("/docs")
def docs() -> ResponseReturnValue:
    """Describe the API, from the same OpenAPI document that programs read."""
    return _kept(render_template("docs.html", api=describe_api(current_app), statuses=declared_problems()))


def localised_url(endpoint: str, **values: object) -> str:
    """Return the address of a page in the language that the path names, where it names one."""
    return url_for(endpoint, language=path_language(), **values)  # type: ignore[arg-type]  # Flask accepts any value


def toggle_url(language: str) -> str:
    """Return the address of this very page in another language."""
    endpoint = request.endpoint or ""
    if not endpoint.startswith("pages."):
        return url_for("pages.home", language=language)
    # The address on paper has no language of its own; its page does.
    endpoint = "pages.certificate" if endpoint == "pages.printed_code" else endpoint
    return url_for(endpoint, language=language, **(request.view_args or {}), **request.args.to_dict())  # type: ignore[arg-type]


def batch_states() -> dict[str, str]:
    """Return the states of a batch in words."""
    return {
        "SEALED": _("sealed, not sent yet"),
        "PREPARED": _("signed, about to be sent"),
        "BROADCAST": _("sent"),
        "INCLUDED": _("in a block, not final yet"),
        "FINAL": _("final"),
    }


def template_values() -> dict[str, object]:
    """Return what every template may use."""
    services = _services()
    return {
        "language": current_language(),
        "languages": LANGUAGES,
        "origin": services.trust_root.origin,
        "is_test_chain": bool(services.trust_root.chains) and services.trust_root.is_test_chain,
        "page_url": localised_url,
        "toggle_url": toggle_url,
    }


def _certificate_page(typed: str) -> Response:
    page = _kept_page(typed)
    response = _kept(page.html, A_MOMENT)
    if page.is_sealed:
        allow_own_script()
    if page.status != HTTPStatus.OK:
        response.status_code = page.status
    return response


def _kept_page(typed: str) -> KeptPage:
    """Return the page as it was rendered before, where nothing has changed since, or render it."""
    services, cache = _services(), _page_cache()
    # An address with a query of its own has a page of its own, which nobody else asks for.
    if services.page_version is None or request.args:
        return _rendered_page(typed)
    try:
        identifier = parse_id(typed)
    except MistypedId:
        return _rendered_page(typed)
    asked, version = (request.path, current_language()), services.page_version(identifier)
    if version is None:
        return _rendered_page(typed)
    found = cache.get(asked, version)
    if found is None:
        found = _rendered_page(typed)
        cache.put(asked, version, found)
    return found


def _rendered_page(typed: str) -> KeptPage:
    services = _services()
    answer = services.answers.by_id(typed)
    view = certificate_view(answer, current_language())
    html = render_template(
        "certificate.html",
        view=view,
        typed=typed,
        address=certificate_address(services.public_url, answer.identifier),
        public_url=services.public_url,
        sealed_layout=sealed_layout() if view.is_sealed else None,
    )
    status = HTTPStatus.OK
    if answer.report.verdict in WITHOUT_CERTIFICATE:
        is_unknown = answer.report.verdict is Verdict.UNKNOWN
        status = HTTPStatus.NOT_FOUND if is_unknown else HTTPStatus.BAD_REQUEST
    return KeptPage(html, status, view.is_sealed)


def _trust_html(trust_root: TrustRoot) -> str:
    return render_template(
        "trust.html", trust_root=trust_root, facts=trust_rows(trust_root), chains=chain_views(trust_root)
    )


def _kept(html: str, cache: str = FIVE_MINUTES) -> Response:
    """Answer with a page that may be kept for a short time, and is not sent twice when it did not change."""
    response = make_response(html)
    if path_language() is None:
        response.headers["Vary"] = "Accept-Language"
    return kept(response, cache)


def _page_cache() -> PageCache:
    cache: PageCache = current_app.extensions["certlog-pages"]
    return cache


def _services() -> Services:
    services: Services = current_app.extensions["certlog"]
    return services
