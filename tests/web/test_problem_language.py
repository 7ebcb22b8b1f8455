"""What went wrong is said in the reader's language: a page's path names it, a program asks for it."""

import json

import pytest

from tests.web.stand_in import StandIn, app_around

WRONG = "/api/v1/consistency?from=x&to=2"


def _problem(path: str, **headers: str) -> dict[str, object]:
    answer = app_around(StandIn()).test_client().get(path, headers=headers)
    assert answer.mimetype == "application/problem+json"
    return dict(json.loads(answer.data))


def test_a_program_that_asks_for_no_language_is_answered_in_english() -> None:
    problem = _problem(WRONG)
    assert problem["detail"] == "expected one number, found 'x'"


@pytest.mark.parametrize("asked", ["vi", "vi-VN,vi;q=0.9,en;q=0.5"])
def test_a_program_that_asks_for_vietnamese_gets_it_and_the_same_code(asked: str) -> None:
    vietnamese, english = _problem(WRONG, **{"Accept-Language": asked}), _problem(WRONG)
    assert vietnamese["detail"] == "cần một số, thấy 'x'"
    assert {**vietnamese, "detail": ""} == {**english, "detail": ""}


def test_caches_keep_the_two_languages_apart() -> None:
    answer = app_around(StandIn()).test_client().get("/api/v1/nowhere", headers={"Accept-Language": "vi"})
    assert answer.headers["Content-Language"] == "vi"
    assert "Accept-Language" in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("language", "said"), [("vi", "Không có gì ở địa chỉ này."), ("en", "There is nothing at this address.")]
)
def test_a_page_says_what_is_wrong_in_the_language_of_its_path(language: str, said: str) -> None:
    client = app_around(StandIn()).test_client()
    answer = client.get(f"/{language}/nowhere", headers={"Accept": "text/html", "Accept-Language": "fr"})
    assert said in answer.get_data(as_text=True)
