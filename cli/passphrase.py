"""Asks for a passphrase at the keyboard, without showing it; used by every command that opens a key."""

import warnings
from getpass import GetPassWarning

import click

from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from cli.language import in_words


def ask_passphrase(question: str = Sentence("Passphrase"), *, again: bool | str = False) -> str:
    """Ask for a passphrase, twice for a new one.

    Args:
        question: what to ask.
        again: ask a second time; a text is the second question.

    Raises:
        InvalidInput: there is no terminal to ask at.
    """
    with warnings.catch_warnings():
        # Python would go on and show what is typed.
        warnings.simplefilter("error", GetPassWarning)
        try:
            return str(click.prompt(in_words(question), hide_input=True, confirmation_prompt=again, err=True))
        except GetPassWarning as error:
            message = "there is no terminal to ask for the passphrase; use --passphrase-file"
            raise InvalidInput(message, code="no-terminal") from error
