"""The entry point of a WSGI server: `gunicorn "web.wsgi:make_app()"` with CERTLOG_DATA set.

A factory rather than a module-level application: nothing is opened by an import, and each worker opens its own.
"""

import gc
import os
from typing import Final

from apiflask import APIFlask

from registry.opening import Surroundings
from web.app import create_app
from web.logs import clean_logs
from web.wiring import data_folder, open_services

_YOUNG: Final = 50_000
_MIDDLE: Final = 20
_OLD: Final = 100


def make_app() -> APIFlask:
    """Return the application of the data folder that CERTLOG_DATA names."""
    clean_logs(os.environ)
    app = create_app(open_services(data_folder(), Surroundings(os.environ)))
    calm_the_collector()
    return app


def calm_the_collector() -> None:
    """Let the cyclic garbage collector look less often, and never at what lives as long as the process.

    A batch of a thousand certificates is a hundred thousand small objects without a single cycle: with Python's own
    thresholds, walking over them again and again costs more than checking their signatures (docs/speed.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
