"""Times: one form in, one form out, and every accepted moment can be written again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlog.errors import InvalidInput
from certlog.timestamps import format_time, parse_date, parse_time, parse_utc


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-22T10:00:00+07:00", 1795316400),
        ("2026-11-22T03:00:00Z", 1795316400),
        ("2026-11-21T15:30:00-11:30", 1795316400),
        ("2024-02-29T23:59:59+00:00", 1709251199),
        ("1969-12-31T23:59:59Z", -1),
    ],
)
def test_a_time_with_offset_is_read_as_its_moment(text: str, seconds: int) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T10:00:00",
        "2026-11-22T10:00Z",
        "2026-11-22 10:00:00Z",
        "2026-11-22t10:00:00z",
        "2026-11-22T10:00:00.0Z",
        "2026-11-22T10:00:00,5Z",
        "2026-11-22T10:00:00-00:00",
        "2026-11-22T10:00:00+0700",
        "2026-11-22T10:00:00+07",
        "2026-11-22T10:00:00+07:60",
        "2026-11-22T10:00:00+07:00:00",
        "20261122T100000Z",
        "2026-W47-7T10:00:00Z",
        "٢٠٢٦-11-22T10:00:00Z",
        "2026-11-22T10:00:00Z\n",
        "",
    ],
)
def test_a_time_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^/at: expected YYYY-MM-DDTHH:MM:SS followed by Z or an offset"):
        parse_time(text, "/at")


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T10:60:00Z",
        "2026-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "2026-11-22T10:00:00+24:00",
        "0001-01-01T00:00:00+07:00",
        "9999-12-31T23:59:59-07:00",
    ],
)
def test_a_moment_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="expected a time that exists"):
        parse_time(text)


@given(st.datetimes().map(lambda moment: moment.replace(microsecond=0).isoformat()), st.integers(-1439, 1439))
def test_every_accepted_time_can_be_written_in_utc_and_read_again(text: str, minutes: int) -> None:
    offset = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    try:
        seconds = parse_time(text + offset)
    except InvalidInput:
        return
    written = format_time(seconds)
    assert parse_time(written) == parse_utc(written) == seconds
    assert len(written) == 20


def test_what_the_log_states_is_read_in_utc_only() -> None:
    assert parse_utc("2026-11-22T03:00:00Z") == 1795316400
    for text in ("2026-11-22T10:00:00+07:00", "2026-11-22T03:00:00+00:00", "2026-11-22T03:00:00"):
        with pytest.raises(InvalidInput, match=r"^/time: expected YYYY-MM-DDTHH:MM:SSZ, found "):
            parse_utc(text, "/time")


def test_a_year_before_1000_is_written_with_four_digits() -> None:
    assert format_time(parse_time("0999-01-01T00:00:00Z")) == "0999-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "text", ["2026-11-2", "2026/11/22", "20261122", "2026-W47-7", "2026-11-22T", "٢٠٢٦-11-22", ""]
)
def test_a_date_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^/d: expected a date YYYY-MM-DD, found "):
        parse_date(text, "/d")


@pytest.mark.parametrize("text", ["2026-02-29", "2026-00-01", "2026-04-31", "0000-01-01"])
def test_a_day_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="expected a date that exists"):
        parse_date(text)
    assert parse_date("2024-02-29").isoformat() == "2024-02-29"
