"""Sentences: English as they stand, other languages through a catalogue."""

import pytest

from certlog.sentences import Sentence, translated

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
