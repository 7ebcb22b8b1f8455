"""Sentences: English as they stand, other languages through a catalogue."""

import pickle
from enum import StrEnum
from pathlib import Path

import pytest

from certlog.errors import InvalidInput
from certlog.sentences import Sentence, joined, kept, recalled, translated


class Colour(StrEnum):
    RED = "red"


VIETNAMESE = {
    "expected {wanted}, found {found}": "cần {wanted}, gặp {found}",
    "entry {index}: {why}": "mục {index}: {why}",
    "no such file": "không có tệp này",
}


def to_vietnamese(template: str) -> str:
    return VIETNAMESE.get(template, template)


def test_a_sentence_is_its_own_english_text() -> None:
    sentence = Sentence("expected {wanted}, found {found!r}", wanted=3, found="2")
    assert sentence == "expected 3, found '2'"
    assert f"{sentence}." == "expected 3, found '2'."


def test_a_sentence_without_values_may_hold_braces() -> None:
    assert Sentence("expected {") == "expected {"


def test_a_sentence_names_every_value_it_needs() -> None:
    with pytest.raises(KeyError, match="found"):
        Sentence("expected {wanted}, found {found}", wanted=3)


def test_sentences_inside_a_sentence_are_translated_too() -> None:
    inner = Sentence("expected {wanted}, found {found}", wanted=3, found=2)
    outer = Sentence("entry {index}: {why}", index=7, why=inner)
    assert outer == "entry 7: expected 3, found 2"
    assert translated(outer, to_vietnamese) == "mục 7: cần 3, gặp 2"


def test_a_plain_text_is_its_own_template() -> None:
    assert translated("no such file", to_vietnamese) == "không có tệp này"


def test_what_the_catalogue_lacks_stays_english() -> None:
    assert translated(Sentence("no {what}", what="more"), to_vietnamese) == "no more"


def test_a_value_is_never_a_template() -> None:
    sentence = Sentence("expected {wanted}, found {found}", wanted="{found}", found="{wanted}")
    assert translated(sentence, to_vietnamese) == "cần {found}, gặp {wanted}"


def test_an_error_inside_a_sentence_is_translated_too() -> None:
    error = InvalidInput(Sentence("expected {wanted}, found {found}", wanted=3, found=2), place="/a")
    outer = Sentence("entry {index}: {why}", index=7, why=error)
    assert outer == "entry 7: /a: expected 3, found 2"
    assert translated(outer, to_vietnamese) == "mục 7: /a: cần 3, gặp 2"


def test_a_plain_message_with_its_place_is_translated_too() -> None:
    error = InvalidInput("no such file", place="--key")
    assert str(error) == "--key: no such file"
    assert translated(str(error), to_vietnamese) == "--key: không có tệp này"


def test_an_error_of_others_inside_a_sentence_stays_as_it_is() -> None:
    outer = Sentence("entry {index}: {why}", index=7, why=OSError("no such file"))
    assert translated(outer, to_vietnamese) == "mục 7: no such file"


def test_joined_sentences_are_translated_one_by_one() -> None:
    many = joined("; ", ["no such file", Sentence("expected {wanted}, found {found}", wanted="{", found="}")])
    assert many == "no such file; expected {, found }"
    assert translated(many, to_vietnamese) == "no such file; cần {, gặp }"


def test_an_error_from_another_process_keeps_its_sentence() -> None:
    error = InvalidInput(Sentence("expected {wanted}, found {found}", wanted=3, found="{x}"), place="/a")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 (made on the line above)
    assert str(again) == str(error)
    assert translated(again.message, to_vietnamese) == "cần 3, gặp {x}"


def test_what_the_system_says_is_translated_without_its_number_and_path() -> None:
    error = FileNotFoundError(2, "no such file", "/a/b")
    outer = Sentence("entry {index}: {why}", index=7, why=error)
    assert outer == "entry 7: no such file"
    assert translated(outer, to_vietnamese) == "mục 7: không có tệp này"


@pytest.mark.parametrize(
    "said",
    [
        Sentence("no such file"),
        Sentence("expected {wanted}, found {found}", wanted=3, found=None),
        Sentence("expected {wanted}, found {found}", wanted=10**30, found=-(2**53)),
        Sentence("expected {wanted!r}, found {found:.1f}", wanted="é{x}", found=2.25),
        joined("; ", [Sentence("no such file"), Sentence("entry {index}: {why}", index=7, why=OSError("x"))]),
        Sentence("entry {index}: {why}", index=Colour.RED, why=InvalidInput("no such file", place="/a")),
    ],
)
def test_a_sentence_that_was_stored_is_the_same_again(said: Sentence) -> None:
    again = recalled(str.__str__(said), kept(said))
    assert isinstance(again, Sentence)
    assert again == said
    assert translated(again, to_vietnamese) == translated(said, to_vietnamese)


def test_text_that_nobody_made_of_a_template_is_kept_as_it_is() -> None:
    assert kept("{a node's} words") == ""
    assert recalled("{a node's} words", "") == "{a node's} words"


def test_a_value_whose_text_does_not_give_the_sentence_back_keeps_the_text_alone() -> None:
    said = Sentence("at {path!r}", path=Path("/a"))
    assert kept(said) == ""


@pytest.mark.parametrize(
    "made",
    [
        kept(Sentence("entry {index}: {why}", index=8, why="x")),
        "{",
        "[]",
        "7",
        '{"template": "{x}", "values": {}}',
        '{"template": "{x.y}", "values": {"x": 1}}',
        '{"template": "{x:z}", "values": {"x": 1}}',
        '{"template": "{x", "values": {"x": 1}}',
        '{"template": 7, "values": {"x": 1}}',
        '{"template": "{x:c}", "values": {"x": 99999999}}',
        '{"template": "{x:>99999999999}", "values": {"x": 1}}',
        "[" * 100_000,
    ],
)
def test_what_does_not_belong_to_the_text_is_passed_over(made: str) -> None:
    """An older program writes the text alone, beside what a newer one left there."""
    again = recalled("entry 7: x", made)
    assert (again, isinstance(again, Sentence)) == ("entry 7: x", False)
