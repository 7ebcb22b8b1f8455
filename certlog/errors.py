"""The few errors that Certlog raises, chosen by what the caller does next.

    CertlogError
    ├── InvalidInput      tell the sender: the bytes or values are wrong, and where
    │   ├── SignatureMismatch   a signature does not verify
    │   ├── InvalidProof        a Merkle proof does not lead to the expected root
    │   └── MistypedId          a certificate id whose check character is wrong
    ├── NotTrusted        refuse: well-formed, but not authorised
    └── Unavailable       try again: something needed could not be reached

Each bears a message that says what was expected and found.
"""

from certlog.sentences import Sentence


class CertlogError(Exception):
    """Root of every error that Certlog raises on purpose; its message is a Sentence, which a plain text becomes."""

    def __init__(self, message: str) -> None:
        """Keep the message as what `str` returns."""
        super().__init__(message if isinstance(message, Sentence) else Sentence(message))


class InvalidInput(CertlogError):
    """The input is wrong and its sender can mend it.

    Args:
        message: expected and found, in one sentence.
        place: where in the input, as a JSON pointer or a line; empty for the whole.
        code: a stable kebab-case name of the kind of error, for programs.
    """

    def __init__(self, message: str, *, place: str = "", code: str = "invalid-input") -> None:
        """Keep the parts beside the message, so that a caller can show them apart."""
        said = message if isinstance(message, Sentence) else Sentence(message)
        super().__init__(Sentence("{place}: {message}", place=place, message=said) if place else said)
        self.message = message
        self.place = place
        self.code = code


class SignatureMismatch(InvalidInput):
    """A signature does not verify under the key that it names."""

    def __init__(self, message: str, *, place: str = "", code: str = "signature-mismatch") -> None:
        """Same parts as InvalidInput."""
        super().__init__(message, place=place, code=code)


class InvalidProof(InvalidInput):
    """A Merkle proof has the wrong shape or leads to another root."""

    def __init__(self, message: str, *, place: str = "", code: str = "invalid-proof") -> None:
        """Same parts as InvalidInput."""
        super().__init__(message, place=place, code=code)


class MistypedId(InvalidInput):
    """A certificate id that cannot be right: wrong length, character or check character."""

    def __init__(self, message: str, *, place: str = "", code: str = "mistyped-id") -> None:
        """Same parts as InvalidInput."""
        super().__init__(message, place=place, code=code)


class NotTrusted(CertlogError):
    """Well-formed and signed, but by someone who has no right to say it.

    Args:
        message: what was needed and what was found.
        code: a stable kebab-case name of the kind of refusal.
    """

    def __init__(self, message: str, *, code: str = "not-trusted") -> None:
        """Keep the code beside the message."""
        super().__init__(message)
        self.message = message
        self.code = code


class Unavailable(CertlogError):
    """Something needed could not be reached or is too old; trying again may help."""
