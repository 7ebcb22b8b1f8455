"""Mutant control: a test is worth something only if it fails once its defence is gone."""

from collections.abc import Callable
from typing import NamedTuple

import pytest


class Control(NamedTuple):
    """A defect (what is replaced, where, by what) and the test that must notice it."""

    holder: object
    name: str
    defect: object
    test: Callable[[], object]


def require_noticed(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the test with the true code, where it must pass, and with the defect, where it must fail."""
    control.test()
    require_failure(control, monkeypatch)


def require_failure(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the test with the defect only: for tests that use up what they are given."""
    with monkeypatch.context() as patched:
        patched.setattr(control.holder, control.name, control.defect)
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            control.test()


def nothing(*_: object, **__: object) -> None:
    """A check that checks nothing."""
