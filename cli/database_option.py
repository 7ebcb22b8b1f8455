"""The option --database: where tables are kept when not in the data folder. No password is taken on a command line."""

import click

from certlog.errors import InvalidInput
from storage.postgres import parse_url


def _checked(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    """Refuse a wrong URL before anything is made or spent."""
    if text is None:
        return None
    try:
        return parse_url(text).render_as_string()
    except ValueError as error:
        raise InvalidInput(*error.args, place="--database", code="bad-database") from error


database_option = click.option(
    "--database",
    metavar="URL",
    callback=_checked,
    help="A PostgreSQL database, postgresql+psycopg://USER@HOST/NAME; SQLite in the data folder without it.",
)
