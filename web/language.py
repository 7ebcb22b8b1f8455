"""Which language a page speaks: the path says it (`/vi/…`, `/en/…`), else the browser, else Vietnamese.

Dates and times are written by Babel for that language, in Viet Nam's time, because people compare them with paper
that was printed there. Catalogues are in web/translations; English is the language of the message ids.
"""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final, Literal, TypeAlias, cast

from babel.dates import format_date, format_datetime
from flask import Flask, has_request_context, request
from flask_babel import Babel
from werkzeug.routing import BaseConverter

Language: TypeAlias = Literal["vi", "en"]

LANGUAGES: Final[tuple[Language, ...]] = ("vi", "en")
DEFAULT: Final[Language] = "vi"
VIET_NAM: Final = timezone(timedelta(hours=7), "UTC+7")
"""Asia/Ho_Chi_Minh, which keeps one offset the whole year; said beside every time."""


DAY_PATTERNS: Final[dict[Language, str]] = {"vi": "d 'tháng' M 'năm' y", "en": "d MMMM y"}
MOMENT_PATTERNS: Final[dict[Language, str]] = {"vi": "HH:mm:ss, d/M/y", "en": "HH:mm:ss, d MMMM y"}
"""As certificates and official letters write them; CLDR's own long form has no word for the year in Vietnamese."""


class LanguageConverter(BaseConverter):
    """The first segment of a path that names its language."""

    regex = "vi|en"


def install_babel(app: Flask) -> None:
    """Translate the application's pages, each request in its own language."""
    Babel(  # type: ignore[no-untyped-call]
        app, default_locale=DEFAULT, locale_selector=current_language
    )


def drop_path_language(_endpoint: str | None, values: dict[str, object] | None) -> None:
    """Take the language out of a path's values: no view has it as an argument."""
    if values:
        values.pop("language", None)


def path_language() -> Language | None:
    """Return the language that the path names, None where it names none."""
    first = request.path.split("/", 2)[1]
    return next((language for language in LANGUAGES if language == first), None)


def current_language() -> Language:
    """Return the language of this request."""
    if not has_request_context():
        return DEFAULT
    named = path_language()
    if named is not None:
        return named
    return cast("Language", request.accept_languages.best_match(LANGUAGES, default=DEFAULT))


def show_day(text: str) -> str:
    """Write the day of `YYYY-MM-DD…` as a sentence has it; anything else is shown as it stands.

    The day is read where it was written: `2026-11-22T00:00:00+07:00` is the 22nd, whoever looks.
    """
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return text
    language = current_language()
    return format_date(day, DAY_PATTERNS[language], locale=language)


def show_moment(seconds: int) -> str:
    """Write a moment with its time zone, to the second."""
    language = current_language()
    moment = datetime.fromtimestamp(seconds, UTC).astimezone(VIET_NAM)
    written = format_datetime(moment, MOMENT_PATTERNS[language], locale=language, tzinfo=VIET_NAM)
    return f"{written} (UTC+7)"


def machine_moment(seconds: int) -> str:
    """Write a moment for the `datetime` attribute of a `<time>` element."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
