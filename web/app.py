"""The application factory: joins pages, API, problems, languages and headers around the services it is given.

Nothing here opens a file of the registry, a database or a connection; see web.wiring for that.
"""

from pathlib import Path
from typing import Final

from apiflask import APIFlask
from werkzeug.middleware.proxy_fix import ProxyFix

from web.api import api, public_files
from web.api_cosignatures import cosign_api
from web.api_description import configure_openapi
from web.api_submit import submit_api
from web.assets import install_assets
from web.health import health
from web.language import LanguageConverter, install_babel, machine_moment, show_day, show_moment
from web.page_cache import PageCache
from web.pages import pages, template_values
from web.problems import install_problems
from web.security import install_security
from web.services import Services
from web.strict_provider import StrictJSONProvider
from web.tile_files import tile_files

STATIC: Final = Path(__file__).parent / "static"


def create_app(services: Services) -> APIFlask:
    """Return the WSGI application of one registry."""
    app = APIFlask(
        __name__,
        title="Certlog registry",
        version="1",
        docs_path=None,  # web.pages has its own, without a script
        static_folder=None,  # type: ignore[arg-type]  # web.assets serves it; Flask itself takes None
    )
    app.extensions["certlog"] = services
    app.extensions["certlog-pages"] = PageCache(services.now)
    app.json = StrictJSONProvider(app)
    app.url_map.converters["language"] = LanguageConverter
    app.jinja_env.filters.update(day=show_day, moment=show_moment, machine_moment=machine_moment)
    app.context_processor(template_values)
    install_babel(app)
    install_security(app)
    install_problems(app)
    install_assets(app, STATIC)
    configure_openapi(app)
    for blueprint in (pages, api, submit_api, cosign_api, public_files, health):
        app.register_blueprint(blueprint)
    app.register_blueprint(tile_files())
    path = services.trust_root.origin.partition("/")[2]
    if path:
        app.register_blueprint(tile_files("tiles-of-origin", f"/{path}"))
    if services.proxy_hops:
        hops = services.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]  # Flask's own way
    return app
