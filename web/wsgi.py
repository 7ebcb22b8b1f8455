"""The entry point of a WSGI server: `gunicorn "web.wsgi:make_app()"` with CERTLOG_DATA set.

A factory rather than a module-level application: nothing is opened by an import, and each worker opens its own.
"""

import os

from apiflask import APIFlask

from registry.opening import Surroundings
from web.app import create_app
from web.wiring import data_folder, open_services


def make_app() -> APIFlask:
    """Return the application of the data folder that CERTLOG_DATA names."""
    return create_app(open_services(data_folder(), Surroundings(os.environ)))
