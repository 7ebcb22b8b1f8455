"""What gunicorn is told beside its options: its own process writes the same log lines as its workers."""

import os

from web.logs import clean_logs


def on_starting(_server: object) -> None:
    """Before there is any worker; workers do the same for what Flask says (wsgi.py)."""
    clean_logs(os.environ)
