"""Sentences for people that can be said in another language: a template and the values that stand in it.

A Sentence is its own English text, so that whoever logs, compares or prints it needs to know nothing. The
catalogues of other languages are files that the edges (cli, web) read; this module never does. What a database keeps
of a sentence is its English text and, beside it, how that was made (`kept`), so that its reader's language decides.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from string import Formatter
from types import MappingProxyType
from typing import Final, Self

import orjson

Translate = Callable[[str], str]
"""From an English template to one in the reader's language; what it does not know, it returns as it is."""

_EXACT: Final = 2**53
"""Whole numbers below are the same in every JSON reader; larger ones are kept as text."""

_LONGEST_FORM: Final = 3
"""Characters after the colon of a place, such as .1f."""


class Sentence(str):
    """English text that remembers how it was made: `Sentence("expected {wanted}, found {found}", wanted=3, found=2)`.

    Attributes:
        template: the text before its values were put in; the key of the catalogues.
        values: what stands in it; a value may be a Sentence itself, or an error whose message is one.
    """

    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        """Put the values into the template, with str.format's rules.

        Raises:
            KeyError: the template names a value that is not given.
        """
        for name, value in values.items():
            if isinstance(value, Exception):
                values[name] = _said(value)
        sentence = super().__new__(cls, template.format(**values) if values else template)
        sentence.template = template
        sentence.values = MappingProxyType(values)
        return sentence

    def __str__(self) -> Self:
        """Return the sentence itself, so that `str(error)` still knows how its message was made."""
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, object]]:
        """Return what `__new__` takes, so that an error keeps its sentence on its way from another process."""
        return (self.template,), dict(self.values)

    def __getstate__(self) -> None:
        """Return nothing more: what `__new__` is given is all."""


def joined(separator: str, parts: Iterable[str]) -> Sentence:
    """Return sentences one after another, each of which keeps its own template."""
    named = {f"part{position}": part for position, part in enumerate(parts)}
    return Sentence(separator.join(f"{{{name}}}" for name in named), **named)


def translated(text: str, translate: Translate) -> str:
    """Return a text in the language of `translate`, with the sentences inside it; a plain text is its own template."""
    if not isinstance(text, Sentence):
        return translate(text)
    if not text.values:
        return translate(text.template)
    values = {
        name: translated(value, translate) if isinstance(value, Sentence) else value
        for name, value in text.values.items()
    }
    return translate(text.template).format(**values)


def kept(text: str) -> str:
    """Return how a sentence was made, as JSON to be stored beside its text; empty for text that nobody made so.

    Text, numbers, truth values and None stay what they are; any other value is kept as the text that it gives.
    """
    if not isinstance(text, Sentence):
        return ""
    made = json.dumps(_parts(text), ensure_ascii=False)
    return made if isinstance(recalled(str.__str__(text), made), Sentence) else ""


def recalled(text: str, made: str) -> str:
    """Return the sentence whose text and `kept` were stored; the text alone where the two do not belong together.

    That is so for what a program wrote that kept no more than the text, whatever another one left beside it.
    """
    try:
        sentence = _from_parts(orjson.loads(made)) if made else None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        # Also what no program of this kind wrote: who may change a row may write anything there.
        return text
    return sentence if isinstance(sentence, Sentence) and sentence == text else text


def _parts(value: object) -> object:
    match value:
        case Sentence():
            return {"template": value.template, "values": {k: _parts(v) for k, v in value.values.items()}}
        case bool() | float() | None:
            return value
        case int() if abs(value) < _EXACT:
            return int(value)
        case _:
            return str(value)


def _from_parts(made: object) -> object:
    match made:
        case {"template": str(template), "values": dict(values)}:
            if any(len(form or "") > _LONGEST_FORM for _, _, form, _ in Formatter().parse(template)):
                raise ValueError("a width of many digits would fill the memory")
            return Sentence(template, **{name: _from_parts(value) for name, value in values.items()})
        case _:
            return made


def _said(value: Exception) -> object:
    """Return what an error says, in place of the error, whose traceback would keep much alive."""
    if isinstance(value, OSError) and value.strerror:
        return Sentence(value.strerror)
    return value.args[0] if value.args and isinstance(value.args[0], Sentence) else str(value)
