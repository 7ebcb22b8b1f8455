"""Sentences for people that can be said in another language: a template and the values that stand in it.

A Sentence is its own English text, so that whoever logs, compares or prints it needs to know nothing. The
catalogues of other languages are files that the edges (cli, web) read; this module never does.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Self

Translate = Callable[[str], str]
"""From an English template to one in the reader's language; what it does not know, it returns as it is."""


class Sentence(str):
    """English text that remembers how it was made: `Sentence("expected {wanted}, found {found}", wanted=3, found=2)`.

    Attributes:
        template: the text before its values were put in; the key of the catalogues.
        values: what stands in it; a value may be a Sentence itself.
    """

    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        """Put the values into the template, with str.format's rules.

        Raises:
            KeyError: the template names a value that is not given.
        """
        sentence = super().__new__(cls, template.format(**values) if values else template)
        sentence.template = template
        sentence.values = MappingProxyType(values)
        return sentence


def translated(text: str, translate: Translate) -> str:
    """Return a text in the language of `translate`, with the sentences inside it; a plain text is its own template."""
    if not isinstance(text, Sentence):
        return translate(text)
    values = {
        name: translated(value, translate) if isinstance(value, Sentence) else value
        for name, value in text.values.items()
    }
    return translate(text.template).format(**values) if values else translate(text.template)
